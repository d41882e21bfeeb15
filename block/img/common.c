/* Errors, opening, reading, extents, progress: what commands share. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block/img/img.h"
#include "block/options.h"
#include "block/secret.h"
#include "util/clock.h"
#include "util/keyval.h"

/* Errors ---------------------------------------------------------------- */

static void say(const char *format, va_list args, const char *more)
{
    fflush(stdout);
    fputs("armature-img: ", stderr);
    vfprintf(stderr, format, args);
    fprintf(stderr, "%s%s\n", more ? ": " : "", more ? more : "");
}

int img_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args, NULL);
    va_end(args);
    return 1;
}

int img_fail_errno(int error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args, strerror(error));
    va_end(args);
    return 1;
}

int img_fail_error(struct error *err)
{
    img_fail("%s", err ? err->message : "failed");
    error_free(err);
    return 1;
}

bool img_size(const char *text, const char *what, uint64_t *size)
{
    if (parse_size(text, 1, size) && *size <= INT64_MAX) {
        return true;
    }
    img_fail("%s '%s' is not a size; bytes, or a suffix of k, M, G, T, P, E",
             what, text);
    return false;
}

bool img_json(const struct img_args *args, bool *bad)
{
    const char *name = args->option[IMG_OUTPUT];
    bool json = name && strcmp(name, "json") == 0;

    *bad = name && !json && strcmp(name, "human") != 0;
    return json;
}

/* Images ---------------------------------------------------------------- */

static bool find_cache(const char *name, enum block_cache *cache)
{
    *cache = BLOCK_CACHE_WRITEBACK;
    for (unsigned i = 0; name && block_cache_names[i]; i++) {
        if (strcmp(name, block_cache_names[i]) == 0) {
            *cache = (enum block_cache)i;
            return true;
        }
    }
    if (name) {
        img_fail("'%s' is not a cache mode; there are writeback, none, "
                 "writethrough, directsync, unsafe", name);
    }
    return !name;
}

/* One program, one set of secrets: --object is said before its use. */
static struct secrets *all_secrets;

const struct secrets *img_secrets(void)
{
    return all_secrets;
}

int img_add_object(const char *text)
{
    struct error *err = NULL;
    struct keyval *kv = keyval_parse(text, "qom-type", &err);
    const char *type = kv ? keyval_get(kv, "qom-type") : NULL;
    bool good = false;

    if (!all_secrets) {
        all_secrets = secrets_new();
    }
    if (kv && (!type || strcmp(type, "secret") != 0)) {
        error_set(&err, "--object %s: there is only secret", text);
    } else if (kv) {
        good = secrets_add(all_secrets, kv, &err) && keyval_check(kv, &err);
    }
    keyval_free(kv);
    return good ? 0 : img_fail_error(err);
}

/* NULL when the name is just a name; *bad when it is nonsense. */
static struct keyval *parse_name(const struct img_open *how,
                                 struct block_config *config, bool *bad)
{
    bool json = strncmp(how->file, "json:", 5) == 0;
    struct error *err = NULL;
    struct keyval *kv = NULL;

    *bad = false;
    if (!how->opts && !json) {
        return NULL;
    }
    kv = keyval_parse(how->file + (json ? 5 : 0), NULL, &err);
    if (!kv || !block_options_image(kv, config, &err)) {
        error_prepend(&err, "%s", how->file);
        img_fail_error(err);
        *bad = true;
    }
    return kv;
}

static bool configure(const struct img_open *how, struct block_config *config,
                      struct keyval **kv)
{
    bool bad = false;

    *kv = NULL;
    config->file = how->file;
    config->format = how->format;
    config->read_only = !how->writable;
    config->share_rw = how->share;
    config->no_lock = how->no_lock;
    config->secrets = all_secrets;
    config->key_secret = how->key_secret;
    if (!find_cache(how->cache, &config->cache)) {
        return false;
    }
    if (how->opts && how->format) {
        img_fail("--image-opts and --format are mutually exclusive");
        return false;
    }
    *kv = parse_name(how, config, &bad);
    return !bad;
}

struct block_image *img_open(const struct img_open *how)
{
    struct block_config config = {0};
    struct block_opening opening = {
        .config = &config,
        .no_backing = how->no_backing,
        .checking = how->checking,
    };
    struct block_image *image = NULL;
    struct error *err = NULL;
    struct keyval *kv;

    if (configure(how, &config, &kv)) {
        image = block_image_open_as(&opening, &err);
        if (!image && how->what) {
            error_prepend(&err, "%s", how->what);
        }
        if (!image) {
            img_fail_error(err);
        }
    }
    keyval_free(kv);
    return image;
}

struct block_backend *img_open_backend(const struct img_open *how,
                                       struct block_config *config,
                                       struct loop *loop)
{
    struct block_backend *backend = NULL;
    struct error *err = NULL;
    struct keyval *kv;

    if (configure(how, config, &kv)) {
        backend = block_open(config, loop, &err);
        if (!backend) {
            img_fail_error(err);
        }
    }
    keyval_free(kv);
    return backend;
}

struct block_image *img_open_args(const struct img_args *args, bool writable)
{
    struct img_open how = {
        .file = args->word[0],
        .format = args->option['f'],
        .cache = args->option['t'],
        .opts = args->option[IMG_IMAGE_OPTS],
        .writable = writable,
        .share = args->option['U'],
    };
    return img_open(&how);
}

