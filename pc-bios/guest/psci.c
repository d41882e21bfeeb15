#include "pc-bios/guest/psci.h"

#include "pc-bios/guest/sysreg.h"

enum {
    PSCI_VERSION = 0x84000000,
    CPU_OFF = 0x84000002,
    SYSTEM_OFF = 0x84000008,
    SYSTEM_RESET = 0x84000009,
};
#define CPU_ON 0xc4000003u
#define AFFINITY_INFO 0xc4000004u

extern const char secondary_start[];

bool psci_use_smc;

int64_t psci_call(uint32_t function, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;

    if (psci_use_smc) {
        __asm__ volatile("smc #0"
                         : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory");
    } else {
        __asm__ volatile("hvc #0"
                         : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory");
    }
    return (int64_t)x0;
}

uint32_t psci_version(void)
{
    return (uint32_t)psci_call((uint32_t)PSCI_VERSION, 0, 0, 0);
}

int psci_cpu_on(uint64_t mpidr, unsigned number)
{
    return (int)psci_call(CPU_ON, mpidr, (uint64_t)secondary_start, number);
}

int psci_affinity_info(uint64_t mpidr)
{
    return (int)psci_call(AFFINITY_INFO, mpidr, 0, 0);
}

/* Calls that do not come back; if one does, this CPU has nothing left. */
static void __attribute__((noreturn)) leave(uint32_t function)
{
    for (;;) {
        psci_call(function, 0, 0, 0);
        cpu_wfi();
    }
}

void psci_cpu_off(void)
{
    leave((uint32_t)CPU_OFF);
}

void psci_power_off(void)
{
    leave((uint32_t)SYSTEM_OFF);
}

void psci_reset(void)
{
    leave((uint32_t)SYSTEM_RESET);
}
