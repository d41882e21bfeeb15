/*
 * See slowpath.h.
 */
#include "cpu/jit/slowpath.h"

#include <string.h>

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

/* -- atomics -------------------------------------------------------------- */

/* Swap in `value` if memory equals *expected, which becomes what was
 * there. */
static bool cas(void *host, unsigned size, union vec *expected,
                const union vec *value)
{
    const int sc = __ATOMIC_SEQ_CST;
    bool done;

    switch (size) {
    case 1:
        return __atomic_compare_exchange_n((uint8_t *)host, &expected->b[0],
                                           value->b[0], false, sc, sc);
    case 2:
        return __atomic_compare_exchange_n((uint16_t *)host, &expected->h[0],
                                           value->h[0], false, sc, sc);
    case 4:
        return __atomic_compare_exchange_n((uint32_t *)host, &expected->s[0],
                                           value->s[0], false, sc, sc);
    case 8:
        return __atomic_compare_exchange_n((uint64_t *)host, &expected->d[0],
                                           value->d[0], false, sc, sc);
    default:
        __asm__ volatile("lock cmpxchg16b %1"
                         : "=@ccz"(done), "+m"(*(union vec *)host),
                           "+a"(expected->d[0]), "+d"(expected->d[1])
                         : "b"(value->d[0]), "c"(value->d[1])
                         : "memory");
        return done;
    }
}

/* One atomic load: by cmpxchg16b where it takes one. */
static union vec load(void *host, unsigned size)
{
    union vec v = { 0 };

    switch (size) {
    case 1:
        v.b[0] = __atomic_load_n((uint8_t *)host, __ATOMIC_ACQUIRE);
        break;
    case 2:
        v.h[0] = __atomic_load_n((uint16_t *)host, __ATOMIC_ACQUIRE);
        break;
    case 4:
        v.s[0] = __atomic_load_n((uint32_t *)host, __ATOMIC_ACQUIRE);
        break;
    case 8:
        v.d[0] = __atomic_load_n((uint64_t *)host, __ATOMIC_ACQUIRE);
        break;
    default:
        cas(host, 16, &v, &v);
    }
    return v;
}

static uint64_t combine(enum ir_rmw op, int bits, uint64_t a, uint64_t b)
{
    int64_t sa = sextract64(a, 0, bits), sb = sextract64(b, 0, bits);

    b = extract64(b, 0, bits);
    switch (op) {
    case IR_RMW_ADD:
        return a + b;
    case IR_RMW_CLR:
        return a & ~b;
    case IR_RMW_EOR:
        return a ^ b;
    case IR_RMW_SET:
        return a | b;
    case IR_RMW_SMAX:
        return sa > sb ? a : b;
    case IR_RMW_SMIN:
        return sa < sb ? a : b;
    case IR_RMW_UMAX:
        return a > b ? a : b;
    case IR_RMW_UMIN:
        return a < b ? a : b;
    default:
        return b;
    }
}

static uint64_t reverse(unsigned size, uint64_t v)
{
    return __builtin_bswap64(v) >> (64 - 8 * size);
}

static union vec rmw(void *host, unsigned size, uint32_t desc, uint64_t b)
{
    enum ir_rmw op = desc >> SLOW_RMW_SHIFT & 15;
    union vec old = load(host, size), value = { 0 };

    do {
        if (desc & SLOW_REVERSED) {
            uint64_t was = reverse(size, old.d[0]);
            value.d[0] = reverse(size, combine(op, (int)size * 8, was, b));
        } else {
            value.d[0] = combine(op, (int)size * 8, old.d[0], b);
        }
    } while (!cas(host, size, &old, &value));
    return old;
}

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
    union vec v = load(host, size);

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

    arg[1].d[0] = !cas(host, size, &expected, &value);
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
        arg[1] = rmw(host, size, desc, arg[1].d[0]);
        break;
    case SLOW_CAS:
        memcpy(&old, &arg[1], size);
        cas(host, size, &old, &arg[2]);
        arg[1] = old;
        break;
    }
    tlb_atomic_done(vcpu->mmu);
}
