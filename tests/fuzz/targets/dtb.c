/* A device tree of the user's: reading, completing, placing. */
#include <libfdt.h>
#include <stdlib.h>

#include "hw/arm/boot.h"
#include "tests/fuzz/shared/file.h"
#include "tests/fuzz/targets/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    unsigned how = in_u8(&in);
    struct machine_config config = {
        .dtb = file_with(0, in.at, in_left(&in)),
        .kernel = how & 1 ? file_with(1, data, size) : NULL,
        .append = how & 1 && how & 2 ? "console=ttyAMA0" : NULL,
        .dtb_randomness = how & 4,
    };
    struct boot_memory memory = {
        .ram_base = 0x40000000,
        .ram_size = how & 8 ? UINT64_C(8) << 30 : 128u << 20,
        .rom_size = 64u << 20,
    };
    struct error *err = NULL;
    struct boot *boot = boot_open(&config, &memory, &err);

    if (boot && boot_place(boot, NULL, (enum boot_psci)((how >> 4) % 3),
                           &err)) {
        boot_seed_dtb(boot);
        if (boot->plan.dtb_size != fdt_totalsize(boot->dtb) ||
            fdt_check_full(boot->dtb, boot->plan.dtb_size)) {
            abort(); /* the guest is to get a tree that adds up */
        }
    } else if (!err) {
        abort();
    }
    boot_free(boot);
    error_free(err);
    return 0;
}
