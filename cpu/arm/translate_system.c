/*
 * A64 system instructions: Arm ARM C4.1 "Branches, Exception Generating
 * and System instructions": system registers and SYS, by their tables.
 * Hints, barriers and PSTATE fields are in translate_pstate.c.
 */
#include "cpu/arm/a64_trans.h"
#include "cpu/arm/route.h"
#include "cpu/arm/sysops.h"
#include "cpu/arm/sysregs.h"
#include "cpu/arm/system.h"
#include "cpu/arm/translate.h"
#include "cpu/arm/translate_pstate.h"
#include "util/bits.h"
#include "util/log.h"

/* -- calls: a = row | Rt << 16 | class of traps << 24, b = value ---------- */

static ir_ref what_to_call(struct a64_ctx *s, size_t row, uint16_t encoding,
                           unsigned rt)
{
    return ir_const(s->u, IR_I64,
                    row | (uint64_t)rt << 16 |
                    (uint64_t)sysreg_trap_class(encoding) << 24);
}

/* At EL0 a control of its own may trap what the table allows, then those
 * of EL2 and EL3 at all levels below. */
static bool is_trapped(struct arm_cpu *cpu, enum sysreg_trap trap,
                       uint16_t encoding, uint64_t what, bool is_read)
{
    bool own = cpu->el == 0 && sysreg_is_trapped(cpu, trap, is_read);
    unsigned class = what >> 24, rt = what >> 16 & 31;
    unsigned el = own ? arm_route(cpu)
                      : sysreg_upper_trap(cpu, class, encoding, is_read);

    if (el > 0) {
        arm_raise_to(cpu, el, sysreg_syndrome(encoding, rt, is_read));
    }
    return el > 0;
}

/* EL2's own timers are under the names of EL0's while EL0 is EL2's. */
static const struct sysreg *row_now(const struct arm_cpu *cpu,
                                    uint64_t what)
{
    const struct sysreg *r = &sysregs[what & 0xffff];

    if (cpu->el == 0 && (r->flags & SYSREG_E2H) && arm_is_host(cpu)) {
        return sysreg_find(cpu, sysreg_redirect(r->encoding, 2));
    }
    return r;
}

static uint64_t call_read(struct vcpu *vcpu, uint64_t what, uint64_t b,
                          uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    const struct sysreg *r = &sysregs[what & 0xffff];

    (void)b, (void)c;
    if (is_trapped(cpu, r->trap, r->encoding, what, true)) {
        return 0;
    }
    return sysreg_read(cpu, row_now(cpu, what));
}

static uint64_t call_write(struct vcpu *vcpu, uint64_t what, uint64_t value,
                           uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    const struct sysreg *r = &sysregs[what & 0xffff];

    (void)c;
    if (!is_trapped(cpu, r->trap, r->encoding, what, false)) {
        sysreg_write(cpu, row_now(cpu, what), value);
    }
    return 0;
}

/* Where nothing could trap it: kernels clean and invalidate all code that
 * they load, line by line. */
static uint64_t call_free_sysop(struct vcpu *vcpu, uint64_t what, uint64_t x,
                                uint64_t c)
{
    const struct sysop *op = &sysops[what & 0xffff];

    (void)c;
    op->run(arm_cpu(vcpu), op, x);
    return 0;
}

static uint64_t call_sysop(struct vcpu *vcpu, uint64_t what, uint64_t x,
                           uint64_t c)
{
    const struct sysop *op = &sysops[what & 0xffff];

    return is_trapped(arm_cpu(vcpu), op->trap, op->encoding, what, false)
               ? 0 : call_free_sysop(vcpu, what, x, c);
}

static const struct ir_helper read_helper = {
    "sysreg_read", {.call = call_read}, 1, IR_HELPER_EXITS,
};
static const struct ir_helper read_fp_helper = {
    "fp_sysreg_read", {.call = call_read}, 1,
    IR_HELPER_EXITS | IR_HELPER_FP_STATUS,
};
static const struct ir_helper write_helper = {
    "sysreg_write", {.call = call_write}, 2, IR_HELPER_EXITS,
};
static const struct ir_helper write_tlb_helper = {
    "tlb_sysreg_write", {.call = call_write}, 2,
    IR_HELPER_EXITS | IR_HELPER_TLB,
};
static const struct ir_helper write_fp_helper = {
    "fp_sysreg_write", {.call = call_write}, 2,
    IR_HELPER_EXITS | IR_HELPER_FP_STATUS,
};
static const struct ir_helper sysop_helper = {
    "sysop", {.call = call_sysop}, 2, IR_HELPER_EXITS,
};
static const struct ir_helper free_sysop_helper = {
    "free_sysop", {.call = call_free_sysop}, 2, IR_HELPER_EXITS,
};
static const struct ir_helper sysop_tlb_helper = {
    "tlb_sysop", {.call = call_sysop}, 2, IR_HELPER_EXITS | IR_HELPER_TLB,
};

