/*
 * Exceptions; see exception.h.  Which level takes one is route.c's matter.
 *
 * What is frequent also comes as helpers of generated code, which then goes
 * on in the new state without its run loop.  They keep out of vector
 * registers of the host (IR_HELPER_NO_FP), as this file is compiled to.
 */
#include "cpu/arm/exception.h"

#include "cpu/arm/guest.h"
#include "cpu/arm/route.h"
#include "cpu/arm/self_debug.h"
#include "cpu/arm/syndrome.h"
#include "cpu/arm/sysregs.h"
#include "cpu/ir/interp.h"
#include "util/bits.h"
#include "util/log.h"

#define SCTLR_SPAN BIT(23)
#define SCTLR_DSSBS BIT(44)

#define SPSR_MISC                                                         \
    (PSTATE_SSBS | PSTATE_IL | PSTATE_SS | PSTATE_PAN | PSTATE_UAO |      \
     PSTATE_DIT | PSTATE_TCO)

/* -- PSTATE -------------------------------------------------------------- */

static uint32_t pstate_but_flags(const struct arm_cpu *cpu)
{
    return cpu->pstate_misc | cpu->btype << 10 | cpu->daif |
           (uint32_t)cpu->el << 2 | cpu->spsel;
}

uint64_t arm_pstate(const struct arm_cpu *cpu)
{
    return (uint64_t)ir_flags_unpack(cpu->vcpu.flags) << 28 |
           pstate_but_flags(cpu);
}

void arm_set_el(struct arm_cpu *cpu, unsigned el, unsigned spsel)
{
    bool crosses = (cpu->el == 3) != (el == 3);

    cpu->sp_el[cpu->spsel ? cpu->el : 0] = cpu->vcpu.r[31];
    cpu->el = (uint8_t)el;
    cpu->spsel = (uint8_t)spsel;
    cpu->vcpu.r[31] = cpu->sp_el[spsel ? el : 0];
    if (crosses) {
        arm_gic_moved(cpu);
    }
}

/* The PSTATE bits that the model has. */
static uint32_t misc_bits(const struct arm_cpu *cpu)
{
    return PSTATE_IL | PSTATE_SS |
           (cpu->feature[A64_FEAT_PAN] ? PSTATE_PAN : 0) |
           (cpu->feature[A64_FEAT_UAO] ? PSTATE_UAO : 0) |
           (cpu->feature[A64_FEAT_DIT] ? PSTATE_DIT : 0) |
           (cpu->feature[A64_FEAT_SSBS] ? PSTATE_SSBS : 0) |
           (cpu->feature[A64_FEAT_MTE] ? PSTATE_TCO : 0);
}

static void set_masks(struct arm_cpu *cpu, uint64_t spsr)
{
    cpu->daif = spsr & (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F);
    cpu->btype = cpu->feature[A64_FEAT_BTI] ? spsr >> 10 & 3 : 0;
}

/* All of it but EL and SP. */
static void set_pstate(struct arm_cpu *cpu, uint64_t spsr)
{
    cpu->vcpu.flags = ir_flags_pack(spsr >> 28 & 15);
    cpu->pstate_misc = spsr & misc_bits(cpu);
    set_masks(cpu, spsr);
}

/* -- entry --------------------------------------------------------------- */

static uint64_t vector_offset(const struct arm_cpu *cpu,
                              enum arm_vector vector, unsigned target)
{
    unsigned group = cpu->el < target ? 0x400 : cpu->spsel ? 0x200 : 0;

    return group + vector * 0x80u;
}

/* PSTATE on entry, besides EL, SP and DAIF (AArch64.TakeException). */
static inline uint32_t entry_misc(const struct arm_cpu *cpu,
                                  unsigned target)
{
    uint64_t sctlr = cpu->mmu_el[target].sctlr;
    bool has_pan = target == 1 || (target == 2 && arm_is_host(cpu));
    uint32_t set = PSTATE_TCO;

    if (has_pan && !(sctlr & SCTLR_SPAN)) {
        set |= PSTATE_PAN;
    }
    if (sctlr & SCTLR_DSSBS) {
        set |= PSTATE_SSBS;
    }
    return (cpu->pstate_misc &
            ~(PSTATE_SS | PSTATE_IL | PSTATE_UAO | PSTATE_SSBS)) |
           (set & misc_bits(cpu));
}

