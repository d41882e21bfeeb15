/* Parallel NOR flash with the Intel command set: see cfi01.c. */
#ifndef HW_FLASH_CFI01_H
#define HW_FLASH_CFI01_H

#include <stdbool.h>
#include <stdint.h>

#include "softmmu/bus.h"
#include "util/error.h"

struct cfi01;

#define CFI01_SECTOR_SIZE 0x40000 /* of the bank: both devices' */
#define CFI01_SIZE 0x4000000

#define CFI01_STORE_UNIT 512

/*
 * Where the contents are kept.  `size` bytes exist; what follows is erased
 * flash, and write() may be given bytes of it.  It is called on vCPU
 * threads, one call at a time, for multiples of CFI01_STORE_UNIT bytes.
 */
struct cfi01_store {
    uint64_t size;
    bool readonly; /* the guest finds every block locked */
    bool (*read)(void *opaque, void *data, uint64_t size,
                 struct error **err); /* from the start */
    bool (*write)(void *opaque, uint64_t offset, const void *data,
                  uint64_t size, struct error **err);
    void *opaque;
};

/*
 * [pa, pa+size) reads from somewhere else now, or has new contents: drop
 * host addresses and translations of it.  [any], without locks.
 */
struct cfi01_listener {
    void (*remapped)(void *opaque, uint64_t pa, uint64_t size);
    void *opaque;
};

/*
 * A bank of CFI01_SIZE bytes at `base`, in `ram` of that size, which stays
 * the caller's.  Without a store (NULL) the contents are those of `ram` and
 * die with it.  NULL when the store is too large or cannot be read.
 */
struct cfi01 *cfi01_create(struct bus *bus, uint64_t base, struct ram *ram,
                           const struct cfi01_store *store,
                           const struct cfi01_listener *listener,
                           struct error **err);
void cfi01_free(struct cfi01 *s);

/* Back to reading the array; contents stay. */
void cfi01_reset(struct cfi01 *s);

#endif
