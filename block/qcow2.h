/*
 * QCOW2, versions 2 and 3 (specification: docs/interop/qcow2 of QEMU; the
 * names of fields are its).  For the files block/qcow2*.c and the image tool.
 *
 * A disk is an array of clusters.  L1 table -> L2 table -> host cluster says
 * where each guest cluster is; refcount table -> refcount block says how
 * often each host cluster is used.
 *
 * Locks, in this order:
 *   use   entered while guest data move, so that a cluster is not given to
 *         another while somebody still reads or writes it; closed for
 *         applying frees and for changing all of the metadata.
 *   meta  tables and caches; never held while guest data move.
 *
 * An image with extended L2 entries has 32 parts of a cluster ("grains"
 * here) each of which has data, is zero, or is absent; in others a grain is
 * a cluster.  An image with a data file has its guest data there, each at the
 * offset that it has on the disk; they have no refcounts.
 *
 * Order on the disk: refcounts grow before a table refers to the cluster,
 * and shrink after no table does.  So a kill leaves leaks at worst.  Changes
 * of everything at once (snapshots, repair) write new metadata beside the
 * old ones and switch by writing the header (qcow2_rewrite.c).
 */
#ifndef BLOCK_QCOW2_H
#define BLOCK_QCOW2_H

#include <endian.h>
#include <pthread.h>
#include <string.h>

#include "block/gate.h"
#include "block/image.h"
#include "util/bits.h"

#define QCOW2_MAGIC UINT32_C(0x514649fb)
#define QCOW2_MAX_L1_BYTES (32u << 20)
#define QCOW2_MAX_RT_BYTES (8u << 20)
#define QCOW2_MAX_SNAPSHOTS 65536
#define QCOW2_MAX_NAME 1023 /* of the backing file */
#define QCOW2_MIN_CLUSTER_BITS 9
#define QCOW2_MAX_CLUSTER_BITS 21
#define QCOW2_MIN_GRAIN_CLUSTER_BITS 14
#define QCOW2_MAX_LUKS_BYTES (64u << 20)

/* Bits of L1 and L2 entries. */
#define QCOW2_COPIED BIT(63) /* the refcount is exactly one */
#define QCOW2_COMPRESSED BIT(62)
#define QCOW2_ZERO BIT(0)
#define QCOW2_OFFSET UINT64_C(0x00fffffffffffe00)

enum qcow2_incompatible {
    QCOW2_DIRTY = 1 << 0, /* refcounts are not to be trusted */
    QCOW2_CORRUPT = 1 << 1,
    QCOW2_DATA_FILE = 1 << 2,
    QCOW2_COMPRESSION = 1 << 3, /* not zlib */
    QCOW2_EXTENDED_L2 = 1 << 4,
};
enum { QCOW2_LAZY_REFCOUNTS = 1 << 0 }; /* compatible */
enum qcow2_autoclear {
    QCOW2_BITMAPS = 1 << 0,  /* they are up to date */
    QCOW2_DATA_RAW = 1 << 1, /* the data file is a raw image as well */
};
enum qcow2_crypt { QCOW2_PLAIN, QCOW2_AES, QCOW2_LUKS };

enum qcow2_compression { QCOW2_ZLIB, QCOW2_ZSTD };
extern const char *const qcow2_compression_names[]; /* ORDER compression */

/* The header in the order of the file; 32-bit fields, too, are kept wide. */
struct qcow2_header {
    uint64_t magic, version;
    uint64_t backing_offset, backing_size;
    uint64_t cluster_bits;
    uint64_t size; /* bytes */
    uint64_t crypt_method;
    uint64_t l1_size; /* entries */
    uint64_t l1_offset;
    uint64_t rt_offset;
    uint64_t rt_clusters;
    uint64_t snapshot_count, snapshots_offset;
    uint64_t incompatible, compatible, autoclear; /* 0 in version 2 */
    uint64_t refcount_order;
    uint64_t header_length;
    uint64_t compression;
};
#define QCOW2_V2_LENGTH 72
#define QCOW2_V3_LENGTH 104
#define QCOW2_HEADER_LENGTH 112 /* as written by us */

