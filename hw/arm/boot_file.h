/*
 * A file the user named for the guest: checked when it is opened, then read
 * in pieces, again at every reset.  Before the machine starts and on the
 * loop thread.
 */
#ifndef HW_ARM_BOOT_FILE_H
#define HW_ARM_BOOT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

struct boot_file {
    const char *option; /* "-kernel": how messages call it */
    const char *path;
    uint64_t size;      /* bytes, never 0 once opened */
    int fd;             /* -1 when the contents are in `data` */
    const uint8_t *data;
    uint8_t *owned;     /* `data` when it is ours to free, else NULL */
};

/* "4 GiB", "31 MiB", "12 KiB", "7 bytes"; rounded up. */
struct size_text {
    char s[32];
};
struct size_text size_text(uint64_t bytes);

/* Open `path`; what cannot be read piecemeal (a pipe) is read now. */
bool boot_file_open(struct boot_file *file, const char *option,
                    const char *path, struct error **err);

/* Contents that live in the program. */
void boot_file_from_memory(struct boot_file *file, const char *option,
                           const char *name, const void *data, size_t size);

/* Replace the contents by malloc'd memory (the unpacked ones). */
void boot_file_replace(struct boot_file *file, uint8_t *data, uint64_t size);

/* Exactly `size` bytes from `offset`. */
bool boot_file_read(const struct boot_file *file, uint64_t offset,
                    void *buffer, uint64_t size, struct error **err);

/* The whole file in memory, mapped or owned; NULL on failure.  Pair with
 * boot_file_unview. */
const uint8_t *boot_file_view(const struct boot_file *file,
                              struct error **err);
void boot_file_unview(const struct boot_file *file, const uint8_t *view);

void boot_file_close(struct boot_file *file);

#endif
