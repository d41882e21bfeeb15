/*
 * The translation driver: decode instruction after instruction of a page
 * and append their meaning to a unit, until something ends it.
 */
#include "cpu/arm/translate.h"

#include "cpu/arm/a64_trans.h"
#include "cpu/arm/exception.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/self_debug.h"
#include "util/bits.h"

#include "cpu/arm/a64_decode.inc"

#define MAX_INSNS 64 /* in a unit */

bool a64_feature(const struct a64_ctx *s, enum a64_feat feature)
{
    return s->cpu->feature[feature];
}

ir_ref a64_zero(struct a64_ctx *s, bool sf)
{
    return ir_const(s->u, a64_type(sf), 0);
}

void a64_store_sp(struct a64_ctx *s)
{
    unsigned home = s->context & CTX_SPSEL && s->el > 0 ? s->el : 0;

    ir_set(s->u, IR_I64, ARM_OFF(sp_el[0]) + 8 * home,
           ir_get(s->u, IR_I64, VCPU_R(31)));
}

void a64_end_with_sp(struct a64_ctx *s, ir_ref sp)
{
    ir_set(s->u, IR_I64, VCPU_R(31), sp);
    ir_exit_indirect(s->u,
                     ir_get(s->u, IR_I64, offsetof(struct vcpu, target)),
                     IR_JUMP_SWITCH, vcpu_key(s->context));
    s->after |= A64_ENDED;
}

void a64_end_in_context(struct a64_ctx *s, uint32_t context, ir_ref sp)
{
    ir_ref mask = ir_get(s->u, IR_I8, ARM_OFF(fast.sp_mask[0]) + (s->el > 0));
    ir_ref key = ir_emit(s->u, IR_SELNZ, IR_I64, 0,
                         ir_bin(s->u, IR_AND, IR_I64, sp, mask),
                         ir_const(s->u, IR_I64,
                                  vcpu_key(context | CTX_SP_ALIGN)),
                         ir_const(s->u, IR_I64, vcpu_key(context)), 0);

    ir_set(s->u, IR_I64, offsetof(struct vcpu, jump_key), key);
    ir_exit_indirect(s->u, ir_pc(s->u, s->pc + 4), IR_JUMP_SWITCH,
                     vcpu_key(s->context));
    s->after |= A64_ENDED;
}

/* SVC returns to the next instruction. */
static void raise_to(struct a64_ctx *s, unsigned el, uint32_t syndrome)
{
    uint64_t return_pc = s->pc + (syndrome >> 26 == EC_SVC ? 4 : 0);
    uint64_t with_el = syndrome | (uint64_t)el << ARM_SYNDROME_EL_SHIFT;
    ir_ref nzcv = ir_un(s->u, IR_FLAGS_TO_NZCV, IR_I32,
                        ir_get_flags(s->u));

    a64_store_sp(s);
    a64_end_with_sp(s, ir_call(s->u, &arm_enter_helper,
                               ir_const(s->u, IR_I64, with_el),
                               ir_pc(s->u, return_pc), nzcv));
}

void a64_raise(struct a64_ctx *s, uint32_t syndrome)
{
    raise_to(s, 0, syndrome);
}

/* ISS of EC 0x07: COND as for an instruction without one. */
#define FP_TRAP_ISS (1u << 24 | 14u << 20)

bool a64_fp_access(struct a64_ctx *s)
{
    unsigned el = arm_ctx_fp_trap(s->context);

    if (el == 0) {
        return true;
    }
    raise_to(s, el > 1 ? el : 0, ARM_SYNDROME(EC_FP_TRAP, FP_TRAP_ISS));
    return false;
}

/* -- branch target identification ---------------------------------------- */

#define BTI_FIRST 0xd503241fu /* HINT #32, #34, #36, #38: BTI, c, j, jc */
#define BTI_MASK 0xffffff3fu
#define PACIASP 0xd503233fu
#define PACIBSP 0xd503237fu
#define EXCEPTION_GENERATING 0xd4000000u /* BRK, HLT: also good */

