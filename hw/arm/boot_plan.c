/*
 * Where things go in RAM, as QEMU's virt board does it:
 *
 *   Linux protocol (arm64 Image, raw)        ELF, firmware
 *   base ........ nothing                    base: device tree, when it
 *   + 2 MiB + text_offset: kernel                  fits below the ELF
 *   + 128 MiB or half of RAM, but behind     ELF: where its segments say
 *     the kernel: initrd, 4 KiB aligned      firmware: in flash0
 *   then, 2 MiB aligned: device tree
 *
 * A text_offset of 4 KiB or more counts from the base itself.  The device
 * tree must not cross a 2 MiB boundary and be at most 2 MiB (Linux,
 * Documentation/arch/arm64/booting.rst).
 */
#include "hw/arm/boot.h"

#include <stdio.h>

#include "util/bits.h"

#define MIB (UINT64_C(1) << 20)
#define RAW_OFFSET 0x80000
#define INITRD_OFFSET (128 * MIB)
#define LOWEST_TEXT_OFFSET 0x1000

/* Does [base, base+size) hold [pa, pa+length)? */
static bool fits(uint64_t base, uint64_t size, uint64_t pa, uint64_t length)
{
    return pa >= base && pa - base <= size && length <= size - (pa - base);
}

static bool no_room(const struct boot *boot, const struct boot_file *file,
                    uint64_t pa, uint64_t length, struct error **err)
{
    const struct boot_memory *m = &boot->memory;

    error_set(err, "%s %s: needs %s of memory from 0x%llx, and RAM (%s) ends "
              "at 0x%llx", file->option, file->path, size_text(length).s,
              (unsigned long long)pa, size_text(m->ram_size).s,
              (unsigned long long)(m->ram_base + m->ram_size));
    return false;
}

static bool place_kernel(struct boot_plan *plan, const struct boot *boot,
                         struct error **err)
{
    const struct boot_memory *m = &boot->memory;
    const struct image *image = &boot->image;
    uint64_t offset = RAW_OFFSET;

    plan->kernel_size = image->file.size;
    if (image->kind == IMAGE_LINUX) {
        offset = image->text_offset;
        if (offset < LOWEST_TEXT_OFFSET) {
            offset += 2 * MIB;
        }
        if (image->memory_size > plan->kernel_size) {
            plan->kernel_size = image->memory_size;
        }
    }
    plan->kernel_pa = m->ram_base + offset;
    plan->entry = plan->kernel_pa;
    if (offset > m->ram_size || plan->kernel_size > m->ram_size - offset) {
        return no_room(boot, &image->file, plan->kernel_pa,
                       plan->kernel_size, err);
    }
    return true;
}

static bool place_initrd(struct boot_plan *plan, const struct boot *boot,
                         struct error **err)
{
    const struct boot_memory *m = &boot->memory;
    uint64_t half = m->ram_size / 2;
    uint64_t end = plan->kernel_pa + plan->kernel_size;

    plan->initrd_pa = m->ram_base +
                      (half < INITRD_OFFSET ? half : INITRD_OFFSET);
    if (plan->initrd_pa < end) {
        plan->initrd_pa = end;
    }
    plan->initrd_pa = align_up(plan->initrd_pa, RAM_PAGE_SIZE);
    plan->initrd_size = boot->initrd.size;
    if (plan->initrd_size && !fits(m->ram_base, m->ram_size, plan->initrd_pa,
                                   plan->initrd_size)) {
        return no_room(boot, &boot->initrd, plan->initrd_pa,
                       plan->initrd_size, err);
    }
    return true;
}

static bool plan_linux(struct boot_plan *plan, const struct boot *boot,
                       uint64_t dtb_size, struct error **err)
{
    const struct boot_memory *m = &boot->memory;

    if (!place_kernel(plan, boot, err) || !place_initrd(plan, boot, err)) {
        return false;
    }
    plan->dtb_pa = align_up(plan->initrd_pa + plan->initrd_size, 2 * MIB);
    plan->dtb_size = dtb_size;
    plan->x0 = plan->dtb_pa;
    plan->el = boot->config->virtualization ? 2 : 1;
    if (!fits(m->ram_base, m->ram_size, plan->dtb_pa, dtb_size)) {
        error_set(err, "-m %s: no room for the device tree behind the "
                  "kernel and the initrd", size_text(m->ram_size).s);
        return false;
    }
    return true;
}

