/*
 * The two ends of the traffic test: built for the host and, static, for the
 * guest.
 *
 *   traffic serve HOST PORT           echo by TCP and UDP on PORT; streams
 *                                     on PORT+1; until it is told to stop
 *   traffic clients HOST PORT N M     N connections, M at a time
 *   traffic crowd HOST PORT N M       the same by another name
 *   traffic udp HOST PORT N           N datagrams, one after another
 *   traffic latency HOST PORT N       N round trips of one byte
 *   traffic send HOST PORT BYTES      a stream to the server, with its sum
 *   traffic receive HOST PORT BYTES   and from it
 *   traffic stop HOST PORT            end the server
 *
 * Results are lines "FIGURE NAME VALUE"; a byte that is lost or wrong ends
 * the program with status 1 and a sentence.  Stream bytes depend on where
 * they are, and a sum over all of them goes with them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (128 * 1024)
#define MAX_SOCKETS 1200
#define MAX_MESSAGE 4096
#define DATAGRAM 1400
#define PATIENCE_MS 20000

static void die(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "traffic: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(1);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Sockets -------------------------------------------------------------- */

static struct sockaddr_in address_of(const char *host, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};

    if (!inet_aton(host, &address.sin_addr)) {
        die("'%s' is no address", host);
    }
    return address;
}

static int connected(const char *host, int port, int type)
{
    struct sockaddr_in address = address_of(host, port);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

    if (fd < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        die("cannot connect to %s:%d: %s", host, port, strerror(errno));
    }
    if (type == SOCK_STREAM) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    }
    return fd;
}

static int bound(const char *host, int port, int type)
{
    struct sockaddr_in address = address_of(host, port);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
        (type == SOCK_STREAM && listen(fd, 1024))) {
        die("cannot serve port %d: %s", port, strerror(errno));
    }
    return fd;
}

static void send_all(int fd, const void *data, size_t size)
{
    const char *at = data;

    while (size) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            die("send: %s", strerror(errno));
        }
        if (n > 0) {
            at += n;
            size -= (size_t)n;
        }
    }
}

