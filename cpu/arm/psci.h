/*
 * Firmware calls: PSCI 1.1 (Arm DEN 0022) and the general part of the SMC
 * Calling Convention (DEN 0028), served by the emulator itself when the
 * board has no firmware of its own.
 */
#ifndef CPU_ARM_PSCI_H
#define CPU_ARM_PSCI_H

#include "cpu/arm/arm_cpu.h"

/* Serve the call in x0..x3; the result is in x0.  vcpu.pc is the
 * instruction behind the call and vcpu.exit VCPU_EXIT_STATE; both may be
 * changed.  [vCPU thread] */
void psci_call(struct arm_cpu *cpu);

#endif
