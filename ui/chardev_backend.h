/*
 * The kinds of character device and what all of them share.
 *
 * Included by the back ends (ui/chardev_*.c) and by who opens them.
 */
#ifndef UI_CHARDEV_BACKEND_H
#define UI_CHARDEV_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/chardev.h"
#include "util/loop.h"
#include "util/socket.h"

struct chardev_config;

/* A kind: one row of the table in chardev.c. */
struct chardev_backend {
    const char *name;
    const char *help;
    struct chardev *(*open)(const struct chardev_config *config,
                            struct loop *loop, struct error **err);
};

/* A character device as the user asked for it. */
struct chardev_config {
    const char *id;
    const struct chardev_backend *backend;
    const char *path; /* file, pipe */
    bool append;      /* file: keep what is there */
    bool signals;     /* stdio: Ctrl-C and the like are for the process */
    bool mux;         /* with the escape keys of chardev_mux.c */
    uint32_t size;    /* ringbuf: bytes, a power of two */

    /* socket, udp */
    struct socket_address address; /* to connect to or to listen on */
    struct socket_address local;   /* udp: ours */
    bool server, wait;             /* wait: until somebody is there */
    bool telnet, nodelay;
    unsigned reconnect_ms; /* 0: never */
    bool has_fd;           /* open already: a connection, or it listens */
    int fd;

    const char *log_path; /* a copy of the output, or NULL */
    bool log_append;
};

const struct chardev_backend *chardev_backends(size_t *count);
const struct chardev_backend *chardev_backend_find(const char *name);

/* Open what `config`, which outlives it, describes (without the mux and
 * without the log). */
struct chardev *chardev_open(const struct chardev_config *config,
                             struct loop *loop, struct error **err);

/* From now on what the front end writes goes into a file, too. */
bool chardev_open_log(struct chardev *chr, const char *path, bool append,
                      struct error **err);

/* For back ends: tell the front end, if there is one that listens. */
void chardev_tell(struct chardev *chr, enum chardev_event event);

/* One file each. */
struct chardev *chardev_null_open(const struct chardev_config *config,
                                  struct loop *loop, struct error **err);
struct chardev *chardev_stdio_open(const struct chardev_config *config,
                                   struct loop *loop, struct error **err);
struct chardev *chardev_file_open(const struct chardev_config *config,
                                  struct loop *loop, struct error **err);
struct chardev *chardev_pty_open(const struct chardev_config *config,
                                 struct loop *loop, struct error **err);
struct chardev *chardev_socket_open(const struct chardev_config *config,
                                    struct loop *loop, struct error **err);
struct chardev *chardev_udp_open(const struct chardev_config *config,
                                 struct loop *loop, struct error **err);
struct chardev *chardev_pipe_open(const struct chardev_config *config,
                                  struct loop *loop, struct error **err);
struct chardev *chardev_ringbuf_open(const struct chardev_config *config,
                                     struct loop *loop, struct error **err);
struct chardev *chardev_testdev_open(const struct chardev_config *config,
                                     struct loop *loop, struct error **err);

/* Take up to `size` of the oldest bytes out of a ringbuf; `chr` may be a
 * device in front of one.  Returns how many, or -1 when it is none. [any] */
long chardev_ringbuf_read(struct chardev *chr, uint8_t *data, size_t size);

#endif
