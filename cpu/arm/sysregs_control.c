/* Registers that control the processor: translation, traps, FP. */
#include "cpu/arm/sysregs.h"

#include <sys/random.h>

#include "cpu/arm/guest.h"
#include "cpu/arm/system.h"
#include "util/bits.h"

/* -- translation --------------------------------------------------------- */

/* Fields that TLB entries were made by: M and C apart, since a regime of
 * its own stands for M off. */
#define SCTLR_IN_TLB (BIT(19) | BIT(25)) /* WXN, EE */

#define SCTLR_CACHES (BIT(2) | BIT(12)) /* C, I */

/* What the model has of SCTLR_EL1; the rest is RES0 or RES1. */
static uint64_t sctlr_writable(const struct arm_cpu *cpu)
{
    uint64_t bits = 0x070dd21f; /* M A C SA SA0 UMA I DZE UCT nTWI nTWE
                                   WXN E0E EE UCI */

    if (cpu->feature[A64_FEAT_PAUTH]) {
        bits |= BIT(31) | BIT(30) | BIT(27) | BIT(13);
    }
    if (cpu->feature[A64_FEAT_PAN]) {
        bits |= BIT(23);
    }
    if (cpu->feature[A64_FEAT_BTI]) {
        bits |= BIT(35) | BIT(36);
    }
    if (cpu->feature[A64_FEAT_SSBS]) {
        bits |= BIT(44);
    }
    return bits;
}

static uint64_t sctlr_res1(const struct arm_cpu *cpu)
{
    uint64_t bits = 0x30500980; /* AArch32 controls: SED, ITD ... */

    return cpu->feature[A64_FEAT_PAN] ? bits : bits | BIT(23);
}

static void forget_translations(struct arm_cpu *cpu)
{
    tlb_invalidate(cpu->vcpu.mmu, &(struct tlb_inval){.kind = TLB_INVAL_ALL});
}

/* Without caches memory is executed as it is (B2.4.4): see that. */
static void follow_caches(struct arm_cpu *cpu)
{
    struct cpu_system *s = cpu->system;
    bool cached = (cpu->mmu.sctlr & SCTLR_CACHES) == SCTLR_CACHES;

    if (s && s->engine) {
        engine_set_strict(s->engine, &cpu->vcpu,
                          s->config.smc_strict || !cached);
    }
}

void sysreg_sctlr_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    uint64_t old = cpu->mmu.sctlr;

    (void)r;
    value &= sctlr_writable(cpu);
    value |= sctlr_res1(cpu);
    cpu->mmu.sctlr = value;
    follow_caches(cpu);
    if ((old ^ value) & SCTLR_IN_TLB) {
        forget_translations(cpu);
    }
}

void sysreg_tcr_write(struct arm_cpu *cpu, const struct sysreg *r,
                      uint64_t value)
{
    (void)r;
    if (value != cpu->mmu.tcr) {
        cpu->mmu.tcr = value;
        forget_translations(cpu);
    }
}

void sysreg_mair_write(struct arm_cpu *cpu, const struct sysreg *r,
                       uint64_t value)
{
    (void)r;
    if (value != cpu->mmu.mair) {
        cpu->mmu.mair = value;
        forget_translations(cpu);
    }
}

void sysreg_ttbr0_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    (void)r;
    cpu->mmu.ttbr0 = value;
    arm_select_tlb(cpu);
}

void sysreg_ttbr1_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    (void)r;
    cpu->mmu.ttbr1 = value;
    arm_select_tlb(cpu);
}

/* FPEN; ZEN and TTA control what is not there. */
void sysreg_cpacr_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    (void)r;
    cpu->cpacr_el1 = value & (BIT(20) | BIT(21));
}

/* -- status -------------------------------------------------------------- */

uint64_t sysreg_isr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    uint32_t lines = __atomic_load_n(&cpu->irq_lines, __ATOMIC_RELAXED);

    (void)r;
    return (lines & 1u << CPU_LINE_IRQ ? PSTATE_I : 0) |
           (lines & 1u << CPU_LINE_FIQ ? PSTATE_F : 0);
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
