/*
 * Virtio console device: consoles and named serial ports.
 *
 * Manual: virtio 1.2, 5.3.  Queues: two for port 0, two for control
 * messages, two for each further port; "receive" is towards the guest.
 *
 * Threads: chains are moved on the loop thread.  The far end is called
 * without the lock; `resets` tells whether the chain in hand still counts
 * afterwards.
 */
#include "hw/virtio/virtio_console.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hw/virtio/virtio_console_internal.h"
#include "util/clock.h"
#include "util/log.h"

#define CONSOLE_F_EMERG_WRITE BIT(2)

/* Config space (5.3.4), little-endian */
struct console_layout {
    uint16_t cols, rows;
    uint32_t max_nr_ports;
    uint32_t emerg_wr;
} __attribute__((packed));

enum {
    DATA_SIZE = 128,   /* entries of a port's queues */
    CONTROL_SIZE = 32,
    PIECE = 4096,      /* bytes moved at a time */
    PIECES = 64,       /* before others get their turn */
    NAME_MAX_LENGTH = 128,
};

#define RETRY_NS (NS_PER_SEC / 1000)

static unsigned to_guest_queue(unsigned nr)
{
    return nr == 0 ? 0 : 2 * nr + 2;
}

static struct port *port_of_queue(struct virtio_console *s, unsigned n)
{
    return &s->ports[n < 2 ? 0 : n / 2 - 1];
}

/* To the guest --------------------------------------------------------- */

/* Have a chain at hand, if the guest wants data and there is one. */
static bool get_room(struct port *port)
{
    struct virtio_device *dev = &port->console->dev;
    unsigned n = to_guest_queue(port->nr);

    if (virtio_has(dev, CONSOLE_F_MULTIPORT) && !port->guest_open) {
        return false;
    }
    for (unsigned budget = DATA_SIZE; budget && !port->has_to_guest;
         budget--) {
        if (!virtio_pop(dev, n, &port->to_guest)) {
            if (virtio_await(dev, n)) {
                return false;
            }
        } else if (!port->to_guest.in_size) {
            virtio_push(dev, n, &port->to_guest, 0);
        } else {
            port->has_to_guest = true;
        }
    }
    return port->has_to_guest;
}

static size_t port_can_receive(void *device)
{
    struct port *port = device;

    virtio_lock(&port->console->dev);
    size_t room = get_room(port) ? port->to_guest.in_size : 0;
    virtio_unlock(&port->console->dev);
    return room;
}

static void port_receive(void *device, const uint8_t *data, size_t length)
{
    struct port *port = device;
    struct virtio_device *dev = &port->console->dev;

    virtio_lock(dev);
    while (length && get_room(port)) {
        size_t n = virtq_write(&port->to_guest, 0, data, length);
        port->has_to_guest = false;
        virtio_push(dev, to_guest_queue(port->nr), &port->to_guest, n);
        data += n;
        length -= n;
    }
    virtio_unlock(dev);
}

/* A console's far end is always there. */
static void port_event(void *device, enum chardev_event event)
{
    struct port *port = device;

    if (port->is_console || event == CHARDEV_BREAK) {
        return;
    }
    virtio_lock(&port->console->dev);
    bool open = event == CHARDEV_OPENED;
    if (port->host_open != open) {
        port->host_open = open;
        console_owe_open(port);
        console_send_owed(port->console);
    }
    virtio_unlock(&port->console->dev);
}

static const struct chardev_frontend port_frontend = {
    .can_receive = port_can_receive,
    .receive = port_receive,
    .event = port_event,
};

static void check_input(struct virtio_console *s)
{
    for (unsigned i = 0; i < s->max_ports; i++) {
        struct port *port = &s->ports[i];
        virtio_lock(&s->dev);
        bool check = port->check_input;
        port->check_input = false;
        virtio_unlock(&s->dev);
        if (check && port->chr) {
            chardev_accept_input(port->chr);
        }
    }
}

/* From the guest ------------------------------------------------------- */

