/*
 * Requests of a client, from the socket to the image.
 *
 * The reader takes as many at a time as MAX_IN_FLIGHT and MAX_BYTES allow.
 * What is of whole sectors goes to the backend; what is not is done by the
 * reader itself, sector by sector at the ends, while no other write runs.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "block/nbd/server_internal.h"
#include "util/bits.h"

#define MAX_IN_FLIGHT 64
#define MAX_BYTES (2ull * NBD_MAX_PAYLOAD)
#define DATA_ALIGN 4096 /* for O_DIRECT */

/* What a command may be asked with; others are not known. */
static const struct {
    unsigned flags;
    bool known, writes, has_range;
} commands[] = {
    [NBD_CMD_READ] = {NBD_FLAG_DF | NBD_FLAG_FUA, true, false, true},
    [NBD_CMD_WRITE] = {NBD_FLAG_FUA, true, true, true},
    [NBD_CMD_FLUSH] = {NBD_FLAG_FUA, true, false, false},
    [NBD_CMD_TRIM] = {NBD_FLAG_FUA, true, true, true},
    [NBD_CMD_WRITE_ZEROES] = {NBD_FLAG_FUA | NBD_FLAG_NO_HOLE, true, true,
                              true},
    [NBD_CMD_BLOCK_STATUS] = {NBD_FLAG_REQ_ONE | NBD_FLAG_FUA, true, false,
                              true},
};

static bool has_payload(const struct nbd_request *r)
{
    return r->type == NBD_CMD_READ || r->type == NBD_CMD_WRITE;
}

/* An errno when the request cannot be right. */
static int check(const struct nbd_request *r)
{
    const struct nbd_peer *peer = r->peer;
    const struct nbd_server_config *c = &peer->server->config;

    if (r->type >= ARRAY_SIZE(commands) || !commands[r->type].known ||
        r->flags & ~commands[r->type].flags ||
        (r->flags & NBD_FLAG_DF && !peer->structured)) {
        return EINVAL;
    }
    if (commands[r->type].writes && c->read_only) {
        return EPERM;
    }
    if (!commands[r->type].has_range) {
        return r->offset || r->length ? EINVAL : 0;
    }
    if (r->offset > c->size || r->length > c->size - r->offset) {
        return commands[r->type].writes ? ENOSPC : EINVAL;
    }
    if (r->type == NBD_CMD_BLOCK_STATUS) {
        return r->length && (peer->allocation || peer->depth || peer->bitmap)
                   ? 0 : EINVAL;
    }
    return 0;
}

/* Parts of sectors ------------------------------------------------------- */

static int run_io(struct nbd_request *r, enum block_op op, unsigned flags,
                  void *data, uint64_t offset, uint64_t length)
{
    struct iovec iov = {data, length};
    struct block_request io = {.op = op, .flags = flags, .offset = offset,
                               .length = length, .iov = &iov, .iov_count = 1};

    return length ? block_run(r->peer->server->backend, &io) : 0;
}

/* A piece within one sector: `data` NULL for zeroes. */
static int run_in_sector(struct nbd_request *r, uint64_t offset,
                         uint64_t length, uint8_t *data, unsigned flags)
{
    uint8_t sector[BLOCK_SECTOR] __attribute__((aligned(8)));
    uint64_t skip = offset % BLOCK_SECTOR;
    int error = run_io(r, BLOCK_READ, 0, sector, offset - skip,
                       BLOCK_SECTOR);

    if (error || r->type == NBD_CMD_READ) {
        memcpy(data, sector + skip, error ? 0 : length);
        return error;
    }
    if (data) {
        memcpy(sector + skip, data, length);
    } else {
        memset(sector + skip, 0, length);
    }
    return run_io(r, BLOCK_WRITE, flags, sector, offset - skip,
                  BLOCK_SECTOR);
}

/* A discard is a hint: of parts of sectors nothing is left to do. */
static int run_in_parts(struct nbd_request *r)
{
    uint64_t at = r->io.offset, end = at + r->length;
    uint8_t *data = has_payload(r) ? r->data : NULL;
    unsigned flags = r->io.flags;
    int error = 0;

    while (at < end && !error) {
        uint64_t next = align_up(at + 1, BLOCK_SECTOR);
        if (at % BLOCK_SECTOR || end < next) {
            next = next < end ? next : end;
            error = r->io.op == BLOCK_DISCARD
                        ? 0 : run_in_sector(r, at, next - at, data, flags);
        } else {
            next = align_down(end, BLOCK_SECTOR);
            error = run_io(r, r->io.op, flags, data, at, next - at);
        }
        data = data ? data + (next - at) : NULL;
        at = next;
    }
    return error;
}

/* Starting --------------------------------------------------------------- */

static void done(struct block_request *io, int error)
{
    nbd_reply(container_of(io, struct nbd_request, io), error);
}

