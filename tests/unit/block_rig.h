/*
 * A disk of zeroes in a temporary file, and a backend on it whose loop runs in
 * a thread: requests are made one at a time.
 */
#ifndef TESTS_UNIT_BLOCK_RIG_H
#define TESTS_UNIT_BLOCK_RIG_H

#include <check.h>
#include <pthread.h>

#include "block/block.h"

#define SIZE (1 << 20)

struct block_rig {
    char path[64];
    struct loop *loop;
    struct block_backend *b; /* closed at the end */
    struct error *err;
};
extern struct block_rig br;

/* Fixture. */
void br_setup(void);
void br_teardown(void);

/* What tests are looped over: the index, or its low bit. */
#define BR_ENGINES 2
extern const enum block_aio br_engines[BR_ENGINES];

/* br.b, on br.path unless the configuration names a file.  The loop runs from
 * now on: images are opened before. */
void br_open(struct block_config c, int engine);

/* One request; returns its error. */
struct br_waiter {
    struct block_request req;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
    int error;
};
void br_done(struct block_request *req, int error);
int br_request(struct block_request req);
int br_io(enum block_op op, uint64_t offset, void *buffer, uint64_t length);
int br_range(enum block_op op, uint64_t offset, uint64_t length,
             unsigned flags);
/* All of the range has that value. */
int br_write(uint64_t offset, uint64_t length, uint8_t value);
void br_expect(uint64_t offset, uint64_t length, uint8_t value);

/* What the file takes, in blocks of 512 bytes. */
uint64_t br_used(void);

#endif
