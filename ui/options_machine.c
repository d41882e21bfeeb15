/* Which machine: -machine with its properties. */
#include "ui/options_parse.h"

#include <stdio.h>
#include <string.h>

#include "util/bits.h"
#include "util/nearest.h"

/* Machines ------------------------------------------------------------- */

#define VERSION(major, minor) ((major) * 100 + (minor))
#define NEWEST VERSION(10, 0)

struct machine_row {
    const char *name;
    const char *description;
    unsigned version;
};

#define VIRT(major, minor)                                   \
    {"virt-" #major "." #minor,                              \
     "QEMU " #major "." #minor " ARM Virtual Machine",       \
     VERSION(major, minor)}

static const struct machine_row machines[] = {
    {"none", "empty machine", NEWEST},
    VIRT(2, 6), VIRT(2, 7), VIRT(2, 8), VIRT(2, 9), VIRT(2, 10), VIRT(2, 11),
    VIRT(2, 12), VIRT(3, 0), VIRT(3, 1), VIRT(4, 0), VIRT(4, 1), VIRT(4, 2),
    VIRT(5, 0), VIRT(5, 1), VIRT(5, 2), VIRT(6, 0), VIRT(6, 1), VIRT(6, 2),
    VIRT(7, 0), VIRT(7, 1), VIRT(7, 2), VIRT(8, 0), VIRT(8, 1), VIRT(8, 2),
    VIRT(9, 0), VIRT(9, 1), VIRT(9, 2), VIRT(10, 0),
    {"virt", "QEMU 10.0 ARM Virtual Machine (alias of virt-10.0)", NEWEST},
};

static const struct machine_row *machine_find(const char *name,
                                              struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
        if (strcmp(machines[i].name, name) == 0) {
            return &machines[i];
        }
    }
    const char *near = nearest_in_table(name, &machines[0].name,
                                        ARRAY_SIZE(machines),
                                        sizeof(machines[0]));
    error_set(err, "%s: no such machine; %s%s%s('-machine help' lists them)",
              name, near ? "did you mean '" : "", near ? near : "",
              near ? "'? " : "the board is 'virt' ");
    return NULL;
}

#define SLOW_COUNTER "backcompat-cntfrq=on"
#define QARMA5 "backcompat-pauth-default-use-qarma5=on"

/* What a guest of an earlier version saw, before other properties say so. */
static void apply_version(struct machine_config *machine, unsigned version)
{
    machine->no_cpu_map = version < VERSION(6, 2);
    machine->no_secure_gpio = version < VERSION(6, 0);
    machine->its = version >= VERSION(6, 2);
    machine->low_ecam = version < VERSION(3, 0);
    machine->version = version < VERSION(2, 12) ? "1.0" : NULL;
    machine->edge_timers = version < VERSION(2, 9);
    if (version < VERSION(10, 0)) {
        machine->cpu_props = version < VERSION(2, 7)
                                 ? "pmu=off," QARMA5 "," SLOW_COUNTER
                             : version < VERSION(9, 1)
                                 ? QARMA5 "," SLOW_COUNTER
                                 : QARMA5;
    }
}

static void machines_print(void)
{
    printf("Supported machines are:\n");
    for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
        printf("%-20s %s\n", machines[i].name, machines[i].description);
    }
}

/* Machine properties --------------------------------------------------- */

enum property_kind {
    PROPERTY_NOT_BOOL, /* its opposite, into machine_config at `offset` */
    PROPERTY_BOOL,     /* into machine_config at `offset` */
    PROPERTY_STRING,   /* into machine_config at `offset` */
    PROPERTY_IGNORED,  /* on or off, with no effect here */
    PROPERTY_OFF,      /* only off is possible yet */
    PROPERTY_ON,       /* only on is possible yet */
    PROPERTY_NONE,     /* only the word "none" is possible yet */
    PROPERTY_MISSING,  /* known to QEMU, not here yet */
    PROPERTY_SPECIAL,  /* read by a function of its own */
};

struct property {
    const char *name;
    enum property_kind kind;
    const char *help;
    size_t offset;
};

#define CONFIG(field) offsetof(struct machine_config, field)

