/*
 * An NBD server: one image as one export, for several clients at once.
 *
 * Each client has two threads of the server, one that reads its requests and
 * one that sends what the socket did not take at once.  The image is used
 * through a block backend, so requests run at the same time; a flush is
 * answered when everything answered before, to any client, is on the disk.
 */
#ifndef BLOCK_NBD_SERVER_H
#define BLOCK_NBD_SERVER_H

#include "block/block.h"
#include "block/qcow2_bitmap.h"

struct nbd_server_config {
    const char *name;        /* "": the default export */
    const char *description; /* or NULL */
    uint64_t offset;         /* where in the image the export begins */
    uint64_t size;           /* bytes from there on */
    bool read_only;
    bool multi;   /* several clients may come, and see the same */
    bool depth;   /* offer qemu:allocation-depth */
    /* Offer this one, of this image; or NULL. */
    struct qcow2_bitmap *bitmap;
    struct qcow2 *bitmap_image;
    /* A client is gone; `used`: it had got as far as the export.  On the
     * thread of the loop. */
    void (*gone)(void *opaque, bool used);
    void *opaque;
};

struct nbd_server;

/* `loop` tells of clients that are gone. */
struct nbd_server *nbd_server_new(const struct nbd_server_config *config,
                                  struct block_backend *backend,
                                  struct loop *loop);
/* Serve a connection, which is the server's from now on. */
void nbd_server_add(struct nbd_server *server, int fd);
unsigned nbd_server_clients(const struct nbd_server *server);
/* Ends all connections; gone() is not called. */
void nbd_server_free(struct nbd_server *server);

#endif
