/* Virtio console device with its ports: see virtio_console.c. */
#ifndef HW_VIRTIO_VIRTIO_CONSOLE_H
#define HW_VIRTIO_VIRTIO_CONSOLE_H

#include <limits.h>
#include <stdbool.h>

#include "hw/virtio/virtio.h"
#include "ui/chardev.h"
#include "util/error.h"

#define VIRTIO_CONSOLE_MAX_PORTS 31
#define VIRTIO_CONSOLE_ANY UINT_MAX

/* A virtconsole or a virtserialport. */
struct virtio_console_port {
    bool console;        /* a terminal: hvcN in Linux */
    const char *name;    /* by which the guest finds it, or NULL */
    unsigned nr;         /* its number, or VIRTIO_CONSOLE_ANY */
    struct chardev *chr; /* the far end, which outlives it; or NULL */
};

/* `max_ports` 0: VIRTIO_CONSOLE_MAX_PORTS; NULL when it is too many. */
struct virtio_device *virtio_console_create(unsigned max_ports,
                                            const struct virtio_host *host,
                                            struct error **err);

/* Before the guest runs.  Number 0 is kept for the first console. */
bool virtio_console_add_port(struct virtio_device *dev,
                             const struct virtio_console_port *port,
                             struct error **err);

#endif
