/*
 * Commands and the connection they go over.
 *
 * A command takes a slot, sends itself and waits.  Of those that wait one
 * reads the answers of all until its own has come; then it passes the
 * reading on.  Only the reader ends a connection: who finds it broken in
 * sending shuts the socket down, which the reader sees.  So nobody writes
 * into the buffers of a command that has returned.
 */
#include "block/nbd/client.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "block/block.h"
#include "block/nbd/client_internal.h"
#include "util/clock.h"

#define MS (NS_PER_SEC / 1000)
#define HANDSHAKE_TIME (30 * NS_PER_SEC)
#define FIRST_PAUSE (100 * MS)
#define LAST_PAUSE (2 * NS_PER_SEC)

/* The socket ------------------------------------------------------------ */

static void set_fd(struct nbd_client *c, int fd)
{
    pthread_mutex_lock(&c->fd_lock);
    if (c->fd >= 0) {
        close(c->fd);
    }
    c->fd = fd;
    pthread_mutex_unlock(&c->fd_lock);
}

static void shut_down(struct nbd_client *c)
{
    pthread_mutex_lock(&c->fd_lock);
    if (c->fd >= 0) {
        shutdown(c->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&c->fd_lock);
}

static int make_socket(struct nbd_client *c, struct error **err)
{
    struct socket_address address = nbd_address_socket(c->address);
    struct error *why = NULL;
    int fd = c->fixed ? c->fd : socket_connect_soon(&address, &why);

    if (fd < 0) {
        error_set(err, "%s", why->message);
        error_free(why);
    } else if (!c->fixed) {
        socket_set_nodelay(fd);
        socket_set_keepalive(fd);
        set_fd(c, fd);
    }
    return fd;
}

/* The export may not have become another one. */
static bool adopt(struct nbd_client *c, const struct nbd_export *export,
                  struct error **err)
{
    unsigned gone = c->export.flags & ~export->flags &
                    (NBD_SEND_FLUSH | NBD_SEND_FUA | NBD_SEND_TRIM |
                     NBD_SEND_WRITE_ZEROES);

    if (!c->epoch) {
        c->export = *export;
        return true;
    }
    if (export->size != c->export.size ||
        export->min_block > c->export.min_block ||
        export->max_block < c->export.max_block || gone ||
        (export->flags & ~c->export.flags & NBD_READ_ONLY) ||
        export->has_allocation < c->export.has_allocation) {
        error_set(err, "the server is back with another export");
        return false;
    }
    /* The rest is read by others meanwhile. */
    c->export.structured = export->structured;
    c->export.allocation_id = export->allocation_id;
    return true;
}

/* Nobody else uses the connection. */
static bool connect_once(struct nbd_client *c, uint64_t deadline,
                         struct error **err)
{
    struct nbd_handshake *h = malloc(sizeof(*h));
    struct nbd_export export;

    assert(h);
    pthread_mutex_lock(&c->sending);
    c->sending_epoch = 0;
    pthread_mutex_unlock(&c->sending);
    int fd = make_socket(c, err);
    if (fd < 0) {
        free(h);
        return false;
    }
    wire_start(&c->wire, fd);
    c->wire.deadline = deadline;
    bool good = nbd_greet(h, &c->wire, err) &&
                nbd_choose(h, c->address->export, &export, err) &&
                adopt(c, &export, err);
    free(h);
    c->wire.deadline = 0;
    if (!good && !c->fixed) {
        set_fd(c, -1);
    }
    return good;
}

/* With c->lock, which is given up meanwhile. */
static bool try_to_connect(struct nbd_client *c, uint64_t deadline,
                           struct error **err)
{
    uint64_t now = clock_monotonic_ns();

    c->connecting = true;
    pthread_mutex_unlock(&c->lock);
    deadline = deadline > now + NS_PER_SEC ? deadline : now + NS_PER_SEC;
    bool good = connect_once(c, deadline < now + HANDSHAKE_TIME
                                    ? deadline : now + HANDSHAKE_TIME, err);
    uint64_t epoch = c->epoch + good;
    pthread_mutex_lock(&c->sending);
    c->sending_epoch = good ? epoch : 0;
    pthread_mutex_unlock(&c->sending);
    pthread_mutex_lock(&c->lock);
    c->connecting = false;
    c->connected = good;
    c->epoch = epoch;
    c->next_try = clock_monotonic_ns() + c->pause;
    c->pause = 2 * c->pause < LAST_PAUSE ? 2 * c->pause : LAST_PAUSE;
    pthread_cond_broadcast(&c->changed);
    return good;
}

static void wait_until(pthread_cond_t *cond, pthread_mutex_t *lock,
                       uint64_t when)
{
    struct timespec until = {(time_t)(when / NS_PER_SEC),
                             (long)(when % NS_PER_SEC)};

    pthread_cond_timedwait(cond, lock, &until);
}

/* With c->lock: false when there is no connection and will not be one soon
 * enough. */
static bool want_connection(struct nbd_client *c, uint64_t deadline,
                            uint64_t abandoned)
{
    while (!c->connected) {
        uint64_t now = clock_monotonic_ns();
        bool patient = now < deadline;
        if (c->abandoned != abandoned || c->fixed ||
            (!patient && (c->connecting || now < c->next_try))) {
            return false;
        }
        if (c->connecting || now < c->next_try) {
            uint64_t next = c->connecting || deadline < c->next_try
                                ? deadline : c->next_try;
            wait_until(&c->changed, &c->lock, next);
            continue;
        }
        if (try_to_connect(c, deadline, NULL)) {
            error_report("%s: the server is back", c->address->name);
        } else if (!patient) {
            return false;
        }
    }
    return true;
}

/* Losing it --------------------------------------------------------------- */

static void report_loss(const struct nbd_client *c, int error,
                        const char *why)
{
    char text[256];

    if (c->gives_up) {
        snprintf(text, sizeof(text), "it does not answer");
    } else if (why) {
        snprintf(text, sizeof(text), "%s", why);
    } else {
        snprintf(text, sizeof(text), "%s",
                 error == ECONNRESET ? "it closed the connection"
                                     : strerror(error));
    }
    if (c->address->reconnect_delay) {
        error_report("%s: the server is gone: %s; waiting %u s for it",
                     c->address->name, text, c->address->reconnect_delay);
    } else {
        error_report("%s: the server is gone: %s; the disk's requests fail "
                     "until it is back (reconnect-delay=SECONDS makes them "
                     "wait)", c->address->name, text);
    }
}

/* By the reader, with c->lock: nothing more will come. */
static void lose(struct nbd_client *c, int error, const char *why)
{
    shut_down(c);
    c->connected = false;
    c->next_try = clock_monotonic_ns();
    if (c->written != c->flushed && !c->address->reconnect_delay) {
        c->lost = true;
    }
    for (unsigned i = 0; i < NBD_SLOTS; i++) {
        struct nbd_slot *slot = &c->slots[i];
        if (slot->state == SLOT_WAITS) {
            slot->state = SLOT_DONE;
            slot->lost = true;
            pthread_cond_signal(&slot->cond);
        }
    }
    pthread_cond_broadcast(&c->changed);
    report_loss(c, error, why);
    c->gives_up = false;
}

void nbd_client_abandon(struct nbd_client *c)
{
    pthread_mutex_lock(&c->lock);
    c->abandoned++;
    c->gives_up = c->connected;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    shut_down(c);
}

/* Commands ---------------------------------------------------------------- */

static void send_command(struct nbd_client *c, const struct nbd_command *cmd,
                         uint64_t cookie, uint64_t epoch)
{
    uint8_t head[NBD_REQUEST_SIZE];
    struct iovec iov[BLOCK_MAX_IOV + 1] = {{head, sizeof(head)}};
    unsigned count = cmd->type == NBD_CMD_WRITE ? cmd->iov_count : 0;

    put32(head, NBD_REQUEST_MAGIC);
    put16(head + 4, (uint16_t)cmd->flags);
    put16(head + 6, (uint16_t)cmd->type);
    put64(head + 8, cookie);
    put64(head + 16, cmd->offset);
    put32(head + 24, (uint32_t)cmd->length);
    if (count) {
        memcpy(iov + 1, cmd->iov, count * sizeof(*iov));
    }
    pthread_mutex_lock(&c->sending);
    if (c->sending_epoch == epoch &&
        wire_send_iov(c->wire.fd, iov, count + 1)) {
        c->sending_epoch = 0; /* half a request is no place to go on */
        shut_down(c);
    }
    pthread_mutex_unlock(&c->sending);
}

/* With c->lock: somebody has to read.  Not one who is sending still: the
 * server may take no more before we have read. */
static void pass_reading(struct nbd_client *c)
{
    for (unsigned i = 0; i < NBD_SLOTS; i++) {
        struct nbd_slot *slot = &c->slots[i];
        if (slot->state == SLOT_WAITS && slot->asleep) {
            pthread_cond_signal(&slot->cond);
            return;
        }
    }
}

/* With c->lock, until the slot is done. */
static void await(struct nbd_client *c, struct nbd_slot *slot)
{
    while (slot->state == SLOT_WAITS) {
        if (c->reading) {
            slot->asleep = true;
            pthread_cond_wait(&slot->cond, &c->lock);
            slot->asleep = false;
            continue;
        }
        const char *why = NULL;
        c->reading = true;
        pthread_mutex_unlock(&c->lock);
        int error = nbd_reply_read(c, &why);
        pthread_mutex_lock(&c->lock);
        c->reading = false;
        if (error) {
            lose(c, error, why);
        } else {
            c->pause = FIRST_PAUSE;
        }
    }
    if (!c->reading) {
        pass_reading(c);
    }
}

/* With c->lock; NULL when there is no connection any more. */
static struct nbd_slot *take_slot(struct nbd_client *c)
{
    while (c->connected) {
        for (unsigned i = 0; i < NBD_SLOTS; i++) {
            struct nbd_slot *slot = &c->slots[i];
            if (slot->state == SLOT_FREE) {
                slot->cookie = c->cookies++ * NBD_SLOTS + i;
                slot->lost = slot->told = false;
                slot->error = 0;
                slot->filled = slot->chunks = 0;
                slot->state = SLOT_WAITS;
                return slot;
            }
        }
        pthread_cond_wait(&c->changed, &c->lock);
    }
    return NULL;
}

/* With c->lock, over the connection that there is; *lost: try again. */
static int run_once(struct nbd_client *c, struct nbd_command *command,
                    bool *lost)
{
    struct nbd_slot *slot = take_slot(c);

    *lost = !slot;
    if (!slot) {
        return EIO;
    }
    uint64_t cookie = slot->cookie, epoch = c->epoch;
    slot->command = command;
    pthread_mutex_unlock(&c->lock);
    send_command(c, command, cookie, epoch);
    pthread_mutex_lock(&c->lock);
    await(c, slot);
    *lost = slot->lost;
    int error = slot->lost ? EIO : slot->error;
    slot->state = SLOT_FREE;
    pthread_cond_broadcast(&c->changed);
    return error;
}

/* For flushes: what was written before, and whether it may be gone. */
static void note(struct nbd_client *c, const struct nbd_command *command,
                 uint64_t written, bool lost, int *error)
{
    switch (command->type) {
    case NBD_CMD_WRITE:
    case NBD_CMD_WRITE_ZEROES:
    case NBD_CMD_TRIM:
        c->written += !(command->flags & NBD_FLAG_FUA);
        break;
    case NBD_CMD_FLUSH:
        /* What the server could not write is gone for good, too. */
        c->lost |= *error && !lost;
        *error = c->lost ? EIO : *error;
        if (!*error && written > c->flushed) {
            c->flushed = written;
        }
        break;
    default:
        break;
    }
}

int nbd_client_run(struct nbd_client *c, struct nbd_command *command)
{
    uint64_t deadline = clock_monotonic_ns() +
                        c->address->reconnect_delay * NS_PER_SEC;
    bool lost = true, retry = true;
    int error = EIO;

    pthread_mutex_lock(&c->lock);
    uint64_t abandoned = c->abandoned, written = c->written;
    while (lost && retry && want_connection(c, deadline, abandoned)) {
        error = run_once(c, command, &lost);
        retry = c->address->reconnect_delay && c->abandoned == abandoned;
    }
    note(c, command, written, lost, &error);
    pthread_mutex_unlock(&c->lock);
    return error;
}

/* Opening and closing ---------------------------------------------------- */

static struct nbd_client *new_client(struct nbd_address *address)
{
    struct nbd_client *c = calloc(1, sizeof(*c));
    pthread_condattr_t clock;

    assert(c);
    c->address = address;
    c->fd = -1;
    c->pause = FIRST_PAUSE;
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->fd_lock, NULL);
    pthread_mutex_init(&c->sending, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &clock);
    for (unsigned i = 0; i < NBD_SLOTS; i++) {
        pthread_cond_init(&c->slots[i].cond, NULL);
    }
    pthread_condattr_destroy(&clock);
    return c;
}

