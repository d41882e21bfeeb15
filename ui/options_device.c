/*
 * -device and -global: properties by the tables of hw/arm/devices.c, into
 * one struct device_config each.
 *
 * Devices are made in this order: NICs of -nic and -net, those of -device,
 * disks of -drive if=virtio.  What they refer to by id may come later on the
 * command line, so all are read at its end.
 */
#include "ui/options_parse.h"

#include <stdio.h>
#include <string.h>

#include "hw/arm/devices.h"
#include "util/bits.h"

/* One property ------------------------------------------------------------ */

static bool read_int(struct keyval *kv, const char *name, int *result,
                     struct error **err)
{
    const char *text = keyval_get(kv, name);
    uint64_t n;

    if (strcmp(text, "-1") == 0) {
        *result = -1;
        return true;
    }
    if (!parse_uint(text, &n) || n > INT32_MAX) {
        error_set(err, "%s=%s: expected a number, or -1", name, text);
        return false;
    }
    *result = (int)n;
    return true;
}

static bool read_bool(struct keyval *kv, const char *name, bool negate,
                      bool *at, struct error **err)
{
    bool value = *at != negate;

    if (!keyval_bool(kv, name, &value, err)) {
        return false;
    }
    *at = value != negate;
    return true;
}

static bool read_number(struct keyval *kv, const char *name, uint64_t max,
                        void *at, size_t size, struct error **err)
{
    uint64_t n = 0;

    if (!keyval_uint(kv, name, max, &n, err)) {
        return false;
    }
    if (size == sizeof(uint16_t)) {
        *(uint16_t *)at = (uint16_t)n;
    } else if (size == sizeof(uint32_t)) {
        *(uint32_t *)at = (uint32_t)n;
    } else {
        *(uint64_t *)at = n;
    }
    return true;
}

static bool read_bytes(struct keyval *kv, const char *name, uint64_t max,
                       void *at, struct error **err)
{
    uint64_t n = 0;

    if (!keyval_size(kv, name, 1, &n, err)) {
        return false;
    }
    if (n > max) {
        error_set(err, "%s=%s: is too large", name, keyval_get(kv, name));
        return false;
    }
    if (max == UINT32_MAX) {
        *(uint32_t *)at = (uint32_t)n;
    } else {
        *(uint64_t *)at = n;
    }
    return true;
}

/* on, off or auto: 0 for auto, 1 for off, 2 for on. */
static bool read_switch(struct keyval *kv, const char *name,
                        unsigned *result, struct error **err)
{
    bool on;

    *result = 0;
    if (strcmp(keyval_get(kv, name), "auto") == 0) {
        return true;
    }
    if (!keyval_bool(kv, name, &on, err)) {
        return false;
    }
    *result = on ? VIRTIO_PCI_ON : VIRTIO_PCI_OFF;
    return true;
}

static bool read_value(struct keyval *kv, const struct device_property *row,
                       struct device_config *config, struct error **err)
{
    static const char *const duplexes[] = {"full", "half", "unknown", NULL};
    char *base = (char *)config;
    void *at = base + row->offset;
    const char *text = keyval_get(kv, row->name);
    unsigned n = 0;
    bool good = true;

