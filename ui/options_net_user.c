/* -netdev user: addresses of the private network, and what is forwarded. */
#include "ui/options_parse.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/config.h"
#include "util/bits.h"

/* Addresses ------------------------------------------------------------ */

static bool read_ipv4(struct keyval *kv, const char *key,
                      struct in_addr *result, struct error **err)
{
    const char *text = keyval_get(kv, key);

    if (text && !inet_aton(text, result)) {
        error_set(err, "%s=%s: expected an IPv4 address", key, text);
        return false;
    }
    return true;
}

static bool read_ipv6(struct keyval *kv, const char *key,
                      struct in6_addr *result, struct error **err)
{
    const char *text = keyval_get(kv, key);

    if (text && inet_pton(AF_INET6, text, result) != 1) {
        error_set(err, "%s=%s: expected an IPv6 address", key, text);
        return false;
    }
    return true;
}

/* Of a network given without: private ones (RFC 1918), else by class. */
static unsigned default_prefix(uint32_t network)
{
    static const struct {
        uint32_t value, mask;
        unsigned prefix;
    } rows[] = {
        {0xac100000, 0xfff00000, 12}, {0xc0a80000, 0xffff0000, 16},
        {0x00000000, 0x80000000, 8},  {0x80000000, 0xc0000000, 16},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if ((network & rows[i].mask) == rows[i].value) {
            return rows[i].prefix;
        }
    }
    return 24;
}

/* "10.0.2.0/24", "10.0.2.0/255.255.255.0", "10.0.2.0" */
static bool read_network(struct keyval *kv, struct net_user_config *user,
                         struct error **err)
{
    const char *text = keyval_get(kv, "net"), *slash;
    struct in_addr address = {.s_addr = htonl(0x0a000200)}, mask;
    uint64_t prefix = 24;
    char copy[64];

    if (text) {
        slash = strchr(text, '/');
        snprintf(copy, sizeof(copy), "%.*s",
                 slash ? (int)(slash - text) : 63, text);
        if (!inet_aton(copy, &address)) {
            error_set(err, "net=%s: expected ADDRESS/BITS", text);
            return false;
        }
        prefix = default_prefix(ntohl(address.s_addr));
        if (slash && strchr(slash, '.')) {
            uint32_t bits = inet_aton(slash + 1, &mask)
                                ? ntohl(mask.s_addr) : 1;
            prefix = (uint64_t)clz32(~bits);
            if (bits != (uint32_t)(~UINT64_C(0) << (32 - prefix))) {
                prefix = 0;
            }
        } else if (slash && !parse_uint(slash + 1, &prefix)) {
            prefix = 0;
        }
    }
    if (prefix < 4 || prefix > 30) {
        error_set(err, "net=%s: a mask has 4 to 30 bits", text);
        return false;
    }
    user->mask.s_addr = htonl(~UINT32_C(0) << (32 - prefix));
    user->network.s_addr = address.s_addr & user->mask.s_addr;
    return true;
}

static bool is_inside(const struct net_user_config *user, const char *key,
                      struct in_addr address, struct error **err)
{
    uint32_t host = ntohl(address.s_addr & ~user->mask.s_addr);

    if ((address.s_addr & user->mask.s_addr) != user->network.s_addr ||
        host == 0 || host == ntohl(~user->mask.s_addr)) {
        error_set(err, "%s=%s: not a host in the guest's network (net=)", key,
                  inet_ntoa(address));
        return false;
    }
    return true;
}

/* Within a small network the last bits of .2, .3 and .15 are taken. */
static struct in_addr default_host(const struct net_user_config *user,
                                   uint32_t number)
{
    uint32_t last = ntohl(~user->mask.s_addr);

    if (number >= last) {
        number = last - 1;
    }
    return (struct in_addr){user->network.s_addr | htonl(number)};
}

static bool read_addresses(struct keyval *kv, struct net_user_config *user,
                           struct error **err)
{
    if (!read_network(kv, user, err)) {
        return false;
    }
    user->host = default_host(user, 2);
    user->dns = default_host(user, 3);
    user->dhcp_start = default_host(user, 15);
    if (!read_ipv4(kv, "host", &user->host, err) ||
        !read_ipv4(kv, "dns", &user->dns, err) ||
        !read_ipv4(kv, "dhcpstart", &user->dhcp_start, err) ||
        !is_inside(user, "host", user->host, err) ||
        !is_inside(user, "dns", user->dns, err) ||
        !is_inside(user, "dhcpstart", user->dhcp_start, err)) {
        return false;
    }
    if (user->host.s_addr == user->dns.s_addr ||
        user->host.s_addr == user->dhcp_start.s_addr ||
        user->dns.s_addr == user->dhcp_start.s_addr) {
        error_set(err, "host=, dns= and dhcpstart= must be different "
                       "addresses");
        return false;
    }
    return true;
}

