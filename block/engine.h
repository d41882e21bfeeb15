/*
 * Engines: how requests get done without the caller waiting.
 *
 * An engine calls complete() once for each request submitted to it, from
 * any thread, but never inside submit().  Only a backend (block.c) calls
 * these functions.  Any thread.
 */
#ifndef BLOCK_ENGINE_H
#define BLOCK_ENGINE_H

#include <stdbool.h>

#include "block/image.h"

struct block_engine {
    const struct block_engine_ops *ops;
};

/* What an engine is made with. */
struct block_engine_host {
    struct block_image *image;
    struct loop *loop;
    void (*complete)(void *opaque, struct block_request *req, int error);
    void *opaque;
};

struct block_engine_ops {
    const char *name;
    void (*submit)(struct block_engine *engine, struct block_request *req);
    void (*unplug)(struct block_engine *engine);
    /* Complete what is ready, for who waits while the loop may not run. */
    void (*reap)(struct block_engine *engine);
    void (*free)(struct block_engine *engine); /* idle */
};

/* Worker threads; cannot fail. */
struct block_engine *block_pool_new(const struct block_engine_host *host,
                                    struct error **err);
/* NULL when the kernel has no io_uring or does not let us use it; with a
 * loop. */
struct block_engine *block_io_uring_new(const struct block_engine_host *host,
                                        struct error **err);

#endif
