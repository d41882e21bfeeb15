/* ELF executables: System V ABI, "ELF for the Arm 64-bit Architecture". */
#include <elf.h>
#include <string.h>

#include "hw/arm/image.h"
#include "util/bits.h"

static const struct {
    unsigned number;
    const char *name;
} machines[] = {
    {EM_X86_64, "an x86-64 ELF"},
    {EM_386, "an i386 ELF"},
    {EM_RISCV, "a RISC-V ELF"},
    {EM_MIPS, "a MIPS ELF"},
    {EM_PPC, "a PowerPC ELF"},
    {EM_PPC64, "a 64-bit PowerPC ELF"},
    {EM_S390, "an s390 ELF"},
    {EM_SPARC, "a SPARC ELF"},
    {EM_SPARCV9, "a 64-bit SPARC ELF"},
    {258, "a LoongArch ELF"}, /* absent from older elf.h */
};

static void set_machine(struct image *image, unsigned machine)
{
    image->kind = IMAGE_FOREIGN;
    image->what = "an ELF of another machine";
    image->advice = "build it for AArch64";
    for (unsigned i = 0; i < ARRAY_SIZE(machines); i++) {
        if (machines[i].number == machine) {
            image->what = machines[i].name;
        }
    }
    if (machine == EM_ARM) {
        image->kind = IMAGE_ARM32;
        image->what = "a 32-bit Arm ELF";
    }
}

static bool bad_elf(const struct image *image, const char *reason,
                    struct error **err)
{
    error_set(err, "%s %s: an ELF %s", image->file.option, image->file.path,
              reason);
    return false;
}

static bool add_segment(struct image *image, const Elf64_Phdr *ph,
                        struct error **err)
{
    if (ph->p_memsz < ph->p_filesz || ph->p_paddr + ph->p_memsz <
        ph->p_paddr) {
        return bad_elf(image, "with a segment that makes no sense", err);
    }
    if (ph->p_offset > image->file.size ||
        ph->p_filesz > image->file.size - ph->p_offset) {
        return bad_elf(image, "whose segments go past the end of the file: "
                       "it is truncated", err);
    }
    if (image->segment_count == IMAGE_MAX_SEGMENTS) {
        return bad_elf(image, "with too many segments", err);
    }
    image->segments[image->segment_count++] = (struct image_segment){
        .offset = ph->p_offset,
        .file_size = ph->p_filesz,
        .pa = ph->p_paddr,
        .memory_size = ph->p_memsz,
    };
    if (image->segment_count == 1 || ph->p_paddr < image->low) {
        image->low = ph->p_paddr;
    }
    if (ph->p_paddr + ph->p_memsz > image->high) {
        image->high = ph->p_paddr + ph->p_memsz;
    }
    return true;
}

/* A virtual entry point means the physical place of the same byte. */
static void place_entry(struct image *image, const Elf64_Phdr *ph,
                        uint64_t entry)
{
    if (ph->p_vaddr != ph->p_paddr && (ph->p_flags & PF_X) &&
        entry - ph->p_vaddr < ph->p_filesz) {
        image->entry = entry - ph->p_vaddr + ph->p_paddr;
    }
}

static bool read_segments(struct image *image, const Elf64_Ehdr *eh,
                          struct error **err)
{
    for (unsigned i = 0; i < eh->e_phnum; i++) {
        Elf64_Phdr ph;
        uint64_t at = eh->e_phoff + (uint64_t)i * sizeof(ph);
        if (at < eh->e_phoff) {
            return bad_elf(image, "with damaged program headers", err);
        }
        if (!boot_file_read(&image->file, at, &ph, sizeof(ph), err)) {
            return false;
        }
        if (ph.p_type != PT_LOAD || !ph.p_memsz) {
            continue;
        }
        if (!add_segment(image, &ph, err)) {
            return false;
        }
        place_entry(image, &ph, eh->e_entry);
    }
    if (!image->segment_count) {
        return bad_elf(image, "with nothing to load: an object file or a "
                       "library, not an executable", err);
    }
    return true;
}

bool image_read_elf(struct image *image, struct error **err)
{
    union {
        unsigned char ident[EI_NIDENT];
        Elf32_Ehdr e32; /* e_machine is where ELF64 has it */
        Elf64_Ehdr e64;
    } h = {0};

    uint64_t size = image->file.size < sizeof(h) ? image->file.size
                                                 : sizeof(h);
    if (!boot_file_read(&image->file, 0, &h, size, err)) {
        return false;
    }
    if (size < sizeof(Elf32_Ehdr)) {
        return bad_elf(image, "header that ends early: the file is "
                       "truncated", err);
    }
    unsigned machine = h.e64.e_machine;
    if (h.ident[EI_DATA] == ELFDATA2MSB) {
        machine = (machine & 0xff) << 8 | machine >> 8;
    }
    if (machine != EM_AARCH64) {
        set_machine(image, machine);
        return true;
    }
    if (h.ident[EI_DATA] != ELFDATA2LSB || h.ident[EI_CLASS] != ELFCLASS64) {
        image->kind = IMAGE_FOREIGN;
        image->what = "a big-endian or ILP32 AArch64 ELF";
        image->advice = "build a little-endian 64-bit one";
        return true;
    }
    if (size < sizeof(Elf64_Ehdr) ||
        (h.e64.e_phnum && h.e64.e_phentsize != sizeof(Elf64_Phdr))) {
        return bad_elf(image, "header that is damaged or truncated", err);
    }
    image->kind = IMAGE_ELF;
    image->what = "an AArch64 ELF";
    image->entry = h.e64.e_entry;
    return read_segments(image, &h.e64, err);
}