/* The device tree below `limit`, or nowhere. */
static void place_dtb_at_base(struct boot_plan *plan,
                              const struct boot *boot, uint64_t limit,
                              uint64_t dtb_size)
{
    const struct boot_memory *m = &boot->memory;

    plan->dtb_pa = m->ram_base;
    if (dtb_size <= m->ram_size &&
        (limit <= m->ram_base || dtb_size <= limit - m->ram_base)) {
        plan->dtb_size = dtb_size;
    }
}

static bool plan_elf(struct boot_plan *plan, const struct boot *boot,
                     uint64_t dtb_size, struct error **err)
{
    const struct boot_memory *m = &boot->memory;
    const struct image *image = &boot->image;
    uint64_t lowest_in_ram = m->ram_base + m->ram_size;

    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];
        if (fits(m->rom_base, m->rom_size, s->pa, s->memory_size) ||
            fits(m->secure_base, m->secure_size, s->pa, s->memory_size)) {
            continue;
        }
        if (s->pa >= m->ram_base && s->pa - m->ram_base < m->ram_size &&
            !fits(m->ram_base, m->ram_size, s->pa, s->memory_size)) {
            return no_room(boot, &image->file, s->pa, s->memory_size, err);
        }
        if (!fits(m->ram_base, m->ram_size, s->pa, s->memory_size)) {
            error_set(err, "%s %s: is linked to run at 0x%llx, where this "
                      "board has no memory (RAM starts at 0x%llx); link it "
                      "for the virt board, or use an Image",
                      image->file.option, image->file.path,
                      (unsigned long long)s->pa,
                      (unsigned long long)m->ram_base);
            return false;
        }
        if (s->pa < lowest_in_ram) {
            lowest_in_ram = s->pa;
        }
    }
    plan->entry = image->entry;
    /* A segment at the very base leaves the tree no place. */
    if (lowest_in_ram > m->ram_base) {
        place_dtb_at_base(plan, boot, lowest_in_ram, dtb_size);
    }
    return true;
}

static bool plan_firmware(struct boot_plan *plan, const struct boot *boot,
                          uint64_t dtb_size, struct error **err)
{
    const struct boot_memory *m = &boot->memory;
    const struct boot_file *file = &boot->image.file;

    if (file->size > m->rom_size) {
        error_set(err, "%s %s: has %s, and the flash it goes to holds %s",
                  file->option, file->path, size_text(file->size).s,
                  size_text(m->rom_size).s);
        return false;
    }
    plan->kernel_pa = plan->entry = m->rom_base;
    plan->kernel_size = file->size;
    place_dtb_at_base(plan, boot, 0, dtb_size);
    return true;
}

bool boot_is_linux(const struct boot *boot)
{
    return boot->how != BOOT_FIRMWARE && boot->image.kind != IMAGE_ELF;
}

static bool make(struct boot_plan *plan, const struct boot *boot,
                 uint64_t dtb_size, struct error **err)
{
    *plan = (struct boot_plan){0};
    if (boot->how == BOOT_FIRMWARE) {
        return plan_firmware(plan, boot, dtb_size, err);
    }
    if (boot->image.kind == IMAGE_ELF) {
        return plan_elf(plan, boot, dtb_size, err);
    }
    return plan_linux(plan, boot, dtb_size, err);
}

/* The smallest power of two MiB with which it would fit; 0: none. */
static uint64_t enough_memory(const struct boot *boot, uint64_t dtb_size)
{
    struct boot copy = *boot;
    struct boot_plan plan;

    for (uint64_t size = 16 * MIB; size <= UINT64_C(128) << 30; size *= 2) {
        copy.memory.ram_size = size;
        if (size > boot->memory.ram_size &&
            make(&plan, &copy, dtb_size, NULL)) {
            return size;
        }
    }
    return 0;
}

bool boot_plan_make(struct boot_plan *plan, const struct boot *boot,
                    uint64_t dtb_size, struct error **err)
{
    struct error *why = NULL;

    if (make(plan, boot, dtb_size, &why)) {
        return true;
    }
    uint64_t enough = enough_memory(boot, dtb_size);
    if (!enough) {
        error_set(err, "%s", why->message);
    } else {
        error_set(err, "%s; -m %lluM is enough", why->message,
                  (unsigned long long)(enough / MIB));
    }
    error_free(why);
    return false;
}
