/*
 * Virtio entropy device.
 *
 * Manual: virtio 1.2, 5.4.  One queue, of buffers to fill; no config space.
 *
 * The bytes come from the host's getrandom() or from a file, typically
 * another random device.  A buffer is returned with what there was, at least
 * one byte.  A limit, if any, is of bytes per period, which begins with the
 * first request after the last one ended.
 *
 * Threads: all work on the loop thread.
 */
#include "hw/virtio/virtio_rng.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"

#define QUEUE_SIZE 8
#define CHUNK 4096      /* bytes fetched at a time */
#define MOST 65536      /* and put into one buffer, however large */
#define DEFAULT_PERIOD_MS 65536

struct virtio_rng {
    struct virtio_device dev;
    int fd;                /* -1: getrandom() */
    struct loop_fd *watch; /* of fd; handlers are set while we wait */
    uint64_t max_bytes, period_ns;
    uint64_t quota;        /* bytes left in this period */
    bool period_runs;
    struct loop_timer *timer;
    struct virtq_chain chain;
};

static struct virtio_rng *rng_of(struct virtio_device *dev)
{
    return container_of(dev, struct virtio_rng, dev);
}

static void rng_work(struct virtio_rng *s);

/* Source --------------------------------------------------------------- */

static void rng_readable(void *opaque)
{
    struct virtio_rng *s = opaque;

    loop_fd_set_handlers(s->watch, NULL, NULL);
    rng_work(s);
}

/* A file that ends, or fails, is replaced by the host's generator: a guest
 * that waits for entropy must get some. */
static void source_lost(struct virtio_rng *s, const char *why)
{
    error_report("warning: virtio-rng: %s; using getrandom() instead", why);
    loop_fd_remove(s->watch);
    s->watch = NULL;
    close(s->fd);
    s->fd = -1;
}

/* Some bytes, or 0: there will be some when the file is readable. */
static size_t fetch(struct virtio_rng *s, uint8_t *buffer, size_t size)
{
    while (s->fd >= 0) {
        ssize_t n = read(s->fd, buffer, size);
        if (n > 0) {
            return (size_t)n;
        }
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            loop_fd_set_handlers(s->watch, rng_readable, NULL);
            return 0;
        }
        source_lost(s, n ? "the file cannot be read" : "the file has ended");
    }
    ssize_t n = getrandom(buffer, size, 0);
    return n > 0 ? (size_t)n : 0;
}

/* Service -------------------------------------------------------------- */

static void period_over(void *opaque)
{
    struct virtio_rng *s = opaque;

    virtio_lock(&s->dev);
    s->period_runs = false;
    s->quota = s->max_bytes;
    virtio_unlock(&s->dev);
    rng_work(s);
}

static void spend(struct virtio_rng *s, size_t bytes)
{
    if (!s->max_bytes) {
        return;
    }
    s->quota -= bytes;
    if (!s->period_runs) {
        s->period_runs = true;
        loop_timer_arm(s->timer, clock_monotonic_ns() + s->period_ns);
    }
}

/* Fill one chain as far as the quota goes; false: come back later. */
static bool fill_chain(struct virtio_rng *s)
{
    uint64_t want = s->chain.in_size < MOST ? s->chain.in_size : MOST;
    uint64_t done = 0;
    uint8_t buffer[CHUNK];

    while (done < want) {
        uint64_t most = want - done;
        most = most < sizeof(buffer) ? most : sizeof(buffer);
        if (s->max_bytes && most > s->quota) {
            most = s->quota;
        }
        size_t n = most ? fetch(s, buffer, most) : 0;
        if (!n) {
            break;
        }
        virtq_write(&s->chain, done, buffer, n);
        spend(s, n);
        done += n;
    }
    if (want && !done) {
        return false;
    }
    virtio_push(&s->dev, 0, &s->chain, done);
    return true;
}

/* A chain that cannot be filled yet waits in the queue for the period or the
 * file, whose handlers look here again. */
static void rng_work(struct virtio_rng *s)
{
    unsigned budget = QUEUE_SIZE;
    bool waiting = false;

    virtio_lock(&s->dev);
    struct virtq *vq = virtio_queue(&s->dev, 0);
    while (budget && !waiting && virtio_pop(&s->dev, 0, &s->chain)) {
        waiting = !fill_chain(s);
        if (waiting) {
            virtq_unpop(vq, &s->chain);
        }
        budget--;
    }
    if (!waiting && (!budget || !virtio_await(&s->dev, 0))) {
        virtio_kick(&s->dev, 0);
    }
    virtio_unlock(&s->dev);
}

static void rng_process(struct virtio_device *dev, unsigned n)
{
    (void)n;
    rng_work(rng_of(dev));
}

/* Reset, creation ------------------------------------------------------ */

static void rng_config_read(struct virtio_device *dev, uint8_t *config)
{
    (void)dev;
    (void)config;
}

/* The quota stays: it is the host's protection against the guest. */
static void rng_reset(struct virtio_device *dev)
{
    (void)dev;
}

static void rng_free(struct virtio_device *dev)
{
    struct virtio_rng *s = rng_of(dev);

    virtio_deinit(dev);
    loop_timer_free(s->timer);
    loop_fd_remove(s->watch);
    if (s->fd >= 0) {
        close(s->fd);
    }
    virtq_chain_free(&s->chain);
    free(s);
}

static const struct virtio_device_ops rng_ops = {
    .name = "virtio-rng",
    .id = VIRTIO_ID_RNG,
    .config_read = rng_config_read,
    .process = rng_process,
    .reset = rng_reset,
    .free = rng_free,
};

struct virtio_device *virtio_rng_create(const struct virtio_rng_config *config,
                                        const struct virtio_host *host,
                                        struct error **err)
{
    int fd = -1;

    if (config->filename) {
        fd = open(config->filename, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0) {
            error_set_errno(err, errno, "filename=%s: cannot open",
                            config->filename);
            return NULL;
        }
    }
    struct virtio_rng *s = calloc(1, sizeof(*s));
    assert(s);
    s->fd = fd;
    if (fd >= 0) {
        s->watch = loop_fd_add(host->loop, fd, NULL, NULL, s);
    }
    s->max_bytes = config->max_bytes;
    s->quota = config->max_bytes;
    s->period_ns = (config->period_ms ? config->period_ms
                                      : DEFAULT_PERIOD_MS) * UINT64_C(1000000);
    s->timer = loop_timer_new(host->loop, period_over, s);
    virtio_init(&s->dev, &rng_ops, host, 0, 0);
    virtio_add_queue(&s->dev, QUEUE_SIZE);
    return &s->dev;
}
