/* Frames as a guest or its peer would send them. */
#ifndef TESTS_UNIT_NET_FRAME_H
#define TESTS_UNIT_NET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/net.h"

#define GUEST_IP 0x0a00020f
#define ROUTER_IP 0x0a000202

extern const uint8_t net_frame_mac[6]; /* the sender's, always */

/* Ethernet and IPv4 headers, without options, in front of `length` bytes that
 * are there; they return the frame's length. */
size_t net_frame_ip(uint8_t *frame, uint8_t protocol, uint32_t from,
                    uint32_t to, size_t length);
size_t net_frame_udp(uint8_t *frame, uint32_t from, uint32_t to, uint16_t sport,
                     uint16_t dport, size_t length);
/* A TCP segment whose payload begins with byte `value` and counts on. */
size_t net_frame_tcp(uint8_t *frame, uint32_t sequence, uint8_t flags,
                     size_t length, uint8_t value);

/* What to do with a TCP segment: checksum, cut into 1000 bytes each. */
extern const struct net_offload net_frame_tso;

/* Of a TCP segment: its length and checksums. */
bool net_frame_is_right(const uint8_t *frame, size_t length);

#endif
