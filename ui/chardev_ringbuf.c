/*
 * The last bytes the guest wrote, kept in memory until somebody asks for
 * them (the monitor's ringbuf_read).
 */
#include "ui/chardev_backend.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "ui/chardev_mux.h"
#include "util/bits.h"

#define DEFAULT_SIZE 65536

struct chardev_ringbuf {
    struct chardev chr;
    pthread_mutex_t lock;
    uint32_t size;
    uint64_t head, tail; /* bytes ever written, and taken or overwritten */
    uint8_t *data;
};

static struct chardev_ringbuf *from_chr(struct chardev *chr)
{
    return container_of(chr, struct chardev_ringbuf, chr);
}

static size_t ringbuf_write(struct chardev *chr, const uint8_t *data,
                            size_t length)
{
    struct chardev_ringbuf *s = from_chr(chr);

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < length; i++) {
        s->data[s->head++ & (s->size - 1)] = data[i];
    }
    if (s->head - s->tail > s->size) {
        s->tail = s->head - s->size;
    }
    pthread_mutex_unlock(&s->lock);
    return length;
}

static void ringbuf_close(struct chardev *chr)
{
    struct chardev_ringbuf *s = from_chr(chr);

    pthread_mutex_destroy(&s->lock);
    free(s->data);
    free(s);
}

static const struct chardev_ops ringbuf_ops = {
    .name = "ringbuf",
    .write = ringbuf_write,
    .close = ringbuf_close,
};

long chardev_ringbuf_read(struct chardev *chr, uint8_t *data, size_t size)
{
    chr = chardev_mux_back(chr);
    if (chr->ops != &ringbuf_ops) {
        return -1;
    }
    struct chardev_ringbuf *s = from_chr(chr);
    size_t n = 0;
    pthread_mutex_lock(&s->lock);
    while (n < size && s->tail < s->head) {
        data[n++] = s->data[s->tail++ & (s->size - 1)];
    }
    pthread_mutex_unlock(&s->lock);
    return (long)n;
}

struct chardev *chardev_ringbuf_open(const struct chardev_config *config,
                                     struct loop *loop, struct error **err)
{
    uint32_t size = config->size ? config->size : DEFAULT_SIZE;

    (void)loop;
    if (!is_power_of_2(size)) {
        error_set(err, "size=%u: expected a power of two", size);
        return NULL;
    }
    struct chardev_ringbuf *s = calloc(1, sizeof(*s));
    assert(s);
    s->data = malloc(size);
    assert(s->data);
    s->chr.ops = &ringbuf_ops;
    s->size = size;
    pthread_mutex_init(&s->lock, NULL);
    return &s->chr;
}
