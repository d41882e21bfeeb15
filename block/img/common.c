/* Errors, opening, reading, extents, progress: what commands share. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/img/img.h"
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
        img_fail("-t %s: no such cache mode; there are writeback, none, "
                 "writethrough, directsync, unsafe", name);
    }
    return !name;
}

struct block_image *img_open(const struct img_open *how)
{
    struct block_config config = {
        .file = how->file,
        .format = how->format,
        .read_only = !how->writable,
        .share_rw = how->share,
        .no_lock = how->no_lock,
    };
    struct block_opening opening = {
        .config = &config,
        .no_backing = how->no_backing,
        .checking = how->checking,
    };
    struct error *err = NULL;

    if (!find_cache(how->cache, &config.cache)) {
        return NULL;
    }
    struct block_image *image = block_image_open_as(&opening, &err);
    if (!image) {
        img_fail_error(err);
    }
    return image;
}

struct block_image *img_open_args(const struct img_args *args, bool writable)
{
    struct img_open how = {
        .file = args->word[0],
        .format = args->option['f'],
        .cache = args->option['t'],
        .writable = writable,
        .share = args->option['U'],
    };
    return img_open(&how);
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
