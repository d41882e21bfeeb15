/*
 * The state of one virtual processor that generated code, the IR
 * interpreter and the run loop share.  An architecture embeds it first in
 * its own structure (cpu/arm/arm_cpu.h).
 *
 * Only the vCPU's own thread touches it, except by vcpu_request().
 */
#ifndef CPU_VCPU_H
#define CPU_VCPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/fp/fp.h"
#include "cpu/stats.h"
#include "softmmu/tlb.h"

/* A 128-bit vector register, lane 0 in the lowest bits. */
union vec {
    uint64_t d[2];
    uint32_t s[4];
    uint16_t h[8];
    uint8_t b[16];
    int64_t sd[2];
    int32_t ss[4];
    int16_t sh[8];
    int8_t sb[16];
} __attribute__((aligned(16)));

/* Generated code addresses the state relative to this offset into struct
 * vcpu, so that r[5..31] and the words behind are within a signed byte. */
#define VCPU_BASE 168

/* Bits of vcpu.request.  Nonzero makes generated code leave at the next
 * poll; the run loop serves and clears them, by vcpu_served(). */
enum vcpu_request {
    VCPU_REQ_IRQ = 1 << 0,       /* interrupt lines changed */
    VCPU_REQ_SHOOTDOWN = 1 << 1, /* drain the TLB queue */
    VCPU_REQ_STOP = 1 << 2,      /* pause, power off, reset, end */
    VCPU_REQ_RECLAIM = 1 << 3,   /* code cache epoch wanted */
    VCPU_REQ_TIMER = 1 << 4,     /* a timer deadline passed */
    VCPU_REQ_SAMPLE = 1 << 5,    /* tell what runs (cpu/region.h) */
};

/* Why generated code came back to the run loop (vcpu.exit). */
enum vcpu_exit {
    VCPU_EXIT_NONE,      /* look up vcpu.pc and go on */
    VCPU_EXIT_REQUEST,   /* request word was nonzero at a poll */
    VCPU_EXIT_FAULT,     /* vcpu.fault describes a failed memory access by
                            the instruction at vcpu.pc */
    VCPU_EXIT_EXCEPTION, /* vcpu.syndrome: a synchronous exception raised by
                            the instruction at vcpu.pc */
    VCPU_EXIT_STATE,     /* the instruction completed and changed what
                            code depends on (TTBR, SCTLR, EL, ...): re-read
                            the context, go on at vcpu.pc */
    VCPU_EXIT_WAIT,      /* WFI/WFE: sleep; vcpu.pc is the next one */
    VCPU_EXIT_RETURN,    /* an exception return to vcpu.syndrome that
                            generated code does not make itself */
};

#define VCPU_EXCL_NONE UINT64_MAX

#define VCPU_FRAME (10 << 10)

#define JUMP_CACHE_BITS 16
#define JUMP_CACHE_ENTRIES (1 << JUMP_CACHE_BITS)

/*
 * Inline hash of indirect branch targets: index = (pc >> 2) & mask.  `key`
 * is pc ^ vcpu.jump_key; code is a guarded entry.  The context is where the
 * key would repeat the index, so that no two pairs of address and context
 * have the same index and key, whatever the guest jumps to.
 */
#define VCPU_KEY_SHIFT 2

struct jump_cache_entry {
    uint64_t key;
    const void *code;
};

struct block;

struct vcpu {
    /* r[0..30] general registers, r[31] the current stack pointer. */
    uint64_t r[32];
    uint64_t pc;            /* only up to date outside generated code and
                               where the IR sets it */
    uint32_t flags;         /* condition flags, packed form (ir.h) */
    uint32_t request;       /* enum vcpu_request */
    /* What generated code polls: the host's stack pointer is below it when
     * there is a request, or too much on the stack of calls. */
    uintptr_t stack_limit;
    uint64_t jump_key;      /* current context flags (block.h) <<
                               VCPU_KEY_SHIFT; helpers that change what it
                               stands for change it, vcpu.tlb and tlb_unpriv
                               together */
    uint32_t exit;          /* enum vcpu_exit; helpers set it to leave */
    uint32_t saturated;     /* sticky: a vector op saturated (nonzero) */
    struct tlb_context *tlb;        /* of the current context */
    struct tlb_context *tlb_unpriv; /* for unprivileged accesses */