enum qcow2_extension_type {
    QCOW2_EXT_END = 0,
    QCOW2_EXT_BACKING_FORMAT = 0xe2792aca,
    QCOW2_EXT_FEATURE_NAMES = 0x6803f857,
    QCOW2_EXT_BITMAPS = 0x23852875,
    QCOW2_EXT_CRYPT = 0x0537be77,
    QCOW2_EXT_DATA_FILE = 0x44415441,
};
struct qcow2_extension {
    uint32_t type, length;
    uint8_t *data;
};

/* An L2 entry.  Of `bits`, 0 without extended L2, the lower half says which
 * grains have data, the upper which are zero. */
struct qcow2_entry {
    uint64_t word, bits;
};
#define QCOW2_GRAINS 32
#define QCOW2_ALL_ZERO (UINT64_C(0xffffffff) << 32)

struct qcow2_snapshot {
    uint64_t l1_offset;
    uint32_t l1_size; /* entries */
    char *id, *name;
    uint32_t date_sec, date_nsec;
    uint64_t clock_nsec;    /* the guest's clock */
    uint64_t vm_state_size; /* bytes */
    uint64_t disk_size;     /* bytes */
    uint64_t icount;
};

/* A cluster of metadata in memory, big-endian as in the file. */
struct qcow2_table {
    uint64_t offset;
    bool dirty;
    bool fresh; /* nothing on the disk refers to it yet */
    struct qcow2_table *hash_next, *newer, *older;
    uint8_t *data;
};

struct qcow2_cache {
    struct qcow2_table **buckets;
    unsigned bucket_count, count, limit;
    struct qcow2_table *newest, *oldest;
};

/* Host clusters to be freed when nothing on the disk refers to them. */
struct qcow2_frees {
    struct qcow2_range {
        uint64_t cluster, count;
    } *ranges;
    unsigned count, room;
};

/* Guest clusters that somebody is giving a place. */
struct qcow2_busy {
    uint64_t first, last; /* guest clusters, inclusive */
    struct qcow2_busy *next;
};

struct qcow2 {
    struct block_image image;
    struct block_file *file;
    struct block_file *data;     /* of the guest: `file`, or another */
    char *data_name;             /* as the header has it, or NULL */
    struct block_image *backing; /* or NULL */
    struct crypt *crypt;         /* of guest data; or NULL */
    uint64_t luks_offset, luks_length; /* of the key slots; or 0 */
    struct qcow2_bitmaps *bitmaps;     /* or NULL */
    char *backing_name, *backing_format; /* or NULL */
    struct qcow2_header header;
    struct qcow2_extension *extensions;
    unsigned extension_count;
    bool read_only;
    bool keep_holes;  /* discard=ignore */

    unsigned cluster_bits, l2_bits, refblock_bits;
    unsigned grain_bits;   /* cluster_bits without extended L2 */
    uint64_t cluster_size;

    struct block_gate use;
    pthread_mutex_t meta;
    pthread_cond_t settled; /* a busy range went away */
    struct qcow2_busy *busy;

    uint64_t *l1; /* host order */
    uint64_t *rt; /* host order; rt_entries of them */
    uint64_t rt_entries;
    uint8_t *l1_dirty, *rt_dirty; /* per sector */
    bool l1_any_dirty, rt_any_dirty;
    struct qcow2_cache l2s, refblocks;
    uint64_t first_free;      /* no host cluster below is free */
    uint64_t compressed_next; /* where compressed data go on, or 0 */
    enum qcow2_holes {
        QCOW2_HOLES_UNKNOWN, QCOW2_HOLES_FEW, QCOW2_HOLES_MANY,
    } holes; /* in the file; under meta */
    struct qcow2_frees frees;

    struct qcow2_snapshot *snapshots;
    unsigned snapshot_count;
    uint64_t snapshots_length; /* of the table in the file, bytes */
};

/* Byte order ------------------------------------------------------------ */

