/* Vector ops across elements: pairs, widths, permutations; see vec_ops.h. */
#include "cpu/ir/vec_ops.h"

#include "util/bits.h"

#define MOVE_OP(name)                                                     \
    void ir_op_##name(struct vcpu *vcpu __attribute__((unused)),          \
                      union vec *result, const union vec *a,              \
                      const union vec *b __attribute__((unused)),         \
                      const union vec *c __attribute__((unused)),         \
                      uint64_t desc)

/* Zero the result; the element size and count of the shape. */
static unsigned begin(union vec *result, uint64_t desc, unsigned *log2)
{
    *result = (union vec){0};
    *log2 = ir_desc_log2(desc);
    return ir_desc_count(desc);
}

/* Element n of a followed by b, `count` elements each. */
static uint64_t get_of_pair(const union vec *a, const union vec *b,
                            unsigned log2, unsigned count, unsigned n)
{
    return n < count ? vec_get(a, log2, n) : vec_get(b, log2, n - count);
}

/* -- pairs, sums, widths ------------------------------------------------- */

MOVE_OP(VREV)
{
    unsigned log2, count = begin(result, desc, &log2);
    unsigned flip = (ir_desc_imm(desc) >> (3 + log2)) - 1;

    for (unsigned n = 0; n < count; n++) {
        vec_set(result, log2, n, vec_get(a, log2, n ^ flip));
    }
}

MOVE_OP(VADDP)
{
    unsigned log2, count = begin(result, desc, &log2);

    for (unsigned n = 0; n < count; n++) {
        vec_set(result, log2, n,
                get_of_pair(a, b, log2, count, 2 * n) +
                    get_of_pair(a, b, log2, count, 2 * n + 1));
    }
}

MOVE_OP(VADDLPU)
{
    unsigned log2, count = begin(result, desc, &log2);

    for (unsigned n = 0; n < count; n += 2) {
        vec_set(result, log2 + 1, n / 2,
                vec_get(a, log2, n) + vec_get(a, log2, n + 1));
    }
}

MOVE_OP(VADDLPS)
{
    unsigned log2, count = begin(result, desc, &log2);

    for (unsigned n = 0; n < count; n += 2) {
        vec_set(result, log2 + 1, n / 2,
                (uint64_t)(vec_get_signed(a, log2, n) +
                           vec_get_signed(a, log2, n + 1)));
    }
}

MOVE_OP(VADDV)
{
    unsigned log2, count = begin(result, desc, &log2);
    uint64_t sum = 0;

    for (unsigned n = 0; n < count; n++) {
        sum += vec_get(a, log2, n);
    }
    vec_set(result, log2, 0, sum);
}

MOVE_OP(VWIDENU)
{
    unsigned log2 = ir_desc_log2(desc), count = 8u >> log2;
    unsigned first = ir_desc_imm(desc) ? count : 0;

    for (unsigned n = 0; n < count; n++) {
        vec_set(result, log2 + 1, n, vec_get(a, log2, first + n));
    }
}

MOVE_OP(VWIDENS)
{
    unsigned log2 = ir_desc_log2(desc), count = 8u >> log2;
    unsigned first = ir_desc_imm(desc) ? count : 0;

    for (unsigned n = 0; n < count; n++) {
        vec_set(result, log2 + 1, n,
                (uint64_t)vec_get_signed(a, log2, first + n));
    }
}

MOVE_OP(VNARROW)
{
    unsigned log2 = ir_desc_log2(desc), count = 8u >> log2;

    *result = (union vec){0};
    for (unsigned n = 0; n < count; n++) {
        vec_set(result, log2, n, vec_get(a, log2 + 1, n));
    }
}

MOVE_OP(VCONCAT)
{
    (void)desc;
    result->d[0] = a->d[0];
    result->d[1] = b->d[0];
}

