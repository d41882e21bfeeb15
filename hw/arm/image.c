/*
 * Recognising kernels.  Files come from anywhere, so every field is checked
 * against the file's length before it is believed.
 */
#include "hw/arm/image.h"

#include <string.h>

#include "util/bits.h"

/* As much of the start as any format below needs to be recognised. */
#define HEAD_SIZE 0x400

/* arm64 Image header: Linux Documentation/arch/arm64/booting.rst. */
enum {
    LINUX_TEXT_OFFSET = 8,
    LINUX_IMAGE_SIZE = 16,
    LINUX_FLAGS = 24,
    LINUX_MAGIC = 56,
    LINUX_HEADER_SIZE = 64,
};
#define LINUX_OLD_TEXT_OFFSET 0x80000 /* headers before image_size */

/* PE/COFF: Microsoft PE format, "COFF File Header", "Section Table". */
enum {
    PE_POINTER = 0x3c,
    PE_HEADER_SIZE = 24,
    PE_SECTION_COUNT = 6,
    PE_OPTIONAL_SIZE = 20,
    PE_SECTION_SIZE = 40,
    PE_MAX_SECTIONS = 16,
};

struct head {
    uint8_t bytes[HEAD_SIZE]; /* zero past the end of the file */
    uint64_t size;            /* of the whole file */
};

static uint32_t head_u32(const struct head *h, unsigned at)
{
    return load_le32(h->bytes + at);
}

static uint64_t head_u64(const struct head *h, unsigned at)
{
    return head_u32(h, at) | (uint64_t)head_u32(h, at + 4) << 32;
}

/* Formats known by a few bytes at a fixed place. */
static const struct magic {
    unsigned at;
    unsigned length;
    const char *bytes;
    enum image_kind kind;
    const char *what;
    const char *advice;
} magics[] = {
    {0x24, 4, "\x18\x28\x6f\x01", IMAGE_ARM32, "a 32-bit Arm zImage", NULL},
    {0x202, 4, "HdrS", IMAGE_FOREIGN, "an x86 bzImage",
     "use an arm64 Image"},
    {0x30, 4, "RISC", IMAGE_FOREIGN, "a RISC-V Image",
     "use an arm64 Image"},
    {0x38, 4, "RSC\x05", IMAGE_FOREIGN, "a RISC-V Image",
     "use an arm64 Image"},
    {0, 4, "\x27\x05\x19\x56", IMAGE_FOREIGN, "a U-Boot uImage",
     "give the Image inside it (dumpimage extracts it)"},
    {0, 4, "\xd0\x0d\xfe\xed", IMAGE_FOREIGN,
     "a device tree or a FIT image",
     "a device tree goes to -dtb; give the Image inside a FIT"},
    {0, 5, "07070", IMAGE_FOREIGN, "a cpio archive", "it goes to -initrd"},
    {0, 8, "ANDROID!", IMAGE_FOREIGN, "an Android boot image",
     "unpack it and give the kernel"},
    {0, 6, "\xfd\x37zXZ", IMAGE_FOREIGN, "xz-compressed",
     "unpack it with xz -d"},
    {0, 4, "\x28\xb5\x2f\xfd", IMAGE_FOREIGN, "zstd-compressed",
     "unpack it with zstd -d"},
    {0, 4, "\x02\x21\x4c\x18", IMAGE_FOREIGN, "lz4-compressed",
     "unpack it with lz4 -d"},
    {0, 3, "BZh", IMAGE_FOREIGN, "bzip2-compressed",
     "unpack it with bzip2 -d"},
    {0, 4, "QFI\xfb", IMAGE_FOREIGN, "a qcow2 disk image",
     "a disk goes to -drive"},
    {0, 8, "!<arch>\n", IMAGE_FOREIGN, "an archive of object files",
     "link it first"},
    {0, 2, "#!", IMAGE_FOREIGN, "a script", "give a kernel Image"},
};

/*
 * 32-bit boot loaders and bare-metal programs begin with the exception
 * vectors: a branch, then loads of PC or further branches.
 */
static bool has_arm32_vectors(const struct head *h)
{
    if (head_u32(h, 0) >> 24 != 0xea) {
        return false;
    }
    for (unsigned at = 4; at < 0x1c; at += 4) {
        uint32_t insn = head_u32(h, at);
        if (insn >> 24 != 0xea && insn >> 12 != 0xe59ff) {
            return false;
        }
    }
    return true;
}

