/* What client.c and reply.c share. */
#ifndef BLOCK_NBD_CLIENT_INTERNAL_H
#define BLOCK_NBD_CLIENT_INTERNAL_H

#include <pthread.h>

#include "block/nbd/client.h"

#define NBD_SLOTS 16 /* commands in flight */

/* A command on its way. */
struct nbd_slot {
    struct nbd_command *command;
    enum { SLOT_FREE, SLOT_WAITS, SLOT_DONE } state;
    uint64_t cookie;
    bool lost;       /* the connection went before the answer came */
    int error;
    uint64_t filled; /* bytes of a read that came in chunks */
    unsigned chunks; /* that said nothing about bytes */
    bool told;       /* a status came */
    bool asleep;     /* its owner waits for `cond` */
    pthread_cond_t cond;
};

/*
 * Locks, in the order in which they are taken: `sending` while bytes go out
 * and while the socket changes; `lock` for everything else; `fd_lock` so
 * that a stuck socket can be shut down by who has no other lock.  What is
 * read belongs to the reader.
 */
struct nbd_client {
    struct nbd_address *address;
    struct nbd_export export;
    bool fixed; /* the socket that there is, and no other */

    pthread_mutex_t sending;
    uint64_t sending_epoch; /* number of the connection `wire` is of */

    pthread_mutex_t fd_lock;
    int fd; /* or -1 */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* connected, connecting, abandoned, a free slot */
    bool connected, connecting, reading;
    uint64_t epoch;     /* number of the connection */
    uint64_t cookies;
    uint64_t abandoned; /* times */
    bool gives_up;      /* the connection is shut down for that */
    uint64_t next_try;  /* ns; not before */
    uint64_t pause;     /* ns until the one after */
    struct nbd_slot slots[NBD_SLOTS];
    /* What is written and what of it was flushed, by counting. */
    uint64_t written, flushed;
    bool lost; /* a connection went with writes not flushed */

    struct nbd_wire wire; /* the reader's */
};

/* Read one reply, or a part of one; 0 or an errno for a connection that is
 * of no more use, with a sentence why.  A slot whose answer is whole is
 * told to its owner.  The caller is the reader and has no lock. */
int nbd_reply_read(struct nbd_client *client, const char **why);

#endif
