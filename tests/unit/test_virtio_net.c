/* hw/virtio/virtio_net*: rings driven as a guest would, and as one should
 * not; the far end of the cable is ours. */
#include "tests/unit/virtio_driver.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "hw/virtio/virtio_net.h"

Suite *virtio_net_suite(void);

#define V1 VIRTIO_F_VERSION_1
#define PACKED VIRTIO_F_RING_PACKED
#define EVENT VIRTIO_F_EVENT_IDX
#define CSUM BIT(0)
#define GUEST_CSUM BIT(1)
#define GUEST_OFFLOADS BIT(2)
#define GUEST_TSO4 BIT(7)
#define HOST_TSO4 BIT(11)
#define MRG BIT(15)
#define STATUS BIT(16)
#define CTRL (BIT(17) | BIT(18) | BIT(19) | BIT(20) | BIT(23))
#define MQ BIT(22)

/* The cable: written on the loop thread, read when that has settled. */
static struct net_client cable;
static struct {
    uint8_t data[NET_MAX_PACKET];
    size_t length;
    struct net_offload offload;
    unsigned queue;
} sent[8];
static atomic_uint sent_count;
static atomic_bool cable_full, slow;

static void cable_send(struct net_client *nc, const struct net_packet *packet)
{
    unsigned n = atomic_load(&sent_count) % ARRAY_SIZE(sent);

    (void)nc;
    if (atomic_load(&slow)) {
        usleep(50000);
    }
    net_packet_copy(sent[n].data, packet);
    sent[n].length = packet->length;
    sent[n].offload = packet->offload;
    sent[n].queue = packet->queue;
    atomic_fetch_add(&sent_count, 1);
}

static bool cable_can_send(struct net_client *nc)
{
    (void)nc;
    return !atomic_load(&cable_full);
}

static void cable_close(struct net_client *nc)
{
    (void)nc;
}

static atomic_uint guest_can;

static void cable_resume(struct net_client *nc)
{
    atomic_store(&guest_can, net_guest_can(nc));
}

static const struct net_ops cable_ops = {
    .send = cable_send, .can_send = cable_can_send,
    .resume = cable_resume, .close = cable_close};

/* Wait up to 10 s for the device's thread. */
#define WAIT_FOR(condition)                                              \
    for (int tries_ = 0; !(condition); tries_++) {                       \
        ck_assert_msg(tries_ < 100000, "never: %s", #condition);         \
        usleep(100);                                                     \
    }

static struct guest g;
static struct queue rx, tx, ctrl;
static unsigned header_size;
static const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

static void begin(bool legacy, unsigned queues)
{
    struct virtio_net_config config = {.client = &cable, .multiqueue = true};

    guest_init(&g, legacy);
    memset(&cable, 0, sizeof(cable));
    net_client_init(&cable, &cable_ops, "test", "n0");
    cable.accepts = NET_CAN_CSUM | NET_CAN_TSO4;
    cable.queues = queues;
    atomic_store(&sent_count, 0);
    atomic_store(&cable_full, false);
    atomic_store(&slow, false);
    atomic_store(&guest_can, 0);
    memcpy(config.mac, mac, 6);
    struct virtio_host host = guest_host(&g, PACKED);
    virtio_mmio_plug(g.slot, virtio_net_create(&config, &host, NULL));
    guest_start(&g);
}

static void start(bool legacy, uint64_t features)
{
    begin(legacy, 1);
    guest_negotiate(&g, (legacy ? 0 : V1) | features);
    queue_setup(&rx, &g, 0, 64);
    queue_setup(&tx, &g, 1, 64);
    queue_setup(&ctrl, &g, 2, 64);
    guest_driver_ok(&g);
    header_size = legacy && !(features & MRG) ? 10 : 12;
}

static void end(void)
{
    guest_end(&g);
}

/* The guest sends -------------------------------------------------------- */

static uint64_t make_frame(size_t length, uint8_t value)
{
    uint64_t pa = alloc(&g, header_size + length, 8);

    memset(at(&g, pa) + header_size, value, length);
    return pa;
}

static void wait_sent(unsigned count)
{
    WAIT_FOR(atomic_load(&sent_count) >= count);
}

static void check_send(uint64_t features)
{
    start(false, features);
    uint64_t pa = make_frame(100, 7);
    struct segment whole[] = {{pa, 112, false}};
    struct segment parts[] = {
        {pa, 5, false}, {pa + 5, 20, false}, {pa + 25, 87, false}};

    ck_assert_uint_eq(queue_do(&tx, whole, 1, false), 0);
    ck_assert_uint_eq(queue_do(&tx, parts, 3, false), 0);
    ck_assert_uint_eq(queue_do(&tx, parts, 3, true), 0);
    wait_sent(3);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(sent[i].length, 100);
        ck_assert_uint_eq(sent[i].data[0], 7);
        ck_assert_uint_eq(sent[i].data[99], 7);
        ck_assert(!sent[i].offload.needs_csum);
    }
    /* Many more than the ring has entries. */
    for (int i = 0; i < 300; i++) {
        queue_do(&tx, whole, 1, false);
    }
    ck_assert_uint_eq(atomic_load(&sent_count), 303);
    end();
}

