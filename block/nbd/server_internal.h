/* What the files of the server share. */
#ifndef BLOCK_NBD_SERVER_INTERNAL_H
#define BLOCK_NBD_SERVER_INTERNAL_H

#include <pthread.h>

#include "block/nbd/protocol.h"
#include "block/nbd/server.h"
#include "block/nbd/wire.h"

struct nbd_server {
    struct nbd_server_config config;
    struct block_backend *backend;
    struct loop *loop;
    struct nbd_peer *peers; /* the loop thread's */
    unsigned peer_count;

    /* Writes of parts of sectors run while no other write does. */
    pthread_mutex_t lock;
    pthread_cond_t quiet;
    unsigned writers;
    bool alone;
};

/* A reply that waits to be sent, and the request it is of. */
struct nbd_request {
    struct block_request io;
    struct nbd_peer *peer;
    unsigned type, flags;
    uint64_t cookie, offset; /* as the client says */
    uint32_t length;
    uint32_t weight;         /* bytes of data, as peer->bytes has them */
    uint8_t *data;           /* what is read or written, or the reply */
    struct iovec iov;
    bool writes;             /* is counted in server->writers */

    uint8_t head[NBD_CHUNK_SIZE + 8];
    struct iovec reply[2];   /* head and data */
    unsigned parts;
    size_t sent;             /* bytes */
    struct nbd_request *next;
};

/* A client. */
struct nbd_peer {
    struct nbd_server *server;
    struct nbd_peer *next;
    int fd;
    struct nbd_wire wire;
    pthread_t reader, sender;
    bool has_sender;

    /* Agreed on in the handshake */
    bool structured, used;
    bool allocation, depth, bitmap;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned in_flight; /* requests whose reply is not sent yet */
    uint64_t bytes;     /* of their data */
    struct nbd_request *first, **last; /* replies to send */
    bool sending;       /* somebody does */
    bool stuck;         /* the sender's thread has to go on */
    bool broken, closing;
    bool finished;      /* the reader has nothing more to do */
};

/* Contexts' ids in replies */
enum { NBD_ID_ALLOCATION, NBD_ID_DEPTH, NBD_ID_BITMAP };

/* True when the client has chosen the export. */
bool nbd_peer_handshake(struct nbd_peer *peer);
/* Serve until it says goodbye, goes or says what makes no sense. */
void nbd_peer_serve(struct nbd_peer *peer);

/* Answer `request`, which is done with, and free it once it is sent. */
void nbd_reply(struct nbd_request *request, int error);
/* The same for block status: fills `data`. */
int nbd_collect_status(struct nbd_request *request);

/* Replies (server_reply.c) */
void nbd_replies_init(struct nbd_peer *peer);
/* All have been sent, or cannot be. */
void nbd_replies_finish(struct nbd_peer *peer);
/* It counts no more and is freed.  With the peer's lock. */
void nbd_request_dismiss(struct nbd_request *request);

/* Around a write; `alone`: with no other.  [any] */
void nbd_write_begin(struct nbd_server *server, bool alone);
void nbd_write_end(struct nbd_server *server, bool alone);

#endif
