/*
 * The server's side of the handshake.
 *
 * A client has ten seconds for it.  Options longer than two strings are
 * refused without being kept; an unknown one is answered so.
 */
#include <stdio.h>

#include "block/nbd/server_internal.h"
#include "util/bits.h"
#include "util/clock.h"

#define PATIENCE (10 * NS_PER_SEC)
#define MAX_OPTION (4 * NBD_MAX_NAME) /* bytes that make sense */
#define MAX_SKIP (1u << 20)           /* bytes that are read nevertheless */

struct option {
    struct nbd_peer *peer;
    uint32_t number, length;
    bool zeroes; /* after EXPORT_NAME */
    uint8_t data[MAX_OPTION];
};

enum next { GO_ON = 0, CHOSEN, LEAVE };

static enum next reply(struct option *o, uint32_t type, const void *data,
                       size_t length)
{
    uint8_t head[NBD_OPTION_REPLY_SIZE];

    put64(head, NBD_OPTION_REPLY_MAGIC);
    put32(head + 8, o->number);
    put32(head + 12, type);
    put32(head + 16, (uint32_t)length);
    return wire_send(&o->peer->wire, head, sizeof(head)) ||
                   wire_send(&o->peer->wire, data, length) ? LEAVE : GO_ON;
}

static enum next refuse(struct option *o, uint32_t type, const char *why)
{
    return reply(o, type, why, strlen(why));
}

static unsigned export_flags(const struct nbd_peer *peer)
{
    const struct nbd_server_config *c = &peer->server->config;

    return NBD_HAS_FLAGS | NBD_SEND_FLUSH | NBD_SEND_FUA |
           (c->read_only ? NBD_READ_ONLY
                         : NBD_SEND_TRIM | NBD_SEND_WRITE_ZEROES) |
           (peer->structured ? NBD_SEND_DF : 0) |
           (c->multi ? NBD_CAN_MULTI_CONN : 0);
}

static bool is_name(const struct nbd_peer *peer, const void *name,
                    size_t length)
{
    const char *ours = peer->server->config.name;

    return strlen(ours) == length && memcmp(ours, name, length) == 0;
}

/* Options ---------------------------------------------------------------- */

static enum next export_name(struct option *o)
{
    uint8_t data[NBD_EXPORT_SIZE + NBD_EXPORT_PADDING] = {0};

    if (!is_name(o->peer, o->data, o->length)) {
        return LEAVE; /* which is all that this option can say */
    }
    put64(data, o->peer->server->config.size);
    put16(data + 8, (uint16_t)export_flags(o->peer));
    return wire_send(&o->peer->wire, data,
                     o->zeroes ? sizeof(data) : NBD_EXPORT_SIZE)
               ? LEAVE : CHOSEN;
}

static enum next list(struct option *o)
{
    const struct nbd_server_config *c = &o->peer->server->config;
    uint8_t data[4 + 2 * NBD_MAX_NAME];
    size_t name = strlen(c->name);
    size_t text = c->description ? strlen(c->description) : 0;

    if (o->length) {
        return refuse(o, NBD_REP_ERR_INVALID, "no data is expected");
    }
    put32(data, (uint32_t)name);
    memcpy(data + 4, c->name, name);
    memcpy(data + 4 + name, c->description ? c->description : "", text);
    return reply(o, NBD_REP_SERVER, data, 4 + name + text) == LEAVE
               ? LEAVE : reply(o, NBD_REP_ACK, NULL, 0);
}

static enum next send_text(struct option *o, unsigned info, const char *text)
{
    uint8_t data[2 + NBD_MAX_NAME];

    put16(data, (uint16_t)info);
    memcpy(data + 2, text, strlen(text));
    return reply(o, NBD_REP_INFO, data, 2 + strlen(text));
}

static enum next send_export(struct option *o)
{
    uint8_t sizes[14], export[12];

    put16(sizes, NBD_INFO_BLOCK_SIZE);
    put32(sizes + 2, 1);
    put32(sizes + 6, 4096);
    put32(sizes + 10, NBD_MAX_PAYLOAD);
    put16(export, NBD_INFO_EXPORT);
    put64(export + 2, o->peer->server->config.size);
    put16(export + 10, (uint16_t)export_flags(o->peer));
    return reply(o, NBD_REP_INFO, sizes, sizeof(sizes)) == LEAVE
               ? LEAVE : reply(o, NBD_REP_INFO, export, sizeof(export));
}

