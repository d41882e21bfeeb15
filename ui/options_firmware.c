/* What firmware is told: -boot, -fw_cfg; -smbios is in options_smbios.c. */
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
    machine->boot_menu_timed |= keyval_get(kv, "splash-time") != NULL;
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
