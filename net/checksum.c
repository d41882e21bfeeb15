#include "net/checksum.h"

#include <string.h>

/* A sum of 16-bit words in host order, folded, is the byte-swapped sum of
 * the words in network order (RFC 1071, 2B): swap once, at the end. */
uint32_t net_sum(const uint8_t *data, size_t length, uint32_t sum)
{
    uint64_t total = 0;

    for (; length >= 8; data += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        total += word;
        total += total < word;
    }
    uint64_t rest = 0;
    memcpy(&rest, data, length);
    total += rest;
    total += total < rest;
    total = (total >> 32) + (uint32_t)total;
    total = (total >> 32) + (uint32_t)total;
    uint16_t folded = net_sum_fold((uint32_t)total);
    return net_sum_fold(sum) + __builtin_bswap16(folded);
}

uint32_t net_sum_pseudo(const uint8_t *ip, uint8_t protocol, uint32_t length)
{
    uint32_t sum = ip[0] >> 4 == 4 ? net_sum(ip + 12, 8, 0)
                                   : net_sum(ip + 8, 32, 0);

    return sum + protocol + (length >> 16) + (length & 0xffff);
}

uint16_t net_sum_fold(uint32_t sum)
{
    sum = (sum >> 16) + (sum & 0xffff);
    return (uint16_t)((sum >> 16) + sum);
}

uint16_t net_sum_finish(uint32_t sum)
{
    return (uint16_t)~net_sum_fold(sum);
}
