#include "ui/netdevs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/config.h"

/* A guestfwd and the character device behind it. */
struct guestfwd {
    struct guestfwd *next;
    struct net_stream *stream;
    struct chardev *chr;
};

struct netdevs {
    const struct machine_config *config;
    struct net_context context;
    struct net_client **clients; /* parallel to config->netdevs */
    struct net_dump **dumps;     /* parallel to config->net_dumps */
    struct guestfwd *guestfwds;
    struct chardev *(*find_chardev)(void *opaque, const char *id);
    void *opaque;
};

struct net_client *netdevs_find(const struct netdevs *n, const char *id)
{
    for (unsigned i = 0; i < n->config->netdev_count; i++) {
        if (n->clients[i] && strcmp(n->config->netdevs[i].id, id) == 0) {
            return n->clients[i];
        }
    }
    return NULL;
}

static struct net_client *find(void *opaque, const char *id)
{
    return netdevs_find(opaque, id);
}

/* guestfwd ------------------------------------------------------------- */

static size_t guestfwd_can_receive(void *device)
{
    struct guestfwd *g = device;

    return g->stream->can_receive(g->stream);
}

static void guestfwd_receive(void *device, const uint8_t *data,
                             size_t length)
{
    struct guestfwd *g = device;

    g->stream->receive(g->stream, data, length);
}

static const struct chardev_frontend guestfwd_frontend = {
    .can_receive = guestfwd_can_receive,
    .receive = guestfwd_receive,
};

static void guestfwd_write(void *opaque, const uint8_t *data, size_t length)
{
    struct guestfwd *g = opaque;

    chardev_write(g->chr, data, length);
}

static void guestfwd_resume(void *opaque)
{
    struct guestfwd *g = opaque;

    chardev_accept_input(g->chr);
}

static bool connect_chardev(void *opaque, const char *id,
                            struct net_stream *stream, struct error **err)
{
    struct netdevs *n = opaque;
    struct chardev *chr = n->find_chardev(n->opaque, id);

    if (!chr || chr->frontend) {
        error_set(err, "guestfwd: the character device '%s' %s", id,
                  chr ? "is in use already" : "does not exist");
        return false;
    }
    struct guestfwd *g = calloc(1, sizeof(*g));
    assert(g);
    g->next = n->guestfwds;
    n->guestfwds = g;
    g->stream = stream;
    g->chr = chr;
    stream->write = guestfwd_write;
    stream->resume = guestfwd_resume;
    stream->opaque = g;
    chardev_attach(chr, &guestfwd_frontend, g);
    return true;
}

/* All of them ---------------------------------------------------------- */

static bool open_clients(struct netdevs *n, struct error **err)
{
    for (unsigned i = 0; i < n->config->netdev_count; i++) {
        const struct net_config *config = &n->config->netdevs[i];
        n->clients[i] = net_open(config, &n->context, err);
        if (!n->clients[i]) {
            error_prepend(err, "-netdev %s,id=%s", config->backend->name,
                          config->id);
            return false;
        }
    }
    return true;
}

static bool open_dumps(struct netdevs *n, struct error **err)
{
    for (unsigned i = 0; i < n->config->net_dump_count; i++) {
        const struct net_dump_config *config = &n->config->net_dumps[i];
        n->dumps[i] =
            net_pcap_open(config, netdevs_find(n, config->netdev), err);
        if (!n->dumps[i]) {
            error_prepend(err, "-object filter-dump,id=%s", config->id);
            return false;
        }
    }
    return true;
}

struct netdevs *netdevs_open(const struct machine_config *config,
                             struct loop *loop,
                             struct chardev *(*find_chardev)(void *opaque,
                                                             const char *id),
                             void *opaque, struct error **err)
{
    struct netdevs *n = calloc(1, sizeof(*n));

    assert(n);
    n->config = config;
    n->context = (struct net_context){.loop = loop, .find = find,
                                      .connect = connect_chardev,
                                      .opaque = n};
    n->find_chardev = find_chardev;
    n->opaque = opaque;
    n->clients = calloc(config->netdev_count + 1, sizeof(*n->clients));
    n->dumps = calloc(config->net_dump_count + 1, sizeof(*n->dumps));
    assert(n->clients && n->dumps);
    if (!open_clients(n, err) || !open_dumps(n, err)) {
        netdevs_close(n);
        return NULL;
    }
    return n;
}

/* The words are QEMU's. */
void netdevs_warn_unused(const struct netdevs *n)
{
    for (unsigned i = 0; i < n->config->netdev_count; i++) {
        if (!n->clients[i]->nic) {
            error_report("warning: netdev %s has no peer",
                         n->clients[i]->id);
        }
    }
}

/* The last first: a hub's port holds on to what it joins. */
void netdevs_close(struct netdevs *n)
{
    if (!n) {
        return;
    }
    for (unsigned i = 0; i < n->config->net_dump_count; i++) {
        if (n->dumps[i]) {
            const char *id = n->config->net_dumps[i].netdev;
            net_pcap_close(n->dumps[i], netdevs_find(n, id));
        }
    }
    for (unsigned i = n->config->netdev_count; i-- > 0;) {
        net_close(n->clients[i]);
    }
    while (n->guestfwds) {
        struct guestfwd *next = n->guestfwds->next;
        free(n->guestfwds);
        n->guestfwds = next;
    }
    free(n->clients);
    free(n->dumps);
    free(n);
}
