/*
 * The -d log: one process-wide mask and one output stream.
 *
 * Writers test the mask first (log_on() is one load), then write whole
 * lines; lines of different threads never interleave.  Without -D the
 * stream is stderr.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/error.h"

/* Bits of the mask; names as in QEMU's -d (see log_items in log.c). */
enum log_item {
    LOG_IN_ASM = 1 << 0,       /* guest instructions as translated */
    LOG_OP = 1 << 1,           /* IR as built */
    LOG_OP_OPT = 1 << 2,       /* IR after the passes */
    LOG_OUT_ASM = 1 << 3,      /* host code */
    LOG_INT = 1 << 4,          /* exceptions and interrupts taken */
    LOG_EXEC = 1 << 5,         /* each block entered */
    LOG_CPU = 1 << 6,          /* registers before each block */
    LOG_MMU = 1 << 7,          /* page table walks, TLBI */
    LOG_CPU_RESET = 1 << 8,    /* registers at reset */
    LOG_GUEST_ERROR = 1 << 9,  /* the guest did what the manual forbids */
    LOG_UNIMP = 1 << 10,       /* the guest used what we do not have */
    LOG_STATS = 1 << 11,       /* counters at exit */
    LOG_FPU = 1 << 12,         /* in LOG_CPU, LOG_CPU_RESET: vectors */

    LOG_BLOCKS = LOG_EXEC | LOG_CPU, /* need each block to be entered singly */
};

extern unsigned log_mask;

static inline bool log_on(unsigned items)
{
    return __builtin_expect((log_mask & items) != 0, 0);
}

/* Parse "in_asm,int,..." into the mask ("help" or "?" prints the list on
 * stdout and returns true with *help set). */
bool log_set_items(const char *list, bool *help, struct error **err);

/* Open `path` as the output; "%d" in it becomes the process id. */
bool log_set_file(const char *path, struct error **err);

/* Write when any of `items` is on.  One call, one or more whole lines. */
void log_printf(unsigned items, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Hold the stream for several prints that belong together; NULL if off. */
FILE *log_lock(unsigned items);
void log_unlock(FILE *stream);

/* The last few things that guest_error() and log_unimp() said, whether or not
 * the log was on: a line each, "PREFIX..."; false if there was nothing. */
bool log_print_recent(FILE *f, const char *prefix);

/* Shorthands: a newline is added. */
void guest_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_unimp(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
