/* cpu/ir: the vector, FP and AES ops in C, a row a case; what they do to
 * whole instructions is compared by tests/fuzz. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/ir/interp.h"
#include "util/bits.h"

Suite *vec_ops_suite(void);

#define V(high, low) {.d = {UINT64_C(low), UINT64_C(high)}}
#define ZERO V(0, 0)

struct row {
    enum ir_opcode op;
    enum ir_type type;
    unsigned aux; /* shape | extra << 8 */
    uint32_t imm;
    union vec a, b, c, result;
    bool saturates;
    uint32_t flags; /* enum fp_flag */
};

#define EXTRA(n) ((n) << 8)
#define FIXED(fraction, rounding, is_unsigned) \
    ((fraction) | (rounding) << 8 | (is_unsigned) << 12)

static const struct row integer_rows[] = {
    /* The shape: S and D clear what lies above. */
    {IR_VADD, IR_I8, IR_Q, 0, V(0xff01020304050607, 0x7f80ff0001020304),
     V(0x0101010101010101, 0x0101010101010101), ZERO,
     V(0x0002030405060708, 0x8081000102030405), false, 0},
    {IR_VADD, IR_I16, IR_D, 0, V(1, 0xffff000100020003),
     V(1, 0x0001000100010001), ZERO, V(0, 0x0000000200030004), false, 0},
    {IR_VADD, IR_I32, IR_S, 0, V(1, 0x11111111ffffffff),
     V(1, 0x1111111100000002), ZERO, V(0, 1), false, 0},
    {IR_VNOT, IR_I8, IR_D, 0, V(5, 0x0f), ZERO, ZERO,
     V(0, 0xfffffffffffffff0), false, 0},
    {IR_VSEL, IR_I8, IR_Q, 0, V(0xff00, 0xf0f0), V(0x1234, 0xaaaa),
     V(0x5678, 0x5555), V(0x1278, 0xa5a5), false, 0},
    {IR_VABS, IR_I64, IR_Q, 0, V(0x8000000000000000, 0xffffffffffffffff),
     ZERO, ZERO, V(0x8000000000000000, 1), false, 0},
    {IR_VMUL, IR_I16, IR_D, 0, V(0, 0xffff000300020100),
     V(0, 0xffff000500020100), ZERO, V(0, 0x0001000f00040000), false, 0},
    {IR_VSHRS, IR_I16, IR_D, 16, V(0, 0x80007fff00010000), ZERO, ZERO,
     V(0, 0xffff000000000000), false, 0},
    {IR_VSHRU, IR_I64, IR_Q, 64, V(1, 1), ZERO, ZERO, ZERO, false, 0},
    {IR_VSHLVS, IR_I8, IR_D, 0, V(0, 0x8080808001010101),
     V(0, 0xff80077f08f90701), ZERO, V(0, 0xc0ff000000008002), false, 0},
    {IR_VSHLVU, IR_I32, IR_D, 0, V(0, 0x8000000080000000),
     V(0, 0xffffffe1ffffffe0), ZERO, V(0, 0x100000000), false, 0},
    {IR_VCMPGTS, IR_I8, IR_D, 0, V(0, 0x80ff00017f000000),
     V(0, 0x7f00ff00ff000100), ZERO, V(0, 0x0000ffffff000000), false, 0},
    {IR_VCMPGEU, IR_I32, IR_D, 0, V(0, 0x8000000000000001),
     V(0, 0x7fffffff00000002), ZERO, V(0, 0xffffffff00000000), false, 0},
    {IR_VADDSATS, IR_I8, IR_D, 0, V(0, 0x7f80), V(0, 0x01ff), ZERO,
     V(0, 0x7f80), true, 0},
    {IR_VADDSATU, IR_I64, IR_S, 0, V(0, 0xffffffffffffffff), V(0, 1), ZERO,
     V(0, 0xffffffffffffffff), true, 0},
    {IR_VADDSATU, IR_I8, IR_D, 0, V(0, 0x01fe), V(0, 0x0101), ZERO,
     V(0, 0x02ff), false, 0},
    {IR_VSUBSATU, IR_I16, IR_D, 0, V(0, 0x00000005), V(0, 0x00010004), ZERO,
     V(0, 0x00000001), true, 0},
    {IR_VSUBSATS, IR_I64, IR_S, 0, V(0, 0), V(0, 0x8000000000000000), ZERO,
     V(0, 0x7fffffffffffffff), true, 0},
    /* An element that the shape leaves out cannot saturate. */
    {IR_VADDSATS, IR_I8, IR_S, 0, V(0, 0x7f01), V(0, 0x0101), ZERO,
     V(0, 0x02), false, 0},
    {IR_VAVGU, IR_I8, IR_D, 0, V(0, 0xff02), V(0, 0xff03), ZERO,
     V(0, 0xff02), false, 0},
    {IR_VAVGU, IR_I8, IR_D | EXTRA(1), 0, V(0, 0xff02), V(0, 0xff03), ZERO,
     V(0, 0xff03), false, 0},
    {IR_VAVGS, IR_I64, IR_S | EXTRA(1), 0, V(0, 0xfffffffffffffffe),
     V(0, 0xfffffffffffffffd), ZERO, V(0, 0xfffffffffffffffe), false, 0},
    {IR_VABDS, IR_I8, IR_D, 0, V(0, 0x807f), V(0, 0x7f80), ZERO,
     V(0, 0xffff), false, 0},
    {IR_VCLZ, IR_I16, IR_D, 0, V(0, 0x0000000180000100), ZERO, ZERO,
     V(0, 0x0010000f00000007), false, 0},
    {IR_VCNT, IR_I8, IR_D, 0, V(0, 0xff01), ZERO, ZERO, V(0, 0x0801), false,
     0},
};

