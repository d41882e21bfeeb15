/*
 * Translations kept on disk, for the next run of the same guest.
 *
 * A directory of the user's holds one file for each identity: the build, the
 * host's features, the processor.  In it a unit is found by the guest's own
 * bytes, where they lie in their page and the context flags; the bytes are
 * compared before it is used.  See README.md for what makes that safe.
 */
#ifndef CPU_JIT_STORE_H
#define CPU_JIT_STORE_H

#include "cpu/jit/backend.h"

struct store;
struct store_unit;

/* `dir` is made if it is not there.  `guest`: what translations depend on
 * besides bytes and context.  NULL and *err when the directory cannot be
 * trusted or used; a file in it that is no good counts as none. */
struct store *store_open(const char *dir, const char *guest,
                         struct backend *backend, struct error **err);
/* Writes what is new, as is done from time to time. */
void store_close(struct store *s);

/* The unit for the code at `guest`, of which `bytes` follow up to the page's
 * end, or NULL.  Its guest bytes and their hash go into *key. [any] */
const struct store_unit *store_find(struct store *s, struct block *key,
                                    const uint8_t *guest, unsigned bytes);
/* A block from it; NULL when this process lacks what it calls. [vCPU] */
struct block *store_load(struct store *s, const struct store_unit *u,
                         struct backend_thread *thread,
                         struct code_chunk *chunk, const struct block *key,
                         struct jit_buffer *code);

/* Keep a block that was just made from the bytes at `guest`, `bytes` of
 * them or more, and is neither linked nor in the table yet. [any] */
void store_add(struct store *s, const struct block *b, const uint8_t *guest,
               unsigned bytes);

#endif
