/*
 * Encoding of x86-64 instructions: bytes only, no policy.
 *
 * An opcode is one integer: the byte, the opcode map, the mandatory prefix
 * and operand-size bits (X_*).  The same integer encodes as legacy (x_op)
 * or VEX (x_vex) instruction.  General and vector registers are 0..15.
 */
#ifndef CPU_JIT_X64_ASM_H
#define CPU_JIT_X64_ASM_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI,
    R8, R9, R10, R11, R12, R13, R14, R15,
};

/* Condition codes of jcc, setcc, cmovcc. */
enum {
    CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A,
    CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE, CC_LE, CC_G,
};

enum {
    X_0F = 1 << 8, X_0F38 = 2 << 8, X_0F3A = 3 << 8,
    X_66 = 1 << 12, X_F3 = 2 << 12, X_F2 = 3 << 12,
    X_W_BIT = 16, X_REG8_BIT, X_RM8_BIT, X_LOCK_BIT,
    X_W = 1 << X_W_BIT,        /* 64-bit operands (REX.W, VEX.W) */
    X_REG8 = 1 << X_REG8_BIT,  /* the reg operand is a byte register */
    X_RM8 = 1 << X_RM8_BIT,    /* so is the r/m operand */
    X_LOCK = 1 << X_LOCK_BIT,
};

/* Opcodes, Intel's operand order: reg is the first operand unless said. */
enum {
    X_MOV_LOAD = 0x8b,
    X_MOV_STORE = 0x89,               /* r/m := reg */
    X_MOV_STORE8 = 0x88 | X_REG8,
    X_MOV_STORE16 = 0x89 | X_66,
    X_MOV_IMM = 0xc7,                 /* /0 */
    X_MOV_IMM8 = 0xc6,                /* /0, byte */
    X_MOVZX8 = 0xb6 | X_0F | X_RM8,
    X_MOVZX16 = 0xb7 | X_0F,
    X_MOVSX8 = 0xbe | X_0F | X_RM8,
    X_MOVSX16 = 0xbf | X_0F,
    X_MOVSXD = 0x63,
    X_LEA = 0x8d,
    X_TEST = 0x85,
    X_TEST8 = 0x84 | X_REG8 | X_RM8,
    X_GRP3 = 0xf7,   /* /0 test imm32, 2 not, 3 neg, 4 mul, 5 imul, 6 div,
                        7 idiv */
    X_GRP3_8 = 0xf6 | X_RM8,
    X_SHIFT_IMM = 0xc1,               /* /0 rol 1 ror 4 shl 5 shr 7 sar */
    X_SHIFT_CL = 0xd3,
    X_ALU_IMM32 = 0x81,
    X_ALU_IMM8 = 0x83,
    X_IMUL = 0xaf | X_0F,
    X_IMUL_IMM32 = 0x69,
    X_IMUL_IMM8 = 0x6b,
    X_SHRD = 0xac | X_0F,             /* r/m, reg, imm8 */
    X_BSR = 0xbd | X_0F,
    X_BSF = 0xbc | X_0F,
    X_LZCNT = 0xbd | X_0F | X_F3,
    X_TZCNT = 0xbc | X_0F | X_F3,
    X_BT_IMM = 0xba | X_0F,           /* /4, imm8 */
    X_CMOV = 0x40 | X_0F,             /* + cc */
    X_SETCC = 0x90 | X_0F | X_RM8,    /* + cc; reg field 0 */
    X_XCHG = 0x87,
    X_XCHG8 = 0x86 | X_REG8,
    X_XADD = 0xc1 | X_0F,
    X_XADD8 = 0xc0 | X_0F | X_REG8,
    X_CMPXCHG = 0xb1 | X_0F,
    X_CMPXCHG8 = 0xb0 | X_0F | X_REG8,
    X_CMPXCHG16 = 0xc7 | X_0F | X_W,  /* /1 */
    X_CRC32_8 = 0xf0 | X_0F38 | X_F2 | X_RM8,
    X_CRC32 = 0xf1 | X_0F38 | X_F2,
    X_CALL_RM = 0xff,                 /* /2; /4 jmp */
    X_MXCSR = 0xae | X_0F,            /* /2 ldmxcsr, /3 stmxcsr */
    X_PUSH_RM = 0xff,                 /* /6 */
    X_POP_RM = 0x8f,                  /* /0 */
    X_RORX = 0xf0 | X_0F3A | X_F2,    /* VEX: reg, r/m, imm8 */
    X_SHLX = 0xf7 | X_0F38 | X_66,    /* VEX: reg, r/m, vvvv */
    X_SHRX = 0xf7 | X_0F38 | X_F2,
    X_SARX = 0xf7 | X_0F38 | X_F3,
    X_ANDN = 0xf2 | X_0F38,           /* VEX: reg = ~vvvv & r/m */
    X_PEXT = 0xf5 | X_0F38 | X_F3,    /* VEX: reg, vvvv, mask r/m */
    X_PDEP = 0xf5 | X_0F38 | X_F2,
};

