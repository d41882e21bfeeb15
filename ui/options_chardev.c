/*
 * Character devices: -chardev makes them by name, -serial uses them or
 * makes its own, -nographic and friends choose where none is given.
 */
#include "ui/options_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/chardev_mux.h"
#include "util/bits.h"

/* Back ends of QEMU's that do not exist here. */
static const char *const missing_backends[] = {
    "vc", "serial", "tty", "parallel", "parport", "braille", "msmouse",
    "wctablet", "websocket", "hub", "spicevmc", "spiceport", "dbus",
    "qemu-vdagent", NULL,
};

struct chardev_config *options_find_chardev(struct parse *p, const char *id)
{
    for (size_t i = 0; i < p->out->chardev_count; i++) {
        if (strcmp(p->out->chardevs[i].id, id) == 0) {
            return &p->out->chardevs[i];
        }
    }
    return NULL;
}

static bool add(struct parse *p, const struct chardev_config *config,
                struct error **err)
{
    struct options *out = p->out;

    if (options_find_chardev(p, config->id)) {
        error_set(err, "the id '%s' is used twice", config->id);
        return false;
    }
    for (size_t i = 0; i < out->chardev_count; i++) {
        if (config->backend == out->chardevs[i].backend &&
            strcmp(config->backend->name, "stdio") == 0) {
            error_set(err, "stdio is in use by '%s' already; only one "
                           "character device can have it",
                      out->chardevs[i].id);
            return false;
        }
    }
    size_t size = (out->chardev_count + 1) * sizeof(*out->chardevs);
    struct chardev_config *grown = realloc(out->chardevs, size);
    if (!grown) {
        abort();
    }
    out->chardevs = grown;
    out->chardevs[out->chardev_count++] = *config;
    return true;
}

static bool find_backend(const char *name, struct chardev_config *config,
                         struct error **err)
{
    size_t count;
    const struct chardev_backend *rows = chardev_backends(&count);

    config->backend = chardev_backend_find(name);
    if (config->backend) {
        return true;
    }
    parse_unknown(name, "a character device", "-chardev", missing_backends,
                  &rows[0].name, count, sizeof(rows[0]), err);
    return false;
}

/* -chardev ------------------------------------------------------------- */

static void backends_print(void)
{
    size_t count;
    const struct chardev_backend *rows = chardev_backends(&count);

    printf("Available chardev backend types:\n");
    for (size_t i = 0; i < count; i++) {
        printf("  %-10s %s\n", rows[i].name, rows[i].help);
    }
}

static bool read_nothing(struct keyval *kv, struct chardev_config *config,
                         struct error **err)
{
    (void)kv;
    (void)config;
    (void)err;
    return true;
}

static bool read_path(struct keyval *kv, struct chardev_config *config,
                      struct error **err)
{
    config->path = keyval_get(kv, "path");
    if (!config->path) {
        error_set(err, "needs path=FILE");
        return false;
    }
    return keyval_bool(kv, "append", &config->append, err);
}

static bool read_stdio(struct keyval *kv, struct chardev_config *config,
                       struct error **err)
{
    return keyval_bool(kv, "signal", &config->signals, err);
}

static bool read_ringbuf(struct keyval *kv, struct chardev_config *config,
                         struct error **err)
{
    uint64_t size = 0;

    if (!keyval_size(kv, "size", 1, &size, err)) {
        return false;
    }
    if (size && (!is_power_of_2(size) || size > UINT32_C(1) << 30)) {
        error_set(err, "size=%s: expected a power of two up to 1G",
                  keyval_get(kv, "size"));
        return false;
    }
    config->size = (uint32_t)size;
    return true;
}

/* What each kind has besides what all have. */
static const struct {
    const char *name;
    bool (*read)(struct keyval *kv, struct chardev_config *config,
                 struct error **err);
} readers[] = {
    {"stdio", read_stdio},
    {"file", read_path},
    {"pipe", read_path},
    {"socket", options_read_socket},
    {"udp", options_read_udp},
    {"ringbuf", read_ringbuf},
    {"memory", read_ringbuf},
    {"null", read_nothing},
    {"pty", read_nothing},
    {"testdev", read_nothing},
};

static bool config_read(struct keyval *kv, struct chardev_config *config,
                        struct error **err)
{
    const char *name = keyval_get(kv, "backend");

