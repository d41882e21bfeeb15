/*
 * Integer ops on bits: shifts, counts, fields, checksums.
 */
#include "cpu/jit/x64/emit.h"
#include "cpu/jit/x64/int.h"
#include "util/bits.h"

/* -- shifts ------------------------------------------------------------ */

/* The next op adds this one's result, which nobody else wants. */
static bool is_scale(const struct backend_thread *t, ir_ref i,
                     const struct ir_insn *in, uint64_t n)
{
    const struct ir_insn *next = in + 1;
    ir_ref other = next->a == i ? next->b : next->a;

    return in->op == IR_SHL && n >= 1 && n <= 3 && t->val[i].left == 1 &&
           i + 1u < t->u->count && next->op == IR_ADD &&
           next->type == in->type && (next->a == i) != (next->b == i) &&
           (t->val[i + 1].state & VAL_LIVE) &&
           !(t->val[other].state & VAL_CONST) && !fl_wanted(t, i + 1);
}

static void shift_const(struct backend_thread *t, ir_ref i,
                        const struct ir_insn *in, unsigned n)
{
    unsigned w = int_width(in), digit = x64_row(t)->code;
    struct x64_rm a;
    int dst;

    n &= w ? 63 : 31;
    if (digit == 1 && t->host.bmi2) {
        a = ra_use_rm(t, in->a, w);
        ra_release_all(t, in);
        dst = ra_def(t, i, a.mem ? NO_REG : a.base, 0);
        x_vex(&t->as, X_RORX | w, dst, 0, a);
        x_byte(&t->as, n);
        return;
    }
    fl_clobber(t);
    dst = int_def(t, i, in, w, ra_use_rm(t, in->a, w), 0);
    if (n) {
        x_shift_imm(&t->as, digit, w, dst, n);
    } else if (!w) {
        x_mov32(&t->as, dst, dst);
    }
}

/* code: digit of the shift group; extra: the BMI2 opcode, if any. */
void emit_shift(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    bool keeps_flags = x64_row(t)->extra && t->host.bmi2;
    unsigned w = int_width(in);
    struct x64_rm a;
    uint64_t n;
    int b, dst;

    if (val_const(t, in->b, &n)) {
        if (is_scale(t, i, in, n)) {
            t->val[i].state |= VAL_FOLDED;
            return;
        }
        if (!keeps_flags || !fl_is_precious(t)) {
            shift_const(t, i, in, (unsigned)n);
            return;
        }
    }
    if (keeps_flags) {
        b = ra_use(t, in->b, false);
        a = ra_use_rm(t, in->a, w);
        ra_release_all(t, in);
        dst = ra_def(t, i, a.mem ? NO_REG : a.base, 0);
        x_vex(&t->as, x64_row(t)->extra | w, dst, b, a);
        return;
    }
    fl_clobber(t);
    ra_use_fixed(t, in->b, false, RCX);
    a = ra_use_rm(t, in->a, w);
    dst = int_def(t, i, in, w, a, REG_BIT(RCX));
    x_op(&t->as, X_SHIFT_CL | w, x64_row(t)->code, rm_reg(dst));
    if (!w) {
        /* A count of zero leaves the upper half alone. */
        x_mov32(&t->as, dst, dst);
    }
}

void emit_extr(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned w = int_width(in), n = in->imm;
    struct x64_rm b;
    int a, dst;

    fl_clobber(t);
    a = ra_use(t, in->a, w);
    b = ra_use_rm(t, in->b, w);
    dst = int_def(t, i, in, w, b, b.mem || b.base != a ? REG_BIT(a) : 0);
    if (n) {
        x_op(&t->as, X_SHRD | w, a == dst ? dst : a, rm_reg(dst));
        x_byte(&t->as, n);
    } else if (!w) {
        x_mov32(&t->as, dst, dst);
    }
}

/* -- bits -------------------------------------------------------------- */

void emit_clz(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    unsigned w = int_width(in), bits = w ? 64 : 32;
    struct x64_rm a;
    int dst, tmp;

    fl_clobber(t);
    a = ra_use_rm(t, in->a, w);
    if (t->host.lzcnt) {
        ra_release_all(t, in);
        dst = ra_def(t, i, a.mem ? NO_REG : a.base, 0);
        x_op(as, X_LZCNT | w, dst, a);
        return;
    }
    tmp = ra_temp(t, GPR_SCRATCH, 0);
    ra_release_all(t, in);
    dst = ra_def(t, i, NO_REG, 0);
    x_op(as, X_BSR | w, dst, a);
    x_mov_imm(as, tmp, 2 * bits - 1);
    x_op(as, X_CMOV + CC_E, dst, rm_reg(tmp));
    x_alu_imm(as, ALU_XOR, 0, rm_reg(dst), bits - 1);
}

/* dst := swap of neighbouring groups of `n` bits. */
static void swap_bits(struct asm_buf *as, unsigned w, int dst, int tmp,
                      int mask, unsigned n, uint64_t pattern)
{
    x_mov_imm(as, mask, w ? pattern : (uint32_t)pattern);
    x_op1(as, X_MOV_LOAD | w, tmp, rm_reg(dst));
    x_shift_imm(as, 5, w, tmp, n);
    x_alu(as, ALU_AND, w, tmp, rm_reg(mask));
    x_alu(as, ALU_AND, w, dst, rm_reg(mask));
    x_shift_imm(as, 4, w, dst, n);
    x_alu(as, ALU_OR, w, dst, rm_reg(tmp));
}

