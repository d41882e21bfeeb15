/*
 * The back end by which test programs (kvm-unit-tests' chr-testdev) end the
 * emulator: decimal digits are an argument, a letter what to do with it.
 * "3q" exits with (3 << 1) | 1.
 */
#include "ui/chardev_backend.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "util/bits.h"

struct chardev_testdev {
    struct chardev chr;
    struct loop *loop;
    pthread_mutex_t lock;
    unsigned argument;
};

static void take_byte(struct chardev_testdev *s, uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        s->argument = s->argument * 10 + (byte - '0');
        return;
    }
    if (byte == 'q') {
        loop_stop(s->loop, (int)((s->argument << 1 | 1) & 0xff));
    }
    s->argument = 0;
}

static size_t testdev_write(struct chardev *chr, const uint8_t *data,
                            size_t length)
{
    struct chardev_testdev *s =
        container_of(chr, struct chardev_testdev, chr);

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < length; i++) {
        take_byte(s, data[i]);
    }
    pthread_mutex_unlock(&s->lock);
    return length;
}

static void testdev_close(struct chardev *chr)
{
    struct chardev_testdev *s =
        container_of(chr, struct chardev_testdev, chr);

    pthread_mutex_destroy(&s->lock);
    free(s);
}

static const struct chardev_ops testdev_ops = {
    .name = "testdev",
    .write = testdev_write,
    .close = testdev_close,
};

struct chardev *chardev_testdev_open(const struct chardev_config *config,
                                     struct loop *loop, struct error **err)
{
    struct chardev_testdev *s = calloc(1, sizeof(*s));

    (void)config;
    (void)err;
    assert(s);
    s->chr.ops = &testdev_ops;
    s->loop = loop;
    pthread_mutex_init(&s->lock, NULL);
    return &s->chr;
}
