/* Consecutive TCP segments as one large packet, for guests that take it. */
#ifndef NET_MERGE_H
#define NET_MERGE_H

#include "net/net.h"

struct merged;

/* Packets on their way to a NIC, in order. */
struct net_merge {
    struct merged *first, *last;
};

/* Append a frame: to an earlier one of its connection if that and
 * `guest_can` (NET_CAN_*) allow.  Its checksums are known to be right. */
void net_merge_add(struct net_merge *m, const uint8_t *data, size_t length,
                   unsigned guest_can);

/* Deliver and forget all. */
void net_merge_flush(struct net_merge *m, struct net_client *nc);

#endif
