/*
 * Replies on their way to a client.
 *
 * Who completes a request sends its reply, and those that came meanwhile, as
 * far as the socket takes it at once; the rest is for the client's sender,
 * so that a client that does not read holds up nobody but itself.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "block/iov.h"
#include "block/nbd/server_internal.h"

void nbd_request_dismiss(struct nbd_request *r)
{
    struct nbd_peer *peer = r->peer;

    peer->in_flight--;
    peer->bytes -= r->weight;
    pthread_cond_broadcast(&peer->changed);
    free(r->data);
    free(r);
}

/* What is left of a reply to be sent; false when the socket takes no more
 * now.  An error ends all sending. */
static bool send_some(struct nbd_peer *peer, struct nbd_request *r, bool wait)
{
    size_t length = iov_length(r->reply, r->parts);

    while (r->sent < length) {
        struct iovec rest[2];
        struct msghdr message = {.msg_iov = rest};
        message.msg_iovlen =
            iov_slice(rest, r->reply, r->parts, r->sent, length - r->sent);
        ssize_t n = sendmsg(peer->fd, &message,
                            MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
        if (n < 0 && errno == EAGAIN && !wait) {
            return false;
        }
        if (n < 0 && errno != EINTR) {
            pthread_mutex_lock(&peer->lock);
            peer->broken = true;
            pthread_mutex_unlock(&peer->lock);
            shutdown(peer->fd, SHUT_RDWR);
            return true;
        }
        r->sent += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* With the lock, by the one who is `sending`. */
static void send_all(struct nbd_peer *peer, bool wait)
{
    bool more = true;

    while (peer->first && more) {
        struct nbd_request *r = peer->first;
        bool broken = peer->broken;
        pthread_mutex_unlock(&peer->lock);
        more = broken || send_some(peer, r, wait);
        pthread_mutex_lock(&peer->lock);
        if (more) {
            peer->first = r->next;
            peer->last = peer->first ? peer->last : &peer->first;
            nbd_request_dismiss(r);
        }
    }
    peer->sending = false;
    if (!more) {
        peer->stuck = true;
        pthread_cond_broadcast(&peer->changed);
    }
}

static void queue(struct nbd_request *r)
{
    struct nbd_peer *peer = r->peer;

    r->next = NULL;
    pthread_mutex_lock(&peer->lock);
    *peer->last = r;
    peer->last = &r->next;
    if (!peer->sending && !peer->stuck) {
        peer->sending = true;
        send_all(peer, false);
    }
    pthread_mutex_unlock(&peer->lock);
}

static void *sender(void *opaque)
{
    struct nbd_peer *peer = opaque;

    pthread_mutex_lock(&peer->lock);
    while (!peer->closing) {
        if (!peer->stuck) {
            pthread_cond_wait(&peer->changed, &peer->lock);
            continue;
        }
        peer->sending = true;
        send_all(peer, true);
        peer->stuck = false;
    }
    pthread_mutex_unlock(&peer->lock);
    return NULL;
}

/* The form of a reply ---------------------------------------------------- */

static void simple(struct nbd_request *r, int error, size_t data)
{
    put32(r->head, NBD_SIMPLE_MAGIC);
    put32(r->head + 4, (uint32_t)error);
    put64(r->head + 8, r->cookie);
    r->reply[0] = (struct iovec){r->head, NBD_SIMPLE_SIZE};
    r->reply[1] = (struct iovec){r->data, data};
}

/* `extra` bytes behind the head are filled already. */
static void chunk(struct nbd_request *r, unsigned type, size_t extra,
                  size_t data)
{
    put32(r->head, NBD_CHUNK_MAGIC);
    put16(r->head + 4, NBD_CHUNK_DONE);
    put16(r->head + 6, (uint16_t)type);
    put64(r->head + 8, r->cookie);
    put32(r->head + 16, (uint32_t)(extra + data));
    r->reply[0] = (struct iovec){r->head, NBD_CHUNK_SIZE + extra};
    r->reply[1] = (struct iovec){r->data, data};
}

static void shape(struct nbd_request *r, int error)
{
    bool structured = r->peer->structured;

    r->parts = 2;
    error = nbd_error_to_wire(error);
    if (structured && error) {
        put32(r->head + NBD_CHUNK_SIZE, (uint32_t)error);
        put16(r->head + NBD_CHUNK_SIZE + 4, 0);
        chunk(r, NBD_CHUNK_ERROR, 6, 0);
    } else if (structured && r->type == NBD_CMD_READ && r->length) {
        put64(r->head + NBD_CHUNK_SIZE, r->offset);
        chunk(r, NBD_CHUNK_DATA, 8, r->length);
    } else if (structured && r->type == NBD_CMD_READ) {
        chunk(r, NBD_CHUNK_NONE, 0, 0);
    } else if (!error && r->type == NBD_CMD_BLOCK_STATUS) {
        /* It has chunks of its own. */
        r->reply[0] = r->iov;
        r->parts = 1;
    } else {
        simple(r, error, error || r->type != NBD_CMD_READ ? 0 : r->length);
    }
}

void nbd_reply(struct nbd_request *r, int error)
{
    if (r->writes) {
        nbd_write_end(r->peer->server, false);
    }
    shape(r, error);
    queue(r);
}

void nbd_replies_init(struct nbd_peer *peer)
{
    pthread_mutex_init(&peer->lock, NULL);
    pthread_cond_init(&peer->changed, NULL);
    peer->last = &peer->first;
    peer->has_sender = pthread_create(&peer->sender, NULL, sender, peer) == 0;
    if (peer->has_sender) {
        pthread_setname_np(peer->sender, "nbd-send");
    } else {
        peer->broken = true;
    }
}

void nbd_replies_finish(struct nbd_peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    while (peer->in_flight) {
        pthread_cond_wait(&peer->changed, &peer->lock);
    }
    peer->closing = true;
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
    if (peer->has_sender) {
        pthread_join(peer->sender, NULL);
    }
    pthread_mutex_destroy(&peer->lock);
    pthread_cond_destroy(&peer->changed);
}
