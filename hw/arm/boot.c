#include "hw/arm/boot.h"

#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "hw/arm/initrd.h"
#include "pc-bios/guest.h"
#include "util/bits.h"
#include "util/pieces.h"
#include "util/populate.h"

/*
 * The processor when the user names none: a 64-bit one that old and new
 * kernels boot on, or, for a page size that it lacks, the one that has all.
 */
const char *boot_default_cpu(const struct boot *boot)
{
    return boot->image.page_size == 0x4000 ? "max" : "cortex-a72";
}

static bool bad_combination(const struct machine_config *c,
                            struct error **err)
{
    if (c->bios && c->pflash[0]) {
        error_set(err, "-bios %s: the first pflash drive, %s, is the "
                  "firmware; give one of the two", c->bios,
                  c->pflash[0]->file);
        return true;
    }
    if (!c->kernel && c->initrd) {
        error_set(err, "-initrd %s: only goes with -kernel", c->initrd);
        return true;
    }
    if (!c->kernel && c->append && *c->append) {
        error_set(err, "-append '%s': only goes with -kernel", c->append);
        return true;
    }
    return false;
}

static bool open_firmware(struct boot *boot, struct error **err)
{
    const struct machine_config *c = boot->config;

    boot->how = BOOT_FIRMWARE;
    return (!c->bios || image_open(&boot->image, "-bios", c->bios, err)) &&
           (!c->kernel ||
            image_open(&boot->payload, "-kernel", c->kernel, err));
}

/* Firmware, -kernel, or the program that greets those who give neither. */
static bool open_program(struct boot *boot, struct error **err)
{
    const struct machine_config *c = boot->config;
    struct boot_file file;

    if (c->bios || c->pflash[0] || c->blank) {
        return open_firmware(boot, err);
    }
    boot->how = BOOT_KERNEL;
    if (c->kernel) {
        return image_open(&boot->image, "-kernel", c->kernel, err);
    }
    if (!guest_program_size()) {
        error_set(err, "no guest: give -kernel or -bios");
        return false;
    }
    boot_file_from_memory(&file, "-kernel", "(built-in guest)",
                          guest_program, guest_program_size());
    return image_from_file(&boot->image, &file, err);
}

static bool open_initrd(struct boot *boot, struct error **err)
{
    if (!boot->config->initrd) {
        return true;
    }
    return boot_file_open(&boot->initrd, "-initrd", boot->config->initrd,
                          err) &&
           initrd_check(&boot->initrd, err);
}

struct boot *boot_open(const struct machine_config *config,
                       const struct boot_memory *memory, struct error **err)
{
    if (bad_combination(config, err)) {
        return NULL;
    }
    struct boot *boot = calloc(1, sizeof(*boot));
    if (!boot) {
        error_set(err, "out of memory");
        return NULL;
    }
    boot->config = config;
    boot->memory = *memory;
    boot->image.file.fd = -1;
    boot->payload.file.fd = -1;
    boot->initrd.fd = -1;
    if (!open_program(boot, err) || !open_initrd(boot, err) ||
        !boot_read_dtb(boot, err)) {
        boot_free(boot);
        return NULL;
    }
    return boot;
}

void boot_free(struct boot *boot)
{
    if (!boot) {
        return;
    }
    image_close(&boot->image);
    image_close(&boot->payload);
    boot_file_close(&boot->initrd);
    free(boot->dtb);
    free(boot);
}

/* Loading --------------------------------------------------------------- */

/* A file is read, into memory that has to be made ready, so much at a time. */
#define PIECE (UINT64_C(1) << 20)

struct reading {
    const struct boot_file *file;
    uint64_t offset, size;
    uint8_t *to;
    bool failed;    /* atomic */
};

static void read_piece(void *opaque, unsigned n)
{
    struct reading *r = opaque;
    uint64_t at = n * PIECE;
    uint64_t size = r->size - at < PIECE ? r->size - at : PIECE;
    uint8_t *to = r->to + at;
    uintptr_t first = align_down((uintptr_t)to, RAM_PAGE_SIZE);

    populate((void *)first,
             align_up((uintptr_t)to + size, RAM_PAGE_SIZE) - first);
    if (!boot_file_read(r->file, r->offset + at, to, size, NULL)) {
        __atomic_store_n(&r->failed, true, __ATOMIC_RELAXED);
    }
}

static bool read_pieces(const struct boot_file *file, uint64_t offset,
                        uint64_t size, uint8_t *to, struct error **err)
{
    struct reading r = {.file = file, .offset = offset, .size = size,
                        .to = to};

    pieces_do((unsigned)((size + PIECE - 1) / PIECE), read_piece, &r);
    /* Whatever it was, it is met again, and named. */
    return !r.failed || boot_file_read(file, offset, to, size, err);
}

bool boot_load_file(struct dma *dma, const struct boot_file *file,
                    uint64_t offset, uint64_t size, uint64_t pa,
                    uint64_t memory_size, struct error **err)
{
    uint64_t at;
    struct ram *ram = bus_ram(dma->bus, pa, memory_size, &at);

    if (!ram) {
        error_set(err, "%s %s: no memory at 0x%llx", file->option,
                  file->path, (unsigned long long)pa);
        return false;
    }
    if (!read_pieces(file, offset, size, ram->host + at, err)) {
        return false;
    }
    ram_zero(ram, at + size, memory_size - size);
    dma_written(dma, pa, memory_size);
    return true;
}

bool boot_load_elf(struct dma *dma, const struct image *image,
                   struct error **err)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];
        if (!boot_load_file(dma, &image->file, s->offset, s->file_size,
                            s->pa, s->memory_size, err)) {
            return false;
        }
    }
    return true;
}

static bool load_program(const struct boot *boot, struct dma *dma,
                         struct error **err)
{
    const struct image *image = &boot->image;

    if (boot->how == BOOT_KERNEL && image->kind == IMAGE_ELF) {
        return boot_load_elf(dma, image, err);
    }
    return image->file.size == 0 ||
           boot_load_file(dma, &image->file, 0, image->file.size,
                          boot->plan.kernel_pa, image->file.size, err);
}

bool boot_load(struct boot *boot, struct dma *dma, struct error **err)
{
    const struct boot_plan *plan = &boot->plan;

    if (!load_program(boot, dma, err)) {
        return false;
    }
    if (plan->initrd_size &&
        !boot_load_file(dma, &boot->initrd, 0, plan->initrd_size,
                        plan->initrd_pa, plan->initrd_size, err)) {
        return false;
    }
    boot_seed_dtb(boot);
    if (plan->dtb_size &&
        !dma_write(dma, plan->dtb_pa, boot->dtb, plan->dtb_size)) {
        error_set(err, "no memory for the device tree at 0x%llx",
                  (unsigned long long)plan->dtb_pa);
        return false;
    }
    return true;
}