/* The eight classic ALU operations: opcode of "reg op= r/m" and the /digit
 * of the immediate forms. */
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
#define X_ALU(n) ((n) << 3 | 3)         /* reg, r/m */
#define X_ALU_STORE(n) ((n) << 3 | 1)   /* r/m, reg */
#define X_ALU8(n) ((n) << 3 | 2)        /* bytes */
#define X_ALU8_STORE(n) ((n) << 3)

/* No register: with bits that encode as none (SIB index 4, r/m 5). */
#define RM_NONE 0x84
#define RM_RIP 0x85

/* A register or memory operand. */
struct x64_rm {
    int32_t disp;
    uint8_t base;   /* register, or RM_RIP */
    uint8_t index;  /* register or RM_NONE */
    uint8_t scale;  /* log2 */
    bool mem;
};

static inline struct x64_rm rm_reg(int r)
{
    return (struct x64_rm){ .base = r, .index = RM_NONE };
}

static inline struct x64_rm rm_mem(int base, int32_t disp)
{
    return (struct x64_rm){ .base = base, .index = RM_NONE, .disp = disp,
                            .mem = true };
}

static inline struct x64_rm rm_index(int base, int index, int scale,
                                     int32_t disp)
{
    return (struct x64_rm){ .base = base, .index = index, .scale = scale,
                            .disp = disp, .mem = true };
}

struct asm_buf {
    uint8_t *p;       /* next byte to write */
    uint8_t *start;
    uint8_t *end;
    uint8_t *disp;    /* where the last memory operand's disp32 went when it
                         was RIP-relative */
};

/* A 32-bit constant among bytes. */
#define X_IMM32(v) (v) & 0xff, (v) >> 8 & 0xff, (v) >> 16 & 0xff, \
    (v) >> 24 & 0xff

static inline void x_byte(struct asm_buf *a, unsigned v)
{
    *a->p++ = v;
}

static inline void x_imm16(struct asm_buf *a, uint16_t v)
{
    memcpy(a->p, &v, 2);
    a->p += 2;
}

static inline void x_imm32(struct asm_buf *a, uint32_t v)
{
    memcpy(a->p, &v, 4);
    a->p += 4;
}

static inline void x_imm64(struct asm_buf *a, uint64_t v)
{
    memcpy(a->p, &v, 8);
    a->p += 8;
}

static inline uint8_t *x_disp32(uint8_t *p, int32_t v)
{
    memcpy(p, &v, 4);
    return p + 4;
}

/* Append the low n bytes of w; the buffer has room for eight. */
static inline void x_bytes(struct asm_buf *a, uint64_t w, unsigned n)
{
    memcpy(a->p, &w, 8);
    a->p += n;
}

/* What writes at p gives where the next byte goes: to be left in a register
 * until the instruction is whole, for a byte written might be one of a->p. */

/* A byte that is there or not: no branch depends on that. */
static inline uint8_t *put_maybe(uint8_t *p, unsigned byte, bool there)
{
    *p = byte;
    return p + there;
}

/* The low n bytes of w; there is room for eight. */
static inline uint8_t *put_bytes(uint8_t *p, uint64_t w, unsigned n)
{
    memcpy(p, &w, 8);
    return p + n;
}

/* asm.c: any opcode, known only when it runs. */
void x_any_rr(struct asm_buf *a, unsigned op, int reg, int rm);
void x_any_mem(struct asm_buf *a, unsigned op, int reg, int base,
               int32_t disp);
void x_any_index(struct asm_buf *a, unsigned op, int reg, struct x64_rm m);
/* At the sum of two registers, the first of which is not rbp or r13. */
void x_any_sum(struct asm_buf *a, unsigned op, int reg, int base, int index);

static inline unsigned x_rex(unsigned op, int reg, int rm)
{
    return (op >> (X_W_BIT - 3) & 8) | (reg >> 1 & 4) | (rm >> 3 & 1);
}

/* Two registers. */
static inline unsigned x_modrm(int reg, int rm)
{
    return 0xc0 | (reg & 7) << 3 | (rm & 7);
}

