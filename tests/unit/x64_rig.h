/*
 * Running one IR unit twice, through the interpreter and through the x86-64
 * back end, from the same state, and comparing everything afterwards.
 * For the tests of the back end.
 */
#ifndef TESTS_UNIT_X64_RIG_H
#define TESTS_UNIT_X64_RIG_H

#include <check.h>

#include "cpu/ir/build.h"
#include "cpu/jit/x64/x64.h"

/* Guest memory: pages RIG_RAM.. are there; the page before is not mapped,
 * the last one is read-only. */
#define RIG_RAM UINT64_C(0x40000000)
#define RIG_PAGES 8
#define RIG_SIZE (RIG_PAGES * 4096u)
#define RIG_PC UINT64_C(0x40001000)

#define FLAG_BITS (IR_FLAG_N | IR_FLAG_Z | IR_FLAG_B | IR_FLAG_V)

struct rig {
    struct bus *bus;
    struct ram *ram;
    struct page_ids *ids;
    struct tlb *tlb;
    struct vcpu *vcpu;
    struct jit_buffer code;
    struct backend *backend;
    struct backend_thread *thread;
    struct ir_unit *unit;
    struct jit_result result;
    struct jit_buffer unit_code;
    bool verbose;
    void (*pass)(struct ir_unit *u); /* before the translator, or NULL */
    uint8_t before[RIG_SIZE], after[RIG_SIZE];
};

/* `parallel`: its vCPU shares memory with others. */
struct rig *rig_new(bool parallel);
void rig_free(struct rig *r);

/* Compile r->unit; false when that is refused.  _for: for such a page. */
bool rig_compile(struct rig *r);
bool rig_compile_for(struct rig *r, uint32_t page_id);

/* host_return when the unit's n-th exit is taken and not linked. */
uintptr_t rig_left(const struct rig *r, unsigned n);

/* Compile and run it, with vcpu->pc at the end where the guest stands. */
void rig_jit(struct rig *r);

/* The same for a unit that was run otherwise. */
void rig_find_pc(struct rig *r);

/* Run r->unit both ways; false (and a report) when the ends differ.  The
 * state is then the translator's. */
bool rig_run(struct rig *r);

/* Pseudo-random: any number; one below `n`; one in which edge values are
 * frequent. */
uint64_t rig_random(uint64_t *seed);
unsigned rig_pick(uint64_t *seed, unsigned n);
uint64_t rig_value(uint64_t *seed);

/* Such values in all registers and in memory. */
void rig_randomise(struct rig *r, uint64_t *seed);

#endif
