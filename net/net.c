/* A cable: what NICs and back ends share. */
#include "net/net.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/offload.h"

/* Packets kept for a NIC without room; more are lost, as on any wire. */
#define MAX_QUEUED_BYTES (4u << 20)

struct net_queued {
    struct net_queued *next;
    struct net_offload offload;
    unsigned queue;
    size_t length;
    uint8_t data[];
};

void net_packet_copy(void *to, const struct net_packet *packet)
{
    uint8_t *at = to;

    for (unsigned i = 0; i < packet->count; i++) {
        memcpy(at, packet->iov[i].iov_base, packet->iov[i].iov_len);
        at += packet->iov[i].iov_len;
    }
}

void net_client_init(struct net_client *nc, const struct net_ops *ops,
                     const char *type, const char *id)
{
    nc->ops = ops;
    nc->type = type;
    nc->id = id;
    nc->queues = 1;
    nc->last = &nc->first;
}

static void show_to_dumps(struct net_client *nc,
                          const struct net_packet *packet)
{
    for (struct net_dump *d = nc->dumps; d; d = d->next) {
        d->packet(d, packet);
    }
}

void net_dump_add(struct net_client *nc, struct net_dump *dump)
{
    dump->next = nc->dumps;
    nc->dumps = dump;
    net_set_guest_can(nc, nc->guest_can);
}

void net_dump_remove(struct net_client *nc, struct net_dump *dump)
{
    struct net_dump **link = &nc->dumps;

    while (*link != dump) {
        link = &(*link)->next;
    }
    *link = dump->next;
}

/* From the NIC --------------------------------------------------------- */

bool net_can_send(struct net_client *nc)
{
    return nc->link_down || !nc->ops->can_send || nc->ops->can_send(nc);
}

static void send_finished(void *opaque, const struct net_packet *packet)
{
    struct net_client *nc = opaque;

    show_to_dumps(nc, packet);
    nc->ops->send(nc, packet);
}

void net_send(struct net_client *nc, const struct net_packet *packet)
{
    if (!nc->link_down) {
        net_offload_finish(packet, nc->dumps ? 0 : nc->accepts,
                           send_finished, nc);
    }
}

void net_writable(struct net_client *nc)
{
    if (nc->nic && nc->nic->writable) {
        nc->nic->writable(nc->device);
    }
}

/* To the NIC ----------------------------------------------------------- */

static void queue_packet(struct net_client *nc,
                         const struct net_packet *packet)
{
    if (nc->queued_bytes + packet->length > MAX_QUEUED_BYTES) {
        return;
    }
    struct net_queued *q = malloc(sizeof(*q) + packet->length);
    assert(q);
    q->next = NULL;
    q->offload = packet->offload;
    q->queue = packet->queue;
    q->length = packet->length;
    net_packet_copy(q->data, packet);
    *nc->last = q;
    nc->last = &q->next;
    nc->queued_bytes += q->length;
}

static void drop_first(struct net_client *nc)
{
    struct net_queued *q = nc->first;

    nc->first = q->next;
    if (!nc->first) {
        nc->last = &nc->first;
    }
    nc->queued_bytes -= q->length;
    free(q);
}

static void drop_all(struct net_client *nc)
{
    while (nc->first) {
        drop_first(nc);
    }
}

void net_deliver(struct net_client *nc, const struct net_packet *packet)
{
    if (nc->link_down || !nc->nic) {
        return;
    }
    show_to_dumps(nc, packet);
    if (nc->first || !nc->nic->receive(nc->device, packet)) {
        queue_packet(nc, packet);
    }
}

bool net_has_backlog(const struct net_client *nc)
{
    return nc->first != NULL;
}

void net_resume(struct net_client *nc)
{
    while (nc->first) {
        struct net_queued *q = nc->first;
        struct iovec iov = {.iov_base = q->data, .iov_len = q->length};
        struct net_packet packet = {.iov = &iov, .count = 1,
                                    .length = q->length, .queue = q->queue,
                                    .offload = q->offload};
        if (!nc->nic || !nc->nic->receive(nc->device, &packet)) {
            break;
        }
        drop_first(nc);
    }
    if (!nc->first && nc->ops->resume) {
        nc->ops->resume(nc);
    }
}

/* Both ends ------------------------------------------------------------ */

void net_attach(struct net_client *nc, const struct net_nic *nic,
                void *device)
{
    assert(!nc->nic);
    nc->nic = nic;
    nc->device = device;
}

void net_detach(struct net_client *nc)
{
    nc->nic = NULL;
    nc->device = NULL;
    drop_all(nc);
    net_set_guest_can(nc, 0);
}

/* Those who look at the wire see what a wire would carry. */
unsigned net_guest_can(const struct net_client *nc)
{
    return nc->dumps ? 0 : nc->guest_can;
}

/* What is queued may need what the guest cannot do any more. */
void net_set_guest_can(struct net_client *nc, unsigned can)
{
    if (nc->guest_can & ~can) {
        drop_all(nc);
    }
    nc->guest_can = can;
    if (nc->ops->resume) {
        nc->ops->resume(nc);
    }
}

void net_set_link(struct net_client *nc, bool up)
{
    if (nc->link_down == !up) {
        return;
    }
    nc->link_down = !up;
    drop_all(nc);
    if (nc->nic && nc->nic->link) {
        nc->nic->link(nc->device, up);
    }
    if (nc->ops->resume) {
        nc->ops->resume(nc);
    }
    net_writable(nc);
}

void net_close(struct net_client *nc)
{
    if (nc) {
        drop_all(nc);
        nc->ops->close(nc);
    }
}
