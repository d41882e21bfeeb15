/* Lists of host buffers (struct iovec), addressed as one run of bytes. */
#ifndef BLOCK_IOV_H
#define BLOCK_IOV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Describe bytes [skip, skip+length) of `from` in `to`, which has room for
 * `count` elements; returns the number used. */
unsigned iov_slice(struct iovec *to, const struct iovec *from, unsigned count,
                   uint64_t skip, uint64_t length);

/* Make bytes [skip, skip+length) zero. */
void iov_zero(const struct iovec *iov, unsigned count, uint64_t skip,
              uint64_t length);

/* Copy `size` bytes, which the list has, to or from a buffer. */
void iov_to_buffer(const struct iovec *iov, unsigned count, void *buffer,
                   uint64_t size);
void iov_from_buffer(const struct iovec *iov, unsigned count,
                     const void *buffer, uint64_t size);

uint64_t iov_length(const struct iovec *iov, unsigned count);
bool iov_is_zero(const struct iovec *iov, unsigned count);

/* Every base and length is a multiple of `align`. */
bool iov_is_aligned(const struct iovec *iov, unsigned count, size_t align);

#endif
