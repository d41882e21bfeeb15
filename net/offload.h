/* Work on packets that the back end cannot leave to somebody else. */
#ifndef NET_OFFLOAD_H
#define NET_OFFLOAD_H

#include "net/net.h"

/*
 * Call emit() with what `packet` becomes when the next one can do what is
 * in `accepts` (NET_CAN_*): itself, itself with its checksum, or its
 * segments.  A packet whose headers make no sense is dropped.
 */
void net_offload_finish(const struct net_packet *packet, unsigned accepts,
                        void (*emit)(void *opaque,
                                     const struct net_packet *packet),
                        void *opaque);

#endif
