/*
 * The device tree's last touches, the same for the board's own tree and for
 * one given with -dtb: the memory there is, what the boot loader says in
 * /chosen, and the power controller when the tree has none.
 * Devicetree Specification 0.4, chapter 3; Linux bindings arm/psci.yaml.
 */
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hw/arm/boot.h"
#include "util/bits.h"

#define DTB_MAX_SIZE (2 << 20) /* what arm64 Linux maps of it */
#define DTB_SPARE 0x10000      /* more than the fix-ups add */

/* PSCI (Arm DEN 0022) function ids: SMC64 where there is one. */
enum {
    PSCI_CPU_OFF = 0x84000002,
    PSCI_CPU_SUSPEND_64 = 0xc4000001,
    PSCI_CPU_ON_64 = 0xc4000003,
    PSCI_MIGRATE_64 = 0xc4000005,
};

static bool bad_dtb(const struct boot *boot, const char *reason,
                    struct error **err)
{
    error_set(err, "-dtb %s: %s", boot->config->dtb, reason);
    return false;
}

static bool check_dtb(const struct boot *boot, const void *data,
                      uint64_t size, struct error **err)
{
    static const char source[] = "/dts-v1/";
    const struct fdt_header *header = data;

    if (size >= sizeof(source) && !memcmp(data, source, sizeof(source) - 1)) {
        return bad_dtb(boot, "is device tree source; compile it with "
                       "'dtc -O dtb'", err);
    }
    if (size < sizeof(*header) || fdt_magic(data) != FDT_MAGIC) {
        return bad_dtb(boot, size < sizeof(*header) ?
                       "is too short for a device tree: truncated?" :
                       "is not a device tree blob", err);
    }
    if (fdt_totalsize(data) > size) {
        return bad_dtb(boot, "is shorter than its header says: the file is "
                       "truncated", err);
    }
    if (fdt_totalsize(data) > DTB_MAX_SIZE - DTB_SPARE) {
        return bad_dtb(boot, "is larger than the 2 MiB that arm64 kernels "
                       "accept", err);
    }
    if (fdt_check_full(data, size) < 0) {
        return bad_dtb(boot, "is damaged (its structure does not add up)",
                       err);
    }
    return true;
}

bool boot_read_dtb(struct boot *boot, struct error **err)
{
    struct boot_file file;
    bool good = false;

    if (!boot->config->dtb) {
        return true;
    }
    if (!boot_file_open(&file, "-dtb", boot->config->dtb, err)) {
        return false;
    }
    const uint8_t *view = boot_file_view(&file, err);
    if (view && check_dtb(boot, view, file.size, err)) {
        int room = (int)fdt_totalsize(view) + DTB_SPARE;
        boot->dtb = malloc((size_t)room);
        good = boot->dtb && fdt_open_into(view, boot->dtb, room) == 0;
        if (!good) {
            bad_dtb(boot, "cannot be read into memory", err);
        }
    }
    boot->user_dtb = good;
    boot_file_unview(&file, view);
    boot_file_close(&file);
    return good;
}

/* Cells ----------------------------------------------------------------- */

struct cells {
    uint8_t bytes[32];
    int length;
};

static void cells_add(struct cells *c, int count, uint64_t value)
{
    if (count == 2) {
        fdt32_st(c->bytes + c->length, (uint32_t)(value >> 32));
        c->length += 4;
    }
    fdt32_st(c->bytes + c->length, (uint32_t)value);
    c->length += 4;
}

/* Nodes ----------------------------------------------------------------- */

/* What every step below returns: 0 or libfdt's error. */
static int root_node(void *fdt, const char *name)
{
    int node = fdt_subnode_offset(fdt, 0, name);

    return node == -FDT_ERR_NOTFOUND ? fdt_add_subnode(fdt, 0, name) : node;
}

/* The first memory node below the root that is not Secure software's, or
 * negative. */
static int find_memory(const void *fdt)
{
    int node;

    fdt_for_each_subnode(node, fdt, 0) {
        int length;
        const char *name = fdt_get_name(fdt, node, NULL);
        const char *type = fdt_getprop(fdt, node, "device_type", &length);
        bool typed = type && length == 7 && !memcmp(type, "memory", 7);
        if (fdt_getprop(fdt, node, "secure-status", NULL)) {
            continue;
        }
        if (typed || !strncmp(name, "memory@", 7) ||
            !strcmp(name, "memory")) {
            return node;
        }
    }
    return -1;
}

static int set_memory(void *fdt, uint64_t base, uint64_t size)
{
    int address_cells = fdt_address_cells(fdt, 0);
    int size_cells = fdt_size_cells(fdt, 0);
    struct cells reg = {.length = 0};
    char name[32];
    int old, status = 0;

    if (address_cells < 1 || address_cells > 2 || size_cells < 1 ||
        size_cells > 2) {
        return -FDT_ERR_BADNCELLS;
    }
    while (status == 0 && (old = find_memory(fdt)) >= 0) {
        status = fdt_del_node(fdt, old);
    }
    cells_add(&reg, address_cells, base);
    cells_add(&reg, size_cells, size);
    snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)base);
    int node = status ? status : fdt_add_subnode(fdt, 0, name);
    if (node < 0 ||
        (status = fdt_setprop(fdt, node, "reg", reg.bytes, reg.length))) {
        return node < 0 ? node : status;
    }
    return fdt_setprop_string(fdt, node, "device_type", "memory");
}

