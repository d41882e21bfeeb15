/*
 * The names that a kernel file brings along, by guest physical address, for
 * profiles: an ELF's symbol table, or what a Linux Image keeps for its own
 * messages (kallsyms).  A file without any adds none.
 */
#ifndef HW_ARM_SYMBOLS_H
#define HW_ARM_SYMBOLS_H

#include "hw/arm/image.h"
#include "util/symbols.h"

/* `load_pa`: where the file's first byte is in guest memory (not for an
 * ELF, which says itself). */
void image_add_symbols(const struct image *image, uint64_t load_pa,
                       struct symbols *symbols);

/* The two readers, of files in memory. */
void symbols_add_elf(struct symbols *symbols, const uint8_t *file,
                     uint64_t size);
void symbols_add_kallsyms(struct symbols *symbols, const uint8_t *file,
                          uint64_t size, uint64_t load_pa);

#endif