static size_t receive_up_to(int fd, void *data, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = recv(fd, (char *)data + done, size - done, 0);
        if (n < 0 && errno != EINTR) {
            die("recv: %s", strerror(errno));
        }
        if (n == 0) {
            break;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return done;
}

/* Streams -------------------------------------------------------------- */

struct order {
    uint64_t send; /* or receive */
    uint64_t bytes;
};

/* One period of the stream and a bit, so that a chunk may begin anywhere in
 * it; the period is no multiple of any buffer's size. */
#define PERIOD 65521
static uint64_t stream_words[(PERIOD + CHUNK) / 8 + 1];

static void make_stream(void)
{
    uint8_t *bytes = (uint8_t *)stream_words;
    uint32_t x = 1;

    for (size_t i = 0; i < sizeof(stream_words); i++) {
        if (i < PERIOD) {
            x = x * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(x >> 24);
        } else {
            bytes[i] = bytes[i - PERIOD];
        }
    }
}

static const uint8_t *stream_at(uint64_t offset)
{
    return (const uint8_t *)stream_words + offset % PERIOD;
}

/* Chunks are added up as words; which chunk it was counts, too. */
static uint64_t sum_chunk(uint64_t sum, const uint8_t *data, size_t size)
{
    uint64_t part = 0, word = 0;

    for (size_t i = 0; i + 8 <= size; i += 8) {
        memcpy(&word, data + i, 8);
        part += word;
    }
    for (size_t i = size - size % 8; i < size; i++) {
        part += data[i];
    }
    return (sum ^ part) * 0x9e3779b97f4a7c15;
}

static void send_stream(int fd, uint64_t bytes)
{
    uint64_t sum = 0;

    for (uint64_t done = 0; done < bytes;) {
        size_t n = bytes - done < CHUNK ? bytes - done : CHUNK;
        sum = sum_chunk(sum, stream_at(done), n);
        send_all(fd, stream_at(done), n);
        done += n;
    }
    send_all(fd, &sum, sizeof(sum));
}

static void receive_stream(int fd, uint64_t bytes)
{
    static uint8_t data[CHUNK];
    uint64_t sum = 0, expected;

    for (uint64_t done = 0; done < bytes;) {
        size_t n = bytes - done < CHUNK ? bytes - done : CHUNK;
        if (receive_up_to(fd, data, n) != n) {
            die("stream ended within the %zu bytes at %llu of %llu", n,
                (unsigned long long)done, (unsigned long long)bytes);
        }
        if (memcmp(data, stream_at(done), n) != 0) {
            die("wrong bytes in the %zu at %llu", n,
                (unsigned long long)done);
        }
        sum = sum_chunk(sum, data, n);
        done += n;
    }
    if (receive_up_to(fd, &expected, 8) != 8 || sum != expected) {
        die("wrong sum at the end of the stream");
    }
}

static void stream(const char *host, int port, bool send, uint64_t bytes)
{
    struct order order = {!send, bytes};
    int fd = connected(host, port + 1, SOCK_STREAM);
    double start = seconds();
    char verdict;

    make_stream();
    send_all(fd, &order, sizeof(order));
    if (send) {
        send_stream(fd, bytes);
        if (receive_up_to(fd, &verdict, 1) != 1) {
            die("the receiver did not like the stream");
        }
    } else {
        receive_stream(fd, bytes);
    }
    printf("FIGURE %s %.1f\n", send ? "send" : "receive",
           (double)bytes / (1 << 20) / (seconds() - start));
}

static void serve_stream(int fd)
{
    struct order order;

    if (receive_up_to(fd, &order, sizeof(order)) != sizeof(order)) {
        die("no order came");
    }
    make_stream();
    if (order.send) {
        send_stream(fd, order.bytes);
    } else {
        receive_stream(fd, order.bytes);
        send_all(fd, "y", 1);
    }
}

/* The server ----------------------------------------------------------- */

static struct pollfd polled[MAX_SOCKETS];
static int poll_count;

static void watch(int fd)
{
    if (poll_count == MAX_SOCKETS) {
        die("more than %d connections", MAX_SOCKETS);
    }
    polled[poll_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* Returns false when the peer has gone. */
static bool echo(int fd)
{
    char data[MAX_MESSAGE];
    ssize_t n = recv(fd, data, sizeof(data), 0);

    if (n <= 0) {
        close(fd);
        return false;
    }
    send_all(fd, data, (size_t)n);
    return true;
}

/* Returns false when told to stop. */
static bool echo_datagram(int fd)
{
    char data[DATAGRAM];
    struct sockaddr_in from;
    socklen_t length = sizeof(from);
    ssize_t n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from,
                         &length);

    if (n >= 0) {
        sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, length);
    }
    return n != 4 || memcmp(data, "stop", 4) != 0;
}

static void take_stream(int listener)
{
    int fd = accept(listener, NULL, NULL);

    if (fd >= 0 && fork() == 0) {
        serve_stream(fd);
        exit(0);
    }
    close(fd);
}

static void serve(const char *host, int port)
{
    signal(SIGCHLD, SIG_IGN);
    watch(bound(host, port, SOCK_DGRAM));
    watch(bound(host, port, SOCK_STREAM));
    watch(bound(host, port + 1, SOCK_STREAM));
    printf("SERVING\n");
    fflush(stdout);
    for (;;) {
        poll(polled, (nfds_t)poll_count, -1);
        if (polled[0].revents && !echo_datagram(polled[0].fd)) {
            return;
        }
        for (int i = poll_count - 1; i >= 3; i--) {
            if (polled[i].revents && !echo(polled[i].fd)) {
                polled[i] = polled[--poll_count];
            }
        }
        if (polled[1].revents) {
            int fd = accept(polled[1].fd, NULL, NULL), one = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
            watch(fd);
        }
        if (polled[2].revents) {
            take_stream(polled[2].fd);
        }
    }
}

/* Clients -------------------------------------------------------------- */

static void fill_message(uint8_t *data, size_t size, unsigned seed)
{
    uint32_t x = seed * 2654435761u + 1;

    for (size_t i = 0; i < size; i++) {
        x = x * 1664525 + 1013904223;
        data[i] = (uint8_t)(x >> 24);
    }
}

static void wait_for(int fd, const char *what, unsigned which)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (poll(&p, 1, PATIENCE_MS) != 1) {
        die("%s %u: no answer in %d s", what, which, PATIENCE_MS / 1000);
    }
}