/* All but the stack pointer; `misc`: entry_misc(). */
static inline void enter(struct arm_cpu *cpu, enum arm_vector vector,
                         unsigned target, uint32_t syndrome,
                         uint64_t return_pc, uint64_t pstate, uint32_t misc)
{
    cpu->vcpu.stats.exceptions[arm_exception_number(vector, syndrome)]++;
    cpu->vcpu.pc = cpu->vbar_el[target] + vector_offset(cpu, vector, target);
    cpu->spsr_el[target] = pstate;
    cpu->elr_el[target] = return_pc;
    if (vector == ARM_VECTOR_SYNC || vector == ARM_VECTOR_SERROR) {
        cpu->esr_el[target] = syndrome;
    }
    cpu->pstate_misc = misc;
    cpu->btype = 0;
    cpu->daif = PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F;
    cpu->stepping = false;
}

void arm_take_exception(struct arm_cpu *cpu, enum arm_vector vector,
                        unsigned target, uint32_t syndrome,
                        uint64_t return_pc)
{
    unsigned from = cpu->el;

    enter(cpu, vector, target, syndrome, return_pc, arm_pstate(cpu),
          entry_misc(cpu, target));
    arm_set_el(cpu, target, 1);
    if (log_on(LOG_INT)) {
        arm_log_exception(cpu, vector, from, syndrome);
    }
}

static void trace_sync(struct arm_cpu *cpu, unsigned target,
                       uint32_t syndrome, uint64_t return_pc)
{
    struct arm_traced *t = &cpu->trace.last;
    uint64_t far = cpu->far_el[target];

    if (t->elr != return_pc || t->esr != syndrome || t->far != far) {
        cpu->trace.before = *t;
        *t = (struct arm_traced){.elr = return_pc, .far = far,
                                 .esr = syndrome, .from = cpu->el};
    }
    t->count++;
}

static void take_sync(struct arm_cpu *cpu, unsigned target,
                      uint32_t syndrome, uint64_t return_pc)
{
    unsigned ec = syndrome >> 26;

    if (ec != EC_SVC) {
        trace_sync(cpu, target, syndrome, return_pc);
    }
    arm_take_exception(cpu, ARM_VECTOR_SYNC, target, syndrome, return_pc);
}

/* Classes come in pairs: from a lower exception level, from the same. */
static uint32_t from_here(const struct arm_cpu *cpu, enum arm_ec lower,
                          unsigned target)
{
    return lower + (cpu->el == target);
}

/* What EL2 is told besides: the intermediate address of a stage 2 fault. */
static void set_hpfar(struct arm_cpu *cpu, const struct mem_fault *fault,
                      unsigned target)
{
    if (target == 2 && fault->stage == 2) {
        cpu->hpfar_el2 = fault->ipa >> 12 << 4;
    }
}

void arm_raise_data_abort(struct arm_cpu *cpu, const struct mem_fault *fault,
                          bool maintenance)
{
    enum arm_ec class = EC_DABORT_LOWER;
    unsigned target = arm_route_abort(cpu, fault);
    uint32_t iss = arm_data_abort_iss(cpu, fault, maintenance);

    if (fault->watch) {
        class = EC_WATCHPOINT_LOWER;
        iss |= DEBUG_STATUS;
        target = arm_route_debug(cpu);
    }

    set_hpfar(cpu, fault, target);
    cpu->vcpu.fault_address = fault->va;
    arm_raise_to(cpu, target,
                 ARM_SYNDROME(from_here(cpu, class, target), iss));
}

/* Whether the class comes with an address. */
static bool has_far(unsigned ec)
{
    return (ec >= EC_IABORT_LOWER && ec <= EC_DABORT_SAME) ||
           ec == EC_WATCHPOINT_LOWER || ec == EC_WATCHPOINT_LOWER + 1;
}

/* Whether the return address is that of the next instruction: of a call,
 * but for the SMC that EL2 traps. */
static bool is_call(unsigned ec, unsigned target)
{
    return ec == EC_SVC || ec == EC_HVC || (ec == EC_SMC && target == 3);
}

