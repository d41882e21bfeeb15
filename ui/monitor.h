/*
 * The human monitor: commands typed at a console, in QEMU's words, because
 * scripts type them too.  See monitor.c.
 *
 * Everything here is on the loop thread.
 */
#ifndef UI_MONITOR_H
#define UI_MONITOR_H

#include "hw/arm/machine.h"
#include "ui/chardev.h"
#include "ui/netdevs.h"
#include "ui/options.h"

struct monitor;

/* What the commands work on; outlives the monitor. */
struct monitor_env {
    const struct options *options;
    struct machine *machine; /* NULL: -machine none */
    struct netdevs *netdevs;
    struct chardev *(*find_chardev)(void *opaque, const char *id);
    void (*quit)(void *opaque);
    void *opaque;
};

/* On a character device of its own, or on the monitor's side of one with
 * escape keys (chardev_mux_monitor()). */
struct monitor *monitor_new(struct chardev *chr,
                            const struct monitor_env *env);
/* Before its character device is closed.  May be NULL. */
void monitor_free(struct monitor *m);

/* One command line as if typed; its output, to be freed. */
char *monitor_run(struct monitor *m, const char *line);

#endif