static void free_client(struct nbd_client *c)
{
    set_fd(c, -1);
    pthread_mutex_destroy(&c->lock);
    pthread_mutex_destroy(&c->fd_lock);
    pthread_mutex_destroy(&c->sending);
    pthread_cond_destroy(&c->changed);
    for (unsigned i = 0; i < NBD_SLOTS; i++) {
        pthread_cond_destroy(&c->slots[i].cond);
    }
    free(c);
}

static bool open_until(struct nbd_client *c, uint64_t deadline,
                       struct error **err)
{
    uint64_t timeout = c->address->open_timeout
                           ? deadline : clock_monotonic_ns() + HANDSHAKE_TIME;

    for (;;) {
        struct error *why = NULL;
        pthread_mutex_lock(&c->lock);
        bool good = try_to_connect(c, timeout, &why);
        uint64_t next = c->next_try;
        pthread_mutex_unlock(&c->lock);
        if (good) {
            return true;
        }
        if (next >= deadline || c->fixed) {
            error_set(err, "%s: %s", c->address->name, why->message);
            error_free(why);
            return false;
        }
        error_free(why);
        uint64_t now = clock_monotonic_ns();
        poll(NULL, 0, next > now ? (int)((next - now) / MS) + 1 : 0);
    }
}

static struct nbd_client *open_client(struct nbd_client *c,
                                      struct error **err)
{
    uint64_t deadline = clock_monotonic_ns() +
                        c->address->open_timeout * NS_PER_SEC;

    if (!open_until(c, deadline, err)) {
        free_client(c);
        return NULL;
    }
    c->pause = FIRST_PAUSE;
    return c;
}

struct nbd_client *nbd_client_open(struct nbd_address *address,
                                   struct error **err)
{
    return open_client(new_client(address), err);
}

struct nbd_client *nbd_client_on(int fd, struct nbd_address *address,
                                 struct error **err)
{
    struct nbd_client *c = new_client(address);

    c->fixed = true;
    c->fd = fd;
    return open_client(c, err);
}

const struct nbd_export *nbd_client_export(const struct nbd_client *c)
{
    return &c->export;
}

void nbd_client_close(struct nbd_client *c)
{
    struct nbd_command bye = {.type = NBD_CMD_DISC};

    if (!c) {
        return;
    }
    if (c->connected) {
        send_command(c, &bye, 0, c->epoch);
    }
    nbd_address_free(c->address);
    free_client(c);
}
