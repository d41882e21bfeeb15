/* The guest looks whether its machine works. */
#ifndef PC_BIOS_GUEST_CHECK_H
#define PC_BIOS_GUEST_CHECK_H

#include <stdbool.h>

/* One line each; true when all are ok. */
bool check_all(void);

#endif
