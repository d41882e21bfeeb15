/* Formatted output: %s %c %d %u %x, with l, a width and a leading 0. */
#ifndef PC_BIOS_GUEST_PRINT_H
#define PC_BIOS_GUEST_PRINT_H

#include <stdarg.h>
#include <stddef.h>

/* To the UART. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Into text, cut at size - 1. */
void print_to(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void print_list(char *text, size_t size, const char *format, va_list list);

#endif
