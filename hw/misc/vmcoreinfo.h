/* Where the guest keeps the note that crash-dump tools need: the device
 * "vmcoreinfo", a fw_cfg file that the guest writes. */
#ifndef HW_MISC_VMCOREINFO_H
#define HW_MISC_VMCOREINFO_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/misc/fw_cfg.h"

struct vmcoreinfo;

struct vmcoreinfo *vmcoreinfo_create(struct fw_cfg *fw_cfg);
void vmcoreinfo_free(struct vmcoreinfo *s); /* after the fw_cfg */
void vmcoreinfo_reset(struct vmcoreinfo *s);

/* The ELF note in guest memory; false while the guest has told of none. */
bool vmcoreinfo_note(const struct vmcoreinfo *s, uint64_t *pa,
                     uint32_t *size);

#endif