/* A byte register 4..7 needs REX, though all its bits are zero. */
static inline bool x_byte_rex(unsigned op, int reg, int rm)
{
    return (op >> X_REG8_BIT & ((reg & 12) == 4)) |
           (op >> X_RM8_BIT & ((rm & 12) == 4));
}

/*
 * An opcode that the compiler knows, but for X_W, or that has one byte and
 * nothing but X_W; `must`: REX is there even if it is zero.  w, of n bytes, is
 * what follows.  No branch depends on the registers, which nobody could
 * predict.
 */
static inline __attribute__((always_inline)) uint8_t *
put_known(uint8_t *p, unsigned op, unsigned rex, bool must, uint64_t w,
          unsigned n)
{
    static const uint8_t prefix[4] = { 0, 0x66, 0xf3, 0xf2 };

    w = w << 8 | (op & 0xff);
    if (op & X_0F) {
        w = w << 8 | 0x0f;
        n++;
    }
    if (op & X_F2) {
        *p++ = prefix[op >> 12 & 3];
    }
    p = put_maybe(p, 0x40 | rex, must | (rex != 0));
    return put_bytes(p, w, n + 1);
}

/* Two registers, and a plain opcode of one byte, with X_W or not. */
static inline uint8_t *put_rr(uint8_t *p, unsigned op, int reg, int rm)
{
    return put_known(p, op & (0xff | X_W), x_rex(op, reg, rm), false,
                     x_modrm(reg, rm), 1);
}

/* The compiler knows all of it, and it is no more than put_known() can do. */
#define X_IS_KNOWN(op) \
    (__builtin_constant_p(op) && !((op) & (X_0F38 | X_LOCK)))

/* The second operand is a register. */
static inline __attribute__((always_inline)) void
x_rr(struct asm_buf *a, unsigned op, int reg, int rm)
{
    if (X_IS_KNOWN(op)) {
        a->p = put_known(a->p, op, x_rex(op, reg, rm),
                         x_byte_rex(op, reg, rm), x_modrm(reg, rm), 1);
    } else {
        x_any_rr(a, op, reg, rm);
    }
}

/* The second operand is off rbp, as most of guest state is. */
static inline __attribute__((always_inline)) void
x_rbp(struct asm_buf *a, unsigned op, int reg, int32_t disp)
{
    bool wide = disp != (int8_t)disp;
    uint8_t *p = put_known(a->p, op, x_rex(op, reg, RBP),
                           x_byte_rex(op, reg, RAX),
                           (reg & 7) << 3 | 5 | 0x40 << wide, 1);

    x_disp32(p, disp);
    a->p = p + (wide ? 4 : 1);
}

static inline void x_any(struct asm_buf *a, unsigned op, int reg,
                         struct x64_rm m)
{
    if (m.index == RM_NONE) {
        x_any_mem(a, op, reg, m.base, m.disp);
    } else {
        x_any_index(a, op, reg, m);
    }
}

/* The compiler knows that it is. */
#define X_IS_RBP(m) \
    (__builtin_constant_p((m).base) && (m).base == RBP && \
     __builtin_constant_p((m).index) && (m).index == RM_NONE)

/* The second operand is anything. */
static inline __attribute__((always_inline)) void
x_op(struct asm_buf *a, unsigned op, int reg, struct x64_rm m)
{
    if (!m.mem) {
        x_rr(a, op, reg, m.base);
    } else if (X_IS_KNOWN(op) && X_IS_RBP(m)) {
        x_rbp(a, op, reg, m.disp);
    } else {
        x_any(a, op, reg, m);
    }
}

/* The same when the opcode is one byte, and all else that may be X_W. */
static inline __attribute__((always_inline)) void
x_op1(struct asm_buf *a, unsigned op, int reg, struct x64_rm m)
{
    if (!m.mem) {
        a->p = put_rr(a->p, op, reg, m.base);
    } else if (X_IS_RBP(m)) {
        x_rbp(a, op & (0xff | X_W), reg, m.disp);
    } else {
        x_any(a, op, reg, m);
    }
}

/* Likewise, and the operand is where a value is: in a register, or off rbp. */
static inline void x_value(struct asm_buf *a, unsigned op, int reg,
                           struct x64_rm m)
{
    if (m.mem) {
        x_rbp(a, op & (0xff | X_W), reg, m.disp);
    } else {
        x_op1(a, op, reg, rm_reg(m.base));
    }
}

