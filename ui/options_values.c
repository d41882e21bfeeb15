/*
 * Options that are one value or one short list of keys, and those that are
 * accepted without effect: what is read here, is read nowhere else.
 */
#include "ui/options_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/log.h"

/* Accepts the word "none"; anything else is a device we do not have. */
bool option_none(struct parse *p, const char *text, struct error **err)
{
    char what[64];

    struct keyval *kv = parse_keyval(p, text, "driver", err);
    const char *driver = kv ? keyval_get(kv, "driver") : NULL;

    if (!kv || (driver && strcmp(driver, "none") == 0)) {
        return kv != NULL;
    }
    snprintf(what, sizeof(what), "-%s %.*s", p->option,
             (int)strcspn(text, ","), text);
    return parse_unsupported(err, what);
}

bool option_enable_kvm(struct parse *p, const char *text, struct error **err)
{
    (void)text;
    return parse_list_add(&p->accels, "kvm", err);
}

bool option_data_dir(struct parse *p, const char *text, struct error **err)
{
    if (strcmp(text, "help") == 0) {
        for (unsigned i = 0; i < p->data_dirs.count; i++) {
            printf("%s\n", p->data_dirs.items[i]);
        }
        p->done = true;
        return true;
    }
    return parse_list_add(&p->data_dirs, text, err);
}

bool option_log_items(struct parse *p, const char *text, struct error **err)
{
    return log_set_items(text, &p->done, err);
}

bool option_log_file(struct parse *p, const char *text, struct error **err)
{
    (void)p;
    return log_set_file(text, err);
}

/* Windows -------------------------------------------------------------- */

bool option_display(struct parse *p, const char *text, struct error **err)
{
    static const char *const missing[] = {
        "sdl", "gtk", "curses", "vnc", "cocoa", "dbus", "egl-headless",
        "spice-app", "default", NULL};
    char kind[32];

    p->display = true;
    if (strcmp(text, "help") == 0 || strcmp(text, "?") == 0) {
        printf("Available display backend types:\nnone\n");
        p->done = true;
        return true;
    }
    snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(text, ",="), text);
    if (strcmp(kind, "none") == 0) {
        return true;
    }
    for (size_t i = 0; missing[i]; i++) {
        if (strcmp(kind, missing[i]) == 0) {
            error_set(err, "-display %s: not supported yet; use "
                           "-display none or -nographic", kind);
            return false;
        }
    }
    error_set(err, "-display %s: no such display; use -display none or "
                   "-nographic", kind);
    return false;
}

/* Key=value options without effect here -------------------------------- */

struct key_row {
    const char *key;
    bool is_bool;
};

/* Read all that QEMU knows, so that a misspelt key is still an error. */
static bool check_keys(struct parse *p, const char *text,
                       const char *implied_key, const struct key_row *rows,
                       struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, implied_key, err);
    bool ok = kv != NULL, ignored;

    if (ok && keyval_help(kv)) {
        parse_usage(p);
        return true;
    }
    for (; ok && rows->key; rows++) {
        ok = rows->is_bool ? keyval_bool(kv, rows->key, &ignored, err)
                           : (keyval_get(kv, rows->key), true);
    }
    ok = ok && keyval_check(kv, err);
    if (!ok) {
        error_prepend(err, "-%s %s", p->option, text);
    }
    return ok;
}

/* What check_keys() has just parsed. */
static struct keyval *last_kept(const struct parse *p)
{
    return p->out->kept[p->out->kept_count - 1];
}

bool option_name(struct parse *p, const char *text, struct error **err)
{
    static const struct key_row rows[] = {
        {"process", false}, {"debug-threads", true}, {"guest", false}, {0}};

    if (!check_keys(p, text, "guest", rows, err)) {
        return false;
    }
    p->out->machine.name = keyval_get(last_kept(p), "guest");
    p->out->process = keyval_get(last_kept(p), "process");
    return true;
}

bool option_msg(struct parse *p, const char *text, struct error **err)
{
    static const struct key_row rows[] = {
        {"timestamp", true}, {"guest-name", true}, {0}};

    return check_keys(p, text, NULL, rows, err);
}

bool option_sandbox(struct parse *p, const char *text, struct error **err)
{
    static const struct key_row rows[] = {
        {"enable", true},  {"obsolete", false},
        {"spawn", false},  {"elevateprivileges", false},
        {"resourcecontrol", false}, {0}};

    if (!check_keys(p, text, "enable", rows, err)) {
        return false;
    }
    bool on = false;
    keyval_bool(last_kept(p), "enable", &on, NULL);
    if (on) {
        error_report("warning: -sandbox on: not supported yet; system "
                     "calls are not restricted");
    }
    return true;
}

bool option_overcommit(struct parse *p, const char *text, struct error **err)
{
    static const struct key_row rows[] = {
        {"mem-lock", true}, {"cpu-pm", true}, {0}};
    bool lock = false;

    if (!check_keys(p, text, NULL, rows, err)) {
        return false;
    }
    keyval_bool(last_kept(p), "mem-lock", &lock, NULL);
    return !lock || parse_unsupported(err, "-overcommit mem-lock=on");
}

bool option_uuid(struct parse *p, const char *text, struct error **err)
{
    static const char shape[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
    static const char digits[] = "0123456789abcdefABCDEF";
    bool ok = strlen(text) == strlen(shape);

    p->out->machine.uuid = text;
    for (size_t i = 0; ok && shape[i]; i++) {
        ok = shape[i] == '-' ? text[i] == '-'
                             : strchr(digits, text[i]) != NULL;
    }
    if (!ok) {
        error_set(err, "-uuid %s: expected the form "
                       "01234567-89ab-cdef-0123-456789abcdef", text);
    }
    return ok;
}

/* -action and the two options it generalises. */
bool option_action(struct parse *p, const char *text, struct error **err)
{
    static const char *const reboot[] = {"reset", "shutdown", NULL};
    static const char *const shutdown[] = {"poweroff", "pause", NULL};
    struct machine_config *machine = &p->out->machine;
    struct keyval *kv = parse_keyval(p, text, NULL, err);
    unsigned on_reboot = machine->no_reboot;
    unsigned on_shutdown = machine->no_shutdown;

    if (!kv || !keyval_enum(kv, "reboot", reboot, &on_reboot, err) ||
        !keyval_enum(kv, "shutdown", shutdown, &on_shutdown, err)) {
        error_prepend(err, "-action %s", text);
        return false;
    }
    keyval_get(kv, "panic");
    keyval_get(kv, "watchdog");
    if (!keyval_check(kv, err)) {
        error_prepend(err, "-action %s", text);
        return false;
    }
    machine->no_reboot = on_reboot;
    machine->no_shutdown = on_shutdown;
    return true;
}

/* Firmware by name is looked for where -L says. */
void options_find_firmware(struct parse *p)
{
    const char *bios = p->out->machine.bios;

    if (!bios || strchr(bios, '/') || access(bios, F_OK) == 0) {
        return;
    }
    for (unsigned i = 0; i < p->data_dirs.count; i++) {
        char *path;
        if (asprintf(&path, "%s/%s", p->data_dirs.items[i], bios) < 0) {
            abort();
        }
        if (access(path, F_OK) == 0) {
            struct keyval *kv = parse_keep(p, keyval_new());
            keyval_set(kv, "bios", path);
            p->out->machine.bios = keyval_get(kv, "bios");
            free(path);
            return;
        }
        free(path);
    }
}