/* `at_once` connections are open together, each speaks once. */
static void clients(const char *name, const char *host, int port,
                    unsigned count, unsigned at_once)
{
    static uint8_t sent[MAX_MESSAGE], got[MAX_MESSAGE];
    int fds[MAX_SOCKETS];
    double start = seconds();

    if (!at_once || at_once > MAX_SOCKETS) {
        die("1 to %d connections at a time", MAX_SOCKETS);
    }
    for (unsigned first = 0; first < count; first += at_once) {
        unsigned n = count - first < at_once ? count - first : at_once;
        for (unsigned i = 0; i < n; i++) {
            fds[i] = connected(host, port, SOCK_STREAM);
            size_t size = 1 + (first + i) * 37 % MAX_MESSAGE;
            fill_message(sent, size, first + i);
            send_all(fds[i], sent, size);
        }
        for (unsigned i = 0; i < n; i++) {
            size_t size = 1 + (first + i) * 37 % MAX_MESSAGE;
            fill_message(sent, size, first + i);
            wait_for(fds[i], "connection", first + i);
            if (receive_up_to(fds[i], got, size) != size ||
                memcmp(sent, got, size) != 0) {
                die("connection %u: another answer", first + i);
            }
            close(fds[i]);
        }
    }
    printf("FIGURE %s %.0f\n", name, count / (seconds() - start));
}

static void udp(const char *host, int port, unsigned count)
{
    static uint8_t sent[DATAGRAM], got[DATAGRAM];
    int fd = connected(host, port, SOCK_DGRAM);
    double start = seconds();

    for (unsigned i = 0; i < count; i++) {
        size_t size = 5 + i * 37 % (DATAGRAM - 5);
        fill_message(sent, size, i);
        send_all(fd, sent, size);
        wait_for(fd, "datagram", i);
        if (recv(fd, got, sizeof(got), 0) != (ssize_t)size ||
            memcmp(sent, got, size) != 0) {
            die("datagram %u: another answer", i);
        }
    }
    printf("FIGURE udp %.0f\n", count / (seconds() - start));
}

static void latency(const char *host, int port, unsigned count)
{
    int fd = connected(host, port, SOCK_STREAM);
    double start = seconds();
    char byte = 'x';

    for (unsigned i = 0; i < count; i++) {
        send_all(fd, &byte, 1);
        wait_for(fd, "round trip", i);
        if (receive_up_to(fd, &byte, 1) != 1 || byte != 'x') {
            die("round trip %u: another answer", i);
        }
    }
    printf("FIGURE latency %.0f\n", count / (seconds() - start));
}

int main(int argc, char **argv)
{
    const char *verb = argc > 3 ? argv[1] : "", *host = argv[2];
    int port = argc > 3 ? atoi(argv[3]) : 0;
    unsigned long long n = argc > 4 ? strtoull(argv[4], NULL, 0) : 0;

    if (!strcmp(verb, "serve")) {
        serve(host, port);
    } else if ((!strcmp(verb, "clients") || !strcmp(verb, "crowd")) &&
               argc > 5) {
        clients(verb, host, port, (unsigned)n, (unsigned)atoi(argv[5]));
    } else if (!strcmp(verb, "udp") && n) {
        udp(host, port, (unsigned)n);
    } else if (!strcmp(verb, "latency") && n) {
        latency(host, port, (unsigned)n);
    } else if ((!strcmp(verb, "send") || !strcmp(verb, "receive")) && n) {
        stream(host, port, verb[0] == 's', n);
    } else if (!strcmp(verb, "stop")) {
        send_all(connected(host, port, SOCK_DGRAM), "stop", 4);
    } else {
        fprintf(stderr, "usage: see the head of tests/boot/traffic.c\n");
        return 2;
    }
    return 0;
}
