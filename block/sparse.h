/*
 * Images that are a table of blocks: what VDI, VHD, VMDK, VHDX, QED, qcow
 * and Parallels have in common.
 *
 * A format says where its table is and what an entry means; this module
 * reads, writes, zeroes, discards and checks.  The table is read in pages
 * of up to SPARSE_PAGE bytes, of which a bounded number is in memory, and
 * written through, entry by entry.
 *
 * A block gets its place in this order: `prepare`, the zeroes around the
 * data, the data, the entry in the table, `settle`.  A process that is
 * killed in between leaves at most a place that nothing refers to.
 *
 * Any thread; lock order: placing, table.
 */
#ifndef BLOCK_SPARSE_H
#define BLOCK_SPARSE_H

#include <pthread.h>

#include "block/image.h"
#include "util/bits.h"

#define SPARSE_PAGE 4096 /* bytes */
#define SPARSE_SLOTS 64
#define SPARSE_NAME 1024 /* bytes of another image's name */

enum sparse_kind {
    SPARSE_ABSENT, /* the backing file says, or zeroes without one */
    SPARSE_ZERO,
    SPARSE_DATA,
    SPARSE_COMPRESSED,
    SPARSE_MIXED, /* some sectors as data, the others as absent */
    SPARSE_BAD, /* an entry that makes no sense */
};

struct sparse_place {
    enum sparse_kind kind;
    uint64_t host; /* bytes */
};

struct sparse;

/* Functions that return int return 0 or an errno. */
struct sparse_ops {
    /* Where a page of the table is in the file; 0: all is absent. */
    uint64_t (*page_at)(const struct sparse *s, uint64_t page);
    struct sparse_place (*decode)(const struct sparse *s, uint64_t entry);

    /* NULL when the format is only read. */
    uint64_t (*encode)(const struct sparse *s, uint64_t host);
    /* The rest may be NULL.  Under `placing`. */
    int (*prepare)(struct sparse *s, uint64_t block, uint64_t host);
    /* Write an entry, which is at `at` in the file, and what must change with
     * it. */
    int (*write_entry)(struct sparse *s, uint64_t entry, uint64_t at);
    int (*settle)(struct sparse *s, uint64_t block, uint64_t entry);
    /* A compressed block's contents, block_size bytes; any thread. */
    int (*inflate)(struct sparse *s, uint64_t block, uint64_t host, void *to);
    /* Write a block compressed; *length: of the file, bytes. */
    int (*deflate)(struct sparse *s, uint64_t block, uint64_t host,
                   const void *from, uint64_t *length);
    /* Where the bits of a mixed block are in the file: a 1 for what it has. */
    int (*bits_at)(struct sparse *s, uint64_t block, uint64_t host,
                   uint64_t *at);
    /* Before the file is closed. */
    void (*close)(struct sparse *s);
};

struct sparse_page {
    uint64_t number; /* plus 1; 0: none */
    uint8_t data[SPARSE_PAGE];
};

/* A format embeds this, first, and fills it before sparse_init(). */
struct sparse {
    struct block_image image;
    const struct sparse_ops *ops;
    struct block_file *file;
    struct block_image *backing; /* or NULL */
    uint64_t backing_at; /* bytes of it before what is behind this table */
    unsigned bit_bytes;  /* of a block, for each bit (bits_at) */
    bool bits_from_top;  /* of each byte */
    uint64_t block_size;         /* bytes, any multiple of BLOCK_SECTOR */
    unsigned entry_bytes;        /* 4 or 8 */
    bool big_endian;
    unsigned per_page; /* entries; at most SPARSE_PAGE bytes */
    bool flat_zero;    /* absent is QEMU's "zero", for map */
    bool show_holes;   /* QEMU's map looks for holes in the file */
    bool barrier;      /* a block is on the disk before its entry is */

    uint64_t data_start; /* no block is below */
    uint64_t limit;      /* nor at this or above; under `table` */
    uint64_t next;       /* where the next block goes, bytes */
    uint64_t room;       /* from one new block to the next */

    pthread_mutex_t placing; /* who gives a block its place */
    pthread_mutex_t table;   /* the pages */
    struct sparse_page *pages[SPARSE_SLOTS];
};

static inline struct sparse *sparse_of(struct block_image *image)
{
    return container_of(image, struct sparse, image);
}

/* Locks; image.size is set. */
void sparse_init(struct sparse *s);
/* Frees the structure around, too, which begins with `s`. */
void sparse_close(struct block_image *image);

/* The one whole of it that a format's block_image_ops are made of. */
int sparse_read(struct block_image *image, const struct iovec *iov,
                unsigned count, uint64_t offset, uint64_t length);
int sparse_write(struct block_image *image, const struct iovec *iov,
                 unsigned count, uint64_t offset, uint64_t length, bool sync);
int sparse_flush(struct block_image *image);
bool sparse_enter(struct block_image *image, struct block_access *access);
int sparse_discard(struct block_image *image, uint64_t offset,
                   uint64_t length);