static inline uint64_t qcow2_load(const void *p, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++) {
        value = value << 8 | ((const uint8_t *)p)[i];
    }
    return value;
}

static inline void qcow2_store(void *p, unsigned bytes, uint64_t value)
{
    for (unsigned i = bytes; i-- > 0; value >>= 8) {
        ((uint8_t *)p)[i] = (uint8_t)value;
    }
}

static inline uint64_t qcow2_word(const struct qcow2_table *t, uint64_t i)
{
    return be64toh(((const uint64_t *)(const void *)t->data)[i]);
}

static inline void qcow2_set_word(struct qcow2_table *t, uint64_t i,
                                  uint64_t value)
{
    ((uint64_t *)(void *)t->data)[i] = htobe64(value);
    t->dirty = true;
}

static inline struct qcow2 *qcow2_of(struct block_image *image)
{
    return container_of(image, struct qcow2, image);
}

static inline bool qcow2_has_grains(const struct qcow2 *q)
{
    return q->grain_bits != q->cluster_bits;
}

static inline bool qcow2_is_external(const struct qcow2 *q)
{
    return q->header.incompatible & QCOW2_DATA_FILE;
}

/* The data file must show what the guest sees. */
static inline bool qcow2_is_raw(const struct qcow2 *q)
{
    return qcow2_is_external(q) && q->header.autoclear & QCOW2_DATA_RAW;
}

static inline struct qcow2_entry qcow2_get(const struct qcow2 *q,
                                           const struct qcow2_table *t,
                                           uint64_t i)
{
    return qcow2_has_grains(q)
               ? (struct qcow2_entry){qcow2_word(t, 2 * i),
                                      qcow2_word(t, 2 * i + 1)}
               : (struct qcow2_entry){qcow2_word(t, i), 0};
}

static inline void qcow2_put(const struct qcow2 *q, struct qcow2_table *t,
                             uint64_t i, struct qcow2_entry entry)
{
    if (qcow2_has_grains(q)) {
        qcow2_set_word(t, 2 * i, entry.word);
        qcow2_set_word(t, 2 * i + 1, entry.bits);
    } else {
        qcow2_set_word(t, i, entry.word);
    }
}

/* Functions return 0 or an errno unless they take a struct error. ------- */

/* qcow2.c */
bool qcow2_probe(const uint8_t *head, unsigned length);
struct block_image *qcow2_open(struct block_file *file,
                               const struct block_opening *how,
                               struct error **err);
bool qcow2_is(const struct block_image *image);
int qcow2_barrier(struct qcow2 *q);
int qcow2_read_at(struct qcow2 *q, uint64_t offset, void *to, size_t length);
int qcow2_write_at(struct qcow2 *q, uint64_t offset, const void *from,
                   size_t length);
/* Forget what is cached and read L1, refcount table and snapshots again. */
bool qcow2_load_tables(struct qcow2 *q, struct error **err);
bool qcow2_resize(struct block_image *image, uint64_t size,
                  struct error **err);

/* qcow2_files.c: what an image consists of besides its file. */
bool qcow2_open_files(struct qcow2 *q, const struct block_opening *how,
                      struct error **err);
void qcow2_close_files(struct qcow2 *q);
/* The bitmaps extension, or its end when the bitmaps are not up to date. */
bool qcow2_open_bitmaps(struct qcow2 *q, const struct block_opening *how,
                        struct error **err);
/* The password that an option names.  False after an error. */
struct luks_password;
bool qcow2_password(const struct block_config *config,
                    struct luks_password *password, struct error **err);

/* qcow2_header.c */
bool qcow2_header_read(struct qcow2 *q, struct error **err);
/* All fields, in one write. */
int qcow2_header_write(struct qcow2 *q);
/* Replace an extension in memory; without data it goes. */
void qcow2_extension_set(struct qcow2 *q, uint32_t type, const void *data,
                         uint32_t length);
