#include "block/nbd/wire.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include "block/iov.h"
#include "block/nbd/protocol.h"
#include "util/bits.h"
#include "util/clock.h"

/* Errors --------------------------------------------------------------- */

/* The protocol's list.  Others become EINVAL, as it asks for, but on our
 * side EIO: a guest's request was not wrong. */
static const uint8_t known[] = {EPERM, EIO, ENOMEM, EINVAL, ENOSPC,
                                EOVERFLOW, EOPNOTSUPP, ESHUTDOWN};

static bool is_known(uint32_t error)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (known[i] == error) {
            return true;
        }
    }
    return false;
}

int nbd_error_to_wire(int error)
{
    switch (error) {
    case EACCES:
    case EROFS:
        return EPERM;
    case EFBIG:
    case EDQUOT:
        return ENOSPC;
    default:
        return !error || is_known((uint32_t)error) ? error : EIO;
    }
}

int nbd_error_from_wire(uint32_t error)
{
    return !error || is_known(error) ? (int)error : EIO;
}

/* Reading -------------------------------------------------------------- */

void wire_start(struct nbd_wire *wire, int fd)
{
    wire->fd = fd;
    wire->deadline = 0;
    wire->at = wire->end = 0;
}

/* Wait until the deadline allows no more. */
static int wait_for(const struct nbd_wire *wire, short events)
{
    struct pollfd p = {.fd = wire->fd, .events = events};

    while (wire->deadline) {
        uint64_t now = clock_monotonic_ns();
        if (now >= wire->deadline) {
            return ETIMEDOUT;
        }
        uint64_t ms = (wire->deadline - now) / (NS_PER_SEC / 1000) + 1;
        int n = poll(&p, 1, ms < INT_MAX ? (int)ms : INT_MAX);
        if (n > 0) {
            return 0;
        }
        if (n < 0 && errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* One recvmsg(), of at least a byte. */
static int receive(struct nbd_wire *wire, struct iovec *iov, unsigned count,
                   size_t *got)
{
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = count};

    for (;;) {
        int error = wait_for(wire, POLLIN);
        if (error) {
            return error;
        }
        ssize_t n = recvmsg(wire->fd, &message, 0);
        if (n > 0) {
            *got = (size_t)n;
            return 0;
        }
        if (n == 0) {
            return ECONNRESET;
        }
        if (errno != EINTR) {
            return errno;
        }
    }
}

static int refill(struct nbd_wire *wire)
{
    struct iovec iov = {wire->buffer, sizeof(wire->buffer)};
    size_t n = 0;
    int error = receive(wire, &iov, 1, &n);

    wire->at = 0;
    wire->end = n;
    return error;
}

/* What the buffer has of the next `size` bytes. */
static const uint8_t *take(struct nbd_wire *wire, size_t size, size_t *taken)
{
    size_t there = wire->end - wire->at;
    const uint8_t *p = wire->buffer + wire->at;

    *taken = size < there ? size : there;
    wire->at += *taken;
    return p;
}

int wire_read(struct nbd_wire *wire, void *to, size_t size)
{
    uint8_t *at = to;
    int error = 0;

    while (size && !error) {
        size_t n;
        const uint8_t *from = take(wire, size, &n);
        memcpy(at, from, n);
        at += n;
        size -= n;
        if (size) {
            error = refill(wire);
        }
    }
    return error;
}

int wire_skip(struct nbd_wire *wire, uint64_t size)
{
    int error = 0;

    while (size && !error) {
        size_t n;
        take(wire, size < SIZE_MAX ? (size_t)size : SIZE_MAX, &n);
        size -= n;
        if (size) {
            error = refill(wire);
        }
    }
    return error;
}

/* Past the buffer what is bigger than it. */
int wire_read_iov(struct nbd_wire *wire, const struct iovec *iov,
                  unsigned count, uint64_t skip, uint64_t length)
{
    struct iovec part[IOV_MAX];
    int error = 0;

    while (length && !error) {
        unsigned used = iov_slice(part, iov, count, skip, length);
        size_t n;
        if (wire->at == wire->end && length < sizeof(wire->buffer)) {
            error = refill(wire);
            continue;
        }
        if (wire->at == wire->end) {
            error = receive(wire, part, used, &n);
        } else {
            uint64_t most = iov_length(part, used);
            const uint8_t *from = take(wire, most, &n);
            iov_from_buffer(part, used, from, n);
        }
        if (!error) {
            skip += n;
            length -= n;
        }
    }
    return error;
}

/* Writing -------------------------------------------------------------- */

int wire_send(struct nbd_wire *wire, const void *from, size_t size)
{
    const uint8_t *at = from;

    while (size) {
        int error = wait_for(wire, POLLOUT);
        if (error) {
            return error;
        }
        ssize_t n = send(wire->fd, at, size,
                         MSG_NOSIGNAL | (wire->deadline ? MSG_DONTWAIT : 0));
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return errno;
        }
        at += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int wire_send_iov(int fd, const struct iovec *iov, unsigned count)
{
    uint64_t length = iov_length(iov, count), done = 0;
    struct iovec rest[IOV_MAX + 1]; /* a header comes before the data */

    while (done < length) {
        unsigned used = iov_slice(rest, iov, count, done, length - done);
        struct msghdr message = {
            .msg_iov = rest,
            .msg_iovlen = used < IOV_MAX ? used : IOV_MAX,
        };
        ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            return errno;
        }
        done += n > 0 ? (uint64_t)n : 0;
    }
    return 0;
}
