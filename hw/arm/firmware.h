/* What firmware finds in fw_cfg: see firmware.c. */
#ifndef HW_ARM_FIRMWARE_H
#define HW_ARM_FIRMWARE_H

#include "hw/arm/boot.h"
#include "hw/misc/fw_cfg.h"

/* Files that live as long as the machine; free after the fw_cfg. */
struct firmware;

struct firmware *firmware_create(const struct boot *boot,
                                 struct fw_cfg *fw_cfg, struct error **err);
void firmware_free(struct firmware *f);

/* The 16 bytes of a UUID in text form, which has been checked. */
void firmware_uuid(const char *text, uint8_t bytes[16]);

#endif
