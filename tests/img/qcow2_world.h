/* What qcow2_random.c works on: an image, a plain copy of what it holds, and
 * how it is made and opened. */
#ifndef TESTS_IMG_QCOW2_WORLD_H
#define TESTS_IMG_QCOW2_WORLD_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "block/luks.h"
#include "block/qcow2.h"
#include "block/qcow2_bitmap.h"
#include "block/secret.h"

#define MAX_SIZE (3u << 20)
#define MAX_SNAPSHOTS 6
#define LARGEST_BIT (512u << 7) /* what a bit of the bitmap stands for */

struct world {
    uint64_t seed, state;
    const char *tool; /* armature-img */
    char image[256], base[256], copy[256], data[256];
    bool crypt, bitmap;
    struct secrets *secrets;
    uint8_t *touched; /* sectors that the bitmap has to know */
    struct qcow2_options options;
    struct block_image *opened;
    uint8_t *model;
    uint64_t size;
    uint64_t base_size; /* 0: no backing file */
    bool compressed;    /* some clusters may be */
    uint64_t stale;     /* the size before QEMU made it larger, or 0 */
    struct {
        char name[16];
        uint8_t *model;
        uint64_t size;
    } snapshots[MAX_SNAPSHOTS];
    unsigned snapshot_count, names;
    const char *last; /* the operation, for messages */
};

