/*
 * Vector instructions for the emitters: one spelling for SSE and AVX.
 * Registers are the allocator's numbers (XMM0 + n); memory operands are
 * 16-byte aligned unless the opcode says otherwise.
 */
#ifndef CPU_JIT_X64_VEC_H
#define CPU_JIT_X64_VEC_H

#include "cpu/jit/x64/x64.h"
#include "util/bits.h"

#define P(n) (0x##n | X_0F | X_66)
#define P38(n) (0x##n | X_0F38 | X_66)
#define P3A(n) (0x##n | X_0F3A | X_66)

enum {
    V_MOVAPS = 0x28 | X_0F,
    V_MOVAPS_STORE = 0x29 | X_0F,
    V_MOVUPS = 0x10 | X_0F,
    V_MOVUPS_STORE = 0x11 | X_0F,
    V_MOVD = P(6e),           /* from r/m32; | X_W from r/m64 */
    V_MOVD_STORE = P(7e),
    V_MOVQ = 0x7e | X_0F | X_F3, /* from xmm/m64, rest zero */
    V_MOVQ_STORE = P(d6),
    V_PEXTRB = P3A(14), V_PEXTRW = P3A(15), V_PEXTRD = P3A(16), /* to r/m */
    V_PINSRB = P3A(20), V_PINSRW = P(c4), V_PINSRD = P3A(22),
    V_PAND = P(db), V_PANDN = P(df), V_POR = P(eb), V_PXOR = P(ef),
    V_PCMPEQB = P(74), V_PCMPEQW = P(75), V_PCMPEQD = P(76),
    V_PMOVMSKB = P(d7), V_PCMPGTB = P(64),
    V_PCMPGTQ = P38(37),
    V_PADDB = P(fc), V_PADDW = P(fd), V_PADDD = P(fe), V_PADDQ = P(d4),
    V_PSUBB = P(f8), V_PADDUSB = P(dc),
    V_PSUBUSB = P(d8), V_PSUBUSW = P(d9),
    V_PSHUFB = P38(00), V_PSHUFD = P(70), V_PALIGNR = P3A(0f),
    V_PMULLW = P(d5), V_PMULDQ = P38(28),
    V_PUNPCKLQDQ = P(6c), V_PUNPCKHQDQ = P(6d),
    V_SHUFPS = 0xc6 | X_0F, V_SHUFPD = P(c6), V_INSERTPS = P3A(21),
    V_PHADDW = P38(01), V_PHADDD = P38(02),
    V_PMADDUBSW = P38(04), V_PMADDWD = P(f5), V_PSADBW = P(f6),
    V_PACKUSWB = P(67), V_PCLMULQDQ = P3A(44), V_PMULUDQ = P(f4),
    V_AESENC = P38(dc), V_AESENCLAST = P38(dd), V_AESDECLAST = P38(df),
    V_AESIMC = P38(db),
    V_PBROADCASTB = P38(78), V_PBROADCASTW = P38(79),
    V_PBROADCASTD = P38(58), V_PBROADCASTQ = P38(59),
    /* By immediate: opcode for 16-bit elements (+1: 32, +2: 64) and
     * /digit. */
    V_SHIFT = P(71),
    V_SHIFT_BYTES = P(73),
};
/* Families of one opcode per element size (v_family). */
enum v_family {
    VF_AND, VF_OR, VF_XOR, VF_ADD, VF_SUB, VF_MUL, VF_MINU, VF_MAXU, VF_MINS,
    VF_MAXS, VF_CMPEQ, VF_CMPGTS,
    VF_COUNT,
};
/* 0: the host has no such instruction. */
extern const uint32_t v_family[VF_COUNT][4];

enum { V_SRL = 2, V_SRA = 4, V_SLL = 6, V_SRLDQ = 3, V_SLLDQ = 7 };

/* dst := op(m) */
void v_op1(struct backend_thread *t, unsigned op, int dst, struct x64_rm m);
/* dst := op(a, m); without AVX m must not be dst unless a is too. */
void v_op2(struct backend_thread *t, unsigned op, int dst, int a,
           struct x64_rm m);
void v_op2_imm(struct backend_thread *t, unsigned op, int dst, int a,
               struct x64_rm m, unsigned imm);
/* dst := op(a, constant) */
void v_op2_const(struct backend_thread *t, unsigned op, int dst, int a,
                 uint64_t lo, uint64_t hi);
/* dst := src shifted; `op` V_SHIFT + n or V_SHIFT_BYTES. */
void v_shift(struct backend_thread *t, unsigned op, unsigned digit, int dst,
             int src, unsigned n);
/* dst := constant */
void v_const(struct backend_thread *t, int dst, uint64_t lo, uint64_t hi);
int v_temp(struct backend_thread *t);
/* dst := the part of dst that the shape covers, the rest zero. */
void v_cut(struct backend_thread *t, const struct ir_insn *in, int dst);
/* The result's register, operands released.  Without AVX it is none of
 * `avoid` (operands still to be read after dst is first written). */
int v_def(struct backend_thread *t, ir_ref i, const struct ir_insn *in,
          int prefer, uint32_t avoid);

static inline uint32_t v_bit(struct x64_rm m)
{
    return m.mem ? 0 : REG_BIT(m.base);
}

static inline enum ir_shape v_shape(const struct ir_insn *in)
{
    return in->aux & 0xff;
}

static inline unsigned v_extra(const struct ir_insn *in)
{
    return in->aux >> 8;
}

/* log2 of the element size. */
static inline unsigned v_log2(const struct ir_insn *in)
{
    return in->type >= IR_F16 ? in->type - IR_F16 + 1u
                              : in->type - IR_I8 + 0u;
}

/* `value` in every element of 1 << log2 bytes of 64 bits. */
static inline uint64_t v_splat(unsigned log2, uint64_t value)
{
    for (unsigned bits = 8u << log2; bits < 64; bits *= 2) {
        value = (value & mask64(bits)) | value << bits;
    }
    return value;
}

#endif
