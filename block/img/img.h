/*
 * armature-img: what its commands share.
 *
 * A command gets the words after its name and returns the exit status; it
 * prints its results on stdout and at most one sentence, with img_fail(), on
 * stderr.  Everything happens on the main thread but the copying (copy.c).
 */
#ifndef BLOCK_IMG_IMG_H
#define BLOCK_IMG_IMG_H

#include <stdbool.h>
#include <stdint.h>

#include "block/image.h"
#include "block/qcow2.h"

/* Options --------------------------------------------------------------- */

/* Long options that have no letter. */
enum img_long {
    IMG_OUTPUT = 1,
    IMG_IMAGE_OPTS,
    IMG_OBJECT,
    IMG_BACKING_CHAIN,
    IMG_SHRINK,
    IMG_PREALLOCATION,
    IMG_SIZE,
    IMG_START_OFFSET,
    IMG_MAX_LENGTH,
    IMG_TARGET_IS_ZERO,
    IMG_TARGET_IMAGE_OPTS,
    IMG_FORCE,
    IMG_FLUSH_INTERVAL,
    IMG_NO_DRAIN,
    IMG_PATTERN,
    IMG_ADD,
    IMG_REMOVE,
    IMG_CLEAR,
    IMG_ENABLE,
    IMG_DISABLE,
    IMG_MERGE,
    IMG_BITMAPS,
    IMG_SKIP_BROKEN,
    IMG_SALVAGE,
    IMG_LONGS,
};

struct img_args {
    const char *option[128]; /* by letter or enum img_long; NULL: not given,
                                "" or the argument; -o's are joined */
    char **word;             /* what is not an option */
    int words;
    int order[32]; /* bitmap's actions, as given; 0 ends */
    const char *sources[32]; /* of each IMG_MERGE in `order` */
};

struct img_command {
    const char *name;
    const char *letters;        /* as getopt's */
    uint8_t longs[IMG_LONGS];   /* enum img_long, 0 ends */
    int min_words, max_words;
    int (*run)(struct img_args *args);
    const char *usage;
    const char *about; /* in a few words */
};

/* Help (help.c): a page of all commands, a page of one. */
#define IMG_VERSION "armature-img version 7.2.0 (Armature)"
void img_help(const struct img_command *commands, size_t count);
void img_help_command(const struct img_command *command);

/* True when --output=json was given; sets *bad for other names. */
bool img_json(const struct img_args *args, bool *bad);

/* Errors ---------------------------------------------------------------- */