static const struct row move_rows[] = {
    {IR_VREV, IR_I8, IR_Q, 32, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     ZERO, ZERO, V(0x0c0d0e0f08090a0b, 0x0405060700010203), false, 0},
    {IR_VADDP, IR_I16, IR_D, 0, V(0, 0x0004000300020001),
     V(0, 0x0040003000200010), ZERO, V(0, 0x0070003000070003), false, 0},
    {IR_VADDLPS, IR_I8, IR_D, 0, V(0, 0x8080ff01), ZERO, ZERO,
     V(0, 0xff000000), false, 0},
    {IR_VADDV, IR_I32, IR_Q, 0, V(0x0000000100000002, 0x00000003ffffffff),
     ZERO, ZERO, V(0, 5), false, 0},
    {IR_VWIDENS, IR_I32, IR_Q, 1, V(0x8000000000000001, 0), ZERO, ZERO,
     V(0xffffffff80000000, 1), false, 0},
    {IR_VNARROW, IR_I8, IR_D, 0, V(0x0807060504030201, 0x1817161514131211),
     ZERO, ZERO, V(0, 0x0705030117151311), false, 0},
    {IR_VCONCAT, IR_I64, IR_Q, 0, V(1, 2), V(3, 4), ZERO, V(4, 2), false, 0},
    {IR_VPMUL, IR_I8, IR_D, 0, V(0, 0xff03), V(0, 0xff03), ZERO,
     V(0, 0x5505), false, 0},
    {IR_VPMUL, IR_I64, IR_Q, 0, V(9, 0x8000000000000001),
     V(9, 0x8000000000000001), ZERO, V(0x4000000000000000, 1), false, 0},
    {IR_VDUP, IR_I16, IR_D, 0, V(0, 0x12345678), ZERO, ZERO,
     V(0, 0x5678567856785678), false, 0},
    {IR_VDUPL, IR_I32, IR_S, 3, V(0x1122334455667788, 0), ZERO, ZERO,
     V(0, 0x11223344), false, 0},
    {IR_VINS, IR_I8, IR_Q, 15, V(0, 5), V(0, 0x1ff), ZERO,
     V(0xff00000000000000, 5), false, 0},
    {IR_VINSL, IR_I32, IR_Q, 1 | 2 << 4, V(7, 0), V(0xaaaa5555, 0), ZERO,
     V(7, 0xaaaa555500000000), false, 0},
    {IR_VGETL, IR_I8, IR_S, 1, V(0, 0x8000), ZERO, ZERO, V(0, 0x80), false,
     0},
    {IR_VGETL, IR_I8, IR_S | EXTRA(1), 1, V(0, 0x8000), ZERO, ZERO,
     V(0, 0xffffff80), false, 0},
    {IR_VGETL, IR_I32, IR_S | EXTRA(2), 2, V(0x80000000, 0), ZERO, ZERO,
     V(0, 0xffffffff80000000), false, 0},
    {IR_VEXT, IR_I8, IR_D, 3, V(9, 0x0706050403020100),
     V(9, 0x1716151413121110), ZERO, V(0, 0x1211100706050403), false, 0},
    {IR_VZIP, IR_I32, IR_D, 1, V(9, 0x0000000200000001),
     V(9, 0x0000000400000003), ZERO, V(0, 0x0000000400000002), false, 0},
    {IR_VUZP, IR_I16, IR_D, 1, V(9, 0x0004000300020001),
     V(9, 0x0008000700060005), ZERO, V(0, 0x0008000600040002), false, 0},
    {IR_VTRN, IR_I64, IR_Q, 0, V(2, 1), V(4, 3), ZERO, V(3, 1), false, 0},
    {IR_VTBL, IR_I8, IR_D, 16, V(0x0f0e0d0c0b0a0908, 0x0706050403020100),
     V(0, 0x000f101f20ff1112), V(0, 0x4142434445464748),
     V(0, 0x4142000f45460102), false, 0},
};

