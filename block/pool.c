/*
 * The thread engine: workers for each image, started when there is work and
 * none is idle.  More of them when they wait for others and not for the
 * host's processors.
 *
 * Workers block all signals: what the process does about them is not their
 * business, and a write beyond the file size limit (SIGXFSZ) is an error
 * like any other.
 */
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "block/engine.h"
#include "util/bits.h"

#define MAX_WORKERS 16
#define MAX_CACHED_WORKERS 4

struct pool {
    struct block_engine engine;
    struct block_engine_host host;
    pthread_mutex_t lock;
    pthread_cond_t work; /* requests came, or closing */
    struct block_request *first, **last;
    unsigned queued;
    unsigned idle, workers, max_workers;
    pthread_t threads[MAX_WORKERS];
    bool closing;
};

static struct block_request *take(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->idle++;
    while (!pool->first && !pool->closing) {
        pthread_cond_wait(&pool->work, &pool->lock);
    }
    pool->idle--;
    struct block_request *req = pool->first;
    if (req) {
        pool->first = req->next;
        pool->queued--;
        if (!pool->first) {
            pool->last = &pool->first;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return req;
}

static void *worker(void *opaque)
{
    struct pool *pool = opaque;
    struct block_request *req;

    while ((req = take(pool))) {
        int error = block_image_run(pool->host.image, req);
        pool->host.complete(pool->host.opaque, req, error);
    }
    return NULL;
}

static bool start_worker(struct pool *pool)
{
    pthread_t *thread = &pool->threads[pool->workers];
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(thread, NULL, worker, pool) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started) {
        pthread_setname_np(*thread, "disk");
        pool->workers++;
    }
    return started;
}

/* A host that refuses a further thread slows us down; one that refuses the
 * first leaves no way to go on. */
static void pool_submit(struct block_engine *engine,
                        struct block_request *req)
{
    struct pool *pool = container_of(engine, struct pool, engine);

    req->next = NULL;
    pthread_mutex_lock(&pool->lock);
    *pool->last = req;
    pool->last = &req->next;
    pool->queued++;
    if (pool->queued > pool->idle && pool->workers < pool->max_workers &&
        !start_worker(pool) && !pool->workers) {
        abort();
    }
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->lock);
}

static void pool_nothing(struct block_engine *engine)
{
    (void)engine;
}

static void pool_free(struct block_engine *engine)
{
    struct pool *pool = container_of(engine, struct pool, engine);

    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->workers; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->work);
    free(pool);
}

static const struct block_engine_ops pool_ops = {
    .name = "threads",
    .submit = pool_submit,
    .unplug = pool_nothing,
    .reap = pool_nothing,
    .free = pool_free,
};

/* For a server or a disk, and not for the page cache. */
static bool waits_long(const struct block_file *file)
{
    return file && (file->remote || file->direct_fd >= 0);
}

struct block_engine *block_pool_new(const struct block_engine_host *host,
                                    struct error **err)
{
    struct pool *pool = calloc(1, sizeof(*pool));

    (void)err;
    assert(pool);
    pool->engine.ops = &pool_ops;
    pool->host = *host;
    pool->max_workers = waits_long(host->image->file) ? MAX_WORKERS
                                                      : MAX_CACHED_WORKERS;
    pool->last = &pool->first;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    return &pool->engine;
}
