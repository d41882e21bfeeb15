/*
 * What comes over a socket: frames from another program (-netdev stream,
 * dgram) and a terminal (-chardev socket, with and without telnet, with and
 * without the escape keys).  The first byte says which.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/config.h"
#include "tests/fuzz/targets/input.h"
#include "ui/chardev_backend.h"
#include "ui/chardev_mux.h"

static struct loop *loop;
static size_t room; /* bytes or packets that the front end takes */

static void stop(void *opaque)
{
    loop_stop(opaque, 0);
}

static void run_loop(void)
{
    for (unsigned i = 0; i < 2; i++) {
        loop_post(loop, stop, loop);
        loop_run(loop);
    }
}

/* A piece of the input; what the other side says is thrown away. */
static void feed(int fd, const uint8_t *bytes, size_t length)
{
    uint8_t sink[4096];

    (void)!send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    run_loop();
    while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0) {
        ;
    }
}

/* Networks ---------------------------------------------------------------- */

static bool receive_packet(void *device, const struct net_packet *packet)
{
    static uint8_t sink[NET_MAX_PACKET];

    (void)device;
    if (packet->length < 14 || packet->length > NET_MAX_PACKET) {
        abort();
    }
    if (!room) {
        return false;
    }
    room--;
    net_packet_copy(sink, packet);
    return true;
}

static const struct net_nic nic = {.receive = receive_packet};

static void network(struct input *in, int ours, int theirs, bool stream)
{
    struct net_config config = {
        .id = "n",
        .backend = net_backend_find(stream ? "stream" : "dgram"),
        .socket = {.kind = stream ? NET_SOCKET_CONNECT : NET_SOCKET_UDP,
                   .fd = ours},
    };
    struct net_context context = {.loop = loop};
    struct error *err = NULL;
    struct net_client *nc = stream ? net_stream_open(&config, &context, &err)
                                   : net_dgram_open(&config, &context, &err);

    if (!nc) {
        abort();
    }
    net_attach(nc, &nic, NULL);
    while (in_more(in)) {
        unsigned op = in_u8(in);
        size_t length = op & 1 ? in_u16(in) : in_u8(in);
        const uint8_t *bytes = in_bytes(in, &length);
        struct iovec iov = {(void *)bytes, length};
        struct net_packet packet = {.iov = &iov, .count = 1,
                                    .length = length};

        room = op >> 4;
        if (op & 2 && length >= 14) {
            net_send(nc, &packet);
        } else {
            feed(theirs, bytes, length);
        }
        room = 4;
        net_resume(nc);
        run_loop();
    }
    close(theirs);
    run_loop();
    net_detach(nc);
    net_close(nc);
}

/* Terminals ---------------------------------------------------------------- */

static size_t can_receive(void *device)
{
    (void)device;
    return room;
}

static void receive_bytes(void *device, const uint8_t *data, size_t length)
{
    (void)device;
    (void)data;
    if (length > room) {
        abort();
    }
    room -= length;
}

static void on_event(void *device, enum chardev_event event)
{
    (void)device;
    (void)event;
}

static const struct chardev_frontend frontend = {can_receive, receive_bytes,
                                                 on_event};

static void on_quit(void *opaque)
{
    (void)opaque;
}

static char *on_explain(void *opaque)
{
    (void)opaque;
    return strdup("nothing\n");
}

static void terminal(struct input *in, int ours, int theirs, bool telnet,
                     bool mux)
{
    static const struct chardev_mux_calls calls = {on_quit, on_explain};
    struct chardev_config config = {
        .id = "c", .server = true, .telnet = telnet, .has_fd = true,
        .fd = ours,
    };
    struct error *err = NULL;
    struct chardev *chr = chardev_socket_open(&config, loop, &err);

    if (!chr) {
        abort();
    }
    if (mux) {
        chr = chardev_mux_new(chr, loop, 1, &calls, NULL);
    }
    chardev_attach(chr, &frontend, NULL);
    while (in_more(in)) {
        unsigned op = in_u8(in);
        size_t length = in_u8(in);
        const uint8_t *bytes = in_bytes(in, &length);

        room = op >> 2;
        if (op & 1) {
            chardev_write(chr, bytes, length);
        } else {
            feed(theirs, bytes, length);
        }
        if (op & 2) {
            room = 64;
            chardev_accept_input(chr);
        }
        run_loop();
    }
    close(theirs);
    run_loop();
    chardev_close(chr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    unsigned form = in_u8(&in);
    bool datagrams = form % 4 == 1;
    int pair[2];

    if (socketpair(AF_UNIX, datagrams ? SOCK_DGRAM : SOCK_STREAM, 0, pair)) {
        abort();
    }
    loop = loop_new();
    if (form % 4 < 2) {
        network(&in, pair[0], pair[1], !datagrams);
    } else {
        terminal(&in, pair[0], pair[1], form % 4 == 2, form & 4);
    }
    run_loop();
    loop_free(loop);
    return 0;
}