#define ENCODING(op0, a) \
    ((uint16_t)SYSREG(op0, (a)->op1, (a)->crn, (a)->crm, (a)->op2))

/* -- MRS and MSR --------------------------------------------------------- */

/* With HCR_EL2.E2H, at EL2 and EL3. */
static bool is_e2h(const struct a64_ctx *s)
{
    return s->el >= 2 && (s->context & CTX_UPPER);
}

/* The row when it exists and this exception level may; or NULL. */
static const struct sysreg *find(struct a64_ctx *s,
                                 const struct a64_arg_sysreg *a,
                                 bool is_read)
{
    uint16_t encoding = ENCODING(a->op0, a);
    const struct sysreg *r = sysreg_find(
        s->cpu, is_e2h(s) ? sysreg_redirect(encoding, s->el) : encoding);

    return r && (r->access >> (2 * s->el + !is_read) & 1) ? r : NULL;
}

/* Says so when it is executed, which code for other processors is not. */
static uint64_t call_log(struct vcpu *vcpu, uint64_t what, uint64_t pc,
                         uint64_t c)
{
    unsigned encoding = what & 0xffff;
    static const char *const kind[] = {"write of", "read of"};

    (void)vcpu, (void)c;
    log_unimp("%s S%u_%u_C%u_C%u_%u at %#llx: UNDEFINED",
              encoding >> 14 == 1 ? "instruction" : kind[what >> 16],
              encoding >> 14, encoding >> 11 & 7, encoding >> 7 & 15,
              encoding >> 3 & 15, encoding & 7, (unsigned long long)pc);
    return 0;
}

static const struct ir_helper log_helper = {
    "log_unimplemented", {.call = call_log}, 2, 0,
};

/* Those whose reads FEAT_IDST traps instead where they are not there or may
 * not be read. */
static bool is_id_space(unsigned encoding)
{
    unsigned op1 = encoding >> 11 & 7;

    return encoding >> 14 == 3 && (encoding >> 7 & 15) == 0 &&
           (encoding >> 3 & 15) < 8 && (op1 == 0 || op1 == 1 || op1 == 3);
}

static bool undefined(struct a64_ctx *s, unsigned encoding, unsigned rt,
                      bool is_read)
{
    if (log_on(LOG_UNIMP)) {
        ir_call(s->u, &log_helper,
                ir_const(s->u, IR_I64, encoding | (unsigned)is_read << 16),
                ir_pc(s->u, s->pc), IR_NONE);
    }
    a64_raise(s, is_read && is_id_space(encoding) &&
                         s->cpu->feature[A64_FEAT_IDST]
                     ? sysreg_syndrome((uint16_t)encoding, rt, true)
                     : ARM_SYNDROME(EC_UNKNOWN, 0));
    return true;
}

static ir_ref row_and_rt(struct a64_ctx *s, const struct sysreg *r,
                         unsigned rt)
{
    return what_to_call(s, (size_t)(r - sysregs), r->encoding, rt);
}

/* EL2 or EL3 may trap it, as far as the context tells. */
static bool may_trap(const struct a64_ctx *s, uint16_t encoding)
{
    bool controlled = s->el >= 2 ? s->cpu->has_el3 && s->el < 3
                                 : s->context & CTX_UPPER;

    return controlled && sysreg_trap_class(encoding) != SYSREG_NO_TRAP;
}

/* No call: a field of the state, and nothing that could trap. */
static bool is_plain(const struct a64_ctx *s, const struct sysreg *r)
{
    bool is_res0 = r->needs == NEEDS_EL2 && !s->cpu->has_el2;

    return (s->el > 0 || r->trap == TRAP_NONE) && !is_res0 &&
           !may_trap(s, r->encoding);
}

/* EL2 can give EL1 another MIDR_EL1. */
static bool is_constant(const struct a64_ctx *s, const struct sysreg *r)
{
    return (r->flags & SYSREG_CONST) &&
           !(s->cpu->has_el2 && r->read == sysreg_midr_read);
}

/* The value of a register that is not a view of PSTATE. */
static ir_ref read_value(struct a64_ctx *s, const struct sysreg *r,
                         unsigned rt)
{
    if (is_plain(s, r)) {
        if (is_constant(s, r)) {
            uint64_t value = sysreg_read((struct arm_cpu *)s->cpu, r);
            return ir_const(s->u, IR_I64, value);
        }
        if (!r->read) {
            return r->offset ? ir_get(s->u, IR_I64, r->offset)
                             : ir_const(s->u, IR_I64, 0);
        }
    }
    return ir_call(s->u,
                   r->flags & SYSREG_FP ? &read_fp_helper : &read_helper,
                   row_and_rt(s, r, rt), IR_NONE, IR_NONE);
}