static unsigned route_of(const struct arm_cpu *cpu, uint64_t syndrome)
{
    unsigned target = syndrome >> ARM_SYNDROME_EL_SHIFT & 3;

    if (target > 0) {
        return target;
    }
    switch ((uint32_t)syndrome >> 26) {
    case EC_BRK:
    case EC_BREAKPOINT_LOWER:
    case EC_BREAKPOINT_LOWER + 1:
    case EC_WATCHPOINT_LOWER:
    case EC_WATCHPOINT_LOWER + 1:
        return arm_route_debug(cpu);
    default:
        return arm_route(cpu);
    }
}

void arm_deliver(struct arm_cpu *cpu)
{
    struct vcpu *vcpu = &cpu->vcpu;
    uint64_t return_pc = vcpu->pc;

    if (vcpu->exit == VCPU_EXIT_RETURN) {
        arm_exception_return(cpu, vcpu->syndrome);
        return;
    }
    if (vcpu->exit == VCPU_EXIT_FAULT) {
        arm_raise_data_abort(cpu, &vcpu->fault, false);
    }
    uint32_t syndrome = (uint32_t)vcpu->syndrome;
    unsigned target = route_of(cpu, vcpu->syndrome);
    unsigned ec = syndrome >> 26;

    if (is_call(ec, target)) {
        arm_step_advance(cpu);
        return_pc += 4;
    } else {
        vcpu->retired--;
    }
    if (has_far(ec)) {
        cpu->far_el[target] = vcpu->fault_address;
    }
    take_sync(cpu, target, syndrome, return_pc);
}

void arm_take_fetch_fault(struct arm_cpu *cpu)
{
    const struct mem_fault *fault = &cpu->vcpu.fault;
    unsigned target = arm_route_abort(cpu, fault);
    uint64_t pc = cpu->vcpu.pc;

    set_hpfar(cpu, fault, target);
    cpu->far_el[target] = pc;
    take_sync(cpu, target,
              ARM_SYNDROME(from_here(cpu, EC_IABORT_LOWER, target),
                           (fault->status & 0x3f) |
                               (fault->s1ptw ? 1u << 7 : 0)),
              pc);
}

/* -- the PC -------------------------------------------------------------- */

void arm_step_advance(struct arm_cpu *cpu)
{
    if (cpu->stepping) {
        cpu->stepping = false;
        cpu->pstate_misc &= ~(uint32_t)PSTATE_SS;
    }
}

/* D2.12: PSTATE.SS set, run one instruction; clear, take the exception.  ISV:
 * after an instruction, and EX that it was a load-exclusive. */
static bool check_step(struct arm_cpu *cpu)
{
    bool stepped = cpu->stepping;

    arm_step_advance(cpu);
    if (cpu->pstate_misc & PSTATE_SS) {
        cpu->stepping = cpu->debug.step_begins = true;
        cpu->debug.step_pc = cpu->vcpu.pc;
        return false;
    }
    unsigned target = arm_route_debug(cpu);
    take_sync(cpu, target,
              ARM_SYNDROME(from_here(cpu, EC_STEP_LOWER, target),
                           (stepped ? 1u << 24 : 0) |
                               (stepped && cpu->debug.exclusive) << 6 |
                               DEBUG_STATUS),
              cpu->vcpu.pc);
    return true;
}

static bool may_fetch(struct arm_cpu *cpu)
{
    struct vcpu *vcpu = &cpu->vcpu;
    struct tlb_page page;
    struct mem_fault fault;

    return tlb_translate(vcpu->mmu, vcpu->tlb, vcpu->pc, TLB_EXEC, &page,
                         &fault);
}

bool arm_check_pc(struct arm_cpu *cpu)
{
    uint64_t pc = cpu->vcpu.pc;
    uint64_t canonical = (uint64_t)((int64_t)(pc << 8) >> 8);

    if (cpu->step_active && check_step(cpu)) {
        return true;
    }
    if (canonical != pc) {
        uint64_t stripped = mmu_strip_tag(arm_mmu(cpu, cpu->el), true, pc);

        if (stripped != pc) {
            cpu->vcpu.pc = stripped;
            return true;
        }
    }
    if (pc & 3) {
        cpu->far_el[arm_route(cpu)] = pc;
        take_sync(cpu, arm_route(cpu), ARM_SYNDROME(EC_PC_ALIGN, 0), pc);
        return true;
    }
    /* An abort of the fetch comes before (D1.3.6). */
    if ((cpu->pstate_misc & PSTATE_IL) && may_fetch(cpu)) {
        take_sync(cpu, arm_route(cpu), ARM_SYNDROME(EC_ILLEGAL_STATE, 0),
                  pc);
        return true;
    }
    return false;
}

