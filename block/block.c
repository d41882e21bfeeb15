/*
 * The backend: what a device's request goes through before the engine and
 * after.
 *
 * Before: checks, and the user's wishes about discards, zeroes and flushes.
 * After: the user's wishes about errors.  Requests that need no engine wait
 * in `early` for the unplug, those that stopped the machine in `held`.
 */
#include "block/block.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block/engine.h"
#include "block/iov.h"
#include "util/bits.h"
#include "util/clock.h"

const char *const block_cache_names[] = {
    "writeback", "none", "writethrough", "directsync", "unsafe", NULL,
};
const char *const block_aio_names[] = {
    "auto", "threads", "io_uring", "native", NULL,
};
const char *const block_detect_zeroes_names[] = {"off", "on", "unmap", NULL};
const char *const block_on_error_names[] = {
    "report", "ignore", "enospc", "stop", NULL,
};

/* How long a drain looks on without any request being done before those to a
 * server elsewhere are given up. */
#define DRAIN_PATIENCE (10 * NS_PER_SEC)

struct request_list {
    struct block_request *first, **last;
};

struct block_backend {
    struct block_config config;
    struct block_image *image;
    struct block_engine *engine;

    pthread_mutex_t lock;
    pthread_cond_t idle;   /* in_flight became 0 */
    unsigned in_flight;    /* submitted, done() not returned yet */
    unsigned draining;     /* callers of block_drain() */
    struct request_list early; /* to be completed with req->error */
    struct request_list held;  /* failed with req->error */
};

