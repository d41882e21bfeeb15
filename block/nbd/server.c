#include "block/nbd/server.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "block/nbd/server_internal.h"
#include "util/socket.h"

/* Writes of parts of sectors --------------------------------------------- */

void nbd_write_begin(struct nbd_server *s, bool alone)
{
    pthread_mutex_lock(&s->lock);
    while (s->alone || (alone && s->writers)) {
        pthread_cond_wait(&s->quiet, &s->lock);
    }
    s->alone = alone;
    s->writers += !alone;
    pthread_mutex_unlock(&s->lock);
}

void nbd_write_end(struct nbd_server *s, bool alone)
{
    pthread_mutex_lock(&s->lock);
    s->writers -= !alone;
    s->alone = false;
    pthread_cond_broadcast(&s->quiet);
    pthread_mutex_unlock(&s->lock);
}

/* Clients ---------------------------------------------------------------- */

static void end_peer(struct nbd_peer *peer)
{
    pthread_join(peer->reader, NULL);
    loop_unpost(peer->server->loop, peer);
    close(peer->fd);
    free(peer);
}

/* On the loop's thread: the reader has nothing more to do. */
static void on_gone(void *opaque)
{
    struct nbd_peer *peer = opaque;
    struct nbd_server *s = peer->server;
    struct nbd_peer **p = &s->peers;
    bool used = peer->used;

    while (*p != peer) {
        p = &(*p)->next;
    }
    *p = peer->next;
    s->peer_count--;
    end_peer(peer);
    s->config.gone(s->config.opaque, used);
}

static void *reader(void *opaque)
{
    struct nbd_peer *peer = opaque;

    wire_start(&peer->wire, peer->fd);
    peer->used = nbd_peer_handshake(peer);
    if (peer->used) {
        nbd_replies_init(peer);
        nbd_peer_serve(peer);
        nbd_replies_finish(peer);
    }
    shutdown(peer->fd, SHUT_RDWR);
    __atomic_store_n(&peer->finished, true, __ATOMIC_RELEASE);
    loop_post(peer->server->loop, on_gone, peer);
    return NULL;
}

void nbd_server_add(struct nbd_server *s, int fd)
{
    struct nbd_peer *peer = calloc(1, sizeof(*peer));
    sigset_t all, before;

    assert(peer);
    peer->server = s;
    peer->fd = fd;
    socket_set_nodelay(fd);
    socket_set_keepalive(fd);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&peer->reader, NULL, reader, peer) == 0) {
        pthread_setname_np(peer->reader, "nbd-read");
        peer->next = s->peers;
        s->peers = peer;
        s->peer_count++;
    } else {
        error_report("no thread for a client; it is sent away");
        close(fd);
        free(peer);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

unsigned nbd_server_clients(const struct nbd_server *s)
{
    return s->peer_count;
}

struct nbd_server *nbd_server_new(const struct nbd_server_config *config,
                                  struct block_backend *backend,
                                  struct loop *loop)
{
    struct nbd_server *s = calloc(1, sizeof(*s));

    assert(s);
    s->config = *config;
    s->backend = backend;
    s->loop = loop;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->quiet, NULL);
    return s;
}

/* Requests that are under way complete; what they wait for may be the loop,
 * which does not run any more. */
static void wait_for(struct nbd_server *s, const struct nbd_peer *peer)
{
    static const struct timespec pause = {0, 1000000};

    while (!__atomic_load_n(&peer->finished, __ATOMIC_ACQUIRE)) {
        block_drain(s->backend);
        nanosleep(&pause, NULL);
    }
}

void nbd_server_free(struct nbd_server *s)
{
    if (!s) {
        return;
    }
    for (struct nbd_peer *peer = s->peers; peer; peer = peer->next) {
        shutdown(peer->fd, SHUT_RDWR);
    }
    while (s->peers) {
        struct nbd_peer *peer = s->peers;
        s->peers = peer->next;
        wait_for(s, peer);
        end_peer(peer);
    }
    /* A reply is sent inside of done(), from which the last may not be
     * back. */
    block_drain(s->backend);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->quiet);
    free(s);
}
