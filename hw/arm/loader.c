/*
 * -device loader, as QEMU, docs/system/generic-loader.rst describes it: a
 * value (addr, data, data-len), a file (an ELF at its own addresses, else
 * as it is at addr), or only a processor's first instruction (addr,
 * cpu-num).  And -device guest-loader (guest-loader.rst): a kernel or an
 * initrd as it is at addr, of which the device tree tells a hypervisor.
 */
#include "hw/arm/loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/arm/boot.h"

struct loader {
    const struct loader_config *config;
    struct image image; /* kind IMAGE_ELF or IMAGE_RAW; size 0: no file */
};

#define OPTION "-device loader"

/* What a guest-loader lacks or has too much of. */
static bool check_guest(const struct loader_config *c, struct error **err)
{
    const char *why = NULL;

    if (!c->file == !c->initrd) {
        why = "give one of kernel= and initrd=";
    } else if (c->bootargs && !c->file) {
        why = "bootargs= goes with kernel= only";
    } else if (!c->addr) {
        why = "addr= has to say where it goes";
    }
    if (why) {
        error_set(err, "%s", why);
    }
    return !why;
}

static const char *path_of(const struct loader_config *c)
{
    return c->initrd ? c->initrd : c->file;
}

/* Every combination without a meaning. */
static bool check(const struct loader_config *c, unsigned cpus,
                  struct error **err)
{
    const char *why = NULL;

    if (c->guest) {
        return check_guest(c, err);
    }
    if (c->file && c->data_len) {
        why = "file= and data= exclude each other";
    } else if (c->data_len > 8) {
        why = "data-len= is at most 8 bytes";
    } else if (c->data_len && !c->has_addr) {
        why = "data= needs addr=";
    } else if (c->data_len && c->cpu_num >= 0) {
        why = "data= has no cpu-num=";
    } else if (!c->file && !c->data_len && c->cpu_num < 0) {
        why = "give file=, data= with data-len=, or cpu-num=";
    } else if (!c->file && !c->data_len && !c->has_addr) {
        why = "cpu-num= needs addr= or file=";
    } else if (c->cpu_num >= (int)cpus) {
        error_set(err, OPTION ",cpu-num=%d: the machine has %u processors, "
                  "numbered from 0", c->cpu_num, cpus);
        return false;
    }
    if (why) {
        error_set(err, OPTION ": %s", why);
    }
    return !why;
}

static bool is_elf(const struct boot_file *file)
{
    char magic[4];

    return file->size >= sizeof(magic) &&
           boot_file_read(file, 0, magic, sizeof(magic), NULL) &&
           !memcmp(magic, "\177ELF", 4);
}

static bool open_image(struct loader *l, struct error **err)
{
    const struct loader_config *c = l->config;
    struct image *image = &l->image;

    if (!path_of(c)) {
        return true;
    }
    if (!boot_file_open(&image->file, OPTION, path_of(c), err)) {
        return false;
    }
    image->kind = IMAGE_RAW;
    if (!c->force_raw && is_elf(&image->file) &&
        !image_read_elf(image, err)) {
        return false;
    }
    if (image->kind != IMAGE_RAW && image->kind != IMAGE_ELF) {
        error_set(err, OPTION ",file=%s: is %s; force-raw=on copies it as "
                  "it is", c->file, image->what);
        return false;
    }
    if (image->kind == IMAGE_RAW && !c->has_addr) {
        error_set(err, OPTION ",file=%s: is not an AArch64 ELF, so addr= "
                  "has to say where it goes", c->file);
        return false;
    }
    return true;
}

struct loader *loader_open(const struct loader_config *config, unsigned cpus,
                           struct error **err)
{
    if (!check(config, cpus, err)) {
        return NULL;
    }
    struct loader *l = calloc(1, sizeof(*l));
    if (!l) {
        error_set(err, "out of memory");
        return NULL;
    }
    l->config = config;
    l->image.file.fd = -1;
    if (!open_image(l, err)) {
        loader_close(l);
        return NULL;
    }
    return l;
}

void loader_close(struct loader *l)
{
    if (l) {
        image_close(&l->image);
        free(l);
    }
}

static bool load_data(const struct loader_config *c, struct dma *dma,
                      struct error **err)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < c->data_len; i++) {
        unsigned place = c->data_be ? c->data_len - 1 - i : i;
        bytes[i] = (uint8_t)(c->data >> 8 * place);
    }
    if (!dma_write(dma, c->addr, bytes, c->data_len)) {
        error_set(err, OPTION ",addr=0x%llx: there is no memory there",
                  (unsigned long long)c->addr);
        return false;
    }
    return true;
}

bool loader_load(const struct loader *l, struct dma *dma, struct error **err)
{
    const struct loader_config *c = l->config;
    const struct boot_file *file = &l->image.file;

    if (c->data_len) {
        return load_data(c, dma, err);
    }
    if (!path_of(c)) {
        return true;
    }
    if (l->image.kind == IMAGE_ELF) {
        return boot_load_elf(dma, &l->image, err);
    }
    return boot_load_file(dma, file, 0, file->size, c->addr, file->size,
                          err);
}

/* Xen's convention (docs/misc/arm/device-tree/booting.txt). */
void loader_fdt(const struct loader *l, struct fdt_builder *fdt)
{
    static const char kernel[] = "multiboot,module\0multiboot,kernel";
    static const char ramdisk[] = "multiboot,module\0multiboot,ramdisk";
    const struct loader_config *c = l->config;
    char path[48];

    snprintf(path, sizeof(path), "/chosen/module@0x%08llx",
             (unsigned long long)c->addr);
    fdt_node(fdt, path);
    fdt_prop_reg(fdt, path, c->addr, l->image.file.size);
    if (c->initrd) {
        fdt_prop_bytes(fdt, path, "compatible", ramdisk, sizeof(ramdisk));
    } else {
        fdt_prop_bytes(fdt, path, "compatible", kernel, sizeof(kernel));
    }
    if (c->bootargs) {
        fdt_prop_string(fdt, path, "bootargs", c->bootargs);
    }
}

bool loader_start(const struct loader *l, unsigned *cpu, uint64_t *pc)
{
    const struct loader_config *c = l->config;

    if (c->cpu_num < 0) {
        return false;
    }
    *cpu = (unsigned)c->cpu_num;
    *pc = l->image.kind == IMAGE_ELF ? l->image.entry : c->addr;
    return true;
}