/* "fec0::/64" in one or in two keys. */
static bool read_prefix6(struct keyval *kv, struct net_user_config *user,
                         struct error **err)
{
    const char *text = keyval_get(kv, "ipv6-net");
    const char *slash = text ? strchr(text, '/') : NULL;
    uint64_t length = 64;
    char copy[64];

    inet_pton(AF_INET6, "fec0::", &user->network6);
    if (text) {
        snprintf(copy, sizeof(copy), "%.*s",
                 slash ? (int)(slash - text) : 63, text);
        if (inet_pton(AF_INET6, copy, &user->network6) != 1 ||
            (slash && !parse_uint(slash + 1, &length)) || length > 126) {
            error_set(err, "ipv6-net=%s: expected PREFIX/BITS", text);
            return false;
        }
    }
    if (!read_ipv6(kv, "ipv6-prefix", &user->network6, err) ||
        !keyval_uint(kv, "ipv6-prefixlen", 126, &length, err)) {
        return false;
    }
    user->prefix6 = (uint8_t)length;
    return true;
}

static bool read_addresses6(struct keyval *kv, struct net_user_config *user,
                            struct error **err)
{
    if (!read_prefix6(kv, user, err)) {
        return false;
    }
    user->host6 = user->dns6 = user->network6;
    user->host6.s6_addr[15] |= 2;
    user->dns6.s6_addr[15] |= 3;
    return read_ipv6(kv, "ipv6-host", &user->host6, err) &&
           read_ipv6(kv, "ipv6-dns", &user->dns6, err);
}

/* Forwarding ----------------------------------------------------------- */

/* The text up to one of `ends`; *text moves behind it. */
static bool next_part(const char **text, const char *ends, char *part,
                      size_t size)
{
    size_t n = strcspn(*text, ends);

    if (n >= size || (*ends && !(*text)[n])) {
        return false;
    }
    memcpy(part, *text, n);
    part[n] = '\0';
    *text += n + (*ends ? 1 : 0);
    return true;
}

static bool read_port(const char *text, uint16_t *port)
{
    uint64_t value;

    if (!parse_uint(text, &value) || value > UINT16_MAX) {
        return false;
    }
    *port = (uint16_t)value;
    return true;
}

static bool read_protocol(const char *text, bool *udp)
{
    *udp = strcmp(text, "udp") == 0;
    return *udp || !*text || strcmp(text, "tcp") == 0;
}

static bool forward_error(struct error **err, const char *which,
                          const char *rule, const char *why)
{
    error_set(err, "Invalid %s forwarding rule '%s' (%s)", which, rule, why);
    return false;
}

bool parse_hostfwd(const char *rule, struct net_hostfwd *f,
                   struct error **err)
{
    const char *at = rule;
    char protocol[8], host[64], port[16], guest[64], guest_port[16];

    *f = (struct net_hostfwd){.rule = rule};
    if (!next_part(&at, ":", protocol, sizeof(protocol)) ||
        !next_part(&at, ":", host, sizeof(host)) ||
        !next_part(&at, "-", port, sizeof(port)) ||
        !next_part(&at, ":", guest, sizeof(guest)) ||
        !next_part(&at, "", guest_port, sizeof(guest_port))) {
        return forward_error(err, "host", rule, "expected "
                             "[tcp|udp]:[HOST]:PORT-[GUEST]:PORT");
    }
    if (!read_protocol(protocol, &f->udp)) {
        return forward_error(err, "host", rule, "Bad protocol name");
    }
    if (*host && !inet_aton(host, &f->host_address)) {
        return forward_error(err, "host", rule, "Bad host address");
    }
    if (!read_port(port, &f->host_port)) {
        return forward_error(err, "host", rule, "Bad host port");
    }
    if (*guest && !inet_aton(guest, &f->guest_address)) {
        return forward_error(err, "host", rule, "Bad guest address");
    }
    if (!read_port(guest_port, &f->guest_port) || !f->guest_port) {
        return forward_error(err, "host", rule, "Bad guest port");
    }
    return true;
}