    union vec v[32];

    /* Exclusive monitor: what was read, and the address (VA, tag
     * included). */
    uint64_t excl_value[2]; /* aligned as vectors are */
    uint64_t excl_addr;     /* VCPU_EXCL_NONE when open */
    uint32_t excl_size;     /* bytes in all */

    struct fp_status fp;    /* mode and cumulative flags for C helpers;
                               between helpers the flags may also live in the
                               host's control register (jit) */

    struct mem_fault fault;   /* VCPU_EXIT_FAULT */
    uint64_t syndrome;        /* VCPU_EXIT_EXCEPTION: the architecture's */
    uint64_t fault_address;   /* likewise, where the exception has one */
    uint64_t target;          /* where a helper sends its unit, which ends by
                                 EXIT_INDIRECT */

    union vec mem_buffer[2];  /* multi-word slow-path loads and stores */
    uintptr_t host_return;    /* return address into generated code, set by
                                 slow-path thunks: finds the instruction */

    /* A block was not entered, its pad returns to `host`: where to go on, or
     * NULL: leave.  [generated code] */
    const uint8_t *(*reenter)(struct vcpu *vcpu, const uint8_t *host);

    unsigned index;           /* 0 .. cpus-1 */
    uint64_t *helper_calls;   /* backend_observe(); NULL: not counted */
    bool parallel;            /* more than one vCPU may run: atomics must be
                                 atomic on the host */
    struct tlb *mmu;          /* this vCPU's TLB, for slow paths */
    void *system;             /* struct cpu_system */
    void *runner;             /* the engine's */

    /* Instructions begun, where the context has them counted; those that did
     * not complete are taken back, whether or not they were counted. */
    uint64_t retired;

    struct vcpu_stats stats;

    /* The stack of calls begins here, and how far it may grow by calls
     * without a poll between them. [generated code] */
    uintptr_t stack_base, stack_low;
    /* Spilled values and arguments. [generated code] */
    uint8_t frame[VCPU_FRAME] __attribute__((aligned(64)));

    struct jump_cache_entry jump_cache[JUMP_CACHE_ENTRIES];
};

/* Context flags as jump_key has them, and back. */
static inline uint64_t vcpu_key(uint32_t context)
{
    return (uint64_t)context << VCPU_KEY_SHIFT;
}

static inline uint32_t vcpu_context(const struct vcpu *vcpu)
{
    return (uint32_t)(vcpu->jump_key >> VCPU_KEY_SHIFT);
}

#define VCPU_R(n) offsetof(struct vcpu, r[n])
#define VCPU_V(n) offsetof(struct vcpu, v[n])

/* Set bits of vcpu.request, from any thread: those that were set before. */
static inline uint32_t vcpu_request(struct vcpu *vcpu, uint32_t bits)
{
    uint32_t old = __atomic_fetch_or(&vcpu->request, bits, __ATOMIC_SEQ_CST);

    __atomic_store_n(&vcpu->stack_limit, UINTPTR_MAX, __ATOMIC_RELEASE);
    return old;
}

/* Clear all bits but those of `keep`, by the vCPU's own thread: what was
 * set. */
static inline uint32_t vcpu_served(struct vcpu *vcpu, uint32_t keep)
{
    uint32_t old = __atomic_fetch_and(&vcpu->request, keep,
                                      __ATOMIC_SEQ_CST);

    __atomic_exchange_n(&vcpu->stack_limit, vcpu->stack_low,
                        __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&vcpu->request, __ATOMIC_SEQ_CST)) {
        __atomic_store_n(&vcpu->stack_limit, UINTPTR_MAX, __ATOMIC_RELEASE);
    }
    return old;
}

#endif