static bool truncated(const struct image *image, uint64_t needed,
                      struct error **err)
{
    error_set(err, "%s %s: has %llu bytes, but its header speaks of %llu: "
              "the file is truncated", image->file.option, image->file.path,
              (unsigned long long)image->file.size,
              (unsigned long long)needed);
    return false;
}

/* A kernel with EFI stub says in its section table how long the file is. */
static bool check_pe_length(const struct image *image, const struct head *h,
                            struct error **err)
{
    uint64_t pe = head_u32(h, PE_POINTER);

    if (h->bytes[0] != 'M' || h->bytes[1] != 'Z' ||
        pe + PE_HEADER_SIZE > HEAD_SIZE || memcmp(h->bytes + pe, "PE\0", 4)) {
        return true;
    }
    unsigned at = (unsigned)pe;
    unsigned count = head_u32(h, at + PE_SECTION_COUNT) & 0xffff;
    uint64_t table = pe + PE_HEADER_SIZE +
                     (head_u32(h, at + PE_OPTIONAL_SIZE) & 0xffff);
    if (count > PE_MAX_SECTIONS ||
        table + count * PE_SECTION_SIZE > HEAD_SIZE) {
        return true;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned section = (unsigned)table + i * PE_SECTION_SIZE;
        uint64_t end = (uint64_t)head_u32(h, section + 16) +
                       head_u32(h, section + 20);
        if (end > h->size) {
            return truncated(image, end, err);
        }
    }
    return true;
}

static bool read_linux(struct image *image, const struct head *h,
                       struct error **err)
{
    static const unsigned page_sizes[] = {0, 0x1000, 0x4000, 0x10000};
    uint64_t flags = head_u64(h, LINUX_FLAGS);

    if (h->size < LINUX_HEADER_SIZE) {
        return truncated(image, LINUX_HEADER_SIZE, err);
    }
    image->kind = IMAGE_LINUX;
    image->what = "an arm64 Image";
    image->memory_size = head_u64(h, LINUX_IMAGE_SIZE);
    if (image->memory_size) {
        image->text_offset = head_u64(h, LINUX_TEXT_OFFSET);
        image->page_size = page_sizes[(flags >> 1) & 3];
    } else {
        image->text_offset = LINUX_OLD_TEXT_OFFSET;
    }
    return check_pe_length(image, h, err);
}

static bool recognise_magic(struct image *image, const struct head *h)
{
    for (unsigned i = 0; i < ARRAY_SIZE(magics); i++) {
        const struct magic *m = &magics[i];
        if (!memcmp(h->bytes + m->at, m->bytes, m->length)) {
            image->kind = m->kind;
            image->what = m->what;
            image->advice = m->advice;
            return true;
        }
    }
    return false;
}

static bool recognise(struct image *image, struct error **err)
{
    struct head h = {.size = image->file.size};

    uint64_t size = h.size < HEAD_SIZE ? h.size : HEAD_SIZE;
    if (!boot_file_read(&image->file, 0, h.bytes, size, err)) {
        return false;
    }
    if (!memcmp(h.bytes, "\x7f" "ELF", 4)) {
        return image_read_elf(image, err);
    }
    if (!memcmp(h.bytes + LINUX_MAGIC, "ARM\x64", 4)) {
        return read_linux(image, &h, err);
    }
    if (recognise_magic(image, &h)) {
        return true;
    }
    if (has_arm32_vectors(&h)) {
        image->kind = IMAGE_ARM32;
        image->what = "32-bit Arm code (it starts with Arm vectors)";
        return true;
    }
    if (!memcmp(h.bytes, "MZ", 2)) {
        image->kind = IMAGE_FOREIGN;
        image->what = "an EFI application or a Windows program";
        image->advice = "EFI applications need firmware: -bios";
        return true;
    }
    image->kind = IMAGE_RAW;
    image->what = "a raw binary";
    return true;
}

bool image_from_file(struct image *image, const struct boot_file *file,
                     struct error **err)
{
    *image = (struct image){.file = *file};
    if (!image_unpack(&image->file, err) || !recognise(image, err)) {
        image_close(image);
        return false;
    }
    return true;
}

bool image_open(struct image *image, const char *option, const char *path,
                struct error **err)
{
    struct boot_file file;

    *image = (struct image){.file.fd = -1};
    return boot_file_open(&file, option, path, err) &&
           image_from_file(image, &file, err);
}

void image_close(struct image *image)
{
    boot_file_close(&image->file);
}
