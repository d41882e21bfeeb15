/*
 * Guest memory: one mapping per range, populated as it is touched.
 *
 * Every page has flag bits (enum ram_page_flag) that any thread may read
 * and set atomically; who clears a flag owns it.
 */
#ifndef SOFTMMU_RAM_H
#define SOFTMMU_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define RAM_PAGE_BITS 12
#define RAM_PAGE_SIZE 4096

enum ram_page_flag {
    RAM_PAGE_CODE = 1 << 0,  /* translations were made from this page */
    RAM_PAGE_RECHECK = 1 << 2, /* compare them with the page before use */
    RAM_PAGE_DIRTY = 1 << 1, /* written by a device since last cleared */
};

struct ram {
    const char *name;
    uint8_t *host;   /* page-aligned, readable and writable */
    uint64_t base;   /* guest physical address of host[0] */
    uint64_t size;   /* bytes, a multiple of RAM_PAGE_SIZE */
    bool readonly;   /* guest stores are ignored (ROM) */
    int fd;          /* the user's file; -1: pages are private copies */
    bool anonymous;  /* of no file at all */
    struct ram_ahead *ahead; /* or NULL */
    uint8_t *flags;  /* one byte of enum ram_page_flag per page */
};

struct ram *ram_new(const char *name, uint64_t size, struct error **err);
/* The same in a file of the host's, with what it contains, made longer or
 * new if need be; in a directory: in a file without a name.  What the guest
 * writes goes to the file if `shared`. */
struct ram *ram_new_file(const char *name, uint64_t size, const char *path,
                         bool shared, struct error **err);
void ram_free(struct ram *ram);

/* From now on, let a thread of its own have pages there before the guest's
 * stores (ram_ahead.h).  Memory of a file is left alone: it would grow. */
void ram_stay_ahead(struct ram *ram);

/* Make [offset, offset+size) zero again and give its pages back to the
 * host. */
void ram_zero(struct ram *ram, uint64_t offset, uint64_t size);

#endif
