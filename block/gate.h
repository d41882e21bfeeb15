/*
 * A lock that many hold at once, or one alone.
 *
 * Unlike a pthread_rwlock_t it may be given back by another thread than the
 * one that took it: a request that the kernel does belongs to none.  Who
 * wants to be alone is not kept waiting by who comes later; who is inside
 * must not enter again.  Any thread.
 */
#ifndef BLOCK_GATE_H
#define BLOCK_GATE_H

#include <pthread.h>
#include <stdbool.h>

struct block_gate {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    unsigned inside;  /* those that entered */
    unsigned waiting; /* to be alone */
    bool alone;       /* somebody is */
};

void block_gate_init(struct block_gate *gate);
void block_gate_destroy(struct block_gate *gate);

void block_gate_enter(struct block_gate *gate);
/* False when that would take waiting. */
bool block_gate_try(struct block_gate *gate);
void block_gate_leave(struct block_gate *gate);

void block_gate_close(struct block_gate *gate); /* alone */
void block_gate_open(struct block_gate *gate);

#endif