/* -- interrupts ---------------------------------------------------------- */

static uint32_t lines(const struct arm_cpu *cpu)
{
    return __atomic_load_n(&cpu->irq_lines, __ATOMIC_ACQUIRE);
}

bool arm_interrupt_pending(const struct arm_cpu *cpu)
{
    return arm_wakes(cpu, lines(cpu));
}

bool arm_take_interrupt(struct arm_cpu *cpu)
{
    struct arm_interrupt interrupt;

    if (!arm_pick_interrupt(cpu, lines(cpu), &interrupt)) {
        return false;
    }
    arm_step_advance(cpu);
    if (interrupt.virtual_error) {
        arm_set_hcr(cpu, cpu->hcr_el2 & ~HCR_VSE);
    }
    arm_take_exception(cpu, interrupt.vector, interrupt.target,
                       ARM_SYNDROME(EC_SERROR, (uint32_t)cpu->vsesr_el2),
                       cpu->vcpu.pc);
    return true;
}

/* -- return -------------------------------------------------------------- */

/* After a change of DAIF: an interrupt that was held back is looked at before
 * the next unit. */
static void request_unmasked(struct arm_cpu *cpu)
{
    struct arm_interrupt interrupt;
    uint32_t raised = lines(cpu);

    if (raised && arm_pick_interrupt(cpu, raised, &interrupt)) {
        vcpu_request(&cpu->vcpu, VCPU_REQ_IRQ);
    }
}

void arm_exception_return(struct arm_cpu *cpu, uint64_t target)
{
    uint64_t spsr = cpu->spsr_el[cpu->el];
    bool could_step = arm_step_enabled(cpu);

    arm_step_advance(cpu);
    if (arm_is_legal_return(cpu, spsr)) {
        set_pstate(cpu, spsr);
        arm_set_el(cpu, spsr >> 2 & 3, spsr & SPSR_M_SP);
    } else {
        set_pstate(cpu, spsr | PSTATE_IL);
    }
    /* A step begins by a return from where stepping is not enabled to
     * where it is. */
    if (could_step || !arm_step_enabled(cpu)) {
        cpu->pstate_misc &= ~(uint32_t)PSTATE_SS;
    }
    cpu->vcpu.excl_addr = VCPU_EXCL_NONE;
    cpu->event = true;
    cpu->vcpu.pc = target;
    if (log_on(LOG_INT)) {
        arm_log_return(cpu);
    }
    request_unmasked(cpu);
}

/* -- without the run loop ------------------------------------------------ */

/* Select the context of this state; nothing has changed if false. */
static bool select_context(struct arm_cpu *cpu, unsigned el, unsigned spsel,
                           uint32_t misc, uint64_t sp)
{
    const struct arm_switch *fast = &cpu->fast;
    struct vcpu *vcpu = &cpu->vcpu;
    unsigned space = el == 0 ? 0 : misc & PSTATE_PAN ? 2 : 1;

    if (!fast->direct || (el != 0 && el != fast->upper) ||
        (cpu->mdscr_el1 & MDSCR_SS) || cpu->debug.breakpoints ||
        cpu->step_active || cpu->pmu.by_level ||
        !tlb_context_again(vcpu->mmu, fast->tlb[0], fast->key[0]) ||
        !tlb_context_again(vcpu->mmu, fast->tlb[space], fast->key[space])) {
        return false;
    }
    uint32_t flags = fast->flags[el > 0];
    if (el > 0) {
        flags |= (spsel ? CTX_SPSEL : 0) |
                 (misc & PSTATE_UAO ? 0 : CTX_UNPRIV);
    }
    if (sp & fast->sp_mask[el > 0]) {
        flags |= CTX_SP_ALIGN;
    }
    vcpu->tlb = fast->tlb[space];
    vcpu->tlb_unpriv = fast->tlb[0];
    vcpu->jump_key = vcpu_key(flags);
    return true;
}

