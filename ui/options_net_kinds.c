/* -netdev tap, bridge, socket, stream, dgram, hubport: their properties. */
#include "ui/options_parse.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/config.h"
#include "util/bits.h"

#define MAX_TAP_QUEUES 16
#define DEFAULT_SCRIPT "/etc/qemu-ifup"
#define DEFAULT_DOWNSCRIPT "/etc/qemu-ifdown"

/* tap, bridge ---------------------------------------------------------- */

/* "no" or "" is none; without the key the usual one, if it is there. */
static const char *read_script(struct keyval *kv, const char *key,
                               const char *usual)
{
    const char *script = keyval_get(kv, key);

    if (!script) {
        return access(usual, X_OK) == 0 ? usual : NULL;
    }
    return !*script || strcmp(script, "no") == 0 ? NULL : script;
}

/* "3" or "3:4:5" */
static bool read_fds(struct keyval *kv, const char *key,
                     struct net_tap_config *tap, struct error **err)
{
    const char *text = keyval_get(kv, key), *at = text;

    if (!text) {
        return true;
    }
    tap->queues = 0;
    tap->fds_given = true;
    tap->fds = calloc(MAX_TAP_QUEUES, sizeof(*tap->fds));
    assert(tap->fds);
    while (at) {
        char *end;
        long fd = strtol(at, &end, 10);
        if (end == at || (*end && *end != ':') || fd < 0 || fd > INT32_MAX ||
            tap->queues == MAX_TAP_QUEUES) {
            error_set(err, "%s=%s: expected numbers of open descriptors",
                      key, text);
            return false;
        }
        tap->fds[tap->queues++] = (int)fd;
        at = *end ? end + 1 : NULL;
    }
    return true;
}

static bool refuse_vhost(struct keyval *kv, struct error **err)
{
    bool vhost = false;

    if (!keyval_bool(kv, "vhost", &vhost, err)) {
        return false;
    }
    bool force = keyval_get(kv, "vhostforce"), fd = keyval_get(kv, "vhostfd");
    keyval_get(kv, "poll-us");
    if (vhost || fd || keyval_get(kv, "vhostfds") || (force && vhost)) {
        error_set(err, "vhost=on lets the kernel work on the guest's "
                       "queues, which is for guests that it runs itself; "
                       "leave it out");
        return false;
    }
    return true;
}

static const char *find_helper(void)
{
    static const char *const paths[] = {
        "/usr/lib/qemu/qemu-bridge-helper",
        "/usr/libexec/qemu-bridge-helper",
        "/usr/local/libexec/qemu-bridge-helper",
    };

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        if (access(paths[i], X_OK) == 0) {
            return paths[i];
        }
    }
    return paths[0];
}

static bool read_tap(struct parse *p, struct keyval *kv,
                     struct net_config *config, struct error **err)
{
    struct net_tap_config *tap = &config->tap;
    uint64_t queues = 1;

    (void)p;
    *tap = (struct net_tap_config){.queues = 1, .offload = true};
    tap->ifname = keyval_get(kv, "ifname");
    tap->helper = keyval_get(kv, "helper");
    tap->bridge = keyval_get(kv, "br");
    keyval_get(kv, "sndbuf");
    if (!keyval_uint(kv, "queues", MAX_TAP_QUEUES, &queues, err) ||
        !keyval_bool(kv, "vnet_hdr", &tap->offload, err) ||
        !refuse_vhost(kv, err)) {
        return false;
    }
    tap->queues = queues ? (unsigned)queues : 1;
    if (!read_fds(kv, "fd", tap, err) || !read_fds(kv, "fds", tap, err)) {
        return false;
    }
    if (strcmp(config->backend->name, "bridge") == 0 && !tap->helper) {
        tap->helper = find_helper();
    }
    if (!tap->bridge) {
        tap->bridge = "br0";
    }
    if (tap->ifname && strlen(tap->ifname) > 15) {
        error_set(err, "ifname=%s: an interface's name has at most 15 "
                       "characters", tap->ifname);
        return false;
    }
    if (!tap->fds_given && !tap->helper) {
        tap->script = read_script(kv, "script", DEFAULT_SCRIPT);
        tap->downscript = read_script(kv, "downscript", DEFAULT_DOWNSCRIPT);
    }
    return true;
}

/* socket, stream, dgram ------------------------------------------------ */

static bool read_fd(struct keyval *kv, const char *key, int *fd,
                    struct error **err)
{
    uint64_t value = 0;

    if (!keyval_uint(kv, key, INT32_MAX, &value, err)) {
        return false;
    }
    *fd = keyval_get(kv, key) ? (int)value : -1;
    return true;
}

static bool read_socket(struct parse *p, struct keyval *kv,
                        struct net_config *config, struct error **err)
{
    static const struct {
        const char *key;
        enum net_socket_kind kind;
    } kinds[] = {
        {"listen", NET_SOCKET_LISTEN}, {"connect", NET_SOCKET_CONNECT},
        {"mcast", NET_SOCKET_MCAST},   {"udp", NET_SOCKET_UDP},
    };
    struct net_socket_config *s = &config->socket;
    const char *address = NULL, *local = keyval_get(kv, "localaddr");
    unsigned given = 0;

