/*
 * What an SVE instruction is when it runs: a helper that gets its operands as
 * one word, made by sve_emit() (translate_sve.h), and the loops over elements
 * that these helpers share.
 *
 * A helper works on copies of the registers, so that operands may be the same
 * ones; inactive elements keep the destination's value or become zero.
 */
#ifndef CPU_ARM_SVE_RUN_H
#define CPU_ARM_SVE_RUN_H

#include <string.h>

#include "cpu/arm/arm_cpu.h"
#include "util/bits.h"

#define SVE_INLINE static inline __attribute__((always_inline))

__extension__ typedef __int128 sve_int128;
__extension__ typedef unsigned __int128 sve_uint128;

union sve_z {
    uint8_t b[SVE_MAX_BYTES];
    uint16_t h[SVE_MAX_BYTES / 2];
    uint32_t s[SVE_MAX_BYTES / 4];
    uint64_t d[SVE_MAX_BYTES / 8];
    union vec q[SVE_LENGTHS];
};

/* Where the second operand comes from. */
enum sve_second {
    SVE_REGISTER,
    SVE_SCALAR,  /* the helper's scalar, the same for each element */
    SVE_ELEMENT, /* element imm & 255 of each 128 bits of the register */
    SVE_HALF,    /* such an element of half the size, in both halves */
    SVE_WIDE,    /* the doubleword of the register that the element is in, or
                    the largest element when it is larger */
};

/* The predicate that is true everywhere. */
enum { SVE_ALL = 16 };

/* The operands, unpacked; d n m a are numbers of Z or P registers. */
struct sve_operands {
    unsigned d, n, m, a;
    unsigned g;      /* governing predicate or SVE_ALL */
    unsigned esz;    /* log2 of the element's bytes */
    bool zero;       /* inactive elements become zero */
    enum sve_second second;
    int imm;
    unsigned x, y;   /* when translating: the scalars (ir_ref) */
};

static inline uint64_t sve_pack(const struct sve_operands *o)
{
    return o->d | o->n << 5 | o->m << 10 | o->a << 15 | o->g << 20 |
           o->esz << 25 | (uint32_t)o->zero << 28 |
           (uint32_t)o->second << 29 | (uint64_t)(uint32_t)o->imm << 32;
}

static inline struct sve_operands sve_unpack(uint64_t w)
{
    return (struct sve_operands){
        .d = w & 31, .n = w >> 5 & 31, .m = w >> 10 & 31, .a = w >> 15 & 31,
        .g = w >> 20 & 31, .esz = w >> 25 & 7, .zero = w >> 28 & 1,
        .second = (enum sve_second)(w >> 29 & 7), .imm = (int)(w >> 32),
    };
}

/* -- registers ----------------------------------------------------------- */

static inline void sve_read(const struct arm_cpu *cpu, unsigned n,
                            union sve_z *z)
{
    z->q[0] = cpu->vcpu.v[n];
    memcpy(&z->q[1], cpu->sve.high[n], sizeof(cpu->sve.high[n]));
}

static inline void sve_write(struct arm_cpu *cpu, unsigned n,
                             const union sve_z *z)
{
    cpu->vcpu.v[n] = z->q[0];
    memcpy(cpu->sve.high[n], &z->q[1], sizeof(cpu->sve.high[n]));
}

/* The bits of a predicate that the vector length has. */
static inline uint64_t sve_all(const struct arm_cpu *cpu)
{
    return mask64(cpu->sve.vl);
}

static inline uint64_t sve_p(const struct arm_cpu *cpu, unsigned n)
{
    return n == SVE_ALL ? sve_all(cpu) : cpu->sve.p[n];
}

/* A bit for each element of this size. */
static inline uint64_t sve_each(unsigned esz)
{
    static const uint64_t bits[] = {
        UINT64_MAX, UINT64_C(0x5555555555555555),
        UINT64_C(0x1111111111111111), UINT64_C(0x0101010101010101),
        UINT64_C(0x0001000100010001),
    };

    return bits[esz];
}

/* PredTest(): N, Z and C of `result` as NZCV; both have a bit an element. */
static inline uint64_t sve_test(uint64_t g, uint64_t result)
{
    uint64_t first = g & -g, last = g ? BIT(63 - clz64(g)) : 0;

    result &= g;
    return (result & first ? BIT(31) : 0) | (result ? 0 : BIT(30)) |
           (result & last ? 0 : BIT(29));
}

/* -- elements ------------------------------------------------------------ */

SVE_INLINE uint64_t sve_get(const union sve_z *z, unsigned esz, unsigned n)
{
    switch (esz) {
    case 0:
        return z->b[n];
    case 1:
        return z->h[n];
    case 2:
        return z->s[n];
    default:
        return z->d[n];
    }
}

SVE_INLINE void sve_set(union sve_z *z, unsigned esz, unsigned n, uint64_t v)
{
    switch (esz) {
    case 0:
        z->b[n] = (uint8_t)v;
        break;
    case 1:
        z->h[n] = (uint16_t)v;
        break;
    case 2:
        z->s[n] = (uint32_t)v;
        break;
    default:
        z->d[n] = v;
    }
}

SVE_INLINE unsigned sve_bits(unsigned esz)
{
    return 8u << esz;
}

