/* The monitor's view of memory: x, xp, gva2gpa, memsave, pmemsave. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "softmmu/bus.h"
#include "ui/monitor_internal.h"
#include "util/bits.h"

#define PAGE 4096
#define MAX_COUNT 65536

/* -- reading -------------------------------------------------------------- */

static bool to_physical(struct monitor *m, bool physical, uint64_t at,
                        uint64_t *pa)
{
    *pa = at;
    return physical ||
           cpu_translate(m->env->machine->cpus, m->cpu, at, pa);
}

/* One element; devices see an access of that size when it is aligned. */
static bool read_element(struct monitor *m, bool physical, uint64_t at,
                         unsigned size, uint64_t *value)
{
    struct bus *bus = m->env->machine->bus;
    uint64_t pa, byte;

    if (!(at & (size - 1))) {
        return to_physical(m, physical, at, &pa) &&
               bus_read(bus, pa, size, m->cpu, value);
    }
    *value = 0;
    for (unsigned n = 0; n < size; n++) {
        if (!to_physical(m, physical, at + n, &pa) ||
            !bus_read(bus, pa, 1, m->cpu, &byte)) {
            return false;
        }
        *value |= byte << (8 * n);
    }
    return true;
}

/* -- x and xp ------------------------------------------------------------- */

struct format {
    unsigned count, size;
    char kind;
};

static bool read_format(struct monitor *m, const char *text,
                        struct format *f, struct error **err)
{
    char *end = (char *)text;

    *f = (struct format){1, m->size, m->format};
    if (text && isdigit((unsigned char)*text)) {
        unsigned long count = strtoul(text, &end, 10);
        f->count = count > MAX_COUNT ? MAX_COUNT : (unsigned)count;
    }
    for (; text && *end; end++) {
        const char *size = strchr("bhwg", *end);
        if (size) {
            f->size = 1u << (size - "bhwg");
        } else if (strchr("xduoci", *end)) {
            f->kind = *end;
        } else {
            error_set(err, "invalid char in format: '%c'", *end);
            return false;
        }
    }
    m->format = f->kind;
    m->size = f->size;
    return true;
}

static void print_element(const struct format *f, uint64_t value, FILE *out)
{
    int digits = (int)f->size * 2, bits = (int)f->size * 8;
    long long number = sextract64(value, 0, bits);

    switch (f->kind) {
    case 'd':
        fprintf(out, " %*lld", digits + 4, number);
        break;
    case 'u':
        fprintf(out, " %*llu", digits + 3, (unsigned long long)value);
        break;
    case 'o':
        fprintf(out, " %#0*llo", digits + 4, (unsigned long long)value);
        break;
    case 'c':
        fprintf(out, isprint((int)(value & 0xff)) ? " '%c'" : " '\\x%02x'",
                (int)(value & 0xff));
        break;
    default:
        fprintf(out, " 0x%0*llx", digits, (unsigned long long)value);
    }
}

static bool dump(struct monitor *m, bool physical, uint64_t at,
                 const struct format *f, FILE *out)
{
    unsigned each = 16 / f->size;
    uint64_t value;

    for (unsigned n = 0; n < f->count; n++, at += f->size) {
        if (n % each == 0) {
            fprintf(out, "%s%016llx:", n ? "\n" : "",
                    (unsigned long long)at);
        }
        if (!read_element(m, physical, at, f->size, &value)) {
            fprintf(out, " Cannot access memory\n");
            return true;
        }
        print_element(f, value, out);
    }
    fprintf(out, "\n");
    return true;
}

static bool disassemble(struct monitor *m, bool physical, uint64_t at,
                        unsigned count, FILE *out)
{
    char text[160];
    uint64_t value;

    for (at &= ~UINT64_C(3); count-- > 0; at += 4) {
        fprintf(out, "0x%08llx:  ", (unsigned long long)at);
        if (!read_element(m, physical, at, 4, &value)) {
            fprintf(out, "Cannot access memory\n");
            return true;
        }
        cpu_disassemble((uint32_t)value, at, text, sizeof(text));
        fprintf(out, "%08x  %s\n", (uint32_t)value, text);
    }
    return true;
}

static bool examine(struct monitor *m, bool physical,
                    const struct monitor_args *args, FILE *out,
                    struct error **err)
{
    struct format f;
    uint64_t at;

    if (!read_format(m, args->format, &f, err) ||
        !monitor_expr(m, args->rest, &at, err)) {
        return false;
    }
    bool running = monitor_hold(m);
    bool good = f.kind == 'i' ? disassemble(m, physical, at, f.count, out)
                              : dump(m, physical, at, &f, out);
    monitor_release(m, running);
    return good;
}

bool monitor_examine(struct monitor *m, const struct monitor_args *args,
                     FILE *out, struct error **err)
{
    return examine(m, false, args, out, err);
}

bool monitor_examine_physical(struct monitor *m,
                              const struct monitor_args *args, FILE *out,
                              struct error **err)
{
    return examine(m, true, args, out, err);
}

bool monitor_translate(struct monitor *m, const struct monitor_args *args,
                       FILE *out, struct error **err)
{
    uint64_t at, pa;

    if (!monitor_expr(m, args->rest, &at, err)) {
        return false;
    }
    bool running = monitor_hold(m);
    bool mapped = to_physical(m, false, at, &pa);
    monitor_release(m, running);
    if (mapped) {
        fprintf(out, "gpa: %#llx\n", (unsigned long long)pa);
    } else {
        fprintf(out, "Unmapped\n");
    }
    return true;
}

/* -- to a file ------------------------------------------------------------ */

/* Memory only: reading a device would change it. */
static bool save_piece(struct monitor *m, bool physical, uint64_t at,
                       size_t size, FILE *f, struct error **err)
{
    uint64_t pa, offset;
    struct ram *ram = to_physical(m, physical, at, &pa)
                          ? bus_ram(m->env->machine->bus, pa, size, &offset)
                          : NULL;

    if (!ram) {
        error_set(err, "there is no memory at %#llx",
                  (unsigned long long)at);
        return false;
    }
    if (fwrite(ram->host + offset, 1, size, f) != size) {
        error_set_errno(err, errno, "cannot write");
        return false;
    }
    return true;
}

static bool save(struct monitor *m, bool physical,
                 const struct monitor_args *args, struct error **err)
{
    uint64_t at, size;

    if (!monitor_expr(m, args->item[0], &at, err) ||
        !monitor_expr(m, args->item[1], &size, err)) {
        return false;
    }
    FILE *f = fopen(args->item[2], "wbe");
    if (!f) {
        error_set_errno(err, errno, "could not open '%s'", args->item[2]);
        return false;
    }
    bool running = monitor_hold(m), good = true;
    while (good && size) {
        size_t piece = PAGE - (at & (PAGE - 1));
        piece = piece < size ? piece : size;
        good = save_piece(m, physical, at, piece, f, err);
        at += piece;
        size -= piece;
    }
    monitor_release(m, running);
    if (fclose(f) != 0 && good) {
        error_set_errno(err, errno, "cannot write '%s'", args->item[2]);
        good = false;
    }
    return good;
}

bool monitor_save(struct monitor *m, const struct monitor_args *args,
                  FILE *out, struct error **err)
{
    (void)out;
    return save(m, false, args, err);
}

bool monitor_save_physical(struct monitor *m,
                           const struct monitor_args *args, FILE *out,
                           struct error **err)
{
    (void)out;
    return save(m, true, args, err);
}
