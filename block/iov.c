#include "block/iov.h"

#include <string.h>

unsigned iov_slice(struct iovec *to, const struct iovec *from, unsigned count,
                   uint64_t skip, uint64_t length)
{
    unsigned used = 0;

    for (unsigned i = 0; i < count && length; i++) {
        size_t here = from[i].iov_len;
        if (skip >= here) {
            skip -= here;
            continue;
        }
        here -= skip;
        here = here < length ? here : length;
        to[used++] = (struct iovec){(char *)from[i].iov_base + skip, here};
        length -= here;
        skip = 0;
    }
    return used;
}

void iov_zero(const struct iovec *iov, unsigned count, uint64_t skip,
              uint64_t length)
{
    for (unsigned i = 0; i < count && length; i++) {
        struct iovec part;
        if (iov_slice(&part, &iov[i], 1, skip, length)) {
            memset(part.iov_base, 0, part.iov_len);
            length -= part.iov_len;
            skip = 0;
        } else {
            skip -= iov[i].iov_len;
        }
    }
}

void iov_to_buffer(const struct iovec *iov, unsigned count, void *buffer,
                   uint64_t size)
{
    char *to = buffer;

    for (unsigned i = 0; i < count && size; i++) {
        size_t n = iov[i].iov_len < size ? iov[i].iov_len : size;
        memcpy(to, iov[i].iov_base, n);
        to += n;
        size -= n;
    }
}

void iov_from_buffer(const struct iovec *iov, unsigned count,
                     const void *buffer, uint64_t size)
{
    const char *from = buffer;

    for (unsigned i = 0; i < count && size; i++) {
        size_t n = iov[i].iov_len < size ? iov[i].iov_len : size;
        memcpy(iov[i].iov_base, from, n);
        from += n;
        size -= n;
    }
}

uint64_t iov_length(const struct iovec *iov, unsigned count)
{
    uint64_t length = 0;

    for (unsigned i = 0; i < count; i++) {
        length += iov[i].iov_len;
    }
    return length;
}

/* A buffer is zero when its first byte is and each equals the next. */
bool iov_is_zero(const struct iovec *iov, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const char *p = iov[i].iov_base;
        size_t n = iov[i].iov_len;
        if (n && (p[0] || memcmp(p, p + 1, n - 1))) {
            return false;
        }
    }
    return true;
}

bool iov_is_aligned(const struct iovec *iov, unsigned count, size_t align)
{
    uintptr_t bits = 0;

    for (unsigned i = 0; i < count; i++) {
        bits |= (uintptr_t)iov[i].iov_base | iov[i].iov_len;
    }
    return (bits & (align - 1)) == 0;
}
