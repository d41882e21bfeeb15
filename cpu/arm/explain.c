/*
 * What a processor is doing, in sentences (cpu_system_explain), for somebody
 * whose guest says nothing.  While the system is stopped.
 */
#include <inttypes.h>

#include "cpu/arm/disas.h"
#include "cpu/arm/exception.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/system.h"
#include "util/bits.h"

#define BRANCH_TO_SELF 0x14000000u
#define TIMER_ENABLED(ctl) (((ctl) & 3) == 1)

/* As often in a row is no accident. */
#define REPEATED 16
/* Samples within so many bytes are a loop. */
#define LOOP_BYTES 256

static const struct class_name {
    uint8_t ec;
    const char *name;
} class_names[] = {
    {EC_FP_TRAP, "a floating-point instruction while CPACR_EL1.FPEN forbids "
                 "it"},
    {EC_BTI, "a branch to where none may go (BTI)"},
    {EC_ILLEGAL_STATE, "an illegal execution state"},
    {EC_HVC, "an HVC"},
    {EC_SMC, "an SMC"},
    {EC_SYSREG, "a system register access that is trapped"},
    {EC_PAC_FAIL, "a pointer authentication failure"},
    {EC_IABORT_LOWER, "a failed instruction fetch"},
    {EC_IABORT_SAME, "a failed instruction fetch"},
    {EC_PC_ALIGN, "a misaligned PC"},
    {EC_DABORT_LOWER, "a failed data access"},
    {EC_DABORT_SAME, "a failed data access"},
    {EC_SP_ALIGN, "a misaligned stack pointer"},
    {EC_STEP_LOWER, "a software step"},
    {EC_STEP_LOWER + 1, "a software step"},
    {EC_BRK, "a BRK instruction"},
    {EC_UNKNOWN, "an undefined instruction"}, /* last: all others */
};

static const struct status_name {
    uint8_t status;
    bool has_level;
    const char *name;
} status_names[] = {
    {MMU_ADDRESS_SIZE, true, "address size fault"},
    {MMU_TRANSLATION, true, "translation fault"},
    {MMU_ACCESS_FLAG, true, "access flag fault"},
    {MMU_PERMISSION, true, "permission fault"},
    {MMU_EXTERNAL, false, "nothing answers at this address"},
    {MMU_EXTERNAL_ON_WALK, true, "a translation table is not in memory"},
    {MMU_ALIGNMENT, false, "alignment fault"},
};

static void print_class(FILE *f, unsigned ec)
{
    const struct class_name *name = class_names;

    while (name->ec != ec && name->ec != EC_UNKNOWN) {
        name++;
    }
    fputs(name->name, f);
    if (name->ec != ec) {
        fprintf(f, " or the like (class %#x)", ec);
    }
}

static void print_status(FILE *f, unsigned status)
{
    for (size_t n = 0; n < ARRAY_SIZE(status_names); n++) {
        const struct status_name *name = &status_names[n];
        unsigned mask = name->has_level ? 3 : 0;

        if ((status & ~mask) == name->status) {
            fprintf(f, name->has_level ? "%s, level %u" : "%s", name->name,
                    status & mask);
            return;
        }
    }
    fprintf(f, "status %#x", status);
}

static bool is_abort(unsigned ec)
{
    return ec >= EC_IABORT_LOWER && ec <= EC_DABORT_SAME &&
           ec != EC_PC_ALIGN;
}

static void print_exception(const struct arm_traced *t, const char *what,
                            FILE *f)
{
    unsigned ec = t->esr >> 26;

    fprintf(f, "  %s: ", what);
    print_class(f, ec);
    if (is_abort(ec)) {
        bool is_fetch = ec <= EC_IABORT_SAME;

        fprintf(f, " (%s %#" PRIx64 ": ",
                is_fetch           ? "of"
                : t->esr & 1u << 6 ? "write of"
                                   : "read of", t->far);
        print_status(f, t->esr & 0x3f);
        fputc(')', f);
    }
    fprintf(f, ",\n    at PC %#" PRIx64 " in EL%u, ESR %#" PRIx32, t->elr,
            t->from, t->esr);
    if (t->count >= REPEATED) {
        fprintf(f, ", %" PRIu64 " times in a row", t->count);
    }
    fprintf(f, ".\n");
}