START_TEST(test_send)
{
    check_send(0);
    check_send(EVENT);
    check_send(PACKED);
    check_send(PACKED | EVENT);
}
END_TEST

START_TEST(test_send_offload)
{
    start(false, CSUM | HOST_TSO4);
    uint64_t pa = make_frame(3000, 0);
    struct segment s[] = {{pa, 3012, false}};

    at(&g, pa)[0] = 1; /* NEEDS_CSUM */
    at(&g, pa)[1] = 1; /* TCPV4 */
    put16(&g, pa + 4, 1448);
    put16(&g, pa + 6, 34);
    put16(&g, pa + 8, 16);
    queue_do(&tx, s, 1, false);
    ck_assert_uint_eq(atomic_load(&sent_count), 1);
    ck_assert(sent[0].offload.needs_csum);
    ck_assert_int_eq(sent[0].offload.gso, NET_GSO_TCP4);
    ck_assert_uint_eq(sent[0].offload.gso_size, 1448);
    ck_assert_uint_eq(sent[0].offload.csum_start, 34);
    ck_assert_uint_eq(sent[0].offload.csum_offset, 16);
    end();
    /* Who did not ask for it does not get it. */
    start(false, 0);
    pa = make_frame(3000, 0);
    at(&g, pa)[0] = 1;
    at(&g, pa)[1] = 1;
    s[0].pa = pa;
    queue_do(&tx, s, 1, false);
    ck_assert_uint_eq(atomic_load(&sent_count), 0);
    end();
}
END_TEST

static void writable(void *opaque)
{
    net_writable(opaque);
}

START_TEST(test_send_full)
{
    start(false, EVENT);
    struct segment s[] = {{make_frame(60, 1), 72, false}};
    uint32_t length;

    atomic_store(&cable_full, true);
    queue_add(&tx, s, 1, false);
    queue_add(&tx, s, 1, false);
    queue_kick(&tx);
    guest_settle(&g);
    ck_assert_uint_eq(atomic_load(&sent_count), 0);
    atomic_store(&cable_full, false);
    loop_post(g.loop, writable, &cable);
    queue_wait(&tx, &length);
    queue_wait(&tx, &length);
    ck_assert_uint_eq(atomic_load(&sent_count), 2);
    end();
}
END_TEST

START_TEST(test_send_hostile)
{
    start(false, CSUM | HOST_TSO4);
    uint64_t pa = make_frame(100, 1), large = alloc(&g, 70000, 8);
    struct segment s[] = {{pa, 3, false}};
    struct segment in[] = {{pa, 100, true}};
    struct segment much[] = {
        {large, 65000, false}, {large, 65000, false}, {large, 1, false}};

    queue_do(&tx, s, 1, false); /* less than a header */
    s[0].length = 12;
    queue_do(&tx, s, 1, false); /* no frame */
    s[0].length = 25;
    queue_do(&tx, s, 1, false); /* less than a frame */
    queue_do(&tx, in, 1, false);
    queue_do(&tx, much, 3, false);
    at(&g, pa)[1] = 3; /* UDP, which was not offered */
    s[0].length = 112;
    queue_do(&tx, s, 1, false);
    at(&g, pa)[1] = 0x77;
    queue_do(&tx, s, 1, false);
    at(&g, pa)[1] = 0;
    queue_do(&tx, s, 1, false);
    ck_assert_uint_eq(atomic_load(&sent_count), 1);
    /* Outside memory: the queue is broken, the device wants a reset. */
    s[0].pa = UINT64_C(0x9000000000);
    queue_add(&tx, s, 1, false);
    queue_kick(&tx);
    WAIT_FOR(rd(&g, 0x70) & 64);
    wr(&g, 0x70, 0);
    ck_assert_uint_eq(rd(&g, 0x70), 0);
    end();
}
END_TEST