/* Called without the lock. */
static size_t far_end_write(struct port *port, const uint8_t *data,
                            size_t length)
{
    return port->chr ? port->chr->ops->write(port->chr, data, length)
                     : length;
}

static void write_emergency(struct virtio_console *s)
{
    uint8_t data[CONSOLE_EMERGENCY_SIZE];

    virtio_lock(&s->dev);
    unsigned count = s->emergency_count;
    s->emergency_count = 0;
    memcpy(data, s->emergency, count);
    virtio_unlock(&s->dev);
    if (count) {
        far_end_write(&s->ports[0], data, count);
    }
}

/* Have a chain with bytes left at hand. */
static bool get_bytes(struct port *port, unsigned n)
{
    struct virtio_device *dev = &port->console->dev;

    if (port->has_from_guest && port->taken >= port->from_guest.out_size) {
        virtio_push(dev, n, &port->from_guest, 0);
        port->has_from_guest = false;
    }
    if (!port->has_from_guest) {
        port->has_from_guest = virtio_pop(dev, n, &port->from_guest);
        port->taken = 0;
    }
    return port->has_from_guest;
}

/* Move one piece with the lock held, but for the far end's part; false when
 * there is nothing to move or no room for it. */
static bool move_piece(struct port *port, unsigned n)
{
    struct virtio_console *s = port->console;
    uint8_t piece[PIECE];

    if (!get_bytes(port, n)) {
        return false;
    }
    size_t length = virtq_read(&port->from_guest, port->taken, piece, PIECE);
    unsigned resets = s->resets;
    virtio_unlock(&s->dev);
    size_t written = length ? far_end_write(port, piece, length) : 0;
    virtio_lock(&s->dev);
    if (s->resets != resets) {
        return false;
    }
    port->taken += written;
    if (written < length) {
        loop_timer_arm(port->retry, clock_monotonic_ns() + RETRY_NS);
    }
    return written == length;
}

static void transmit(struct port *port)
{
    struct virtio_device *dev = &port->console->dev;
    unsigned n = to_guest_queue(port->nr) + 1;
    unsigned budget = PIECES;

    virtio_lock(dev);
    virtq_set_notify(virtio_queue(dev, n), false);
    while (budget && move_piece(port, n)) {
        budget--;
    }
    /* With a chain in hand the far end is full, and the timer runs. */
    if (!budget || (!port->has_from_guest && !virtio_await(dev, n))) {
        virtio_kick(dev, n);
    }
    virtio_unlock(dev);
}

static void retry_transmit(void *opaque)
{
    transmit(opaque);
}

/* The device ----------------------------------------------------------- */

static void console_process(struct virtio_device *dev, unsigned n)
{
    struct virtio_console *s = console_of(dev);

    if (n == CONSOLE_CONTROL_TO_GUEST || n == CONSOLE_CONTROL_FROM_GUEST) {
        virtio_lock(dev);
        if (n == CONSOLE_CONTROL_FROM_GUEST) {
            virtio_each(dev, n, console_take_message);
        }
        console_send_owed(s);
        virtio_unlock(dev);
    } else if (n % 2) {
        if (n == 1) {
            write_emergency(s);
        }
        transmit(port_of_queue(s, n));
    } else {
        virtio_lock(dev);
        port_of_queue(s, n)->check_input = true;
        virtio_unlock(dev);
    }
    check_input(s);
}

static void console_config_read(struct virtio_device *dev, uint8_t *config)
{
    struct console_layout layout = {
        .max_nr_ports = console_of(dev)->max_ports,
    };

    memcpy(config, &layout, sizeof(layout));
}

static void console_config_write(struct virtio_device *dev, unsigned offset,
                                 unsigned size, uint64_t value)
{
    struct virtio_console *s = console_of(dev);

    (void)size;
    if (offset != offsetof(struct console_layout, emerg_wr)) {
        guest_error("virtio-console: write of config space at 0x%x", offset);
    } else if (s->emergency_count < CONSOLE_EMERGENCY_SIZE) {
        s->emergency[s->emergency_count++] = (uint8_t)value;
        virtio_kick(dev, 1);
    }
}

