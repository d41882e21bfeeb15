/* resize, snapshot, rebase, commit: changes of an image that exists. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/img/img.h"

/* resize ---------------------------------------------------------------- */

static bool new_size(const char *text, uint64_t old, uint64_t *size)
{
    char sign = text[0] == '+' || text[0] == '-' ? text[0] : 0;

    if (!img_size(text + (sign != 0), "size", size)) {
        return false;
    }
    if (sign == '+' ? *size > INT64_MAX - old : sign && *size > old) {
        img_fail("%s: the new size would be %s", text,
                 sign == '+' ? "too large" : "negative");
        return false;
    }
    *size = sign == '+' ? old + *size : sign ? old - *size : *size;
    if (!*size) {
        img_fail("%s: there would be nothing left of the image", text);
        return false;
    }
    *size = align_up(*size, BLOCK_SECTOR);
    return true;
}

static int resize(struct img_args *args, struct block_image *image)
{
    const char *mode = args->option[IMG_PREALLOCATION];
    uint64_t old = image->size, size;
    struct error *err = NULL;
    unsigned how = 0;

    while (mode && img_preallocation_names[how] &&
           strcmp(mode, img_preallocation_names[how]) != 0) {
        how++;
    }
    if (!img_preallocation_names[how]) {
        return img_fail("--preallocation=%s: there are off, metadata, "
                        "falloc, full", mode);
    }
    if (!new_size(args->word[1], old, &size)) {
        return 1;
    }
    if (size <= old && how != IMG_PREALLOC_OFF) {
        return img_fail("Preallocation can only be used for growing images");
    }
    if (how == IMG_PREALLOC_METADATA && !img_qcow2(image)) {
        return img_fail("--preallocation=metadata: a %s image has none",
                        image->ops->format);
    }
    if (size < old && !args->option[IMG_SHRINK]) {
        return img_fail("Use the --shrink option to perform a shrink "
                        "operation: it deletes all data behind the new end");
    }
    if (!image->ops->resize) {
        return img_fail("a %s image cannot change its size; convert it to "
                        "qcow2 or raw", image->ops->format);
    }
    if (!image->ops->resize(image, size, &err)) {
        return img_fail_error(err);
    }
    int error = img_preallocate(image, (enum img_preallocation)how, old,
                                size);
    if (error) {
        return img_fail_errno(error, "cannot preallocate");
    }
    if (!args->option['q']) {
        puts("Image resized.");
    }
    return 0;
}

int img_resize(struct img_args *args)
{
    struct block_image *image = img_open_args(args, true);

    if (!image) {
        return 1;
    }
    int status = resize(args, image);
    int closed = img_close(image);
    return status ? status : closed;
}

/* snapshot -------------------------------------------------------------- */

void img_print_snapshots(const struct qcow2 *q);

static const struct {
    char letter;
    bool (*run)(struct qcow2 *q, const char *name, struct error **err);
} snapshot_actions[] = {
    {'a', qcow2_snapshot_apply},
    {'c', qcow2_snapshot_create},
    {'d', qcow2_snapshot_delete},
};

int img_snapshot(struct img_args *args)
{
    struct error *err = NULL;
    int chosen = -1, given = args->option['l'] != NULL;

    for (int i = 0; i < (int)ARRAY_SIZE(snapshot_actions); i++) {
        if (args->option[(int)snapshot_actions[i].letter]) {
            chosen = i;
            given++;
        }
    }
    if (given > 1) {
        return img_fail("snapshot: only one of -l, -a, -c and -d");
    }
    struct block_image *image = img_open_args(args, chosen >= 0);
    if (!image) {
        return 1;
    }
    struct qcow2 *q = img_qcow2(image);
    int status = 0;
    if (chosen < 0) {
        if (q && q->snapshot_count) {
            img_print_snapshots(q);
        }
    } else if (!q) {
        status = img_fail("%s: a %s image has no snapshots", args->word[0],
                          image->ops->format);
    } else if (!snapshot_actions[chosen].run(
                   q, args->option[(int)snapshot_actions[chosen].letter],
                   &err)) {
        status = img_fail_error(err);
    }
    int closed = img_close(image);
    return status ? status : closed;
}