static void list_init(struct request_list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

static void list_add(struct request_list *list, struct block_request *req)
{
    req->next = NULL;
    *list->last = req;
    list->last = &req->next;
}

static struct block_request *list_take(struct request_list *list)
{
    struct block_request *first = list->first;

    list_init(list);
    return first;
}

/* Completion ----------------------------------------------------------- */

static void finish(struct block_backend *b, struct block_request *req,
                   int error)
{
    req->done(req, error);
    pthread_mutex_lock(&b->lock);
    b->in_flight--;
    if (!b->in_flight) {
        pthread_cond_broadcast(&b->idle);
    }
    pthread_mutex_unlock(&b->lock);
}

static enum block_on_error policy(const struct block_backend *b,
                                  const struct block_request *req, int error)
{
    enum block_on_error p =
        req->op == BLOCK_READ ? b->config.rerror : b->config.werror;

    if (p == BLOCK_ERROR_ENOSPC) {
        return error == ENOSPC ? BLOCK_ERROR_STOP : BLOCK_ERROR_REPORT;
    }
    return p == BLOCK_ERROR_STOP && !b->config.stop ? BLOCK_ERROR_REPORT : p;
}

/* Keep the request for block_resume(); not while somebody waits for it. */
static bool hold(struct block_backend *b, struct block_request *req,
                 int error)
{
    pthread_mutex_lock(&b->lock);
    bool held = !b->draining;
    if (held) {
        req->error = error;
        list_add(&b->held, req);
    }
    pthread_mutex_unlock(&b->lock);
    return held;
}

/* The engine did what it could.  Any thread. */
static void completed(void *opaque, struct block_request *req, int error)
{
    struct block_backend *b = opaque;

    if (error) {
        enum block_on_error p = policy(b, req, error);
        if (p == BLOCK_ERROR_STOP && hold(b, req, error)) {
            b->config.stop(b->config.opaque, error);
            return;
        }
        error = p == BLOCK_ERROR_IGNORE ? 0 : error;
    }
    finish(b, req, error);
}

static void finish_all(struct block_backend *b, struct block_request *req)
{
    while (req) {
        struct block_request *next = req->next;
        finish(b, req, req->error);
        req = next;
    }
}

/* Submission ----------------------------------------------------------- */

/*
 * A write to the first sector of a raw image that nobody called raw.  The
 * next program must not take it for another format, so it is looked at; and
 * as the guest might change its memory after that, what was looked at is
 * what is written.
 */
struct guarded {
    struct block_request req;
    struct block_request *guest;
    uint8_t *head; /* whole elements of the list, at least the sector */
    struct iovec iov[BLOCK_MAX_IOV];
};

static bool is_critical(const struct block_backend *b,
                        const struct block_request *req)
{
    return b->image->guessed_raw && req->op == BLOCK_WRITE && !req->offset &&
           req->length >= BLOCK_SECTOR && req->length <= b->image->size;
}

static void free_guarded(struct guarded *g)
{
    if (g) {
        free(g->head);
        free(g);
    }
}

static void guarded_done(struct block_request *req, int error)
{
    struct guarded *g = container_of(req, struct guarded, req);
    struct block_request *guest = g->guest;

    free_guarded(g);
    guest->done(guest, error);
}

/* A request to do instead of that one; 0, or an errno when it must not be
 * done.  To be freed. */
static int guard(struct block_request *req, struct guarded **guarded)
{
    struct guarded *g = malloc(sizeof(*g));
    unsigned used = 0;
    size_t n = 0;

    *guarded = g;
    if (!g) {
        return ENOMEM;
    }
    while (n < BLOCK_SECTOR) {
        n += req->iov[used++].iov_len;
    }
    g->req = *req;
    g->guest = req;
    g->req.done = guarded_done;
    g->head = malloc(n);
    if (!g->head) {
        return ENOMEM;
    }
    iov_to_buffer(req->iov, used, g->head, n);
    g->iov[0] = (struct iovec){g->head, n};
    g->req.iov = g->iov;
    g->req.iov_count = 1 + iov_slice(g->iov + 1, req->iov, req->iov_count, n,
                                     req->length);
    return block_looks_formatted(g->head, BLOCK_SECTOR) ? EPERM : 0;
}

/* An errno when the request cannot be right, or must not be done. */
static int check(const struct block_backend *b,
                 const struct block_request *req)
{
    uint64_t size = b->image->size;

    if (req->op != BLOCK_READ && req->op != BLOCK_FLUSH &&
        b->config.read_only) {
        return EROFS;
    }
    if (req->op == BLOCK_FLUSH) {
        return 0;
    }
    if (req->offset % BLOCK_SECTOR || req->length % BLOCK_SECTOR ||
        req->offset > size || req->length > size - req->offset) {
        return EINVAL;
    }
    return 0;
}

/* There is nothing for the engine to do. */
static bool is_void(const struct block_backend *b,
                    const struct block_request *req)
{
    switch (req->op) {
    case BLOCK_FLUSH:
        return b->config.cache == BLOCK_CACHE_UNSAFE || b->config.read_only;
    case BLOCK_DISCARD:
        return b->config.ignore_discard || !req->length;
    default:
        return !req->length;
    }
}

static void rewrite(const struct block_backend *b, struct block_request *req)
{
    if (b->config.cache == BLOCK_CACHE_UNSAFE) {
        req->flags &= ~(unsigned)BLOCK_FUA;
    }
    if (req->op == BLOCK_WRITE &&
        b->config.detect_zeroes != BLOCK_DETECT_OFF &&
        iov_is_zero(req->iov, req->iov_count)) {
        req->op = BLOCK_ZERO;
        if (b->config.detect_zeroes == BLOCK_DETECT_UNMAP) {
            req->flags |= BLOCK_MAY_UNMAP;
        }
    }
    if (b->config.ignore_discard) {
        req->flags &= ~(unsigned)BLOCK_MAY_UNMAP;
    }
}

void block_submit(struct block_backend *b, struct block_request *req)
{
    int error = check(b, req);
    struct guarded *g = NULL;

    if (!error && is_critical(b, req)) {
        error = guard(req, &g);
        req = g ? &g->req : req;
    }
    bool early = error || is_void(b, req);
    pthread_mutex_lock(&b->lock);
    b->in_flight++;
    if (early) {
        req->error = error;
        list_add(&b->early, req);
    }
    pthread_mutex_unlock(&b->lock);
    if (!early) {
        rewrite(b, req);
        b->engine->ops->submit(b->engine, req);
    }
}

void block_unplug(struct block_backend *b)
{
    pthread_mutex_lock(&b->lock);
    struct block_request *early = list_take(&b->early);
    pthread_mutex_unlock(&b->lock);
    finish_all(b, early);
    b->engine->ops->unplug(b->engine);
}

void block_resume(struct block_backend *b)
{
    pthread_mutex_lock(&b->lock);
    struct block_request *req = list_take(&b->held);
    pthread_mutex_unlock(&b->lock);
    while (req) {
        struct block_request *next = req->next;
        b->engine->ops->submit(b->engine, req);
        req = next;
    }
    b->engine->ops->unplug(b->engine);
}

/* The loop thread may itself be waiting for the caller, so what it would do
 * is done here: every millisecond, as nobody tells us. */
static void wait_a_moment(struct block_backend *b)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(NS_PER_SEC / 1000);
    if (until.tv_nsec >= (long)NS_PER_SEC) {
        until.tv_nsec -= (long)NS_PER_SEC;
        until.tv_sec++;
    }
    pthread_mutex_lock(&b->lock);
    if (b->in_flight) {
        pthread_cond_timedwait(&b->idle, &b->lock, &until);
    }
    pthread_mutex_unlock(&b->lock);
}

