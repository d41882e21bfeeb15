/* The program that runs when the user names no guest. */
#ifndef PC_BIOS_GUEST_H
#define PC_BIOS_GUEST_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t guest_program[];

/* Bytes; 0 when the blob was absent from the build. */
size_t guest_program_size(void);

#endif
