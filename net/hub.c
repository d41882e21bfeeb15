/*
 * A hub: what comes in at one port goes out at all others (-net, hubport).
 *
 * A port is a client, to which a NIC attaches, or, with netdev=, the other
 * end of that back end's cable, which it occupies as a NIC would.
 */
#include <assert.h>
#include <stdlib.h>

#include "net/config.h"
#include "util/bits.h"

struct net_hub {
    struct net_hub *next;
    unsigned id;
    struct hub_port *ports;
};

struct hub_port {
    struct net_client nc;
    struct hub_port *next;
    struct net_context *context;
    struct net_hub *hub;
    struct net_client *joined; /* netdev=, or NULL */
};

static void spread(struct hub_port *from, const struct net_packet *packet)
{
    for (struct hub_port *p = from->hub->ports; p; p = p->next) {
        if (p == from) {
            continue;
        }
        if (p->joined) {
            net_send(p->joined, packet);
        } else {
            net_deliver(&p->nc, packet);
        }
    }
}

static void hub_send(struct net_client *nc, const struct net_packet *packet)
{
    spread(container_of(nc, struct hub_port, nc), packet);
}

static bool joined_receive(void *device, const struct net_packet *packet)
{
    spread(device, packet);
    return true;
}

static const struct net_nic joined_nic = {.receive = joined_receive};

static void hub_free(struct net_context *context, struct net_hub *hub)
{
    struct net_hub **link = &context->hubs;

    while (*link != hub) {
        link = &(*link)->next;
    }
    *link = hub->next;
    free(hub);
}

static void hub_close(struct net_client *nc)
{
    struct hub_port *port = container_of(nc, struct hub_port, nc);
    struct hub_port **link = &port->hub->ports;

    while (*link != port) {
        link = &(*link)->next;
    }
    *link = port->next;
    if (port->joined) {
        net_detach(port->joined);
    }
    if (!port->hub->ports) {
        hub_free(port->context, port->hub);
    }
    free(port);
}

static const struct net_ops hub_ops = {
    .send = hub_send,
    .close = hub_close,
};

static struct net_hub *hub_find(struct net_context *context, unsigned id)
{
    struct net_hub *hub = context->hubs;

    while (hub && hub->id != id) {
        hub = hub->next;
    }
    if (!hub) {
        hub = calloc(1, sizeof(*hub));
        assert(hub);
        hub->id = id;
        hub->next = context->hubs;
        context->hubs = hub;
    }
    return hub;
}

struct net_client *net_hub_open(const struct net_config *config,
                                struct net_context *context,
                                struct error **err)
{
    struct net_client *joined = NULL;

    if (config->hub.netdev) {
        joined = context->find(context->opaque, config->hub.netdev);
        if (!joined) {
            error_set(err, "there is no -netdev with the id '%s' before it",
                      config->hub.netdev);
            return NULL;
        }
        if (joined->nic) {
            error_set(err, "'%s' is in use already", joined->id);
            return NULL;
        }
    }
    struct hub_port *port = calloc(1, sizeof(*port));
    assert(port);
    net_client_init(&port->nc, &hub_ops, "hubport", config->id);
    port->context = context;
    port->hub = hub_find(context, config->hub.id);
    port->next = port->hub->ports;
    port->hub->ports = port;
    port->joined = joined;
    if (joined) {
        net_attach(joined, &joined_nic, port);
    }
    return &port->nc;
}
