/* PSCI and SMCCC; see psci.h.  A function is a row of the table below. */
#include "cpu/arm/psci.h"

#include "cpu/arm/system.h"
#include "util/bits.h"
#include "util/log.h"

enum psci_result {
    PSCI_SUCCESS = 0, PSCI_NOT_SUPPORTED = -1, PSCI_INVALID_PARAMS = -2,
    PSCI_DENIED = -3, PSCI_ALREADY_ON = -4, PSCI_ON_PENDING = -5,
    PSCI_INTERNAL_FAILURE = -6,
};

#define PSCI_VERSION_1_1 0x10001
#define SMCCC_VERSION_1_1 0x10001
#define SMC64 BIT(30)
#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

/* Arguments: already cut to 32 bits for an SMC32 function. */
struct call {
    struct arm_cpu *cpu;
    struct cpu_system *system;
    uint64_t x[4];
};

/* Index of the processor with this affinity, or -1. */
static int find_cpu(const struct call *c, uint64_t affinity)
{
    for (unsigned n = 0; n < c->system->count; n++) {
        if ((c->system->cpu[n]->mpidr & MPIDR_AFFINITY) == affinity) {
            return (int)n;
        }
    }
    return -1;
}

static int64_t version(const struct call *c)
{
    (void)c;
    return PSCI_VERSION_1_1;
}

/* All power states are as standby: wait for an interrupt. */
static int64_t cpu_suspend(const struct call *c)
{
    c->cpu->vcpu.exit = VCPU_EXIT_WAIT;
    return PSCI_SUCCESS;
}

static int64_t cpu_off(const struct call *c)
{
    system_power_off(c->system, c->cpu->vcpu.index);
    return PSCI_SUCCESS;
}

static int64_t cpu_on(const struct call *c)
{
    int target = find_cpu(c, c->x[1]);

    if (target < 0) {
        return PSCI_INVALID_PARAMS;
    }
    /* In the highest level that is not ours. */
    if (system_power_on(c->system, (unsigned)target, c->x[2], c->x[3],
                        c->cpu->has_el2 ? 2 : 1)) {
        return PSCI_SUCCESS;
    }
    return system_power(c->system, (unsigned)target) == CPU_ON_PENDING
               ? PSCI_ON_PENDING
               : PSCI_ALREADY_ON;
}

/* Only level 0 is about one processor; a cluster is on while we run. */
static int64_t affinity_info(const struct call *c)
{
    if (c->x[2] > 3) {
        return PSCI_INVALID_PARAMS;
    }
    if (c->x[2] > 0) {
        return CPU_ON;
    }
    int target = find_cpu(c, c->x[1]);
    return target < 0 ? PSCI_INVALID_PARAMS
                      : (int64_t)system_power(c->system, (unsigned)target);
}

/* There is no trusted OS that would have to be migrated. */
static int64_t migrate_info_type(const struct call *c)
{
    (void)c;
    return 2;
}

static int64_t system_off(const struct call *c)
{
    const struct cpu_config *config = &c->system->config;

    system_power_off(c->system, c->cpu->vcpu.index);
    if (config->system_off) {
        config->system_off(config->opaque);
    }
    return PSCI_SUCCESS;
}

static int64_t system_reset(const struct call *c)
{
    const struct cpu_config *config = &c->system->config;

    system_power_off(c->system, c->cpu->vcpu.index);
    if (config->system_reset) {
        config->system_reset(config->opaque);
    }
    return PSCI_SUCCESS;
}

/* Type 0 is the architectural warm reset; vendors' types have bit 31. */
static int64_t system_reset2(const struct call *c)
{
    return c->x[1] == 0 ? system_reset(c) : PSCI_INVALID_PARAMS;
}

static int64_t psci_features(const struct call *c);

static int64_t smccc_version(const struct call *c)
{
    (void)c;
    return SMCCC_VERSION_1_1;
}

static int64_t smccc_arch_features(const struct call *c)
{
    bool is_known = c->x[1] == 0x80000000 || c->x[1] == 0x80000001;

    return is_known ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
}

/* Function numbers without the SMC64 bit. */
static const struct function {
    uint32_t id;
    bool has_smc64;
    int64_t (*call)(const struct call *c);
} functions[] = {
    {0x80000000, false, smccc_version},
    {0x80000001, false, smccc_arch_features},
    {0x84000000, false, version},
    {0x84000001, true, cpu_suspend},
    {0x84000002, false, cpu_off},
    {0x84000003, true, cpu_on},
    {0x84000004, true, affinity_info},
    {0x84000006, false, migrate_info_type},
    {0x84000008, false, system_off},
    {0x84000009, false, system_reset},
    {0x8400000a, false, psci_features},
    {0x84000012, true, system_reset2},
};

static const struct function *find_function(uint32_t id)
{
    for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
        uint32_t any = functions[i].has_smc64 ? id & ~(uint32_t)SMC64 : id;

        if (functions[i].id == any) {
            return &functions[i];
        }
    }
    return NULL;
}

/* No flags: CPU_SUSPEND takes the original format of power states. */
static int64_t psci_features(const struct call *c)
{
    uint32_t id = (uint32_t)c->x[1];

    return find_function(id) && id != 0x80000001 ? PSCI_SUCCESS
                                                 : PSCI_NOT_SUPPORTED;
}

void psci_call(struct arm_cpu *cpu)
{
    struct call c = {.cpu = cpu, .system = cpu->system};
    uint32_t id = (uint32_t)cpu->vcpu.r[0];
    const struct function *f = find_function(id);

    for (unsigned n = 0; n < ARRAY_SIZE(c.x); n++) {
        c.x[n] = id & SMC64 ? cpu->vcpu.r[n] : (uint32_t)cpu->vcpu.r[n];
    }
    if (!f) {
        log_unimp("firmware call %#x", id);
    }
    cpu->vcpu.r[0] = (uint64_t)(f ? f->call(&c) : PSCI_NOT_SUPPORTED);
}
