#include "softmmu/ram_ahead.h"

#include <pthread.h>
#include <stdlib.h>

#include "util/bits.h"
#include "util/populate.h"

/* So many pieces behind the one that the guest comes to. */
#define AHEAD 2
/* What is asked for while so many wait comes when it is touched. */
#define QUEUE 64

struct ram_ahead_thread {
    pthread_t id;
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t wake;
    bool stop;
    size_t queue[QUEUE];  /* pieces, a ring */
    unsigned first, count;
};

/* -- the thread -------------------------------------------------------- */

/* Not where the guest has come meanwhile: that would be a race for each
 * page. */
static void populate_piece(struct ram_ahead *a, size_t n)
{
    if (!(__atomic_load_n(&a->piece[n], __ATOMIC_RELAXED) &
          RAM_AHEAD_STORED)) {
        populate(a->host + (n << RAM_AHEAD_BITS), RAM_AHEAD_SIZE);
    }
}

static size_t take(struct ram_ahead_thread *t)
{
    size_t n = t->queue[t->first];

    t->first = (t->first + 1) % QUEUE;
    t->count--;
    return n;
}

static void *run(void *opaque)
{
    struct ram_ahead *a = opaque;
    struct ram_ahead_thread *t = a->thread;

    pthread_setname_np(pthread_self(), "ram");
    pthread_mutex_lock(&t->lock);
    while (!t->stop) {
        if (!t->count) {
            pthread_cond_wait(&t->wake, &t->lock);
            continue;
        }
        size_t n = take(t);
        pthread_mutex_unlock(&t->lock);
        populate_piece(a, n);
        pthread_mutex_lock(&t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static bool start(struct ram_ahead *a)
{
    struct ram_ahead_thread *t = calloc(1, sizeof(*t));

    if (!t) {
        return false;
    }
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    a->thread = t;
    if (pthread_create(&t->id, NULL, run, a)) {
        free(t);
        return false;
    }
    return true;
}

struct ram_ahead *ram_ahead_new(uint8_t *host, uint64_t size)
{
    size_t pieces = align_up(size, RAM_AHEAD_SIZE) >> RAM_AHEAD_BITS;
    struct ram_ahead *a = calloc(1, sizeof(*a) + pieces);

    if (!a) {
        return NULL;
    }
    a->host = host;
    a->whole = size >> RAM_AHEAD_BITS;
    if (!start(a)) {
        free(a);
        return NULL;
    }
    return a;
}

void ram_ahead_free(struct ram_ahead *a)
{
    if (!a) {
        return;
    }
    struct ram_ahead_thread *t = a->thread;

    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->id, NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t);
    free(a);
}

/* -- who asks ----------------------------------------------------------- */

void ram_ahead_forget(struct ram_ahead *a, uint64_t offset, uint64_t size)
{
    size_t end = (offset + size) >> RAM_AHEAD_BITS;

    for (size_t n = align_up(offset, RAM_AHEAD_SIZE) >> RAM_AHEAD_BITS;
         n < end; n++) {
        __atomic_store_n(&a->piece[n], 0, __ATOMIC_RELAXED);
    }
}

/* The first to ask for it; the lock is held. */
static bool ask(struct ram_ahead *a, size_t n)
{
    struct ram_ahead_thread *t = a->thread;

    if (__atomic_fetch_or(&a->piece[n], RAM_AHEAD_ASKED, __ATOMIC_RELAXED) ||
        t->count == QUEUE) {
        return false;
    }
    t->queue[(t->first + t->count++) % QUEUE] = n;
    return true;
}

void ram_ahead_come(struct ram_ahead *a, size_t piece)
{
    struct ram_ahead_thread *t = a->thread;
    bool wake = false;

    __atomic_fetch_or(&a->piece[piece], RAM_AHEAD_STORED, __ATOMIC_RELAXED);
    pthread_mutex_lock(&t->lock);
    for (size_t n = piece + 1; n < a->whole && n <= piece + AHEAD; n++) {
        wake |= ask(a, n);
    }
    if (wake) {
        pthread_cond_signal(&t->wake);
    }
    pthread_mutex_unlock(&t->lock);
}
