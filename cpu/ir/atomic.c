/*
 * See atomic.h.
 */
#include "cpu/ir/atomic.h"

#include "util/bits.h"

bool atomic_swap_if(void *host, unsigned size, union vec *expected,
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
union vec atomic_load(void *host, unsigned size)
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
        atomic_swap_if(host, 16, &v, &v);
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

union vec atomic_rmw(void *host, unsigned size, enum ir_rmw op, bool reversed,
                     uint64_t b)
{
    union vec old = atomic_load(host, size), value = { 0 };

    do {
        if (reversed) {
            uint64_t was = reverse(size, old.d[0]);
            value.d[0] = reverse(size, combine(op, (int)size * 8, was, b));
        } else {
            value.d[0] = combine(op, (int)size * 8, old.d[0], b);
        }
    } while (!atomic_swap_if(host, size, &old, &value));
    return old;
}
