/*
 * One of many requests that are on their way at once.
 */
#ifndef TESTS_UNIT_BLOCK_JOB_H
#define TESTS_UNIT_BLOCK_JOB_H

#include "block/block.h"
#include "util/bits.h"

struct job {
    struct block_request req;
    struct iovec iov;
    int error;
};

/* As req.done. */
static inline void job_done(struct block_request *req, int error)
{
    container_of(req, struct job, req)->error = error;
}

#endif