/* v as a signed and as an unsigned element. */
SVE_INLINE int64_t sve_s(unsigned esz, uint64_t v)
{
    unsigned unused = 64 - sve_bits(esz);

    return (int64_t)(v << unused) >> unused;
}

SVE_INLINE uint64_t sve_u(unsigned esz, uint64_t v)
{
    unsigned unused = 64 - sve_bits(esz);

    return v << unused >> unused;
}

SVE_INLINE uint64_t sve_saturate_s(unsigned esz, sve_int128 v)
{
    sve_int128 high = (sve_int128)mask64(sve_bits(esz) - 1), low = -high - 1;

    return (uint64_t)(v < low ? low : v > high ? high : v);
}

SVE_INLINE uint64_t sve_saturate_u(unsigned esz, sve_int128 v)
{
    sve_int128 high = (sve_int128)mask64(sve_bits(esz));

    return (uint64_t)(v < 0 ? 0 : v > high ? high : v);
}

/* -- the loops ----------------------------------------------------------- */

struct sve_run {
    struct vcpu *vcpu;
    struct sve_operands o;
    union sve_z d, n, m, a;
    uint64_t scalar, active;
    unsigned vl;
};

/* One element of the result; all operands zero-extended. */
typedef uint64_t sve_element_fn(struct vcpu *vcpu, unsigned esz, uint64_t n,
                                uint64_t m, uint64_t a, int imm);
typedef bool sve_compare_fn(struct vcpu *vcpu, unsigned esz, uint64_t n,
                            uint64_t m);

/* Read n and m (a scalar, or one element, as if it were a whole register),
 * the predicate and the vector length. */
void sve_begin(struct sve_run *r, struct vcpu *vcpu, uint64_t word,
               uint64_t scalar);
/* Read a, and d or zero, too. */
void sve_begin_elements(struct sve_run *r, struct vcpu *vcpu, uint64_t word,
                        uint64_t scalar);

SVE_INLINE void sve_each_element(struct sve_run *r, unsigned esz,
                                 sve_element_fn *f)
{
    for (unsigned k = 0; k < r->vl >> esz; k++) {
        if (r->active >> (k << esz) & 1) {
            sve_set(&r->d, esz, k,
                    f(r->vcpu, esz, sve_get(&r->n, esz, k),
                      sve_get(&r->m, esz, k), sve_get(&r->a, esz, k),
                      r->o.imm));
        }
    }
}

/* d = f(n, m, a) where active; `least` is the smallest element there is. */
SVE_INLINE void sve_elements(struct vcpu *vcpu, uint64_t word,
                             uint64_t scalar, unsigned least,
                             sve_element_fn *f)
{
    struct sve_run r;

    sve_begin_elements(&r, vcpu, word, scalar);
    if (least == 0 && r.o.esz == 0) {
        sve_each_element(&r, 0, f);
    } else if (least <= 1 && r.o.esz == 1) {
        sve_each_element(&r, 1, f);
    } else if (least <= 2 && r.o.esz == 2) {
        sve_each_element(&r, 2, f);
    } else {
        sve_each_element(&r, 3, f);
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
}

/* `op` of two elements. */
typedef uint64_t sve_pair_fn(struct vcpu *vcpu, unsigned op, unsigned esz,
                             uint64_t n, uint64_t m);

/* Pairs of n to the even elements of d, of m to the odd ones, where active;
 * imm: the operation. */
SVE_INLINE void sve_pairs(struct vcpu *vcpu, uint64_t word, sve_pair_fn *f)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    sve_read(cpu, r.o.d, &r.d);
    for (unsigned k = 0; k < r.vl >> r.o.esz; k++) {
        const union sve_z *from = k & 1 ? &r.m : &r.n;

        if (r.active >> (k << r.o.esz) & 1) {
            sve_set(&r.d, r.o.esz, k,
                    f(vcpu, (unsigned)r.o.imm, r.o.esz,
                      sve_get(from, r.o.esz, k & ~1u),
                      sve_get(from, r.o.esz, k | 1)));
        }
    }
    sve_write(cpu, r.o.d, &r.d);
}

SVE_INLINE uint64_t sve_each_compare(struct sve_run *r, unsigned esz,
                                     sve_compare_fn *f)
{
    uint64_t result = 0;

    for (unsigned k = 0; k < r->vl >> esz; k++) {
        if ((r->active >> (k << esz) & 1) &&
            f(r->vcpu, esz, sve_get(&r->n, esz, k),
              sve_get(&r->m, esz, k))) {
            result |= BIT(k << esz);
        }
    }
    return result;
}

/* Predicate d = f(n, m) where active, else false; returns NZCV. */
SVE_INLINE uint64_t sve_compares(struct vcpu *vcpu, uint64_t word,
                                 uint64_t scalar, unsigned least,
                                 sve_compare_fn *f)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;
    uint64_t result;

    sve_begin(&r, vcpu, word, scalar);
    if (least == 0 && r.o.esz == 0) {
        result = sve_each_compare(&r, 0, f);
    } else if (least <= 1 && r.o.esz == 1) {
        result = sve_each_compare(&r, 1, f);
    } else if (r.o.esz == 2) {
        result = sve_each_compare(&r, 2, f);
    } else {
        result = sve_each_compare(&r, 3, f);
    }
    cpu->sve.p[r.o.d] = result;
    return sve_test(r.active & sve_each(r.o.esz), result);
}

#endif