/* rebase ---------------------------------------------------------------- */

/* Copy what the new backing file shows differently, where the image itself
 * has nothing. */
static int keep_contents(struct qcow2 *q, struct block_image *now,
                         struct img_progress *progress)
{
    uint64_t cs = q->cluster_size, size = q->image.size;
    uint8_t *buffer = malloc(2 * cs);
    int error = buffer ? 0 : ENOMEM;

    progress->total = size;
    for (uint64_t at = 0; at < size && !error;) {
        struct block_extent e;
        error = q->image.ops->status(&q->image, at, size - at, &e);
        if (error) {
            break;
        }
        uint64_t end = at + e.length;
        img_progress(progress, e.length);
        for (; at < end && e.kind == BLOCK_EXTENT_ABSENT && !error;
             at += cs) {
            uint64_t n = cs < size - at ? cs : size - at;
            memset(buffer + cs, 0, n);
            error = img_read(&q->image, buffer, at, n);
            if (!error && now) {
                error = img_read(now, buffer + cs, at, n);
            }
            if (!error && memcmp(buffer, buffer + cs, n) != 0) {
                error = img_write(&q->image, buffer, at, n);
            }
        }
        at = end;
    }
    free(buffer);
    img_progress_end(progress);
    return error ? error : qcow2_flush(q);
}

static int rebase(struct img_args *args, struct qcow2 *q)
{
    const char *backing = args->option['b'];
    const char *format = args->option['F'];
    struct img_progress progress = {.on = args->option['p'] &&
                                          !args->option['q']};
    struct error *err = NULL;
    struct block_image *now = NULL;

    backing = backing && *backing ? backing : NULL;
    if (backing && !args->option['u']) {
        char *path = block_backing_path(q->file->path, backing, &err);
        struct img_open how = {.file = path, .format = format,
                               .cache = args->option['T'],
                               .what = "new backing file",
                               .share = args->option['U']};
        now = path ? img_open(&how) : NULL;
        free(path);
        if (!now) {
            return err ? img_fail_error(err) : 1;
        }
    }
    if (backing && !format) {
        int status = img_fail("%s: backing file given without its format; "
                              "add '-F %s'%s", q->file->path,
                              now ? now->ops->format : "FORMAT",
                              now ? " if that is what it is" : "");
        block_image_close(now);
        return status;
    }
    int error = args->option['u'] ? 0 : keep_contents(q, now, &progress);
    block_image_close(now);
    if (error) {
        return img_fail_errno(error, "%s: cannot copy from the old backing "
                              "file", q->file->path);
    }
    return qcow2_header_rebase(q, backing, format, &err)
               ? 0 : img_fail_error(err);
}

int img_rebase(struct img_args *args)
{
    struct img_open how = {
        .file = args->word[0],
        .format = args->option['f'],
        .cache = args->option['t'],
        .opts = args->option[IMG_IMAGE_OPTS],
        .writable = true,
        .no_backing = args->option['u'],
        .share = args->option['U'],
    };

    if (!args->option['b'] && !args->option['u']) {
        return img_fail("rebase: -b names the new backing file; -b '' makes "
                        "an image that needs none, and -u alone one that has "
                        "none");
    }
    struct block_image *image = img_open(&how);
    if (!image) {
        return 1;
    }
    int status = img_qcow2(image)
                     ? rebase(args, img_qcow2(image))
                     : img_fail("%s: a %s image has no backing file",
                                args->word[0], image->ops->format);
    int closed = img_close(image);
    return status ? status : closed;
}

/* commit ---------------------------------------------------------------- */

/* How many images are above the one to commit into; -1 when it is not below,
 * or there is none.  *base: its name and format. */
static int find_base(struct block_image *top, const char *name,
                     struct img_open *base)
{
    int depth = 0;

