/* Is an initrd whole?  A cheap answer, before the guest finds out. */
#ifndef HW_ARM_INITRD_H
#define HW_ARM_INITRD_H

#include <stdbool.h>

#include "hw/arm/boot_file.h"

/* False when the file is certainly cut short; unknown formats are left to
 * the guest. */
bool initrd_check(const struct boot_file *file, struct error **err);

#endif
