/*
 * The intermediate representation: what one block of guest code means.
 *
 * A unit is a straight list of instructions; each defines at most one value
 * and is named by its index (ir_ref).  Values are used in the unit only
 * after they are defined.  Constants (CONST, PC) are not on the list, for
 * most ops have one: their refs begin at IR_FIRST_CONST.  Nor is, in a unit
 * that is no region, what the whole of a guest register was when the unit was
 * entered: from IR_FIRST_ENTRY on, by home.  Guest registers are
 * read and written by GET and SET at byte offsets of struct vcpu; a SET is
 * visible at once, so that the register file is exact at every instruction
 * that can leave the unit.  An op may itself SET a register to the value that
 * it defines (ir_insn.set).
 * Memory operations keep their order and number.
 *
 * Types.  An integer op of type I32 takes its operands modulo 2^32 and
 * gives a result zero-extended to 64 bits; there is no other truncation.
 * Vector and FP ops have an element type and a shape: S works on element 0,
 * D on the low 64 bits, Q on all 128; the rest of the result is zero.
 * A V128 value given to an op of smaller shape is read in its low part.
 *
 * Flags are values of type FLAGS in packed form: bit 15 N, bit 14 Z,
 * bit 8 "borrow" (the inverse of the carry), bit 0 V, bits 7..1 zero, others
 * unspecified, in memory too (31..16 zero there): who reads them masks.
 * (On x86-64: LAHF and SETO after a compare.)
 *
 * Control.  A unit may be left at EXIT*, at a BR* whose condition holds
 * (edge), at a memory access that faults, and at a CALL that raises.  Edges
 * are in unit->edges; in a region an edge may name a LABEL of the same
 * unit instead of a guest address to leave for.  At a LABEL that polls, the
 * unit is left for its guest instruction when vcpu.request is not zero.
 *
 * This folder knows neither a guest nor a host architecture.
 */
#ifndef CPU_IR_IR_H
#define CPU_IR_IR_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/vcpu.h"

typedef uint16_t ir_ref;
#define IR_NONE ((ir_ref)0xffff)

enum ir_type {
    IR_VOID,
    IR_I8, IR_I16, IR_I32, IR_I64, /* ORDER ir_type: log2 size = t - I8 */
    IR_F16, IR_F32, IR_F64,        /* ORDER: log2 size = t - F16 + 1 */
    IR_V128,
    IR_FLAGS,
    IR_TYPES
};

/* Size in bytes of an element or access. */
static inline unsigned ir_type_size(enum ir_type t)
{
    static const uint8_t size[IR_TYPES] = {
        [IR_I8] = 1, [IR_I16] = 2, [IR_I32] = 4, [IR_I64] = 8,
        [IR_F16] = 2, [IR_F32] = 4, [IR_F64] = 8, [IR_V128] = 16,
    };

    return size[t];
}

/* Values of type F*, V128 and vector ops live in vector registers. */
static inline bool ir_type_is_vec(enum ir_type t)
{
    return t >= IR_F16 && t <= IR_V128;
}

enum ir_shape { IR_S, IR_D, IR_Q };

/* Guest registers that values may be the whole of: general ones, vector ones
 * and the flags, a number each.  A value that equals one has a home there. */
enum {
    HOME_R = 0,       /* + n */
    HOME_V = 32,
    HOME_FLAGS = 64,
    HOMES,
    NO_HOME = 0xff,
};

/* The home that an access to struct vcpu lies in, or NO_HOME. */
static inline unsigned ir_home_around(uint64_t offset)
{
    if (offset < VCPU_R(32)) {
        return HOME_R + (unsigned)(offset / 8);
    }
    if (offset >= VCPU_V(0) && offset < VCPU_V(32)) {
        return HOME_V + (unsigned)((offset - VCPU_V(0)) / 16);
    }
    return offset == offsetof(struct vcpu, flags) ? HOME_FLAGS : NO_HOME;
}

/* The home that an access of this type is the whole of, or NO_HOME. */
static inline unsigned ir_home_of(enum ir_type type, uint64_t offset)
{
    unsigned home = ir_home_around(offset);

    if (home < HOME_V) {
        return offset % 8 == 0 && type == IR_I64 ? home : NO_HOME;
    }
    if (home < HOME_FLAGS) {
        return (offset - VCPU_V(0)) % 16 == 0 && type == IR_V128
               ? home : NO_HOME;
    }
    return type == IR_FLAGS ? home : NO_HOME;
}

/* Where a home lies. */
static inline uint64_t ir_home_offset(unsigned home)
{
    return home < HOME_V       ? VCPU_R(home)
         : home < HOME_FLAGS ? VCPU_V(home - HOME_V)
                               : offsetof(struct vcpu, flags);
}

