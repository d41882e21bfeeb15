/*
 * Memory accesses that generated code does not do inline: first-level TLB
 * misses, page crossings, devices, and the rarer atomics.
 *
 * [vCPU thread, from thunks of a back end with all guest registers that C
 * functions may destroy saved in struct vcpu.]
 */
#ifndef CPU_JIT_SLOWPATH_H
#define CPU_JIT_SLOWPATH_H

#include "cpu/ir/ir.h"

/* The description of an access, 32 bits. */
enum {
    SLOW_SIZE_SHIFT = 0,    /* log2 of the bytes in all, 0..5 */
    SLOW_SIZE_MASK = 7,
    SLOW_ALIGNED = 1 << 3,
    SLOW_UNPRIV = 1 << 4,
    SLOW_LOAD = 0,
    SLOW_STORE = 1 << 5,
    SLOW_PAIR = 1 << 6,     /* two elements of half the size */
    SLOW_NORMAL = 1 << 7,   /* alignment fault in Device memory */
    SLOW_THUNKS = 1 << 8,   /* descriptions below have thunks of their own */
    SLOW_ATOMIC = 1 << 8,
    SLOW_OP_SHIFT = 9,      /* enum slow_op, atomics only */
    SLOW_RMW_SHIFT = 11,    /* enum ir_rmw */
    SLOW_REVERSED = 1 << 15, /* IR_MEM_REVERSED */
    /* jit_slow_check(): bytes in bits 15..0, IR_CHECK_* above. */
    SLOW_CHECK_SHIFT = 16,
};

enum slow_op { SLOW_LOAD_EX, SLOW_STORE_EX, SLOW_RMW, SLOW_CAS };

/* arg[0].d[0] is the address.  Plain accesses: data from arg[1] on.
 * Atomics: operands, then results, in arg[1] and arg[2].  On a fault
 * vcpu->exit and vcpu->fault say so and no result is written. */
void jit_slow_plain(struct vcpu *vcpu, uint32_t desc, union vec *arg);
void jit_slow_atomic(struct vcpu *vcpu, uint32_t desc, union vec *arg);
/* A CHECK that failed: has the first-level TLB translate what lies at the
 * address.  Then arg[0].d[0] is the entry's addend, never 0; else 0, and the
 * accesses are to be made singly. */
void jit_slow_check(struct vcpu *vcpu, uint32_t desc, union vec *arg);

#endif