/* Bits B and X of REX or VEX. */
static inline unsigned x_bx(struct x64_rm m)
{
    return (m.base >> 3 & 1) | (m.index >> 2 & 2);
}

void x_vex(struct asm_buf *a, unsigned op, int reg, int v, struct x64_rm m);

/* Common instructions.  `w` is X_W or 0. */

static inline void x_mov(struct asm_buf *a, int dst, int src)
{
    x_op(a, X_MOV_LOAD | X_W, dst, rm_reg(src));
}

static inline void x_mov32(struct asm_buf *a, int dst, int src)
{
    x_op(a, X_MOV_LOAD, dst, rm_reg(src));
}

static inline void x_load(struct asm_buf *a, int dst, struct x64_rm m)
{
    x_op(a, X_MOV_LOAD | X_W, dst, m);
}

static inline void x_load32(struct asm_buf *a, int dst, struct x64_rm m)
{
    x_op(a, X_MOV_LOAD, dst, m);
}

static inline void x_store(struct asm_buf *a, struct x64_rm m, int src)
{
    x_op(a, X_MOV_STORE | X_W, src, m);
}

static inline void x_store32(struct asm_buf *a, struct x64_rm m, int src)
{
    x_op(a, X_MOV_STORE, src, m);
}

static inline void x_alu(struct asm_buf *a, int n, unsigned w, int dst,
                         struct x64_rm m)
{
    x_op1(a, X_ALU(n) | w, dst, m);
}

static inline void x_alu_reg_imm(struct asm_buf *a, int n, unsigned w, int r,
                                 int32_t imm)
{
    bool byte = imm == (int8_t)imm;
    uint8_t *p = a->p;

    if (r == RAX && !byte) {
        p = put_maybe(p, 0x48, w != 0);
        *p++ = n << 3 | 5;
    } else {
        p = put_rr(p, X_ALU_IMM32 | (byte ? 2 : 0) | w, n, r);
    }
    x_disp32(p, imm);
    a->p = p + (byte ? 1 : 4);
}

static inline void x_alu_imm(struct asm_buf *a, int n, unsigned w,
                             struct x64_rm m, int32_t imm)
{
    if (!m.mem) {
        x_alu_reg_imm(a, n, w, m.base, imm);
    } else if (imm == (int8_t)imm) {
        x_op1(a, X_ALU_IMM8 | w, n, m);
        x_byte(a, imm);
    } else {
        x_op1(a, X_ALU_IMM32 | w, n, m);
        x_imm32(a, imm);
    }
}

/* With itself. */
static inline void x_test(struct asm_buf *a, unsigned w, int r)
{
    x_op1(a, X_TEST | w, r, rm_reg(r));
}

static inline void x_test_imm(struct asm_buf *a, unsigned w,
                              struct x64_rm m, int32_t imm)
{
    x_op1(a, X_GRP3 | w, 0, m);
    x_imm32(a, imm);
}

static inline void x_shift_imm(struct asm_buf *a, int digit, unsigned w,
                               int dst, unsigned n)
{
    uint8_t *p = put_rr(a->p, X_SHIFT_IMM | w, digit, dst);

    *p = n;
    a->p = p + 1;
}

/* An opcode of one byte that names a register in its lowest bits; REX.W, if
 * anything, in w. */
static inline uint8_t *put_short(uint8_t *p, unsigned op, unsigned w, int r)
{
    unsigned rex = w >> (X_W_BIT - 3) | (unsigned)r >> 3;

    p = put_maybe(p, 0x40 | rex, rex != 0);
    *p = op | (r & 7);
    return p + 1;
}

/* dst := imm by mov, which leaves the flags alone. */
static inline void x_mov_imm(struct asm_buf *a, int dst, uint64_t imm)
{
    if (imm == (uint32_t)imm) {
        a->p = x_disp32(put_short(a->p, 0xb8, 0, dst), (int32_t)imm);
    } else if ((int64_t)imm == (int32_t)imm) {
        a->p = x_disp32(put_rr(a->p, X_MOV_IMM | X_W, 0, dst), (int32_t)imm);
    } else {
        a->p = put_bytes(put_short(a->p, 0xb8, X_W, dst), imm, 8);
    }
}

static inline void x_push_imm(struct asm_buf *a, int32_t imm)
{
    x_byte(a, 0x68);
    x_imm32(a, imm);
}

static inline void x_push(struct asm_buf *a, int r)
{
    a->p = put_short(a->p, 0x50, 0, r);
}

static inline void x_pop(struct asm_buf *a, int r)
{
    a->p = put_short(a->p, 0x58, 0, r);
}

/* -- jumps -- */

