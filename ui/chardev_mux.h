/* Escape keys on a console: see chardev_mux.c. */
#ifndef UI_CHARDEV_MUX_H
#define UI_CHARDEV_MUX_H

#include <stdint.h>

#include "ui/chardev.h"
#include "util/loop.h"

#define CHARDEV_MUX_ESCAPE 1 /* Ctrl-A; -echr changes it */

/*
 * A character device in front of `back`, which it owns, that keeps the keys
 * after `escape` for itself, and can be shared with a monitor.  The calls are
 * on the loop thread.
 */
struct chardev_mux_calls {
    void (*quit)(void *opaque);
    /* What the guest is doing, as text to be freed; NULL: nothing. */
    char *(*explain)(void *opaque);
};

struct chardev *chardev_mux_new(struct chardev *back, struct loop *loop,
                                uint8_t escape,
                                const struct chardev_mux_calls *calls,
                                void *opaque);

/* The monitor's side of such a device: a front end there has the keys while
 * the user has turned to it.  It lives as long as `mux` and is not closed. */
struct chardev *chardev_mux_monitor(struct chardev *mux);

/* What is behind `chr` when that is such a device, else `chr`. */
struct chardev *chardev_mux_back(struct chardev *chr);

/* "Ctrl-A", or "0xe9" for a byte that is no control character. */
void chardev_mux_key_name(uint8_t escape, char name[16]);

#endif
