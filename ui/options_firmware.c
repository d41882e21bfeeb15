/* What firmware is told: -boot, -fw_cfg, -smbios. */
#include "ui/options_parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

/* -boot ------------------------------------------------------------------- */

static bool boot(struct parse *p, const char *text, struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    struct keyval *kv = parse_keyval(p, text, "order", err);
    uint64_t wait = machine->boot_menu_wait, retry = 0;

    if (!kv) {
        return false;
    }
    if (keyval_help(kv)) {
        parse_usage(p);
        return true;
    }
    const char *order = keyval_get(kv, "order");
    const char *once = keyval_get(kv, "once");
    const char *again = keyval_get(kv, "reboot-timeout");
    order = once ? once : order;
    if (order && strspn(order, "abcdefghijklmnop") != strlen(order)) {
        error_set(err, "order=%s: expected letters such as c (disks), d "
                       "(CD-ROMs) and n (network)", order);
        return false;
    }
    p->boot_order = order ? order : p->boot_order;
    keyval_get(kv, "splash");
    if (!keyval_bool(kv, "menu", &machine->boot_menu, err) ||
        !keyval_bool(kv, "strict", &machine->boot_strict, err) ||
        !keyval_uint(kv, "splash-time", UINT16_MAX, &wait, err)) {
        return false;
    }
    machine->boot_menu_wait = (unsigned)wait;
    if (again && strcmp(again, "-1") != 0) {
        if (!keyval_uint(kv, "reboot-timeout", UINT16_MAX, &retry, err)) {
            return false;
        }
        machine->boot_retry = true;
        machine->boot_retry_wait = (unsigned)retry;
    }
    return keyval_check(kv, err);
}

bool option_boot(struct parse *p, const char *text, struct error **err)
{
    if (boot(p, text, err)) {
        return true;
    }
    error_prepend(err, "-boot %s", text);
    return false;
}

/* -fw_cfg ----------------------------------------------------------------- */

static bool fw_cfg(struct parse *p, const char *text, struct error **err)
{
    struct options *out = p->out;
    struct keyval *kv = parse_keyval(p, text, "name", err);
    struct fw_cfg_config file = {0};

    if (!kv) {
        return false;
    }
    if (keyval_help(kv)) {
        parse_usage(p);
        return true;
    }
    file.name = keyval_get(kv, "name");
    file.file = keyval_get(kv, "file");
    file.string = keyval_get(kv, "string");
    if (keyval_get(kv, "gen_id")) {
        return parse_unsupported(err, "gen_id=");
    }
    if (!file.name || !*file.name || !file.file == !file.string) {
        error_set(err, "name, plus exactly one of file and string, are "
                       "needed");
        return false;
    }
    if (strlen(file.name) > 55) {
        error_set(err, "name=%s: is longer than 55 characters", file.name);
        return false;
    }
    unsigned count = out->machine.fw_cfg_count++;
    out->fw_cfg = parse_grow(out->fw_cfg, count, sizeof(*out->fw_cfg));
    out->fw_cfg[count] = file;
    out->machine.fw_cfg = out->fw_cfg;
    return keyval_check(kv, err);
}

bool option_fw_cfg(struct parse *p, const char *text, struct error **err)
{
    if (fw_cfg(p, text, err)) {
        return true;
    }
    error_prepend(err, "-fw_cfg %s", text);
    return false;
}

/* -smbios ----------------------------------------------------------------- */

#define SMBIOS(field) offsetof(struct smbios_user, field)

/* Type 1, the system. */
static const struct {
    const char *key;
    size_t offset;
} system_keys[] = {
    {"manufacturer", SMBIOS(manufacturer)}, {"product", SMBIOS(product)},
    {"version", SMBIOS(version)},           {"serial", SMBIOS(serial)},
    {"sku", SMBIOS(sku)},                   {"family", SMBIOS(family)},
};

static bool read_system(struct parse *p, struct keyval *kv,
                        struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    char *base = (char *)&machine->smbios;

    for (size_t i = 0; i < ARRAY_SIZE(system_keys); i++) {
        const char *value = keyval_get(kv, system_keys[i].key);
        if (value) {
            *(const char **)(base + system_keys[i].offset) = value;
        }
    }
    const char *uuid = keyval_get(kv, "uuid");
    return !uuid || option_uuid(p, uuid, err);
}

/* The whole of a small text file, kept until the options are freed. */
static const char *read_text_file(struct parse *p, const char *path,
                                  struct error **err)
{
    char text[4096];
    FILE *f = fopen(path, "re");
    size_t length = f ? fread(text, 1, sizeof(text), f) : 0;

    if (!f || ferror(f)) {
        error_set_errno(err, errno, "path=%s: cannot read", path);
    } else if (length == sizeof(text)) {
        error_set(err, "path=%s: is longer than %zu bytes", path,
                  sizeof(text) - 1);
    }
    bool good = f && !ferror(f) && length < sizeof(text);
    if (f) {
        fclose(f);
    }
    return good ? parse_copy(p, text, length) : NULL;
}

/* Type 11, strings of the vendor's. */
static bool read_strings(struct parse *p, struct keyval *kv,
                         struct error **err)
{
    static const char *const keys[] = {"value", "path"};
    struct smbios_user *smbios = &p->out->machine.smbios;

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        size_t position = 0;
        const char *text;
        while ((text = keyval_each(kv, keys[i], &position))) {
            if (i == 1 && !(text = read_text_file(p, text, err))) {
                return false;
            }
            unsigned count = smbios->oem_string_count++;
            smbios->oem_strings = parse_grow(smbios->oem_strings, count,
                                             sizeof(const char *));
            smbios->oem_strings[count] = text;
        }
    }
    return true;
}

static bool smbios(struct parse *p, const char *text, struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, NULL, err);
    uint64_t type = UINT8_MAX;
    bool good;

    if (!kv || keyval_help(kv)) {
        p->done = kv != NULL;
        if (kv) {
            parse_usage(p);
        }
        return kv != NULL;
    }
    if (keyval_get(kv, "file")) {
        return parse_unsupported(err, "file=");
    }
    if (!keyval_get(kv, "type")) {
        error_set(err, "needs type=N");
        return false;
    }
    if (!keyval_uint(kv, "type", 127, &type, err)) {
        return false;
    }
    if (type == 1) {
        good = read_system(p, kv, err);
    } else if (type == 11) {
        good = read_strings(p, kv, err);
    } else {
        error_set(err, "type=%llu: not supported yet; there are 1 (the "
                       "system) and 11 (OEM strings)",
                  (unsigned long long)type);
        return false;
    }
    return good && keyval_check(kv, err);
}

bool option_smbios(struct parse *p, const char *text, struct error **err)
{
    if (smbios(p, text, err)) {
        return true;
    }
    error_prepend(err, "-smbios %s", text);
    return false;
}