#define SCTLR_BT0 35 /* BT1 is the next */
#define ACCEPT_3_BY_SCTLR 0x10

/*
 * The values of PSTATE.BTYPE that `insn` as the first of a guarded page's
 * unit accepts, as a set (D8.4.6): 1 from BR by x16/x17 or from
 * elsewhere, 2 from BLR, 3 from other BR.  PACIxSP accepts 3 unless
 * SCTLR.BT0 or BT1 is set.
 */
static unsigned accepted_btypes(uint32_t insn)
{
    static const uint8_t bti[4] = {0x1, 0x7, 0xb, 0xf};

    if ((insn & BTI_MASK) == (BTI_FIRST & BTI_MASK)) {
        return bti[insn >> 6 & 3];
    }
    if (insn == PACIASP || insn == PACIBSP) {
        return 0x7 | ACCEPT_3_BY_SCTLR;
    }
    if ((insn & 0xffe0001f) == (EXCEPTION_GENERATING | 1u << 21) ||
        (insn & 0xffe0001f) == (EXCEPTION_GENERATING | 2u << 21)) {
        return 0xf;
    }
    return 0x1;
}

/* PSTATE.BTYPE lives for one instruction after an indirect branch, which is
 * always the first of a unit. */
static uint64_t check_btype(struct vcpu *vcpu, uint64_t accepted,
                            uint64_t pc, uint64_t unused)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct tlb_page page;
    struct mem_fault fault;

    (void)unused;
    if ((accepted & ACCEPT_3_BY_SCTLR) &&
        !(arm_mmu(cpu, cpu->el)->sctlr >> (SCTLR_BT0 + (cpu->el > 0)) & 1)) {
        accepted |= 1 << 3;
    }
    bool good = accepted >> cpu->btype & 1;
    if (!good && tlb_translate(vcpu->mmu, vcpu->tlb, pc, TLB_EXEC, &page,
                               &fault) &&
        page.guarded) {
        arm_raise(cpu, ARM_SYNDROME(EC_BTI, cpu->btype));
    } else {
        cpu->btype = 0;
    }
    return 0;
}

static const struct ir_helper check_btype_helper = {
    "check_btype", {.call = check_btype}, 2, IR_HELPER_EXITS,
};

static void begin_btype(struct a64_ctx *s, uint32_t insn)
{
    unsigned accepted = accepted_btypes(insn);

    if (accepted == 0xf) {
        ir_set(s->u, IR_I32, ARM_OFF(btype), ir_const(s->u, IR_I32, 0));
    } else {
        ir_call(s->u, &check_btype_helper, ir_const(s->u, IR_I64, accepted),
                ir_pc(s->u, s->pc), IR_NONE);
    }
}

/* -- the stack pointer --------------------------------------------------- */

/*
 * With SCTLR.SA an access whose base is SP faults when SP is not aligned to
 * 16 bytes (D1.8.2), whatever the address.  While it is aligned, which is
 * the rule, nothing is checked at accesses: units are for an aligned SP and
 * move it by multiples of 16.  After any other write the unit ends and looks
 * (check_sp); if SP is misaligned then, go on in units of CTX_SP_ALIGN.
 */
bool a64_keeps_sp_aligned(const struct a64_ctx *s, ir_ref value)
{
    const struct ir_insn *insn = s->u->insn;

    if (s->context & CTX_SP_ALIGN) {
        return false;
    }
    for (uint64_t imm; ; value = insn[value].a) {
        const struct ir_insn *i = &insn[value];

        if (i->op == IR_GET) {
            return i->type == IR_I64 && i->imm == VCPU_R(31);
        }
        if (i->type != IR_I64 ||
            (i->op != IR_ADD && i->op != IR_SUB && i->op != IR_AND) ||
            !ir_is_const(s->u, i->b, &imm) || (imm & 15)) {
            return false;
        }
        if (i->op == IR_AND) {
            return true;
        }
    }
}

