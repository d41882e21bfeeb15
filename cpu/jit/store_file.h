/*
 * The file of a store: its layout, and reading and writing it safely.
 *
 *   header | units | names of thunks | index: a hash table of units
 *
 * The sum in the header covers header, names and index and is checked when
 * the file is opened; each unit has a sum of its own, checked when it is
 * used.  A file is never changed: a new one takes its name.
 *
 * Units lie in the order in which they were first made, which is about that in
 * which the next run wants them.
 */
#ifndef CPU_JIT_STORE_FILE_H
#define CPU_JIT_STORE_FILE_H

#include "cpu/jit/backend.h"

#define STORE_IDENTITY 512

struct store_header {
    char magic[8];
    uint64_t sum;
    uint64_t size;          /* of the file */
    uint64_t names_at, index_at;
    uint32_t names, slots;  /* slots: a power of two, not all in use */
    uint32_t generation;    /* how often it was written */
    uint32_t unused;
    char identity[STORE_IDENTITY];
};

struct store_slot {
    uint64_t key;           /* store_key() */
    uint64_t at;            /* of the unit in the file; 0: empty */
    uint32_t size;
    uint32_t used;          /* the last generation that used it */
};

struct store_link {
    int32_t target;         /* less the unit's pc */
    uint16_t patch;
    uint8_t same_page : 1, backward : 1, singly : 1, stub : 1, turns : 1;
    uint8_t unused;
};

/* Behind it: links, sites, offsets of relocations (thunks, then addresses),
 * the thunks' names as numbers, code, guest bytes. */
struct store_unit {
    uint64_t sum;           /* of all that follows */
    uint64_t key;
    uint32_t size, context;
    uint32_t source_hash;
    uint16_t page_offset, guest_bytes, code_size;
    uint16_t links, sites, thunk_relocs, pc_relocs;
    uint8_t guarded, polled, entry, pad;
    uint8_t skip;           /* the code's address modulo 16 */
    uint8_t unused[5];
};

struct store_parts {
    struct store_link *link;
    struct block_site *site;
    uint16_t *reloc, *name;
    uint8_t *code, *guest;
};

/* Bytes of a unit with these counts. */
size_t store_unit_size(const struct store_unit *u);
struct store_parts store_unit_parts(const struct store_unit *u);
/* All its offsets lie in it; names below `names`. */
bool store_unit_is_sound(const struct store_unit *u, unsigned names);
void store_unit_seal(struct store_unit *u);

/* By the first guest bytes, at most STORE_KEY_BYTES. */
#define STORE_KEY_BYTES 8
uint64_t store_key(unsigned page_offset, uint32_t context,
                   const uint8_t *guest, unsigned bytes);

/* A file in memory; header NULL: none. */
struct store_file {
    const struct store_header *header;
    const struct thunk_name *name;
    const struct store_slot *slot;
};

/* False and *err when there is a file that cannot be used. */
bool store_file_open(struct store_file *f, int dir, const char *name,
                     const char *identity, struct error **err);
void store_file_close(struct store_file *f);
/* The unit of a slot, or NULL when it is no good. */
const struct store_unit *store_file_unit(const struct store_file *f,
                                         uint32_t slot);
/* What lies behind a unit, or NULL where that is none: unchecked, with only
 * its own fields sure to be in the file. */
const struct store_unit *store_file_behind(const struct store_file *f,
                                           const struct store_unit *u);
/* Whether such a unit is good. */
bool store_file_check(const struct store_file *f, const struct store_unit *u);
/* A number of the unit at `at` that no other has, less than
 * store_file_places(). */
static inline size_t store_file_place(uint64_t at)
{
    return at / sizeof(struct store_unit);
}

static inline size_t store_file_places(const struct store_file *f)
{
    return f->header ? store_file_place(f->header->size) + 1 : 0;
}

/* The slots that may be of a key: all from store_file_first() on, each after
 * the other by store_file_next(), up to an empty one. */
static inline uint32_t store_file_first(const struct store_file *f,
                                        uint64_t key)
{
    return (uint32_t)key & (f->header->slots - 1);
}

static inline uint32_t store_file_next(const struct store_file *f, uint32_t n)
{
    return (n + 1) & (f->header->slots - 1);
}

/* Both translate the same guest code. */
bool store_unit_is_twin(const struct store_unit *a,
                        const struct store_unit *b);

/* What a new file is put together from. */
struct store_new {
    const struct store_file *old;
    const uint8_t *touched;        /* of the old one's slots: used lately */
    const struct thunk_name *name; /* of the new units */
    unsigned names;
    const uint8_t *units;          /* one behind the other */
    size_t size;
    size_t limit;                  /* bytes of units; the least lately used
                                      of the old ones go */
};

bool store_file_write(const struct store_new *n, int dir, const char *name,
                      const char *identity, struct error **err);

/* Of a finished header. */
void store_header_seal(struct store_header *h, const struct thunk_name *name,
                       const struct store_slot *slot);

/* 64 bits that no change of a single word leaves alone. */
uint64_t store_sum(uint64_t seed, const void *data, size_t size);

#endif