/* "armature-img: SENTENCE" and, for the caller to return, 1. */
int img_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int img_fail_error(struct error *err);
int img_fail_errno(int error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A size with a suffix; fails with a sentence about `what`. */
bool img_size(const char *text, const char *what, uint64_t *size);

/* Images ---------------------------------------------------------------- */

struct img_open {
    const char *file;
    const char *format; /* or NULL */
    const char *cache;  /* a name as in -t, or NULL: writeback */
    bool opts; /* `file` is "driver=...,file.filename=..." */
    const char *key_secret; /* or NULL */
    const char *what;       /* it is to the user, for messages; or NULL */
    bool writable, no_backing, checking, share, no_lock;
};
/* -object secret,...: 0, or 1 after a sentence. */
int img_add_object(const char *text);
const struct secrets *img_secrets(void);
struct block_image *img_open(const struct img_open *how);
/* With what `config` says besides. */
struct block_backend *img_open_backend(const struct img_open *how,
                                       struct block_config *config,
                                       struct loop *loop);
/* From -f, -U and the first word. */
struct block_image *img_open_args(const struct img_args *args, bool writable);
/* Of a text as -o has it; NULL, or to be freed. */
char *img_find_option(const char *options, const char *name);
/* "-l snapshot.name=X,snapshot.id=Y", one of them, or just X; false after a
 * sentence. */
bool img_load_snapshot(struct block_image *image, const char *name);
struct qcow2 *img_qcow2(struct block_image *image); /* or NULL */
struct block_file *img_file(struct block_image *image);
/* Write out and close; 0, or 1 after a sentence. */
int img_close(struct block_image *image);
int img_read(struct block_image *image, void *to, uint64_t offset,
             uint64_t length); /* behind the end are zeroes */
int img_write(struct block_image *image, const void *from, uint64_t offset,
              uint64_t length);

/* Where the contents of a range come from, through the backing files.  Depth
 * 0 is `image` itself.  Absent: nobody has it. */
struct img_extent {
    struct block_extent at;
    unsigned depth;
};
int img_status(struct block_image *image, uint64_t offset, uint64_t length,
               struct img_extent *extent);

/* "1.5 GiB". */
const char *img_human(uint64_t bytes, char *buffer, size_t room);
void img_json_string(const char *text);

/* "-p": percent on stdout. */
struct img_progress {
    bool on;
    uint64_t total, done;
    int shown; /* in hundredths of a percent */
};
void img_progress(struct img_progress *p, uint64_t more);
void img_progress_end(struct img_progress *p);

/* "-r": so many bytes a second; 0: as they come. */
struct img_pace {
    uint64_t rate, done, start_ns; /* start 0: not yet */
};
bool img_pace_parse(const struct img_args *args, struct img_pace *p);
/* So many more are done: wait until they may be.  Any thread. */
void img_pace(struct img_pace *p, uint64_t more);

/* Creation -------------------------------------------------------------- */

struct img_create {
    const char *file, *format, *options; /* -o, or NULL */
    const char *backing, *backing_format;
    bool has_size;
    uint64_t size;
    bool unsafe; /* do not look at the backing file */
    bool quiet;
};
/* 0, or 1 after a sentence. */
int img_create_image(struct img_create *how);
/* The same for the formats that formats.c has. */
int img_create_table(struct img_create *how);
int img_create_luks(struct img_create *how);
bool img_is_table_format(const char *format);
bool img_table_help(const char *format); /* false: no such format */
/* "no such format to create", and 1. */
int img_no_format(const char *format);
/* qcow2's or raw's preallocation=. */
enum img_preallocation {
    IMG_PREALLOC_OFF,
    IMG_PREALLOC_METADATA,
    IMG_PREALLOC_FALLOC,
    IMG_PREALLOC_FULL,
};
/* What -o says, for measure; false after a sentence.  Names of other files are
 * not kept; *backed: there was one of a backing file. */
bool img_raw_options(const char *text);
bool img_qcow2_options(const char *text, struct qcow2_options *options,
                       bool *backed, enum img_preallocation *preallocation);
extern const char *const img_preallocation_names[];
extern const char *const img_compat_names[]; /* the first two are v2 */
int img_preallocate(struct block_image *image, enum img_preallocation how,
                    uint64_t from, uint64_t end);
/* The table of -o's for "-o help"; false when there is no such format. */
bool img_option_help(const char *format, bool amend);

/* Copying --------------------------------------------------------------- */

struct img_copy {
    struct block_image **from; /* one after the other */
    unsigned from_count;
    struct block_image *to;
    bool compress;
    bool to_is_zero;    /* zeroes need not be written */
    unsigned kept;      /* what the source has that far down, or nowhere, `to`
                         * has below; 0: it has nothing */
    uint64_t sparse;    /* bytes of zeroes that make a hole; 0: no holes */
    bool salvage;       /* what cannot be read is zero */
    unsigned threads;
    struct img_progress progress;
    struct img_pace pace;
};
int img_copy(struct img_copy *copy);
/* "--bitmaps": into an image that has the contents already. */
int img_copy_bitmaps(struct block_image **from, unsigned count,
                     struct block_image *to, bool skip_broken);

/* Commands -------------------------------------------------------------- */

int img_amend(struct img_args *args);
int img_bench(struct img_args *args);
int img_bitmap(struct img_args *args);
int img_check(struct img_args *args);
int img_commit(struct img_args *args);
int img_compare(struct img_args *args);
int img_convert(struct img_args *args);
int img_create_command(struct img_args *args);
int img_dd(struct img_args *args);
int img_info(struct img_args *args);
int img_map(struct img_args *args);
int img_measure(struct img_args *args);
int img_rebase(struct img_args *args);
int img_resize(struct img_args *args);
int img_snapshot(struct img_args *args);

#endif
