/*
 * The far end of a serial line.
 *
 * A front end (UART, console port) attaches itself; a back end (stdio, file,
 * socket, pty ...) moves bytes.  Back ends run on the loop thread; the
 * front end's callbacks are called there and take the device's own lock.
 */
#ifndef UI_CHARDEV_H
#define UI_CHARDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"
#include "util/loop.h"

enum chardev_event {
    CHARDEV_OPENED,
    CHARDEV_CLOSED,
    CHARDEV_BREAK,
    CHARDEV_FOCUS, /* the user has turned to this one of two front ends */
};

struct chardev_frontend {
    /* Bytes the front end can take now; 0 holds the back end's input
     * until chardev_accept_input(). */
    size_t (*can_receive)(void *device);
    void (*receive)(void *device, const uint8_t *data, size_t length);
    void (*event)(void *device, enum chardev_event event); /* may be NULL */
};

struct chardev;

struct chardev_ops {
    const char *name; /* as in -chardev NAME,... */
    bool announces;   /* tells of OPENED and CLOSED; else it always is open */
    /* Write up to `length` bytes; returns how many were taken.  [any] */
    size_t (*write)(struct chardev *chr, const uint8_t *data, size_t length);
    void (*accept_input)(struct chardev *chr); /* may be NULL.  [any] */
    void (*close)(struct chardev *chr);
};

struct chardev_log;

struct chardev {
    const struct chardev_ops *ops;
    const char *id;
    const struct chardev_frontend *frontend;
    void *device;
    struct chardev_log *log; /* logfile=, or NULL; belongs to chardev.c */
    bool written; /* the front end has said something */
};

/* Connect a front end; its callbacks may run from now on. */
void chardev_attach(struct chardev *chr, const struct chardev_frontend *fe,
                    void *device);

/* Front end to back end; all bytes are taken (buffered if need be), in
 * order.  A NULL chr swallows them.  [any] */
void chardev_write(struct chardev *chr, const uint8_t *data, size_t length);

/* The front end has room again.  [any] */
void chardev_accept_input(struct chardev *chr);

void chardev_close(struct chardev *chr);

#endif