static int set_chosen(void *fdt, const struct boot *boot)
{
    const char *args = boot->config->append;
    const struct boot_plan *plan = &boot->plan;
    uint64_t end = plan->initrd_pa + plan->initrd_size;
    int status = 0;

    int node = root_node(fdt, "chosen");
    if (node < 0) {
        return node;
    }
    if (args && *args) {
        status = fdt_setprop_string(fdt, node, "bootargs", args);
    }
    if (!status && plan->initrd_size) {
        status = fdt_setprop_u64(fdt, node, "linux,initrd-start",
                                 plan->initrd_pa);
        status = status ? status
                        : fdt_setprop_u64(fdt, node, "linux,initrd-end",
                                          end);
    }
    return status;
}

/* A tree that has /psci is left as it is. */
static int add_psci(void *fdt, enum boot_psci psci)
{
    static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2\0arm,psci";
    static const struct {
        const char *name;
        uint32_t id;
    } functions[] = {
        {"migrate", PSCI_MIGRATE_64},
        {"cpu_on", PSCI_CPU_ON_64},
        {"cpu_off", PSCI_CPU_OFF},
        {"cpu_suspend", PSCI_CPU_SUSPEND_64},
    };

    if (psci == BOOT_PSCI_NONE ||
        fdt_subnode_offset(fdt, 0, "psci") >= 0) {
        return 0;
    }
    int node = fdt_add_subnode(fdt, 0, "psci");
    if (node < 0) {
        return node;
    }
    int status = fdt_setprop(fdt, node, "compatible", compatible,
                             sizeof(compatible));
    if (!status) {
        status = fdt_setprop_string(fdt, node, "method",
                                    psci == BOOT_PSCI_SMC ? "smc" : "hvc");
    }
    for (unsigned i = 0; !status && i < ARRAY_SIZE(functions); i++) {
        status = fdt_setprop_u32(fdt, node, functions[i].name,
                                 functions[i].id);
    }
    return status;
}

static int fill_random(void *fdt, int chosen, const char *name, size_t size)
{
    uint8_t seed[32];

    if (getrandom(seed, size, 0) != (ssize_t)size) {
        return 0; /* no seed is better than a known one */
    }
    return fdt_setprop(fdt, chosen, name, seed, (int)size);
}

/* A tree of the user's keeps its seeds. */
void boot_seed_dtb(struct boot *boot)
{
    static const char *const chosen[] = {"chosen", "secure-chosen"};

    if (boot->user_dtb || !boot->config->dtb_randomness) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(chosen); i++) {
        int node = fdt_subnode_offset(boot->dtb, 0, chosen[i]);

        if (node >= 0) {
            fill_random(boot->dtb, node, "kaslr-seed", 8);
            fill_random(boot->dtb, node, "rng-seed", 32);
        }
    }
}

static bool copy_generated(struct boot *boot, const struct fdt_builder *fdt,
                           struct error **err)
{
    /* Strings are its last part; what follows is room. */
    size_t used = fdt_off_dt_strings(fdt->blob) +
                  fdt_size_dt_strings(fdt->blob);

    boot->dtb = malloc(fdt_totalsize(fdt->blob));
    if (!boot->dtb) {
        error_set(err, "no memory for the device tree");
        return false;
    }
    memcpy(boot->dtb, fdt->blob, used);
    return true;
}

/* Everything except /chosen's initrd, whose place follows from the size. */
static bool finish_dtb(struct boot *boot, enum boot_psci psci,
                       struct error **err)
{
    const struct boot_memory *m = &boot->memory;
    bool small_cells = fdt_size_cells(boot->dtb, 0) == 1;

    if (small_cells && m->ram_size >> 32) {
        return bad_dtb(boot, "has 32-bit sizes (#size-cells is 1); use "
                       "less than -m 4G", err);
    }
    int status = set_memory(boot->dtb, m->ram_base, m->ram_size);
    status = status ? status : add_psci(boot->dtb, psci);
    status = status ? status : set_chosen(boot->dtb, boot);
    if (status) {
        error_set(err, "-dtb %s: cannot add the memory and /chosen: %s",
                  boot->config->dtb ? boot->config->dtb : "(generated)",
                  fdt_strerror(status));
        return false;
    }
    boot_seed_dtb(boot);
    return true;
}

bool boot_place(struct boot *boot, const struct fdt_builder *fdt,
                enum boot_psci psci, struct error **err)
{
    if (!boot->dtb && !copy_generated(boot, fdt, err)) {
        return false;
    }
    /* Where the initrd goes does not depend on the tree; its own size,
     * known when it is complete, only has to fit. */
    if (!boot_plan_make(&boot->plan, boot, 0, err) ||
        !finish_dtb(boot, psci, err)) {
        return false;
    }
    fdt_pack(boot->dtb);
    return boot_plan_make(&boot->plan, boot, fdt_totalsize(boot->dtb), err);
}
