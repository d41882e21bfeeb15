/* Finding and accessing system registers; see sysregs.h. */
#include "cpu/arm/sysregs.h"

#include "cpu/arm/levels.h"
#include "cpu/arm/pmu.h"
#include "cpu/arm/system.h"
#include "util/bits.h"

/* -- finding ------------------------------------------------------------- */

static bool is_present(const struct arm_cpu *cpu, const struct sysreg *r)
{
    switch (r->needs) {
    case 0:
        return true;
    case NEEDS_GICV3:
        return cpu->system->has_gic;
    case NEEDS_GICV3_UPPER:
        return cpu->system->has_gic && (cpu->has_el2 || cpu->has_el3);
    case NEEDS_GICV3_EL2:
        return cpu->system->has_gic && cpu->has_el2;
    case NEEDS_GICV3_EL3:
        return cpu->system->has_gic && cpu->has_el3;
    case NEEDS_PMU:
        return pmu_version(cpu) != 0;
    case NEEDS_PMU_V3P4:
        return pmu_version(cpu) >= PMU_V3P4;
    case NEEDS_CORTEX:
        return cpu->model->is_cortex;
    case NEEDS_EL2:
        return cpu->has_el2 || cpu->has_el3;
    case NEEDS_EL3:
        return cpu->has_el3;
    case NEEDS_VHE:
        return cpu->has_vhe;
    case NEEDS_NO_EL2:
        return !cpu->has_el2 && !cpu->has_el3;
    case NEEDS_NO_EL3:
        return cpu->has_el2 && !cpu->has_el3;
    default:
        return cpu->feature[r->needs - 1];
    }
}

static const struct sysreg *row_of(uint16_t encoding)
{
    unsigned low = 0, high = sysreg_count;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        const struct sysreg *r = &sysregs[middle];

        if (r->encoding == encoding) {
            return r;
        }
        if (r->encoding < encoding) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct sysreg *sysreg_find(const struct arm_cpu *cpu,
                                 uint16_t encoding)
{
    const struct sysreg *r = row_of(encoding);

    return r && is_present(cpu, r) ? r : NULL;
}

#define CPACR_EL1 SYSREG(3, 0, 1, 0, 2)
#define CPTR_EL2 SYSREG(3, 4, 1, 1, 2)
#define OP1(n) ((n) << 11)

static bool is_e2h(uint16_t encoding)
{
    const struct sysreg *r = row_of(encoding);

    return r && (r->flags & SYSREG_E2H);
}

uint16_t sysreg_redirect(uint16_t encoding, unsigned el)
{
    uint16_t rest = encoding & ~OP1(7);

    if (encoding >> 14 == 3 && (encoding & OP1(7)) == OP1(5)) {
        return is_e2h(rest) ? rest
               : is_e2h(rest | OP1(3)) ? rest | OP1(3) : 0;
    }
    if (el != 2 || !is_e2h(encoding)) {
        return encoding;
    }
    return encoding == CPACR_EL1 ? CPTR_EL2 : rest | OP1(4);
}

/* -- access -------------------------------------------------------------- */

static uint64_t *field(struct arm_cpu *cpu, const struct sysreg *r)
{
    return (uint64_t *)((char *)cpu + r->offset);
}

/* EL2's registers of a processor with only EL3. */
static bool is_res0(const struct arm_cpu *cpu, const struct sysreg *r)
{
    return r->needs == NEEDS_EL2 && !cpu->has_el2;
}

uint64_t sysreg_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    if (is_res0(cpu, r)) {
        return 0;
    }
    if (r->read) {
        return r->read(cpu, r);
    }
    return r->offset ? *field(cpu, r) : 0;
}

void sysreg_write(struct arm_cpu *cpu, const struct sysreg *r,
                  uint64_t value)
{
    uint64_t mask = r->mask ? r->mask : UINT64_MAX;

    if (is_res0(cpu, r)) {
        return;
    }
    if (r->write) {
        r->write(cpu, r, value);
    } else if (r->offset) {
        *field(cpu, r) = value & mask;
    }
}

/* -- traps --------------------------------------------------------------- */

#define SCTLR_ENRCTX BIT(10)
#define SCTLR_DZE BIT(14)
#define SCTLR_UCT BIT(15)
#define SCTLR_TSCXT BIT(20)
#define SCTLR_UCI BIT(26)
#define MDSCR_TDCC BIT(12)
#define CNTKCTL_EL0PCTEN BIT(0)
#define CNTKCTL_EL0VCTEN BIT(1)
#define CNTKCTL_EL0VTEN BIT(8)
#define CNTKCTL_EL0PTEN BIT(9)
#define PMUSERENR_EN BIT(0)
#define PMUSERENR_SW BIT(1)
#define PMUSERENR_CR BIT(2)
#define PMUSERENR_ER BIT(3)

bool sysreg_is_trapped(const struct arm_cpu *cpu, enum sysreg_trap trap,
                       bool is_read)
{
    uint64_t sctlr = arm_mmu(cpu, 0)->sctlr;
    uint64_t cnt = arm_is_host(cpu) ? cpu->cnthctl_el2 : cpu->cntkctl_el1;
    uint64_t pmu = cpu->pmu.userenr;

    switch (trap) {
    case TRAP_NONE:
        return false;
    case TRAP_CTR:
        return !(sctlr & SCTLR_UCT);
    case TRAP_CACHE:
        return !(sctlr & SCTLR_UCI);
    case TRAP_DCZ:
        return !(sctlr & SCTLR_DZE);
    case TRAP_RCTX:
        return !(sctlr & SCTLR_ENRCTX);
    case TRAP_SCXTNUM:
        return sctlr & SCTLR_TSCXT;
    case TRAP_DEBUG:
        return cpu->mdscr_el1 & MDSCR_TDCC;
    case TRAP_PMU:
        return !(pmu & PMUSERENR_EN);
    case TRAP_PMU_CYCLES:
        return !(pmu & (PMUSERENR_EN | (is_read ? PMUSERENR_CR : 0)));
    case TRAP_PMU_SWINC:
        return !(pmu & (PMUSERENR_EN | PMUSERENR_SW));
    case TRAP_PMU_EVENTS:
        return !(pmu & (PMUSERENR_EN | (is_read ? PMUSERENR_ER : 0)));
    case TRAP_PMU_SELECT:
        return !(pmu & (PMUSERENR_EN | PMUSERENR_ER));
    case TRAP_CNTFRQ:
        return !(cnt & (CNTKCTL_EL0PCTEN | CNTKCTL_EL0VCTEN));
    case TRAP_CNTPCT:
        return !(cnt & CNTKCTL_EL0PCTEN);
    case TRAP_CNTVCT:
        return !(cnt & CNTKCTL_EL0VCTEN);
    case TRAP_CNTP:
        return !(cnt & CNTKCTL_EL0PTEN);
    case TRAP_CNTV:
        return !(cnt & CNTKCTL_EL0VTEN);
    }
    return true;
}