bool arm_switch_context(struct arm_cpu *cpu)
{
    return select_context(cpu, cpu->el, cpu->spsel, cpu->pstate_misc,
                          cpu->vcpu.r[31]);
}

/* PSTATE.PAN has changed. */
static uint64_t call_pan(struct vcpu *vcpu, uint64_t next_pc, uint64_t b,
                         uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    const struct arm_switch *fast = &cpu->fast;
    unsigned space = cpu->pstate_misc & PSTATE_PAN ? 2 : 1;

    (void)b, (void)c;
    if (tlb_context_again(vcpu->mmu, fast->tlb[space], fast->key[space])) {
        vcpu->tlb = fast->tlb[space];
    } else {
        vcpu->exit = VCPU_EXIT_STATE;
        vcpu->pc = next_pc;
    }
    return 0;
}

const struct ir_helper arm_pan_helper = {
    "set_pan", {.call = call_pan}, 1,
    IR_HELPER_EXITS | IR_HELPER_SETS_PC | IR_HELPER_TLB | IR_HELPER_NO_FP,
};

static uint64_t leave(struct vcpu *vcpu, enum vcpu_exit exit,
                      uint64_t syndrome, uint64_t pc)
{
    vcpu->exit = exit;
    vcpu->syndrome = syndrome;
    vcpu->pc = pc;
    return 0;
}

static uint64_t call_enter(struct vcpu *vcpu, uint64_t syndrome,
                           uint64_t return_pc, uint64_t nzcv)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    unsigned ec = (uint32_t)syndrome >> 26, to = cpu->fast.upper;
    uint32_t misc = entry_misc(cpu, to);
    uint64_t sp = cpu->sp_el[to];

    if (log_on(LOG_INT) || syndrome >> ARM_SYNDROME_EL_SHIFT ||
        !select_context(cpu, to, 1, misc, sp)) {
        return leave(vcpu, VCPU_EXIT_EXCEPTION, syndrome,
                     return_pc - (ec == EC_SVC ? 4 : 0));
    }
    if (ec != EC_SVC) {
        vcpu->retired--;
        trace_sync(cpu, to, (uint32_t)syndrome, return_pc);
    }
    enter(cpu, ARM_VECTOR_SYNC, to, (uint32_t)syndrome, return_pc,
          nzcv | pstate_but_flags(cpu), misc);
    cpu->el = (uint8_t)to;
    cpu->spsel = 1;
    vcpu->target = vcpu->pc;
    return sp;
}

const struct ir_helper arm_enter_helper = {
    "enter_exception", {.call = call_enter}, 3,
    IR_HELPER_EXITS | IR_HELPER_SETS_PC | IR_HELPER_TLB | IR_HELPER_NO_FP,
};

static uint64_t call_return(struct vcpu *vcpu, uint64_t target, uint64_t b,
                            uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    uint64_t spsr = cpu->spsr_el[cpu->el];
    unsigned el = spsr >> 2 & 3, spsel = spsr & SPSR_M_SP;
    uint32_t misc = spsr & misc_bits(cpu) & ~(uint32_t)PSTATE_SS;
    uint64_t sp = cpu->sp_el[spsel ? el : 0];

    (void)b, (void)c;
    if (log_on(LOG_INT) || !arm_is_legal_return(cpu, spsr) ||
        (spsr & PSTATE_IL) || !select_context(cpu, el, spsel, misc, sp)) {
        return leave(vcpu, VCPU_EXIT_RETURN, target, target);
    }
    set_masks(cpu, spsr);
    cpu->pstate_misc = misc;
    cpu->el = (uint8_t)el;
    cpu->spsel = (uint8_t)spsel;
    vcpu->excl_addr = VCPU_EXCL_NONE;
    cpu->event = true;
    vcpu->target = target;
    request_unmasked(cpu);
    return sp;
}

const struct ir_helper arm_return_helper = {
    "return_from_exception", {.call = call_return}, 1,
    IR_HELPER_EXITS | IR_HELPER_SETS_PC | IR_HELPER_TLB | IR_HELPER_NO_FP,
};