/* Conditions on FLAGS; the numbers are those of Arm's cond field. */
enum ir_cc {
    IR_EQ, IR_NE, IR_HS, IR_LO, IR_MI, IR_PL, IR_VS, IR_VC,
    IR_HI, IR_LS, IR_GE, IR_LT, IR_GT, IR_LE, IR_AL, IR_NV,
};

#define IR_FLAG_N 0x8000u
#define IR_FLAG_Z 0x4000u
#define IR_FLAG_B 0x0100u /* borrow = !carry */
#define IR_FLAG_V 0x0001u

/* aux of memory ops. */
enum ir_mem {
    IR_MEM_SIGN32 = 1 << 0,  /* sign-extend to 32 bits, zero above */
    IR_MEM_SIGN64 = 1 << 1,  /* sign-extend to 64 bits */
    IR_MEM_ACQUIRE = 1 << 2,
    IR_MEM_RELEASE = 1 << 3,
    IR_MEM_ALIGNED = 1 << 4, /* fault unless aligned to the whole access */
    IR_MEM_UNPRIV = 1 << 5,  /* use vcpu.tlb_unpriv */
    IR_MEM_NORMAL = 1 << 6,  /* alignment fault in Device memory */
    IR_MEM_HOST = 1 << 8,     /* a is the value of a CHECK, imm an offset: no
                                 fault (plain loads and stores only) */
    IR_MEM_KEEP = 1 << 9,     /* its page is worth remembering from round to
                                 round (likewise) */
    IR_MEM_WHOLE = 1 << 10,   /* a pair of integers: where it lies in sixteen
                                 aligned bytes, one access */
    IR_MEM_REVERSED = 1 << 7, /* RMW: computes with memory's bytes reversed */
};

/* aux of LABEL: polls; and how many loops of the region it is in. */
enum { IR_LABEL_POLL = 1, IR_LABEL_DEPTH_SHIFT = 8 };

/* aux of CHECK. */
enum {
    IR_CHECK_WRITE = 1 << 0, /* for stores, too */
    IR_CHECK_KEEP = 1 << 1,  /* worth remembering from round to round */
    IR_CHECK_FILL = 1 << 2,  /* a miss is filled, if it can be (cold units) */
    IR_CHECK_SURE = 1 << 3,  /* ... for a store that comes first */
};

/* imm of CHECK: edge in bits 15..0, lo (signed) 31..16, size 47..32. */
static inline uint64_t ir_check_imm(unsigned edge, int lo, unsigned size)
{
    return edge | (uint64_t)(uint16_t)lo << 16 | (uint64_t)size << 32;
}

/* aux of RMW. */
enum ir_rmw {
    IR_RMW_ADD, IR_RMW_CLR, IR_RMW_EOR, IR_RMW_SET,
    IR_RMW_SMAX, IR_RMW_SMIN, IR_RMW_UMAX, IR_RMW_UMIN, IR_RMW_SWP,
};

/* aux of FENCE. */
enum ir_fence { IR_FENCE_LD, IR_FENCE_ST, IR_FENCE_FULL };

/* aux of FMULADD. */
enum { IR_NEG_PRODUCT = 1, IR_NEG_ADDEND = 2 };

/* A C function called from a unit.  Arguments a, b, c (as many as nargs)
 * are passed as uint64_t after the vcpu; the result is a uint64_t. */
struct ir_helper {
    const char *name;
    union {
        uint64_t (*call)(struct vcpu *vcpu, uint64_t a, uint64_t b,
                         uint64_t c);
        /* VCALL: *result = f(*a, *b, *c); result never aliases. */
        void (*vcall)(struct vcpu *vcpu, union vec *result,
                      const union vec *a, const union vec *b,
                      const union vec *c, uint64_t imm);
    };
    uint8_t nargs;
    uint8_t flags; /* IR_HELPER_* */
};

enum {
    /* May set vcpu->exit (fault, exception, state, wait): the unit is left
     * then, with all guest registers in memory and vcpu->pc at this
     * instruction unless the helper set it (IR_HELPER_SETS_PC). */
    IR_HELPER_EXITS = 1 << 0,
    /* Reads or writes guest registers r[], v[], flags in struct vcpu. */
    IR_HELPER_REGS = 1 << 1,
    /* Writes vcpu->pc itself when it exits. */
    IR_HELPER_SETS_PC = 1 << 2,
    /* Touches no vector register of the host (compiled with
     * -mgeneral-regs-only and calls nothing else). */
    IR_HELPER_NO_FP = 1 << 3,
    /* Uses vcpu->fp (rounding mode, cumulative flags). */
    IR_HELPER_FP_STATUS = 1 << 4,
    /* May change vcpu->tlb or tlb_unpriv although the unit goes on. */
    IR_HELPER_TLB = 1 << 5,
    /* Preserves every register of the host but that of its result, being
     * declared IR_KEEPS_REGISTERS; on integers, and none of the above but
     * NO_FP.  For what runs at every call of a function. */
    IR_HELPER_KEEPS = 1 << 6,
};

