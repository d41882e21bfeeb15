/* Self-hosted debug registers (Arm ARM D17.3). */
#include "cpu/arm/sysregs.h"

#define OSLSR_OSLK 2u
#define OSLSR_OSLM 8u /* the lock is implemented */

void sysreg_oslar_write(struct arm_cpu *cpu, const struct sysreg *r,
                        uint64_t value)
{
    (void)r;
    cpu->oslsr = value & 1 ? OSLSR_OSLK : 0;
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