/* Header, extensions and backing file name. */
bool qcow2_header_rewrite(struct qcow2 *q, struct error **err);
/* With another backing file; either string may be NULL. */
bool qcow2_header_rebase(struct qcow2 *q, const char *backing,
                         const char *format, struct error **err);
void qcow2_header_pack(const struct qcow2_header *h, uint8_t *to);
void qcow2_header_free(struct qcow2 *q);

/* qcow2_cache.c: under meta. */
void qcow2_cache_init(struct qcow2_cache *cache, unsigned limit);
void qcow2_cache_free(struct qcow2_cache *cache);
int qcow2_cache_get(struct qcow2 *q, struct qcow2_cache *cache,
                    uint64_t offset, struct qcow2_table **table);
/* A new table of zeroes, dirty and fresh. */
int qcow2_cache_add(struct qcow2 *q, struct qcow2_cache *cache,
                    uint64_t offset, struct qcow2_table **table);
void qcow2_cache_drop(struct qcow2_cache *cache, uint64_t offset);
bool qcow2_cache_has(struct qcow2_cache *cache, uint64_t offset);
int qcow2_cache_write(struct qcow2 *q, struct qcow2_cache *cache,
                      bool fresh_only);
bool qcow2_cache_dirty(const struct qcow2_cache *cache);

/* qcow2_refcount.c: under meta. */
void qcow2_refcount_put(const struct qcow2 *q, uint8_t *block,
                        uint64_t index, uint64_t value);
uint64_t qcow2_refcount_max(const struct qcow2 *q);
int qcow2_refcount_get(struct qcow2 *q, uint64_t cluster, uint64_t *count);
int qcow2_refcount_add(struct qcow2 *q, uint64_t cluster, uint64_t count,
                       int delta);
/* Between 1 and `want` clusters in a row, *got of them; or all. */
int qcow2_alloc(struct qcow2 *q, uint64_t want, bool all, uint64_t *offset,
                uint64_t *got);
/* Place for `length` bytes of compressed data, less than a cluster. */
int qcow2_alloc_bytes(struct qcow2 *q, uint64_t length, uint64_t *offset);
/* The header or one of the tables it names: never the place of anything
 * else, whatever an image says. */
bool qcow2_is_fixed(const struct qcow2 *q, uint64_t offset);
/* Later, see struct qcow2_frees. */
void qcow2_free(struct qcow2 *q, uint64_t offset, uint64_t length);
/* What was freed before is not referred to any more; `use` is closed. */
int qcow2_free_now(struct qcow2 *q, struct qcow2_frees *frees);

/* qcow2_table.c: under meta. */
enum qcow2_kind {
    QCOW2_IS_ABSENT, /* the backing file's, or zeroes */
    QCOW2_IS_ZERO,
    QCOW2_IS_DATA,
    QCOW2_IS_COMPRESSED,
};
struct qcow2_run {
    enum qcow2_kind kind;
    uint64_t host;   /* of the first byte; the entry when compressed; or 0 */
    uint64_t length; /* bytes */
    bool placed;     /* it has a host cluster, `host` */
    bool copied;     /* which may be overwritten in place */
};
/* One grain of an L2 entry; fails with EIO when the entry is nonsense. */
int qcow2_decode(const struct qcow2 *q, struct qcow2_entry entry,
                 unsigned grain, struct qcow2_run *run);
/* A guest cluster's entry; zeroes when there is no table. */
int qcow2_entry_of(struct qcow2 *q, uint64_t guest_cluster,
                   struct qcow2_entry *entry);
/* The host bytes that a compressed entry names. */
void qcow2_compressed_place(const struct qcow2 *q, uint64_t entry,
                            uint64_t *offset, uint64_t *length);
/* What is alike from `offset` on, at most `length` bytes. */
int qcow2_lookup(struct qcow2 *q, uint64_t offset, uint64_t length,
                 struct qcow2_run *run);
int qcow2_l2_get(struct qcow2 *q, uint64_t l1_index,
                 struct qcow2_table **table); /* NULL: there is none */
