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
static inline unsigned byte_rex(unsigned op, int reg, int rm)
{
    return x_byte_rex(op, reg, rm) << 6;
}

/* Only REX, if anything, before the opcode, and one or two bytes of that.
 * With RM8 if r/m is memory. */
#define X_PLAIN (0xffu | X_0F | X_W)

/* w, of n bytes, is what follows the opcode.  No branch depends on the
 * registers or the opcode, which nobody could predict. */
static inline uint8_t *plain(uint8_t *p, unsigned op, unsigned rex,
                             unsigned w, unsigned n)
{
    p = put_maybe(p, 0x40 | rex, rex != 0);
    p = put_maybe(p, 0x0f, op >> 8 & 1);
    return put_bytes(p, w << 8 | (op & 0xff), n + 1);
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
        a->p = plain(a->p, op, rex, modrm, 1);
    }
}

/* An operand in memory and any opcode; out of the way of the plain ones. */
static __attribute__((noinline)) void
op_mem(struct asm_buf *a, unsigned op, int reg, struct x64_rm m)
{
    unsigned rex = x_rex(op, reg, m.base) | (m.index >> 2 & 2) |
                   byte_rex(op, reg, 0);
    struct tail t = modrm_mem(reg, m.base, m.index, m.scale, m.disp);

    if (m.base == RM_RIP) {
        struct tail head = { 0, 0 };

        front_opcode(&head, op, rex);
        append(a, head);
        end_modrm(a, a->p, reg, m);
        return;
    }
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

/*
 * What a register makes of REX, ModRM and SIB, in bits 7..0, 15..8 and 23..16:
 * as reg, as base without an index and with one, as index.  SIB_IS: there is a
 * SIB; DISP_IS: there is a displacement, if only of zero.
 */
#define DISP_IS (1u << 24)
#define SIB_IS (1u << 25)
#define REG_PART(r) ((r) >> 3 << 2 | ((r) & 7) << 11)
#define SIB_PART(r) ((r) >> 3 | 4 << 8 | ((r) & 7) << 16 | SIB_IS | \
                     (((r) & 7) == 5 ? DISP_IS : 0))
#define BASE_PART(r) \
    (((r) & 7) == 4 ? SIB_PART(r) | 4 << 19 \
                    : (r) >> 3 | ((r) & 7) << 8 | \
                      (((r) & 7) == 5 ? DISP_IS : 0))
#define INDEX_PART(r) ((r) >> 3 << 1 | ((r) & 7) << 19)
#define EACH(PART) { \
    PART(0u), PART(1u), PART(2u), PART(3u), PART(4u), PART(5u), PART(6u), \
    PART(7u), PART(8u), PART(9u), PART(10u), PART(11u), PART(12u), \
    PART(13u), PART(14u), PART(15u) }

/* A plain opcode; `parts` of base and index, with the scale. */
static inline void plain_mem(struct asm_buf *a, unsigned op, int reg,
                             unsigned parts, int32_t disp)
{
    static const uint32_t reg_part[16] = EACH(REG_PART);
    bool wide = disp != (int8_t)disp;
    /* Bits 7..6 of ModRM: no displacement, one byte, or (2) four. */
    unsigned mod = ((disp != 0) | (parts / DISP_IS & 1)) + wide;
    unsigned sib = parts / SIB_IS & 1;
    uint8_t *p;

    parts |= reg_part[reg] | mod << 14;
    p = plain(a->p, op, (parts & 7) | (op >> (X_W_BIT - 3) & 8),
              parts >> 8 & 0xffff, 1 + sib);
    x_disp32(p, disp);
    a->p = p + mod + (mod & 2);
}

void x_any_mem(struct asm_buf *a, unsigned op, int reg, int base,
               int32_t disp)
{
    static const uint32_t base_part[16] = EACH(BASE_PART);

    if (op & ~(X_PLAIN | X_RM8) || base == RM_RIP) {
        op_mem(a, op, reg, rm_mem(base, disp));
    } else {
        plain_mem(a, op, reg, base_part[base], disp);
    }
}

void x_any_index(struct asm_buf *a, unsigned op, int reg, struct x64_rm m)
{
    static const uint32_t sib_part[16] = EACH(SIB_PART);
    static const uint32_t index_part[16] = EACH(INDEX_PART);

    if (op & ~(X_PLAIN | X_RM8)) {
        op_mem(a, op, reg, m);
    } else {
        plain_mem(a, op, reg, sib_part[m.base] | index_part[m.index] |
                                  (unsigned)m.scale << 22, m.disp);
    }
}

void x_any_sum(struct asm_buf *a, unsigned op, int reg, int base, int index)
{
    unsigned sib = (index & 7) << 3 | (base & 7);

    if (op & ~(X_PLAIN | X_RM8)) {
        op_mem(a, op, reg, rm_index(base, index, 0, 0));
    } else {
        a->p = plain(a->p, op, x_rex(op, reg, base) | (index >> 2 & 2),
                     (reg & 7) << 3 | 4 | sib << 8, 2);
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
