/* Exceptions and returns as -d int shows them: see exception.h. */
#include "cpu/arm/exception.h"

#include <inttypes.h>

#include "util/bits.h"
#include "util/log.h"

struct exception_name {
    uint8_t ec, number;
    const char *name;
};

static const struct exception_name names[] = {
    {EC_SVC, 2, "SVC"},
    {EC_HVC, 11, "Hypervisor Call"},
    {EC_SMC, 13, "Secure Monitor Call"},
    {EC_IABORT_LOWER, 3, "Prefetch Abort"},
    {EC_IABORT_SAME, 3, "Prefetch Abort"},
    {EC_DABORT_LOWER, 4, "Data Abort"},
    {EC_DABORT_SAME, 4, "Data Abort"},
    {EC_BRK, 7, "Breakpoint"},
    {EC_UNKNOWN, 1, "Undefined Instruction"}, /* last: all others */
};

static const struct exception_name vector_names[] = {
    [ARM_VECTOR_IRQ] = {0, 5, "IRQ"},
    [ARM_VECTOR_FIQ] = {0, 6, "FIQ"},
    [ARM_VECTOR_SERROR] = {0, 24, "SError"},
};

static const struct exception_name *name_of(enum arm_vector vector,
                                            uint32_t syndrome)
{
    const struct exception_name *name = names;

    if (vector != ARM_VECTOR_SYNC) {
        return &vector_names[vector];
    }
    while (name->ec != syndrome >> 26 && name->ec != EC_UNKNOWN) {
        name++;
    }
    return name;
}

const char *arm_exception_name(unsigned number)
{
    static const char *const classes[64] = {
        [EC_UNKNOWN] = "undefined", [0x01] = "WFI-WFE-trap",
        [0x07] = "FP-trap", [0x0d] = "branch-target", [0x0e] = "illegal-state",
        [EC_SVC] = "SVC", [EC_HVC] = "HVC", [EC_SMC] = "SMC",
        [0x18] = "MSR-trap", [0x1c] = "PAuth",
        [EC_IABORT_LOWER] = "fetch-fault-lower",
        [EC_IABORT_SAME] = "fetch-fault-same", [0x22] = "PC-alignment",
        [EC_DABORT_LOWER] = "data-fault-lower",
        [EC_DABORT_SAME] = "data-fault-same", [0x26] = "SP-alignment",
        [0x2c] = "FP-exception", [0x30] = "breakpoint-lower",
        [0x31] = "breakpoint-same", [0x32] = "step-lower",
        [0x33] = "step-same", [0x34] = "watchpoint-lower",
        [0x35] = "watchpoint-same", [EC_BRK] = "BRK",
    };

    if (number >= 64 && number - 64 < ARRAY_SIZE(vector_names)) {
        return vector_names[number - 64].name;
    }
    return number < 64 && classes[number] ? classes[number] : "other";
}

void arm_log_exception(const struct arm_cpu *cpu, enum arm_vector vector,
                       unsigned from, uint32_t syndrome)
{
    const struct exception_name *name = name_of(vector, syndrome);
    unsigned ec = syndrome >> 26;
    FILE *f = log_lock(LOG_INT);

    if (!f) {
        return;
    }
    fprintf(f, "Taking exception %u [%s] on CPU %u\n", name->number,
            name->name, cpu->vcpu.index);
    fprintf(f, "...from EL%u to EL%u\n", from, cpu->el);
    if (vector == ARM_VECTOR_SYNC) {
        fprintf(f, "...with ESR 0x%x/0x%" PRIx32 "\n", ec, syndrome);
        if (name->number == 3 || name->number == 4) {
            fprintf(f, "...with FAR 0x%" PRIx64 "\n", cpu->far_el[cpu->el]);
        }
    }
    fprintf(f, "...with ELR 0x%" PRIx64 "\n", cpu->elr_el[cpu->el]);
    fprintf(f, "...to EL%u PC 0x%" PRIx64 " PSTATE 0x%" PRIx64 "\n", cpu->el,
            cpu->vcpu.pc, arm_pstate(cpu));
    log_unlock(f);
}

void arm_log_return(const struct arm_cpu *cpu)
{
    log_printf(LOG_INT,
               "Exception return on CPU %u to EL%u PC 0x%" PRIx64 "\n",
               cpu->vcpu.index, cpu->el, cpu->vcpu.pc);
}
