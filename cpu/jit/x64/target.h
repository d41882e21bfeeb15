/*
 * The host: what its processor can do, and which of its registers hold
 * what while generated code runs.
 *
 *   rbp             (char *)vcpu + VCPU_BASE
 *   rsp             stack of calls (emit_control.c), 16-byte aligned
 *   r14             (char *)vcpu->tlb + TLB_BASE
 *   X64_PINNED      guest registers, the same in all code, so that jumps
 *                   between units move nothing
 *   rax rcx rdx rdi scratch: values of the unit
 *   X64_PINNED_VEC  guest vector registers, likewise
 *   xmm0..7         scratch: vector values of the unit
 *
 * Guest registers that own no host register are memory operands off rbp.
 */
#ifndef CPU_JIT_X64_TARGET_H
#define CPU_JIT_X64_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/jit/x64/asm.h"
#include "cpu/vcpu.h"

/* P(guest register, host register): those that compilers use most.  Tune
 * here: nothing else names them, but that calls want x30 to be one; scratch
 * registers, rbp, rsp and r14 are not available, nor are xmm0..7. */
#define X64_PINNED(P)                                                   \
    P(0, RBX) P(1, RSI) P(2, R8) P(3, R9) P(4, R10) P(30, R11)          \
    P(19, R12) P(20, R13) P(31, R15)

#define X64_PINNED_VEC(P)                                               \
    P(0, 8) P(1, 9) P(2, 10) P(3, 11) P(4, 12) P(5, 13) P(6, 14) P(7, 15)

#define REG_TLB R14
/* The first slot: they are found by their index alone. */
#define TLB_BASE ((int)offsetof(struct tlb_context, slot))
#define REG_VCPU RBP

/* Sets of registers are masks: general 0..15, vector 16..31. */
#define REG_BIT(r) (1u << (r))
#define XMM0 16
#define GPR_SCRATCH \
    (REG_BIT(RAX) | REG_BIT(RCX) | REG_BIT(RDX) | REG_BIT(RDI))
#define XMM_PINNED 0xff000000u
#define XMM_SCRATCH 0x00ff0000u
/* General registers that C functions do not preserve. */
#define GPR_VOLATILE \
    (GPR_SCRATCH | REG_BIT(RSI) | REG_BIT(R8) | REG_BIT(R9) | \
     REG_BIT(R10) | REG_BIT(R11))

/* Host register of guest register n, 0 (rax) when it has none. */
static const uint8_t x64_pinned[32] = {
#define PINNED_ROW(guest, host) [guest] = host,
    X64_PINNED(PINNED_ROW)
#undef PINNED_ROW
};

/* Likewise XMM0 + register for vector registers. */
static const uint8_t x64_pinned_vec[32] = {
#define PINNED_ROW(guest, host) [guest] = XMM0 + host,
    X64_PINNED_VEC(PINNED_ROW)
#undef PINNED_ROW
};

/* vcpu.frame. */
#define FRAME_ARG 0       /* 4 x 16: arguments and results of slow paths */
#define FRAME_DESC 64     /* 8: their description */
#define FRAME_MXCSR 72    /* 8: on the way to and from MXCSR */
#define FRAME_SPILL 80    /* 16 bytes per slot */
#define SPILL_SLOTS 448
#define FRAME_XMM (FRAME_SPILL + 16 * SPILL_SLOTS) /* xmm in slow paths */
#define FRAME_CHECK (FRAME_XMM + 16 * 16) /* slots of CHECK */
#define CHECK_SLOT_SIZE 32
#define CHECK_SLOTS 32
_Static_assert(FRAME_CHECK + CHECK_SLOT_SIZE * CHECK_SLOTS <= VCPU_FRAME,
               "vcpu.frame");

/* MXCSR while generated code runs: to nearest, nothing unmasked.  Its sticky
 * bits are cumulative flags of vcpu.fp that have not got there yet. */
#define MXCSR_START 0x1f80

struct x64_features {
    bool avx, avx2, bmi1, bmi2, lzcnt, popcnt, fma, f16c;
    bool aes, pclmul, gfni, avx512vl, bitalg;
};

/* False, when the processor lacks what the back end cannot do without:
 * SSE4.2, CMPXCHG16B, LAHF/SAHF. */
bool target_detect(struct x64_features *f);

static inline struct x64_rm rm_vcpu(int offset)
{
    return rm_mem(REG_VCPU, offset - VCPU_BASE);
}

static inline struct x64_rm rm_frame(int offset)
{
    return rm_vcpu((int)offsetof(struct vcpu, frame) + offset);
}

#endif