/* A string with its length before it, within the data. */
static bool take_string(const struct option *o, size_t *at,
                        const uint8_t **text, size_t *length)
{
    if (o->length - *at < 4) {
        return false;
    }
    *length = get32(o->data + *at);
    *text = o->data + *at + 4;
    *at += 4;
    if (o->length - *at < *length) {
        return false;
    }
    *at += *length;
    return true;
}

static enum next info(struct option *o)
{
    const struct nbd_server_config *c = &o->peer->server->config;
    const uint8_t *name;
    size_t at = 0, length;
    bool wants_name = false, wants_text = false;

    if (!take_string(o, &at, &name, &length) || o->length - at < 2 ||
        o->length - at - 2 != 2u * get16(o->data + at)) {
        return refuse(o, NBD_REP_ERR_INVALID, "lengths do not fit");
    }
    if (!is_name(o->peer, name, length)) {
        return refuse(o, NBD_REP_ERR_UNKNOWN, "there is no such export");
    }
    for (at += 2; at < o->length; at += 2) {
        wants_name |= get16(o->data + at) == NBD_INFO_NAME;
        wants_text |= get16(o->data + at) == NBD_INFO_DESCRIPTION;
    }
    if ((wants_name && send_text(o, NBD_INFO_NAME, c->name)) ||
        (wants_text && c->description &&
         send_text(o, NBD_INFO_DESCRIPTION, c->description)) ||
        send_export(o) || reply(o, NBD_REP_ACK, NULL, 0)) {
        return LEAVE;
    }
    return o->number == NBD_OPT_GO ? CHOSEN : GO_ON;
}

static enum next structured(struct option *o)
{
    if (o->length) {
        return refuse(o, NBD_REP_ERR_INVALID, "no data is expected");
    }
    o->peer->structured = true;
    return reply(o, NBD_REP_ACK, NULL, 0);
}

/* Metadata contexts ------------------------------------------------------ */

static bool is_text(const uint8_t *query, size_t length, const char *text)
{
    return length == strlen(text) && memcmp(query, text, length) == 0;
}

/* Which contexts a client asks for; all when it asks for none by name. */
struct contexts {
    bool allocation, depth, bitmap;
};

static bool is_bitmap(const uint8_t *query, size_t length, const char *name)
{
    size_t before = strlen(NBD_BITMAP);

    return length > before && memcmp(query, NBD_BITMAP, before) == 0 &&
           is_text(query + before, length - before, name);
}

static void match(const struct option *o, const uint8_t *query,
                  size_t length, struct contexts *c)
{
    const struct qcow2_bitmap *bitmap = o->peer->server->config.bitmap;
    bool listing = o->number == NBD_OPT_LIST_META_CONTEXT;
    bool qemu = listing && is_text(query, length, "qemu:");

    c->allocation |= is_text(query, length, NBD_ALLOCATION) ||
                     (listing && is_text(query, length, "base:"));
    c->depth |= qemu || is_text(query, length, NBD_DEPTH);
    c->bitmap |= qemu || (bitmap && is_bitmap(query, length, bitmap->name)) ||
                 (listing && is_text(query, length, NBD_BITMAP));
}

static enum next send_context(struct option *o, bool set, uint32_t id,
                              const char *name)
{
    uint8_t data[4 + NBD_MAX_NAME];

    put32(data, set ? id : 0);
    memcpy(data + 4, name, strlen(name));
    return reply(o, NBD_REP_META_CONTEXT, data, 4 + strlen(name));
}

static enum next send_contexts(struct option *o, bool set,
                               const struct contexts *c)
{
    char bitmap[NBD_MAX_NAME];

    if (c->bitmap) { /* an image's bitmaps have short names */
        snprintf(bitmap, sizeof(bitmap), NBD_BITMAP "%s",
                 o->peer->server->config.bitmap->name);
    }
    return (c->allocation &&
            send_context(o, set, NBD_ID_ALLOCATION, NBD_ALLOCATION)) ||
                   (c->depth &&
                    send_context(o, set, NBD_ID_DEPTH, NBD_DEPTH)) ||
                   (c->bitmap &&
                    send_context(o, set, NBD_ID_BITMAP, bitmap))
               ? LEAVE : reply(o, NBD_REP_ACK, NULL, 0);
}