static void check_sp(struct a64_ctx *s)
{
    ir_ref sp = ir_get(s->u, IR_I64, VCPU_R(31));

    if (!(s->context & CTX_SP_ALIGN)) {
        ir_brz(s->u, IR_I64, ir_bini(s->u, IR_AND, IR_I64, sp, 15), true,
               s->pc + 4);
    }
    a64_end_in_context(s, s->context & ~(uint32_t)CTX_SP_ALIGN, sp);
}

/* A load or store whose base is SP, but for literals and prefetches. */
static bool is_access_by_sp(uint32_t insn)
{
    bool literal = (insn & 0x3b000000) == 0x18000000;
    bool prefetch = (insn & 0xfec00000) == 0xf8800000;

    return (insn & 0x0a000000) == 0x08000000 && (insn >> 5 & 31) == 31 &&
           !literal && !prefetch;
}

static bool is_load_exclusive(uint32_t insn)
{
    return (insn & 0x3fc00000) == 0x08400000; /* and LDAXR, LDXP, LDAXP */
}

/* -- counting ------------------------------------------------------------ */

/* Whether what was appended from op `first` on may leave the unit. */
static bool leaves(const struct ir_unit *u, unsigned first)
{
    const unsigned leave = IR_P_MEM | IR_P_EXIT | IR_P_END | IR_P_CALL;

    for (unsigned n = first; n < u->count; n++) {
        if (ir_op_info[u->insn[n].op].props & leave) {
            return true;
        }
    }
    return false;
}

/*
 * With CTX_COUNT instructions are counted in runs: some that cannot leave the
 * unit and one that may.  The whole run is counted where it begins; its last
 * is taken back when it faults (vcpu.retired).
 */
static void begin_count(struct a64_ctx *s)
{
    struct ir_unit *u = s->u;
    uint32_t offset = offsetof(struct vcpu, retired);

    if (s->counted > 0 && leaves(u, s->first_op)) {
        s->counted = 0;
    }
    s->first_op = u->count;
    if (s->counted++ == 0) {
        s->count = ir_const(u, IR_I64, 0);
        ir_set(u, IR_I64, offset,
               ir_emit(u, IR_ADD, IR_I64, 0, ir_get(u, IR_I64, offset),
                       s->count, IR_NONE, 0));
    }
    u->insn[s->count].imm = s->counted;
}

/* -- what few contexts ask for ------------------------------------------- */

/* With the unit's first instruction; with every one. */
#define CTX_FIRST (CTX_SS_ACTIVE | CTX_BTYPE_CHECK)
#define CTX_EVERY (CTX_COUNT | CTX_SP_ALIGN)

static void begin_first(struct a64_ctx *s)
{
    if (s->context & CTX_SS_ACTIVE) {
        bool is_access = (s->insn & 0x0a000000) == 0x08000000;

        ir_call(s->u, &arm_debug_helper, ir_pc(s->u, s->pc),
                ir_const(s->u, IR_I64, is_access), IR_NONE);
        ir_set(s->u, IR_I8, ARM_OFF(debug.exclusive),
               ir_const(s->u, IR_I32, is_load_exclusive(s->insn)));
    }
    if (s->context & CTX_BTYPE_CHECK) {
        begin_btype(s, s->insn);
    }
}

static void begin_insn(struct a64_ctx *s, bool first)
{
    ir_insn(s->u, s->pc);
    if (s->context & CTX_COUNT) {
        begin_count(s);
    }
    if (first) {
        begin_first(s);
    }
}

/* An instruction, and by what it is decoded and translated. */
struct found {
    uint32_t insn;
    a64_decode_fn *decode;
};

static inline struct found find(const uint8_t *code)
{
    uint32_t insn = load_le32(code);

    return (struct found){insn, a64_decoder(insn)};
}