/* Carry-less product of 64-bit numbers. */
static union vec multiply_carryless(uint64_t a, uint64_t b)
{
    union vec r = {0};

    for (int n = 0; n < 64; n++) {
        uint64_t mask = 0 - (b >> n & 1);

        r.d[0] ^= a << n & mask;
        r.d[1] ^= (n ? a >> (64 - n) : 0) & mask;
    }
    return r;
}

MOVE_OP(VPMUL)
{
    unsigned log2, count = begin(result, desc, &log2);

    if (log2 == 3) {
        *result = multiply_carryless(a->d[0], b->d[0]);
        return;
    }
    for (unsigned n = 0; n < count; n++) {
        result->b[n] = multiply_carryless(a->b[n], b->b[n]).b[0];
    }
}

/* -- single elements ----------------------------------------------------- */

static void fill(union vec *result, uint64_t value, uint64_t desc)
{
    unsigned log2, count = begin(result, desc, &log2);

    for (unsigned n = 0; n < count; n++) {
        vec_set(result, log2, n, value);
    }
}

MOVE_OP(VDUP)
{
    fill(result, a->d[0], desc);
}

MOVE_OP(VDUPL)
{
    fill(result, vec_get(a, ir_desc_log2(desc), ir_desc_imm(desc)), desc);
}

MOVE_OP(VINS)
{
    *result = *a;
    vec_set(result, ir_desc_log2(desc), ir_desc_imm(desc), b->d[0]);
}

MOVE_OP(VINSL)
{
    unsigned log2 = ir_desc_log2(desc), imm = ir_desc_imm(desc);

    *result = *a;
    vec_set(result, log2, imm & 15, vec_get(b, log2, imm >> 4));
}

MOVE_OP(VGETL)
{
    unsigned log2 = ir_desc_log2(desc), n = ir_desc_imm(desc);
    int64_t v = vec_get_signed(a, log2, n);

    *result = (union vec){0};
    switch (ir_desc_extra(desc)) {
    case 0:
        result->d[0] = vec_get(a, log2, n);
        break;
    case 1:
        result->d[0] = (uint32_t)v;
        break;
    default:
        result->d[0] = (uint64_t)v;
        break;
    }
}

/* -- permutations -------------------------------------------------------- */

MOVE_OP(VEXT)
{
    unsigned bytes = ir_desc_bytes(desc), first = ir_desc_imm(desc);

    *result = (union vec){0};
    for (unsigned n = 0; n < bytes; n++) {
        result->b[n] = (uint8_t)get_of_pair(a, b, 0, bytes, first + n);
    }
}

MOVE_OP(VZIP)
{
    unsigned log2, count = begin(result, desc, &log2);
    unsigned first = ir_desc_imm(desc) ? count / 2 : 0;

    for (unsigned n = 0; n < count; n++) {
        vec_set(result, log2, n, vec_get(n & 1 ? b : a, log2, first + n / 2));
    }
}

MOVE_OP(VUZP)
{
    unsigned log2, count = begin(result, desc, &log2);
    unsigned part = ir_desc_imm(desc);

    for (unsigned n = 0; n < count; n++) {
        vec_set(result, log2, n,
                get_of_pair(a, b, log2, count, 2 * n + part));
    }
}

MOVE_OP(VTRN)
{
    unsigned log2, count = begin(result, desc, &log2);
    unsigned part = ir_desc_imm(desc);

    for (unsigned n = 0; n < count; n++) {
        vec_set(result, log2, n,
                vec_get(n & 1 ? b : a, log2, (n & ~1u) + part));
    }
}

MOVE_OP(VTBL)
{
    unsigned bytes = ir_desc_bytes(desc);

    *result = (union vec){0};
    for (unsigned n = 0; n < bytes; n++) {
        uint8_t index = (uint8_t)(b->b[n] - ir_desc_imm(desc));

        result->b[n] = index < 16 ? a->b[index] : c ? c->b[n] : 0;
    }
}
