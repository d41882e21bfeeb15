/*
 * The translation driver: decode instruction after instruction of a page
 * and append their meaning to a unit, until something ends it.
 */
#include "cpu/arm/translate.h"

#include "cpu/arm/a64_trans.h"
#include "util/bits.h"

#include "cpu/arm/a64_decode.inc"

/* Guest instructions in a unit; conditional branches that it goes on
 * behind. */
#define MAX_INSNS 64
#define MAX_SIDE_EXITS 3

bool a64_feature(const struct a64_ctx *s, enum a64_feat feature)
{
    return s->cpu->feature[feature];
}

void a64_raise(struct a64_ctx *s, uint32_t syndrome)
{
    ir_set(s->u, IR_I64, offsetof(struct vcpu, syndrome),
           ir_const(s->u, IR_I64, syndrome));
    ir_exit_loop(s->u, VCPU_EXIT_EXCEPTION, s->pc);
    s->ended = true;
}

/* ISS of EC 0x07: COND as for an instruction without one. */
#define FP_TRAP_ISS (1u << 24 | 14u << 20)

bool a64_fp_access(struct a64_ctx *s)
{
    if (!(s->context >> CTX_FP_TRAP_SHIFT & 3)) {
        return true;
    }
    a64_raise(s, ARM_SYNDROME(EC_FP_TRAP, FP_TRAP_ISS));
    return false;
}

unsigned a64_mem_flags(const struct a64_ctx *s)
{
    return s->context & CTX_ALIGN ? IR_MEM_ALIGNED : 0;
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
        !(cpu->mmu.sctlr >> (SCTLR_BT0 + (cpu->el > 0)) & 1)) {
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
                ir_const(s->u, IR_I64, s->pc), IR_NONE);
    }
}

/* -- the driver ---------------------------------------------------------- */

static bool can_go_on(const struct a64_ctx *s, unsigned insns)
{
    return insns < MAX_INSNS && s->u->edge_count < MAX_SIDE_EXITS &&
           ir_room(s->u) && !(s->context & CTX_SS_ACTIVE);
}

void a64_translate(struct vcpu *vcpu, struct ir_unit *u, uint64_t pc,
                   uint32_t context, const uint8_t *code, unsigned bytes)
{
    struct a64_ctx s = {
        .u = u, .cpu = arm_cpu(vcpu), .pc = pc, .context = context,
        .el = context >> CTX_EL_SHIFT & 3,
    };
    unsigned insns = 0;

    u->fp_default = !(context & (CTX_FP_MODE | CTX_FP_RMODE));
    do {
        s.insn = load_le32(code + (s.pc - pc));
        ir_insn(u, s.pc);
        if (insns++ == 0 && (context & CTX_BTYPE_CHECK)) {
            begin_btype(&s, s.insn);
        }
        if (!a64_decode(&s, s.insn)) {
            a64_raise(&s, ARM_SYNDROME(EC_UNKNOWN, 0));
        }
        s.pc += 4;
    } while (!s.ended && s.pc - pc < bytes && can_go_on(&s, insns));
    if (!s.ended) {
        ir_exit(u, s.pc);
    }
}