void emit_rbit(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    unsigned w = int_width(in);
    struct x64_rm a;
    int dst, tmp, mask;

    fl_clobber(t);
    a = ra_use_rm(t, in->a, w);
    tmp = ra_temp(t, GPR_SCRATCH, 0);
    mask = ra_temp(t, GPR_SCRATCH, 0);
    dst = int_def(t, i, in, w, a, 0);
    swap_bits(as, w, dst, tmp, mask, 1, 0x5555555555555555);
    swap_bits(as, w, dst, tmp, mask, 2, 0x3333333333333333);
    swap_bits(as, w, dst, tmp, mask, 4, 0x0f0f0f0f0f0f0f0f);
    if (w || dst & 8) {
        x_byte(as, 0x40 | (w ? 8 : 0) | dst >> 3);
    }
    x_byte(as, 0x0f);
    x_byte(as, 0xc8 | (dst & 7));
}

/* -- bit fields: imm = lsb | width << 8 -------------------------------- */

/* A move that extends the lowest 8, 16 or 32 bits; 0 if there is none. */
static unsigned extension(unsigned w, unsigned bits, bool is_signed)
{
    switch (bits) {
    case 8:
        return is_signed ? X_MOVSX8 | w : X_MOVZX8;
    case 16:
        return is_signed ? X_MOVSX16 | w : X_MOVZX16;
    case 32:
        return is_signed && w ? X_MOVSXD | X_W : X_MOV_LOAD;
    default:
        return 0;
    }
}

void emit_bfx(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    unsigned w = int_width(in), size = w ? 64 : 32;
    unsigned lsb = in->imm & 0xff, bits = in->imm >> 8;
    bool is_signed = in->op == IR_BFXS;
    unsigned ext = extension(w, bits, is_signed);
    struct x64_rm a;
    int dst;

    if (lsb == 0 && ext) {
        a = ra_use_rm(t, in->a, bits > 32);
        ra_release_all(t, in);
        dst = ra_def(t, i, a.mem ? NO_REG : a.base, 0);
        x_op(as, ext, dst, a);
        return;
    }
    fl_clobber(t);
    a = ra_use_rm(t, in->a, w);
    if (!is_signed && bits == 1 && int_only_tested(t, i)) {
        ra_release_all(t, in);
        if (lsb < 31) {
            x_test_imm(as, 0, a, 1u << lsb);
            t->zf_cc = CC_E;
        } else {
            x_op(as, X_BT_IMM | w, 4, a);
            x_byte(as, lsb);
            t->zf_cc = CC_AE;
        }
        t->zf = i;
        return;
    }
    if (!is_signed && bits < 32 && lsb + bits < size) {
        if (lsb && t->host.bmi2) {
            ra_release_all(t, in);
            dst = ra_def(t, i, a.mem ? NO_REG : a.base, 0);
            x_vex(as, X_RORX | w, dst, 0, a);
            x_byte(as, lsb);
        } else {
            dst = int_def(t, i, in, w, a, 0);
            if (lsb) {
                x_shift_imm(as, 5, w, dst, lsb);
            }
        }
        if (bits == 8 || bits == 16) {
            x_rr(as, ext, dst, dst);
        } else {
            x_alu_imm(as, ALU_AND, 0, rm_reg(dst), mask64(bits));
        }
        return;
    }
    dst = int_def(t, i, in, w, a, 0);
    if (lsb + bits < size) {
        x_shift_imm(as, 4, w, dst, size - lsb - bits);
    }
    if (bits < size) {
        x_shift_imm(as, is_signed ? 7 : 5, w, dst, size - bits);
    } else if (!w) {
        x_mov32(as, dst, dst);
    }
}

/* a ^ ((rotated a ^ b) cut to the field and moved there) */
void emit_bfi(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    unsigned w = int_width(in), size = w ? 64 : 32;
    unsigned lsb = in->imm & 0xff, bits = in->imm >> 8;
    struct x64_rm b;
    int a, dst, tmp;

    fl_clobber(t);
    a = ra_use(t, in->a, w);
    b = ra_use_rm(t, in->b, w);
    tmp = ra_temp(t, GPR_SCRATCH, 0);
    if (lsb && t->host.bmi2) {
        x_vex(as, X_RORX | w, tmp, 0, rm_reg(a));
        x_byte(as, lsb);
    } else {
        x_op1(as, X_MOV_LOAD | w, tmp, rm_reg(a));
        if (lsb) {
            x_shift_imm(as, 5, w, tmp, lsb);
        }
    }
    x_alu(as, ALU_XOR, w, tmp, b);
    if (bits < size) {
        x_shift_imm(as, 4, w, tmp, size - bits);
    }
    if (bits + lsb < size) {
        x_shift_imm(as, 5, w, tmp, size - bits - lsb);
    }
    dst = int_def(t, i, in, w, rm_reg(a), 0);
    x_alu(as, ALU_XOR, w, dst, rm_reg(tmp));
}

/* CRC-32C: a is the running value, b the data of in->type. */
static void emit_crc32c(struct backend_thread *t, ir_ref i,
                        const struct ir_insn *in)
{
    struct x64_rm a = ra_use_rm(t, in->a, false), b;
    unsigned op = in->type == IR_I8 ? X_CRC32_8 : X_CRC32;
    int dst;

    if (in->type == IR_I16) {
        b = rm_reg(ra_use(t, in->b, false));
    } else {
        b = ra_use_rm(t, in->b, in->type == IR_I64);
    }
    dst = int_def(t, i, in, 0, a, b.mem ? 0 : REG_BIT(b.base) &
                   ~(a.mem ? 0 : REG_BIT(a.base)));
    if (in->type == IR_I16) {
        x_byte(&t->as, 0x66);
    }
    x_op(&t->as, op | (in->type == IR_I64 ? X_W : 0), dst, b);
}

void emit_crc32(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    if (in->aux) {
        emit_crc32c(t, i, in);
    } else {
        emit_crc32_call(t, i, in);
    }
}