#define IR_KEEPS_REGISTERS __attribute__((no_caller_saved_registers))
/* As struct ir_helper has it: for some compilers it is another type. */
#define IR_KEEPING(fn)                                                    \
    ((uint64_t (*)(struct vcpu *, uint64_t, uint64_t, uint64_t))(fn))

/* It reads or writes guest registers, or may leave the unit. */
static inline bool ir_helper_sees(const struct ir_helper *helper)
{
    return helper->flags & (IR_HELPER_EXITS | IR_HELPER_REGS);
}

/* One row per op, see ir_ops.h: OP(name, result, operands, properties). */
enum ir_opcode {
#define OP(name, result, operands, props) IR_##name,
#include "cpu/ir/ir_ops.h"
#undef OP
    IR_OPCODES
};

/* Result and operand classes. */
enum ir_class { IR_C_NONE, IR_C_INT, IR_C_VEC, IR_C_FLAGS, IR_C_TYPE };
/* IR_C_TYPE: INT, VEC or FLAGS according to the instruction's type. */

enum ir_prop {
    IR_P_PURE = 1 << 0,   /* no effect but its value: may be dropped */
    IR_P_MEM = 1 << 1,    /* may leave the unit by a fault */
    IR_P_EXIT = 1 << 2,   /* leaves or may leave by an edge */
    IR_P_END = 1 << 3,    /* nothing after it is reached by falling through */
    IR_P_COMM = 1 << 4,   /* a and b commute */
    IR_P_FP = 1 << 5,     /* uses the FP mode and cumulative flags */
    IR_P_CALL = 1 << 6,
};

struct ir_op_info {
    const char *name;
    uint8_t result;      /* enum ir_class */
    uint8_t operand[4];  /* enum ir_class, IR_C_NONE behind the last */
    uint8_t props;
};
extern const struct ir_op_info ir_op_info[IR_OPCODES];

/* It names an edge: ir_edge_of(). */
static inline bool ir_has_edge(unsigned op)
{
    return op == IR_BRCC || op == IR_BRZ || op == IR_BRNZ || op == IR_EXIT ||
           op == IR_CHECK;
}

/* An address: a value and so many bytes. */
struct ir_address {
    ir_ref base;
    int32_t offset;
};

struct ir_insn {
    uint8_t op;     /* enum ir_opcode */
    uint8_t type;   /* enum ir_type */
    ir_ref a, b;
    uint16_t insn;  /* of which guest instruction: offset / 4 from the head,
                       modulo 2^16 */
    /* From here on most ops have the same, which is quickly written. */
    ir_ref c;
    uint8_t home;   /* GET, SET: what they are the whole of, or NO_HOME */
    uint8_t hint;   /* a value: where it is best computed, or NO_HOME
                       (hints.h) */
    uint16_t aux;   /* cc, memory flags, shape | extra << 8 ... see ops */
    bool set;       /* the whole of `hint` is SET to it, at once */
    uint8_t unused; /* 0, to write one word */
    uint64_t imm;
};

/* Ops that IR_MEM_HOST may be for. */
static inline bool ir_is_plain_access(unsigned op)
{
    return op == IR_LOAD || op == IR_LOAD2 || op == IR_STORE ||
           op == IR_STORE2 || op == IR_VLOAD8 || op == IR_VSTORE8;
}

/* Ops that may leave the unit, plain accesses by IR_MEM_HOST excepted. */
static inline bool ir_may_leave(unsigned op)
{
    switch (op) {
#define OP(name, result, operands, props) \
    case IR_##name: return (props) & (IR_P_MEM | IR_P_EXIT);
#include "cpu/ir/ir_ops.h"
#undef OP
    default: return false;
    }
}

static inline bool ir_is_host_access(const struct ir_insn *i)
{
    return ir_is_plain_access(i->op) && (i->aux & IR_MEM_HOST);
}

/* It may look at any guest register, or leave the unit. */
static inline bool ir_is_barrier_op(unsigned op, unsigned aux, uint64_t imm)
{
    if (op == IR_CALL || op == IR_VCALL) {
        return ir_helper_sees((const void *)(uintptr_t)imm);
    }
    return op == IR_LABEL ||
           (ir_may_leave(op) &&
            !(ir_is_plain_access(op) && (aux & IR_MEM_HOST)));
}

