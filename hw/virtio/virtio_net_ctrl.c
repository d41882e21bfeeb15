/*
 * The control queue of the network device: what the guest wants to receive,
 * its address, queue pairs and offloads.
 *
 * Manual: virtio 1.2, 5.1.6.5.  A command is class, command, data (read) and
 * a status byte (written).
 */
#include <string.h>

#include "hw/virtio/virtio_net_internal.h"
#include "util/log.h"

enum { CTRL_OK = 0, CTRL_ERR = 1 };

struct ctrl_header {
    uint8_t class, command;
};

enum { RX_PROMISC, RX_ALLMULTI, RX_ALLUNI, RX_NOMULTI, RX_NOUNI, RX_NOBCAST };

/* The filter ----------------------------------------------------------- */

/* Until told otherwise a driver gets everything: old ones never tell. */
void net_filter_reset(struct net_filter *filter)
{
    memset(filter, 0, sizeof(*filter));
    filter->promiscuous = true;
}

static bool listed(const uint8_t (*table)[6], unsigned count,
                   const uint8_t *mac)
{
    for (unsigned i = 0; i < count; i++) {
        if (memcmp(table[i], mac, 6) == 0) {
            return true;
        }
    }
    return false;
}

static bool wants_vlan(const struct virtio_net *s, const uint8_t *frame,
                       size_t length)
{
    if (!virtio_has(&s->dev, NET_F_CTRL_VLAN) || length < 16 ||
        frame[12] != 0x81 || frame[13] != 0) {
        return true;
    }
    unsigned id = (frame[14] << 8 | frame[15]) & 0xfff;
    return s->filter.vlans[id / 64] & BIT(id % 64);
}

bool net_filter_wants(const struct virtio_net *s, const uint8_t *frame,
                      size_t length)
{
    static const uint8_t broadcast[6] = {255, 255, 255, 255, 255, 255};
    const struct net_filter *f = &s->filter;

    if (f->promiscuous) {
        return true;
    }
    if (!wants_vlan(s, frame, length)) {
        return false;
    }
    if (memcmp(frame, broadcast, 6) == 0) {
        return !f->no_broadcast;
    }
    if (frame[0] & 1) {
        return !f->no_multicast &&
               (f->all_multicast || f->multicast_overflow ||
                listed(f->multicast, f->multicast_count, frame));
    }
    return !f->no_unicast &&
           (f->all_unicast || f->unicast_overflow ||
            memcmp(frame, s->layout.mac, 6) == 0 ||
            listed(f->unicast, f->unicast_count, frame));
}

/* Commands: the data are those after the header ------------------------ */

static bool get(const struct virtio_net *s, uint64_t offset, void *data,
                uint64_t size)
{
    return virtq_read(&s->ctrl, sizeof(struct ctrl_header) + offset, data,
                      size) == size;
}

static bool rx_mode(struct virtio_net *s, uint8_t command)
{
    struct net_filter *f = &s->filter;
    bool *const modes[] = {
        [RX_PROMISC] = &f->promiscuous, [RX_ALLMULTI] = &f->all_multicast,
        [RX_ALLUNI] = &f->all_unicast,  [RX_NOMULTI] = &f->no_multicast,
        [RX_NOUNI] = &f->no_unicast,    [RX_NOBCAST] = &f->no_broadcast,
    };
    uint8_t on;

    if (command >= ARRAY_SIZE(modes) || !get(s, 0, &on, 1) ||
        !virtio_has(&s->dev, command < RX_ALLUNI ? NET_F_CTRL_RX
                                                 : NET_F_CTRL_RX_EXTRA)) {
        return false;
    }
    *modes[command] = on;
    return true;
}

