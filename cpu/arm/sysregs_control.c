/* Registers that control the processor: translation, traps, FP. */
#include "cpu/arm/sysregs.h"

#include <sys/random.h>

#include "cpu/arm/guest.h"
#include "cpu/arm/route.h"
#include "cpu/arm/system.h"
#include "util/bits.h"

/* -- translation --------------------------------------------------------- */

/* Fields that TLB entries were made by: M and C apart, since a regime of
 * its own stands for M off. */
#define SCTLR_IN_TLB (BIT(19) | BIT(25) | BIT(57)) /* WXN, EE, EPAN */

#define SCTLR_CACHES (BIT(2) | BIT(12)) /* C, I */

/* What the model has of SCTLR_ELx; the rest is RES0 or RES1. */
static uint64_t sctlr_writable(const struct arm_cpu *cpu, bool has_el0)
{
    uint64_t bits = 0x0208100f; /* M A C SA I WXN EE */

    if (cpu->feature[A64_FEAT_PAUTH]) {
        bits |= BIT(31) | BIT(30) | BIT(27) | BIT(13);
    }
    if (cpu->feature[A64_FEAT_BTI]) {
        bits |= BIT(36);
    }
    if (cpu->feature[A64_FEAT_SSBS]) {
        bits |= BIT(44);
    }
    if (cpu->feature[A64_FEAT_LSE2]) {
        bits |= BIT(6); /* nAA */
    }
    if (arm_id_field(cpu->model->ARM_ID_AA64MMFR2, 12)) {
        bits |= BIT(21); /* IESB */
    }
    if (!has_el0) {
        return bits;
    }
    bits |= 0x0505c210; /* SA0 UMA DZE UCT nTWI nTWE E0E UCI */
    bits |= cpu->feature[A64_FEAT_PAN] ? BIT(23) : 0;
    bits |= cpu->feature[A64_FEAT_BTI] ? BIT(35) : 0;
    bits |= cpu->feature[A64_FEAT_SPECRES] ? BIT(10) : 0;
    bits |= cpu->feature[A64_FEAT_SCXTNUM] ? BIT(20) : 0;
    bits |= cpu->mmu_el[1].epan ? BIT(57) : 0;
    return bits;
}

static uint64_t sctlr_res1(const struct arm_cpu *cpu, bool has_el0)
{
    uint64_t bits = has_el0 ? 0x30500980 /* AArch32 controls: SED, ITD ... */
                            : 0x30c50830;

    if (has_el0 && cpu->feature[A64_FEAT_SCXTNUM]) {
        bits &= ~BIT(20);
    }
    if (!has_el0) {
        return bits;
    }
    return cpu->feature[A64_FEAT_PAN] ? bits : bits | BIT(23);
}

static void forget_translations(struct arm_cpu *cpu)
{
    tlb_invalidate(cpu->vcpu.mmu, &(struct tlb_inval){.kind = TLB_INVAL_ALL});
}

/* Without caches memory is executed as it is (B2.4.4): see that.  Whoever
 * starts with caches off has them off at all levels. */
static void follow_caches(struct arm_cpu *cpu)
{
    struct cpu_system *s = cpu->system;
    bool cached = false;

    for (unsigned el = 1; el <= 3; el++) {
        cached |= (cpu->mmu_el[el].sctlr & SCTLR_CACHES) == SCTLR_CACHES;
    }
    if (s && s->engine) {
        engine_set_strict(s->engine, &cpu->vcpu,
                          s->config.smc_strict || !cached);
    }
}

void arm_set_sctlr(struct arm_cpu *cpu, unsigned el, uint64_t value)
{
    struct mmu_regs *m = &cpu->mmu_el[el];
    bool has_el0 = m->regime == MMU_EL1_0;
    uint64_t old = m->sctlr;

    value &= sctlr_writable(cpu, has_el0);
    m->sctlr = value | sctlr_res1(cpu, has_el0);
    follow_caches(cpu);
    if ((old ^ value) & SCTLR_IN_TLB) {
        forget_translations(cpu);
    }
}

void sysreg_sctlr_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    arm_set_sctlr(cpu, sysreg_el(r), value);
}