    config->id = keyval_get(kv, "id");
    if (!name || !config->id) {
        error_set(err, name ? "no id=NAME is given" : "no kind is given");
        return false;
    }
    config->log_path = keyval_get(kv, "logfile");
    if (!find_backend(name, config, err) ||
        !keyval_bool(kv, "mux", &config->mux, err) ||
        !keyval_bool(kv, "logappend", &config->log_append, err)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        if (strcmp(name, readers[i].name) == 0 &&
            !readers[i].read(kv, config, err)) {
            return false;
        }
    }
    return keyval_check(kv, err);
}

bool option_chardev(struct parse *p, const char *text, struct error **err)
{
    struct chardev_config config = {.signals = true};
    struct keyval *kv = parse_keyval(p, text, "backend", err);

    if (kv && keyval_help(kv)) {
        backends_print();
        p->done = true;
        return true;
    }
    if (!kv || !config_read(kv, &config, err) || !add(p, &config, err)) {
        error_prepend(err, "-chardev %s", text);
        return false;
    }
    return true;
}

/* -serial, -monitor and their relatives -------------------------------- */

bool option_serial(struct parse *p, const char *text, struct error **err)
{
    return parse_list_add(&p->serials, text, err);
}

static bool is_none(const char *text)
{
    return strcmp(text, "none") == 0 || strcmp(text, "null") == 0;
}

bool option_monitor(struct parse *p, const char *text, struct error **err)
{
    p->monitor = true;
    return strcmp(text, "none") == 0 ||
           parse_list_add(&p->monitors, text, err);
}

bool option_parallel(struct parse *p, const char *text, struct error **err)
{
    (void)p;
    if (is_none(text)) {
        return true;
    }
    error_set(err, "-parallel %s: the board has no parallel port", text);
    return false;
}

bool option_mon(struct parse *p, const char *text, struct error **err)
{
    p->monitor = true;
    return parse_list_add(&p->mons, text, err);
}

bool option_echr(struct parse *p, const char *text, struct error **err)
{
    uint64_t value;

    if (!parse_uint(text, &value) || value > UINT8_MAX) {
        error_set(err, "-echr %s: expected a character code such as 1 "
                       "(Ctrl-A) or 0x14 (Ctrl-T)", text);
        return false;
    }
    p->out->escape = (uint8_t)value;
    return true;
}

static void add_monitor(struct parse *p, const char *id)
{
    struct options *out = p->out;

    for (size_t i = 0; i < out->monitor_count; i++) {
        if (strcmp(out->monitors[i], id) == 0) {
            return; /* -serial mon:stdio -mon ...: the same one */
        }
    }
    out->monitors = realloc(out->monitors, (out->monitor_count + 1) *
                                               sizeof(*out->monitors));
    if (!out->monitors) {
        abort();
    }
    out->monitors[out->monitor_count++] = id;
}

static bool read_mon(struct parse *p, const char *text, struct error **err)
{
    static const char *const modes[] = {"readline", "control", NULL};
    struct keyval *kv = parse_keyval(p, text, "chardev", err);
    unsigned mode = 0;
    bool pretty;

    if (!kv) {
        return false;
    }
    const char *id = keyval_get(kv, "chardev");
    if (!keyval_enum(kv, "mode", modes, &mode, err) ||
        !keyval_bool(kv, "pretty", &pretty, err)) {
        return false;
    }
    keyval_get(kv, "id");
    struct chardev_config *config = id ? options_find_chardev(p, id) : NULL;
    if (!config) {
        error_set(err, "there is no -chardev with the id '%s'",
                  id ? id : "");
        return false;
    }
    if (mode == 1) {
        error_set(err, "QMP is not supported yet");
        return false;
    }
    add_monitor(p, config->id);
    return keyval_check(kv, err);
}

/* "stdio", "mon:stdio", "tcp:...", "chardev:ID": *id is NULL for "none". */
bool options_resolve_chardev(struct parse *p, const char *text,
                             const char *name, const char **id,
                             struct error **err)
{
    struct chardev_config config = {.signals = true};