#define CALL_REL32 0xe8
#define JMP_REL32 0xe9u
#define JMP_REL8 0xebu
#define JCC_REL32(cc) (0x800f | (unsigned)(cc) << 8)

/* With a displacement to be filled in: the returned pointer is that of it. */
static inline uint8_t *x_jcc32(struct asm_buf *a, int cc)
{
    x_bytes(a, JCC_REL32(cc), 6);
    return a->p - 4;
}

static inline uint8_t *x_jmp32(struct asm_buf *a)
{
    x_bytes(a, JMP_REL32, 5);
    return a->p - 4;
}

static inline uint8_t *x_jcc8(struct asm_buf *a, int cc)
{
    x_bytes(a, 0x70 | (unsigned)cc, 2);
    return a->p - 1;
}

static inline uint8_t *x_jmp8(struct asm_buf *a)
{
    x_bytes(a, JMP_REL8, 2);
    return a->p - 1;
}

static inline void x_fix32(uint8_t *disp, const uint8_t *target)
{
    int32_t d = target - (disp + 4);

    memcpy(disp, &d, 4);
}

/* A short jump lands here. */
static inline void x_here8(struct asm_buf *a, uint8_t *disp)
{
    *disp = a->p - (disp + 1);
}

static inline void x_jcc8_to(struct asm_buf *a, int cc, const uint8_t *target)
{
    uint8_t *disp = x_jcc8(a, cc);

    *disp = target - a->p;
}

/* To a place of the same unit, behind: short where that reaches. */
static inline void x_jmp_back(struct asm_buf *a, const uint8_t *target)
{
    int32_t disp = target - (a->p + 2);
    unsigned far = disp < -128;

    x_bytes(a, (JMP_REL8 - (JMP_REL8 - JMP_REL32) * far) |
                   (uint64_t)((uint32_t)disp - 3 * far) << 8, 2 + 3 * far);
}

static inline void x_jcc_back(struct asm_buf *a, int cc, const uint8_t *target)
{
    int32_t disp = target - (a->p + 2);

    if (disp < -128) {
        x_bytes(a, JCC_REL32(cc) | (uint64_t)((uint32_t)disp - 4) << 16, 6);
    } else {
        x_bytes(a, 0x70 | (unsigned)cc | (uint64_t)(uint32_t)disp << 8, 2);
    }
}

/* `target` lies in the same mapping as the buffer. */
static inline void x_to(struct asm_buf *a, unsigned opcode, unsigned bytes,
                        const uint8_t *target)
{
    uint32_t disp = (uint32_t)(target - (a->p + bytes + 4));

    x_bytes(a, opcode | (uint64_t)disp << 8 * bytes, bytes + 4);
}

static inline void x_jmp_to(struct asm_buf *a, const uint8_t *target)
{
    x_to(a, JMP_REL32, 1, target);
}

static inline void x_call_to(struct asm_buf *a, const uint8_t *target)
{
    x_to(a, CALL_REL32, 1, target);
}

static inline void x_jcc_to(struct asm_buf *a, int cc, const uint8_t *target)
{
    x_to(a, JCC_REL32(cc), 2, target);
}

static inline void x_ret(struct asm_buf *a) { x_byte(a, 0xc3); }
static inline void x_lahf(struct asm_buf *a) { x_byte(a, 0x9f); }
static inline void x_sahf(struct asm_buf *a) { x_byte(a, 0x9e); }
static inline void x_cmc(struct asm_buf *a) { x_byte(a, 0xf5); }
static inline void x_stc(struct asm_buf *a) { x_byte(a, 0xf9); }

static inline void x_setcc(struct asm_buf *a, int cc, int dst)
{
    x_op(a, X_SETCC + cc, 0, rm_reg(dst));
}

/* n bytes that do nothing. */
static inline void x_nop(struct asm_buf *a, unsigned n)
{
    /* The ninth byte is zero. */
    static const uint8_t nops[10][8] = {
        { 0 }, { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 },
        { 0x0f, 0x1f, 0x40, 0 }, { 0x0f, 0x1f, 0x44, 0, 0 },
        { 0x66, 0x0f, 0x1f, 0x44, 0, 0 }, { 0x0f, 0x1f, 0x80, 0, 0, 0, 0 },
        { 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 },
        { 0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0 },
    };

    for (; n > 8; n -= 9) {
        memcpy(a->p, nops[9], 8);
        a->p[8] = 0;
        a->p += 9;
    }
    memcpy(a->p, nops[n], 8);
    a->p += n;
}

#endif
