/*
 * The far end of a network cable.
 *
 * A NIC attaches itself; a back end (user, tap, socket, hub port) moves
 * Ethernet frames.  Everything here runs on the loop thread: a NIC posts
 * there, so that no virtual processor ever moves a packet.  The NIC's
 * callbacks take the device's own lock.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "util/error.h"
#include "util/loop.h"

/* The longest frame: 64 KiB of IP after a header with a VLAN tag. */
#define NET_MAX_PACKET (65535 + 18)

/* Work on a packet that a NIC can leave to its far end, or the far end to
 * the guest (mask bits). */
enum net_can {
    NET_CAN_CSUM = 1 << 0, /* complete a checksum */
    NET_CAN_TSO4 = 1 << 1, /* cut a TCP segment up, over IPv4 */
    NET_CAN_TSO6 = 1 << 2, /* the same over IPv6 */
    NET_CAN_LARGE = 1 << 3, /* move it whole once its checksum is complete */
};

enum net_gso { NET_GSO_NONE, NET_GSO_TCP4, NET_GSO_TCP6 };

/* What is left to do on one packet. */
struct net_offload {
    bool needs_csum; /* of the bytes from csum_start, to be stored at... */
    bool csum_valid; /* nobody need look */
    uint16_t csum_start, csum_offset; /* ...csum_start + csum_offset */
    enum net_gso gso;
    uint16_t gso_size; /* payload bytes of each segment to be made */
};

/* One frame, without its check sequence. */
struct net_packet {
    const struct iovec *iov;
    unsigned count; /* of pieces, up to IOV_MAX */
    size_t length; /* of all of iov; 14..NET_MAX_PACKET */
    unsigned queue; /* 0..client->queues - 1 */
    struct net_offload offload;
};

/* What a NIC shows to its cable. */
struct net_nic {
    /* A packet for the guest; false: no room, until net_resume(). */
    bool (*receive)(void *device, const struct net_packet *packet);
    /* net_can_send() has become true.  May be NULL. */
    void (*writable)(void *device);
    /* May be NULL. */
    void (*link)(void *device, bool up);
};

struct net_client;

struct net_ops {
    /* Take a packet or lose it; it needs no more than client->accepts. */
    void (*send)(struct net_client *nc, const struct net_packet *packet);
    /* Not now: net_writable() will be called.  May be NULL: always. */
    bool (*can_send)(struct net_client *nc);
    /* There is room in the NIC again, or it takes other offloads
     * (net_guest_can).  May be NULL. */
    void (*resume)(struct net_client *nc);
    void (*close)(struct net_client *nc);
};

struct net_queued;
struct net_dump;

struct net_client {
    const struct net_ops *ops;
    const char *type, *id;
    unsigned queues;  /* pairs of them; 1 for most */
    unsigned accepts; /* NET_CAN_* of the back end */
    char info[128];   /* for people: "connected to 10.0.0.1:5000" */

    /* Belongs to net.c. */
    const struct net_nic *nic;
    void *device;
    unsigned guest_can; /* NET_CAN_* of the guest */
    bool link_down;
    struct net_queued *first, **last; /* packets the NIC has no room for */
    size_t queued_bytes;
    struct net_dump *dumps;
};

/* Set up the common part; the rest of *nc is zero. */
void net_client_init(struct net_client *nc, const struct net_ops *ops,
                     const char *type, const char *id);

/* Connect a NIC; its callbacks may run from now on, on the loop thread. */
void net_attach(struct net_client *nc, const struct net_nic *nic,
                void *device);
void net_detach(struct net_client *nc);
void net_close(struct net_client *nc); /* may be NULL */

/* The NIC's side.  What the back end cannot do with a packet is done here;
 * a packet sent while net_can_send() is false may be lost. */
bool net_can_send(struct net_client *nc);
void net_send(struct net_client *nc, const struct net_packet *packet);
void net_resume(struct net_client *nc);
void net_set_guest_can(struct net_client *nc, unsigned can);

/* The back end's side.  What may be left to the guest now: */
unsigned net_guest_can(const struct net_client *nc);

/* Packets are queued while the NIC has no room; back
 * ends that can wait stop reading while net_has_backlog(). */
void net_deliver(struct net_client *nc, const struct net_packet *packet);
bool net_has_backlog(const struct net_client *nc);
void net_writable(struct net_client *nc);

/* Pull the cable or plug it in: nothing goes through while it is down. */
void net_set_link(struct net_client *nc, bool up);

/* Who looks at the packets; see pcap.c. */
struct net_dump {
    struct net_dump *next;
    void (*packet)(struct net_dump *dump, const struct net_packet *packet);
};

/* From now on packets go by as on a real wire: no segment over the MTU that
 * we could cut up, no checksum that we could complete. */
void net_dump_add(struct net_client *nc, struct net_dump *dump);
void net_dump_remove(struct net_client *nc, struct net_dump *dump);

/* Copy a packet to `to`, which has room for its length. */
void net_packet_copy(void *to, const struct net_packet *packet);

#endif
