/* The Internet checksum (RFC 1071) of TCP, UDP and IPv4 headers. */
#ifndef NET_CHECKSUM_H
#define NET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Add `length` bytes to a sum that starts as 0.  Pieces but the last have
 * an even length. */
uint32_t net_sum(const uint8_t *data, size_t length, uint32_t sum);

/* The pseudo header of TCP or UDP whose `length` bytes (header and data)
 * follow the IP header at `ip`, version 4 or 6. */
uint32_t net_sum_pseudo(const uint8_t *ip, uint8_t protocol,
                        uint32_t length);

/* What goes into the packet, most significant byte first, for net_store16;
 * the complement of a sum.  And the sum itself, folded. */
uint16_t net_sum_finish(uint32_t sum);
uint16_t net_sum_fold(uint32_t sum);

static inline uint16_t net_load16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t net_load32(const uint8_t *p)
{
    return (uint32_t)net_load16(p) << 16 | net_load16(p + 2);
}

static inline void net_store16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void net_store32(uint8_t *p, uint32_t value)
{
    net_store16(p, (uint16_t)(value >> 16));
    net_store16(p + 2, (uint16_t)value);
}

#endif
