/*
 * What a guest does to a disk: requests that follow from a seed, so that the
 * guest (disk_guest.c) and who looks at the image afterwards (disk_check.c)
 * agree about every sector without talking.
 */
#ifndef TESTS_IMG_DISK_SCRIPT_H
#define TESTS_IMG_DISK_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#define DISK_SECTORS 16384 /* 8 MiB; all formats can be as large */
#define DISK_MOST 128      /* sectors of a request */
#define DISK_BASE 1        /* the number of what the backing file has */

enum disk_kind { DISK_READ, DISK_WRITE, DISK_ZERO, DISK_DISCARD, DISK_FLUSH };

struct disk_request {
    enum disk_kind kind;
    uint32_t number; /* 2, 3, ... */
    uint32_t sector, count;
    bool unmap;        /* DISK_ZERO */
    uint32_t split[2]; /* bytes: where the data are cut, in order */
};

struct disk_script {
    uint64_t state;
    uint32_t number;
};

static inline uint64_t disk_random(struct disk_script *s)
{
    s->state = s->state * UINT64_C(6364136223846793005) +
               UINT64_C(1442695040888963407);
    return s->state >> 33;
}

static inline void disk_start(struct disk_script *s, uint64_t seed)
{
    *s = (struct disk_script){seed * UINT64_C(0x9e3779b97f4a7c15),
                              DISK_BASE};
    disk_random(s);
}

static inline void disk_next(struct disk_script *s, struct disk_request *r)
{
    static const uint32_t longest[] = {1, 8, 8, 16, DISK_MOST};
    static const enum disk_kind kinds[] = {
        DISK_WRITE, DISK_WRITE,   DISK_WRITE, DISK_WRITE,
        DISK_WRITE, DISK_WRITE,   DISK_WRITE, DISK_READ,
        DISK_READ,  DISK_READ,    DISK_READ,  DISK_ZERO,
        DISK_ZERO,  DISK_DISCARD, DISK_FLUSH, DISK_FLUSH,
    };
    uint32_t most = longest[disk_random(s) % 5];
    uint32_t unit = disk_random(s) % 3 ? 1 : 8;

    r->kind = kinds[disk_random(s) % 16];
    r->number = ++s->number;
    r->count = 1 + (uint32_t)(disk_random(s) % most);
    r->sector = (uint32_t)(disk_random(s) % DISK_SECTORS) / unit * unit;
    if (r->count > DISK_SECTORS - r->sector) {
        r->count = DISK_SECTORS - r->sector;
    }
    r->unmap = disk_random(s) & 1;
    r->split[0] = (uint32_t)(disk_random(s) % (r->count * 512));
    r->split[1] = r->split[0] +
                  (uint32_t)(disk_random(s) % (r->count * 512 - r->split[0]));
}

/* Word `i`, below 64, of a sector that request `number` wrote; number 0 is
 * zeroes. */
static inline uint64_t disk_word(uint64_t seed, uint32_t number,
                                 uint32_t sector, unsigned i)
{
    return number ? (seed << 48 ^ (uint64_t)number << 24 ^ sector) *
                            UINT64_C(0x9e3779b97f4a7c15) + i
                  : 0;
}

#endif
