/*
 * Encoding of instructions whose opcode is known only at run time; see
 * asm.h.
 */
#include "cpu/jit/x64/asm.h"

/* Bytes of an instruction being put together, last one first. */
struct tail {
    uint64_t bytes;
    unsigned count;
};

static inline void front(struct tail *t, unsigned byte)
{
    t->bytes = t->bytes << 8 | byte;
    t->count++;
}

/* ModRM, SIB and displacement of a memory operand. */
static inline struct tail modrm_mem(int reg, unsigned base, unsigned index,
                                    unsigned scale, int32_t disp)
{
    struct tail t = { (uint32_t)disp, 4 };
    unsigned mod = 0x80;

    base &= 7;
    if (disp == (int8_t)disp) {
        if (disp == 0 && base != 5) {
            t = (struct tail){ 0, 0 };
            mod = 0;
        } else {
            t = (struct tail){ (uint8_t)disp, 1 };
            mod = 0x40;
        }
    }
    mod |= (reg & 7) << 3;
    if (index != RM_NONE || base == 4) {
        front(&t, scale << 6 | (index & 7) << 3 | base);
        base = 4;
    }
    front(&t, mod | base);
    return t;
}

static inline void append(struct asm_buf *a, struct tail t)
{
    x_bytes(a, t.bytes, t.count);
}

/* Only ModRM and what follows, behind an opcode that ends at p. */
static void end_modrm(struct asm_buf *a, uint8_t *p, int reg, struct x64_rm m)
{
    a->p = p;
    if (!m.mem) {
        x_byte(a, 0xc0 | (reg & 7) << 3 | (m.base & 7));
        return;
    }
    if (m.base == RM_RIP) {
        x_byte(a, (reg & 7) << 3 | 5);
        a->disp = a->p;
        x_imm32(a, m.disp);
        return;
    }
    append(a, modrm_mem(reg, m.base, m.index, m.scale, m.disp));
}

/* The opcode, escape bytes, REX and prefixes. */
static inline void front_opcode(struct tail *t, unsigned op, unsigned rex)
{
    static const uint8_t prefix[4] = { 0, 0x66, 0xf3, 0xf2 };
    unsigned map = op >> 8 & 3;

    front(t, op & 0xff);
    if (map) {
        if (map > 1) {
            front(t, map == 2 ? 0x38 : 0x3a);
        }
        front(t, 0x0f);
    }
    if (rex) {
        front(t, 0x40 | (rex & 15));
    }
    if (op & X_F2) {
        front(t, prefix[op >> 12 & 3]);
    }
    if (op & X_LOCK) {
        front(t, 0xf0);
    }
}

/* A byte register 4..7 needs REX, though all its bits are zero. */
static unsigned byte_rex(unsigned op, int reg, int rm)
{
    return ((op & X_REG8) && (reg & 12) == 4) ||
           ((op & X_RM8) && (rm & 12) == 4) ? 0x40 : 0;
}

/* Only REX, if anything, before the opcode, and one or two bytes of that.
 * With RM8 if r/m is memory. */
#define X_PLAIN (0xffu | X_0F | X_W)

/* w, of n bytes: all but the opcode and what precedes it. */
static inline void plain(struct asm_buf *a, unsigned op, unsigned rex,
                         uint64_t w, unsigned n)
{
    w = w << 8 | (op & 0xff);
    n++;
    if (op & X_0F) {
        w = w << 8 | 0x0f;
        n++;
    }
    if (rex) {
        w = w << 8 | 0x40 | rex;
        n++;
    }
    x_bytes(a, w, n);
}

void x_any_rr(struct asm_buf *a, unsigned op, int reg, int rm)
{
    unsigned rex = x_rex(op, reg, rm);
    unsigned modrm = 0xc0 | (reg & 7) << 3 | (rm & 7);

    if (op & ~X_PLAIN) {
        struct tail t = { modrm, 1 };

        front_opcode(&t, op, rex | byte_rex(op, reg, rm));
        append(a, t);
    } else {
        plain(a, op, rex, modrm, 1);
    }
}