A64_ROW(MRS, sysreg)
{
    const struct sysreg *r = find(s, a, true);

    if (!r) {
        return undefined(s, ENCODING(a->op0, a), (unsigned)a->rt, true);
    }
    if (r->view) {
        return a64_read_view(s, r, (unsigned)a->rt);
    }
    if (((r->flags & SYSREG_FP) && !a64_fp_access(s)) ||
        ((r->flags & SYSREG_SVE) && !a64_sve_access(s))) {
        return true;
    }
    a64_set_r(s, true, (unsigned)a->rt, read_value(s, r, (unsigned)a->rt));
    if (r->flags & SYSREG_NZCV) {
        ir_set_flags(s->u, ir_un(s->u, IR_NZCV_TO_FLAGS, IR_FLAGS,
                                 ir_const(s->u, IR_I32, 0)));
    }
    return true;
}

static void write_value(struct a64_ctx *s, const struct sysreg *r,
                        unsigned rt)
{
    ir_ref value = a64_r(s, true, rt);
    const struct ir_helper *helper =
        r->flags & SYSREG_FP ? &write_fp_helper
        : r->flags & SYSREG_TLB ? &write_tlb_helper
                                : &write_helper;

    if (is_plain(s, r) && !r->write) {
        if (r->mask) {
            value = ir_bini(s->u, IR_AND, IR_I64, value, r->mask);
        }
        if (r->offset) {
            ir_set(s->u, IR_I64, r->offset, value);
        }
        return;
    }
    ir_call(s->u, helper, row_and_rt(s, r, rt), value, IR_NONE);
}

A64_ROW(MSR_reg, sysreg)
{
    const struct sysreg *r = find(s, a, false);

    if (!r) {
        return undefined(s, ENCODING(a->op0, a), 0, false);
    }
    if (r->view) {
        return a64_write_view(s, r, (unsigned)a->rt);
    }
    if (((r->flags & SYSREG_FP) && !a64_fp_access(s)) ||
        ((r->flags & SYSREG_SVE) && !a64_sve_access(s))) {
        return true;
    }
    write_value(s, r, (unsigned)a->rt);
    if (r->flags & SYSREG_END) {
        ir_exit_loop(s->u, VCPU_EXIT_STATE, s->pc + 4);
        s->after |= A64_ENDED;
    }
    return true;
}

/* -- SYS ----------------------------------------------------------------- */

#define ZVA_BYTES 64

/* DC ZVA: one store where it points, which faults as the whole does, then
 * the block. */
static void zero_block(struct a64_ctx *s, unsigned rt)
{
    ir_ref x = a64_r(s, true, rt);
    ir_ref at = ir_bini(s->u, IR_AND, IR_I64, x, ~(uint64_t)(ZVA_BYTES - 1));
    ir_ref zero = ir_vconst(s->u, IR_Q, 0);

    ir_store(s->u, IR_I8, IR_MEM_NORMAL, ir_at(x),
             ir_const(s->u, IR_I64, 0));
    for (int32_t n = 0; n < ZVA_BYTES; n += 32) {
        ir_store2(s->u, IR_V128, 0, (struct ir_address){at, n}, zero, zero);
    }
}

static const struct ir_helper *helper_of(const struct a64_ctx *s,
                                         const struct sysop *op)
{
    bool is_free = (s->el > 0 || op->trap == TRAP_NONE) &&
                   !may_trap(s, op->encoding);

    return op->flags & SYSOP_TLB ? &sysop_tlb_helper
           : is_free             ? &free_sysop_helper
                                 : &sysop_helper;
}

A64_ROW(SYS, sys)
{
    const struct sysop *op = sysop_find(s->cpu, ENCODING(1, a));
    unsigned rt = (unsigned)a->rt;

    if (!op || s->el < sysop_least_el(op)) {
        return undefined(s, ENCODING(1, a), 0, false);
    }
    bool may_zva = s->el > 0 || (s->context & CTX_ZVA_EL0);
    if ((op->flags & SYSOP_ZVA) && may_zva && !(s->context & CTX_ALIGN) &&
        !may_trap(s, op->encoding)) {
        zero_block(s, rt);
        return true;
    }
    ir_call(s->u, helper_of(s, op),
            what_to_call(s, (size_t)(op - sysops), op->encoding, rt),
            a64_r(s, true, rt), IR_NONE);
    if (op->flags & SYSOP_END) {
        ir_exit_loop(s->u, VCPU_EXIT_STATE, s->pc + 4);
        s->after |= A64_ENDED;
    }
    return true;
}

/* No instruction with a result is allocated (but in extensions). */
A64_ROW(SYSL, sys)
{
    (void)s, (void)a;
    return false;
}
