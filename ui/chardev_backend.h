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
    const char *path; /* file */
    bool append;      /* file: keep what is there */
    bool signals;     /* stdio: Ctrl-C and the like are for the process */
    bool mux;         /* with the escape keys of chardev_mux.c */
};

const struct chardev_backend *chardev_backends(size_t *count);
const struct chardev_backend *chardev_backend_find(const char *name);

/* Open what `config`, which outlives it, describes (without the mux). */
struct chardev *chardev_open(const struct chardev_config *config,
                             struct loop *loop, struct error **err);

/* One file each. */
struct chardev *chardev_null_open(const struct chardev_config *config,
                                  struct loop *loop, struct error **err);
struct chardev *chardev_stdio_open(const struct chardev_config *config,
                                   struct loop *loop, struct error **err);
struct chardev *chardev_file_open(const struct chardev_config *config,
                                  struct loop *loop, struct error **err);
struct chardev *chardev_pty_open(const struct chardev_config *config,
                                 struct loop *loop, struct error **err);

#endif
