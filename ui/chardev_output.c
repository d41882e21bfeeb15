/*
 * The output queue: a ring that front ends fill under a lock and one thread
 * empties.
 *
 * A guest writes its console byte by byte, so the thread lets bytes gather
 * for COALESCE_NS after the first: the guest's processor pays for waking it
 * once per burst, not once per byte, and write() takes whole lines.
 */
#include "ui/chardev_fd.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/error.h"

#define RING_SIZE 65536
#define COALESCE_NS (2 * NS_PER_SEC / 1000)
#define PATIENCE_MS 500 /* at the end, with who listens but does not read */

struct chardev_output {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* bytes came, or closing */
    int fd;
    const char *name;
    bool drop_on_hangup;

    bool closing;
    bool broken;         /* nothing can be written any more */
    uint64_t head, tail; /* bytes ever queued and ever written */
    uint8_t ring[RING_SIZE];
};

/* Write some of `length` bytes; returns how many are done with. */
static size_t write_some(struct chardev_output *out, const uint8_t *data,
                         size_t length)
{
    struct pollfd p = {.fd = out->fd, .events = POLLOUT};

    if (poll(&p, 1, PATIENCE_MS) <= 0) {
        return 0;
    }
    if (out->drop_on_hangup && p.revents & (POLLHUP | POLLERR)) {
        return length;
    }
    ssize_t n = write(out->fd, data, length);
    if (n >= 0) {
        return (size_t)n;
    }
    if (errno == EINTR || errno == EAGAIN) {
        return 0;
    }
    if (out->drop_on_hangup) {
        return length;
    }
    if (errno != EPIPE && errno != EIO) {
        error_report("%s: %s; further output is lost", out->name,
                     strerror(errno));
    }
    out->broken = true;
    return length;
}

/* Until there are bytes, and a little longer; false when closing and done. */
static bool wait_for_bytes(struct chardev_output *out)
{
    while (out->head == out->tail && !out->closing) {
        pthread_cond_wait(&out->changed, &out->lock);
    }
    uint64_t until = clock_monotonic_ns() + COALESCE_NS;
    struct timespec deadline = {
        .tv_sec = (time_t)(until / NS_PER_SEC),
        .tv_nsec = (long)(until % NS_PER_SEC),
    };
    while (!out->closing && out->head - out->tail < RING_SIZE / 2) {
        if (pthread_cond_timedwait(&out->changed, &out->lock, &deadline)) {
            break;
        }
    }
    return out->head != out->tail;
}

static void *output_thread(void *opaque)
{
    struct chardev_output *out = opaque;

    pthread_mutex_lock(&out->lock);
    while (wait_for_bytes(out)) {
        size_t start = out->tail % RING_SIZE;
        size_t length = out->head - out->tail;
        if (length > RING_SIZE - start) {
            length = RING_SIZE - start;
        }
        pthread_mutex_unlock(&out->lock);
        size_t done = write_some(out, out->ring + start, length);
        pthread_mutex_lock(&out->lock);
        out->tail += done;
        bool given_up = done == 0 && out->closing && out->drop_on_hangup;
        if (out->broken || given_up) {
            out->tail = out->head;
        }
    }
    pthread_mutex_unlock(&out->lock);
    return NULL;
}

size_t chardev_output_put(struct chardev_output *out, const uint8_t *data,
                          size_t length)
{
    pthread_mutex_lock(&out->lock);
    if (out->broken || out->closing) {
        pthread_mutex_unlock(&out->lock);
        return length;
    }
    bool was_empty = out->head == out->tail;
    size_t room = RING_SIZE - (out->head - out->tail);
    size_t taken = length < room ? length : room;
    size_t start = out->head % RING_SIZE;
    size_t before_end = RING_SIZE - start;
    size_t first = taken < before_end ? taken : before_end;
    memcpy(out->ring + start, data, first);
    memcpy(out->ring, data + first, taken - first);
    out->head += taken;
    bool half_full = out->head - out->tail >= RING_SIZE / 2;
    pthread_mutex_unlock(&out->lock);
    if (was_empty || half_full) {
        pthread_cond_signal(&out->changed);
    }
    return taken;
}

size_t chardev_output_room(struct chardev_output *out)
{
    pthread_mutex_lock(&out->lock);
    size_t room = RING_SIZE - (out->head - out->tail);
    pthread_mutex_unlock(&out->lock);
    return room;
}

struct chardev_output *chardev_output_new(int fd, const char *name,
                                          bool drop_on_hangup)
{
    struct chardev_output *out = calloc(1, sizeof(*out));
    pthread_condattr_t attr;
    sigset_t all, before;

    assert(out);
    out->fd = fd;
    out->name = name;
    out->drop_on_hangup = drop_on_hangup;
    pthread_mutex_init(&out->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&out->changed, &attr);
    pthread_condattr_destroy(&attr);
    /* Signals are for the main thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&out->thread, NULL, output_thread, out);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert(!failed);
    (void)failed;
    return out;
}

void chardev_output_free(struct chardev_output *out)
{
    pthread_mutex_lock(&out->lock);
    out->closing = true;
    pthread_mutex_unlock(&out->lock);
    pthread_cond_signal(&out->changed);
    pthread_join(out->thread, NULL);
    pthread_cond_destroy(&out->changed);
    pthread_mutex_destroy(&out->lock);
    free(out);
}
