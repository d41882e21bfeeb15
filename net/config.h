/*
 * Network back ends as the user asked for them: plain validated data.
 *
 * The command line is read into this (ui/options_net*.c); strings live as
 * long as the options.  Addresses are in network byte order, ports are not.
 */
#ifndef NET_CONFIG_H
#define NET_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/net.h"
#include "util/socket.h"

/* hostfwd=tcp:127.0.0.1:2222-10.0.2.15:22 */
struct net_hostfwd {
    const char *rule; /* as written, for messages */
    bool udp;
    struct in_addr host_address;  /* any: 0 */
    uint16_t host_port;           /* 0: one that is free */
    struct in_addr guest_address; /* 0: the first one DHCP gives out */
    uint16_t guest_port;
};

/* guestfwd=tcp:10.0.2.100:80-cmd:PROGRAM, or a character device. */
struct net_guestfwd {
    const char *rule;
    struct in_addr address; /* as the guest sees it */
    uint16_t port;
    const char *command; /* or */
    const char *chardev; /* id */
};

struct net_user_config {
    bool ipv4, ipv6, restricted;
    struct in_addr network, mask, host, dhcp_start, dns;
    struct in6_addr network6, host6, dns6;
    uint8_t prefix6;
    const char *hostname, *tftp, *tftp_server_name, *bootfile, *domain_name;
    const char **dns_search; /* NULL-terminated, or NULL */
    struct net_hostfwd *hostfwd;
    size_t hostfwd_count;
    struct net_guestfwd *guestfwd;
    size_t guestfwd_count;
};

struct net_tap_config {
    const char *ifname;              /* NULL: the kernel chooses */
    const char *script, *downscript; /* NULL: none */
    const char *helper;              /* makes the tap; NULL: we do */
    const char *bridge;              /* what the helper adds it to */
    int *fds;                        /* open already, one for each queue */
    unsigned queues;
    bool fds_given;
    bool offload; /* vnet_hdr=on */
};

/* Frames over a stream (each after its 32-bit length) or in datagrams. */
enum net_socket_kind {
    NET_SOCKET_CONNECT,
    NET_SOCKET_LISTEN,
    NET_SOCKET_UDP,
    NET_SOCKET_MCAST,
};

struct net_socket_config {
    enum net_socket_kind kind;
    int fd; /* open already, or -1 */
    struct socket_address address; /* to connect to or listen on; group */
    struct socket_address local;   /* udp: ours; mcast: the interface */
    unsigned reconnect_ms;         /* connect: try again after; 0: never */
};

struct net_backend;

/* One -netdev. */
struct net_config {
    const char *id;
    const struct net_backend *backend;
    union {
        struct net_user_config user;
        struct net_tap_config tap;
        struct net_socket_config socket;
        struct {
            unsigned id;
            const char *netdev; /* whom to be joined with, or NULL */
        } hub;
    };
};

/* -object filter-dump */
struct net_dump_config {
    const char *id, *netdev, *path;
    uint32_t max_length; /* bytes kept of each packet */
};

/* What back ends need of their surroundings. */
struct net_stream;
struct net_hub;
struct net_context {
    struct loop *loop;
    struct net_hub *hubs; /* all of them; starts as NULL */
    /* An open back end by its id; NULL when there is none. */
    struct net_client *(*find)(void *opaque, const char *id);
    /* Connect `stream`, which will live as long as its client, to a
     * character device (guestfwd). */
    bool (*connect)(void *opaque, const char *chardev,
                    struct net_stream *stream, struct error **err);
    void *opaque;
};

/* The guest's end of a guestfwd connection: bytes to it, bytes from it. */
struct net_stream {
    size_t (*can_receive)(struct net_stream *stream);
    void (*receive)(struct net_stream *stream, const uint8_t *data,
                    size_t length);
    /* Set by who connects it: */
    void (*write)(void *opaque, const uint8_t *data, size_t length);
    void (*resume)(void *opaque); /* can_receive() may have grown */
    void *opaque;
};

/* A kind of back end: one row of the table in net/backends.c. */
struct net_backend {
    const char *name;
    const char *help;
    struct net_client *(*open)(const struct net_config *config,
                               struct net_context *context,
                               struct error **err);
};

const struct net_backend *net_backends(size_t *count);
const struct net_backend *net_backend_find(const char *name);

/* Open what `config`, which outlives it, describes. */
struct net_client *net_open(const struct net_config *config,
                            struct net_context *context, struct error **err);

/* Write what passes `nc` to a file; `config` outlives it. */
struct net_dump *net_pcap_open(const struct net_dump_config *config,
                               struct net_client *nc, struct error **err);
void net_pcap_close(struct net_dump *dump, struct net_client *nc);

/* One file each. */
struct net_client *net_user_open(const struct net_config *config,
                                 struct net_context *context,
                                 struct error **err);
struct net_client *net_tap_open(const struct net_config *config,
                                struct net_context *context,
                                struct error **err);
struct net_client *net_stream_open(const struct net_config *config,
                                   struct net_context *context,
                                   struct error **err);
struct net_client *net_dgram_open(const struct net_config *config,
                                  struct net_context *context,
                                  struct error **err);
struct net_client *net_hub_open(const struct net_config *config,
                                struct net_context *context,
                                struct error **err);

/* -netdev user while it runs; no-ops that fail on other clients. */
bool net_user_hostfwd_add(struct net_client *nc, const struct net_hostfwd *f,
                          struct error **err);
bool net_user_hostfwd_remove(struct net_client *nc,
                             const struct net_hostfwd *f, struct error **err);
/* Number n with the port that was chosen; false when there are fewer. */
bool net_user_hostfwd_get(struct net_client *nc, size_t n,
                          struct net_hostfwd *f);

#endif
