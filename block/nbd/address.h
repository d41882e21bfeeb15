/*
 * Where an NBD export is, in the words of QEMU:
 *
 *   nbd://HOST[:PORT][/EXPORT]         nbd+unix:///[EXPORT]?socket=PATH
 *   nbd:HOST:PORT[:exportname=EXPORT]  nbd:unix:PATH[:exportname=EXPORT]
 *
 * and one thing more: the first two may say ?reconnect-delay=SECONDS and
 * open-timeout=SECONDS, so that one string has all that an image needs.
 */
#ifndef BLOCK_NBD_ADDRESS_H
#define BLOCK_NBD_ADDRESS_H

#include <stdbool.h>

#include "util/keyval.h"
#include "util/socket.h"

struct nbd_address {
    char *name; /* as it was written */
    char *host, *port, *path, *export;
    /* Seconds: how long requests wait for a lost server to come back, and
     * how long opening tries again. */
    unsigned reconnect_delay, open_timeout;
};

/* Whether a file name is an address; also one that cannot be parsed. */
bool nbd_is_address(const char *text);
struct nbd_address *nbd_address_parse(const char *text, struct error **err);
void nbd_address_free(struct nbd_address *address);
struct socket_address nbd_address_socket(const struct nbd_address *address);

/* A name that can be parsed, from PREFIXserver.type= ...; `prefix` is "" or
 * "file.".  The caller frees it. */
char *nbd_address_from_options(struct keyval *kv, const char *prefix,
                               struct error **err);

#endif