/* One of the two tables at *offset, which moves behind it. */
static bool read_macs(const struct virtio_net *s, uint64_t *offset,
                      uint8_t (*table)[6], unsigned *count, bool *overflow)
{
    uint32_t entries;

    if (!get(s, *offset, &entries, sizeof(entries)) ||
        entries > (s->ctrl.out_size - *offset) / 6) {
        return false;
    }
    *offset += sizeof(entries);
    *overflow = entries > NET_MAX_MACS;
    *count = *overflow ? 0 : entries;
    if (!get(s, *offset, table, *count * UINT64_C(6))) {
        return false;
    }
    *offset += entries * UINT64_C(6);
    return true;
}

static bool mac_table(struct virtio_net *s)
{
    struct net_filter f = s->filter;
    uint64_t offset = 0;

    if (!read_macs(s, &offset, f.unicast, &f.unicast_count,
                   &f.unicast_overflow) ||
        !read_macs(s, &offset, f.multicast, &f.multicast_count,
                   &f.multicast_overflow)) {
        return false;
    }
    s->filter = f;
    return true;
}

static bool mac_command(struct virtio_net *s, uint8_t command)
{
    uint8_t mac[6];

    if (command == 0) {
        return virtio_has(&s->dev, NET_F_CTRL_RX) && mac_table(s);
    }
    if (command != 1 || !virtio_has(&s->dev, NET_F_CTRL_MAC_ADDR) ||
        !get(s, 0, mac, sizeof(mac))) {
        return false;
    }
    memcpy(s->layout.mac, mac, sizeof(mac));
    return true;
}

static bool vlan_command(struct virtio_net *s, uint8_t command)
{
    uint16_t id;

    if (command > 1 || !virtio_has(&s->dev, NET_F_CTRL_VLAN) ||
        !get(s, 0, &id, sizeof(id)) || id >= 4096) {
        return false;
    }
    uint64_t *word = &s->filter.vlans[id / 64];
    *word = command == 0 ? *word | BIT(id % 64) : *word & ~BIT(id % 64);
    return true;
}

static bool mq_command(struct virtio_net *s, uint8_t command)
{
    uint16_t pairs;

    if (command != 0 || !virtio_has(&s->dev, NET_F_MQ) ||
        !get(s, 0, &pairs, sizeof(pairs)) || pairs < 1 ||
        pairs > s->max_pairs) {
        return false;
    }
    s->pairs = pairs;
    return true;
}

static bool offloads_command(struct virtio_net *s, uint8_t command)
{
    uint64_t offloads;

    if (command != 0 ||
        !virtio_has(&s->dev, NET_F_CTRL_GUEST_OFFLOADS) ||
        !get(s, 0, &offloads, sizeof(offloads)) ||
        offloads & ~(s->dev.features & NET_GUEST_OFFLOADS)) {
        return false;
    }
    s->offloads = offloads;
    return true;
}

/* The guest has announced where it is; it is never asked to (5.1.6.5.4). */
static bool announce_command(struct virtio_net *s, uint8_t command)
{
    return command == 0 && virtio_has(&s->dev, NET_F_GUEST_ANNOUNCE);
}

/* By class. */
static bool (*const classes[])(struct virtio_net *s, uint8_t command) = {
    [0] = rx_mode, [1] = mac_command, [2] = vlan_command,
    [3] = announce_command, [4] = mq_command, [5] = offloads_command,
};

bool net_ctrl_take(struct virtio_device *dev, unsigned n)
{
    struct virtio_net *s = net_of(dev);
    struct ctrl_header header;
    bool ok = false;

    if (!virtio_pop(dev, n, &s->ctrl)) {
        return false;
    }
    if (virtq_read(&s->ctrl, 0, &header, sizeof(header)) == sizeof(header) &&
        header.class < ARRAY_SIZE(classes) && classes[header.class]) {
        ok = classes[header.class](s, header.command);
    }
    if (!ok) {
        guest_error("virtio-net: control command refused");
    }
    uint8_t status = ok ? CTRL_OK : CTRL_ERR;
    virtio_push(dev, n, &s->ctrl, virtq_write(&s->ctrl, 0, &status, 1));
    return true;
}
