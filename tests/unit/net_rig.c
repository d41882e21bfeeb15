#include "tests/unit/net_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/offload.h"
#include "util/clock.h"

struct net_rig net_rig;

void net_rig_remember(void *opaque, const struct net_packet *packet)
{
    (void)opaque;
    ck_assert_uint_lt(net_rig.seen_count, MAX_SEEN);
    struct seen *s = &net_rig.seen[net_rig.seen_count++];
    net_packet_copy(s->data, packet);
    s->length = packet->length;
    s->offload = packet->offload;
}

static bool nic_receive(void *device, const struct net_packet *packet)
{
    if (net_rig.room == 0) {
        return false;
    }
    net_rig.room--;
    net_rig_remember(device, packet);
    return true;
}

static void nic_writable(void *device)
{
    (void)device;
    net_rig.writables++;
}

static void nic_link(void *device, bool up)
{
    (void)device;
    net_rig.link_state = up;
}

const struct net_nic net_rig_nic = {nic_receive, nic_writable, nic_link};

static void fake_send(struct net_client *nc, const struct net_packet *packet)
{
    (void)nc;
    net_rig_remember(NULL, packet);
}

static void fake_close(struct net_client *nc)
{
    (void)nc;
}

const struct net_ops net_rig_fake_ops = {.send = fake_send,
                                         .close = fake_close};

void net_rig_setup(void)
{
    net_rig.loop = loop_new();
    net_rig.seen = calloc(MAX_SEEN, sizeof(*net_rig.seen));
    net_rig.seen_count = net_rig.writables = 0;
    net_rig.room = MAX_SEEN;
    net_rig.link_state = -1;
    net_rig.context = (struct net_context){.loop = net_rig.loop};
}

void net_rig_teardown(void)
{
    loop_free(net_rig.loop);
    free(net_rig.seen);
}

struct net_client *net_rig_open(const char *kind,
                                    struct net_config *config)
{
    struct error *err = NULL;

    config->id = kind;
    config->backend = net_backend_find(kind);
    ck_assert_ptr_nonnull(config->backend);
    struct net_client *nc = net_open(config, &net_rig.context, &err);
    ck_assert_msg(nc != NULL, "%s", err ? err->message : "");
    return nc;
}

static void stop(void *opaque)
{
    loop_stop(opaque, 0);
}

/* Run the loop until there are `count` packets, or for a while. */
static void stop_when_seen(void *opaque)
{
    unsigned *count = opaque;
    static unsigned tries;

    if (net_rig.seen_count >= *count || ++tries > 3000) {
        tries = 0;
        loop_stop(net_rig.loop, 0);
    }
}

static struct loop_timer *ticker;

static void tick(void *opaque)
{
    stop_when_seen(opaque);
    loop_timer_arm(ticker, clock_monotonic_ns() + NS_PER_SEC / 1000);
}

void net_rig_run(unsigned count)
{
    ticker = loop_timer_new(net_rig.loop, tick, &count);
    loop_timer_arm(ticker, 0);
    loop_run(net_rig.loop);
    loop_timer_free(ticker);
}

void net_rig_settle(void)
{
    loop_post(net_rig.loop, stop, net_rig.loop);
    loop_run(net_rig.loop);
}

void net_rig_send(struct net_client *nc, const void *data,
                       size_t length)
{
    uint8_t copy[2048];
    struct iovec iov[2] = {{copy, 10}, {copy + 10, length - 10}};
    struct net_packet packet = {.iov = iov, .count = 2, .length = length};

    memcpy(copy, data, length);
    net_send(nc, &packet);
}

void net_rig_send_text(struct net_client *nc, const char *text)
{
    char frame[60] = {0};

    snprintf(frame, sizeof(frame), "%s", text);
    net_rig_send(nc, frame, sizeof(frame));
}

void net_rig_deliver(struct net_client *nc, const void *data, size_t length)
{
    struct iovec iov = {(void *)data, length};
    struct net_packet packet = {.iov = &iov, .count = 1, .length = length};

    net_deliver(nc, &packet);
}

void net_rig_finish(uint8_t *frame, size_t length, struct net_offload offload,
                    unsigned accepts)
{
    struct iovec iov = {frame, length};
    struct net_packet packet = {
        .iov = &iov, .count = 1, .length = length, .offload = offload};

    net_offload_finish(&packet, accepts, net_rig_remember, NULL);
}
