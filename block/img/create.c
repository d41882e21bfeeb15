/* create: new images, and what -o may say about them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/formats.h"
#include "block/img/crypt.h"
#include "block/img/img.h"
#include "util/keyval.h"

const char *const img_preallocation_names[] = {
    "off", "metadata", "falloc", "full", NULL,
};
const char *const img_compat_names[] = {"0.10", "v2", "1.1", "v3", NULL};

/* What -o says, as far as the format knows it. */
struct parsed {
    struct qcow2_options qcow2;
    struct img_crypt crypt;
    uint64_t size;
    bool has_size;
    unsigned preallocation;
};

static bool parse_qcow2(struct keyval *kv, struct parsed *p,
                        struct error **err)
{
    struct qcow2_options *o = &p->qcow2;
    unsigned compat = o->version == 3 ? 3 : 0;
    unsigned compression = o->compression;
    uint64_t bits = o->refcount_bits;
    bool good = keyval_size(kv, "cluster_size", 1, &o->cluster_size, err) &&
                keyval_enum(kv, "compat", img_compat_names, &compat, err) &&
                keyval_enum(kv, "compression_type", qcow2_compression_names,
                            &compression, err) &&
                keyval_bool(kv, "lazy_refcounts", &o->lazy_refcounts, err) &&
                keyval_uint(kv, "refcount_bits", 64, &bits, err) &&
                keyval_bool(kv, "extended_l2", &o->extended_l2, err) &&
                keyval_bool(kv, "data_file_raw", &o->data_file_raw, err) &&
                img_read_crypt(kv, "encrypt.", &p->crypt, err);

    o->version = compat < 2 ? 2 : 3;
    o->compression = (enum qcow2_compression)compression;
    o->refcount_bits = (unsigned)bits;
    o->data_file = keyval_get(kv, "data_file");
    o->luks_room = p->crypt.on ? luks_room(&p->crypt.luks) : 0;
    if (keyval_get(kv, "backing_file")) {
        o->backing = keyval_get(kv, "backing_file");
    }
    if (keyval_get(kv, "backing_fmt")) {
        o->backing_format = keyval_get(kv, "backing_fmt");
    }
    return good;
}

static bool parse_options(struct keyval *kv, bool qcow2, struct parsed *p,
                          struct error **err)
{
    p->has_size = keyval_get(kv, "size");
    return keyval_size(kv, "size", 1, &p->size, err) &&
           keyval_enum(kv, "preallocation", img_preallocation_names,
                       &p->preallocation, err) &&
           (!qcow2 || parse_qcow2(kv, p, err)) && keyval_check(kv, err);
}

static bool try_options(const char *text, bool qcow2, struct parsed *p)
{
    struct error *err = NULL;
    struct keyval *kv = keyval_parse(text ? text : "", NULL, &err);
    bool good = kv && parse_options(kv, qcow2, p, &err);

    if (!good) {
        img_fail_error(err);
    }
    keyval_free(kv);
    return good;
}

bool img_raw_options(const char *text)
{
    struct parsed p = {0};

    return try_options(text, false, &p);
}

bool img_qcow2_options(const char *text, struct qcow2_options *options,
                       bool *backed, enum img_preallocation *preallocation)
{
    struct parsed p = {.qcow2 = *options};
    bool good = try_options(text, true, &p);

    *preallocation = (enum img_preallocation)p.preallocation;
    *options = p.qcow2;
    *backed = options->backing;
    options->backing = options->backing_format = options->data_file = NULL;
    options->data_file_raw = false;
    return good;
}

/* Preallocation --------------------------------------------------------- */

static int fill(struct block_file *file, uint64_t from, uint64_t end)
{
    static const uint8_t zeroes[1 << 20];
    int error = 0;

    while (from < end && !error) {
        uint64_t n = end - from < sizeof(zeroes) ? end - from
                                                 : sizeof(zeroes);
        struct iovec iov = {(void *)zeroes, n};
        error = block_file_write(file, &iov, 1, from, false);
        from += n;
    }
    return error;
}

static int allocate(struct block_file *file, uint64_t from, uint64_t end)
{
    return file->remote ? EOPNOTSUPP
                        : posix_fallocate(file->fd, (off_t)from,
                                          (off_t)(end - from));
}

