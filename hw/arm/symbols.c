#include "hw/arm/symbols.h"

#include <elf.h>
#include <string.h>

void image_add_symbols(const struct image *image, uint64_t load_pa,
                       struct symbols *symbols)
{
    struct error *err = NULL;
    const uint8_t *file = boot_file_view(&image->file, &err);

    if (!file) {
        error_free(err); /* it has been read once: names are a courtesy */
        return;
    }
    if (image->kind == IMAGE_ELF) {
        symbols_add_elf(symbols, file, image->file.size);
    } else {
        symbols_add_kallsyms(symbols, file, image->file.size, load_pa);
    }
    boot_file_unview(&image->file, file);
}

static bool inside(uint64_t offset, uint64_t length, uint64_t size)
{
    return offset <= size && length <= size - offset;
}

static bool section(const uint8_t *file, uint64_t size,
                    const Elf64_Ehdr *eh, uint64_t index, Elf64_Shdr *sh)
{
    uint64_t at = index * sizeof(*sh);

    if (index >= eh->e_shnum || eh->e_shoff > size ||
        !inside(at, sizeof(*sh), size - eh->e_shoff)) {
        return false;
    }
    memcpy(sh, file + eh->e_shoff + at, sizeof(*sh));
    return inside(sh->sh_offset, sh->sh_size, size);
}

/* Where the byte at a virtual address is loaded. */
static uint64_t physical(const uint8_t *file, uint64_t size,
                         const Elf64_Ehdr *eh, uint64_t va)
{
    for (unsigned n = 0; n < eh->e_phnum; n++) {
        uint64_t at = n * sizeof(Elf64_Phdr);
        Elf64_Phdr ph;

        if (eh->e_phoff > size || !inside(at, sizeof(ph),
                                          size - eh->e_phoff)) {
            break;
        }
        memcpy(&ph, file + eh->e_phoff + at, sizeof(ph));
        if (ph.p_type == PT_LOAD && va - ph.p_vaddr < ph.p_memsz) {
            return va - ph.p_vaddr + ph.p_paddr;
        }
    }
    return va;
}

static void add_table(struct symbols *symbols, const uint8_t *file,
                      uint64_t size, const Elf64_Ehdr *eh,
                      const Elf64_Shdr *table)
{
    Elf64_Shdr strings;

    if (!section(file, size, eh, table->sh_link, &strings)) {
        return;
    }
    for (uint64_t n = 0; n < table->sh_size / sizeof(Elf64_Sym); n++) {
        Elf64_Sym sym;

        memcpy(&sym, file + table->sh_offset + n * sizeof(sym), sizeof(sym));
        unsigned type = ELF64_ST_TYPE(sym.st_info);
        if ((type != STT_FUNC && type != STT_NOTYPE) ||
            sym.st_shndx == SHN_UNDEF || sym.st_shndx == SHN_ABS ||
            sym.st_name >= strings.sh_size) {
            continue;
        }
        const char *name = (const char *)file + strings.sh_offset +
                           sym.st_name;
        size_t length = strnlen(name, strings.sh_size - sym.st_name);
        if (length && name[0] != '$') { /* $x, $d: mapping symbols */
            symbols_add(symbols, physical(file, size, eh, sym.st_value),
                        name, length);
        }
    }
}

void symbols_add_elf(struct symbols *symbols, const uint8_t *file,
                     uint64_t size)
{
    Elf64_Ehdr eh;
    Elf64_Shdr sh;

    if (size < sizeof(eh)) {
        return;
    }
    memcpy(&eh, file, sizeof(eh));
    for (uint64_t n = 0; n < eh.e_shnum; n++) {
        if (section(file, size, &eh, n, &sh) && sh.sh_type == SHT_SYMTAB) {
            add_table(symbols, file, size, &eh, &sh);
        }
    }
}