char *img_find_option(const char *options, const char *name)
{
    struct keyval *kv = options ? keyval_parse(options, NULL, NULL) : NULL;
    const char *value = kv ? keyval_get(kv, name) : NULL;
    char *copy = value ? strdup(value) : NULL;

    keyval_free(kv);
    return copy;
}

static bool load_snapshot(struct qcow2 *q, const char *text,
                          struct error **err)
{
    if (strncmp(text, "snapshot.", 9) != 0) {
        return qcow2_snapshot_load(q, qcow2_snapshot_either(q, text, err),
                                   err);
    }
    struct keyval *kv = keyval_parse(text, NULL, err);
    const char *id = kv ? keyval_get(kv, "snapshot.id") : NULL;
    const char *name = kv ? keyval_get(kv, "snapshot.name") : NULL;
    bool good = kv && keyval_check(kv, err) &&
                qcow2_snapshot_load(q, qcow2_snapshot_find(q, id, name, err),
                                    err);
    keyval_free(kv);
    return good;
}

bool img_load_snapshot(struct block_image *image, const char *name)
{
    struct error *err = NULL;
    struct qcow2 *q = img_qcow2(image);

    if (!q) {
        img_fail("-l %s: a %s image has no snapshots", name,
                 image->ops->format);
        return false;
    }
    if (!load_snapshot(q, name, &err)) {
        img_fail_error(err);
        return false;
    }
    return true;
}

struct qcow2 *img_qcow2(struct block_image *image)
{
    return qcow2_is(image) ? qcow2_of(image) : NULL;
}

struct block_file *img_file(struct block_image *image)
{
    return image->file;
}

int img_close(struct block_image *image)
{
    if (!image) {
        return 0;
    }
    int error = img_file(image)->read_only ? 0 : image->ops->flush(image);
    int status = error ? img_fail_errno(error, "%s: cannot write",
                                        img_file(image)->path) : 0;
    block_image_close(image);
    return status;
}

int img_read(struct block_image *image, void *to, uint64_t offset,
             uint64_t length)
{
    uint64_t there = offset < image->size ? image->size - offset : 0;
    struct iovec iov = {to, there < length ? there : length};

    memset((char *)to + iov.iov_len, 0, length - iov.iov_len);
    return iov.iov_len ? image->ops->read(image, &iov, 1, offset,
                                          iov.iov_len)
                       : 0;
}

int img_write(struct block_image *image, const void *from, uint64_t offset,
              uint64_t length)
{
    struct iovec iov = {(void *)from, length};

    return image->ops->write(image, &iov, 1, offset, length, false);
}

int img_status(struct block_image *image, uint64_t offset, uint64_t length,
               struct img_extent *extent)
{
    return block_image_status(image, offset, length, &extent->at,
                              &extent->depth);
}

/* Output ---------------------------------------------------------------- */

const char *img_human(uint64_t bytes, char *buffer, size_t room)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB",
                                        "PiB", "EiB"};
    double value = (double)bytes;
    unsigned unit = 0;

    while (value >= 1000 && unit + 1 < ARRAY_SIZE(units)) {
        value /= 1024;
        unit++;
    }
    snprintf(buffer, room, "%0.3g %s", value, units[unit]);
    return buffer;
}

void img_json_string(const char *text)
{
    putchar('"');
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\') {
            printf("\\%c", *c);
        } else if (*c < ' ' || *c == 0x7f) {
            printf("\\u%04x", *c);
        } else {
            putchar(*c);
        }
    }
    putchar('"');
}

bool img_pace_parse(const struct img_args *args, struct img_pace *p)
{
    const char *rate = args->option['r'];

    return !rate || img_size(rate, "-r", &p->rate);
}

void img_pace(struct img_pace *p, uint64_t more)
{
    uint64_t start = __atomic_load_n(&p->start_ns, __ATOMIC_RELAXED);
    uint64_t now = clock_monotonic_ns();

    if (!p->rate) {
        return;
    }
    if (!start && __atomic_compare_exchange_n(&p->start_ns, &start, now, false,
                                              __ATOMIC_RELAXED,
                                              __ATOMIC_RELAXED)) {
        start = now;
    }
    more += __atomic_fetch_add(&p->done, more, __ATOMIC_RELAXED);
    double until = (double)more / (double)p->rate -
                   (double)(now - start) / (double)NS_PER_SEC;
    if (until > 0) {
        struct timespec t = {(time_t)until,
                             (long)((until - (double)(time_t)until) * 1e9)};
        nanosleep(&t, NULL);
    }
}

static void show(struct img_progress *p)
{
    int now = p->total ? (int)((double)p->done / (double)p->total * 10000)
                       : 10000;

    if (p->on && now != p->shown) {
        p->shown = now;
        printf("    (%.2f/100%%)\r", now / 100.0);
        fflush(stdout);
    }
}

void img_progress(struct img_progress *p, uint64_t more)
{
    p->done += more;
    show(p);
}

void img_progress_end(struct img_progress *p)
{
    if (p->on) {
        p->done = p->total;
        p->shown = -1;
        show(p);
        putchar('\n');
    }
}
