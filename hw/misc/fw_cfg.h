/* Firmware configuration, the files firmware reads: see fw_cfg.c. */
#ifndef HW_MISC_FW_CFG_H
#define HW_MISC_FW_CFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/core/fdt.h"
#include "softmmu/dma.h"

struct fw_cfg;

/* Items with a fixed key. */
enum fw_cfg_key {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_UUID = 0x02,       /* 16 bytes */
    FW_CFG_NB_CPUS = 0x05,    /* little-endian 16 bits */
    FW_CFG_KERNEL_SIZE = 0x08, /* sizes: little-endian 32 bits */
    FW_CFG_INITRD_SIZE = 0x0b,
    FW_CFG_BOOT_MENU = 0x0e,  /* little-endian 16 bits */
    FW_CFG_KERNEL_DATA = 0x11,
    FW_CFG_INITRD_DATA = 0x12,
    FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_FILE_FIRST = 0x20,
};

#define FW_CFG_MAX_FILES 256
#define FW_CFG_NAME_SIZE 56 /* with its final NUL */
#define FW_CFG_SIZE 0x18    /* of the region */

struct fw_cfg *fw_cfg_create(struct bus *bus, uint64_t base,
                             struct dma *dma);
void fw_cfg_free(struct fw_cfg *s);

/* Nothing selected; what was written into files stays. */
void fw_cfg_reset(struct fw_cfg *s);

/* The node /fw-cfg@BASE. */
void fw_cfg_fdt(const struct fw_cfg *s, struct fdt_builder *fdt);

/*
 * Everything below: while the guest does not run.  `data` stays the
 * caller's and is read whenever the guest asks, unless the name says copy.
 */
void fw_cfg_add(struct fw_cfg *s, enum fw_cfg_key key, const void *data,
                size_t size);
void fw_cfg_add_copy(struct fw_cfg *s, enum fw_cfg_key key,
                     const void *data, size_t size);
void fw_cfg_add_u16(struct fw_cfg *s, enum fw_cfg_key key, uint16_t value);
void fw_cfg_add_u32(struct fw_cfg *s, enum fw_cfg_key key, uint32_t value);

/* A file; false for a name that is taken, empty or too long, and when
 * there are too many. */
bool fw_cfg_add_file(struct fw_cfg *s, const char *name, const void *data,
                     size_t size, struct error **err);
bool fw_cfg_add_file_copy(struct fw_cfg *s, const char *name,
                          const void *data, size_t size, struct error **err);

/* One the guest may write too, by DMA; then written(opaque, offset, size)
 * is called with the lock held. [vCPU threads] */
void fw_cfg_add_writable(struct fw_cfg *s, const char *name, void *data,
                         size_t size,
                         void (*written)(void *opaque, size_t offset,
                                         size_t size),
                         void *opaque);

/* Give a file new contents, a copy of `data`; it is made if need be. */
void fw_cfg_set_file(struct fw_cfg *s, const char *name, const void *data,
                     size_t size);

#endif