/* A reset while a packet is on its way waits for it. */
START_TEST(test_reset_while_sending)
{
    start(false, 0);
    struct segment s[] = {{make_frame(60, 1), 72, false}};

    atomic_store(&slow, true);
    for (int i = 0; i < 20; i++) {
        queue_add(&tx, s, 1, false);
    }
    queue_kick(&tx);
    wait_sent(1);
    wr(&g, 0x70, 0);
    unsigned count = atomic_load(&sent_count);
    atomic_store(&slow, false);
    guest_settle(&g);
    ck_assert_uint_eq(atomic_load(&sent_count), count);
    end();
}
END_TEST

/* The guest receives ----------------------------------------------------- */

static uint8_t arrival[NET_MAX_PACKET];
static struct net_packet arriving;
static atomic_bool arrived;

static void arrive(void *opaque)
{
    (void)opaque;
    net_deliver(&cable, &arriving);
    atomic_store(&arrived, true);
}

static void deliver(size_t length, struct net_offload offload, unsigned queue)
{
    static struct iovec iov[2];

    iov[0] = (struct iovec){arrival, 20};
    iov[1] = (struct iovec){arrival + 20, length - 20};
    arriving = (struct net_packet){.iov = iov, .count = 2, .length = length,
                                   .offload = offload, .queue = queue};
    atomic_store(&arrived, false);
    loop_post(g.loop, arrive, NULL);
    WAIT_FOR(atomic_load(&arrived));
}

static const struct net_offload plain;

static void fill_arrival(const uint8_t *to, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        arrival[i] = (uint8_t)(i * 7);
    }
    memcpy(arrival, to, 6);
}

static void check_receive(bool legacy, uint64_t features)
{
    start(legacy, features);
    uint64_t pa = alloc(&g, 2000, 8);
    struct segment s[] = {{pa, 12, true}, {pa + 12, 1900, true}};
    uint32_t length;

    fill_arrival(mac, 1000);
    s[0].length = header_size;
    for (int i = 0; i < 100; i++) {
        arrival[999] = (uint8_t)i;
        memset(at(&g, pa), 0xee, 2000);
        queue_add(&rx, s, 2, i % 2);
        queue_kick(&rx);
        deliver(1000, plain, 0);
        queue_wait(&rx, &length);
        ck_assert_uint_eq(length, 1000 + header_size);
        ck_assert(memcmp(at(&g, pa + 12), arrival, 1000) == 0);
        ck_assert_uint_eq(*at(&g, pa), 0); /* flags */
        ck_assert_uint_eq(*at(&g, pa + 1), 0);
        if (header_size == 12) {
            ck_assert_uint_eq(get16(&g, pa + 10), 1);
        }
    }
    end();
}

START_TEST(test_receive)
{
    check_receive(false, 0);
    check_receive(false, MRG | EVENT);
    check_receive(false, PACKED | EVENT);
    check_receive(true, 0);
    check_receive(true, MRG);
}
END_TEST

START_TEST(test_receive_merged)
{
    start(false, MRG | GUEST_CSUM | GUEST_TSO4 | EVENT);
    struct net_offload offload = {.needs_csum = true, .csum_start = 34,
                                  .csum_offset = 16, .gso = NET_GSO_TCP4,
                                  .gso_size = 1448};
    uint64_t pa = alloc(&g, 64 * 1500, 8);
    uint32_t length, total = 0;

    WAIT_FOR(atomic_load(&guest_can) == (NET_CAN_CSUM | NET_CAN_TSO4));
    fill_arrival(mac, 20000);
    for (unsigned i = 0; i < 20; i++) {
        struct segment s = {pa + 1500 * i, 1500, true};
        queue_add(&rx, &s, 1, false);
    }
    queue_kick(&rx);
    deliver(20000, offload, 0);
    for (unsigned i = 0; i < 14; i++) {
        ck_assert_uint_eq(queue_wait(&rx, &length), i);
        ck_assert_uint_eq(length, i < 13 ? 1500 : 20012 - 13 * 1500);
        total += length;
    }
    ck_assert_uint_eq(total, 20012);
    ck_assert(!queue_has_used(&rx));
    ck_assert_uint_eq(get16(&g, pa + 10), 14);
    ck_assert_uint_eq(*at(&g, pa), 1);
    ck_assert_uint_eq(*at(&g, pa + 1), 1);
    ck_assert_uint_eq(get16(&g, pa + 4), 1448);
    ck_assert_uint_eq(get16(&g, pa + 6), 34);
    ck_assert_uint_eq(get16(&g, pa + 8), 16);
    ck_assert(memcmp(at(&g, pa + 12), arrival, 20000) == 0);
    /* Six buffers are left: it waits for more. */
    deliver(20000, offload, 0);
    guest_settle(&g);
    ck_assert(!queue_has_used(&rx));
    for (unsigned i = 0; i < 8; i++) {
        struct segment s = {pa + 1500 * i, 1500, true};
        queue_add(&rx, &s, 1, false);
    }
    ck_assert(queue_wants_kick(&rx, 8));
    queue_kick(&rx);
    for (unsigned i = 0; i < 14; i++) {
        queue_wait(&rx, &length);
    }
    end();
}
END_TEST