static void print_exceptions(const struct arm_cpu *cpu, FILE *f)
{
    const struct arm_trace *t = &cpu->trace;
    bool repeated = t->last.count >= REPEATED;

    if (t->last.count) {
        print_exception(&t->last, repeated ? "The same exception"
                                           : "Its last exception", f);
    }
    if (repeated && !cpu->vbar_el[1]) {
        fprintf(f, "    VBAR_EL1 is 0: the guest has installed no exception "
                   "vectors.\n");
    }
    if (repeated && t->before.count) {
        print_exception(&t->before, "The one before", f);
    }
}

/* The instruction at the PC; false when there is none. */
static bool fetch(struct arm_cpu *cpu, uint32_t *insn)
{
    struct vcpu *vcpu = &cpu->vcpu;
    struct tlb_page page;
    struct mem_fault fault;
    uint64_t offset;
    struct ram *ram;

    if (!vcpu->tlb || (vcpu->pc & 3) ||
        !tlb_translate(vcpu->mmu, vcpu->tlb, vcpu->pc, TLB_EXEC, &page,
                       &fault)) {
        return false;
    }
    ram = bus_ram(bus_secure(cpu->system->bus),
                  page.pa + (vcpu->pc & mask64(TLB_PAGE_BITS)), 4, &offset);
    if (ram) {
        *insn = load_le32(ram->host + offset);
    }
    return ram != NULL;
}

/* All samples in a short piece of code. */
static bool find_loop(const struct arm_trace *t, uint64_t pc, uint64_t *low,
                      uint64_t *high)
{
    *low = *high = pc;
    for (unsigned n = 0; n < t->samples && n < ARM_SAMPLES; n++) {
        *low = t->pc[n] < *low ? t->pc[n] : *low;
        *high = t->pc[n] > *high ? t->pc[n] : *high;
    }
    return t->samples >= ARM_SAMPLES / 2 && *high - *low < LOOP_BYTES;
}

static void print_sleep(const struct arm_cpu *cpu, FILE *f)
{
    bool has_timer = false;

    for (unsigned n = 0; n < ARM_TIMERS; n++) {
        has_timer |= TIMER_ENABLED(cpu->timer[n].ctl);
    }
    fprintf(f, "  It waits for an interrupt (WFI or WFE); %s%s.\n",
            arm_interrupt_pending(cpu) ? "one is pending" : "none is pending",
            has_timer ? "" : ", and no timer of its own is set");
}

static void print_activity(struct arm_cpu *cpu, FILE *f)
{
    uint64_t low, high;
    uint32_t insn;
    char text[80];

    if (cpu->waiting) {
        print_sleep(cpu, f);
    } else if (!fetch(cpu, &insn)) {
        fprintf(f, "  There is no code at its PC.\n");
    } else if (insn == BRANCH_TO_SELF) {
        fprintf(f, "  It stands still: the instruction there is a branch to "
                   "itself.\n");
    } else if (cpu->trace.last.count < REPEATED &&
               find_loop(&cpu->trace, cpu->vcpu.pc, &low, &high)) {
        fprintf(f, "  It is in a loop, seen from %#" PRIx64 " to %#" PRIx64
                   ".\n", low, high);
    } else {
        a64_disas(insn, cpu->vcpu.pc, text, sizeof(text));
        fprintf(f, "  It is running; the instruction there is: %s\n", text);
    }
}

static void explain(struct arm_cpu *cpu, enum cpu_power power, FILE *f)
{
    uint64_t sctlr = arm_mmu(cpu, cpu->el)->sctlr;

    fprintf(f, "CPU %u: ", cpu->vcpu.index);
    if (power != CPU_ON) {
        fprintf(f, "off; the guest has not started it.\n");
        return;
    }
    fprintf(f, "EL%u, PC %#" PRIx64 ", MMU %s, caches %s, interrupts %s.\n",
            cpu->el, cpu->vcpu.pc, sctlr & BIT(0) ? "on" : "off",
            (sctlr & BIT(2)) && (sctlr & BIT(12)) ? "on" : "off",
            cpu->daif & PSTATE_I ? "masked" : "enabled");
    print_activity(cpu, f);
    print_exceptions(cpu, f);
}

void cpu_system_sample(struct cpu_system *s)
{
    for (unsigned n = 0; n < s->count; n++) {
        struct arm_trace *t = &s->cpu[n]->trace;

        t->pc[t->samples++ % ARM_SAMPLES] = s->cpu[n]->vcpu.pc;
    }
}

void cpu_system_explain(struct cpu_system *s, FILE *f)
{
    for (unsigned n = 0; n < s->count; n++) {
        explain(s->cpu[n], s->thread[n].power, f);
        s->cpu[n]->trace.samples = 0;
    }
}
