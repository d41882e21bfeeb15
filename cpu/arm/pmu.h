/*
 * Performance monitors (Arm ARM D11, D17.5): PMUv3 up to FEAT_PMUv3p5, a
 * cycle counter and six event counters.  A cycle takes a nanosecond of the
 * machine's time, also in WFI; events are cycles, instructions, PMSWINC_EL0
 * and stalls, of which there are none.
 *
 * pmu.c counts and drives the interrupt; sysregs_pmu.c has the registers.
 * Everything runs on the vCPU's thread, or while it is stopped.
 */
#ifndef CPU_ARM_PMU_H
#define CPU_ARM_PMU_H

#include "cpu/arm/arm_cpu.h"
#include "util/bits.h"

/* PMCR_EL0. */
#define PMCR_E BIT(0)
#define PMCR_P BIT(1)  /* write: reset the event counters */
#define PMCR_C BIT(2)  /* write: reset the cycle counter */
#define PMCR_D BIT(3)  /* count every 64th cycle */
#define PMCR_X BIT(4)
#define PMCR_DP BIT(5) /* no cycles where counting is prohibited */
#define PMCR_LC BIT(6) /* cycles overflow at 64 bits, and no D */
#define PMCR_LP BIT(7) /* events too (FEAT_PMUv3p5) */
#define PMCR_N_SHIFT 11

/* PMEVTYPER<n>_EL0, PMCCFILTR_EL0: what does not count. */
#define PMU_FILTER_P BIT(31)   /* EL1 */
#define PMU_FILTER_U BIT(30)   /* EL0 */
#define PMU_FILTER_NSK BIT(29) /* differs from P: Non-secure EL1 */
#define PMU_FILTER_NSU BIT(28) /* likewise U, EL0 */
#define PMU_FILTER_NSH BIT(27) /* EL2 counts */
#define PMU_FILTER_M BIT(26)   /* differs from P: EL3 */

enum pmu_event {
    PMU_SW_INCR = 0x00, PMU_INST_RETIRED = 0x08, PMU_CPU_CYCLES = 0x11,
    PMU_STALL_FRONTEND = 0x23, PMU_STALL_BACKEND = 0x24, PMU_STALL = 0x3c,
};

/* ID_AA64DFR0_EL1.PMUVer. */
enum pmu_version { PMU_V3 = 1, PMU_V3P1 = 4, PMU_V3P4 = 5, PMU_V3P5 = 6 };
unsigned pmu_version(const struct arm_cpu *cpu);

/* The bit of a counter in enabled, overflowed and interrupts. */
static inline uint64_t pmu_bit(unsigned n)
{
    return n == ARM_PMU_CYCLES ? BIT(31) : BIT(n);
}

/* The bits of the counters that this exception level sees, and how many event
 * counters that are: EL2 can keep some for itself. */
uint64_t pmu_counters(const struct arm_cpu *cpu);
unsigned pmu_event_counters(const struct arm_cpu *cpu);

/* The bits of a counter: those of events have 32 before FEAT_PMUv3p5. */
uint64_t pmu_counter_mask(const struct arm_cpu *cpu, unsigned n);

/* Bring the counters up to date. */
struct arm_pmu *pmu_settle(struct arm_cpu *cpu);

/* Choose which counters run: what governs that has changed.  To be called
 * after pmu_settle(), which still counted for those that ran. */
void pmu_choose(struct arm_cpu *cpu);
/* Both, after a change of exception level, Security state or MDCR_ELx. */
void pmu_follow(struct arm_cpu *cpu);

/* PMSWINC_EL0: an event of each counter that counts such. */
void pmu_increment(struct arm_cpu *cpu, uint64_t counters);

/* Recompute the interrupt at monotonic time `ns`; returns when it may change
 * by itself. */
uint64_t pmu_update(struct arm_cpu *cpu, uint64_t ns);
/* Some counter may count, or there is an output to lower. */
bool pmu_is_on(const struct arm_cpu *cpu);

#endif
