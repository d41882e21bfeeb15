/* Power State Coordination Interface (Arm DEN 0022). */
#ifndef PC_BIOS_GUEST_PSCI_H
#define PC_BIOS_GUEST_PSCI_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PSCI_SUCCESS = 0,
    PSCI_NOT_SUPPORTED = -1,
    PSCI_INVALID_PARAMETERS = -2,
    PSCI_DENIED = -3,
    PSCI_ALREADY_ON = -4,
};

/* AFFINITY_INFO */
enum { PSCI_ON = 0, PSCI_OFF = 1, PSCI_ON_PENDING = 2 };

/* HVC unless the device tree says SMC. */
extern bool psci_use_smc;

/* Any function, by its number. */
int64_t psci_call(uint32_t function, uint64_t a, uint64_t b, uint64_t c);

/* Major version << 16 | minor. */
uint32_t psci_version(void);

/* Start a CPU in secondary_start with the number it shall have. */
int psci_cpu_on(uint64_t mpidr, unsigned number);
int psci_affinity_info(uint64_t mpidr);
void psci_cpu_off(void) __attribute__((noreturn));
void psci_power_off(void) __attribute__((noreturn));
void psci_reset(void) __attribute__((noreturn));

#endif