static inline void translate_insn(struct a64_ctx *s, a64_decode_fn *decode)
{
    if (!decode(s, s->insn)) {
        a64_raise(s, ARM_SYNDROME(EC_UNKNOWN, 0));
    }
}

/* An access by a misaligned SP: the unit ends before it, or, as the first,
 * by the exception, which comes after UNDEFINED. */
static void fault_at_sp(struct a64_ctx *s, a64_decode_fn *decode, bool first)
{
    if (!first) {
        ir_exit(s->u, s->pc);
        s->after |= A64_ENDED;
        return;
    }
    begin_insn(s, true);
    if (!decode(s, s->insn)) {
        a64_raise(s, ARM_SYNDROME(EC_UNKNOWN, 0));
        return;
    }
    ir_begin(s->u, s->pc, s->context);
    s->counted = 0;
    begin_insn(s, true);
    a64_raise(s, ARM_SYNDROME(EC_SP_ALIGN, 0));
}

/* Traps of FP come before. */
static bool faults_at_sp(const struct a64_ctx *s)
{
    bool is_fp = s->insn & 1u << 26;

    return (s->context & CTX_SP_ALIGN) && is_access_by_sp(s->insn) &&
           !(is_fp && (s->context & CTX_FP_TRAP));
}

/* An instruction of a unit with some of CTX_FIRST and CTX_EVERY. */
static void translate_with_more(struct a64_ctx *s, a64_decode_fn *decode,
                                bool first)
{
    if (faults_at_sp(s)) {
        fault_at_sp(s, decode, first);
    } else {
        begin_insn(s, first);
        translate_insn(s, decode);
    }
}

/* -- the driver ---------------------------------------------------------- */

/* The most bytes that the unit may have, of whole instructions. */
static unsigned limit(uint32_t context, unsigned bytes)
{
    unsigned most = context & CTX_SS_ACTIVE ? 4 : 4 * MAX_INSNS;

    return (bytes < most ? bytes : most) & ~3u;
}

/* Up to where there surely is room, on the way to `end`. */
static const uint8_t *room(const struct ir_unit *u, const uint8_t *code,
                           const uint8_t *end)
{
    size_t insns = ir_room(u);

    return insns < (size_t)(end - code) / 4 ? code + 4 * insns : end;
}

void a64_translate(struct vcpu *vcpu, struct ir_unit *u, uint64_t pc,
                   uint32_t context, const uint8_t *code, unsigned bytes)
{
    struct a64_ctx s = {
        .u = u, .cpu = arm_cpu(vcpu), .pc = pc, .context = context,
        .el = context >> CTX_EL_SHIFT & 3,
    };
    unsigned more = context & (CTX_FIRST | CTX_EVERY);
    const uint8_t *end = code + limit(context, bytes);
    const uint8_t *stop = room(u, code, end);
    /* The way of the next instruction is found before this one goes its own:
     * when the host has guessed it wrongly, as often, it soon knows. */
    struct found next = find(code);

    assert(stop > code);
    u->fp_default = !(context & (CTX_FP_MODE | CTX_FP_RMODE));
    if (context & CTX_COUNT) {
        u->shares = false; /* may leave before what has been counted */
    }
    for (;;) {
        struct found now = next;

        next = find(code + 4 < end ? code + 4 : code);
        s.insn = now.insn;
        if (!more) {
            ir_insn(u, s.pc);
            translate_insn(&s, now.decode);
        } else {
            translate_with_more(&s, now.decode, s.pc == pc);
            more &= CTX_EVERY;
        }
        if (s.after) {
            break;
        }
        s.pc += 4;
        code += 4;
        if (code == stop && (stop = room(u, code, end)) == code) {
            ir_exit(u, s.pc);
            break;
        }
    }
    if (s.after == A64_SP_CHANGED) {
        check_sp(&s);
    }
    ir_end(u, pc);
}
