/* SMBIOS tables, for firmware to install through fw_cfg: see smbios.c. */
#ifndef HW_MISC_SMBIOS_H
#define HW_MISC_SMBIOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/core/bytes.h"
#include "hw/misc/fw_cfg.h"

/* A structure that is there only when the user asks, type 8. */
struct smbios_port {
    const char *internal, *external; /* what is written beside it */
    uint8_t connector, port;         /* types */
};

struct smbios_file {
    uint8_t *data; /* one structure with its strings */
    size_t size;
};

/* -smbios.  Strings may be NULL: not said. */
struct smbios_user {
    struct { /* type 0, there only if given */
        bool given, uefi, has_release;
        const char *vendor, *version, *date;
        uint8_t major, minor;
    } bios;
    struct { /* type 1; the rest have defaults */
        const char *manufacturer, *product, *version, *serial, *sku, *family;
    } system;
    struct { /* type 2, there only if given */
        bool given;
        const char *manufacturer, *product, *version, *serial, *asset,
            *location;
    } board;
    struct { /* type 3 */
        const char *manufacturer, *version, *serial, *asset, *sku;
    } chassis;
    struct { /* type 4 */
        const char *socket, *manufacturer, *version, *serial, *asset, *part;
        uint64_t id;
        uint64_t max_speed, current_speed; /* MHz, 0: 2000 */
    } processor;
    struct { /* type 17 */
        const char *place, *bank, *manufacturer, *serial, *asset, *part;
        uint64_t speed; /* MT/s */
    } memory;
    struct smbios_port *ports;
    unsigned port_count;
    const char **oem_strings; /* type 11: a way to hand text to a guest */
    unsigned oem_string_count;
    struct smbios_file *files; /* instead of what is made of their type */
    unsigned file_count;
};

/* What the tables say. */
struct smbios_config {
    const struct smbios_user *user;
    const char *maker, *product, *version; /* where the user says nothing */
    uint8_t uuid[16]; /* as written: most significant byte first */

    unsigned sockets;
    unsigned cores, threads; /* per socket; threads in all its cores */
    uint64_t ram_base, ram_size;
};

/* `anchor` is the entry point, whose address of the tables firmware fills
 * in. */
void smbios_build(struct bytes *tables, struct bytes *anchor,
                  const struct smbios_config *config);

/* Build and add both files. */
void smbios_add(struct fw_cfg *fw_cfg, const struct smbios_config *config);

#endif
