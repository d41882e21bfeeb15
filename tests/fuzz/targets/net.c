/* Frames as a NIC's guest may send them and a host may bring them: checksums,
 * segmentation, merging. */
#include <stdlib.h>

#include "net/checksum.h"
#include "net/merge.h"
#include "net/net.h"
#include "net/offload.h"
#include "tests/fuzz/targets/input.h"

#define MAX_PIECES 8

static uint8_t sink[NET_MAX_PACKET + 65536];

/* Reads every byte: what comes out must be there. */
static void look(const struct net_packet *packet)
{
    size_t length = 0;

    for (unsigned i = 0; i < packet->count; i++) {
        length += packet->iov[i].iov_len;
    }
    if (length != packet->length || length > NET_MAX_PACKET) {
        abort();
    }
    net_packet_copy(sink, packet);
}

static void emit(void *opaque, const struct net_packet *packet)
{
    unsigned *count = opaque;

    look(packet);
    if (++*count > 65536) {
        abort(); /* more segments than bytes */
    }
}

static bool receive(void *device, const struct net_packet *packet)
{
    (void)device;
    look(packet);
    return true;
}

static const struct net_nic nic = {.receive = receive};

static void client_send(struct net_client *nc,
                        const struct net_packet *packet)
{
    (void)nc;
    look(packet);
}

static void client_close(struct net_client *nc)
{
    (void)nc;
}

static const struct net_ops ops = {.send = client_send,
                                   .close = client_close};

/* A packet out of the input, in pieces; the memory is *copy's. */
static bool take(struct input *in, struct net_packet *packet,
                 struct iovec *iov, uint8_t **copy)
{
    unsigned form = in_u8(in), repeat = in_u8(in);
    struct net_offload *o = &packet->offload;
    size_t length = in_u16(in);

    *o = (struct net_offload){
        .needs_csum = form & 1,
        .csum_valid = form & 2,
        .csum_start = form & 4 ? in_u16(in) : 34,
        .csum_offset = form & 4 ? in_u16(in) : 16,
        .gso = (enum net_gso)((form >> 3 & 3) % 3),
        .gso_size = in_u16(in),
    };
    const uint8_t *bytes = in_bytes(in, &length);
    size_t total = length + (form & 0x80 ? repeat * 256u : 0);
    if (total < 14 || total > NET_MAX_PACKET) {
        return false;
    }
    *copy = malloc(total);
    memset(*copy, 0x55, total);
    memcpy(*copy, bytes, length);
    packet->iov = iov;
    packet->length = total;
    packet->count = 1 + (form >> 5 & 3);
    for (unsigned i = 0; i < packet->count; i++) {
        size_t from = total * i / packet->count;
        iov[i].iov_base = *copy + from;
        iov[i].iov_len = total * (i + 1) / packet->count - from;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    unsigned accepts = in_u8(&in) & 15, guest_can = in_u8(&in) & 15;
    struct net_client nc = {0};
    struct net_merge merge = {0};

    net_client_init(&nc, &ops, "fuzz", "fuzz");
    nc.accepts = accepts;
    net_attach(&nc, &nic, NULL);
    net_set_guest_can(&nc, guest_can);
    while (in_more(&in)) {
        struct net_packet packet = {0};
        struct iovec iov[MAX_PIECES];
        uint8_t *copy = NULL;
        unsigned count = 0;

        if (!take(&in, &packet, iov, &copy)) {
            continue;
        }
        net_offload_finish(&packet, accepts, emit, &count);
        net_send(&nc, &packet);
        net_merge_add(&merge, copy, packet.length, guest_can);
        packet.offload = (struct net_offload){0};
        net_deliver(&nc, &packet);
        free(copy);
    }
    net_merge_flush(&merge, &nc);
    net_detach(&nc);
    return 0;
}