/* That would take no access to the file. */
bool qcow2_l2_is_ready(struct qcow2 *q, uint64_t l1_index);
/* Replace a guest cluster's entry and free what it had. */
int qcow2_set_entry(struct qcow2 *q, uint64_t guest_cluster,
                    struct qcow2_entry entry);
void qcow2_rt_set(struct qcow2 *q, uint64_t index, uint64_t entry);
int qcow2_sync_tables(struct qcow2 *q);
/* Takes the locks itself. */
int qcow2_flush(struct qcow2 *q);

/* qcow2_data.c */
int qcow2_read(struct block_image *image, const struct iovec *iov,
               unsigned count, uint64_t offset, uint64_t length);
int qcow2_write(struct block_image *image, const struct iovec *iov,
                unsigned count, uint64_t offset, uint64_t length, bool sync);
/* Nobody's tables are at [host, host+length). */
bool qcow2_is_safe(const struct qcow2 *q, uint64_t host, uint64_t length);
/* Reads and writes that are one access to a file (qcow2_access.c). */
bool qcow2_enter(struct block_image *image, struct block_access *access);
void qcow2_leave(struct block_image *image);
/* After an operation, with no lock held. */
int qcow2_settle(struct qcow2 *q, int error, bool sync);
/* Guest data at `host`, decrypted and encrypted. */
int qcow2_data_read(struct qcow2 *q, const struct iovec *iov, unsigned count,
                    uint64_t offset, uint64_t host, uint64_t length);
int qcow2_data_write(struct qcow2 *q, const struct iovec *iov, unsigned count,
                     uint64_t offset, uint64_t host, uint64_t length);
/* Wait until nobody places [first, last], and add it to the busy. */
void qcow2_busy_begin(struct qcow2 *q, struct qcow2_busy *busy);
void qcow2_busy_end(struct qcow2 *q, struct qcow2_busy *busy);
bool qcow2_is_busy(const struct qcow2 *q, uint64_t first, uint64_t last);

/* qcow2_zero.c */
int qcow2_discard(struct block_image *image, uint64_t offset,
                  uint64_t length);
int qcow2_zero(struct block_image *image, uint64_t offset, uint64_t length,
               bool unmap);
/* Give every cluster from `offset` on a place. */
int qcow2_preallocate(struct qcow2 *q, uint64_t offset, uint64_t end);
/* Behind the last cluster in use, bytes. */
uint64_t qcow2_file_end(struct qcow2 *q);
/* Give up all contents: the backing file shows again. */
int qcow2_empty(struct qcow2 *q);

/* qcow2_packed.c */
int qcow2_write_compressed(struct block_image *image, const void *data,
                           uint64_t offset, uint64_t length);
/* A part of one cluster; `use` is entered. */
int qcow2_read_packed(struct qcow2 *q, const struct iovec *iov,
                      unsigned count, uint64_t offset, uint64_t length,
                      uint64_t entry);

/* qcow2_compress.c */
int qcow2_inflate(enum qcow2_compression how, const void *from,
                  size_t length, void *to, size_t room);
/* *length: room, then bytes used; ENOSPC when it does not get smaller. */
int qcow2_deflate(enum qcow2_compression how, const void *from,
                  size_t from_length, void *to, size_t *length);
bool qcow2_can_compress(enum qcow2_compression how);

