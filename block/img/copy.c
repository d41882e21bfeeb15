/*
 * Copying images: workers that each take the next piece, read, look for
 * zeroes and write.
 *
 * Pieces start and end where the target's clusters do, so that no two
 * workers write into one, and the file fills about in order.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "block/img/img.h"
#include "block/iov.h"

#define PIECE (2u << 20) /* bytes at a time */
#define MAX_THREADS 16

struct piece {
    struct block_image *from;
    uint64_t from_offset, to_offset, length;
    bool zero;
};

struct state {
    struct img_copy *copy;
    pthread_mutex_t lock;
    unsigned source;       /* which of copy->from */
    uint64_t offset;       /* in it */
    uint64_t base;         /* where it begins in the target */
    struct img_extent extent;
    uint64_t extent_end;   /* what is known from `offset` on */
    uint64_t granule;      /* bytes, a power of two */
    int error;
    uint64_t error_offset; /* in the target */
    const char *error_what;
};

static void failed(struct state *s, int error, const char *what,
                   uint64_t offset)
{
    pthread_mutex_lock(&s->lock);
    if (!s->error) {
        s->error = error;
        s->error_what = what;
        s->error_offset = offset;
    }
    pthread_mutex_unlock(&s->lock);
}

/* Pieces ---------------------------------------------------------------- */

enum treatment { COPY, ZERO, SKIP };

static enum treatment treat(const struct state *s)
{
    const struct img_copy *c = s->copy;

    if (c->kept && (s->extent.depth >= c->kept ||
                    s->extent.at.kind == BLOCK_EXTENT_ABSENT)) {
        return SKIP;
    }
    if ((s->extent.at.kind == BLOCK_EXTENT_DATA && !s->extent.at.hole) ||
        !c->sparse) {
        return COPY;
    }
    return c->to_is_zero && !c->kept ? SKIP : ZERO;
}

/* What is at `offset` of a source.  What cannot be looked up is to be read, as
 * far as a table may go wrong. */
static int find_extent(struct state *s, struct block_image *from)
{
    uint64_t rest = from->size - s->offset;
    int error = img_status(from, s->offset, rest, &s->extent);

    if (error && s->copy->salvage) {
        s->extent = (struct img_extent){
            .at = {.kind = BLOCK_EXTENT_DATA,
                   .length = rest < s->granule ? rest : s->granule},
        };
        return 0;
    }
    return error;
}

/* Under the lock: cut the next piece; false at the end or after an error. */
static bool cut(struct state *s, struct piece *p, enum treatment *how)
{
    struct img_copy *c = s->copy;

    while (s->source < c->from_count &&
           s->offset == c->from[s->source]->size) {
        s->base += s->offset;
        s->offset = s->extent_end = 0;
        s->source++;
    }
    if (s->error || s->source == c->from_count) {
        return false;
    }
    p->from = c->from[s->source];
    if (s->offset >= s->extent_end) {
        s->error = find_extent(s, p->from);
        if (s->error) {
            s->error_what = "reading";
            s->error_offset = s->base + s->offset;
            return false;
        }
        s->extent_end = s->offset + s->extent.at.length;
    }
    uint64_t size = p->from->size, end = s->extent_end;
    uint64_t start = s->base + s->offset; /* in the target */
    *how = treat(s);
    if (*how != COPY && end < size) {
        end = align_down(s->base + end, s->granule);
        if (end <= start) {
            *how = COPY;
        }
        end -= s->base;
    }
    if (*how == COPY) {
        uint64_t most = align_down(start + PIECE, PIECE) - s->base;
        end = align_up(s->base + (s->extent_end < most ? s->extent_end : most),
                       s->granule) - s->base;
        end = end < size ? end : size;
    }
    p->from_offset = s->offset;
    p->to_offset = start;
    p->length = end - s->offset;
    s->offset = end;
    return true;
}

static bool next(struct state *s, struct piece *p)
{
    enum treatment how;
    bool more;

    pthread_mutex_lock(&s->lock);
    while ((more = cut(s, p, &how)) && how == SKIP) {
        img_progress(&s->copy->progress, p->length);
    }
    pthread_mutex_unlock(&s->lock);
    p->zero = more && how == ZERO;
    return more;
}

/* Moving ---------------------------------------------------------------- */

static int write_zero(struct state *s, uint64_t offset, uint64_t length)
{
    struct img_copy *c = s->copy;

    if (c->to_is_zero && !c->kept) {
        return 0;
    }
    return c->to->ops->zero(c->to, offset, length, true);
}