static void console_reset(struct virtio_device *dev)
{
    struct virtio_console *s = console_of(dev);

    s->resets++;
    for (unsigned i = 0; i < s->max_ports; i++) {
        struct port *port = &s->ports[i];
        port->guest_open = false;
        port->owed = 0;
        port->has_to_guest = false;
        port->has_from_guest = false;
    }
}

static void console_free(struct virtio_device *dev)
{
    struct virtio_console *s = console_of(dev);

    virtio_deinit(dev);
    for (unsigned i = 0; i < s->max_ports; i++) {
        struct port *port = &s->ports[i];
        loop_timer_free(port->retry);
        virtq_chain_free(&port->to_guest);
        virtq_chain_free(&port->from_guest);
        free(port->name);
    }
    virtq_chain_free(&s->control);
    free(s);
}

static const struct virtio_device_ops console_ops = {
    .name = "virtio-console",
    .id = VIRTIO_ID_CONSOLE,
    .config_read = console_config_read,
    .config_write = console_config_write,
    .process = console_process,
    .reset = console_reset,
    .free = console_free,
};

/* Creation ------------------------------------------------------------- */

struct virtio_device *virtio_console_create(unsigned max_ports,
                                            const struct virtio_host *host,
                                            struct error **err)
{
    if (max_ports > VIRTIO_CONSOLE_MAX_PORTS) {
        error_set(err, "max_ports=%u: there can be 1 to %u", max_ports,
                  VIRTIO_CONSOLE_MAX_PORTS);
        return NULL;
    }
    struct virtio_console *s = calloc(1, sizeof(*s));
    assert(s);
    s->max_ports = max_ports ? max_ports : VIRTIO_CONSOLE_MAX_PORTS;
    uint64_t features = CONSOLE_F_EMERG_WRITE |
                        (s->max_ports > 1 ? CONSOLE_F_MULTIPORT : 0);
    virtio_init(&s->dev, &console_ops, host, features,
                sizeof(struct console_layout));
    for (unsigned i = 0; i < s->max_ports; i++) {
        s->ports[i].console = s;
        s->ports[i].nr = i;
        virtio_add_queue(&s->dev, DATA_SIZE);
        virtio_add_queue(&s->dev, DATA_SIZE);
        if (i == 0) {
            virtio_add_queue(&s->dev, CONTROL_SIZE);
            virtio_add_queue(&s->dev, CONTROL_SIZE);
        }
    }
    return &s->dev;
}

/* The number for a port that names none, or max_ports. */
static unsigned free_number(const struct virtio_console *s, bool console)
{
    unsigned nr = console && !s->ports[0].exists ? 0 : 1;

    while (nr < s->max_ports && s->ports[nr].exists) {
        nr++;
    }
    return nr;
}

bool virtio_console_add_port(struct virtio_device *dev,
                             const struct virtio_console_port *config,
                             struct error **err)
{
    struct virtio_console *s = console_of(dev);
    unsigned nr = config->nr == VIRTIO_CONSOLE_ANY
                      ? free_number(s, config->console) : config->nr;

    if (nr >= s->max_ports) {
        error_set(err, "nr=%u: the device has ports 0 to %u", nr,
                  s->max_ports - 1);
        return false;
    }
    if (s->ports[nr].exists || (nr == 0 && !config->console)) {
        error_set(err, "nr=%u: %s", nr, nr ? "is taken" : s->ports[0].exists
                  ? "is taken" : "is kept for a virtconsole");
        return false;
    }
    if (config->name && strlen(config->name) > NAME_MAX_LENGTH) {
        error_set(err, "name=%s: is longer than %d characters", config->name,
                  NAME_MAX_LENGTH);
        return false;
    }
    struct port *port = &s->ports[nr];
    port->exists = true;
    port->is_console = config->console;
    port->name = config->name ? strdup(config->name) : NULL;
    port->chr = config->chr;
    port->host_open = config->chr != NULL;
    port->retry = loop_timer_new(dev->loop, retry_transmit, port);
    if (config->chr) {
        chardev_attach(config->chr, &port_frontend, port);
    }
    return true;
}
