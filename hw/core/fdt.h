/*
 * Building the device tree: thin, asserting wrappers over libfdt for a tree
 * that we make ourselves (space is never short, names never clash), so that
 * each device writes its own node in a few lines.
 */
#ifndef HW_CORE_FDT_H
#define HW_CORE_FDT_H

#include <stdint.h>

struct fdt_builder {
    void *blob;            /* libfdt read-write tree, FDT_BUILDER_SIZE bytes */
    uint32_t next_phandle; /* QEMU numbers from 0x8000 upwards */
    uint32_t clock_phandle; /* apb-pclk: 24 MHz fixed clock */
    uint32_t gic_phandle;
    uint32_t msi_phandle;  /* v2m frame or ITS; 0 when there is none */
};

#define FDT_BUILDER_SIZE (1 << 20)

/* GIC interrupt specifier cells (interrupt-controller/arm,gic binding). */
enum { FDT_GIC_SPI = 0, FDT_GIC_PPI = 1 };
enum { FDT_IRQ_EDGE_RISING = 1, FDT_IRQ_LEVEL_HIGH = 4 };

struct fdt_builder *fdt_builder_new(void);
void fdt_builder_free(struct fdt_builder *fdt);
uint32_t fdt_new_phandle(struct fdt_builder *fdt);

/* Create the node (and its missing parents): "/a/b@10". */
void fdt_node(struct fdt_builder *fdt, const char *path);
void fdt_prop_empty(struct fdt_builder *fdt, const char *path,
                    const char *name);
void fdt_prop_string(struct fdt_builder *fdt, const char *path,
                     const char *name, const char *value);
/* `data` as it is, for string lists ("a\0b") and blobs. */
void fdt_prop_bytes(struct fdt_builder *fdt, const char *path,
                    const char *name, const void *data, unsigned length);
/* 32-bit big-endian cells. */
void fdt_prop_cells_array(struct fdt_builder *fdt, const char *path,
                          const char *name, const uint32_t *cells,
                          unsigned count);
#define fdt_prop_cells(fdt, path, name, ...)                                \
    fdt_prop_cells_array(fdt, path, name, (const uint32_t[]){__VA_ARGS__},  \
                         sizeof((const uint32_t[]){__VA_ARGS__}) / 4)
/* reg = <base_hi base_lo size_hi size_lo>, two cells each. */
void fdt_prop_reg(struct fdt_builder *fdt, const char *path, uint64_t base,
                  uint64_t size);

#endif
