/*
 * The boot protocol: from the files the user named to a processor's first
 * instruction.  boot_open() and boot_check() come before anything is
 * created, boot_place() when the device tree is known, boot_load() at the
 * start and at every reset.  Loop thread.
 */
#ifndef HW_ARM_BOOT_H
#define HW_ARM_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/arm/image.h"
#include "hw/arm/machine_config.h"
#include "hw/core/fdt.h"
#include "softmmu/dma.h"

/* Where the board has memory. */
struct boot_memory {
    uint64_t ram_base, ram_size;
    uint64_t rom_base, rom_size; /* flash0: firmware, or ELF segments */
    uint64_t secure_base, secure_size; /* for ELF segments; size 0: none */
};

/* Where everything goes. */
struct boot_plan {
    uint64_t kernel_pa, kernel_size; /* not for an ELF, which says itself */
    uint64_t initrd_pa, initrd_size; /* size 0: none */
    uint64_t dtb_pa, dtb_size;       /* size 0: no place for one */
    uint64_t entry;                  /* first instruction of CPU 0 */
    uint64_t x0;
    unsigned el;                     /* cpu_reset()'s: 0 is the highest */
};

enum boot_how { BOOT_KERNEL, BOOT_FIRMWARE };

struct boot {
    const struct machine_config *config;
    struct boot_memory memory;
    enum boot_how how;
    struct image image;        /* kernel or firmware; firmware of size 0
                                  is in flash already */
    struct image payload;      /* the kernel that firmware is handed by
                                  fw_cfg; size 0: none */
    struct boot_file initrd;   /* size 0: none */
    void *dtb;                 /* the tree as the guest sees it, packed */
    bool user_dtb;             /* it came from -dtb */
    struct boot_plan plan;
};

/* What the checks need to know of the processor. */
struct boot_cpu {
    const char *model;
    unsigned page_sizes; /* granules or'ed: 0x1000 | 0x4000 | 0x10000 */
};

struct boot *boot_open(const struct machine_config *config,
                       const struct boot_memory *memory, struct error **err);
void boot_free(struct boot *boot);

/* A kernel by Linux's boot protocol, which starts below EL3 in Non-secure
 * state; anything else starts at the highest exception level. */
bool boot_is_linux(const struct boot *boot);

/* The processor for this guest when the user names none. */
const char *boot_default_cpu(const struct boot *boot);

/* boot_checks.c: can this processor run this guest?  Also prints warnings
 * for what will work but leave the user without a word. */
bool boot_check(const struct boot *boot, const struct boot_cpu *cpu,
                struct error **err);

/* boot_plan.c: pure; dtb_size is the packed tree's. */
bool boot_plan_make(struct boot_plan *plan, const struct boot *boot,
                    uint64_t dtb_size, struct error **err);

/* boot_dtb.c: -dtb is read by boot_open; the tree becomes final (memory,
 * chosen, psci) and everything gets its place. */
enum boot_psci { BOOT_PSCI_NONE, BOOT_PSCI_HVC, BOOT_PSCI_SMC };
bool boot_read_dtb(struct boot *boot, struct error **err);
bool boot_place(struct boot *boot, const struct fdt_builder *fdt,
                enum boot_psci psci, struct error **err);
void boot_seed_dtb(struct boot *boot); /* fresh random seeds */

/* Part of a file to `pa`, zeroes up to `memory_size`; ROM too. */
bool boot_load_file(struct dma *dma, const struct boot_file *file,
                    uint64_t offset, uint64_t size, uint64_t pa,
                    uint64_t memory_size, struct error **err);
/* An ELF's segments to where they say. */
bool boot_load_elf(struct dma *dma, const struct image *image,
                   struct error **err);

/* Copy everything into guest memory. */
bool boot_load(struct boot *boot, struct dma *dma, struct error **err);

#endif
