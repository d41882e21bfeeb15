#include "tests/unit/net_frame.h"

#include <string.h>

#include "net/checksum.h"

const struct net_offload net_frame_tso = {
    .needs_csum = true, .csum_start = 34, .csum_offset = 16,
    .gso = NET_GSO_TCP4, .gso_size = 1000};

const uint8_t net_frame_mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

size_t net_frame_ip(uint8_t *frame, uint8_t protocol, uint32_t from,
                    uint32_t to, size_t length)
{
    uint8_t *ip = frame + 14;

    memset(frame, 0xff, 6);
    memcpy(frame + 6, net_frame_mac, 6);
    net_store16(frame + 12, 0x0800);
    memset(ip, 0, 20);
    ip[0] = 0x45;
    net_store16(ip + 2, (uint16_t)(20 + length));
    ip[8] = 64;
    ip[9] = protocol;
    net_store32(ip + 12, from);
    net_store32(ip + 16, to);
    net_store16(ip + 10, net_sum_finish(net_sum(ip, 20, 0)));
    return 34 + length;
}

size_t net_frame_udp(uint8_t *frame, uint32_t from, uint32_t to,
                       uint16_t sport, uint16_t dport, size_t length)
{
    net_store16(frame + 34, sport);
    net_store16(frame + 36, dport);
    net_store16(frame + 38, (uint16_t)(8 + length));
    net_store16(frame + 40, 0);
    return net_frame_ip(frame, 17, from, to, 8 + length);
}

size_t net_frame_tcp(uint8_t *frame, uint32_t sequence, uint8_t flags,
                     size_t length, uint8_t value)
{
    uint8_t *tcp = frame + 34;

    memset(tcp, 0, 20);
    net_store16(tcp, 1000);
    net_store16(tcp + 2, 2000);
    net_store32(tcp + 4, sequence);
    tcp[12] = 5 << 4;
    tcp[13] = flags;
    net_store16(tcp + 14, 0x4000);
    for (size_t i = 0; i < length; i++) {
        tcp[20 + i] = (uint8_t)(value + i);
    }
    return net_frame_ip(frame, 6, ROUTER_IP, GUEST_IP, 20 + length);
}

bool net_frame_is_right(const uint8_t *frame, size_t length)
{
    const uint8_t *ip = frame + 14;
    size_t tcp_length = net_load16(ip + 2) - 20u;

    return length == 34 + tcp_length &&
           net_sum_finish(net_sum(ip, 20, 0)) == 0 &&
           net_sum_finish(net_sum(frame + 34, tcp_length,
                                  net_sum_pseudo(ip, ip[9],
                                                 (uint32_t)tcp_length))) ==
               0;
}