static const struct row fp_rows[] = {
    {IR_FADD, IR_F32, IR_Q, 0, V(0x3f8000007f800000, 0x3f8000003f800000),
     V(0x33000000ff800000, 0x3f80000000000000), ZERO,
     V(0x3f8000007fc00000, 0x400000003f800000), false, FP_IOC | FP_IXC},
    {IR_FADD, IR_F64, IR_S, 0, V(1, 0x3ff0000000000000),
     V(1, 0x3ff0000000000000), ZERO, V(0, 0x4000000000000000), false, 0},
    {IR_FDIV, IR_F16, IR_S, 0, V(0, 0x3c00), V(0, 0), ZERO, V(0, 0x7c00),
     false, FP_DZC},
    /* -a - b * c, and NaNs as if the operands were negated. */
    {IR_FMULADD, IR_F32, IR_S | EXTRA(IR_NEG_PRODUCT | IR_NEG_ADDEND), 0,
     V(0, 0x3f800000), V(0, 0x40000000), V(0, 0x40400000),
     V(0, 0xc0e00000), false, 0},
    {IR_FMULADD, IR_F32, IR_S | EXTRA(IR_NEG_ADDEND), 0, V(0, 0x7fc00001),
     V(0, 0x40000000), V(0, 0x40400000), V(0, 0xffc00001), false, 0},
    {IR_FMAXNM, IR_F32, IR_S, 0, V(0, 0x7fc00000), V(0, 0xbf800000), ZERO,
     V(0, 0xbf800000), false, 0},
    {IR_FNEG, IR_F16, IR_D, 0, V(0, 0x7e003c00), ZERO, ZERO,
     V(0, 0x80008000fe00bc00), false, 0},
    {IR_FRINT, IR_F64, IR_S, 4, V(0, 0x4004000000000000), ZERO, ZERO,
     V(0, 0x4008000000000000), false, 0},
    {IR_FRINT, IR_F64, IR_S, 7 | 8, V(0, 0x4004000000000000), ZERO, ZERO,
     V(0, 0x4000000000000000), false, FP_IXC},
    {IR_FCMPGE, IR_F32, IR_D, 0, V(0, 0x3f8000007fc00000),
     V(0, 0x3f80000000000000), ZERO, V(0, 0xffffffff00000000), false,
     FP_IOC},
    {IR_FCVT, IR_F64, IR_S, IR_F16, V(0, 0x3c00), ZERO, ZERO,
     V(0, 0x3ff0000000000000), false, 0},
    {IR_FCVTL, IR_F32, IR_Q, 1, V(0x400000003f800000, 0), ZERO, ZERO,
     V(0x4000000000000000, 0x3ff0000000000000), false, 0},
    {IR_FCVTN, IR_F32, IR_D, 1, V(0, 0x3ff0000000000001), ZERO, ZERO,
     V(0, 0x3f800001), false, FP_IXC},
    {IR_FTOI, IR_F32, IR_D, FIXED(0, 3, 1), V(0, 0xbf8000004f000000), ZERO,
     ZERO, V(0, 0x0000000080000000), false, FP_IOC},
    {IR_ITOF, IR_F32, IR_D, FIXED(1, 7, 0), V(0, 0xffffffff00000003), ZERO,
     ZERO, V(0, 0xbf0000003fc00000), false, 0},
    {IR_FTOI_R, IR_F64, IR_S | EXTRA(IR_I32), FIXED(0, 0, 0),
     V(0, 0xbff8000000000000), ZERO, ZERO, V(0, 0xfffffffe), false, FP_IXC},
    {IR_ITOF_R, IR_F64, IR_S | EXTRA(IR_I64), FIXED(0, 7, 1),
     V(0, 0x8000000000000000), ZERO, ZERO, V(0, 0x43e0000000000000), false,
     0},
    /* Packed flags: C and V, Z and C. */
    {IR_FCMP, IR_F32, IR_S | EXTRA(1), 0, V(0, 0x7fc00000), V(0, 0), ZERO,
     V(0, 0x0001), false, FP_IOC},
    {IR_FCMP, IR_F64, IR_S, 0, V(0, 0), V(0, 0x8000000000000000), ZERO,
     V(0, 0x4000), false, 0},
};

