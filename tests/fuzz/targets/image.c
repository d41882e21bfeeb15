/*
 * Guest files: -kernel (Image, ELF, raw, gzip, EFI zboot), -bios, -initrd;
 * from the file to guest memory.
 */
#include <stdlib.h>

#include "hw/arm/boot.h"
#include "tests/fuzz/shared/file.h"
#include "tests/fuzz/targets/input.h"

#define RAM_SIZE (16u << 20)
#define ROM_SIZE (4u << 20)

static struct bus *bus;
static struct ram *ram, *rom;

static void make_memory(void)
{
    bus = bus_new();
    ram = ram_new("ram", RAM_SIZE, NULL);
    rom = ram_new("rom", ROM_SIZE, NULL);
    bus_map_ram(bus, 0x40000000, ram);
    bus_map_ram(bus, 0, rom);
}

static void load(struct boot *boot, struct error **err)
{
    struct boot_cpu cpu = {"cortex-a72", 0x1000 | 0x10000};
    struct dma dma = {.bus = bus};
    struct fdt_builder *fdt = fdt_builder_new();

    if (boot_check(boot, &cpu, err)) {
        fdt_prop_cells(fdt, "/", "#address-cells", 2);
        fdt_prop_cells(fdt, "/", "#size-cells", 2);
        fdt_node(fdt, "/chosen");
        if (boot_place(boot, fdt, BOOT_PSCI_HVC, err)) {
            boot_load(boot, &dma, err);
        }
    }
    fdt_builder_free(fdt);
}

/* First byte: which of the files it is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t code[4096] = {0x00, 0x00, 0x00, 0x14};
    struct input in = {data, data + size};
    unsigned how = in_u8(&in) % 4;
    const char *input = file_with(0, in.at, in_left(&in));
    struct machine_config config = {0};
    struct boot_memory memory = {0x40000000, RAM_SIZE, 0, ROM_SIZE, 0, 0};
    struct error *err = NULL;

    if (!bus) {
        make_memory();
    }
    if (how == 0) {
        config.kernel = input;
    } else if (how == 1) {
        config.bios = input;
    } else if (how == 2) {
        config.kernel = file_with(1, code, sizeof(code));
        config.initrd = input;
    } else {
        config.bios = file_with(1, code, sizeof(code));
        config.kernel = input;
    }
    struct boot *boot = boot_open(&config, &memory, &err);
    if (!boot && !err) {
        abort();
    }
    if (boot) {
        boot_default_cpu(boot);
        load(boot, &err);
    }
    boot_free(boot);
    error_free(err);
    return 0;
}
