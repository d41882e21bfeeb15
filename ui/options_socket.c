/*
 * Character devices that are sockets, and the short form of -serial and its
 * relatives: "tcp:HOST:PORT,server=on" is "socket,host=HOST,port=PORT,...".
 */
#include "ui/options_parse.h"

#include <stdio.h>
#include <string.h>

#include "util/bits.h"

bool parse_host_port(struct parse *p, const char *text, size_t length,
                     const char **host, const char **port, struct error **err)
{
    const char *end = text + length, *colon = end;

    while (colon > text && *--colon != ':') {
    }
    if (colon == end || *colon != ':') {
        error_set(err, "'%.*s': expected HOST:PORT", (int)length, text);
        return false;
    }
    const char *from = text, *to = colon;
    if (to - from >= 2 && *from == '[' && to[-1] == ']') {
        from++;
        to--;
    }
    *host = to > from ? parse_copy(p, from, (size_t)(to - from)) : NULL;
    colon++;
    *port = end > colon ? parse_copy(p, colon, (size_t)(end - colon)) : NULL;
    return true;
}

/* Properties ----------------------------------------------------------- */

/* What QEMU has and we do not; named, so that nobody searches a typo. */
static bool refuse(struct keyval *kv, struct error **err)
{
    static const char *const missing[] = {
        "websocket", "tn3270", "tls-creds", "tls-authz", NULL};
    bool on = false;

    for (size_t i = 0; missing[i]; i++) {
        const char *value = keyval_get(kv, missing[i]);
        if (value && !(parse_bool(value, &on) && !on)) {
            error_set(err, "%s= is not supported yet", missing[i]);
            return false;
        }
    }
    return true;
}

static bool read_families(struct keyval *kv, struct socket_address *address,
                          struct error **err)
{
    bool v4 = true, v6 = true;
    const char *ipv4 = keyval_get(kv, "ipv4"), *ipv6 = keyval_get(kv, "ipv6");

    if (!keyval_bool(kv, "ipv4", &v4, err) ||
        !keyval_bool(kv, "ipv6", &v6, err)) {
        return false;
    }
    /* One that is asked for excludes the other. */
    address->no_ipv4 = !v4 || (ipv6 && v6 && !ipv4);
    address->no_ipv6 = !v6 || (ipv4 && v4 && !ipv6);
    return true;
}

static bool read_address(struct keyval *kv, struct chardev_config *config,
                         struct error **err)
{
    struct socket_address *address = &config->address;
    uint64_t to = 0, fd = 0;

    address->path = keyval_get(kv, "path");
    address->host = keyval_get(kv, "host");
    address->port = keyval_get(kv, "port");
    config->has_fd = keyval_get(kv, "fd") != NULL;
    if (!keyval_uint(kv, "to", UINT16_MAX, &to, err) ||
        !keyval_uint(kv, "fd", INT32_MAX, &fd, err) ||
        !read_families(kv, address, err)) {
        return false;
    }
    address->to = (unsigned)to;
    config->fd = (int)fd;
    if (address->path || config->has_fd || address->port) {
        return true;
    }
    error_set(err, "needs host= and port=, or path=, or fd=");
    return false;
}

bool options_read_socket(struct keyval *kv, struct chardev_config *config,
                         struct error **err)
{
    uint64_t seconds = 0, ms = 0;
    bool delay = true, nodelay = false;

    config->wait = true;
    if (!refuse(kv, err) || !read_address(kv, config, err) ||
        !keyval_bool(kv, "server", &config->server, err) ||
        !keyval_bool(kv, "wait", &config->wait, err) ||
        !keyval_bool(kv, "telnet", &config->telnet, err) ||
        !keyval_bool(kv, "delay", &delay, err) ||
        !keyval_bool(kv, "nodelay", &nodelay, err) ||
        !keyval_uint(kv, "reconnect", 1000000, &seconds, err) ||
        !keyval_uint(kv, "reconnect-ms", 1000000000, &ms, err)) {
        return false;
    }
    config->nodelay = nodelay || !delay;
    config->reconnect_ms = (unsigned)(ms ? ms : seconds * 1000);
    config->wait = config->wait && config->server;
    if (config->server && config->reconnect_ms) {
        error_set(err, "reconnect= is for connecting, and server=on waits "
                       "to be connected to");
        return false;
    }
    return true;
}

