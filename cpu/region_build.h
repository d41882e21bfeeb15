/*
 * Which code belongs to a region, and its unit.
 *
 * A region is the loops that a hot instruction is part of: of the blocks in
 * its page that direct branches reach from it, those from which it can be
 * reached again.  Calls are branches like others; returns of called code lead
 * to behind every call that was met.  The blocks are translated once more, in
 * the order of their addresses, into one unit with labels.
 */
#ifndef CPU_REGION_BUILD_H
#define CPU_REGION_BUILD_H

#include "cpu/guest.h"

struct region_builder;

struct region_builder *region_builder_new(const struct guest_ops *guest);
void region_builder_free(struct region_builder *b);

/* The head, and where its code is. */
struct region_head {
    struct vcpu *vcpu;      /* for the front end: the model only */
    uint64_t pc;
    uint32_t context;
    const uint8_t *page;    /* host address of the guest page */
    bool all;               /* for tests: whatever is reached, loop or not */
};

/*
 * Build the unit; *before bytes of guest code before the head belong to it,
 * u->guest_bytes from there on.  False: the head is in no loop, or in one
 * that is too large.
 */
bool region_build(struct region_builder *b, const struct region_head *head,
                  struct ir_unit *u, unsigned *before);

#endif
