/* bitmap: the dirty bitmaps that an image keeps. */
#include <stdio.h>
#include <string.h>

#include "block/img/img.h"
#include "block/qcow2_bitmap.h"
#include "util/keyval.h"

static const struct {
    int option;
    const char *name;
} actions[] = {
    {IMG_ADD, "add"},       {IMG_REMOVE, "remove"},
    {IMG_CLEAR, "clear"},   {IMG_ENABLE, "enable"},
    {IMG_DISABLE, "disable"}, {IMG_MERGE, "merge"},
};

struct bitmap {
    struct qcow2 *q, *source;
    const char *name;
    uint64_t granularity;
};

static bool act(struct bitmap *b, int action, const char *with,
                struct error **err)
{
    switch (action) {
    case IMG_ADD:
        return qcow2_bitmap_add(b->q, b->name, b->granularity, err);
    case IMG_REMOVE:
        return qcow2_bitmap_remove(b->q, b->name, err);
    case IMG_CLEAR:
        return qcow2_bitmap_clear(b->q, b->name, err);
    case IMG_ENABLE:
    case IMG_DISABLE:
        return qcow2_bitmap_enable(b->q, b->name, action == IMG_ENABLE, err);
    default:
        return qcow2_bitmap_merge(b->q, b->name, b->source, with, err);
    }
}

static int act_all(struct img_args *args, struct bitmap *b)
{
    for (unsigned i = 0; args->order[i]; i++) {
        struct error *err = NULL;
        if (!act(b, args->order[i], args->sources[i], &err)) {
            size_t n = 0;
            while (actions[n].option != args->order[i]) {
                n++;
            }
            error_prepend(&err, "Operation %s on bitmap %s failed",
                          actions[n].name, b->name);
            return img_fail_error(err);
        }
    }
    int error = qcow2_bitmaps_store(b->q);
    return error ? img_fail_errno(error, "%s: cannot write its bitmaps",
                                  args->word[0]) : 0;
}

/* 64k, or as large as clusters within 4k and 64k. */
static uint64_t default_granularity(const struct qcow2 *q)
{
    uint64_t size = q->cluster_size;

    return size < 4096 ? 4096 : size > 65536 ? 65536 : size;
}

static int run(struct img_args *args, struct block_image *image,
               struct block_image *source)
{
    struct bitmap b = {.q = img_qcow2(image), .name = args->word[1]};

    b.source = source ? img_qcow2(source) : b.q;
    if (!b.q || !b.source) {
        return img_fail("%s: a %s image keeps no bitmaps; qcow2 does",
                        args->word[0],
                        (b.q ? source : image)->ops->format);
    }
    if (args->option['g'] &&
        !img_size(args->option['g'], "granularity", &b.granularity)) {
        return 1;
    }
    b.granularity = b.granularity ? b.granularity : default_granularity(b.q);
    return act_all(args, &b);
}

int img_bitmap(struct img_args *args)
{
    struct img_open from = {
        .file = args->option['b'],
        .format = args->option['F'],
        .share = true,
        .no_backing = true,
    };
    struct block_image *source = NULL;

    if (!args->order[0]) {
        return img_fail("Need at least one of --add, --remove, --clear, "
                        "--enable, --disable, or --merge");
    }
    if (args->option['g'] && !args->option[IMG_ADD]) {
        return img_fail("granularity only supported with --add");
    }
    if (from.file && !args->option[IMG_MERGE]) {
        return img_fail("Merge bitmap source file only supported with "
                        "--merge");
    }
    if (from.format && !from.file) {
        return img_fail("-F only supported with -b");
    }
    struct img_open how = {
        .file = args->word[0],
        .format = args->option['f'],
        .opts = args->option[IMG_IMAGE_OPTS],
        .writable = true,
        .no_backing = true,
    };
    struct block_image *image = img_open(&how);
    if (image && from.file) {
        source = img_open(&from);
    }
    int status = image && !from.file == !source ? run(args, image, source)
                                                : 1;
    block_image_close(source);
    int closed = img_close(image);
    return status ? status : closed;
}

/* convert --bitmaps ----------------------------------------------------- */

static int copy_one(struct qcow2 *from, const struct qcow2_bitmap *b,
                    struct qcow2 *to)
{
    bool enabled = b->flags & QCOW2_BITMAP_AUTO;
    struct error *err = NULL;

    if (qcow2_bitmap_add(to, b->name, BIT(b->granularity_bits), &err) &&
        qcow2_bitmap_merge(to, b->name, from, b->name, &err) &&
        qcow2_bitmap_enable(to, b->name, enabled, &err)) {
        return 0;
    }
    error_prepend(&err, "Failed to populate bitmap %s", b->name);
    return img_fail_error(err);
}

int img_copy_bitmaps(struct block_image **from, unsigned count,
                     struct block_image *to, bool skip_broken)
{
    struct qcow2 *source = img_qcow2(from[0]), *target = img_qcow2(to);
    int status = 0;

    if (count > 1) {
        return img_fail("Copying bitmaps only possible with single source");
    }
    if (!source || !target) {
        return img_fail("--bitmaps: a %s image keeps no bitmaps; qcow2 does",
                        (source ? to : from[0])->ops->format);
    }
    unsigned bitmaps = source->bitmaps ? source->bitmaps->count : 0;
    for (unsigned i = 0; i < bitmaps && !status; i++) {
        const struct qcow2_bitmap *b = &source->bitmaps->list[i];
        if (!b->inconsistent) {
            status = copy_one(source, b, target);
        } else if (skip_broken) {
            fprintf(stderr, "armature-img: warning: Skipping inconsistent "
                    "bitmap '%s'\n", b->name);
        } else {
            status = img_fail("Cannot copy inconsistent bitmap '%s': Try "
                              "--skip-broken-bitmaps, or use 'bitmap "
                              "--remove %s'", b->name, b->name);
        }
    }
    return status;
}