static const struct property properties[] = {
    {"accel", PROPERTY_SPECIAL, "accelerators to try, as jit:interp", 0},
    {"acpi", PROPERTY_SPECIAL, "ACPI tables for firmware: on, off, auto", 0},
    {"append", PROPERTY_STRING, "same as -append", CONFIG(append)},
    {"compact-highmem", PROPERTY_IGNORED, "without gaps, which there are not",
     0},
    {"confidential-guest-support", PROPERTY_MISSING, "", 0},
    {"default-bus-bypass-iommu", PROPERTY_OFF, "PCI without the IOMMU", 0},
    {"dt-compatible", PROPERTY_MISSING, "", 0},
    {"dtb", PROPERTY_STRING, "same as -dtb", CONFIG(dtb)},
    {"dtb-kaslr-seed", PROPERTY_BOOL, "old name of dtb-randomness",
     CONFIG(dtb_randomness)},
    {"dtb-randomness", PROPERTY_BOOL, "random seeds in the device tree",
     CONFIG(dtb_randomness)},
    {"dump-guest-core", PROPERTY_IGNORED, "guest memory in core dumps", 0},
    {"dumpdtb", PROPERTY_STRING, "write the device tree here and exit",
     CONFIG(dumpdtb)},
    {"firmware", PROPERTY_STRING, "same as -bios", CONFIG(bios)},
    {"gic-version", PROPERTY_SPECIAL, "2, 3, max (3) or host", 0},
    {"graphics", PROPERTY_IGNORED, "has no meaning on this board", 0},
    {"highmem", PROPERTY_BOOL, "addresses above 32 bits", CONFIG(highmem)},
    {"highmem-ecam", PROPERTY_NOT_BOOL, "256 PCI buses, not 16",
     CONFIG(low_ecam)},
    {"highmem-mmio", PROPERTY_NOT_BOOL, "the high PCI window",
     CONFIG(no_high_mmio)},
    {"highmem-mmio-size", PROPERTY_MISSING, "", 0},
    {"highmem-redists", PROPERTY_IGNORED, "for more than 123 processors", 0},
    {"hmat", PROPERTY_OFF, "ACPI memory attributes", 0},
    {"initrd", PROPERTY_STRING, "same as -initrd", CONFIG(initrd)},
    {"iommu", PROPERTY_NONE, "none", 0},
    {"its", PROPERTY_BOOL, "an ITS with GICv3", CONFIG(its)},
    {"kernel", PROPERTY_STRING, "same as -kernel", CONFIG(kernel)},
    {"kernel-irqchip", PROPERTY_IGNORED, "has a meaning with KVM only", 0},
    {"mem-merge", PROPERTY_IGNORED, "share equal host pages", 0},
    {"memory-backend", PROPERTY_SPECIAL, "id of an -object: its size", 0},
    {"memory-encryption", PROPERTY_MISSING, "", 0},
    {"mte", PROPERTY_OFF, "memory tagging", 0},
    {"nvdimm", PROPERTY_OFF, "persistent memory", 0},
    {"pflash0", PROPERTY_SPECIAL, "id of a drive: the first bank", 0},
    {"pflash1", PROPERTY_SPECIAL, "id of a drive: the second bank", 0},
    {"phandle-start", PROPERTY_MISSING, "", 0},
    {"ras", PROPERTY_OFF, "report host memory errors", 0},
    {"secure", PROPERTY_BOOL, "EL3 and the secure world", CONFIG(secure)},
    {"suppress-vmdesc", PROPERTY_IGNORED, "a migration detail", 0},
    {"usb", PROPERTY_OFF, "a USB controller", 0},
    {"virtualization", PROPERTY_BOOL, "EL2", CONFIG(virtualization)},
    {"x-oem-id", PROPERTY_SPECIAL, "of ACPI tables, 6 characters", 0},
    {"x-oem-table-id", PROPERTY_SPECIAL, "of ACPI tables, 8 characters", 0},
};

static void properties_print(const char *machine)
{
    printf("%s machine options:\n", machine);
    for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
        static const char *const types[] = {
            [PROPERTY_NOT_BOOL] = "<bool>",
            [PROPERTY_BOOL] = "<bool>",    [PROPERTY_STRING] = "<string>",
            [PROPERTY_IGNORED] = "<bool>", [PROPERTY_OFF] = "off",
            [PROPERTY_ON] = "on",          [PROPERTY_NONE] = "none",
            [PROPERTY_SPECIAL] = "<string>",
        };
        const struct property *row = &properties[i];
        char left[40];
        if (row->kind != PROPERTY_MISSING) {
            snprintf(left, sizeof(left), "%s=%s", row->name,
                     types[row->kind]);
            printf("  %-28s - %s\n", left, row->help);
        }
    }
}