void block_drain(struct block_backend *b)
{
    uint64_t moved = clock_monotonic_ns();

    pthread_mutex_lock(&b->lock);
    b->draining++;
    struct block_request *held = list_take(&b->held);
    unsigned busy = b->in_flight;
    pthread_mutex_unlock(&b->lock);
    finish_all(b, held);
    while (busy) {
        block_unplug(b);
        b->engine->ops->reap(b->engine);
        wait_a_moment(b);
        pthread_mutex_lock(&b->lock);
        unsigned left = b->in_flight;
        pthread_mutex_unlock(&b->lock);
        uint64_t now = clock_monotonic_ns();
        if (left != busy) {
            moved = now;
        } else if (now - moved > DRAIN_PATIENCE) {
            block_image_abandon(b->image);
            moved = now;
        }
        busy = left;
    }
    pthread_mutex_lock(&b->lock);
    b->draining--;
    pthread_mutex_unlock(&b->lock);
}

int block_run(struct block_backend *b, struct block_request *req)
{
    int error = check(b, req);

    if (error || is_void(b, req)) {
        return error;
    }
    struct guarded *g = NULL;
    if (is_critical(b, req)) {
        error = guard(req, &g);
        req = g ? &g->req : req;
    }
    if (!error) {
        rewrite(b, req);
        error = block_image_run(b->image, req);
    }
    free_guarded(g);
    return error;
}

int block_status(struct block_backend *b, uint64_t offset, uint64_t length,
                 unsigned *flags, unsigned *depth, uint64_t *run)
{
    struct block_extent e;
    int error = block_image_status(b->image, offset, length, &e, depth);

    *run = error ? 0 : e.length;
    switch (error ? BLOCK_EXTENT_DATA : e.kind) {
    case BLOCK_EXTENT_ABSENT:
        *flags = BLOCK_STATUS_HOLE | BLOCK_STATUS_ZERO;
        *depth = UINT_MAX;
        break;
    case BLOCK_EXTENT_ZERO:
        *flags = BLOCK_STATUS_HOLE | BLOCK_STATUS_ZERO;
        break;
    default:
        *flags = !error && e.hole ? BLOCK_STATUS_ZERO : 0;
    }
    return error;
}

/* The whole ------------------------------------------------------------ */

/* In the order of preference. */
static const struct {
    enum block_aio aio;
    struct block_engine *(*create)(const struct block_engine_host *host,
                                   struct error **err);
} engines[] = {
#ifdef CONFIG_IO_URING
    {BLOCK_AIO_IO_URING, block_io_uring_new},
#endif
    {BLOCK_AIO_THREADS, block_pool_new},
};

static struct block_engine *choose_engine(struct block_backend *b,
                                          struct loop *loop,
                                          struct error **err)
{
    struct block_engine_host host = {
        .image = b->image, .loop = loop, .complete = completed, .opaque = b,
    };
    const struct block_file *file = b->image->file;
    /* Some formats, and files elsewhere, take our own code for each request,
     * whatever the option says: it is about speed. */
    bool direct = b->image->ops->enter && !(file && file->remote) && loop;
    enum block_aio aio = direct ? b->config.aio : BLOCK_AIO_THREADS;
    bool any = aio == BLOCK_AIO_AUTO || aio == BLOCK_AIO_NATIVE;

    for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
        if (any) {
            struct block_engine *engine = engines[i].create(&host, NULL);
            if (engine) {
                return engine;
            }
        } else if (engines[i].aio == aio) {
            return engines[i].create(&host, err);
        }
    }
    error_set(err, "aio=%s: not in this build; use aio=threads",
              block_aio_names[aio]);
    return NULL;
}

struct block_backend *block_open(const struct block_config *config,
                                 struct loop *loop, struct error **err)
{
    struct block_backend *b = calloc(1, sizeof(*b));
    pthread_condattr_t clock;

    assert(b);
    b->config = *config;
    b->image = block_image_open(config, err);
    b->engine = b->image ? choose_engine(b, loop, err) : NULL;
    if (!b->engine) {
        block_image_close(b->image);
        free(b);
        return NULL;
    }
    list_init(&b->early);
    list_init(&b->held);
    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&b->idle, &clock);
    pthread_condattr_destroy(&clock);
    return b;
}

void block_close(struct block_backend *b)
{
    if (!b) {
        return;
    }
    assert(!b->in_flight);
    b->engine->ops->free(b->engine);
    block_image_close(b->image);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->idle);
    free(b);
}

struct block_image *block_image_of(const struct block_backend *b)
{
    return b->image;
}

uint64_t block_size(const struct block_backend *b)
{
    return b->image->size;
}

bool block_readonly(const struct block_backend *b)
{
    return b->config.read_only;
}

bool block_write_cache(const struct block_backend *b)
{
    return b->config.cache != BLOCK_CACHE_WRITETHROUGH &&
           b->config.cache != BLOCK_CACHE_DIRECTSYNC;
}

const char *block_engine_name(const struct block_backend *b)
{
    return b->engine->ops->name;
}