    *id = NULL;
    if (strcmp(text, "none") == 0) {
        return true;
    }
    if (strncmp(text, "chardev:", 8) == 0) {
        *id = text + 8;
        if (options_find_chardev(p, *id)) {
            return true;
        }
        error_set(err, "there is no -chardev with the id '%s'", *id);
        return false;
    }
    bool mux = strncmp(text, "mon:", 4) == 0;
    if (mux) {
        text += 4;
        config.signals = false;
    }
    if (text[0] == '/') {
        error_set(err, "host serial ports are not supported yet");
        return false;
    }
    struct keyval *kv = options_split_chardev(p, text, err);
    if (!kv) {
        return false;
    }
    keyval_set(kv, "id", name);
    if (!config_read(kv, &config, err)) {
        return false;
    }
    config.mux = mux;
    *id = config.id;
    if (mux) {
        add_monitor(p, config.id);
    }
    return add(p, &config, err);
}

static bool id_is_used(const struct machine_config *machine, const char *id)
{
    for (unsigned i = 0; i < machine->serials; i++) {
        if (machine->serial[i] && strcmp(machine->serial[i], id) == 0) {
            return true;
        }
    }
    return false;
}

static bool finish_monitor(struct parse *p, const char *text, unsigned n,
                           struct error **err)
{
    char *name;
    const char *id;

    if (asprintf(&name, "compat_monitor%u", n) < 0) {
        abort();
    }
    bool good = options_resolve_chardev(p, text, name, &id, err);
    if (good && id) {
        add_monitor(p, id);
    }
    free(name);
    return good;
}

/* Two front ends need the device with the escape keys between them. */
static bool check_monitors(struct parse *p, struct error **err)
{
    for (size_t i = 0; i < p->out->monitor_count; i++) {
        const char *id = p->out->monitors[i];
        if (!options_find_chardev(p, id)->mux &&
            id_is_used(&p->out->machine, id)) {
            error_set(err, "character device '%s' is a serial port's; with "
                           "mux=on it can have a monitor, too", id);
            return false;
        }
    }
    return true;
}

/* Where the first UART goes when no -serial says so.  There is no window
 * yet, so without -display the terminal is all we have. */
static const char *default_serial(const struct parse *p)
{
    if (p->nodefaults || p->out->daemonize) {
        return NULL;
    }
    if (p->nographic || !p->display) {
        return p->monitor && p->mons.count == 0 ? "stdio" : "mon:stdio";
    }
    return "null";
}

static bool finish_serial(struct parse *p, const char *text,
                          struct error **err)
{
    static const char *const names[MACHINE_MAX_SERIALS] = {"serial0",
                                                           "serial1"};
    struct machine_config *machine = &p->out->machine;
    const char *id;

    if (machine->serials == MACHINE_MAX_SERIALS) {
        if (!is_none(text)) {
            error_report("warning: -serial %s: the board has %d serial "
                         "ports; this one is not connected", text,
                         MACHINE_MAX_SERIALS);
        }
        return true;
    }
    if (!options_resolve_chardev(p, text, names[machine->serials], &id,
                                 err)) {
        return false;
    }
    if (id && id_is_used(machine, id)) {
        error_set(err, "'%s' is connected to a serial port already", id);
        return false;
    }
    machine->serial[machine->serials++] = id;
    return true;
}

/* There will be no terminal. */
static bool check_daemon(struct parse *p, struct error **err)
{
    for (size_t i = 0; p->out->daemonize && i < p->out->chardev_count; i++) {
        const struct chardev_config *config = &p->out->chardevs[i];
        if (strcmp(config->backend->name, "stdio") == 0) {
            error_set(err, "character device '%s': cannot use stdio with "
                           "-daemonize", config->id);
            return false;
        }
    }
    return true;
}

bool options_finish_chardevs(struct parse *p, struct error **err)
{
    const char *fallback = default_serial(p);

    if (p->serials.count == 0 && fallback &&
        !parse_list_add(&p->serials, fallback, err)) {
        return false;
    }
    for (unsigned i = 0; i < p->serials.count; i++) {
        if (!finish_serial(p, p->serials.items[i], err)) {
            error_prepend(err, "-serial %s", p->serials.items[i]);
            return false;
        }
    }
    for (unsigned i = 0; i < p->monitors.count; i++) {
        if (!finish_monitor(p, p->monitors.items[i], i, err)) {
            error_prepend(err, "-monitor %s", p->monitors.items[i]);
            return false;
        }
    }
    for (unsigned i = 0; i < p->mons.count; i++) {
        if (!read_mon(p, p->mons.items[i], err)) {
            error_prepend(err, "-mon %s", p->mons.items[i]);
            return false;
        }
    }
    return check_monitors(p, err) && check_daemon(p, err);
}
