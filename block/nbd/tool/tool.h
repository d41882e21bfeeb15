/* armature-nbd: what its files share.  A function prints its own errors and
 * returns the exit status. */
#ifndef BLOCK_NBD_TOOL_TOOL_H
#define BLOCK_NBD_TOOL_TOOL_H

#include "block/block.h"
#include "util/socket.h"

struct tool_options {
    struct block_config image;
    struct socket_address address;
    const char *name, *description, *pid_file, *bitmap;
    uint64_t offset; /* bytes into the image */
    unsigned shared; /* clients at a time; 0: any number */
    bool list, persistent, fork, verbose, depth, image_opts;
};

/* True to go on; else *status is the program's. */
bool tool_parse(struct tool_options *options, int argc, char **argv,
                int *status);

/* "armature-nbd: SENTENCE"; returns 1. */
int tool_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
int tool_fail_error(struct error *err);

/* -L: what another server has. */
int tool_list(const struct tool_options *options);

#endif
