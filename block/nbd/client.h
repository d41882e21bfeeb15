/*
 * An NBD client: one connection to one export, commands of many threads in
 * flight.
 *
 * There is no thread of its own: of those that wait for answers one reads
 * for all.  A lost connection is made again by the next command that comes;
 * until then commands fail, or wait as long as the address says.
 */
#ifndef BLOCK_NBD_CLIENT_H
#define BLOCK_NBD_CLIENT_H

#include <sys/uio.h>

#include "block/nbd/address.h"
#include "block/nbd/handshake.h"
#include "block/nbd/protocol.h"

struct nbd_client;

struct nbd_command {
    enum nbd_command_type type;
    unsigned flags;          /* enum nbd_command_flag */
    uint64_t offset, length; /* as the export's block sizes want it */
    const struct iovec *iov; /* reads and writes */
    unsigned iov_count;
    /* What BLOCK_STATUS found at the beginning of the range. */
    uint32_t state, state_length;
};

/* Owns `address` when it succeeds. */
struct nbd_client *nbd_client_open(struct nbd_address *address,
                                   struct error **err);
/* The same over a socket that is connected and can be connected no more. */
struct nbd_client *nbd_client_on(int fd, struct nbd_address *address,
                                 struct error **err);
void nbd_client_close(struct nbd_client *client); /* no command runs */

const struct nbd_export *nbd_client_export(const struct nbd_client *client);

/* Do it; 0 or an errno.  Any thread. */
int nbd_client_run(struct nbd_client *client, struct nbd_command *command);
/* Let all commands that run fail now. [any] */
void nbd_client_abandon(struct nbd_client *client);

#endif
