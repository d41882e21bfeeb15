#include "block/nbd/address.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/nbd/protocol.h"
#include "util/bits.h"

#define MAX_SECONDS 1000000

static const char *const schemes[] = {"nbd://", "nbd+tcp://",
                                      "nbd+unix://"};

bool nbd_is_address(const char *text)
{
    return strncmp(text, "nbd:", 4) == 0 ||
           strncmp(text, "nbds:", 5) == 0 ||
           (strncmp(text, "nbd+", 4) == 0 && strstr(text, "://")) ||
           (strncmp(text, "nbds+", 5) == 0 && strstr(text, "://"));
}

void nbd_address_free(struct nbd_address *a)
{
    if (a) {
        free(a->name);
        free(a->host);
        free(a->port);
        free(a->path);
        free(a->export);
        free(a);
    }
}

struct socket_address nbd_address_socket(const struct nbd_address *a)
{
    return (struct socket_address){
        .host = a->host, .port = a->port, .path = a->path,
    };
}

/* Parts of a text ------------------------------------------------------- */

static char *copy(const char *from, size_t length)
{
    char *to = strndup(from, length);

    assert(to);
    return to;
}

static int hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0'
           : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* "%2F" is "/"; NULL when it is not hexadecimal, or a zero. */
static char *decode(const char *from, size_t length)
{
    char *text = copy(from, length), *to = text;

    for (const char *c = text; *c; c++) {
        if (*c != '%') {
            *to++ = *c;
            continue;
        }
        int high = hex(c[1]), low = high < 0 ? -1 : hex(c[2]);
        if (low < 0 || !(high | low)) {
            free(text);
            return NULL;
        }
        *to++ = (char)(high << 4 | low);
        c += 2;
    }
    *to = '\0';
    return text;
}

static char *encode(const char *text)
{
    char *result = malloc(3 * strlen(text) + 1), *to = result;

    assert(result);
    for (; *text; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~/", *text)) {
            *to++ = *text;
        } else {
            to += sprintf(to, "%%%02X", (unsigned char)*text);
        }
    }
    *to = '\0';
    return result;
}

/* "HOST:PORT" or "[HOST]:PORT"; the port may be left out where the default
 * is meant. */
static bool split_host(struct nbd_address *a, const char *text, size_t length,
                       bool need_port)
{
    const char *end = text + length, *host = text;
    const char *host_end, *colon;

    if (length && text[0] == '[') {
        host_end = memchr(text, ']', length);
        if (!host_end) {
            return false;
        }
        host++;
        colon = host_end + 1;
    } else {
        host_end = memchr(text, ':', length);
        host_end = host_end ? host_end : end;
        colon = host_end;
    }
    bool has_port = colon < end;
    if (host == host_end || (has_port && *colon != ':') ||
        (need_port && !has_port)) {
        return false;
    }
    a->host = decode(host, (size_t)(host_end - host));
    a->port = has_port && colon + 1 < end
                  ? copy(colon + 1, (size_t)(end - colon - 1))
                  : copy(NBD_PORT, strlen(NBD_PORT));
    return a->host && (!need_port || colon + 1 < end);
}

/* URIs ------------------------------------------------------------------ */

static bool read_seconds(const char *name, const char *value,
                         unsigned *result, struct error **err)
{
    uint64_t seconds;

    if (!parse_uint(value, &seconds) || seconds > MAX_SECONDS) {
        error_set(err, "%s=%s: is not a number of seconds", name, value);
        return false;
    }
    *result = (unsigned)seconds;
    return true;
}

static bool read_pair(struct nbd_address *a, const char *name, char *value,
                      struct error **err)
{
    bool good = true;

    if (strcmp(name, "socket") == 0 && !a->path && !a->host && *value) {
        a->path = copy(value, strlen(value));
    } else if (strcmp(name, "reconnect-delay") == 0) {
        good = read_seconds(name, value, &a->reconnect_delay, err);
    } else if (strcmp(name, "open-timeout") == 0) {
        good = read_seconds(name, value, &a->open_timeout, err);
    } else {
        error_set(err, "'%s' has no place here; there are socket= with "
                  "nbd+unix, reconnect-delay= and open-timeout=", name);
        good = false;
    }
    free(value);
    return good;
}

static bool read_query(struct nbd_address *a, const char *query,
                       struct error **err)
{
    while (*query) {
        size_t length = strcspn(query, "&;");
        const char *equals = memchr(query, '=', length);
        char name[32];
        size_t n = equals ? (size_t)(equals - query) : length;
        snprintf(name, sizeof(name), "%.*s", (int)n, query);
        char *value = decode(query + n + (equals != NULL),
                             length - n - (equals != NULL));
        if (!value) {
            error_set(err, "a '%%' needs two hexadecimal digits");
            return false;
        }
        if (!read_pair(a, name, value, err)) {
            return false;
        }
        query += length + (query[length] != '\0');
    }
    return true;
}

static bool parse_uri(struct nbd_address *a, const char *text, bool local,
                      struct error **err)
{
    size_t host = strcspn(text, "/?#");
    const char *path = text + host;
    size_t length = strcspn(path, "?#");

    if (local ? host != 0 : !split_host(a, text, host, false)) {
        error_set(err, local ? "has a host; write nbd+unix:///EXPORT?socket="
                               "PATH"
                             : "no host; write nbd://HOST[:PORT]/EXPORT");
        return false;
    }
    bool slash = length && path[0] == '/';
    a->export = decode(path + slash, length - slash);
    if (!a->export) {
        error_set(err, "a '%%' needs two hexadecimal digits");
        return false;
    }
    if (path[length] == '?' && !read_query(a, path + length + 1, err)) {
        return false;
    }
    if (local && !a->path) {
        error_set(err, "no socket; write nbd+unix:///EXPORT?socket=PATH");
    }
    return !local || a->path;
}