/* qcow2_walk.c: how often each host cluster is referred to. */
struct qcow2_counts {
    uint32_t *count;
    uint64_t clusters; /* in `count` */
};
struct qcow2_check {
    uint64_t errors;      /* references that are wrong */
    uint64_t corruptions, leaks;
    uint64_t total, allocated, fragmented, compressed; /* guest clusters */
    uint64_t image_end;   /* bytes */
    uint64_t last_host;   /* for `fragmented` */
    void (*say)(void *opaque, const char *sentence); /* or NULL */
    void *opaque;
};
void qcow2_check_say(struct qcow2_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool qcow2_counts_init(struct qcow2 *q, struct qcow2_counts *counts,
                       struct error **err);
/* One more use of [offset, offset+length). */
void qcow2_count(struct qcow2 *q, struct qcow2_counts *counts,
                 struct qcow2_check *check, uint64_t offset, uint64_t length,
                 const char *what);
/* An L1 table's L2 tables and all they refer to. */
int qcow2_count_l1(struct qcow2 *q, struct qcow2_counts *counts,
                   struct qcow2_check *check, const uint64_t *l1,
                   uint64_t entries, bool active);
/* What header extensions refer to: bitmaps, key slots. */
int qcow2_count_extras(struct qcow2 *q, struct qcow2_counts *counts,
                       struct qcow2_check *check);
/* NULL when there is no memory or the file cannot be read. */
uint64_t *qcow2_read_l1(struct qcow2 *q, uint64_t offset, uint64_t entries);

/* qcow2_check.c: compare refcounts with the references; changes nothing. */
bool qcow2_check(struct qcow2 *q, struct qcow2_check *check,
                 struct error **err);

/* qcow2_rewrite.c: all metadata anew, see there. */
struct qcow2_plan {
    uint64_t size;     /* bytes */
    uint64_t *l1;      /* the active table, owned by the caller */
    uint64_t l1_size;  /* entries */
    struct qcow2_snapshot *snapshots;
    unsigned snapshot_count;
    /* This snapshot's L1 table is a copy of the active one; -1: none. */
    int fresh_snapshot;
    unsigned refcount_bits; /* 0: as they are */
    bool repair; /* the refcounts are wrong: write behind the file's end */
};
bool qcow2_rewrite(struct qcow2 *q, const struct qcow2_plan *plan,
                   struct error **err);
/* With the tables as they are: leaks go, refcounts get right. */
bool qcow2_repair(struct qcow2 *q, struct error **err);

/* qcow2_snapshot.c */
bool qcow2_snapshots_read(struct qcow2 *q, struct error **err);
void qcow2_snapshots_free(struct qcow2_snapshot *list, unsigned count);
/* In the form of the file; *length bytes. */
uint8_t *qcow2_snapshots_pack(const struct qcow2_snapshot *list,
                              unsigned count, size_t *length);
bool qcow2_snapshot_create(struct qcow2 *q, const char *name,
                           struct error **err);
bool qcow2_snapshot_apply(struct qcow2 *q, const char *name,
                          struct error **err);
bool qcow2_snapshot_delete(struct qcow2 *q, const char *name,
                           struct error **err);
/* The snapshot of that id and name, NULL for any; the second by a text that is
 * an id or, where nothing has that id, a name.  -1 after an error. */
int qcow2_snapshot_find(const struct qcow2 *q, const char *id,
                        const char *name, struct error **err);
int qcow2_snapshot_either(const struct qcow2 *q, const char *text,
                          struct error **err);
/* Show what was found instead of the active state, if it was; the image is
 * read only. */
bool qcow2_snapshot_load(struct qcow2 *q, int i, struct error **err);

/* qcow2_create.c */
struct qcow2_options {
    uint64_t size; /* bytes */
    unsigned version;
    uint64_t cluster_size;
    unsigned refcount_bits;
    bool lazy_refcounts;
    enum qcow2_compression compression;
    bool extended_l2;
    const char *backing, *backing_format; /* or NULL */
    const char *data_file;                /* or NULL */
    bool data_file_raw;
    uint64_t luks_room; /* bytes, for qcow2_measure() */
};
extern const struct qcow2_options qcow2_defaults;
/* Whether they make sense, and the size fits. */
bool qcow2_options_check(const struct qcow2_options *o, struct error **err);
/* An image in an empty file; then open it and resize it. */
bool qcow2_create(struct block_file *file, const struct qcow2_options *o,
                  struct error **err);
/* A new image without data gets LUKS keys, for who opens it next. */
struct luks_options;
bool qcow2_encrypt(struct qcow2 *q, const struct luks_options *o,
                   const struct luks_password *password, struct error **err);
/* Bytes of the file when all of the disk has a place. */
uint64_t qcow2_measure(const struct qcow2_options *o);

#endif
