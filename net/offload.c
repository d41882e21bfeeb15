/*
 * Checksums and TCP segmentation in software.
 *
 * A guest that may leave this to us sends a third of the instructions of one
 * that may not, so NICs offer it whatever the back end; the words are those
 * of the virtio specification, 5.1.6.2.  Everything in the packet is the
 * guest's: each offset is checked against the length.
 */
#include "net/offload.h"

#include <string.h>

#include "net/checksum.h"
#include "util/log.h"

#define ETH_HEADER 14
#define ETH_TYPE_VLAN 0x8100
#define PROTOCOL_TCP 6
#define MAX_HEADERS 256
#define MIN_SEGMENT 48 /* bounds the segments of a packet */

#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_CWR 0x80

struct emitter {
    void (*emit)(void *opaque, const struct net_packet *packet);
    void *opaque;
    unsigned queue;
};

/* Where the headers of a large TCP packet are. */
struct headers {
    size_t ip, tcp, data;
    bool v6;
};

static void emit_bytes(const struct emitter *e, uint8_t *data, size_t length)
{
    struct iovec iov = {.iov_base = data, .iov_len = length};
    struct net_packet packet = {
        .iov = &iov, .count = 1, .length = length, .queue = e->queue};

    e->emit(e->opaque, &packet);
}

/* The NIC's guest has put the sum of the pseudo header where the checksum
 * goes, so that the sum from csum_start on is all. */
static bool complete_checksum(uint8_t *data, size_t length,
                              const struct net_offload *offload)
{
    size_t at = (size_t)offload->csum_start + offload->csum_offset;

    if (offload->csum_start > length || at + 2 > length) {
        return false;
    }
    uint16_t sum = net_sum_finish(net_sum(data + offload->csum_start,
                                          length - offload->csum_start, 0));
    /* To UDP 0 means that there is none; to TCP the two are the same. */
    net_store16(data + at, sum ? sum : 0xffff);
    return true;
}

static bool find_headers(const uint8_t *data, size_t length,
                         const struct net_offload *offload,
                         struct headers *h)
{
    size_t ip = ETH_HEADER;

    if (length >= ETH_HEADER + 4 && net_load16(data + 12) == ETH_TYPE_VLAN) {
        ip += 4;
    }
    h->ip = ip;
    h->v6 = offload->gso == NET_GSO_TCP6;
    h->tcp = ip + 40;
    if (length < ip + 20 || data[ip] >> 4 != (h->v6 ? 6 : 4)) {
        return false;
    }
    if (!h->v6) {
        size_t ihl = (data[ip] & 15u) * 4;
        h->tcp = ip + ihl;
        if (ihl < 20 || data[ip + 9] != PROTOCOL_TCP) {
            return false;
        }
    } else if (offload->csum_start > h->tcp) { /* extension headers */
        h->tcp = offload->csum_start;
    }
    if (h->tcp + 20 > length) {
        return false;
    }
    h->data = h->tcp + (data[h->tcp + 12] >> 4) * 4u;
    return h->data >= h->tcp + 20 && h->data < length &&
           h->data <= MAX_HEADERS;
}

/* Lengths and checksums for `length` bytes of frame, as if they had come
 * so. */
static void finish_headers(uint8_t *data, size_t length,
                           const struct headers *h)
{
    uint8_t *ip = data + h->ip, *tcp = data + h->tcp;
    uint32_t tcp_length = (uint32_t)(length - h->tcp);

    if (h->v6) {
        net_store16(ip + 4, (uint16_t)(length - h->ip - 40));
    } else {
        net_store16(ip + 2, (uint16_t)(length - h->ip));
        net_store16(ip + 10, 0);
        net_store16(ip + 10,
                    net_sum_finish(net_sum(ip, h->tcp - h->ip, 0)));
    }
    net_store16(tcp + 16, 0);
    uint32_t sum = net_sum_pseudo(ip, PROTOCOL_TCP, tcp_length);
    net_store16(tcp + 16, net_sum_finish(net_sum(tcp, tcp_length, sum)));
}

static void cut_up(const struct emitter *e, const uint8_t *data,
                   size_t length, size_t size, const struct headers *h)
{
    uint8_t segment[MAX_HEADERS + UINT16_MAX];
    uint32_t sequence = net_load32(data + h->tcp + 4);
    uint16_t id = net_load16(data + h->ip + 4);
    uint8_t flags = data[h->tcp + 13];

    for (size_t at = h->data; at < length; at += size) {
        size_t n = length - at < size ? length - at : size;
        uint8_t keep = 0xff;
        keep &= (uint8_t)~(at > h->data ? TCP_CWR : 0);
        keep &= (uint8_t)~(at + n < length ? TCP_FIN | TCP_PSH : 0);
        memcpy(segment, data, h->data);
        memcpy(segment + h->data, data + at, n);
        if (!h->v6) {
            net_store16(segment + h->ip + 4, id++);
        }
        net_store32(segment + h->tcp + 4,
                    sequence + (uint32_t)(at - h->data));
        segment[h->tcp + 13] = flags & keep;
        finish_headers(segment, h->data + n, h);
        emit_bytes(e, segment, h->data + n);
    }
}

static bool finish_large(const struct emitter *e, uint8_t *data,
                         const struct net_packet *packet, unsigned accepts)
{
    const struct net_offload *offload = &packet->offload;
    struct headers h;

    if (!find_headers(data, packet->length, offload, &h) ||
        offload->gso_size < MIN_SEGMENT ||
        packet->length - h.ip > UINT16_MAX) {
        return false;
    }
    if (accepts & NET_CAN_LARGE) {
        finish_headers(data, packet->length, &h);
        emit_bytes(e, data, packet->length);
    } else {
        cut_up(e, data, packet->length, offload->gso_size, &h);
    }
    return true;
}

static unsigned needed(const struct net_offload *offload)
{
    static const unsigned gso[] = {
        [NET_GSO_NONE] = 0,
        [NET_GSO_TCP4] = NET_CAN_CSUM | NET_CAN_TSO4,
        [NET_GSO_TCP6] = NET_CAN_CSUM | NET_CAN_TSO6,
    };

    return gso[offload->gso] | (offload->needs_csum ? NET_CAN_CSUM : 0u);
}

void net_offload_finish(const struct net_packet *packet, unsigned accepts,
                        void (*emit)(void *opaque,
                                     const struct net_packet *packet),
                        void *opaque)
{
    uint8_t data[NET_MAX_PACKET];
    struct emitter e = {emit, opaque, packet->queue};
    bool ok;

    if ((needed(&packet->offload) & ~accepts) == 0) {
        emit(opaque, packet);
        return;
    }
    if (packet->length > sizeof(data)) {
        return;
    }
    net_packet_copy(data, packet);
    if (packet->offload.gso != NET_GSO_NONE) {
        ok = finish_large(&e, data, packet, accepts);
    } else {
        ok = complete_checksum(data, packet->length, &packet->offload);
        if (ok) {
            emit_bytes(&e, data, packet->length);
        }
    }
    if (!ok) {
        guest_error("net: a packet of %zu bytes whose headers do not fit "
                    "its offload request is dropped", packet->length);
    }
}
