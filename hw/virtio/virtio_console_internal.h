/* Shared by virtio_console.c and virtio_console_control.c. */
#ifndef HW_VIRTIO_VIRTIO_CONSOLE_INTERNAL_H
#define HW_VIRTIO_VIRTIO_CONSOLE_INTERNAL_H

#include "hw/virtio/virtio_console.h"

#define CONSOLE_F_MULTIPORT BIT(1)

enum {
    CONSOLE_CONTROL_TO_GUEST = 2, /* queues */
    CONSOLE_CONTROL_FROM_GUEST = 3,
    CONSOLE_EMERGENCY_SIZE = 64,
};

struct port {
    struct virtio_console *console;
    unsigned nr;
    bool exists, is_console;
    char *name;
    struct chardev *chr;

    bool host_open;
    bool guest_open;
    unsigned owed;     /* control messages, BIT(event) */
    bool check_input;  /* the guest may have made room */

    struct virtq_chain to_guest, from_guest;
    bool has_to_guest, has_from_guest; /* popped and not pushed */
    uint64_t taken;                    /* bytes of from_guest */
    struct loop_timer *retry;          /* the far end was full */
};

struct virtio_console {
    struct virtio_device dev;
    unsigned max_ports;
    unsigned resets;
    struct virtq_chain control;
    uint8_t emergency[CONSOLE_EMERGENCY_SIZE]; /* written by config space */
    unsigned emergency_count;
    struct port ports[VIRTIO_CONSOLE_MAX_PORTS];
};

static inline struct virtio_console *console_of(struct virtio_device *dev)
{
    return container_of(dev, struct virtio_console, dev);
}

/* Control messages; all with the lock held. */

/* virtio_each()'s take() for the queue of messages from the guest. */
bool console_take_message(struct virtio_device *dev, unsigned n);
/* Send what the guest has buffers for. */
void console_send_owed(struct virtio_console *s);
/* The far end of a port has come or gone. */
void console_owe_open(struct port *port);

#endif
