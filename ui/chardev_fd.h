/*
 * Bytes to and from a file descriptor, for the back ends that have one.
 *
 * The descriptor's flags are left alone: it may be shared with our caller,
 * whom O_NONBLOCK would surprise.  So the blocking write() is made by a
 * thread of its own, and a read() only after poll().
 */
#ifndef UI_CHARDEV_FD_H
#define UI_CHARDEV_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/chardev.h"
#include "util/loop.h"

struct chardev_output;

/*
 * A queue and the thread that empties it into `fd`.  `name` is for error
 * messages.  With `drop_on_hangup` bytes are thrown away while nobody has
 * the other end open; without, after the first write error.
 */
struct chardev_output *chardev_output_new(int fd, const char *name,
                                          bool drop_on_hangup);

/* Queue up to `length` bytes and return how many; never waits.  They are
 * written within a few milliseconds.  [any] */
size_t chardev_output_put(struct chardev_output *out, const uint8_t *data,
                          size_t length);

/* Bytes that the next put will take, when nobody else puts. */
size_t chardev_output_room(struct chardev_output *out);

/* Wait until everything is written, then free. */
void chardev_output_free(struct chardev_output *out);

struct chardev_input;

/*
 * Read `fd` on the loop thread into the front end of `chr`, as far as that
 * has room.  At end of file or on an error reading stops and `ended` is
 * called; chardev_input_resume() tries again.
 */
struct chardev_input *chardev_input_new(struct loop *loop, int fd,
                                        struct chardev *chr,
                                        void (*ended)(struct chardev *chr));

/* The front end may have room again.  [any] */
void chardev_input_resume(struct chardev_input *in);
void chardev_input_free(struct chardev_input *in);

#endif