void sysreg_tcr_write(struct arm_cpu *cpu, const struct sysreg *r,
                      uint64_t value)
{
    struct mmu_regs *m = &cpu->mmu_el[sysreg_el(r)];

    if (value != m->tcr) {
        m->tcr = value;
        forget_translations(cpu);
    }
}

void sysreg_mair_write(struct arm_cpu *cpu, const struct sysreg *r,
                       uint64_t value)
{
    struct mmu_regs *m = &cpu->mmu_el[sysreg_el(r)];

    if (value != m->mair) {
        m->mair = value;
        forget_translations(cpu);
    }
}

/* It is written again with what it has where a kernel goes back to a task. */
static void set_ttbr(struct arm_cpu *cpu, uint64_t *ttbr, uint64_t value)
{
    if (value != *ttbr) {
        *ttbr = value;
        arm_select_tlb(cpu);
    }
}

void sysreg_ttbr0_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    set_ttbr(cpu, &cpu->mmu_el[sysreg_el(r)].ttbr0, value);
}

void sysreg_ttbr1_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    set_ttbr(cpu, &cpu->mmu_el[sysreg_el(r)].ttbr1, value);
}

/* FPEN; ZEN and TTA control what is not there. */
void sysreg_cpacr_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    (void)r;
    uint64_t zen = cpu->feature[A64_FEAT_SVE] ? BIT(16) | BIT(17) : 0;

    cpu->cpacr_el1 = value & (BIT(20) | BIT(21) | zen);
}

/* -- status -------------------------------------------------------------- */

uint64_t sysreg_isr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    uint32_t lines = __atomic_load_n(&cpu->irq_lines, __ATOMIC_RELAXED);

    (void)r;
    return arm_pending_masks(cpu, lines);
}

/* An SError that ESB has deferred: a guest's own (FEAT_RAS). */
static uint64_t *disr(struct arm_cpu *cpu)
{
    bool is_guest = cpu->el == 1 && (arm_hcr(cpu) & HCR_AMO);

    return is_guest ? &cpu->vdisr_el2 : &cpu->disr_el1;
}

uint64_t sysreg_disr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return *disr(cpu);
}

void sysreg_disr_write(struct arm_cpu *cpu, const struct sysreg *r,
                       uint64_t value)
{
    (void)r;
    *disr(cpu) = value & 0x81ffffff;
}

/* RMR_EL1.AA64. */
uint64_t sysreg_one_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)cpu, (void)r;
    return 1;
}

/* The host has always a number for us, so that NZCV tells success. */
uint64_t sysreg_random_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    uint64_t value;

    (void)cpu, (void)r;
    while (getrandom(&value, sizeof(value), 0) != sizeof(value)) {
        /* interrupted */
    }
    return value;
}

/* -- floating point ------------------------------------------------------ */

#define FPCR_WRITABLE 0x07c00000u /* AHP DN FZ RMode */
#define FPCR_FZ16 (1u << 19)
#define FPSR_QC (1u << 27)
#define FPSR_FLAGS 0x9fu

uint64_t sysreg_fpcr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return cpu->fpcr;
}

void sysreg_fpcr_write(struct arm_cpu *cpu, const struct sysreg *r,
                       uint64_t value)
{
    uint32_t flags = cpu->vcpu.fp.flags;

    (void)r;
    cpu->fpcr = (uint32_t)value &
                (FPCR_WRITABLE |
                 (cpu->feature[A64_FEAT_FP16] ? FPCR_FZ16 : 0));
    cpu->vcpu.fp = fp_status_from_fpcr(cpu->fpcr);
    cpu->vcpu.fp.flags = flags;
}

uint64_t sysreg_fpsr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return cpu->vcpu.fp.flags | (cpu->vcpu.saturated ? FPSR_QC : 0);
}

void sysreg_fpsr_write(struct arm_cpu *cpu, const struct sysreg *r,
                       uint64_t value)
{
    (void)r;
    cpu->vcpu.fp.flags = value & FPSR_FLAGS;
    cpu->vcpu.saturated = (value & FPSR_QC) != 0;
}
