#include "pc-bios/guest/print.h"

#include <stdbool.h>
#include <stdint.h>

#include "pc-bios/guest/uart.h"

/* Where formatted characters go: a buffer, or the UART when text is NULL. */
struct sink {
    char *text;
    size_t room; /* characters that still fit */
};

static void put(struct sink *sink, char c)
{
    if (!sink->text) {
        uart_put(c);
    } else if (sink->room > 0) {
        *sink->text++ = c;
        sink->room--;
    }
}

static void put_padded(struct sink *sink, const char *s, size_t length,
                       int width, char pad, bool left)
{
    for (int i = (int)length; !left && i < width; i++) {
        put(sink, pad);
    }
    for (size_t i = 0; i < length; i++) {
        put(sink, s[i]);
    }
    for (int i = (int)length; left && i < width; i++) {
        put(sink, ' ');
    }
}

/* Writes value before end; returns the first character. */
static char *digits(char *end, uint64_t value, unsigned base)
{
    do {
        *--end = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    return end;
}

static void format_to(struct sink *sink, const char *f, va_list list)
{
    char buffer[24], *end = buffer + sizeof(buffer), *s;

    for (; *f; f++) {
        bool left = false, wide = false;
        char pad = ' ';
        int width = 0;

        if (*f != '%') {
            put(sink, *f);
            continue;
        }
        f++;
        if (*f == '-') {
            left = true;
            f++;
        }
        if (*f == '0') {
            pad = '0';
            f++;
        }
        for (; *f >= '0' && *f <= '9'; f++) {
            width = width * 10 + *f - '0';
        }
        for (; *f == 'l'; f++) {
            wide = true;
        }
        if (*f == 's') {
            const char *text = va_arg(list, const char *);
            size_t length = 0;

            while (text[length]) {
                length++;
            }
            put_padded(sink, text, length, width, ' ', left);
        } else if (*f == 'c') {
            put(sink, (char)va_arg(list, int));
        } else if (*f == 'd') {
            int64_t v = wide ? va_arg(list, long) : va_arg(list, int);

            s = digits(end, v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
            if (v < 0) {
                *--s = '-';
            }
            put_padded(sink, s, (size_t)(end - s), width, pad, left);
        } else if (*f == 'u' || *f == 'x') {
            uint64_t v = wide ? va_arg(list, unsigned long)
                              : va_arg(list, unsigned);

            s = digits(end, v, *f == 'x' ? 16 : 10);
            put_padded(sink, s, (size_t)(end - s), width, pad, left);
        } else {
            put(sink, *f);
        }
    }
}

void print(const char *format, ...)
{
    struct sink sink = {NULL, 0};
    va_list list;

    va_start(list, format);
    format_to(&sink, format, list);
    va_end(list);
}

void print_list(char *text, size_t size, const char *format, va_list list)
{
    struct sink sink = {text, size - 1};

    format_to(&sink, format, list);
    *sink.text = 0;
}

void print_to(char *text, size_t size, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    print_list(text, size, format, list);
    va_end(list);
}
