/*
 * bench: the time that a number of requests take, `depth` of them at once.
 *
 * Requests go the way that a device's go.  All but the counting of what has
 * completed, on whatever thread, happens on the main thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/img/img.h"
#include "block/options.h"
#include "util/clock.h"
#include "util/keyval.h"
#include "util/loop.h"

struct bench;

struct slot {
    struct bench *bench;
    struct block_request req;
    struct iovec iov;
};

struct bench {
    uint64_t count, depth, size, step, offset, flush_interval, pattern;
    bool write, drain, quiet;
    struct block_config config;
    struct block_backend *backend;
    struct loop *loop;
    struct slot *slots;
    uint64_t started, done, since_flush, flying;
    bool flush_due, posted; /* posted: under `lock` */
    pthread_mutex_t lock;
    struct slot *idle, *finished; /* by req.next's sibling: see link() */
    int error;
};

/* A slot that is not the block layer's hangs in a list by `opaque`. */
static void push(struct slot **list, struct slot *s)
{
    s->req.opaque = *list;
    *list = s;
}

static struct slot *pop(struct slot **list)
{
    struct slot *s = *list;

    if (s) {
        *list = s->req.opaque;
    }
    return s;
}

static void go_on(void *opaque);

/* [any] */
static void completed(struct block_request *req, int error)
{
    struct slot *s = container_of(req, struct slot, req);
    struct bench *b = s->bench;

    pthread_mutex_lock(&b->lock);
    b->error = b->error ? b->error : error;
    push(&b->finished, s);
    bool post = !b->posted;
    b->posted = true;
    pthread_mutex_unlock(&b->lock);
    if (post) {
        loop_post(b->loop, go_on, b);
    }
}

static void submit(struct bench *b, enum block_op op)
{
    struct slot *s = pop(&b->idle);
    uint64_t size = block_size(b->backend);

    s->req = (struct block_request){.op = op, .done = completed};
    if (op != BLOCK_FLUSH) {
        s->req.offset = b->offset;
        s->req.length = b->size;
        s->req.iov = &s->iov;
        s->req.iov_count = 1;
        b->offset = (b->offset + b->step) % (size ? size : 1);
        b->started++;
    }
    b->flying++;
    block_submit(b->backend, &s->req);
}

/* Take back what has completed. */
static void collect(struct bench *b)
{
    struct slot *s;

    pthread_mutex_lock(&b->lock);
    b->posted = false;
    struct slot *list = b->finished;
    b->finished = NULL;
    pthread_mutex_unlock(&b->lock);
    while ((s = pop(&list))) {
        bool flush = s->req.op == BLOCK_FLUSH;
        b->flying--;
        b->done += !flush;
        if (!flush && b->flush_interval &&
            ++b->since_flush == b->flush_interval) {
            b->since_flush = 0;
            b->flush_due = true;
        }
        push(&b->idle, s);
    }
}

static void go_on(void *opaque)
{
    struct bench *b = opaque;

    collect(b);
    if (b->error || (b->done == b->count && !b->flying && !b->flush_due)) {
        if (!b->flying) {
            loop_stop(b->loop, 0);
        }
        return;
    }
    if (b->flush_due && b->idle && !(b->drain && b->flying)) {
        b->flush_due = false;
        submit(b, BLOCK_FLUSH);
        if (b->drain) {
            block_unplug(b->backend);
            return;
        }
    }
    while (b->idle && b->started < b->count && !(b->flush_due && b->drain)) {
        submit(b, b->write ? BLOCK_WRITE : BLOCK_READ);
    }
    block_unplug(b->backend);
}

static bool read_count(const char *text, const char *what, uint64_t max,
                       uint64_t *value)
{
    if (!text || (parse_uint(text, value) && *value <= max)) {
        return true;
    }
    img_fail("Invalid %s specified", what);
    return false;
}

