/* Self-hosted debug registers (Arm ARM D17.3). */
#include "cpu/arm/sysregs.h"

#include "cpu/arm/self_debug.h"
#include "util/bits.h"

#define OSLSR_OSLK 2u
#define OSLSR_OSLM 8u /* the lock is implemented */

void sysreg_oslar_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    (void)r;
    cpu->oslsr = value & 1 ? OSLSR_OSLK : 0;
    arm_debug_follow(cpu);
}

void sysreg_osdlr_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    (void)r;
    cpu->osdlr = value & 1;
    arm_debug_follow(cpu);
}

void sysreg_mdscr_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    (void)r;
    cpu->mdscr_el1 = value;
    arm_debug_follow(cpu);
}

/* The encodings have the number in CRm. */
static unsigned number(const struct sysreg *r)
{
    return r->encoding >> 3 & 15;
}

void sysreg_dbgbvr_write(struct arm_cpu *cpu, const struct sysreg *r,
                         uint64_t value)
{
    cpu->debug.bvr[number(r)] = value;
}

/* BAS is of halfwords: bits 1 and 3 are as 0 and 2. */
void sysreg_dbgbcr_write(struct arm_cpu *cpu, const struct sysreg *r,
                         uint64_t value)
{
    value &= ~(BIT(6) | BIT(8));
    cpu->debug.bcr[number(r)] = value | (value & (BIT(5) | BIT(7))) << 1;
    arm_debug_follow(cpu);
}

/* As if sign-extended from bit 48. */
void sysreg_dbgwvr_write(struct arm_cpu *cpu, const struct sysreg *r,
                         uint64_t value)
{
    cpu->debug.wvr[number(r)] =
        (uint64_t)sextract64(value, 0, 49) & ~UINT64_C(3);
    arm_debug_follow(cpu);
}

void sysreg_dbgwcr_write(struct arm_cpu *cpu, const struct sysreg *r,
                         uint64_t value)
{
    cpu->debug.wcr[number(r)] = value;
    arm_debug_follow(cpu);
}

uint64_t sysreg_oslsr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return cpu->oslsr | OSLSR_OSLM;
}

/* Which claim bits there are. */
uint64_t sysreg_claimset_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)cpu, (void)r;
    return 0xff;
}

void sysreg_claimset_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    (void)r;
    cpu->debug.claim |= value & 0xff;
}

void sysreg_claimclr_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    (void)r;
    cpu->debug.claim &= ~value;
}