START_TEST(test_receive_later)
{
    start(false, EVENT);
    uint64_t pa = alloc(&g, 2000, 8);
    struct segment s = {pa, 1900, true};
    uint32_t length;

    fill_arrival(mac, 100);
    for (uint8_t i = 0; i < 5; i++) {
        arrival[99] = i;
        deliver(100, plain, 0);
    }
    for (uint8_t i = 0; i < 5; i++) {
        queue_add(&rx, &s, 1, false);
        queue_kick(&rx);
        queue_wait(&rx, &length);
        ck_assert_uint_eq(length, 112);
        ck_assert_uint_eq(*at(&g, pa + 111), i);
    }
    end();
}
END_TEST

/* Buffers that can never do, and offloads that were not agreed to. */
START_TEST(test_receive_hostile)
{
    start(false, MRG);
    uint64_t pa = alloc(&g, 2000, 8);
    struct segment s = {pa, 1, true}, out = {pa, 1900, false};
    uint32_t length;

    fill_arrival(mac, 1000);
    for (int i = 0; i < 64; i++) {
        queue_add(&rx, &s, 1, false);
    }
    queue_kick(&rx);
    deliver(1000, plain, 0);
    guest_settle(&g);
    ck_assert(!queue_has_used(&rx));
    ck_assert(!net_has_backlog(&cable));
    end();

    start(false, 0);
    pa = alloc(&g, 2000, 8);
    s = (struct segment){pa, 500, true};
    out.pa = pa;
    queue_add(&rx, &out, 1, false);
    queue_kick(&rx);
    deliver(1000, plain, 0); /* nothing writable: never fits */
    struct net_offload tso = {.needs_csum = true, .gso = NET_GSO_TCP4};
    deliver(1000, tso, 0);
    ck_assert(!net_has_backlog(&cable));
    wr(&g, 0x70, 0);
    deliver(1000, plain, 0); /* no driver */
    ck_assert(!net_has_backlog(&cable));
    guest_negotiate(&g, V1);
    queue_setup(&rx, &g, 0, 16);
    guest_driver_ok(&g);
    s.length = 1012;
    queue_add(&rx, &s, 1, false);
    queue_kick(&rx);
    deliver(1000, plain, 0);
    queue_wait(&rx, &length);
    ck_assert_uint_eq(length, 1012);
    end();
}
END_TEST

/* Control ---------------------------------------------------------------- */

static uint8_t command(uint8_t class, uint8_t number, const void *data,
                       uint32_t length)
{
    uint64_t pa = alloc(&g, 16 + length, 8);
    struct segment s[] = {
        {pa, 2, false}, {pa + 8, length, false}, {pa + 4, 1, true}};

    at(&g, pa)[0] = class;
    at(&g, pa)[1] = number;
    at(&g, pa)[4] = 0xee;
    memcpy(at(&g, pa + 8), data, length);
    ck_assert_uint_eq(queue_do(&ctrl, s, 3, false), 1);
    return at(&g, pa)[4];
}