int sparse_zero(struct block_image *image, uint64_t offset, uint64_t length,
                bool unmap);
int sparse_status(struct block_image *image, uint64_t offset, uint64_t length,
                  struct block_extent *extent);
int sparse_check(struct block_image *image, struct block_check *check);
#define SPARSE_IMAGE_OPS \
    .read = sparse_read, .write = sparse_write, .flush = sparse_flush, \
    .discard = sparse_discard, .zero = sparse_zero, .close = sparse_close, \
    .status = sparse_status, .check = sparse_check, .enter = sparse_enter

/* Between the files of this module --------------------------------------- */

struct sparse_run {
    struct sparse_place place; /* of the first byte */
    uint64_t length;           /* bytes that are alike and in a row */
    bool mixed;                /* a part of a mixed block; to be only read */
};

/* What is alike from `offset` on, at most `length` bytes. */
int sparse_look_up(struct sparse *s, uint64_t offset, uint64_t length,
                   struct sparse_run *run);
/* Under `placing`; blocks are now below `limit`. */
int sparse_set_entry(struct sparse *s, uint64_t block, uint64_t entry,
                     uint64_t limit);
int sparse_read_backing(struct sparse *s, const struct iovec *iov,
                        unsigned count, uint64_t offset, uint64_t length);
/* Whether all sectors of a mixed block are data, which is then what it is;
 * or else the bits, to be freed. */
int sparse_load_bits(struct sparse *s, uint64_t block,
                     struct sparse_place *place, uint8_t **bits);

/* For the formats --------------------------------------------------------- */

/* Blocks of the image. */
uint64_t sparse_blocks(const struct sparse *s);
/* One block's place: 0 or an errno. */
int sparse_place(struct sparse *s, uint64_t block,
                 struct sparse_place *place);
/* The end of the highest block in use, or data_start: reads all of the
 * table. */
bool sparse_find_end(struct sparse *s, uint64_t *end, struct error **err);

/* Helpers of the formats ------------------------------------------------ */

/* All of it: what the file lacks is an error. */
bool sparse_read_at(struct block_file *file, uint64_t offset, void *to,
                    size_t length, const char *what, struct error **err);
int sparse_write_at(struct block_file *file, uint64_t offset,
                    const void *from, size_t length);
/* For formats that are only read: false when the file is to be written. */
bool sparse_only_read(const struct block_file *file, const char *format,
                      struct error **err);
/* The same, and the header, of which `complaint` says NULL or what is wrong
 * with it. */
bool sparse_read_header(struct block_file *file, const char *format,
                        uint8_t *header, size_t length,
                        const char *(*complaint)(const uint8_t *header),
                        struct error **err);

/* sparse_levels.c: a table of tables of 64-bit entries. */
struct sparse_levels {
    struct sparse sparse;
    uint64_t *l1;   /* of others, within the file */
    uint64_t pages; /* of each of these */
    char name[SPARSE_NAME]; /* of the backing file, or "" */
};
struct sparse_levels_at {
    uint64_t l1;      /* in the file, bytes */
    uint64_t entries; /* of one of the tables below */
    uint64_t name, name_length; /* of the backing file; 0: none */
    const char *format;         /* its, or NULL */
};
uint64_t sparse_levels_page_at(const struct sparse *s, uint64_t page);
void sparse_levels_close(struct sparse *s);
/* `as`: all but what follows from the tables' form. */
struct block_image *sparse_levels_open(const struct sparse *as,
                                       const struct sparse_levels_at *at,
                                       const struct block_opening *how,
                                       struct error **err);

/* sparse_parent.c: text of `bytes` bytes, as far as it fits. */
void sparse_utf16(const uint8_t *from, size_t bytes, bool big,
                  char to[SPARSE_NAME]);
/* Set s->backing, if that is wanted, to the first of these images that there
 * is; empty names are none.  `chosen`: its name, for image.backing_name. */
bool sparse_open_parent(struct sparse *s, const struct block_opening *how,
                        char names[][SPARSE_NAME], unsigned count,
                        const char *format, char chosen[SPARSE_NAME],
                        struct error **err);
/* A new file that is opened for writing; NULL after an error. */
struct block_file *sparse_create_file(const char *path, struct error **err);
/* Write what `at` says, and close: false after an error, *err set. */
bool sparse_finish_file(struct block_file *file, int error,
                        struct error **err);
/* Random bytes of a version 4 UUID, in the order of its text. */
void sparse_uuid(uint8_t uuid[16]);

static inline uint64_t sparse_load(const void *p, unsigned bytes, bool big)
{
    const uint8_t *b = p;
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++) {
        value = value << 8 | b[big ? i : bytes - 1 - i];
    }
    return value;
}

static inline void sparse_store(void *p, unsigned bytes, bool big,
                                uint64_t value)
{
    uint8_t *b = p;

    for (unsigned i = 0; i < bytes; i++, value >>= 8) {
        b[big ? bytes - 1 - i : i] = (uint8_t)value;
    }
}

#endif
