/*
 * The command line, in QEMU's syntax, read once into plain data.
 *
 * ui/options.c holds the table of options; parsing, help and the messages
 * about unknown options all come from it.
 */
#ifndef UI_OPTIONS_H
#define UI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/arm/machine_config.h"
#include "ui/chardev_backend.h"
#include "util/error.h"

struct keyval;

struct options {
    struct machine_config machine;

    struct chardev_config *chardevs; /* machine.serial names some of them */
    size_t chardev_count;
    const char **monitors; /* ids of chardevs with a monitor on them */
    size_t monitor_count;
    uint8_t escape;      /* -echr */
    const char *pidfile; /* or NULL */
    const char *process; /* our own name, or NULL */
    bool daemonize;
    struct fw_cfg_config *fw_cfg; /* what machine.fw_cfg points to */

    /* What the strings above live in. */
    struct keyval **kept;
    size_t kept_count;
};

enum options_result {
    OPTIONS_RUN,
    OPTIONS_EXIT, /* help or the version was printed: nothing to start */
    OPTIONS_ERROR,
};

/* `argv` outlives `options`. */
enum options_result options_parse(struct options *options, int argc,
                                  char **argv, struct error **err);
void options_free(struct options *options);

#endif
