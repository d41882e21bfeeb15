/* measure: how much there would be. */
#include <stdio.h>
#include <string.h>

#include "block/img/crypt.h"
#include "block/img/img.h"
#include "block/qcow2_bitmap.h"
#include "util/keyval.h"

struct measure {
    const char *options;
    uint64_t size;
    struct block_image *image; /* or NULL */
    uint64_t required, full, bitmaps; /* bytes, the result */
    bool has_bitmaps; /* the new image can keep those of this one */
};

/* Bytes of clusters that have data. */
static bool count_data(struct block_image *image, uint64_t cluster,
                       uint64_t *data)
{
    uint64_t counted = 0; /* up to here */

    *data = 0;
    for (uint64_t at = 0; image && at < image->size;) {
        struct img_extent e;
        int error = img_status(image, at, image->size - at, &e);
        if (error) {
            img_fail_errno(error, "error while reading at byte %llu",
                           (unsigned long long)at);
            return false;
        }
        uint64_t end = at + e.at.length;
        if (e.at.kind == BLOCK_EXTENT_DATA && !e.at.hole) {
            uint64_t first = align_down(at, cluster);
            uint64_t last = align_up(end, cluster);
            first = first > counted ? first : counted;
            *data += last > first ? last - first : 0;
            counted = last;
        }
        at = end;
    }
    return true;
}

/* Bytes that a copy of all bitmaps takes: their clusters, their tables, the
 * directory. */
static uint64_t count_bitmaps(const struct block_image *image,
                              uint64_t cluster)
{
    const struct qcow2 *q = image && qcow2_is(image)
                                ? qcow2_of((struct block_image *)image)
                                : NULL;
    uint64_t bytes = 0, directory = 0;

    for (unsigned i = 0; q && q->bitmaps && i < q->bitmaps->count; i++) {
        const struct qcow2_bitmap *b = &q->bitmaps->list[i];
        uint64_t bits = (q->header.size + BIT(b->granularity_bits) - 1) >>
                        b->granularity_bits;
        uint64_t clusters = align_up((bits + 7) / 8, cluster) / cluster;
        if (b->inconsistent) {
            continue;
        }
        bytes += clusters * cluster + align_up(clusters * 8, cluster);
        directory += align_up(QCOW2_BITMAP_HEAD + strlen(b->name), 8);
    }
    return bytes + align_up(directory, cluster);
}

static bool measure_raw(struct measure *m)
{
    m->required = m->full = m->size;
    return img_raw_options(m->options);
}

static bool measure_luks(struct measure *m)
{
    struct img_crypt crypt;
    struct error *err = NULL;
    struct keyval *kv = keyval_parse(m->options ? m->options : "", NULL,
                                     &err);
    bool good = kv && img_read_crypt(kv, "", &crypt, &err);

    if (good) {
        m->required = m->full = m->size + luks_room(&crypt.luks);
    } else {
        img_fail_error(err);
    }
    keyval_free(kv);
    return good;
}

static bool measure_qcow2(struct measure *m)
{
    struct qcow2_options o = qcow2_defaults;
    enum img_preallocation preallocation;
    struct error *err = NULL;
    uint64_t data;
    bool backed;

    if (!img_qcow2_options(m->options, &o, &backed, &preallocation)) {
        return false;
    }
    o.size = m->size;
    if (!qcow2_options_check(&o, &err)) {
        img_fail_error(err);
        return false;
    }
    if (!count_data(m->image, o.cluster_size, &data)) {
        return false;
    }
    m->full = qcow2_measure(&o);
    /* Refcounts are there for all that may come. */
    m->required = m->full - align_up(o.size, o.cluster_size) + data;
    /* Zeroes may have to hide what is below. */
    if ((backed && m->image) || preallocation >= IMG_PREALLOC_FALLOC) {
        m->required = m->full;
    }
    struct qcow2 *q = m->image ? img_qcow2(m->image) : NULL;
    m->has_bitmaps = q && q->header.version >= 3 && o.version >= 3;
    m->bitmaps = count_bitmaps(m->image, o.cluster_size);
    return true;
}

static const struct {
    const char *format;
    bool (*run)(struct measure *m);
} formats[] = {
    {"raw", measure_raw}, {"qcow2", measure_qcow2}, {"luks", measure_luks},
};

static int measure(struct measure *m, const char *format, bool json)
{
    size_t i = 0;

    while (i < ARRAY_SIZE(formats) && strcmp(formats[i].format, format)) {
        i++;
    }
    if (i == ARRAY_SIZE(formats)) {
        return img_fail("-O %s: there are sizes of raw, qcow2 and luks images "
                        "only", format);
    }
    if (!formats[i].run(m)) {
        return 1;
    }
    printf("%s", json ? "{\n" : "");
    if (json && m->has_bitmaps) {
        printf("    \"bitmaps\": %llu,\n", (unsigned long long)m->bitmaps);
    }
    printf(json ? "    \"required\": %llu,\n    \"fully-allocated\": "
                  "%llu\n}\n"
                : "required size: %llu\nfully allocated size: %llu\n",
           (unsigned long long)m->required, (unsigned long long)m->full);
    if (!json && m->has_bitmaps) {
        printf("bitmaps size: %llu\n", (unsigned long long)m->bitmaps);
    }
    return 0;
}

int img_measure(struct img_args *args)
{
    const char *format = args->option['O'] ? args->option['O'] : "raw";
    const char *given = args->option[IMG_SIZE];
    struct measure m = {.options = args->option['o']};
    bool bad, json = img_json(args, &bad);

    if (!given == !args->words) {
        return img_fail("measure: either --size N or one file name");
    }
    if (given && args->option['l']) {
        return img_fail("measure: -l names a snapshot of an image, and --size "
                        "no image");
    }
    if (given && !img_size(given, "--size", &m.size)) {
        return 1;
    }
    m.size = align_up(m.size, BLOCK_SECTOR);
    if (!given) {
        m.image = img_open_args(args, false);
        if (!m.image || (args->option['l'] &&
                         !img_load_snapshot(m.image, args->option['l']))) {
            block_image_close(m.image);
            return 1;
        }
        m.size = m.image->size;
    }
    int status = measure(&m, format, json);
    block_image_close(m.image);
    return status;
}
