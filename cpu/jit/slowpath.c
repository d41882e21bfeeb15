/*
 * See slowpath.h.
 */
#include "cpu/jit/slowpath.h"

#include <string.h>

#include "cpu/ir/atomic.h"
#include "util/bits.h"

static struct tlb_context *context(struct vcpu *vcpu, uint32_t desc)
{
    return desc & SLOW_UNPRIV ? vcpu->tlb_unpriv : vcpu->tlb;
}

void jit_slow_plain(struct vcpu *vcpu, uint32_t desc, union vec *arg)
{
    unsigned size = 1u << (desc & SLOW_SIZE_MASK);
    unsigned flags = (desc & SLOW_ALIGNED ? TLB_ALIGNED : 0) |
                     (desc & SLOW_NORMAL ? TLB_NORMAL : 0) |
                     (desc & SLOW_PAIR ? TLB_PAIR : 0);
    uint64_t va = arg[0].d[0];
    bool ok;

    vcpu->stats.slow_unpriv += (desc & SLOW_UNPRIV) != 0;
    if (desc & SLOW_STORE) {
        vcpu->stats.slow_stores++;
        ok = tlb_store(vcpu->mmu, context(vcpu, desc), va, size, flags,
                       &arg[1], &vcpu->fault);
    } else {
        vcpu->stats.slow_loads++;
        ok = tlb_load(vcpu->mmu, context(vcpu, desc), va, size, flags,
                      &arg[1], &vcpu->fault);
    }
    if (!ok) {
        vcpu->exit = VCPU_EXIT_FAULT;
    }
}

void jit_slow_check(struct vcpu *vcpu, uint32_t desc, union vec *arg)
{
    unsigned flags = desc >> SLOW_CHECK_SHIFT;

    vcpu->stats.slow_checks++;
    arg[0].d[0] = tlb_fill(vcpu->mmu, vcpu->tlb, arg[0].d[0], desc & 0xffff,
                           flags & IR_CHECK_WRITE, flags & IR_CHECK_SURE);
}

/* -- atomics -------------------------------------------------------------- */

/* A pair of elements of `each` bytes as they lie in memory, and back. */
static union vec join(unsigned each, const union vec *arg)
{
    union vec v = { 0 };

    memcpy(&v, &arg[0], each);
    memcpy(&v.b[each], &arg[1], each);
    return v;
}

static void split(unsigned each, union vec v, union vec *arg)
{
    arg[0].d[0] = arg[1].d[0] = 0;
    memcpy(&arg[0], &v, each);
    memcpy(&arg[1], &v.b[each], each);
}

static void load_exclusive(struct vcpu *vcpu, void *host, unsigned size,
                           bool pair, union vec *arg)
{
    union vec v = atomic_load(host, size);

    vcpu->excl_addr = arg[0].d[0];
    vcpu->excl_size = size;
    vcpu->excl_value[0] = v.d[0];
    vcpu->excl_value[1] = v.d[1];
    if (pair) {
        split(size / 2, v, &arg[1]);
    } else {
        arg[1].d[0] = v.d[0];
    }
}

static void store_exclusive(struct vcpu *vcpu, void *host, unsigned size,
                            bool pair, union vec *arg)
{
    union vec expected = { .d = { vcpu->excl_value[0],
                                  vcpu->excl_value[1] } };
    union vec value = pair ? join(size / 2, &arg[1]) : arg[1];

    arg[1].d[0] = !atomic_swap_if(host, size, &expected, &value);
    vcpu->excl_addr = VCPU_EXCL_NONE;
}

void jit_slow_atomic(struct vcpu *vcpu, uint32_t desc, union vec *arg)
{
    unsigned size = 1u << (desc & SLOW_SIZE_MASK);
    enum slow_op op = desc >> SLOW_OP_SHIFT & 3;
    bool pair = desc & SLOW_PAIR;
    union vec old = { 0 };
    void *host;

    vcpu->stats.slow_atomic[op]++;
    if (op == SLOW_STORE_EX && (vcpu->excl_addr != arg[0].d[0] ||
                                vcpu->excl_size != size)) {
        /* Fails without an access, so without a fault. */
        vcpu->excl_addr = VCPU_EXCL_NONE;
        arg[1].d[0] = 1;
        return;
    }
    host = tlb_host_for_atomic(vcpu->mmu, context(vcpu, desc), arg[0].d[0],
                               size, op != SLOW_LOAD_EX, &vcpu->fault);
    if (!host) {
        vcpu->exit = VCPU_EXIT_FAULT;
        return;
    }
    switch (op) {
    case SLOW_LOAD_EX:
        load_exclusive(vcpu, host, size, pair, arg);
        break;
    case SLOW_STORE_EX:
        store_exclusive(vcpu, host, size, pair, arg);
        break;
    case SLOW_RMW:
        arg[1] = atomic_rmw(host, size, desc >> SLOW_RMW_SHIFT & 15,
                            desc & SLOW_REVERSED, arg[1].d[0]);
        break;
    case SLOW_CAS:
        memcpy(&old, &arg[1], size);
        atomic_swap_if(host, size, &old, &arg[2]);
        arg[1] = old;
        break;
    }
    tlb_atomic_done(vcpu->mmu);
}
