/*
 * Generic timer registers (Arm ARM D17.11).  Who may touch those of EL0 and
 * EL1 is for CNTKCTL_EL1 and CNTHCTL_EL2 to say, those of the Secure timer
 * for SCR_EL3.
 */
#include "cpu/arm/levels.h"
#include "cpu/arm/sysregs.h"
#include "cpu/arm/timer.h"

#define CTL_ISTATUS 4u

/* CNTHCTL_EL2, whose shape is by HCR_EL2.E2H; its enables of EL0's accesses
 * are then those of CNTKCTL_EL1. */
#define CNTHCTL_EL1PCTEN BIT(0)
#define CNTHCTL_EL1PCEN BIT(1)
#define CNTHCTL_E2H_EL1PCTEN BIT(10)
#define CNTHCTL_E2H_EL1PTEN BIT(11)
#define CNTHCTL_EL1TVT BIT(13)  /* with FEAT_ECV */
#define CNTHCTL_EL1TVCT BIT(14)
#define CNTHCTL_ECV (BIT(13) | BIT(14) | BIT(15) | BIT(16) | BIT(17))

#define OP1(encoding) ((encoding) >> 11 & 7)
#define CRM(encoding) ((encoding) >> 3 & 15)

/* op1 3 is CNTP (CRm 2) or CNTV (3), 4 is CNTHP or CNTHV, 7 is CNTPS. */
static unsigned timer_of(const struct sysreg *r)
{
    bool is_virtual = CRM(r->encoding) == 3;

    switch (OP1(r->encoding)) {
    case 4:
        return is_virtual ? ARM_TIMER_HYP_VIRT : ARM_TIMER_HYP;
    case 7:
        return ARM_TIMER_SEC;
    default:
        return is_virtual ? ARM_TIMER_VIRT : ARM_TIMER_PHYS;
    }
}

/* An instruction that is UNDEFINED for a reason that its encoding does not
 * tell. */
static void undefined(struct arm_cpu *cpu)
{
    arm_raise(cpu, ARM_SYNDROME(EC_UNKNOWN, 0));
}

/* -- counters ------------------------------------------------------------ */

/* For the highest level to set. */
void sysreg_cntfrq_write(struct arm_cpu *cpu, const struct sysreg *r,
                         uint64_t value)
{
    unsigned highest = cpu->has_el3 ? 3 : cpu->has_el2 ? 2 : 1;

    (void)r;
    if (cpu->el < highest) {
        undefined(cpu);
    } else {
        cpu->cntfrq = (uint32_t)value;
    }
}

/* CNTPCT_EL0 and CNTPCTSS_EL0 have op2 1 and 5, CNTVCT_EL0 and CNTVCTSS_EL0
 * 2 and 6. */
uint64_t sysreg_cntct_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    bool is_virtual = (r->encoding & 3) == 2 && timer_has_offset(cpu);

    return timer_count(cpu, is_virtual ? ARM_TIMER_VIRT : ARM_TIMER_PHYS);
}

void sysreg_cntvoff_write(struct arm_cpu *cpu, const struct sysreg *r,
                          uint64_t value)
{
    (void)r;
    cpu->cntvoff = value;
    timer_arm(cpu);
}

void sysreg_cnthctl_write(struct arm_cpu *cpu, const struct sysreg *r,
                          uint64_t value)
{
    uint64_t bits = cpu->has_vhe ? 0xfff : 0xff;

    (void)r;
    bits |= cpu->feature[A64_FEAT_ECV] ? CNTHCTL_ECV : 0;
    cpu->cnthctl_el2 = value & bits;
}

/* -- timers -------------------------------------------------------------- */

/* The Secure timer is not there for Non-secure EL1. */
static bool is_hidden(struct arm_cpu *cpu, unsigned timer)
{
    bool hidden = timer == ARM_TIMER_SEC && !arm_is_secure(cpu);

    if (hidden) {
        undefined(cpu);
    }
    return hidden;
}

uint64_t sysreg_cnt_tval_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    unsigned n = timer_of(r);

    if (is_hidden(cpu, n)) {
        return 0;
    }
    return (uint32_t)(cpu->timer[n].cval - timer_count(cpu, n));
}

void sysreg_cnt_tval_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    unsigned n = timer_of(r);

    if (!is_hidden(cpu, n)) {
        cpu->timer[n].cval =
            timer_count(cpu, n) + (uint64_t)(int64_t)(int32_t)value;
        timer_arm(cpu);
    }
}

uint64_t sysreg_cnt_ctl_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    unsigned n = timer_of(r);
    bool met = timer_condition(cpu, n, timer_count(cpu, n));

    if (is_hidden(cpu, n)) {
        return 0;
    }
    return cpu->timer[n].ctl | (met ? CTL_ISTATUS : 0);
}

void sysreg_cnt_ctl_write(struct arm_cpu *cpu, const struct sysreg *r,
                          uint64_t value)
{
    unsigned n = timer_of(r);

    if (!is_hidden(cpu, n)) {
        cpu->timer[n].ctl = value & 3;
        timer_arm(cpu);
    }
}

uint64_t sysreg_cnt_cval_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    unsigned n = timer_of(r);

    return is_hidden(cpu, n) ? 0 : cpu->timer[n].cval;
}

void sysreg_cnt_cval_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    unsigned n = timer_of(r);

    if (!is_hidden(cpu, n)) {
        cpu->timer[n].cval = value;
        timer_arm(cpu);
    }
}

/* -- traps --------------------------------------------------------------- */

/* CNTHCTL_EL2 for EL1 and EL0, which TGE makes the host's. */
static bool is_hypervisors(const struct arm_cpu *cpu, uint16_t encoding)
{
    bool e2h = cpu->hcr_el2 & HCR_E2H;
    bool ecv = cpu->feature[A64_FEAT_ECV];
    unsigned op2 = encoding & 3;
    uint64_t cnt = cpu->cnthctl_el2;

    if (!arm_el2_enabled(cpu) || cpu->el > 1 || arm_is_host(cpu)) {
        return false;
    }
    switch (CRM(encoding)) {
    case 0: /* the counters */
        return op2 == 1   ? !(cnt & (e2h ? CNTHCTL_E2H_EL1PCTEN
                                         : CNTHCTL_EL1PCTEN))
               : op2 == 2 ? ecv && (cnt & CNTHCTL_EL1TVCT)
                          : false;
    case 2: /* CNTP_* */
        return !(cnt & (e2h ? CNTHCTL_E2H_EL1PTEN : CNTHCTL_EL1PCEN));
    case 3: /* CNTV_* */
        return ecv && (cnt & CNTHCTL_EL1TVT);
    default:
        return false;
    }
}

unsigned sysreg_timer_trap(const struct arm_cpu *cpu, uint16_t encoding)
{
    if (OP1(encoding) == 7) { /* CNTPS_*, of EL3 and Secure EL1 */
        return cpu->el == 1 && arm_is_secure(cpu) &&
                       !(cpu->scr_el3 & SCR_ST)
                   ? 3 : 0;
    }
    return OP1(encoding) == 3 && is_hypervisors(cpu, encoding) ? 2 : 0;
}
