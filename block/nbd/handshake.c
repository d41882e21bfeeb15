#include "block/nbd/handshake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/bits.h"

static bool wire_failed(int error, struct error **err)
{
    if (error == ECONNRESET || error == EPIPE) {
        error_set(err, "the server closed the connection in the handshake");
    } else if (error == ETIMEDOUT) {
        error_set(err, "the server does not answer");
    } else if (error) {
        error_set_errno(err, error, "the connection broke");
    }
    return error != 0;
}

const char *nbd_printable(char *text)
{
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            *c = '?';
        }
    }
    return text;
}

/* Options --------------------------------------------------------------- */

bool nbd_option_send(struct nbd_handshake *h, enum nbd_option option,
                     const void *data, size_t length, struct error **err)
{
    uint8_t head[NBD_OPTION_SIZE];

    put64(head, NBD_OPTION_MAGIC);
    put32(head + 8, option);
    put32(head + 12, (uint32_t)length);
    h->option = option;
    int error = wire_send(h->wire, head, sizeof(head));
    error = error ? error : wire_send(h->wire, data, length);
    return !wire_failed(error, err);
}

bool nbd_option_reply(struct nbd_handshake *h, struct error **err)
{
    uint8_t head[NBD_OPTION_REPLY_SIZE];

    if (wire_failed(wire_read(h->wire, head, sizeof(head)), err)) {
        return false;
    }
    h->type = get32(head + 12);
    h->length = get32(head + 16);
    if (get64(head) != NBD_OPTION_REPLY_MAGIC ||
        get32(head + 8) != h->option) {
        error_set(err, "the server's reply to option %u is not one",
                  h->option);
        return false;
    }
    if (h->length > NBD_MAX_REPLY) {
        error_set(err, "the server's reply to option %u has %u bytes; at "
                  "most %u make sense", h->option, h->length, NBD_MAX_REPLY);
        return false;
    }
    h->data[h->length] = '\0';
    return !wire_failed(wire_read(h->wire, h->data, h->length), err);
}

bool nbd_option_refused(const struct nbd_handshake *h)
{
    return h->type & NBD_REP_ERROR;
}

void nbd_option_error(const struct nbd_handshake *h, const char *what,
                      struct error **err)
{
    static const char *const meanings[] = {
        "an error", "not supported", "forbidden", "invalid",
        "not on this platform", "only with TLS, which is not supported",
        "unknown", "the server is shutting down",
        "only with block sizes", "too big",
    };
    char text[sizeof(h->data)];
    uint32_t n = h->type & ~NBD_REP_ERROR;

    memcpy(text, h->data, h->length + 1);
    error_set(err, "%s: %s%s%s", what,
              meanings[n < ARRAY_SIZE(meanings) ? n : 0],
              text[0] ? "; the server says: " : "", nbd_printable(text));
}

static bool unexpected(const struct nbd_handshake *h, struct error **err)
{
    error_set(err, "the server's reply to option %u, of type %u and %u "
              "bytes, makes no sense", h->option, h->type, h->length);
    return false;
}

bool nbd_ask_structured(struct nbd_handshake *h, struct nbd_export *export,
                        struct error **err)
{
    if (!h->fixed) {
        return true;
    }
    if (!nbd_option_send(h, NBD_OPT_STRUCTURED_REPLY, NULL, 0, err) ||
        !nbd_option_reply(h, err)) {
        return false;
    }
    export->structured = h->type == NBD_REP_ACK;
    return export->structured || nbd_option_refused(h) || unexpected(h, err);
}

/* Metadata contexts ------------------------------------------------------ */

bool nbd_send_contexts(struct nbd_handshake *h, enum nbd_option option,
                       const char *name, const char *query,
                       struct error **err)
{
    uint8_t data[4 + NBD_MAX_NAME + 4 + 4 + 64];
    uint32_t n = (uint32_t)strlen(name);
    uint32_t length = (uint32_t)(query ? strlen(query) : 0);
    size_t size = 8 + n;

    put32(data, n);
    memcpy(data + 4, name, n);
    put32(data + 4 + n, query ? 1 : 0);
    if (query) {
        put32(data + size, length);
        memcpy(data + size + 4, query, length);
        size += 4 + length;
    }
    return nbd_option_send(h, option, data, size, err);
}

static bool set_allocation(struct nbd_handshake *h, const char *name,
                           struct nbd_export *export, struct error **err)
{
    if (!nbd_send_contexts(h, NBD_OPT_SET_META_CONTEXT, name, NBD_ALLOCATION,
                           err) ||
        !nbd_option_reply(h, err)) {
        return false;
    }
    while (h->type == NBD_REP_META_CONTEXT) {
        if (h->length != 4 + strlen(NBD_ALLOCATION) ||
            memcmp(h->data + 4, NBD_ALLOCATION, h->length - 4) ||
            export->has_allocation) {
            return unexpected(h, err);
        }
        export->has_allocation = true;
        export->allocation_id = get32(h->data);
        if (!nbd_option_reply(h, err)) {
            return false;
        }
    }
    if (nbd_option_refused(h)) {
        export->has_allocation = false;
        return true;
    }
    return h->type == NBD_REP_ACK || unexpected(h, err);
}

/* The export ------------------------------------------------------------- */

static bool check_export(const struct nbd_handshake *h,
                         struct nbd_export *export, struct error **err)
{
    uint32_t min = export->min_block;

