/*
 * Control messages of the console device (virtio 1.2, 5.3.6.2): which ports
 * there are, what they are, who is there.
 *
 * Messages to the guest are not queued but owed: a bit per port and kind,
 * turned into a message when the guest has given a buffer, so that no guest
 * can make the list grow.
 */
#include "hw/virtio/virtio_console_internal.h"

#include <string.h>

#include "util/log.h"

struct console_message {
    uint32_t port;
    uint16_t event, value;
};

enum {
    DEVICE_READY = 0,
    DEVICE_ADD = 1,
    DEVICE_REMOVE = 2,
    PORT_READY = 3,
    CONSOLE_PORT = 4,
    RESIZE = 5,
    PORT_OPEN = 6,
    PORT_NAME = 7,
};

static struct port *find_port(struct virtio_console *s, uint32_t nr)
{
    return nr < s->max_ports && s->ports[nr].exists ? &s->ports[nr] : NULL;
}

static uint16_t message_value(const struct port *port, unsigned event)
{
    return event == PORT_OPEN ? port->host_open : event != DEVICE_ADD;
}

/* False when the guest has no buffer for it. */
static bool send_message(struct port *port, unsigned event)
{
    struct virtio_console *s = port->console;
    struct console_message message = {port->nr, (uint16_t)event,
                                      message_value(port, event)};
    uint64_t size = sizeof(message);

    if (!virtio_pop(&s->dev, CONSOLE_CONTROL_TO_GUEST, &s->control)) {
        return false;
    }
    virtq_write(&s->control, 0, &message, size);
    if (event == PORT_NAME) {
        size += virtq_write(&s->control, size, port->name,
                            strlen(port->name) + 1);
    }
    size = size < s->control.in_size ? size : s->control.in_size;
    virtio_push(&s->dev, CONSOLE_CONTROL_TO_GUEST, &s->control, size);
    return true;
}

static bool send_owed_by(struct port *port)
{
    while (port->owed) {
        unsigned event = (unsigned)ctz32(port->owed);
        if (!send_message(port, event)) {
            return false;
        }
        port->owed &= ~(unsigned)BIT(event);
    }
    return true;
}

void console_send_owed(struct virtio_console *s)
{
    do {
        unsigned i = 0;
        while (i < s->max_ports && send_owed_by(&s->ports[i])) {
            i++;
        }
        if (i == s->max_ports) {
            return;
        }
    } while (!virtio_await(&s->dev, CONSOLE_CONTROL_TO_GUEST));
}

static void owe(struct port *port, unsigned event)
{
    if (virtio_has(&port->console->dev, CONSOLE_F_MULTIPORT)) {
        port->owed |= (unsigned)BIT(event);
    }
}

static void handle_device_ready(struct virtio_console *s, uint16_t value)
{
    if (!value) {
        guest_error("virtio-console: the driver has failed");
        return;
    }
    for (unsigned i = 0; i < s->max_ports; i++) {
        if (s->ports[i].exists) {
            owe(&s->ports[i], DEVICE_ADD);
        }
    }
}

static void handle_port_ready(struct port *port, uint16_t value)
{
    if (!value) {
        guest_error("virtio-console: the driver could not add port %u",
                    port->nr);
        return;
    }
    if (port->is_console) {
        owe(port, CONSOLE_PORT);
    }
    if (port->name) {
        owe(port, PORT_NAME);
    }
    if (port->host_open) {
        owe(port, PORT_OPEN);
    }
}

static void handle_message(struct virtio_console *s,
                           const struct console_message *m)
{
    struct port *port = find_port(s, m->port);

    if (m->event == DEVICE_READY) {
        handle_device_ready(s, m->value);
    } else if (!port) {
        guest_error("virtio-console: control message %u for port %u, which "
                    "does not exist", m->event, m->port);
    } else if (m->event == PORT_READY) {
        handle_port_ready(port, m->value);
    } else if (m->event == PORT_OPEN) {
        port->guest_open = m->value;
        port->check_input = true;
    } else {
        guest_error("virtio-console: control message %u from the driver",
                    m->event);
    }
}

bool console_take_message(struct virtio_device *dev, unsigned n)
{
    struct virtio_console *s = console_of(dev);
    struct console_message message;

    if (!virtio_pop(dev, n, &s->control)) {
        return false;
    }
    if (virtq_read(&s->control, 0, &message, sizeof(message)) ==
        sizeof(message)) {
        handle_message(s, &message);
    }
    virtio_push(dev, n, &s->control, 0);
    return true;
}

void console_owe_open(struct port *port)
{
    owe(port, PORT_OPEN);
}