bool options_read_udp(struct keyval *kv, struct chardev_config *config,
                      struct error **err)
{
    config->address.host = keyval_get(kv, "host");
    config->address.port = keyval_get(kv, "port");
    config->local.host = keyval_get(kv, "localaddr");
    config->local.port = keyval_get(kv, "localport");
    if (!config->address.port) {
        error_set(err, "needs port=PORT, where to send");
        return false;
    }
    return read_families(kv, &config->address, err);
}

/* The short form ------------------------------------------------------- */

static void set_part(struct keyval *kv, const char *key, const char *value)
{
    if (value) {
        keyval_set(kv, key, value);
    }
}

static bool split_tcp(struct parse *p, const char *text, size_t length,
                      struct keyval *kv, struct error **err)
{
    const char *host, *port;

    if (!parse_host_port(p, text, length, &host, &port, err)) {
        return false;
    }
    if (!port) {
        error_set(err, "no port is given; expected HOST:PORT");
        return false;
    }
    set_part(kv, "host", host);
    set_part(kv, "port", port);
    return true;
}

static bool split_telnet(struct parse *p, const char *text, size_t length,
                         struct keyval *kv, struct error **err)
{
    keyval_set(kv, "telnet", "on");
    return split_tcp(p, text, length, kv, err);
}

static bool split_path(struct parse *p, const char *text, size_t length,
                       struct keyval *kv, struct error **err)
{
    if (!length) {
        error_set(err, "expected a path after the colon");
        return false;
    }
    keyval_set(kv, "path", parse_copy(p, text, length));
    return true;
}

/* [HOST]:PORT[@[LOCAL]:LOCALPORT] */
static bool split_udp(struct parse *p, const char *text, size_t length,
                      struct keyval *kv, struct error **err)
{
    const char *at = memchr(text, '@', length), *host, *port;
    size_t first = at ? (size_t)(at - text) : length;

    if (!split_tcp(p, text, first, kv, err)) {
        return false;
    }
    if (at) {
        if (!parse_host_port(p, at + 1, length - first - 1, &host, &port,
                             err)) {
            return false;
        }
        set_part(kv, "localaddr", host);
        set_part(kv, "localport", port);
    }
    return true;
}

static const struct {
    const char *prefix;
    const char *backend;
    bool whole; /* options do not follow: commas belong to the path */
    bool (*split)(struct parse *p, const char *text, size_t length,
                  struct keyval *kv, struct error **err);
} forms[] = {
    {"tcp:", "socket", false, split_tcp},
    {"telnet:", "socket", false, split_telnet},
    {"unix:", "socket", false, split_path},
    {"udp:", "udp", false, split_udp},
    {"file:", "file", true, split_path},
    {"pipe:", "pipe", true, split_path},
};

struct keyval *options_split_chardev(struct parse *p, const char *text,
                                     struct error **err)
{
    struct keyval *kv = parse_keep(p, keyval_new());

    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        size_t prefix = strlen(forms[i].prefix);
        if (strncmp(text, forms[i].prefix, prefix) != 0) {
            continue;
        }
        text += prefix;
        size_t length = strcspn(text, forms[i].whole ? "" : ",");
        keyval_set(kv, "backend", forms[i].backend);
        if (text[length] == ',') {
            struct keyval *rest =
                parse_keyval(p, text + length + 1, NULL, err);
            if (!rest) {
                return NULL;
            }
            keyval_merge(kv, rest);
        }
        return forms[i].split(p, text, length, kv, err) ? kv : NULL;
    }
    if (strchr(text, ',') || strchr(text, ':')) {
        error_set(err, "expected stdio, mon:stdio, null, none, pty, "
                       "tcp:HOST:PORT, telnet:HOST:PORT, unix:PATH, "
                       "udp:HOST:PORT, file:PATH, pipe:PATH or chardev:ID");
        return NULL;
    }
    keyval_set(kv, "backend", text);
    return kv;
}