static uint64_t next(struct world *w)
{
    w->state ^= w->state << 13;
    w->state ^= w->state >> 7;
    w->state ^= w->state << 17;
    return w->state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

static uint64_t below(struct world *w, uint64_t n)
{
    return next(w) % n;
}

static void die(struct world *w, const char *format, ...)
{
    va_list args;

    printf("qcow2_random: seed %llu: after %s: ",
           (unsigned long long)w->seed, w->last);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf(" (kept: %s)\n", w->image);
    fflush(stdout);
    _exit(1);
}

static void must(struct world *w, int error)
{
    if (error) {
        die(w, "%s", strerror(error));
    }
}

/* The call sets `err` before it is looked at. */
#define must_be(w, call, err) \
    do { \
        if (!(call)) { \
            die(w, "%s", (err) ? (err)->message : "failed"); \
        } \
    } while (0)

/* A command, then options that name the image, then `more`; its status. */
static int shell(struct world *w, const char *program, const char *more)
{
    char command[2048];

    snprintf(command, sizeof(command),
             "%s --object secret,id=s,data=abc --image-opts "
             "driver=qcow2,%sfile.filename=%s %s", program,
             w->crypt ? "encrypt.key-secret=s," : "", w->image, more);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* The image ------------------------------------------------------------- */

static void reopen(struct world *w, bool backing)
{
    struct block_config config = {
        .file = w->image, .format = "qcow2",
        /* Barriers are for power cuts; with them all takes ten times longer. */
        .cache = w->seed % 8 ? BLOCK_CACHE_UNSAFE : BLOCK_CACHE_WRITEBACK,
        .secrets = w->secrets,
        .key_secret = w->crypt ? "s" : NULL,
    };
    struct block_opening how = {.config = &config, .no_backing = !backing};
    struct error *err = NULL;

    w->opened = block_image_open_as(&how, &err);
    must_be(w, w->opened, err);
    if (w->seed % 3 == 0) {
        qcow2_of(w->opened)->l2s.limit = 4;
        qcow2_of(w->opened)->refblocks.limit = 4;
    }
}

static void write_file(struct world *w, const char *path, const void *data,
                       uint64_t size)
{
    FILE *f = fopen(path, "w");

    if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
        die(w, "cannot write %s", path);
    }
}

static void fill_random(struct world *w, uint8_t *data, uint64_t size)
{
    uint64_t kind = below(w, 4);

    for (uint64_t i = 0; i < size; i++) {
        data[i] = kind == 0 ? 0 : kind == 1 ? (uint8_t)(i / 7)
                                            : (uint8_t)next(w);
    }
}

static void make_base(struct world *w)
{
    w->base_size = (1 + below(w, MAX_SIZE / 1024)) * 512;
    uint8_t *data = malloc(w->base_size);
    for (uint64_t i = 0; i < w->base_size; i += 512) {
        fill_random(w, data + i, 512);
    }
    write_file(w, w->base, data, w->base_size);
    memcpy(w->model, data,
           w->base_size < w->size ? w->base_size : w->size);
    free(data);
}

/* What else an image of version 3 may have. */
static void choose_features(struct world *w)
{
    struct qcow2_options *o = &w->options;
    bool v3 = o->version == 3;

    o->extended_l2 = v3 && o->cluster_size >= 16384 && below(w, 2);
    w->crypt = v3 && below(w, 5) == 0;
    w->bitmap = v3 && below(w, 3) == 0;
    if (v3 && !w->crypt && below(w, 5) == 0) {
        o->data_file = w->data;
        o->data_file_raw = below(w, 2);
    }
}

/* After the size is known. */
static void add_features(struct world *w)
{
    static const struct luks_password password = {(const uint8_t *)"abc", 3};
    struct qcow2 *q = qcow2_of(w->opened);
    struct luks_options luks = luks_defaults;
    struct error *err = NULL;

    luks.iter_time = 1;
    if (w->crypt) {
        must_be(w, qcow2_encrypt(q, &luks, &password, &err), err);
    }
    if (w->options.data_file_raw) {
        must(w, qcow2_preallocate(q, 0, w->size));
    }
    if (w->bitmap) {
        must_be(w, qcow2_bitmap_add(q, "b", 512u << below(w, 8), &err), err);
    }
}

static void make_secrets(struct world *w)
{
    struct keyval *kv = keyval_parse("id=s,data=abc", NULL, NULL);

    w->secrets = secrets_new();
    secrets_add(w->secrets, kv, NULL);
    keyval_free(kv);
}

static void make(struct world *w)
{
    static const unsigned bits[] = {9,  9,  10, 11, 12, 13, 14, 15,
                                    16, 16, 17, 18, 19, 20, 21};
    struct error *err = NULL;
    struct block_file_config config = {.path = w->image};

    w->last = "creation";
    w->size = (1 + below(w, MAX_SIZE / 1024)) * 512;
    w->model = calloc(1, MAX_SIZE);
    w->options = qcow2_defaults;
    w->options.cluster_size = BIT(bits[below(w, ARRAY_SIZE(bits))]);
    w->options.version = below(w, 4) ? 3 : 2;
    w->options.refcount_bits = w->options.version == 2
                                   ? 16 : 8u << below(w, 4);
    w->options.compression = w->options.version == 3 && below(w, 2) &&
                                     qcow2_can_compress(QCOW2_ZSTD)
                                 ? QCOW2_ZSTD : QCOW2_ZLIB;
    choose_features(w);
    w->touched = calloc(1, MAX_SIZE / 512);
    if (below(w, 2) && !w->options.data_file_raw) {
        make_base(w);
    }
    if (w->options.data_file) {
        must_be(w, block_file_create(w->data, &err), err);
    }
    must_be(w, block_file_create(w->image, &err), err);
    struct block_file *file = block_file_open(&config, &err);
    must_be(w, file && qcow2_create(file, &w->options, &err), err);
    block_file_close(file);
    make_secrets(w);
    bool crypt = w->crypt;
    w->crypt = false;
    reopen(w, false);
    w->crypt = crypt;
    must_be(w, qcow2_resize(w->opened, w->size, &err), err);
    if (w->base_size) {
        must_be(w, qcow2_header_rebase(qcow2_of(w->opened), w->base, "raw",
                                       &err), err);
    }
    add_features(w);
    block_image_close(w->opened);
    reopen(w, true);
}

#endif
