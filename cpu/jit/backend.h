/*
 * What the run loop asks of a host back end (jit/x64).
 *
 * Entries of a block, in this order:
 *   guarded: vcpu->tlb->page_id[(pc >> 12) & mask] == page_id ? : relookup
 *   polled:  vcpu->request == 0 ? : leave with VCPU_EXIT_REQUEST, pc = head
 *   entry:   the code
 * Same-page forward links go to entry, same-page backward ones to polled,
 * all others (cross-page, indirect, jump cache) to guarded.
 */
#ifndef CPU_JIT_BACKEND_H
#define CPU_JIT_BACKEND_H

#include <stdio.h>

#include "cpu/jit/block.h"
#include "cpu/jit/perfmap.h"
#include "util/error.h"

/* Room for one unit's code, in two mappings of the same bytes. */
struct jit_buffer {
    uint8_t *rw;        /* where the emitter writes */
    const uint8_t *rx;  /* where the code will run */
    size_t size;
};

/* What backend_compile found out; arrays belong to the backend's
 * per-thread scratch and are valid until its next call. */
struct jit_result {
    size_t code_size;
    bool too_complex;  /* why it failed: compile a shorter unit */
    uint32_t guarded, polled, entry, pad;
    unsigned link_count, site_count;
    struct block_link *links; /* target, patch, stub, same_page, ... */
    struct block_site *sites;
    unsigned thunk_relocs, pc_relocs;
    const uint16_t *thunk_reloc, *pc_reloc; /* see struct block */
};

struct backend; /* per process: host features, thunk addresses */

/* Emit the thunks into `code` (start of the cache) and learn the host's
 * features.  `vcpu_parallel`: more than one vCPU. */
struct backend *backend_new(struct jit_buffer *code, size_t *used,
                            bool parallel, struct error **err);
void backend_free(struct backend *b);

/* For those who measure; before the first compilation.  `map`, or NULL, gets
 * the names of the thunks, now and as they are made; with `count` the calls
 * of C functions are counted in vcpu->helper_calls, BACKEND_MAX_HELPERS
 * counters. */
#define BACKEND_MAX_HELPERS 512
void backend_observe(struct backend *b, struct perfmap *map, bool count);
/* Whose calls the n-th counter counts; NULL behind the last. */
const char *backend_helper_name(const struct backend *b, unsigned n);

/* Scratch of one translating thread. */
struct backend_thread *backend_thread_new(struct backend *b);
void backend_thread_free(struct backend_thread *t);

/* Compile; false when `code` is too small or the unit too complex. */
bool backend_compile(struct backend_thread *t, const struct ir_unit *u,
                     uint32_t page_id, struct jit_buffer *code,
                     struct jit_result *result);

/*
 * Stubs of BACKEND_STUB_SIZE bytes, one before the other up to the start of
 * *stubs: for each of the exits of the unit at `code` that want one, which lead
 * there from now on.  As soon as one is taken, host_return is BACKEND_STUB
 * behind its stub's start, where 32 bits say how far the link is from `base`.
 * Returns how many there are.  Before anybody runs the unit.
 */
#define BACKEND_STUB 5
#define BACKEND_STUB_SIZE (BACKEND_STUB + sizeof(uint32_t))
unsigned backend_place_stubs(const struct backend *b,
                             const struct jit_buffer *stubs,
                             const struct jit_buffer *code,
                             struct block_link *links, unsigned count,
                             const void *base);
/* Make a copy of the code of *b, no exit linked, what backend_compile() left
 * there: nothing of it says where stubs are. */
void backend_forget_stubs(uint8_t *code, const struct block *b);

/*
 * `code` holds a copy of the code of a block with the offsets of *b, made
 * `code_delta` bytes before and for a pc that was `pc_delta` less than b->pc:
 * make it what backend_compile() would have made for *b, no exit linked; the
 * block may have been killed.  The links' targets and stubs are the caller's.
 */
void backend_relocate(const struct backend *backend, uint8_t *code,
                      const struct block *b, ptrdiff_t code_delta,
                      uint64_t pc_delta);
/* Likewise for `code` of *b itself, made for a pc that was `pc_delta` less and
 * for another page; its exits stay linked as they are, and nobody runs it. */
void backend_rebase(uint8_t *code, const struct block *b, uint64_t pc_delta);

/*
 * Enter generated code at an entry address.  On return all guest registers
 * are in *vcpu, and vcpu->exit and vcpu->host_return tell why.  host_return
 * 0: vcpu->pc is valid (jump cache miss, EXIT_LOOP, a helper with
 * IR_HELPER_SETS_PC).  Else it is not, and host_return is an executable
 * address in a block:
 * - block->code + block->pad: it was not entered (page not the same, a
 *   request, dead), exit is NONE or REQUEST; go on at its pc.
 * - block->code + link->patch + 4: left by a direct edge that is not linked,
 *   exit is NONE; go on at the link's target.  Likewise BACKEND_STUB behind the
 *   start of a link's stub.
 * - block->code + site->host: exit is FAULT, or what a helper with
 *   IR_HELPER_EXITS set; at the site's instruction.
 * vcpu->exit must be NONE before.
 */
void backend_enter(struct backend *b, struct vcpu *vcpu,
                   const uint8_t *entry);

/* What `code` of an empty jump cache entry must be: its key may match by
 * chance. */
const void *backend_jump_miss(const struct backend *b);

/* Have an exit of the unit at `code` lead to `target`, or (NULL) back to the
 * run loop: atomic with respect to threads running it, as what changes lies in
 * an aligned eight bytes; the displacement, BACKEND_PATCH_MOST behind their
 * start at most.  One thread at a time. */
#define BACKEND_PATCH_MOST 4
void backend_link(const struct backend *b, const struct jit_buffer *code,
                  const struct block_link *link, const uint8_t *target);

/* Make the guarded, polled and plain entry of a dead block jump to the
 * relookup thunk: the first two bytes of each. */
void backend_kill(struct backend *b, struct jit_buffer *code,
                  uint32_t guarded, uint32_t polled, uint32_t entry);

/*
 * Thunks by name.  A name means the same to every process of one build whose
 * back ends have one identity, unlike an address.
 */
struct thunk_name {
    uint64_t value;
    uint32_t kind, flags;
};
/* Of what a relocation of a unit leads to; false: it has none. */
bool backend_thunk_name(struct backend *b, const uint8_t *rx,
                        struct thunk_name *name);
/* The thunk, made if need be; NULL: there is none of that name. */
const uint8_t *backend_thunk(struct backend_thread *t,
                             const struct thunk_name *name);
/* What code depends on besides the unit: the host's features. */
#define BACKEND_IDENTITY 64
void backend_identity(const struct backend *b, char out[BACKEND_IDENTITY]);

/* Print host code (capstone when present, else hex). */
void backend_disas(FILE *f, const uint8_t *code, size_t size);

#endif