/* An operand in memory that is not RIP-relative. */
static inline void op_mem(struct asm_buf *a, unsigned op, int reg,
                          struct x64_rm m)
{
    unsigned rex = x_rex(op, reg, m.base) | (m.index >> 2 & 2);
    struct tail t = modrm_mem(reg, m.base, m.index, m.scale, m.disp);

    rex |= byte_rex(op, reg, 0);
    if (t.count > 3 || (op & X_0F38) || (op & X_LOCK)) {
        /* More than eight bytes in all. */
        struct tail head = { 0, 0 };

        front_opcode(&head, op, rex);
        append(a, head);
    } else {
        front_opcode(&t, op, rex);
    }
    append(a, t);
}

/* The same for a plain opcode. */
static inline void plain_mem(struct asm_buf *a, unsigned op, int reg,
                             unsigned base, unsigned index, unsigned scale,
                             int32_t disp)
{
    unsigned rex = x_rex(op, reg, (int)base) | (index >> 2 & 2);
    unsigned modrm = (reg & 7) << 3, n = 1;
    uint64_t w = base & 7;

    if (index != RM_NONE || w == 4) {
        w = 4 | (scale << 6 | (index & 7) << 3 | (base & 7)) << 8;
        n = 2;
    }
    if (disp != (int8_t)disp) {
        plain(a, op, rex, w | modrm | 0x80, n);
        x_imm32(a, disp);
        return;
    }
    if (disp || (base & 7) == 5) {
        w |= 0x40 | (uint64_t)(uint8_t)disp << 8 * n;
        n++;
    }
    plain(a, op, rex, w | modrm, n);
}

void x_any_mem(struct asm_buf *a, unsigned op, int reg, int base,
               int32_t disp)
{
    if (base == RBP && disp == (int8_t)disp && !(op & ~(0xffu | X_W))) {
        /* Most of guest state. */
        unsigned rex = x_rex(op, reg, base);
        unsigned w = 0x40 | rex | (op & 0xff) << 8 |
                     (0x45 | (reg & 7) << 3) << 16 | (unsigned)disp << 24;

        x_bytes(a, rex ? w : w >> 8, rex ? 4 : 3);
    } else if (base == RM_RIP) {
        struct tail t = { 0, 0 };

        front_opcode(&t, op, x_rex(op, reg, base) | byte_rex(op, reg, 0));
        append(a, t);
        end_modrm(a, a->p, reg, rm_mem(base, disp));
    } else if (op & ~(X_PLAIN | X_RM8)) {
        op_mem(a, op, reg, rm_mem(base, disp));
    } else {
        plain_mem(a, op, reg, base, RM_NONE, 0, disp);
    }
}

void x_any_index(struct asm_buf *a, unsigned op, int reg, struct x64_rm m)
{
    if (op & ~(X_PLAIN | X_RM8)) {
        op_mem(a, op, reg, m);
    } else {
        plain_mem(a, op, reg, m.base, m.index, m.scale, m.disp);
    }
}

void x_vex(struct asm_buf *a, unsigned op, int reg, int v, struct x64_rm m)
{
    uint8_t *p = a->p;
    unsigned bx = x_bx(m), map = op >> 8 & 3;
    unsigned last = (~v & 15) << 3 | (op >> 12 & 3);
    unsigned r = reg & 8 ? 0 : 0x80;

    if (map == 1 && !bx && !(op & X_W)) {
        *p++ = 0xc5;
        *p++ = r | last;
    } else {
        *p++ = 0xc4;
        *p++ = r | (bx & 2 ? 0 : 0x40) | (bx & 1 ? 0 : 0x20) | map;
        *p++ = (op & X_W ? 0x80 : 0) | last;
    }
    *p++ = op;
    end_modrm(a, p, reg, m);
}
