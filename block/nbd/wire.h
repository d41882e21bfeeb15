/*
 * Bytes on an NBD socket: big-endian numbers, whole reads and writes.
 *
 * All return 0 or an errno; ECONNRESET says that the other side closed.
 */
#ifndef BLOCK_NBD_WIRE_H
#define BLOCK_NBD_WIRE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

static inline void put16(uint8_t *to, uint16_t value)
{
    value = htobe16(value);
    memcpy(to, &value, sizeof(value));
}

static inline void put32(uint8_t *to, uint32_t value)
{
    value = htobe32(value);
    memcpy(to, &value, sizeof(value));
}

static inline void put64(uint8_t *to, uint64_t value)
{
    value = htobe64(value);
    memcpy(to, &value, sizeof(value));
}

static inline uint16_t get16(const uint8_t *from)
{
    uint16_t value;

    memcpy(&value, from, sizeof(value));
    return be16toh(value);
}

static inline uint32_t get32(const uint8_t *from)
{
    uint32_t value;

    memcpy(&value, from, sizeof(value));
    return be32toh(value);
}

static inline uint64_t get64(const uint8_t *from)
{
    uint64_t value;

    memcpy(&value, from, sizeof(value));
    return be64toh(value);
}

/*
 * The reading end, with a buffer for what is small.  One thread at a time.
 * `deadline` is in ns of clock_monotonic_ns(), 0: none; past it reads and
 * wire_send() give ETIMEDOUT.
 */
struct nbd_wire {
    int fd;
    uint64_t deadline;
    size_t at, end; /* in the buffer */
    uint8_t buffer[16384];
};

void wire_start(struct nbd_wire *wire, int fd);
int wire_read(struct nbd_wire *wire, void *to, size_t size);
int wire_read_iov(struct nbd_wire *wire, const struct iovec *iov,
                  unsigned count, uint64_t skip, uint64_t length);
int wire_skip(struct nbd_wire *wire, uint64_t size);

/* Any thread, one at a time; blocks past every deadline but the wire's. */
int wire_send(struct nbd_wire *wire, const void *from, size_t size);
/* At most BLOCK_MAX_IOV + 1 of them. */
int wire_send_iov(int fd, const struct iovec *iov, unsigned count);

#endif