static bool parse(struct img_args *args, struct bench *b)
{
    const char *const *o = args->option;
    const char *aio = o['i'] ? o['i'] : o['n'] ? "native" : NULL;

    *b = (struct bench){.count = 75000, .depth = 64, .size = 4096,
                        .write = o['w'], .drain = !o[IMG_NO_DRAIN],
                        .quiet = o['q']};
    if (!read_count(o['c'], "request count", INT32_MAX, &b->count) ||
        !read_count(o['d'], "queue depth", 65536, &b->depth) ||
        !read_count(o[IMG_FLUSH_INTERVAL], "flush interval", INT32_MAX,
                    &b->flush_interval) ||
        !read_count(o[IMG_PATTERN], "pattern byte", 255, &b->pattern) ||
        (o['s'] && !img_size(o['s'], "buffer size", &b->size)) ||
        (o['o'] && !img_size(o['o'], "offset", &b->offset))) {
        return false;
    }
    b->step = b->size;
    if (o['S'] && !img_size(o['S'], "step size", &b->step)) {
        return false;
    }
    b->step = b->step ? b->step : b->size;
    if (b->flush_interval && !b->write) {
        img_fail("--flush-interval is only available in write tests");
    } else if (b->flush_interval && b->flush_interval < b->depth) {
        img_fail("Flush interval can't be smaller than depth");
    } else if (!b->depth || !b->size || b->size > INT32_MAX ||
               (b->size | b->step | b->offset) % BLOCK_SECTOR) {
        img_fail("bench: requests are whole sectors of 512 bytes, at least "
                 "one at a time");
    } else if (aio && strcmp(aio, "threads") != 0 &&
               strcmp(aio, "native") != 0 && strcmp(aio, "io_uring") != 0) {
        img_fail("-i %s: there are threads, native and io_uring", aio);
    } else {
        b->config.aio = !aio                       ? BLOCK_AIO_AUTO
                        : strcmp(aio, "threads") == 0 ? BLOCK_AIO_THREADS
                        : strcmp(aio, "native") == 0  ? BLOCK_AIO_NATIVE
                                                      : BLOCK_AIO_IO_URING;
        return true;
    }
    return false;
}

static bool make_slots(struct bench *b)
{
    b->slots = calloc(b->depth, sizeof(*b->slots));
    for (uint64_t i = 0; b->slots && i < b->depth; i++) {
        struct slot *s = &b->slots[i];
        s->bench = b;
        s->iov.iov_len = b->size;
        s->iov.iov_base = aligned_alloc(4096, align_up(b->size, 4096));
        if (!s->iov.iov_base) {
            return false;
        }
        memset(s->iov.iov_base, (int)b->pattern, b->size);
        push(&b->idle, s);
    }
    return b->slots;
}

static int measure(struct bench *b)
{
    if (!make_slots(b)) {
        return img_fail("no memory for %llu requests",
                        (unsigned long long)b->depth);
    }
    if (!b->quiet) {
        printf("Sending %llu %s requests, %llu bytes each, %llu in parallel "
               "(starting at offset %llu, step size %llu)\n",
               (unsigned long long)b->count, b->write ? "write" : "read",
               (unsigned long long)b->size, (unsigned long long)b->depth,
               (unsigned long long)b->offset, (unsigned long long)b->step);
        if (b->flush_interval) {
            printf("Sending flush every %s%llu requests\n",
                   b->drain ? "" : "in-flight ",
                   (unsigned long long)b->flush_interval);
        }
        fflush(stdout);
    }
    uint64_t start = clock_monotonic_ns();
    loop_post(b->loop, go_on, b);
    loop_run(b->loop);
    if (b->error) {
        return img_fail_errno(b->error, "Failed request");
    }
    if (!b->quiet) {
        printf("Run completed in %3.3f seconds.\n",
               (double)(clock_monotonic_ns() - start) / 1e9);
    }
    return 0;
}

int img_bench(struct img_args *args)
{
    struct bench b;
    struct img_open how = {
        .file = args->word[0],
        .format = args->option['f'],
        .cache = args->option['t'],
        .opts = args->option[IMG_IMAGE_OPTS],
        .writable = args->option['w'],
        .share = args->option['U'],
    };

    if (!parse(args, &b)) {
        return 1;
    }
    pthread_mutex_init(&b.lock, NULL);
    b.loop = loop_new();
    b.backend = img_open_backend(&how, &b.config, b.loop);
    int status = b.backend ? measure(&b) : 1;
    if (b.backend) {
        block_drain(b.backend); /* the last done() may not have returned */
    }
    block_close(b.backend);
    loop_unpost(b.loop, &b);
    loop_free(b.loop);
    for (uint64_t i = 0; b.slots && i < b.depth; i++) {
        free(b.slots[i].iov.iov_base);
    }
    free(b.slots);
    pthread_mutex_destroy(&b.lock);
    return status;
}
