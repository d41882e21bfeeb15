/* Generic timer registers (Arm ARM D17.11). */
#include "cpu/arm/sysregs.h"

#include "cpu/arm/timer.h"

#define CTL_ISTATUS 4u

/* CNTP_* has CRm 2, CNTV_* 3; CNTPCT_EL0 and CNTPCTSS_EL0 op2 1 and 5,
 * CNTVCT_EL0 and CNTVCTSS_EL0 2 and 6. */
static unsigned timer_of(const struct sysreg *r)
{
    return (r->encoding >> 3 & 15) == 3 ? ARM_TIMER_VIRT : ARM_TIMER_PHYS;
}

uint64_t sysreg_cntct_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    return timer_count(cpu, (r->encoding & 3) == 2 ? ARM_TIMER_VIRT
                                                   : ARM_TIMER_PHYS);
}

uint64_t sysreg_cnt_tval_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    unsigned n = timer_of(r);

    return (uint32_t)(cpu->timer[n].cval - timer_count(cpu, n));
}

void sysreg_cnt_tval_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    unsigned n = timer_of(r);

    cpu->timer[n].cval =
        timer_count(cpu, n) + (uint64_t)(int64_t)(int32_t)value;
    timer_arm(cpu);
}

uint64_t sysreg_cnt_ctl_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    unsigned n = timer_of(r);
    bool met = timer_condition(cpu, n, timer_count(cpu, n));

    return cpu->timer[n].ctl | (met ? CTL_ISTATUS : 0);
}

void sysreg_cnt_ctl_write(struct arm_cpu *cpu, const struct sysreg *r,
                          uint64_t value)
{
    cpu->timer[timer_of(r)].ctl = value & 3;
    timer_arm(cpu);
}

uint64_t sysreg_cnt_cval_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    return cpu->timer[timer_of(r)].cval;
}

void sysreg_cnt_cval_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    cpu->timer[timer_of(r)].cval = value;
    timer_arm(cpu);
}