    for (struct qcow2 *q = img_qcow2(top); q && q->backing;
         q = img_qcow2(q->backing)) {
        const char *path = img_file(q->backing)->path;
        depth++;
        if (!name || block_file_is(img_file(q->backing), name) ||
            (q->backing_name && strcmp(name, q->backing_name) == 0)) {
            base->file = path;
            base->format = q->backing->ops->format;
            return depth;
        }
    }
    return -1;
}

static int commit_data(struct block_image *top, struct block_image *base,
                       unsigned depth, struct img_progress *progress,
                       struct img_pace *pace)
{
    size_t piece = 2 << 20;
    uint8_t *buffer = malloc(piece);
    int error = buffer ? 0 : ENOMEM;

    progress->total = top->size;
    for (uint64_t at = 0; at < top->size && !error;) {
        struct img_extent e;
        error = img_status(top, at, top->size - at, &e);
        uint64_t n = error ? 0 : e.at.length;
        bool above = e.depth < depth &&
                     (e.at.kind != BLOCK_EXTENT_ABSENT || at >= base->size);
        if (!error && above && e.at.kind == BLOCK_EXTENT_DATA) {
            n = n < piece ? n : piece;
            error = img_read(top, buffer, at, n);
            error = error ? error : img_write(base, buffer, at, n);
        } else if (!error && above) {
            error = base->ops->zero(base, at, n, true);
        }
        at += n;
        img_progress(progress, n);
        img_pace(pace, above ? n : 0);
    }
    free(buffer);
    img_progress_end(progress);
    return error ? error : base->ops->flush(base);
}

/* The image has nothing of its own any more. */
static int empty(const struct img_open *how)
{
    struct img_open this = *how;

    this.no_backing = true;
    this.no_lock = false;
    this.writable = true;
    struct block_image *image = img_open(&this);
    int error = image ? qcow2_empty(qcow2_of(image)) : 0;
    int status = error ? img_fail_errno(error, "%s: cannot empty it",
                                        how->file) : !image;
    int closed = img_close(image);
    return status ? status : closed;
}

static int commit(struct img_args *args, struct block_image *top,
                  struct img_open *base_how)
{
    struct img_progress progress = {.on = args->option['p'] &&
                                          !args->option['q']};
    struct img_pace pace = {0};
    int depth = find_base(top, args->option['b'], base_how);
    struct error *err = NULL;

    if (!img_pace_parse(args, &pace)) {
        return 1;
    }

    if (depth < 0) {
        return !img_qcow2(top) && top->backing
                   ? img_fail("%s: a %s image cannot be committed; convert "
                              "it to qcow2", args->word[0], top->ops->format)
               : args->option['b']
                   ? img_fail("%s: not among the backing files of %s",
                              args->option['b'], args->word[0])
                   : img_fail("%s: there is no backing file", args->word[0]);
    }
    base_how->writable = true;
    base_how->cache = args->option['t'];
    struct block_image *base = img_open(base_how);
    if (!base) {
        return 1;
    }
    int status = 0;
    if (base->size < top->size &&
        !base->ops->resize(base, top->size, &err)) {
        status = img_fail_error(err);
    }
    int error = status ? 0 : commit_data(top, base, (unsigned)depth,
                                         &progress, &pace);
    if (error) {
        status = img_fail_errno(error, "%s: cannot commit", base_how->file);
    }
    int closed = img_close(base);
    return status ? status : closed;
}

/* The chain is read without locks, as its base is written at the same time;
 * base and top are locked where they are written. */
int img_commit(struct img_args *args)
{
    struct img_open how = {
        .file = args->word[0],
        .format = args->option['f'],
        .opts = args->option[IMG_IMAGE_OPTS],
        .no_lock = true,
    };
    struct img_open base = {0};
    struct block_image *top = img_open(&how);

    if (!top) {
        return 1;
    }
    int status = commit(args, top, &base);
    bool drop = !status && !args->option['d'] && !args->option['b'];
    block_image_close(top);
    status = status || !drop ? status : empty(&how);
    if (!status && !args->option['q']) {
        puts("Image committed.");
    }
    return status;
}