static enum next meta_context(struct option *o)
{
    struct nbd_peer *peer = o->peer;
    bool set = o->number == NBD_OPT_SET_META_CONTEXT;
    const struct nbd_server_config *config = &peer->server->config;
    struct contexts c = {0};
    const uint8_t *text;
    size_t at = 0, length;

    if (set) {
        peer->allocation = peer->depth = peer->bitmap = false;
    }
    if (!peer->structured) {
        return refuse(o, NBD_REP_ERR_INVALID, "ask for structured replies "
                                              "first");
    }
    if (!take_string(o, &at, &text, &length) || o->length - at < 4) {
        return refuse(o, NBD_REP_ERR_INVALID, "lengths do not fit");
    }
    bool known = is_name(peer, text, length);
    uint32_t queries = get32(o->data + at);
    at += 4;
    c.allocation = c.depth = c.bitmap = !queries && !set;
    for (; queries; queries--) {
        if (!take_string(o, &at, &text, &length)) {
            return refuse(o, NBD_REP_ERR_INVALID, "lengths do not fit");
        }
        match(o, text, length, &c);
    }
    if (at != o->length || !known) {
        return refuse(o, known ? NBD_REP_ERR_INVALID : NBD_REP_ERR_UNKNOWN,
                      known ? "lengths do not fit"
                            : "there is no such export");
    }
    c.depth &= config->depth;
    c.bitmap &= config->bitmap != NULL;
    if (set) {
        peer->allocation = c.allocation;
        peer->depth = c.depth;
        peer->bitmap = c.bitmap;
    }
    return send_contexts(o, set, &c);
}

/* The whole -------------------------------------------------------------- */

static enum next answer(struct option *o)
{
    switch (o->number) {
    case NBD_OPT_EXPORT_NAME:
        return export_name(o);
    case NBD_OPT_ABORT:
        reply(o, NBD_REP_ACK, NULL, 0);
        return LEAVE;
    case NBD_OPT_LIST:
        return list(o);
    case NBD_OPT_INFO:
    case NBD_OPT_GO:
        return info(o);
    case NBD_OPT_STRUCTURED_REPLY:
        return structured(o);
    case NBD_OPT_LIST_META_CONTEXT:
    case NBD_OPT_SET_META_CONTEXT:
        return meta_context(o);
    case NBD_OPT_STARTTLS:
        return refuse(o, NBD_REP_ERR_POLICY, "TLS is not configured");
    default:
        return refuse(o, NBD_REP_ERR_UNSUP, "this option is not known");
    }
}

static enum next next_option(struct option *o, bool fixed)
{
    struct nbd_wire *wire = &o->peer->wire;
    uint8_t head[NBD_OPTION_SIZE];

    if (wire_read(wire, head, sizeof(head)) ||
        get64(head) != NBD_OPTION_MAGIC) {
        return LEAVE;
    }
    o->number = get32(head + 8);
    o->length = get32(head + 12);
    if (o->length > MAX_SKIP ||
        (!fixed && o->number != NBD_OPT_EXPORT_NAME)) {
        return LEAVE;
    }
    if (o->length > sizeof(o->data)) {
        if (wire_skip(wire, o->length) || o->number == NBD_OPT_EXPORT_NAME) {
            return LEAVE;
        }
        return refuse(o, NBD_REP_ERR_TOO_BIG, "the option is too long");
    }
    return wire_read(wire, o->data, o->length) ? LEAVE : answer(o);
}

bool nbd_peer_handshake(struct nbd_peer *peer)
{
    struct nbd_wire *wire = &peer->wire;
    struct option o = {.peer = peer};
    uint8_t greeting[NBD_GREETING_SIZE], theirs[4];
    enum next next = GO_ON;

    wire->deadline = clock_monotonic_ns() + PATIENCE;
    put64(greeting, NBD_MAGIC);
    put64(greeting + 8, NBD_OPTION_MAGIC);
    put16(greeting + 16, NBD_FIXED_NEWSTYLE | NBD_NO_ZEROES);
    if (wire_send(wire, greeting, sizeof(greeting)) ||
        wire_read(wire, theirs, sizeof(theirs)) ||
        get32(theirs) & ~(uint32_t)(NBD_FIXED_NEWSTYLE | NBD_NO_ZEROES)) {
        return false;
    }
    o.zeroes = !(get32(theirs) & NBD_NO_ZEROES);
    while (next == GO_ON) {
        next = next_option(&o, get32(theirs) & NBD_FIXED_NEWSTYLE);
    }
    wire->deadline = 0;
    return next == CHOSEN;
}