/* Is a frame to `to`, tagged for `vlan` unless that is 0, received? */
static bool receives(const char *to, unsigned vlan)
{
    uint64_t pa = alloc(&g, 2000, 8);
    struct segment s = {pa, 1900, true};
    uint32_t length;

    fill_arrival((const uint8_t *)to, 100);
    if (vlan) {
        arrival[12] = 0x81;
        arrival[13] = 0;
        arrival[14] = (uint8_t)(vlan >> 8);
        arrival[15] = (uint8_t)vlan;
    }
    if (rx.avail == rx.used) {
        queue_add(&rx, &s, 1, false);
        queue_kick(&rx);
    }
    deliver(100, plain, 0);
    bool result = queue_has_used(&rx);
    if (result) {
        queue_wait(&rx, &length);
    }
    return result;
}

#define OTHER "\x52\x54\0\0\0\1"
#define ALL "\xff\xff\xff\xff\xff\xff"
#define GROUP "\x33\x33\0\0\0\1"

START_TEST(test_filter)
{
    start(false, MRG | CTRL | STATUS);
    const char *own = (const char *)mac;
    uint8_t off = 0, on = 1;
    static const char table[] = "\1\0\0\0" OTHER "\1\0\0\0" GROUP;
    uint16_t vlan = 100;

    ck_assert(receives(OTHER, 0)); /* until told otherwise */
    ck_assert_uint_eq(command(0, 0, &off, 1), 0);
    ck_assert(!receives(OTHER, 0));
    ck_assert(receives(own, 0));
    ck_assert(receives(ALL, 0));
    ck_assert(!receives(GROUP, 0));
    ck_assert_uint_eq(command(1, 0, table, sizeof(table) - 1), 0);
    ck_assert(receives(OTHER, 0));
    ck_assert(receives(GROUP, 0));
    ck_assert_uint_eq(command(1, 0, "\0\0\0\0\0\0\0\0", 8), 0);
    ck_assert(!receives(GROUP, 0));
    ck_assert_uint_eq(command(0, 1, &on, 1), 0);
    ck_assert(receives(GROUP, 0));
    ck_assert_uint_eq(command(0, 5, &on, 1), 0);
    ck_assert(!receives(ALL, 0));
    ck_assert(!receives(own, 100));
    ck_assert_uint_eq(command(2, 0, &vlan, 2), 0);
    ck_assert(receives(own, 100));
    ck_assert_uint_eq(command(2, 1, &vlan, 2), 0);
    ck_assert(!receives(own, 100));
    ck_assert_uint_eq(command(1, 1, OTHER, 6), 0);
    ck_assert(receives(OTHER, 0));
    ck_assert(!receives(own, 0));
    ck_assert_uint_eq(config(&g, 5, 1), 1);
    wr(&g, 0x70, 0); /* and a reset brings its own back */
    ck_assert_uint_eq(config(&g, 5, 1), 0x56);
    end();
}
END_TEST

START_TEST(test_ctrl_hostile)
{
    start(false, MRG | CTRL);
    uint8_t table[1024] = {0xff, 0xff, 0xff, 0xff};
    uint8_t on = 1;
    uint16_t vlan = 4096;
    uint32_t length;

    ck_assert_uint_eq(command(1, 0, table, sizeof(table)), 1);
    ck_assert_uint_eq(command(1, 0, "\1\0\0\0" OTHER, 10), 1);
    ck_assert_uint_eq(command(1, 0, "", 0), 1);
    ck_assert_uint_eq(command(0, 6, &on, 1), 1);
    ck_assert_uint_eq(command(0, 0, &on, 0), 1);
    ck_assert_uint_eq(command(2, 0, &vlan, 2), 1);
    ck_assert_uint_eq(command(4, 0, "\1\0", 2), 1); /* no MQ */
    ck_assert_uint_eq(command(5, 0, "\0\0\0\0\0\0\0\0", 8), 1);
    ck_assert_uint_eq(command(77, 0, &on, 1), 1);
    memset(table, 0, sizeof(table));
    table[0] = 100; /* more than fit: all of them */
    ck_assert_uint_eq(command(1, 0, table, 4 + 600 + 4), 0);
    on = 0;
    command(0, 0, &on, 1);
    ck_assert(receives(OTHER, 0));
    uint64_t pa = alloc(&g, 16, 8);
    struct segment nothing[] = {{pa, 1, false}};
    queue_do(&ctrl, nothing, 1, false); /* nowhere to answer */
    struct segment answer[] = {{pa, 1, true}};
    length = queue_do(&ctrl, answer, 1, false);
    ck_assert_uint_eq(length, 1);
    ck_assert_uint_eq(*at(&g, pa), 1);
    wr(&g, 0x50, 3); /* no such queue */
    wr(&g, 0x50, 0xffffffff);
    end();
}
END_TEST

