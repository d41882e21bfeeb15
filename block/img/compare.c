/* compare: the same contents? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/img/img.h"
#include "block/iov.h"

#define PIECE (2u << 20)
enum { SAME = 0, DIFFERENT = 1, FAILED = 2 };

struct compare {
    struct block_image *image[2];
    uint8_t *buffer[2];
    bool strict, quiet;
    struct img_progress progress;
};

static void say(const struct compare *c, const char *text, uint64_t offset)
{
    if (!c->quiet) {
        printf(text, (unsigned long long)offset);
    }
}

/* At `offset`; an image that has ended reads as zeroes. */
static int status(struct block_image *image, uint64_t offset, uint64_t length,
                  struct img_extent *extent)
{
    if (offset >= image->size) {
        memset(extent, 0, sizeof(*extent));
        extent->at.length = length;
        return 0;
    }
    uint64_t there = image->size - offset;
    return img_status(image, offset, length < there ? length : there, extent);
}

static int compare_data(struct compare *c, uint64_t offset, uint64_t length)
{
    for (int i = 0; i < 2; i++) {
        int error = img_read(c->image[i], c->buffer[i], offset, length);
        if (error) {
            img_fail_errno(error, "%s: error while reading at byte %llu",
                           img_file(c->image[i])->path,
                           (unsigned long long)offset);
            return FAILED;
        }
    }
    if (memcmp(c->buffer[0], c->buffer[1], length) == 0) {
        return SAME;
    }
    uint64_t at = 0;
    while (memcmp(c->buffer[0] + at, c->buffer[1] + at, BLOCK_SECTOR) == 0) {
        at += BLOCK_SECTOR;
    }
    say(c, "Content mismatch at offset %llu!\n", offset + at);
    return DIFFERENT;
}

/* What strict comparison tells apart, in a number: what "map" prints. */
static unsigned kind_of(const struct block_extent *at)
{
    bool data = at->kind == BLOCK_EXTENT_DATA;
    bool zero = !data || at->hole;
    bool placed = at->host || at->placed;

    return (unsigned)(at->kind != BLOCK_EXTENT_ABSENT) | (unsigned)data << 1 |
           (unsigned)zero << 2 | (unsigned)(data && !placed) << 3;
}

/* One step; *length is what was compared. */
static int step(struct compare *c, uint64_t offset, uint64_t *length)
{
    struct img_extent e[2];
    unsigned kind[2];

    for (int i = 0; i < 2; i++) {
        int error = status(c->image[i], offset, *length, &e[i]);
        if (error) {
            img_fail_errno(error, "%s: error while reading at byte %llu",
                           img_file(c->image[i])->path,
                           (unsigned long long)offset);
            return FAILED;
        }
        *length = e[i].at.length < *length ? e[i].at.length : *length;
        kind[i] = kind_of(&e[i].at);
    }
    if (c->strict && kind[0] != kind[1]) {
        say(c, "Strict mode: Offset %llu block status mismatch!\n", offset);
        return DIFFERENT;
    }
    if (e[0].at.kind != BLOCK_EXTENT_DATA &&
        e[1].at.kind != BLOCK_EXTENT_DATA) {
        return SAME;
    }
    *length = *length < PIECE ? *length : PIECE;
    return compare_data(c, offset, *length);
}

static int run(struct compare *c)
{
    uint64_t a = c->image[0]->size, b = c->image[1]->size;
    uint64_t size = a > b ? a : b;
    int result = SAME;

    if (a != b && c->strict) {
        say(c, "Strict mode: Image size mismatch!\n", 0);
        return DIFFERENT;
    }
    c->progress.total = size;
    for (uint64_t done = 0; done < size && result == SAME;) {
        uint64_t length = size - done;
        result = step(c, done, &length);
        done += length;
        img_progress(&c->progress, length);
    }
    img_progress_end(&c->progress);
    if (result == SAME) {
        say(c, a != b ? "Warning: Image size mismatch!\n" : "", 0);
        say(c, "Images are identical.\n", 0);
    }
    return result;
}

int img_compare(struct img_args *args)
{
    struct compare c = {
        .strict = args->option['s'], .quiet = args->option['q'],
    };
    int result = FAILED;

    c.progress.on = args->option['p'] && !c.quiet;
    for (int i = 0; i < 2; i++) {
        struct img_open how = {
            .file = args->word[i],
            .format = args->option[i ? 'F' : 'f'],
            .cache = args->option['T'],
            .opts = args->option[IMG_IMAGE_OPTS],
            .share = args->option['U'],
        };
        c.image[i] = img_open(&how);
        c.buffer[i] = malloc(PIECE);
        if (!c.image[i]) {
            break;
        }
    }
    if (c.image[1] && c.buffer[0] && c.buffer[1]) {
        result = run(&c);
    }
    for (int i = 0; i < 2; i++) {
        block_image_close(c.image[i]);
        free(c.buffer[i]);
    }
    return result;
}
