/* Checks of memory and its translation. */
#ifndef PC_BIOS_GUEST_CHECK_MEMORY_H
#define PC_BIOS_GUEST_CHECK_MEMORY_H

#include <stdbool.h>

/* Every bit of a piece of memory holds both values, every address line of
   all of it leads somewhere else. */
bool check_memory(void);

/* Translation and permission faults, remapping.  Leaves the MMU on. */
bool check_mmu(void);

#endif
