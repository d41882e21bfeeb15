/*
 * What a kernel file is, and what has to be copied where to run it.
 *
 * image_open() recognises the format and checks that the file is whole;
 * where the image goes is decided by boot_plan() (boot.h).
 */
#ifndef HW_ARM_IMAGE_H
#define HW_ARM_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/arm/boot_file.h"

#define IMAGE_MAX_SEGMENTS 32

enum image_kind {
    IMAGE_RAW,     /* nothing known: 64-bit code from its first byte */
    IMAGE_LINUX,   /* arm64 Image, Linux Documentation/arch/arm64/booting */
    IMAGE_ELF,     /* AArch64 ELF64 */
    IMAGE_ARM32,   /* 32-bit Arm code of any format */
    IMAGE_FOREIGN, /* recognised, and nothing this board can run */
};

/* Bytes of the file and where they go in guest memory. */
struct image_segment {
    uint64_t offset;    /* in the file */
    uint64_t file_size;
    uint64_t pa;        /* from the ELF; relative to the load address else */
    uint64_t memory_size; /* >= file_size, the rest is zero */
};

struct image {
    struct boot_file file;
    enum image_kind kind;
    const char *what;   /* "a 32-bit Arm zImage": completes "F is ..." */
    const char *advice; /* IMAGE_FOREIGN and ARM32: what to do, or NULL */

    /* IMAGE_LINUX */
    uint64_t text_offset; /* from a 2 MiB boundary */
    uint64_t memory_size; /* with bss; 0: the header does not say */
    unsigned page_size;   /* 0x1000, 0x4000, 0x10000; 0: not said */

    /* IMAGE_ELF */
    uint64_t entry;       /* physical */
    uint64_t low, high;   /* the memory its segments span: [low, high) */
    struct image_segment segments[IMAGE_MAX_SEGMENTS];
    unsigned segment_count;
};

/* Open, unpack, recognise. */
bool image_open(struct image *image, const char *option, const char *path,
                struct error **err);

/* The same for a file that is open already; takes its contents over, also
 * when it fails. */
bool image_from_file(struct image *image, const struct boot_file *file,
                     struct error **err);

void image_close(struct image *image);

/* image_unpack.c: gzip and EFI zboot become what is inside, others stay. */
bool image_unpack(struct boot_file *file, struct error **err);

/* image_elf.c: header and program headers of a file that starts with the
 * ELF magic. */
bool image_read_elf(struct image *image, struct error **err);

#endif