/* FIPS 197 appendix B: the first round and the way back. */
static const struct row aes_rows[] = {
    {IR_AESE, IR_I8, IR_Q, 0, V(0x340737e0a2983131, 0x8d305a88a8f64332),
     V(0x3c4fcf098815f7ab, 0xa6d2ae2816157e2b), ZERO,
     V(0xe598271ef11141b8, 0xae52b4e0305dbfd4), false, 0},
    {IR_AESMC, IR_I8, IR_Q, 0, V(0xe598271ef11141b8, 0xae52b4e0305dbfd4),
     ZERO, ZERO, V(0x4c2606287ad3f848, 0x9a19cbe0e5816604), false, 0},
    {IR_AESIMC, IR_I8, IR_Q, 0, V(0x4c2606287ad3f848, 0x9a19cbe0e5816604),
     ZERO, ZERO, V(0xe598271ef11141b8, 0xae52b4e0305dbfd4), false, 0},
    {IR_AESD, IR_I8, IR_Q, 0, V(0xe598271ef11141b8, 0xae52b4e0305dbfd4),
     ZERO, ZERO, V(0x0848f8e92a8dc69a, 0x2be2f4a0bee33d19), false, 0},
};

static void check_rows(const struct row *row, size_t count)
{
    struct vcpu *vcpu = calloc(1, sizeof(*vcpu));

    for (size_t n = 0; n < count; n++) {
        const struct row *r = &row[n];
        struct ir_insn i = {.type = (uint8_t)r->type,
                            .aux = (uint16_t)r->aux, .imm = r->imm};
        union vec result;

        vcpu->saturated = 0;
        vcpu->fp = fp_status_from_fpcr(0);
        memset(&result, 0xa5, sizeof(result));
        ir_vec_ops[r->op](vcpu, &result, &r->a, &r->b, &r->c,
                          ir_vec_desc(&i));
        ck_assert_msg(result.d[0] == r->result.d[0] &&
                          result.d[1] == r->result.d[1],
                      "row %zu: %016" PRIx64 " %016" PRIx64, n, result.d[1],
                      result.d[0]);
        ck_assert_msg(!!vcpu->saturated == r->saturates, "row %zu", n);
        ck_assert_msg(vcpu->fp.flags == r->flags, "row %zu: flags %#x", n,
                      vcpu->fp.flags);
    }
    free(vcpu);
}

START_TEST(integer_ops)
{
    check_rows(integer_rows, ARRAY_SIZE(integer_rows));
}
END_TEST

START_TEST(moves)
{
    check_rows(move_rows, ARRAY_SIZE(move_rows));
}
END_TEST

START_TEST(floating_point)
{
    check_rows(fp_rows, ARRAY_SIZE(fp_rows));
}
END_TEST

START_TEST(aes)
{
    check_rows(aes_rows, ARRAY_SIZE(aes_rows));
}
END_TEST

/* Every op of the vector, FP and AES sections has its function. */
START_TEST(table_is_complete)
{
    for (unsigned op = IR_VAND; op < IR_OPCODES; op++) {
        ck_assert_msg(ir_vec_ops[op], "op %u", op);
    }
}
END_TEST

Suite *vec_ops_suite(void)
{
    Suite *s = suite_create("vec_ops");
    TCase *t = tcase_create("ops");

    tcase_add_test(t, integer_ops);
    tcase_add_test(t, moves);
    tcase_add_test(t, floating_point);
    tcase_add_test(t, aes);
    tcase_add_test(t, table_is_complete);
    suite_add_tcase(s, t);
    return s;
}