/* "HOST:PORT" or "unix:PATH", then ":exportname=X". */
static bool parse_words(struct nbd_address *a, const char *text,
                        struct error **err)
{
    static const char word[] = ":exportname=";
    const char *name = strstr(text, word);
    size_t length = name ? (size_t)(name - text) : strlen(text);

    name = name ? name + strlen(word) : "";
    a->export = copy(name, strlen(name));
    if (strncmp(text, "unix:", 5) == 0) {
        a->path = copy(text + 5, length > 5 ? length - 5 : 0);
        if (!*a->path) {
            error_set(err, "no path; write nbd:unix:PATH");
        }
        return *a->path;
    }
    if (!split_host(a, text, length, true)) {
        error_set(err, "no host and port; write nbd:HOST:PORT or "
                  "nbd:unix:PATH");
        return false;
    }
    return true;
}

static bool parse(struct nbd_address *a, const char *text, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        size_t n = strlen(schemes[i]);
        if (strncmp(text, schemes[i], n) == 0) {
            return parse_uri(a, text + n, strstr(schemes[i], "unix"), err);
        }
    }
    if (strncmp(text, "nbd:", 4) == 0) {
        return parse_words(a, text + 4, err);
    }
    error_set(err, strncmp(text, "nbds", 4) == 0
                       ? "TLS is not supported; use nbd: through a tunnel"
                       : "there are nbd://, nbd+tcp:// and nbd+unix://");
    return false;
}

struct nbd_address *nbd_address_parse(const char *text, struct error **err)
{
    struct nbd_address *a = calloc(1, sizeof(*a));
    struct error *why = NULL;

    assert(a);
    a->name = copy(text, strlen(text));
    bool good = parse(a, text, &why);
    if (good && strlen(a->export) > NBD_MAX_NAME) {
        error_set(&why, "the name of an export has at most %u bytes",
                  NBD_MAX_NAME);
        good = false;
    }
    if (!good) {
        error_set(err, "%s: %s", text, why->message);
        error_free(why);
        nbd_address_free(a);
        return NULL;
    }
    return a;
}

/* Options --------------------------------------------------------------- */

static const char *get(struct keyval *kv, const char *prefix,
                       const char *key)
{
    char name[64];

    snprintf(name, sizeof(name), "%s%s", prefix, key);
    return keyval_get(kv, name);
}

/* The old spelling had no "server.". */
static const char *get_server(struct keyval *kv, const char *prefix,
                              const char *key)
{
    char name[32];

    snprintf(name, sizeof(name), "server.%s", key);
    const char *value = get(kv, prefix, name);
    const char *old = get(kv, prefix, key);
    return value ? value : old;
}

static bool check_type(const char *type, const char *host, const char *path,
                       struct error **err)
{
    bool local = path || (type && strcmp(type, "unix") == 0);

    if (type && strcmp(type, "inet") != 0 && strcmp(type, "unix") != 0) {
        error_set(err, "server.type=%s: not supported; there are inet and "
                  "unix", type);
        return false;
    }
    if (local ? !path : !host) {
        error_set(err, "Parameter 'server.%s' is missing",
                  local ? "path" : "host");
        return false;
    }
    if (host && local) {
        error_set(err, "server.host= and server.path= exclude each other");
        return false;
    }
    return true;
}

static char *write_uri(const char *host, const char *port, const char *path,
                       const char *export)
{
    char *where = encode(path ? path : host), *name = encode(export);
    char *uri;
    int n = path ? asprintf(&uri, "nbd+unix:///%s?socket=%s", name, where)
                 : asprintf(&uri, strchr(host, ':') ? "nbd://[%s]:%s/%s"
                                                    : "nbd://%s:%s/%s",
                            strchr(host, ':') ? host : where, port, name);

    assert(n >= 0);
    free(where);
    free(name);
    return uri;
}

/* What the URI has behind '?', for nbd_address_parse() to judge. */
static char *add_seconds(char *uri, const char *name, const char *value)
{
    char *longer;

    if (!value) {
        return uri;
    }
    char *text = encode(value);
    int n = asprintf(&longer, "%s%c%s=%s", uri, strchr(uri, '?') ? '&' : '?',
                     name, text);
    assert(n >= 0);
    free(text);
    free(uri);
    return longer;
}

char *nbd_address_from_options(struct keyval *kv, const char *prefix,
                               struct error **err)
{
    const char *type = get(kv, prefix, "server.type");
    const char *host = get_server(kv, prefix, "host");
    const char *port = get_server(kv, prefix, "port");
    const char *path = get_server(kv, prefix, "path");
    const char *export = get(kv, prefix, "export");
    const char *reconnect = get(kv, prefix, "reconnect-delay");
    const char *open = get(kv, prefix, "open-timeout");

    if (get(kv, prefix, "tls-creds") || get(kv, prefix, "tls-hostname")) {
        error_set(err, "tls-creds: TLS is not supported; use a tunnel");
        return NULL;
    }
    if (!check_type(type, host, path, err)) {
        return NULL;
    }
    char *uri = write_uri(host, port ? port : NBD_PORT, path,
                          export ? export : "");
    uri = add_seconds(uri, "reconnect-delay", reconnect);
    uri = add_seconds(uri, "open-timeout", open);
    struct nbd_address *address = nbd_address_parse(uri, err);
    if (!address) {
        free(uri);
        return NULL;
    }
    nbd_address_free(address);
    return uri;
}