    if (export->size > INT64_MAX) {
        error_set(err, "the server's export has %llu bytes, more than a disk "
                  "can", (unsigned long long)export->size);
        return false;
    }
    if (!is_power_of_2(min) || min > 65536 || export->max_block < min) {
        error_set(err, "the server's block sizes, %u to %u, make no sense",
                  min, export->max_block);
        return false;
    }
    if (export->max_block > NBD_MAX_PAYLOAD || !h->has_block_size) {
        export->max_block = NBD_MAX_PAYLOAD;
    }
    export->max_block = align_down(export->max_block, min);
    export->size = align_down(export->size, min);
    export->flags = export->flags & NBD_HAS_FLAGS ? export->flags : 0;
    return true;
}

static bool take_info(struct nbd_handshake *h, struct nbd_export *export,
                      bool *there, struct error **err)
{
    unsigned info = h->length >= 2 ? get16(h->data) : 0;

    if (h->length < 2) {
        return unexpected(h, err);
    }
    if (info == NBD_INFO_EXPORT) {
        if (h->length != 12) {
            return unexpected(h, err);
        }
        *there = true;
        export->size = get64(h->data + 2);
        export->flags = get16(h->data + 10);
    } else if (info == NBD_INFO_BLOCK_SIZE) {
        if (h->length != 14) {
            return unexpected(h, err);
        }
        h->has_block_size = true;
        export->min_block = get32(h->data + 2);
        export->preferred_block = get32(h->data + 6);
        export->max_block = get32(h->data + 10);
    }
    return true;
}

bool nbd_ask_export(struct nbd_handshake *h, enum nbd_option option,
                    const char *name, struct nbd_export *export,
                    bool *missing, struct error **err)
{
    uint8_t data[4 + NBD_MAX_NAME + 2 + 2];
    uint32_t n = (uint32_t)strlen(name);
    bool there = false;

    put32(data, n);
    memcpy(data + 4, name, n);
    put16(data + 4 + n, 1);
    put16(data + 6 + n, NBD_INFO_BLOCK_SIZE);
    *missing = false;
    export->min_block = 1;
    export->preferred_block = 4096;
    export->max_block = NBD_MAX_PAYLOAD;
    if (!nbd_option_send(h, option, data, 8 + n, err) ||
        !nbd_option_reply(h, err)) {
        return false;
    }
    while (h->type == NBD_REP_INFO) {
        if (!take_info(h, export, &there, err) || !nbd_option_reply(h, err)) {
            return false;
        }
    }
    if (h->type == NBD_REP_ACK && there) {
        return check_export(h, export, err);
    }
    *missing = h->type == NBD_REP_ERR_UNSUP;
    if (!*missing && nbd_option_refused(h)) {
        char what[128];
        snprintf(what, sizeof(what), "export '%.64s'", name);
        nbd_option_error(h, what, err);
        return false;
    }
    return *missing || unexpected(h, err);
}

/* The old way, which cannot say what is wrong. */
static bool choose_by_name(struct nbd_handshake *h, const char *name,
                           struct nbd_export *export, struct error **err)
{
    uint8_t data[NBD_EXPORT_SIZE];

    if (!nbd_option_send(h, NBD_OPT_EXPORT_NAME, name, strlen(name), err)) {
        return false;
    }
    int error = wire_read(h->wire, data, sizeof(data));
    if (error == ECONNRESET) {
        error_set(err, "the server has no export '%.64s'", name);
        return false;
    }
    error = error || !h->zeroes ? error
                                : wire_skip(h->wire, NBD_EXPORT_PADDING);
    if (wire_failed(error, err)) {
        return false;
    }
    export->size = get64(data);
    export->flags = get16(data + 8);
    return check_export(h, export, err);
}

bool nbd_choose(struct nbd_handshake *h, const char *name,
                struct nbd_export *export, struct error **err)
{
    bool missing = true;

    memset(export, 0, sizeof(*export));
    if (h->fixed &&
        (!nbd_ask_structured(h, export, err) ||
         (export->structured && !set_allocation(h, name, export, err)) ||
         !nbd_ask_export(h, NBD_OPT_GO, name, export, &missing, err))) {
        return false;
    }
    export->min_block = missing ? 1 : export->min_block;
    export->max_block = missing ? NBD_MAX_PAYLOAD : export->max_block;
    return !missing || choose_by_name(h, name, export, err);
}

bool nbd_greet(struct nbd_handshake *h, struct nbd_wire *wire,
               struct error **err)
{
    uint8_t greeting[NBD_GREETING_SIZE], flags[4];

    h->wire = wire;
    h->has_block_size = false;
    int error = wire_read(wire, greeting, 16);
    if (wire_failed(error, err)) {
        return false;
    }
    if (get64(greeting) != NBD_MAGIC ||
        get64(greeting + 8) != NBD_OPTION_MAGIC) {
        bool old = get64(greeting) == NBD_MAGIC &&
                   get64(greeting + 8) == NBD_OLDSTYLE_MAGIC;
        error_set(err, old ? "the server speaks the oldstyle protocol, which "
                             "is not supported"
                           : "what answers is not an NBD server");
        return false;
    }
    error = wire_read(wire, greeting + 16, 2);
    unsigned theirs = error ? 0 : get16(greeting + 16);
    h->fixed = theirs & NBD_FIXED_NEWSTYLE;
    h->zeroes = !(theirs & NBD_NO_ZEROES);
    put32(flags, theirs & (NBD_FIXED_NEWSTYLE | NBD_NO_ZEROES));
    error = error ? error : wire_send(wire, flags, sizeof(flags));
    return !wire_failed(error, err);
}
