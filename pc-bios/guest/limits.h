/* Sizes that assembly and C share. */
#ifndef PC_BIOS_GUEST_LIMITS_H
#define PC_BIOS_GUEST_LIMITS_H

#define MAX_CPUS 64
#define STACK_SIZE 8192

#endif
