/*
 * Regions: hot code is translated again, as whole loops (region_build.h).
 *
 * What is hot is found by sampling: a thread of low priority asks each
 * running vCPU now and then to leave generated code at its next poll, which
 * is at the head of a loop or function.  That costs cold code nothing.  The
 * same thread then builds, compiles and enters the regions into the block
 * table, where they take the place of the block at their head.
 */
#ifndef CPU_REGION_H
#define CPU_REGION_H

#include "cpu/guest.h"
#include "cpu/jit/block_table.h"
#include "cpu/jit/perfmap.h"

struct regions;

struct region_parts {
    unsigned cpus;
    unsigned threshold;     /* samples that make code hot; 0: form every
                               region at once, on the vCPU's thread */
    const struct guest_ops *guest;
    struct bus *bus;
    struct code_cache *cache;
    struct block_table *blocks;
    struct backend *backend;
    struct code_cache_user user;
    struct perfmap *perfmap; /* or NULL */
    struct vcpu **vcpu;     /* by index, NULL before it is attached */
};

struct regions *regions_new(const struct region_parts *parts);
/* Ends the thread. */
void regions_free(struct regions *r);

/* The vCPU runs guest code, or has stopped to. [vCPU thread] */
void regions_running(struct regions *r, unsigned cpu, bool running);

/* A sample, asked for by VCPU_REQ_SAMPLE: the vCPU is about to enter *b.
 * [vCPU thread] */
void regions_sample(struct regions *r, unsigned cpu, const struct block *b);

/* Threshold 0 only: the region whose head *b is if there is one, else b.
 * `chunk` has room for a unit. [vCPU thread] */
struct block *regions_form_now(struct regions *r, unsigned cpu,
                               struct block *b, struct code_chunk *chunk);

/* Have every vCPU that runs come by its run loop. [any] */
void regions_leave(struct regions *r);

void regions_print_stats(const struct regions *r, FILE *f);

/* For test hooks: what compiles them. */
struct backend_thread *regions_compiler(struct regions *r);

#endif
