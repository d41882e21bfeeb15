/* The kinds of network back end. */
#include <string.h>

#include "net/config.h"
#include "util/bits.h"

/* QEMU's older name for both. */
static struct net_client *socket_open(const struct net_config *config,
                                      struct net_context *context,
                                      struct error **err)
{
    bool datagrams = config->socket.kind == NET_SOCKET_UDP ||
                     config->socket.kind == NET_SOCKET_MCAST;

    return datagrams ? net_dgram_open(config, context, err)
                     : net_stream_open(config, context, err);
}

static const struct net_backend backends[] = {
#ifdef CONFIG_SLIRP
    {"user", "a network of its own behind NAT, with DHCP, DNS and TFTP",
     net_user_open},
#endif
    {"tap", "a network interface of the host (needs privileges)",
     net_tap_open},
    {"bridge", "a tap that a helper makes and adds to a bridge",
     net_tap_open},
    {"socket", "another guest, over TCP, UDP or multicast",
     socket_open},
    {"stream", "another guest, over a TCP or unix socket", net_stream_open},
    {"dgram", "another guest, in datagrams", net_dgram_open},
    {"hubport", "a port of a hub inside this process", net_hub_open},
};

const struct net_backend *net_backends(size_t *count)
{
    *count = ARRAY_SIZE(backends);
    return backends;
}

const struct net_backend *net_backend_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
        if (strcmp(backends[i].name, name) == 0) {
            return &backends[i];
        }
    }
    return NULL;
}

struct net_client *net_open(const struct net_config *config,
                            struct net_context *context, struct error **err)
{
    return config->backend->open(config, context, err);
}