int img_preallocate(struct block_image *image, enum img_preallocation how,
                    uint64_t from, uint64_t end)
{
    struct qcow2 *q = img_qcow2(image);
    const struct luks *luks = luks_describe(image);
    struct block_file *file = img_file(image);
    uint64_t before = block_file_size(file);
    int error = 0;

    if (how == IMG_PREALLOC_OFF || from >= end) {
        return 0;
    }
    if (luks) {
        from += (uint64_t)luks->payload * CRYPT_SECTOR;
        end += (uint64_t)luks->payload * CRYPT_SECTOR;
    }
    if (q) {
        error = qcow2_preallocate(q, from, end);
        if (!error && qcow2_is_external(q) &&
            block_file_size(q->data) < end) {
            error = block_file_resize(q->data, end);
        }
        error = error ? error : qcow2_flush(q);
        before = align_up(before, q->cluster_size);
        /* Everything new is at the end of the file. */
        uint64_t need = qcow2_file_end(q);
        from = before;
        end = need > before ? need : before;
        if (qcow2_is_external(q)) {
            file = q->data;
            from = 0;
            end = block_file_size(file);
        }
        error = error || end <= block_file_size(file)
                    ? error : block_file_resize(file, end);
    }
    if (error || how == IMG_PREALLOC_METADATA || from >= end) {
        return error;
    }
    /* Others than raw have zeroes there anyway, or noise. */
    return how == IMG_PREALLOC_FULL && !q && !luks
               ? fill(file, from, end) : allocate(file, from, end);
}

/* Creating -------------------------------------------------------------- */

/* The backing file is there, its format is what was said; its size. */
static bool look_at_backing(const struct img_create *how,
                            const struct qcow2_options *o, uint64_t *size)
{
    struct error *err = NULL;
    char *path = block_backing_path(how->file, o->backing, &err);
    struct img_open open = {.file = path, .format = o->backing_format,
                            .what = "backing file"};
    struct block_image *image = path ? img_open(&open) : NULL;

    if (!path) {
        img_fail_error(err);
    } else if (image && !o->backing_format) {
        img_fail("%s: backing file given without its format; add '-F %s' if "
                 "that is what it is", how->file, image->ops->format);
    }
    if (image) {
        *size = image->size;
    }
    block_image_close(image);
    free(path);
    return image && o->backing_format;
}

static void print_formatting(const struct img_create *how,
                             const struct parsed *p, bool qcow2)
{
    const struct qcow2_options *o = &p->qcow2;

    if (how->quiet) {
        return;
    }
    printf("Formatting '%s', fmt=%s", how->file, how->format);
    if (qcow2) {
        img_print_crypt("encrypt.", &p->crypt);
        printf(" cluster_size=%llu extended_l2=%s compression_type=%s",
               (unsigned long long)o->cluster_size,
               o->extended_l2 ? "on" : "off",
               qcow2_compression_names[o->compression]);
    }
    printf(" size=%llu", (unsigned long long)p->size);
    if (qcow2 && o->backing) {
        printf(" backing_file=%s backing_fmt=%s", o->backing,
               o->backing_format ? o->backing_format : "");
    }
    if (qcow2 && o->data_file) {
        printf(" data_file=%s%s", o->data_file,
               o->data_file_raw ? " data_file_raw=on" : "");
    }
    if (qcow2) {
        printf(" lazy_refcounts=%s refcount_bits=%u",
               o->lazy_refcounts ? "on" : "off", o->refcount_bits);
    }
    putchar('\n');
}

static bool make_qcow2(const struct img_create *how, struct parsed *p,
                       struct error **err)
{
    struct block_file_config config = {.path = how->file, .lock = true};
    struct block_file *file = block_file_open(&config, err);
    bool good = file && qcow2_create(file, &p->qcow2, err);
    const char *name = p->qcow2.data_file;

    block_file_close(file);
    if (good && name) {
        good = block_file_create(name, err);
    }
    return good;
}