    switch (row->kind) {
    case VALUE_STRING:
        *(const char **)at = text;
        return true;
    case VALUE_BOOL:
    case VALUE_NOT_BOOL:
        return read_bool(kv, row->name, row->kind == VALUE_NOT_BOOL, at,
                         err);
    case VALUE_UINT:
        return read_number(kv, row->name, row->limit, at, sizeof(uint32_t),
                           err);
    case VALUE_UINT16:
        return read_number(kv, row->name, UINT16_MAX, at, sizeof(uint16_t),
                           err);
    case VALUE_UINT64:
        if (row->limit) {
            base[row->limit] = true;
        }
        return read_number(kv, row->name, UINT64_MAX, at, sizeof(uint64_t),
                           err);
    case VALUE_INT:
        return read_int(kv, row->name, at, err);
    case VALUE_BYTES:
        return read_bytes(kv, row->name, UINT32_MAX, at, err);
    case VALUE_SIZE:
        return read_bytes(kv, row->name, UINT64_MAX, at, err);
    case VALUE_CHOICE:
        good = read_switch(kv, row->name, &n, err);
        *(enum virtio_pci_choice *)at = (enum virtio_pci_choice)n;
        return good;
    case VALUE_OFF_OR_ON:
        good = read_switch(kv, row->name, &n, err);
        ((bool *)at)[0] = n == VIRTIO_PCI_OFF;
        ((bool *)at)[1] = n == VIRTIO_PCI_ON;
        return good;
    case VALUE_ON_ERROR:
        base[row->limit] = strcmp(text, "auto") != 0;
        return parse_on_error(kv, row->name, at, err);
    case VALUE_DUPLEX:
        good = keyval_enum(kv, row->name, duplexes, &n, err);
        *(bool *)at = n == 1;
        return good;
    case VALUE_MAC:
        base[row->limit] = true;
        return parse_mac(text, at, err);
    case VALUE_ADDRESS:
        return pci_parse_address(text, at, err);
    case VALUE_IGNORED:
        return true;
    }
    return true;
}

static bool read_features(struct keyval *kv,
                          const struct virtio_property *row, uint64_t *on,
                          uint64_t *off, struct error **err)
{
    for (; row->name; row++) {
        bool value = false;
        if (!keyval_bool(kv, row->name, &value, err)) {
            return false;
        }
        if (keyval_get(kv, row->name)) {
            *(value ? on : off) |= row->feature;
        }
    }
    return true;
}

static bool read_properties(struct keyval *kv, struct device_config *config,
                            struct error **err)
{
    const struct device_type *type = config->type;
    uint64_t ignored = 0;

    for (size_t i = 0; i < DEVICE_PROPERTY_LISTS; i++) {
        const struct device_property *row = type->properties[i];
        for (; row && row->name; row++) {
            if (keyval_get(kv, row->name) &&
                !read_value(kv, row, config, err)) {
                return false;
            }
        }
    }
    return (!type->make ||
            read_features(kv, virtio_properties, &config->features_on,
                          &config->features_off, err)) &&
           (type->make != plug_make_net ||
            read_features(kv, virtio_net_properties, &ignored,
                          &config->net.features_off, err));
}

/* -global ----------------------------------------------------------------- */