static void prepare(struct nbd_request *r)
{
    static const enum block_op ops[] = {
        [NBD_CMD_READ] = BLOCK_READ,
        [NBD_CMD_WRITE] = BLOCK_WRITE,
        [NBD_CMD_FLUSH] = BLOCK_FLUSH,
        [NBD_CMD_TRIM] = BLOCK_DISCARD,
        [NBD_CMD_WRITE_ZEROES] = BLOCK_ZERO,
    };
    struct nbd_server *s = r->peer->server;

    r->io.op = ops[r->type];
    r->io.offset = r->offset + s->config.offset;
    r->io.length = r->length;
    r->io.iov = &r->iov;
    r->io.iov_count = 1;
    r->io.done = done;
    if (r->type == NBD_CMD_FLUSH) {
        r->io.offset = 0;
    }
    if (r->type == NBD_CMD_WRITE_ZEROES && !(r->flags & NBD_FLAG_NO_HOLE)) {
        r->io.flags |= BLOCK_MAY_UNMAP;
    }
    if (commands[r->type].writes &&
        (r->flags & NBD_FLAG_FUA || !block_write_cache(s->backend))) {
        r->io.flags |= BLOCK_FUA;
    }
}

static void start(struct nbd_request *r)
{
    struct nbd_server *s = r->peer->server;
    int error = check(r);

    if (error || (commands[r->type].has_range && !r->length)) {
        nbd_reply(r, error);
        return;
    }
    if (r->type == NBD_CMD_BLOCK_STATUS) {
        nbd_reply(r, nbd_collect_status(r));
        return;
    }
    prepare(r);
    bool writes = commands[r->type].writes;
    if ((r->io.offset | r->io.length) % BLOCK_SECTOR) {
        if (writes) {
            nbd_write_begin(s, true);
        }
        error = run_in_parts(r);
        if (writes) {
            nbd_write_end(s, true);
        }
        nbd_reply(r, error);
        return;
    }
    if (writes) {
        nbd_write_begin(s, false);
        r->writes = true;
    }
    block_submit(s->backend, &r->io);
    block_unplug(s->backend);
}

/* Reading ---------------------------------------------------------------- */

/* Wait for room; false when nobody would get the reply. */
static bool admit(struct nbd_peer *peer, const struct nbd_request *r)
{
    pthread_mutex_lock(&peer->lock);
    while (!peer->broken && peer->in_flight &&
           (peer->in_flight >= MAX_IN_FLIGHT ||
            peer->bytes + r->weight > MAX_BYTES)) {
        pthread_cond_wait(&peer->changed, &peer->lock);
    }
    bool good = !peer->broken;
    if (good) {
        peer->in_flight++;
        peer->bytes += r->weight;
    }
    pthread_mutex_unlock(&peer->lock);
    return good;
}

static bool read_head(struct nbd_peer *peer, struct nbd_request *r)
{
    uint8_t head[NBD_REQUEST_SIZE];

    if (wire_read(&peer->wire, head, sizeof(head)) ||
        get32(head) != NBD_REQUEST_MAGIC) {
        return false;
    }
    r->peer = peer;
    r->flags = get16(head + 4);
    r->type = get16(head + 6);
    r->cookie = get64(head + 8);
    r->offset = get64(head + 16);
    r->length = get32(head + 24);
    return r->type != NBD_CMD_DISC;
}

/* Memory for the data; a write's are read into it. */
static bool take_data(struct nbd_request *r, bool *no_memory)
{
    void *data = NULL;

    *no_memory = false;
    if (!has_payload(r) || !r->length) {
        return true;
    }
    if (posix_memalign(&data, r->length < DATA_ALIGN ? 64 : DATA_ALIGN,
                       r->length)) {
        *no_memory = true;
        return r->type == NBD_CMD_READ ||
               !wire_skip(&r->peer->wire, r->length);
    }
    r->data = data;
    r->iov = (struct iovec){r->data, r->length};
    return r->type == NBD_CMD_READ ||
           !wire_read_iov(&r->peer->wire, &r->iov, 1, 0, r->length);
}

static bool serve_one(struct nbd_peer *peer)
{
    struct nbd_request *r = calloc(1, sizeof(*r));
    bool no_memory = false;

    assert(r);
    if (!read_head(peer, r)) {
        free(r);
        return false;
    }
    bool too_long = has_payload(r) && r->length > NBD_MAX_PAYLOAD;
    r->weight = has_payload(r) && !too_long ? r->length : 0;
    if ((too_long && r->type == NBD_CMD_WRITE) || !admit(peer, r)) {
        free(r); /* nobody reads through that, or answers */
        return false;
    }
    if (too_long) {
        nbd_reply(r, EINVAL);
    } else if (!take_data(r, &no_memory)) {
        pthread_mutex_lock(&peer->lock);
        nbd_request_dismiss(r);
        pthread_mutex_unlock(&peer->lock);
        return false;
    } else if (no_memory) {
        nbd_reply(r, ENOMEM);
    } else {
        start(r);
    }
    return true;
}

void nbd_peer_serve(struct nbd_peer *peer)
{
    while (serve_one(peer)) {
        ;
    }
}