/* The size, the name of the backing file, the preallocation. */
static int finish(const struct img_create *how, struct parsed *p, bool qcow2)
{
    struct img_open open = {
        .file = how->file, .format = how->format, .writable = true,
        .no_backing = true, .cache = "unsafe",
    };
    struct block_image *image = img_open(&open);
    struct error *err = NULL;

    if (!image) {
        return 1;
    }
    bool good = image->ops->resize(image, p->size, &err);
    if (good && qcow2 && p->qcow2.backing) {
        good = qcow2_header_rebase(qcow2_of(image), p->qcow2.backing,
                                   p->qcow2.backing_format, &err);
    }
    if (good && qcow2 && p->crypt.on) {
        good = qcow2_encrypt(qcow2_of(image), &p->crypt.luks,
                             &p->crypt.password, &err);
    }
    int error = good ? img_preallocate(image, (enum img_preallocation)
                                       p->preallocation, 0, p->size) : 0;
    if (!good || error) {
        img_close(image);
        return good ? img_fail_errno(error, "%s: cannot preallocate",
                                     how->file)
                    : img_fail_error(err);
    }
    return img_close(image);
}

static int create_parsed(struct img_create *how, struct parsed *p, bool qcow2)
{
    struct error *err = NULL;
    uint64_t backing_size = 0;

    if (how->has_size) {
        p->size = how->size;
        p->has_size = true;
    }
    if (!qcow2 && (how->backing || p->qcow2.backing)) {
        return img_fail("%s: a raw image has no backing file; use -f qcow2",
                        how->file);
    }
    if (p->qcow2.data_file_raw && p->preallocation == IMG_PREALLOC_OFF) {
        p->preallocation = IMG_PREALLOC_METADATA;
    }
    if (p->preallocation != IMG_PREALLOC_OFF && p->qcow2.backing &&
        !p->qcow2.extended_l2) {
        return img_fail("%s: Backing file and preallocation can only be used "
                        "at the same time if extended_l2 is enabled",
                        how->file);
    }
    if (!qcow2 && p->preallocation == IMG_PREALLOC_METADATA) {
        return img_fail("preallocation=metadata: a raw image has none");
    }
    if (p->qcow2.backing_format && !p->qcow2.backing) {
        return img_fail("%s: a backing file's format, and no backing file "
                        "(-b)", how->file);
    }
    if (p->qcow2.backing && how->unsafe && !p->qcow2.backing_format) {
        return img_fail("%s: backing file given without its format; -F names "
                        "it", how->file);
    }
    if (p->qcow2.backing && !how->unsafe &&
        !look_at_backing(how, &p->qcow2, &backing_size)) {
        return 1;
    }
    if (!p->has_size && (!p->qcow2.backing || how->unsafe)) {
        return img_fail("%s: an image needs a size", how->file);
    }
    p->size = align_up(p->has_size ? p->size : backing_size, BLOCK_SECTOR);
    p->qcow2.size = p->size;
    print_formatting(how, p, qcow2);
    if (!block_file_create(how->file, &err) ||
        (qcow2 && !make_qcow2(how, p, &err))) {
        return img_fail_error(err);
    }
    return finish(how, p, qcow2);
}

int img_create_image(struct img_create *how)
{
    struct parsed p = {.qcow2 = qcow2_defaults};
    struct error *err = NULL;
    bool qcow2 = strcmp(how->format, "qcow2") == 0;

    if (img_is_table_format(how->format)) {
        return img_create_table(how);
    }
    if (strcmp(how->format, "luks") == 0) {
        return img_create_luks(how);
    }
    if (!qcow2 && strcmp(how->format, "raw") != 0) {
        return img_no_format(how->format);
    }
    struct keyval *kv = keyval_parse(how->options ? how->options : "", NULL,
                                     &err);
    p.qcow2.backing = how->backing;
    p.qcow2.backing_format = how->backing_format;
    int status = kv && parse_options(kv, qcow2, &p, &err)
                     ? create_parsed(how, &p, qcow2) : img_fail_error(err);
    keyval_free(kv);
    return status;
}

int img_create_command(struct img_args *args)
{
    struct img_create how = {
        .file = args->word[0],
        .format = args->option['f'] ? args->option['f'] : "raw",
        .options = args->option['o'],
        .backing = args->option['b'],
        .backing_format = args->option['F'],
        .has_size = args->words > 1,
        .unsafe = args->option['u'],
        .quiet = args->option['q'],
    };

    if (how.has_size && !img_size(args->word[1], "image size", &how.size)) {
        return 1;
    }
    return img_create_image(&how);
}
