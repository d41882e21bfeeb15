/*
 * The client's side of the handshake: from a fresh connection to an export
 * that can be used, or to a list of what there is.
 *
 * Errors are sentences without the address.  The wire's deadline holds.
 */
#ifndef BLOCK_NBD_HANDSHAKE_H
#define BLOCK_NBD_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "block/nbd/protocol.h"
#include "block/nbd/wire.h"
#include "util/error.h"

/* Two strings and a length. */
#define NBD_MAX_REPLY (4 + 2 * 4096)

struct nbd_export {
    uint64_t size;  /* bytes */
    unsigned flags; /* enum nbd_export_flag */
    /* Requests are multiples of min_block, payloads not above max_block. */
    uint32_t min_block, preferred_block, max_block;
    bool structured;     /* replies come in chunks */
    bool has_allocation; /* base:allocation was promised, under this id */
    uint32_t allocation_id;
};

struct nbd_handshake {
    struct nbd_wire *wire;
    bool fixed;  /* options other than EXPORT_NAME exist */
    bool zeroes; /* 124 of them after EXPORT_NAME */
    bool has_block_size; /* the server said */

    /* The last option, and the reply to it */
    uint32_t option, type, length;
    uint8_t data[NBD_MAX_REPLY + 1]; /* a zero follows */
};

/* Say hello; the rest needs it. */
bool nbd_greet(struct nbd_handshake *h, struct nbd_wire *wire,
               struct error **err);
/* Choose an export and leave the handshake. */
bool nbd_choose(struct nbd_handshake *h, const char *name,
                struct nbd_export *export, struct error **err);

/* Send an option, and read one reply to it. */
bool nbd_option_send(struct nbd_handshake *h, enum nbd_option option,
                     const void *data, size_t length, struct error **err);
bool nbd_option_reply(struct nbd_handshake *h, struct error **err);
/* The reply that was read is an error, and this is what it says. */
bool nbd_option_refused(const struct nbd_handshake *h);
void nbd_option_error(const struct nbd_handshake *h, const char *what,
                      struct error **err);

/* Ask for structured replies; false only when the connection is no more. */
bool nbd_ask_structured(struct nbd_handshake *h, struct nbd_export *export,
                        struct error **err);
/* NBD_OPT_GO or _INFO; *missing: the server does not know the option. */
bool nbd_ask_export(struct nbd_handshake *h, enum nbd_option option,
                    const char *name, struct nbd_export *export,
                    bool *missing, struct error **err);
/* List or set: the replies follow, up to an ACK. */
bool nbd_send_contexts(struct nbd_handshake *h, enum nbd_option option,
                       const char *name, const char *query,
                       struct error **err);

/* Text from the other side, fit for a terminal; in place. */
const char *nbd_printable(char *text);

#endif