static bool property_unsupported(struct error **err, const char *name,
                                 const char *value)
{
    error_set(err, "%s=%s: not supported yet", name, value);
    return false;
}

static bool property_apply(struct keyval *kv, const struct property *row,
                           struct machine_config *machine,
                           struct error **err)
{
    char *at = (char *)machine + row->offset;
    const char *value = keyval_get(kv, row->name);
    bool on = false;

    if (!value) {
        return true;
    }
    switch (row->kind) {
    case PROPERTY_NOT_BOOL:
        on = !*(bool *)at;
        if (!keyval_bool(kv, row->name, &on, err)) {
            return false;
        }
        *(bool *)at = !on;
        return true;
    case PROPERTY_BOOL:
        return keyval_bool(kv, row->name, (bool *)at, err);
    case PROPERTY_STRING:
        *(const char **)at = value;
        return true;
    case PROPERTY_IGNORED:
    case PROPERTY_OFF:
    case PROPERTY_ON:
        if (!keyval_bool(kv, row->name, &on, err)) {
            return false;
        }
        return row->kind == PROPERTY_IGNORED ||
               on == (row->kind == PROPERTY_ON) ||
               property_unsupported(err, row->name, value);
    case PROPERTY_NONE:
        return strcmp(value, "none") == 0 ||
               property_unsupported(err, row->name, value);
    case PROPERTY_MISSING:
        return property_unsupported(err, row->name, value);
    case PROPERTY_SPECIAL:
        return true;
    }
    return true;
}

static bool apply_gic_version(struct keyval *kv,
                              struct machine_config *machine,
                              struct error **err)
{
    static const struct {
        const char *name;
        unsigned version;
        const char *why;
    } rows[] = {
        {"2", 2, NULL},
        {"3", 3, NULL},
        {"max", 3, NULL},
        {"4", 0, "not supported yet"},
        {"host", 0, "needs KVM and an Arm host"},
    };
    const char *value = keyval_get(kv, "gic-version");
    const char *why = "no such version";

    for (size_t i = 0; value && i < ARRAY_SIZE(rows); i++) {
        if (strcmp(rows[i].name, value) == 0) {
            machine->gic_version = rows[i].version;
            why = rows[i].why;
        }
    }
    if (value && why) {
        error_set(err, "gic-version=%s: %s; use 2, 3 or max", value, why);
        return false;
    }
    return true;
}

static bool apply_acpi(struct keyval *kv, struct machine_config *machine,
                       struct error **err)
{
    const char *value = keyval_get(kv, "acpi");

    return (value && strcmp(value, "auto") == 0) ||
           keyval_bool(kv, "acpi", &machine->acpi, err);
}

/* -machine ------------------------------------------------------------- */

bool option_machine(struct parse *p, const char *text, struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, "type", err);

    if (!kv) {
        return false;
    }
    keyval_merge(p->machine, kv);
    if (keyval_help(kv)) {
        const char *type = keyval_get(kv, "type");
        if (type && !machine_find(type, err)) {
            return false;
        }
        if (type) {
            properties_print(type);
        } else {
            machines_print();
        }
        p->done = true;
    }
    return true;
}

static bool apply_type(struct parse *p, struct error **err)
{
    const char *type = keyval_get(p->machine, "type");
    const struct machine_row *row = machine_find(type ? type : "virt", err);

    if (!row) {
        return false;
    }
    p->out->machine.machine = row->name;
    apply_version(&p->out->machine, row->version);
    return true;
}

static bool apply_oem_id(struct keyval *kv, const char *key, size_t most,
                         const char **id, struct error **err)
{
    *id = keyval_get(kv, key);
    if (*id && strlen(*id) > most) {
        error_set(err, "%s=%s: is longer than %zu characters", key, *id,
                  most);
        return false;
    }
    return true;
}

static bool finish_machine(struct parse *p, struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    struct keyval *kv = p->machine;

    if (!apply_type(p, err)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
        if (!property_apply(kv, &properties[i], machine, err)) {
            return false;
        }
    }
    return apply_gic_version(kv, machine, err) &&
           apply_acpi(kv, machine, err) &&
           apply_oem_id(kv, "x-oem-id", 6, &machine->oem_id, err) &&
           apply_oem_id(kv, "x-oem-table-id", 8, &machine->oem_table_id,
                        err) &&
           keyval_check(kv, err);
}

bool options_finish_machine(struct parse *p, struct error **err)
{
    if (!finish_machine(p, err)) {
        error_prepend(err, "-machine");
        return false;
    }
    return true;
}