/* [tcp]:SERVER:PORT-cmd:COMMAND or -CHARDEV */
static bool parse_guestfwd(struct parse *p, const char *rule,
                           struct net_guestfwd *f, struct error **err)
{
    const char *at = rule;
    char protocol[8], server[64], port[16], name[64];
    bool udp;

    *f = (struct net_guestfwd){.rule = rule};
    if (!next_part(&at, ":", protocol, sizeof(protocol)) ||
        !next_part(&at, ":", server, sizeof(server)) ||
        !next_part(&at, "-", port, sizeof(port)) ||
        !read_protocol(protocol, &udp) || udp) {
        return forward_error(err, "guest", rule, "expected "
                             "[tcp]:SERVER:PORT-cmd:COMMAND or -CHARDEV");
    }
    if (*server && !inet_aton(server, &f->address)) {
        return forward_error(err, "guest", rule, "Bad server address");
    }
    if (!read_port(port, &f->port) || !f->port) {
        return forward_error(err, "guest", rule, "Bad server port");
    }
    if (strncmp(at, "cmd:", 4) == 0) {
        f->command = at + 4;
        return true;
    }
    snprintf(name, sizeof(name), "guestfwd.tcp.%u", f->port);
    if (!options_resolve_chardev(p, at, parse_copy(p, name, strlen(name)),
                                 &f->chardev, err)) {
        error_prepend(err, "guestfwd=%s", rule);
        return false;
    }
    return f->chardev || forward_error(err, "guest", rule, "no device");
}

static size_t count_values(struct keyval *kv, const char *key)
{
    size_t count = 0, position = 0;

    while (keyval_each(kv, key, &position)) {
        count++;
    }
    return count;
}

static void *new_array(size_t count, size_t size)
{
    void *array = calloc(count + 1, size);

    assert(array);
    return array;
}

static bool read_forwards(struct parse *p, struct keyval *kv,
                          struct net_user_config *user, struct error **err)
{
    size_t position = 0;
    const char *rule;

    user->hostfwd =
        new_array(count_values(kv, "hostfwd"), sizeof(*user->hostfwd));
    while ((rule = keyval_each(kv, "hostfwd", &position))) {
        if (!parse_hostfwd(rule, &user->hostfwd[user->hostfwd_count++],
                           err)) {
            return false;
        }
    }
    position = 0;
    user->guestfwd =
        new_array(count_values(kv, "guestfwd"), sizeof(*user->guestfwd));
    while ((rule = keyval_each(kv, "guestfwd", &position))) {
        if (!parse_guestfwd(p, rule,
                            &user->guestfwd[user->guestfwd_count++], err)) {
            return false;
        }
    }
    return true;
}

/* The rest ------------------------------------------------------------- */

static void read_names(struct keyval *kv, struct net_user_config *user)
{
    size_t count = count_values(kv, "dnssearch"), position = 0;

    user->hostname = keyval_get(kv, "hostname");
    user->tftp = keyval_get(kv, "tftp");
    user->tftp_server_name = keyval_get(kv, "tftp-server-name");
    user->bootfile = keyval_get(kv, "bootfile");
    user->domain_name = keyval_get(kv, "domainname");
    if (count) {
        user->dns_search = new_array(count, sizeof(*user->dns_search));
        for (size_t i = 0; i < count; i++) {
            user->dns_search[i] = keyval_each(kv, "dnssearch", &position);
        }
    }
}

bool options_read_net_user(struct parse *p, struct keyval *kv,
                           struct net_config *config, struct error **err)
{
    struct net_user_config *user = &config->user;

    user->ipv4 = user->ipv6 = true;
    if (keyval_get(kv, "smb") || keyval_get(kv, "smbserver")) {
        error_set(err, "smb= is not supported; share a directory another "
                       "way, for instance with tftp=DIR or over ssh");
        return false;
    }
    read_names(kv, user);
    if (!keyval_bool(kv, "ipv4", &user->ipv4, err) ||
        !keyval_bool(kv, "ipv6", &user->ipv6, err) ||
        !keyval_bool(kv, "restrict", &user->restricted, err) ||
        !read_addresses(kv, user, err) || !read_addresses6(kv, user, err)) {
        return false;
    }
    if (!user->ipv4 && !user->ipv6) {
        error_set(err, "ipv4=off and ipv6=off leave nothing");
        return false;
    }
    return read_forwards(p, kv, user, err);
}
