/*
 * The io_uring engine: the kernel reads and writes, the loop thread hears of
 * it.
 *
 * For requests that are one access to a file here, as formats say without
 * waiting (enter(), image.h).  What the page cache can answer is often
 * complete when unplug() has submitted it.  Everything else is left to worker
 * threads, and so is, from the beginning, what the kernel did only in part.
 * Writes into the page cache, too: most file systems make the kernel's own
 * threads wait for those, which are no better at it than ours.
 */
#include <assert.h>
#include <errno.h>
#include <liburing.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "block/engine.h"
#include "block/iov.h"
#include "util/bits.h"

#define ENTRIES 256

struct uring {
    struct block_engine engine;
    struct block_engine_host host;
    struct block_engine *pool;
    struct loop_fd *watch;

    pthread_mutex_t submitting; /* the submission ring and the list */
    struct block_request *first, **last;
    pthread_mutex_t reaping; /* the completion ring */
    struct io_uring ring;
};

static struct uring *uring_of(struct block_engine *engine)
{
    return container_of(engine, struct uring, engine);
}

/* Completion ----------------------------------------------------------- */

static void leave(struct block_request *req)
{
    if (req->entered) {
        req->entered->ops->leave(req->entered);
    }
}

static void finish(struct uring *u, struct block_request *req, int result)
{
    int error = result < 0 ? -result : 0;

    leave(req);
    if (error == EINTR || error == EAGAIN ||
        (!error && req->op != BLOCK_FLUSH &&
         (uint64_t)result != req->length)) {
        u->pool->ops->submit(u->pool, req);
        return;
    }
    if (req->op == BLOCK_FLUSH) {
        error = block_file_flushed(req->file, error);
    }
    u->host.complete(u->host.opaque, req, error);
}

static struct block_request *next_done(struct uring *u, int *result)
{
    struct io_uring_cqe *cqe;
    struct block_request *req = NULL;

    pthread_mutex_lock(&u->reaping);
    if (io_uring_peek_cqe(&u->ring, &cqe) == 0) {
        req = io_uring_cqe_get_data(cqe);
        *result = cqe->res;
        io_uring_cqe_seen(&u->ring, cqe);
    }
    pthread_mutex_unlock(&u->reaping);
    return req;
}

static void uring_reap(struct block_engine *engine)
{
    struct uring *u = uring_of(engine);
    struct block_request *req;
    int result;

    while ((req = next_done(u, &result))) {
        finish(u, req, result);
    }
}

static void uring_readable(void *opaque)
{
    uring_reap(opaque);
}

/* Submission ----------------------------------------------------------- */

static void uring_submit(struct block_engine *engine,
                         struct block_request *req)
{
    struct uring *u = uring_of(engine);

    if (req->op == BLOCK_DISCARD || req->op == BLOCK_ZERO) {
        u->pool->ops->submit(u->pool, req);
        return;
    }
    req->next = NULL;
    pthread_mutex_lock(&u->submitting);
    *u->last = req;
    u->last = &req->next;
    pthread_mutex_unlock(&u->submitting);
}

/* The descriptor with which the kernel is to do it; -1: workers are. */
static int choose_fd(const struct block_request *req,
                     const struct block_access *a)
{
    if (a->file->remote) {
        return -1;
    }
    if (req->op == BLOCK_FLUSH) {
        return a->file->fd;
    }
    int fd = block_file_fd(a->file, req->iov, req->iov_count, a->offset);
    return req->op == BLOCK_WRITE && fd != a->file->direct_fd ? -1 : fd;
}

static void prepare(struct uring *u, struct block_request *req,
                    const struct block_access *a, int fd)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

    assert(sqe);
    switch (req->op) {
    case BLOCK_READ:
        io_uring_prep_readv(sqe, fd, req->iov, req->iov_count, a->offset);
        break;
    case BLOCK_WRITE:
        io_uring_prep_writev(sqe, fd, req->iov, req->iov_count, a->offset);
        sqe->rw_flags = a->sync ? RWF_DSYNC : 0;
        break;
    default:
        io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
    }
    io_uring_sqe_set_data(sqe, req);
}

/* Give the request to who is to do it; false when it only reads zeroes. */
static bool dispatch(struct uring *u, struct block_request *req)
{
    struct block_access a;
    bool entered = block_image_enter(u->host.image, req, &a);
    int fd = entered && a.file ? choose_fd(req, &a) : -1;

    req->file = a.file;
    req->entered = a.image;
    if (fd >= 0) {
        prepare(u, req, &a, fd);
        return true;
    }
    if (entered && !a.file) {
        return false;
    }
    leave(req);
    u->pool->ops->submit(u->pool, req);
    return true;
}

/* Start listed requests; false when the kernel wants us to collect
 * completions, or to wait, first.  *zeroes: those that read just that. */
static bool start(struct uring *u, struct block_request **zeroes)
{
    while (u->first && io_uring_sq_space_left(&u->ring)) {
        struct block_request *req = u->first;
        u->first = req->next;
        if (!dispatch(u, req)) {
            req->next = *zeroes;
            *zeroes = req;
        }
    }
    if (!u->first) {
        u->last = &u->first;
    }
    int n = io_uring_sq_ready(&u->ring) ? io_uring_submit(&u->ring) : 0;
    assert(n >= 0 || n == -EINTR || n == -EAGAIN || n == -EBUSY);
    return n >= 0;
}

static void finish_zeroes(struct uring *u, struct block_request *req)
{
    while (req) {
        struct block_request *next = req->next;
        iov_zero(req->iov, req->iov_count, 0, req->length);
        u->host.complete(u->host.opaque, req, 0);
        req = next;
    }
}

static void uring_unplug(struct block_engine *engine)
{
    static const struct timespec pause = {0, 100000};
    struct uring *u = uring_of(engine);
    bool more;

    do {
        struct block_request *zeroes = NULL;
        pthread_mutex_lock(&u->submitting);
        bool started = start(u, &zeroes);
        more = u->first || io_uring_sq_ready(&u->ring);
        pthread_mutex_unlock(&u->submitting);
        finish_zeroes(u, zeroes);
        uring_reap(engine);
        if (!started) {
            nanosleep(&pause, NULL);
        }
    } while (more);
}

/* Creation ------------------------------------------------------------- */

static void uring_free(struct block_engine *engine)
{
    struct uring *u = uring_of(engine);

    loop_fd_remove(u->watch);
    io_uring_queue_exit(&u->ring);
    u->pool->ops->free(u->pool);
    pthread_mutex_destroy(&u->submitting);
    pthread_mutex_destroy(&u->reaping);
    free(u);
}

static const struct block_engine_ops uring_ops = {
    .name = "io_uring",
    .submit = uring_submit,
    .unplug = uring_unplug,
    .reap = uring_reap,
    .free = uring_free,
};

struct block_engine *block_io_uring_new(const struct block_engine_host *host,
                                        struct error **err)
{
    struct uring *u = calloc(1, sizeof(*u));

    assert(u && host->loop);
    int error = -io_uring_queue_init(ENTRIES, &u->ring, 0);
    if (error) {
        error_set_errno(err, error, "aio=io_uring: not available on this "
                        "host; use aio=threads");
        free(u);
        return NULL;
    }
    u->engine.ops = &uring_ops;
    u->host = *host;
    u->pool = block_pool_new(host, NULL);
    u->last = &u->first;
    pthread_mutex_init(&u->submitting, NULL);
    pthread_mutex_init(&u->reaping, NULL);
    u->watch = loop_fd_add(host->loop, u->ring.ring_fd, uring_readable, NULL,
                           &u->engine);
    return &u->engine;
}
