/*
 * A guest pays for each packet, not for each byte: an emulated processor
 * needs tens of microseconds to take one.  libslirp makes segments of one
 * Ethernet frame; those that come in one go and continue each other are put
 * together again here, as a network card with receive offload would.
 *
 * Two segments are one when all but length, sequence number and the push
 * flag agree and the second begins where the first ends (what Linux calls
 * GRO).  The result says how to cut it up: gso_size.
 */
#include "net/merge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/checksum.h"

#define LOOK_BACK 16 /* connections that take turns */
#define ETH_HEADER 14
#define ETH_TYPE_IPV4 0x0800
#define ETH_TYPE_IPV6 0x86dd
#define PROTOCOL_TCP 6
#define TCP_HEADER 20
#define TCP_PSH 0x08
#define TCP_ACK 0x10

struct merged {
    struct merged *prev, *next;
    size_t length, room;
    size_t tcp;       /* offset of its header; 0: stays as it is */
    size_t segment;   /* payload bytes of the first */
    unsigned count;
    bool closed; /* a short or pushed segment ends it */
    uint8_t *data;
};

/* Offset of the TCP header of a segment that can be merged, or 0. */
static size_t find_tcp(const uint8_t *data, size_t length, unsigned can)
{
    size_t tcp = 0;

    if (length <= ETH_HEADER + 20 + TCP_HEADER) {
        return 0;
    }
    const uint8_t *ip = data + ETH_HEADER;
    uint16_t type = net_load16(data + 12);
    if (type == ETH_TYPE_IPV4 && can & NET_CAN_TSO4 && ip[0] == 0x45 &&
        (net_load16(ip + 6) & 0x3fff) == 0 && ip[9] == PROTOCOL_TCP &&
        net_load16(ip + 2) == length - ETH_HEADER) {
        tcp = ETH_HEADER + 20;
    } else if (type == ETH_TYPE_IPV6 && can & NET_CAN_TSO6 &&
               ip[6] == PROTOCOL_TCP &&
               net_load16(ip + 4) + 40u == length - ETH_HEADER) {
        tcp = ETH_HEADER + 40;
    }
    if (!tcp || length <= tcp + TCP_HEADER ||
        data[tcp + 12] != TCP_HEADER / 4 << 4 ||
        (data[tcp + 13] & ~TCP_PSH) != TCP_ACK) {
        return 0;
    }
    return tcp;
}

/* Ethernet, addresses, time to live, ports. */
static bool same_connection(const struct merged *a, const uint8_t *b,
                            size_t tcp)
{
    const uint8_t *ip = a->data + ETH_HEADER;
    const uint8_t *other = b + ETH_HEADER;

    if (a->tcp != tcp || memcmp(a->data, b, ETH_HEADER) != 0 ||
        memcmp(a->data + tcp, b + tcp, 4) != 0) {
        return false;
    }
    if (tcp == ETH_HEADER + 20) {
        return memcmp(ip + 8, other + 8, 2) == 0 && ip[1] == other[1] &&
               memcmp(ip + 12, other + 12, 8) == 0;
    }
    return memcmp(ip, other, 4) == 0 && memcmp(ip + 7, other + 7, 33) == 0;
}

/* Acknowledgement and window agree and the bytes follow each other. */
static bool continues(const struct merged *a, const uint8_t *data,
                      size_t length)
{
    const uint8_t *first = a->data + a->tcp, *next = data + a->tcp;
    size_t header = a->tcp + TCP_HEADER;
    uint32_t end = net_load32(first + 4) + (uint32_t)(a->length - header);

    return !a->closed && memcmp(first + 8, next + 8, 4) == 0 &&
           memcmp(first + 14, next + 14, 2) == 0 &&
           net_load32(next + 4) == end && length - header <= a->segment &&
           a->length - ETH_HEADER + length - header <= UINT16_MAX;
}

static void append(struct merged *a, const uint8_t *data, size_t length)
{
    size_t header = a->tcp + TCP_HEADER, payload = length - header;
    uint8_t push = data[a->tcp + 13] & TCP_PSH;

    if (a->length + payload > a->room) {
        a->room = 2 * (a->length + payload);
        a->data = realloc(a->data, a->room);
        assert(a->data);
    }
    memcpy(a->data + a->length, data + header, payload);
    a->length += payload;
    a->count++;
    a->data[a->tcp + 13] |= push;
    a->closed = push || payload < a->segment;
}

void net_merge_add(struct net_merge *m, const uint8_t *data, size_t length,
                   unsigned guest_can)
{
    size_t tcp = find_tcp(data, length, guest_can);
    struct merged *p = m->last;

    for (int i = 0; tcp && p && i < LOOK_BACK; i++, p = p->prev) {
        if (same_connection(p, data, tcp)) {
            if (continues(p, data, length)) {
                append(p, data, length);
                return;
            }
            break;
        }
    }
    p = calloc(1, sizeof(*p));
    assert(p);
    p->room = p->length = length;
    p->data = malloc(length);
    assert(p->data);
    memcpy(p->data, data, length);
    p->tcp = tcp;
    p->segment = tcp ? length - tcp - TCP_HEADER : 0;
    p->closed = tcp && data[tcp + 13] & TCP_PSH;
    p->count = 1;
    p->prev = m->last;
    *(m->last ? &m->last->next : &m->first) = p;
    m->last = p;
}

/* The checksum of the whole is left to be completed, as if a sender had
 * done so: the sum of the pseudo header is in its place. */
static void describe(struct merged *p, struct net_offload *offload)
{
    uint8_t *ip = p->data + ETH_HEADER, *tcp = p->data + p->tcp;
    bool v4 = p->tcp == ETH_HEADER + 20;

    if (v4) {
        net_store16(ip + 2, (uint16_t)(p->length - ETH_HEADER));
        net_store16(ip + 10, 0);
        net_store16(ip + 10, net_sum_finish(net_sum(ip, 20, 0)));
    } else {
        net_store16(ip + 4, (uint16_t)(p->length - p->tcp));
    }
    uint32_t sum = net_sum_pseudo(ip, PROTOCOL_TCP,
                                  (uint32_t)(p->length - p->tcp));
    net_store16(tcp + 16, net_sum_fold(sum));
    *offload = (struct net_offload){
        .needs_csum = true,
        .csum_start = (uint16_t)p->tcp,
        .csum_offset = 16,
        .gso = v4 ? NET_GSO_TCP4 : NET_GSO_TCP6,
        .gso_size = (uint16_t)p->segment,
    };
}

void net_merge_flush(struct net_merge *m, struct net_client *nc)
{
    struct merged *p = m->first;

    m->first = m->last = NULL;
    while (p) {
        struct merged *next = p->next;
        struct iovec iov = {.iov_base = p->data, .iov_len = p->length};
        struct net_packet packet = {
            .iov = &iov, .count = 1, .length = p->length,
            .offload = {.csum_valid = true}};
        if (p->count > 1) {
            describe(p, &packet.offload);
        }
        net_deliver(nc, &packet);
        free(p->data);
        free(p);
        p = next;
    }
}
