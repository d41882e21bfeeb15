/*
 * -object filter-dump: packets into a file for tcpdump and Wireshark, in
 * the classic libpcap format (draft-ietf-opsawg-pcap), microseconds.
 *
 * Each packet is in the file when the next one is looked at: who reads along
 * sees it at once, and a crash loses nothing.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/config.h"
#include "util/bits.h"
#include "util/clock.h"

#define LINK_ETHERNET 1

struct pcap_header {
    uint32_t magic;
    uint16_t major, minor;
    int32_t zone;
    uint32_t accuracy, max_length, link;
};

struct pcap_record {
    uint32_t seconds, microseconds;
    uint32_t kept, length;
};

struct net_pcap {
    struct net_dump dump;
    const char *path;
    FILE *file; /* NULL after an error */
    uint32_t max_length;
};

static bool put(struct net_pcap *s, const void *data, size_t length)
{
    return fwrite(data, 1, length, s->file) == length;
}

static bool put_packet(struct net_pcap *s, const struct net_packet *packet,
                       uint32_t left)
{
    for (unsigned i = 0; i < packet->count && left; i++) {
        uint32_t n = packet->iov[i].iov_len < left
                         ? (uint32_t)packet->iov[i].iov_len : left;
        if (!put(s, packet->iov[i].iov_base, n)) {
            return false;
        }
        left -= n;
    }
    return true;
}

static void pcap_packet(struct net_dump *dump,
                        const struct net_packet *packet)
{
    struct net_pcap *s = container_of(dump, struct net_pcap, dump);
    uint64_t now = clock_realtime_ns();
    uint32_t length = (uint32_t)packet->length;
    struct pcap_record record = {
        .seconds = (uint32_t)(now / NS_PER_SEC),
        .microseconds = (uint32_t)(now % NS_PER_SEC / 1000),
        .kept = length < s->max_length ? length : s->max_length,
        .length = length,
    };

    if (!s->file) {
        return;
    }
    bool ok = put(s, &record, sizeof(record)) &&
              put_packet(s, packet, record.kept) && fflush(s->file) == 0;
    if (!ok) {
        error_report("%s: %s; no further packets are recorded", s->path,
                     strerror(errno));
        fclose(s->file);
        s->file = NULL;
    }
}

struct net_dump *net_pcap_open(const struct net_dump_config *config,
                               struct net_client *nc, struct error **err)
{
    struct pcap_header header = {
        .magic = 0xa1b2c3d4, .major = 2, .minor = 4,
        .max_length = config->max_length, .link = LINK_ETHERNET};
    FILE *file = fopen(config->path, "we");

    if (!file) {
        error_set_errno(err, errno, "%s", config->path);
        return NULL;
    }
    struct net_pcap *s = calloc(1, sizeof(*s));
    assert(s);
    s->dump.packet = pcap_packet;
    s->path = config->path;
    s->file = file;
    s->max_length = config->max_length;
    if (!put(s, &header, sizeof(header)) || fflush(file) != 0) {
        error_set_errno(err, errno, "%s", config->path);
        fclose(file);
        free(s);
        return NULL;
    }
    net_dump_add(nc, &s->dump);
    return &s->dump;
}

void net_pcap_close(struct net_dump *dump, struct net_client *nc)
{
    struct net_pcap *s = container_of(dump, struct net_pcap, dump);

    net_dump_remove(nc, dump);
    if (s->file) {
        fclose(s->file);
    }
    free(s);
}