START_TEST(test_guest_offloads)
{
    start(false, MRG | CTRL | GUEST_OFFLOADS | GUEST_CSUM | GUEST_TSO4);
    uint64_t only_csum = GUEST_CSUM, none = 0, more = GUEST_TSO4 | BIT(8);

    ck_assert_uint_eq(command(5, 0, &only_csum, 8), 0);
    WAIT_FOR(atomic_load(&guest_can) == NET_CAN_CSUM);
    ck_assert_uint_eq(command(5, 0, &more, 8), 1);
    ck_assert_uint_eq(command(5, 0, &none, 8), 0);
    WAIT_FOR(atomic_load(&guest_can) == 0);
    end();
}
END_TEST

START_TEST(test_multiqueue)
{
    struct queue rx1, tx1;
    uint16_t pairs = 2, wrong = 3;
    uint32_t length;

    begin(false, 2);
    guest_negotiate(&g, V1 | CTRL | MQ);
    ck_assert_uint_eq(config(&g, 8, 2), 2);
    queue_setup(&rx, &g, 0, 16);
    queue_setup(&tx, &g, 1, 16);
    queue_setup(&rx1, &g, 2, 16);
    queue_setup(&tx1, &g, 3, 16);
    queue_setup(&ctrl, &g, 4, 16);
    guest_driver_ok(&g);
    header_size = 12;
    ck_assert_uint_eq(command(4, 0, &wrong, 2), 1);
    ck_assert_uint_eq(command(4, 0, &pairs, 2), 0);
    uint64_t pa = alloc(&g, 2000, 8);
    struct segment s = {pa, 1900, true};
    queue_add(&rx1, &s, 1, false);
    queue_kick(&rx1);
    fill_arrival(mac, 100);
    deliver(100, plain, 1);
    queue_wait(&rx1, &length);
    ck_assert_uint_eq(length, 112);
    s = (struct segment){make_frame(100, 3), 112, false};
    queue_do(&tx1, &s, 1, false);
    ck_assert_uint_eq(sent[0].queue, 1);
    end();
}
END_TEST

static void pull(void *opaque)
{
    net_set_link(opaque, false);
}

START_TEST(test_config)
{
    start(false, STATUS);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(config(&g, i, 1), mac[i]);
    }
    ck_assert_uint_eq(config(&g, 6, 2), 1);
    unsigned edges = atomic_load(&g.edges);
    loop_post(g.loop, pull, &cable);
    WAIT_FOR(config(&g, 6, 2) == 0);
    WAIT_FOR(atomic_load(&g.edges) == (int)edges + 1);
    end();

    struct virtio_net_config config = {.rx_queue_size = 100};
    struct error *err = NULL;
    guest_init(&g, false);
    struct virtio_host host = guest_host(&g, 0);
    ck_assert_ptr_null(virtio_net_create(&config, &host, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "rx_queue_size=100"));
    error_free(err);
    config.rx_queue_size = 1024; /* and a NIC without a cable */
    virtio_mmio_plug(g.slot, virtio_net_create(&config, &host, NULL));
    guest_start(&g);
    guest_negotiate(&g, V1);
    queue_setup(&tx, &g, 1, 16);
    guest_driver_ok(&g);
    header_size = 12;
    struct segment s = {make_frame(100, 3), 112, false};
    queue_do(&tx, &s, 1, false);
    end();
}
END_TEST

Suite *virtio_net_suite(void)
{
    Suite *suite = suite_create("virtio_net");
    TCase *tc = tcase_create("virtio_net");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_send);
    tcase_add_test(tc, test_send_offload);
    tcase_add_test(tc, test_send_full);
    tcase_add_test(tc, test_send_hostile);
    tcase_add_test(tc, test_reset_while_sending);
    tcase_add_test(tc, test_receive);
    tcase_add_test(tc, test_receive_merged);
    tcase_add_test(tc, test_receive_later);
    tcase_add_test(tc, test_receive_hostile);
    tcase_add_test(tc, test_filter);
    tcase_add_test(tc, test_ctrl_hostile);
    tcase_add_test(tc, test_guest_offloads);
    tcase_add_test(tc, test_multiqueue);
    tcase_add_test(tc, test_config);
    suite_add_tcase(suite, tc);
    return suite;
}
