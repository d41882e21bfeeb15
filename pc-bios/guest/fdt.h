/* Flattened device tree, version 17 (Devicetree Specification, chapter 5). */
#ifndef PC_BIOS_GUEST_FDT_H
#define PC_BIOS_GUEST_FDT_H

#include <stdbool.h>
#include <stdint.h>

enum { FDT_DEPTH = 8 };

/* One node on the way through the tree, in the order of the file. */
struct fdt_node {
    const char *name;
    int depth;              /* 0 for the root */
    const uint8_t *body;    /* its first property */
    const uint8_t *next;    /* where fdt_next() goes on; private */
    uint32_t address_cells[FDT_DEPTH]; /* for children, by depth */
    uint32_t size_cells[FDT_DEPTH];
};

/* False when there is no device tree at this address. */
bool fdt_open(uint64_t address);
uint64_t fdt_size(void);

/* Start with a zeroed node; false at the end or when the tree is damaged. */
bool fdt_next(struct fdt_node *node);

/* A property's bytes, or NULL. */
const uint8_t *fdt_property(const struct fdt_node *node, const char *name,
                            uint32_t *length);
/* A property's text, or "". */
const char *fdt_text(const struct fdt_node *node, const char *name);
bool fdt_compatible(const struct fdt_node *node, const char *with);

/* Entry i of reg, in the cells of the parent. */
bool fdt_reg(const struct fdt_node *node, unsigned i, uint64_t *address,
             uint64_t *size);

/* INTID of entry i of interrupts (three cells: type, number, flags); 0 when
   there is none. */
unsigned fdt_interrupt(const struct fdt_node *node, unsigned i);

#endif
