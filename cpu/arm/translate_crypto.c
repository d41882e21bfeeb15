/*
 * A64 cryptographic extensions (Arm ARM C4.1 "Cryptographic ...").
 */
#include "cpu/arm/translate_simd.h"

#define C_OP(rm_) ((struct simd){s, 2, IR_Q, a->rd, a->rn, rm_})

/* -- AES ----------------------------------------------------------------- */

static void aes_round(const struct simd *o, enum ir_opcode op)
{
    simd_set(o, simd_op2(o, op, IR_I8, simd_d(o), simd_n(o), 0));
}

static void aes_columns(const struct simd *o, enum ir_opcode op)
{
    simd_set(o, simd_op1(o, op, IR_I8, simd_n(o), 0));
}

TRANS(AESE, c_rr, aes_round(&C_OP(0), IR_AESE))
TRANS(AESD, c_rr, aes_round(&C_OP(0), IR_AESD))
TRANS(AESMC, c_rr, aes_columns(&C_OP(0), IR_AESMC))
TRANS(AESIMC, c_rr, aes_columns(&C_OP(0), IR_AESIMC))

/* -- SHA, SM3, SM4 by helper --------------------------------------------- */

static void two(const struct simd *o, const struct ir_helper *helper)
{
    simd_set(o, simd_call(o, helper, simd_d(o), simd_n(o), IR_NONE, 0));
}

static void three(const struct simd *o, const struct ir_helper *helper,
                  unsigned extra)
{
    simd_set(o, simd_call(o, helper, simd_d(o), simd_n(o), simd_m(o),
                          extra));
}

#define TWO(row, helper) TRANS(row, c_rr, two(&C_OP(0), &a64_helper_##helper))
#define THREE(row, helper)                                                \
    TRANS(row, c_rrr, three(&C_OP(a->rm), &a64_helper_##helper, 0))
#define INDEXED(row, helper)                                              \
    TRANS(row, c_rrri,                                                    \
          three(&C_OP(a->rm), &a64_helper_##helper, (unsigned)a->imm))

THREE(SHA1C, sha1c)
THREE(SHA1P, sha1p)
THREE(SHA1M, sha1m)
THREE(SHA1SU0, sha1su0)
TWO(SHA1SU1, sha1su1)
TWO(SHA1H, sha1h)
THREE(SHA256H, sha256h)
THREE(SHA256H2, sha256h2)
TWO(SHA256SU0, sha256su0)
THREE(SHA256SU1, sha256su1)
THREE(SHA512H, sha512h)
THREE(SHA512H2, sha512h2)
TWO(SHA512SU0, sha512su0)
THREE(SHA512SU1, sha512su1)
THREE(SM3PARTW1, sm3partw1)
THREE(SM3PARTW2, sm3partw2)
INDEXED(SM3TT1A, sm3tt1a)
INDEXED(SM3TT1B, sm3tt1b)
INDEXED(SM3TT2A, sm3tt2a)
INDEXED(SM3TT2B, sm3tt2b)
TWO(SM4E, sm4e)
THREE(SM4EKEY, sm4ekey)

/* Reads n, m and a; d only receives. */
static void sm3_ss1(const struct simd *o, unsigned ra)
{
    simd_set(o, simd_call(o, &a64_helper_sm3ss1, simd_n(o), simd_m(o),
                          a64_v(o->s, ra), 0));
}

TRANS(SM3SS1, c_rrrr, sm3_ss1(&C_OP(a->rm), a->ra))

/* -- SHA-3 --------------------------------------------------------------- */

/* d = n ^ (m op a). */
static void three_way(const struct simd *o, enum ir_opcode op, unsigned ra)
{
    ir_ref r = simd_op2(o, op, IR_I64, simd_m(o), a64_v(o->s, ra), 0);

    simd_set(o, simd_op2(o, IR_VXOR, IR_I64, simd_n(o), r, 0));
}

static ir_ref rotate_right(const struct simd *o, ir_ref v, unsigned by)
{
    if (by == 0) {
        return v;
    }
    return simd_op2(o, IR_VOR, IR_I64, simd_op1(o, IR_VSHRU, IR_I64, v, by),
                    simd_op1(o, IR_VSHL, IR_I64, v, 64 - by), 0);
}

static void xor_rotated(const struct simd *o)
{
    ir_ref m = rotate_right(o, simd_m(o), 63);

    simd_set(o, simd_op2(o, IR_VXOR, IR_I64, simd_n(o), m, 0));
}

static void xor_and_rotate(const struct simd *o, unsigned by)
{
    ir_ref r = simd_op2(o, IR_VXOR, IR_I64, simd_n(o), simd_m(o), 0);

    simd_set(o, rotate_right(o, r, by));
}

TRANS(EOR3, c_rrrr, three_way(&C_OP(a->rm), IR_VXOR, a->ra))
TRANS(BCAX, c_rrrr, three_way(&C_OP(a->rm), IR_VANDN, a->ra))
TRANS(RAX1, c_rrr, xor_rotated(&C_OP(a->rm)))
TRANS(XAR, c_rrri, xor_and_rotate(&C_OP(a->rm), (unsigned)a->imm))