static int write_data(struct state *s, const uint8_t *data, uint64_t offset,
                      uint64_t length)
{
    struct block_image *to = s->copy->to;

    return s->copy->compress
               ? to->ops->write_compressed(to, data, offset, length)
               : img_write(to, data, offset, length);
}

/* How many bytes are alike, zeroes or not, in whole granules. */
static uint64_t alike(const struct state *s, uint8_t *data, uint64_t offset,
                      uint64_t length, bool *zero)
{
    uint64_t n = 0;

    *zero = false;
    while (n < length && s->copy->sparse) {
        uint64_t part = align_up(offset + n + 1, s->granule) - offset - n;
        part = part < length - n ? part : length - n;
        struct iovec iov = {data + n, part};
        bool now = iov_is_zero(&iov, 1);
        if (n && now != *zero) {
            return n;
        }
        *zero = now;
        n += part;
    }
    return length;
}

/* Sector by sector: those that cannot be read become zero. */
static void salvage(const struct piece *p, uint8_t *buffer)
{
    uint64_t lost = 0;

    for (uint64_t at = 0; at < p->length; at += BLOCK_SECTOR) {
        if (img_read(p->from, buffer + at, p->from_offset + at,
                     BLOCK_SECTOR)) {
            memset(buffer + at, 0, BLOCK_SECTOR);
            lost += BLOCK_SECTOR;
        }
    }
    if (lost) {
        error_report("warning: %llu of the %llu bytes from byte %llu on "
                     "cannot be read and are zero in the copy",
                     (unsigned long long)lost,
                     (unsigned long long)p->length,
                     (unsigned long long)p->from_offset);
    }
}

static int move(struct state *s, const struct piece *p, uint8_t *buffer,
                const char **what)
{
    int error;

    *what = "writing";
    if (p->zero) {
        return write_zero(s, p->to_offset, p->length);
    }
    error = img_read(p->from, buffer, p->from_offset, p->length);
    if (error && s->copy->salvage) {
        salvage(p, buffer);
        error = 0;
    } else if (error) {
        *what = "reading";
    }
    for (uint64_t done = 0; done < p->length && !error;) {
        bool zero;
        uint64_t offset = p->to_offset + done;
        uint64_t n = alike(s, buffer + done, offset, p->length - done, &zero);
        error = zero ? write_zero(s, offset, n)
                     : write_data(s, buffer + done, offset, n);
        done += n;
    }
    return error;
}

static void *worker(void *opaque)
{
    struct state *s = opaque;
    uint8_t *buffer = malloc(2 * PIECE);
    struct piece p;

    if (!buffer) {
        failed(s, ENOMEM, "reading", 0);
    }
    while (buffer && next(s, &p)) {
        const char *what;
        int error = move(s, &p, buffer, &what);
        if (error) {
            failed(s, error, what, p.to_offset);
        }
        pthread_mutex_lock(&s->lock);
        img_progress(&s->copy->progress, p.length);
        pthread_mutex_unlock(&s->lock);
        img_pace(&s->copy->pace, p.length);
    }
    free(buffer);
    return NULL;
}

int img_copy(struct img_copy *copy)
{
    struct state s = {.copy = copy, .granule = BLOCK_SECTOR};
    struct qcow2 *q = img_qcow2(copy->to);
    pthread_t threads[MAX_THREADS];
    unsigned started = 0;

    while (s.granule < copy->sparse && s.granule < PIECE) {
        s.granule *= 2;
    }
    /* Workers must not meet in a cluster of qcow2, nor in one that is
     * packed, which costs its space again. */
    if ((q || copy->to->packed) && s.granule < copy->to->cluster_size) {
        s.granule = copy->to->cluster_size;
    }
    for (unsigned i = 0; i < copy->from_count; i++) {
        copy->progress.total += copy->from[i]->size;
    }
    pthread_mutex_init(&s.lock, NULL);
    while (started + 1 < copy->threads && started < MAX_THREADS &&
           pthread_create(&threads[started], NULL, worker, &s) == 0) {
        started++;
    }
    worker(&s);
    while (started) {
        pthread_join(threads[--started], NULL);
    }
    pthread_mutex_destroy(&s.lock);
    if (s.error) {
        return img_fail_errno(s.error, "error while %s at byte %llu",
                              s.error_what,
                              (unsigned long long)s.error_offset);
    }
    img_progress_end(&copy->progress);
    return 0;
}
