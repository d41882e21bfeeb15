/* Integer vector ops that work element by element; see vec_ops.h. */
#include "cpu/ir/vec_ops.h"

#include "util/bits.h"

#define ARGUMENTS                                                         \
    struct vcpu *vcpu, union vec *result, const union vec *a,             \
        const union vec *b, const union vec *c, uint64_t desc

/* -- bitwise ------------------------------------------------------------- */

/* x, y and z are halves of a, b and c. */
#define BITWISE(name, expr)                                               \
    void ir_op_##name(ARGUMENTS)                                          \
    {                                                                     \
        unsigned bytes = ir_desc_bytes(desc);                             \
                                                                          \
        (void)vcpu;                                                       \
        for (unsigned n = 0; n < 2; n++) {                                \
            uint64_t x = a->d[n], y = b ? b->d[n] : 0;                    \
            uint64_t z = c ? c->d[n] : 0;                                 \
            (void)y;                                                      \
            (void)z;                                                      \
            result->d[n] = (expr);                                        \
        }                                                                 \
        if (bytes < 16) {                                                 \
            result->d[0] &= mask64((int)bytes * 8);                       \
            result->d[1] = 0;                                             \
        }                                                                 \
    }

BITWISE(VAND, x & y)
BITWISE(VOR, x | y)
BITWISE(VXOR, x ^ y)
BITWISE(VANDN, x & ~y)
BITWISE(VORN, x | ~y)
BITWISE(VNOT, ~x)
BITWISE(VSEL, (x & y) | (~x & z))

/* -- arithmetic ---------------------------------------------------------- */

/* x and y are elements of a and b widened to `wide`, `bits` their width. */
#define LOOP(field, wide, expr)                                           \
    for (unsigned n = 0; n < count; n++) {                                \
        wide x = a->field[n], y = b->field[n];                            \
        (void)y;                                                          \
        result->field[n] = (expr);                                        \
    }                                                                     \
    break;

#define ELEMENTWISE(name, sign, wide, expr)                               \
    void ir_op_##name(ARGUMENTS)                                          \
    {                                                                     \
        unsigned log2 = ir_desc_log2(desc), bits = 8u << log2;            \
        unsigned count = ir_desc_count(desc);                             \
                                                                          \
        (void)vcpu;                                                       \
        (void)c;                                                          \
        (void)bits;                                                       \
        b = b ? b : a;                                                    \
        *result = (union vec){0};                                         \
        switch (log2) {                                                   \
        case 0:                                                           \
            LOOP(sign##b, wide, expr)                                     \
        case 1:                                                           \
            LOOP(sign##h, wide, expr)                                     \
        case 2:                                                           \
            LOOP(sign##s, wide, expr)                                     \
        default:                                                          \
            LOOP(sign##d, wide, expr)                                     \
        }                                                                 \
    }

#define UNSIGNED(name, expr) ELEMENTWISE(name, , uint64_t, expr)
#define SIGNED(name, expr) ELEMENTWISE(name, s, int64_t, expr)

UNSIGNED(VADD, x + y)
UNSIGNED(VSUB, x - y)
UNSIGNED(VMUL, x * y)
UNSIGNED(VNEG, 0 - x)
SIGNED(VABS, (int64_t)(x < 0 ? 0 - (uint64_t)x : (uint64_t)x))
UNSIGNED(VMINU, x < y ? x : y)
UNSIGNED(VMAXU, x > y ? x : y)
SIGNED(VMINS, x < y ? x : y)
SIGNED(VMAXS, x > y ? x : y)
UNSIGNED(VCMPEQ, 0 - (uint64_t)(x == y))
SIGNED(VCMPGTS, -(int64_t)(x > y))
SIGNED(VCMPGES, -(int64_t)(x >= y))
UNSIGNED(VCMPGTU, 0 - (uint64_t)(x > y))
UNSIGNED(VCMPGEU, 0 - (uint64_t)(x >= y))
UNSIGNED(VAVGU, ir_desc_extra(desc) ? (x | y) - ((x ^ y) >> 1)
                                    : (x & y) + ((x ^ y) >> 1))
SIGNED(VAVGS, ir_desc_extra(desc) ? (x | y) - ((x ^ y) >> 1)
                                  : (x & y) + ((x ^ y) >> 1))
UNSIGNED(VABDU, x > y ? x - y : y - x)
SIGNED(VABDS, (int64_t)(x > y ? (uint64_t)x - (uint64_t)y
                              : (uint64_t)y - (uint64_t)x))
UNSIGNED(VCNT, (uint64_t)__builtin_popcountll(x))
UNSIGNED(VCLZ, (uint64_t)clz64(x) - (64 - bits))

/* -- shifts -------------------------------------------------------------- */

/* A zero-extended element by any signed amount. */
static uint64_t shift_unsigned(uint64_t x, int by)
{
    if (by <= -64 || by >= 64) {
        return 0;
    }
    return by >= 0 ? x << by : x >> -by;
}

static int64_t shift_signed(int64_t x, int by)
{
    if (by >= 64) {
        return 0;
    }
    return by >= 0 ? (int64_t)((uint64_t)x << by)
                   : x >> (by < -63 ? 63 : -by);
}

UNSIGNED(VSHL, x << ir_desc_imm(desc))
UNSIGNED(VSHRU, shift_unsigned(x, -(int)ir_desc_imm(desc)))
SIGNED(VSHRS, shift_signed(x, -(int)ir_desc_imm(desc)))
UNSIGNED(VSHLVU, shift_unsigned(x, (int8_t)y))
SIGNED(VSHLVS, shift_signed(x, (int8_t)y))

/* -- saturating ---------------------------------------------------------- */

__extension__ typedef __int128 int128;

static uint64_t clamp(struct vcpu *vcpu, int128 v, int128 low, int128 high)
{
    if (v < low || v > high) {
        vcpu->saturated = 1;
        v = v < low ? low : high;
    }
    return (uint64_t)v;
}

#define SAT_U(v) clamp(vcpu, (v), 0, ((int128)1 << bits) - 1)
#define SAT_S(v)                                                          \
    (int64_t)clamp(vcpu, (v), -((int128)1 << (bits - 1)),                 \
                   ((int128)1 << (bits - 1)) - 1)

UNSIGNED(VADDSATU, SAT_U((int128)x + y))
UNSIGNED(VSUBSATU, SAT_U((int128)x - y))
SIGNED(VADDSATS, SAT_S((int128)x + y))
SIGNED(VSUBSATS, SAT_S((int128)x - y))