static inline bool ir_is_barrier(const struct ir_insn *i)
{
    return ir_is_barrier_op(i->op, i->aux, i->imm);
}

/* Its value is known to be zero above bit 31 (build.c). */
bool ir_is_zero_extended(const struct ir_insn *i);

static inline unsigned ir_edge_of(const struct ir_insn *i)
{
    return (uint16_t)i->imm;
}

static inline int ir_check_lo(const struct ir_insn *i)
{
    return (int16_t)(i->imm >> 16);
}

static inline unsigned ir_check_size(const struct ir_insn *i)
{
    return (uint16_t)(i->imm >> 32);
}

/* aux of EXIT_INDIRECT: a call has put its return address into r[30], and
 * where it returns to is in imm; who switches to another context has the key
 * of this one there. */
enum ir_jump { IR_JUMP, IR_JUMP_RETURN, IR_JUMP_CALL, IR_JUMP_SWITCH };

/* Where a unit is left for, or a label. */
struct ir_edge {
    uint64_t pc;      /* guest virtual address of the target */
    uint64_t back;    /* of a call: where it returns to, as in r[30]; else 0 */
    uint16_t label;   /* index of a LABEL insn, or IR_NONE */
    ir_ref flags;     /* to be SET on the way, or IR_NONE; no label then */
    bool same_page;   /* target lies in the page of the unit's head */
    bool backward;    /* target <= source: poll before going there */
    bool singly;      /* from a CHECK: no region is entered there, lest it
                         fail again */
    bool anew;        /* code there may have changed: no label, ever */
};

/* Address of the guest instruction `insn` (ir_insn.insn) of a unit. */
static inline uint64_t ir_insn_pc(uint64_t unit_pc, uint16_t insn)
{
    return unit_pc + (uint64_t)((int64_t)(int16_t)insn * 4);
}

#define IR_MAX_INSNS 8192
#define IR_MAX_CONSTS 8192
#define IR_FIRST_CONST IR_MAX_INSNS
#define IR_FIRST_ENTRY (IR_FIRST_CONST + IR_MAX_CONSTS)
#define IR_MAX_EDGES 256

/* An address that accesses of a cold unit are off (access.c). */
struct ir_base {
    uint32_t at;          /* of `check`, behind ir_unit.first */
    ir_ref root;
    ir_ref check;         /* its CHECK, or what may become that */
    int32_t lo, hi;       /* bytes from root that are accessed */
    int32_t offset;       /* of the first access, the op behind `check` */
    uint16_t branches;    /* ir_unit.branches at the first access */
    uint16_t edge;        /* of the CHECK */
    uint8_t flags;        /* IR_CHECK_* */
    bool begun;
};
#define IR_BASES 8

/* CONST or PC. */
static inline bool ir_is_constant(ir_ref r)
{
    return (unsigned)r - IR_FIRST_CONST < IR_MAX_CONSTS;
}

/*
 * One unit under construction; reused for every translation of a thread
 * (ir_unit_new(), free()).
 */
struct ir_unit {
    uint64_t pc;           /* guest VA of the head */
    uint32_t context;      /* context flags (architecture's), part of key */
    unsigned guest_insns;
    unsigned guest_bytes;  /* bytes of guest code covered from pc (cold) */
    unsigned count;        /* insns in use */
    unsigned const_count;  /* from IR_FIRST_CONST on */
    unsigned edge_count;
    uint16_t at;           /* ir_insn.insn of what is appended */
    uint16_t branches;     /* that code so far may be left by */
    bool region;
    bool singly;           /* entered by such an edge: does not loop */
    bool shares;           /* accesses share a CHECK (access.c) */
    /* Known of vcpu.fp while the unit runs, by the front end: to nearest, no
     * flushing, NaNs kept, no traps. */
    bool fp_default;
    struct ir_base base[IR_BASES];
    uint32_t shared_from;  /* none of which are those noted before */
    /* Current known value of registers while building (get/set
     * elimination): IR_NONE or a ref. */
    ir_ref known[HOMES];
    ir_ref entry[HOMES];   /* what that begins with */
    /* The last op that SETs the whole of a register, that reads or writes some
     * of it otherwise, and that may look at all of them or leave the unit.  Ops
     * count from `first` + 1 on here, behind those of other units (hints.h). */
    uint32_t last_set[HOMES], last_use[HOMES];
    uint32_t barrier, first;
    struct ir_insn insn[IR_FIRST_ENTRY + HOMES];
    struct ir_edge edge[IR_MAX_EDGES];
};

struct ir_unit *ir_unit_new(void);

#endif