    if (!read_fd(kv, "fd", &s->fd, err)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const char *text = keyval_get(kv, kinds[i].key);
        if (text) {
            given++;
            address = text;
            s->kind = kinds[i].kind;
        }
    }
    if (given + (s->fd >= 0) != 1) {
        error_set(err, "exactly one of listen=, connect=, mcast=, udp= or "
                       "fd= is required");
        return false;
    }
    if (address && !parse_host_port(p, address, strlen(address),
                                    &s->address.host, &s->address.port,
                                    err)) {
        return false;
    }
    if (s->kind == NET_SOCKET_UDP && address && !local) {
        error_set(err, "udp= needs localaddr=HOST:PORT, where to receive");
        return false;
    }
    if (s->kind == NET_SOCKET_UDP && local) {
        return parse_host_port(p, local, strlen(local), &s->local.host,
                               &s->local.port, err);
    }
    s->local.host = local;
    return true;
}

/* PREFIX.type=inet|unix|fd and what belongs to each. */
static bool read_socket_address(struct keyval *kv, const char *prefix,
                                struct socket_address *address, int *fd,
                                struct error **err)
{
    static const char *const types[] = {"inet", "unix", "fd", NULL};
    const char *values[6];
    static const char *const keys[] = {"type", "host", "port", "path", "str"};
    char key[32];
    unsigned type = 0;

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        snprintf(key, sizeof(key), "%s.%s", prefix, keys[i]);
        values[i] = keyval_get(kv, key);
    }
    *fd = -1;
    snprintf(key, sizeof(key), "%s.type", prefix);
    if (!keyval_enum(kv, key, types, &type, err)) {
        return false;
    }
    *address = (struct socket_address){0};
    if (type == 2) {
        snprintf(key, sizeof(key), "%s.str", prefix);
        return read_fd(kv, key, fd, err);
    }
    if (type == 1) {
        address->path = values[3];
    } else {
        address->host = values[1];
        address->port = values[2];
    }
    if (type == 1 ? !address->path : !address->port) {
        error_set(err, "%s.%s= is missing", prefix,
                  type == 1 ? "path" : "port");
        return false;
    }
    return true;
}

static bool read_stream(struct parse *p, struct keyval *kv,
                        struct net_config *config, struct error **err)
{
    struct net_socket_config *s = &config->socket;
    uint64_t seconds = 0, ms = 0;
    bool server = false;

    (void)p;
    if (!keyval_get(kv, "addr.type")) {
        error_set(err, "addr.type= is missing (inet, unix or fd)");
        return false;
    }
    if (!read_socket_address(kv, "addr", &s->address, &s->fd, err) ||
        !keyval_bool(kv, "server", &server, err) ||
        !keyval_uint(kv, "reconnect", 1000000, &seconds, err) ||
        !keyval_uint(kv, "reconnect-ms", 1000000000, &ms, err)) {
        return false;
    }
    s->kind = server ? NET_SOCKET_LISTEN : NET_SOCKET_CONNECT;
    s->reconnect_ms = (unsigned)(ms ? ms : seconds * 1000);
    if (server && s->reconnect_ms) {
        error_set(err, "reconnect= is for connecting, and server=on waits "
                       "to be connected to");
        return false;
    }
    return true;
}

static bool read_dgram(struct parse *p, struct keyval *kv,
                       struct net_config *config, struct error **err)
{
    struct net_socket_config *s = &config->socket;
    bool local = keyval_get(kv, "local.type");
    bool remote = keyval_get(kv, "remote.type");
    struct in_addr group;

    (void)p;
    s->fd = -1;
    if (!local && !remote) {
        error_set(err, "local.type= or remote.type= is missing");
        return false;
    }
    int unused;
    if ((local &&
         !read_socket_address(kv, "local", &s->local, &s->fd, err)) ||
        (remote &&
         !read_socket_address(kv, "remote", &s->address, &unused, err))) {
        return false;
    }
    s->kind = NET_SOCKET_UDP;
    if (s->address.host && inet_aton(s->address.host, &group) &&
        IN_MULTICAST(ntohl(group.s_addr))) {
        s->kind = NET_SOCKET_MCAST;
    } else if (s->fd < 0 && !(local && remote)) {
        error_set(err, "needs both local.* and remote.*, unless remote.host "
                       "is a multicast group");
        return false;
    } else if (s->fd < 0 && !s->local.path != !s->address.path) {
        error_set(err, "local.type= and remote.type= differ");
        return false;
    }
    return true;
}

static bool read_hubport(struct parse *p, struct keyval *kv,
                         struct net_config *config, struct error **err)
{
    uint64_t id = 0;

    (void)p;
    if (!keyval_get(kv, "hubid")) {
        error_set(err, "hubid= is missing");
        return false;
    }
    config->hub.netdev = keyval_get(kv, "netdev");
    if (!keyval_uint(kv, "hubid", UINT32_MAX, &id, err)) {
        return false;
    }
    config->hub.id = (unsigned)id;
    return true;
}

/* The table ------------------------------------------------------------ */

static const struct {
    const char *name;
    bool (*read)(struct parse *p, struct keyval *kv,
                 struct net_config *config, struct error **err);
} readers[] = {
    {"user", options_read_net_user}, {"tap", read_tap},
    {"bridge", read_tap},            {"socket", read_socket},
    {"stream", read_stream},         {"dgram", read_dgram},
    {"hubport", read_hubport},
};

bool options_read_netdev(struct parse *p, struct keyval *kv,
                         struct net_config *config, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        if (strcmp(readers[i].name, config->backend->name) == 0) {
            return readers[i].read(p, kv, config, err) &&
                   keyval_check(kv, err);
        }
    }
    abort();
}

void options_free_netdev(struct net_config *config)
{
    const char *name = config->backend->name;

    if (strcmp(name, "user") == 0) {
        free(config->user.hostfwd);
        free(config->user.guestfwd);
        free(config->user.dns_search);
    } else if (strcmp(name, "tap") == 0 || strcmp(name, "bridge") == 0) {
        free(config->tap.fds);
    }
}