/* "virtio-blk-pci" and what QEMU derives it from. */
static bool is_kind_of(const struct device_type *type, const char *name)
{
    bool pci = type->bus == DEVICE_PCI;
    const struct {
        const char *name;
        bool applies;
    } rows[] = {
        {type->name, true},
        {type->alias, type->alias != NULL},
        {type->base, type->base != NULL},
        {"virtio-device", type->make != NULL},
        {"virtio-pci", pci && type->make},
        {"pci-device", pci},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].applies && strcmp(rows[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_kind_of_any(const char *name)
{
    size_t count;
    const struct device_type *types = device_types(&count);

    for (size_t i = 0; i < count; i++) {
        if (is_kind_of(&types[i], name)) {
            return true;
        }
    }
    return false;
}

/* "DRIVER.PROPERTY=VALUE", or driver=, property= and value=. */
static bool split_global(struct parse *p, const char *text,
                         struct parse_global *global, struct error **err)
{
    size_t driver = strcspn(text, ".="), end = strcspn(text, "=");

    if (strncmp(text, "driver=", 7) == 0 || *text == '{') {
        struct keyval *kv = parse_keyval(p, text, NULL, err);
        if (!kv) {
            return false;
        }
        global->driver = keyval_get(kv, "driver");
        global->property = keyval_get(kv, "property");
        global->value = keyval_get(kv, "value");
        if (global->driver && global->property && global->value) {
            return keyval_check(kv, err);
        }
    } else if (text[driver] == '.' && text[end] == '=') {
        global->driver = parse_copy(p, text, driver);
        global->property =
            parse_copy(p, text + driver + 1, end - driver - 1);
        global->value = text + end + 1;
        return true;
    }
    error_set(err, "expected DRIVER.PROPERTY=VALUE");
    return false;
}

static bool set_mmio_global(struct parse *p, const struct parse_global *g,
                            struct error **err)
{
    bool legacy;

    if (strcmp(g->property, "force-legacy") != 0) {
        return true;
    }
    if (!parse_bool(g->value, &legacy)) {
        error_set(err, "expected 'on' or 'off'");
        return false;
    }
    p->out->machine.virtio_mmio_modern = !legacy;
    return true;
}

bool option_global(struct parse *p, const char *text, struct error **err)
{
    struct parse_global *g = &p->globals[p->global_count];

    if (p->global_count == PARSE_MAX_LIST) {
        error_set(err, "-global %s: this option is given too often", text);
        return false;
    }
    if (!split_global(p, text, g, err) ||
        (strcmp(g->driver, "virtio-mmio") == 0 &&
         !set_mmio_global(p, g, err))) {
        error_prepend(err, "-global %s", text);
        return false;
    }
    if (strcmp(g->driver, "virtio-mmio") == 0) {
        return true;
    }
    if (!is_kind_of_any(g->driver)) {
        error_report("warning: -global %s: no device here has this property",
                     text);
        return true;
    }
    p->global_count++;
    return true;
}

/* -device ----------------------------------------------------------------- */

void options_add_device(struct parse *p, const struct device_config *config)
{
    struct machine_config *machine = &p->out->machine;

    machine->devices = parse_grow(machine->devices, machine->device_count,
                                  sizeof(*machine->devices));
    machine->devices[machine->device_count++] = *config;
}

static bool check_id(struct parse *p, const char *id, struct error **err)
{
    const struct machine_config *machine = &p->out->machine;

    for (unsigned i = 0; id && i < machine->device_count; i++) {
        const char *other = machine->devices[i].id;
        if (other && strcmp(other, id) == 0) {
            error_set(err, "Duplicate ID '%s' for device", id);
            return false;
        }
    }
    return true;
}

static bool read_device(struct parse *p, struct keyval *user,
                        const char *text, struct error **err)
{
    const char *driver = keyval_get(user, "driver");
    struct keyval *kv = parse_keep(p, keyval_new());
    struct device_config config;

    if (!driver) {
        error_set(err, "Parameter 'driver' is missing");
        return false;
    }
    const struct device_type *type = options_find_type(driver, err);
    if (!type) {
        return false;
    }
    for (unsigned i = 0; i < p->global_count; i++) {
        if (is_kind_of(type, p->globals[i].driver)) {
            keyval_set(kv, p->globals[i].property, p->globals[i].value);
        }
    }
    keyval_merge(kv, user);
    keyval_get(kv, "driver");
    device_config_init(&config, type);
    config.text = text;
    config.id = keyval_get(kv, "id");
    if (type->bus != DEVICE_BOARD) {
        config.bus = keyval_get(kv, "bus");
    }
    if (!check_id(p, config.id, err) ||
        !read_properties(kv, &config, err) || !keyval_check(kv, err)) {
        return false;
    }
    options_add_device(p, &config);
    return true;
}

/* A device from "key=value,..." that nobody has written. */
bool options_make_device(struct parse *p, const char *text,
                        const char *properties, struct error **err)
{
    struct keyval *kv = parse_keyval(p, properties, "driver", err);

    if (kv && read_device(p, kv, text, err)) {
        return true;
    }
    error_prepend(err, "%s", text);
    return false;
}

bool option_device(struct parse *p, const char *text, struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, "driver", err);
    const char *driver = kv ? keyval_get(kv, "driver") : NULL;

    if (kv && keyval_help(kv)) {
        const struct device_type *type =
            driver ? options_find_type(driver, err) : NULL;
        if (driver && !type) {
            error_prepend(err, "-device %s", text);
            return false;
        }
        if (type) {
            options_print_type(type);
        } else {
            options_print_types();
        }
        p->done = true;
        return true;
    }
    if (!kv) {
        error_prepend(err, "-device %s", text);
        return false;
    }
    return parse_list_add(&p->devices, text, err);
}
