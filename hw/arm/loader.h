/* -device loader: bytes into memory, and where a processor starts; and
 * -device guest-loader: a file into memory, a node in the tree about it. */
#ifndef HW_ARM_LOADER_H
#define HW_ARM_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/arm/image.h"
#include "hw/core/fdt.h"
#include "softmmu/dma.h"

struct loader_config {
    const char *file;  /* or NULL */
    bool guest;        /* for a hypervisor: `file` is the kernel, or */
    const char *initrd;
    const char *bootargs; /* of the kernel, or NULL */
    bool force_raw;    /* an ELF too is copied as it is */
    bool has_addr;
    uint64_t addr;
    unsigned data_len; /* 1 to 8 bytes of data at addr; 0: none */
    uint64_t data;
    bool data_be;      /* most significant byte first */
    int cpu_num;       /* which processor starts there; -1: none */
};

struct loader;

/* Check and open, for a machine of `cpus` processors.  The config outlives
 * the loader. */
struct loader *loader_open(const struct loader_config *config, unsigned cpus,
                           struct error **err);
void loader_close(struct loader *l);

/* At the start and at every reset. */
bool loader_load(const struct loader *l, struct dma *dma,
                 struct error **err);

/* A guest-loader's node below /chosen. */
void loader_fdt(const struct loader *l, struct fdt_builder *fdt);

/* True when it sets where processor *cpu starts. */
bool loader_start(const struct loader *l, unsigned *cpu, uint64_t *pc);

#endif
