/* SMBIOS tables, for firmware to install through fw_cfg: see smbios.c. */
#ifndef HW_MISC_SMBIOS_H
#define HW_MISC_SMBIOS_H

#include <stdint.h>

#include "hw/core/bytes.h"
#include "hw/misc/fw_cfg.h"

/* What the tables say.  Strings may be NULL: not said. */
struct smbios_config {
    /* The system (type 1), with what the user overrides. */
    const char *manufacturer, *product, *version, *serial, *sku, *family;
    const char *maker, *maker_version; /* of everything else */
    uint8_t uuid[16]; /* as written: most significant byte first */

    unsigned sockets;
    unsigned cores, threads; /* per socket; threads in all its cores */
    uint64_t ram_base, ram_size;

    /* OEM strings (type 11): a way to hand text to a guest. */
    const char *const *oem_strings;
    unsigned oem_string_count;
};

/* `anchor` is the entry point, whose address of the tables firmware fills
 * in. */
void smbios_build(struct bytes *tables, struct bytes *anchor,
                  const struct smbios_config *config);

/* Build and add both files. */
void smbios_add(struct fw_cfg *fw_cfg, const struct smbios_config *config);

#endif
