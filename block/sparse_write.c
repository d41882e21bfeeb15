/*
 * Tables of blocks: writes, zeroes and discards.
 *
 * A mixed block is never written in place: it gets a new place where it has
 * all of its sectors, and the old one is lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/iov.h"
#include "block/sparse.h"

#define ZERO_CHUNK (64u << 10)

/* The place at `host`, which is new, reads as zeroes; what a killed process
 * wrote there goes. */
static int clear(struct sparse *s, uint64_t host)
{
    uint64_t end = block_file_size(s->file), after = host + s->block_size;
    int error = 0;

    if (host < end) {
        error = block_file_zero(s->file, host,
                                (after < end ? after : end) - host, true);
    }
    return error || after <= end ? error : block_file_resize(s->file, after);
}

/* All of a block as it is now, with new data over a part of it. */
static uint8_t *compose(struct sparse *s, uint64_t block,
                        const struct sparse_place *place,
                        const struct iovec *iov, unsigned count,
                        uint64_t inside, uint64_t length, int *error)
{
    uint8_t *data = block_file_buffer(s->block_size);
    struct iovec all = {data, s->block_size};

    *error = data ? 0 : ENOMEM;
    if (data) {
        memset(data, 0, s->block_size);
    }
    if (data && length < s->block_size) {
        uint64_t rest = s->image.size - block * s->block_size;
        all.iov_len = rest < s->block_size ? rest : s->block_size;
        if (place->kind == SPARSE_COMPRESSED) {
            *error = s->ops->inflate(s, block, place->host, data);
        } else if (place->kind == SPARSE_MIXED) {
            *error = sparse_read(&s->image, &all, 1, block * s->block_size,
                                 all.iov_len);
        } else if (place->kind == SPARSE_ABSENT) {
            *error = sparse_read_backing(s, &all, 1, block * s->block_size,
                                  all.iov_len);
        }
    }
    if (!*error) {
        iov_to_buffer(iov, count, data + inside, length);
    }
    return data;
}

/* Under `placing`: the contents at s->next, and what they take. */
static int fill(struct sparse *s, uint64_t block,
                const struct sparse_place *place, const struct iovec *iov,
                unsigned count, uint64_t inside, uint64_t length,
                uint64_t *taken)
{
    bool whole = s->backing || place->kind == SPARSE_COMPRESSED ||
                 place->kind == SPARSE_MIXED || s->ops->deflate;
    uint64_t host = s->next;
    int error = 0;
    uint8_t *data = NULL;

    *taken = s->room;
    if (whole) {
        data = compose(s, block, place, iov, count, inside, length, &error);
    }
    if (!error && s->ops->deflate) {
        error = s->ops->deflate(s, block, host, data, taken);
    } else if (!error) {
        error = clear(s, host);
        if (!error) {
            error = data ? sparse_write_at(s->file, host, data,
                                           s->block_size)
                         : block_file_write(s->file, iov, count,
                                            host + inside, false);
        }
    }
    block_file_buffer_free(data);
    return error;
}

/* A part of one block, which has no place of its own so far. */
static int place_block(struct sparse *s, const struct iovec *iov,
                       unsigned count, uint64_t offset, uint64_t length)
{
    uint64_t block = offset / s->block_size, inside = offset % s->block_size;
    uint64_t taken;
    struct sparse_place place;

    pthread_mutex_lock(&s->placing);
    int error = sparse_place(s, block, &place);
    if (!error && place.kind == SPARSE_MIXED) {
        uint8_t *bits;
        error = sparse_load_bits(s, block, &place, &bits);
        free(bits);
    }
    if (!error && place.kind == SPARSE_DATA) {
        /* Another request was faster. */
        pthread_mutex_unlock(&s->placing);
        return block_file_write(s->file, iov, count, place.host + inside,
                                false);
    }
    if (!error && s->ops->prepare) {
        error = s->ops->prepare(s, block, s->next);
    }
    if (!error) {
        error = fill(s, block, &place, iov, count, inside, length, &taken);
    }
    if (!error && s->barrier) {
        error = block_file_flush(s->file);
    }
    if (!error) {
        uint64_t entry = s->ops->encode(s, s->next);
        error = sparse_set_entry(s, block, entry, s->next + taken);
        s->next += error ? 0 : taken;
        if (!error && s->ops->settle) {
            error = s->ops->settle(s, block, entry);
        }
    }
    pthread_mutex_unlock(&s->placing);
    return error;
}

int sparse_write(struct block_image *image, const struct iovec *iov,
                 unsigned count, uint64_t offset, uint64_t length, bool sync)
{
    struct sparse *s = sparse_of(image);
    struct iovec part[BLOCK_MAX_IOV];
    struct sparse_run run;
    int error = s->ops->encode ? 0 : EROFS;

    for (uint64_t done = 0; done < length && !error; done += run.length) {
        uint64_t at = offset + done;
        error = sparse_look_up(s, at, length - done, &run);
        if (error) {
            break;
        }
        uint64_t rest = s->block_size - at % s->block_size;
        bool placed = run.place.kind == SPARSE_DATA && !run.mixed;
        if (!placed && run.length > rest) {
            run.length = rest;
        }
        unsigned parts = iov_slice(part, iov, count, done, run.length);
        error = placed
                    ? block_file_write(s->file, part, parts, run.place.host,
                                       false)
                    : place_block(s, part, parts, at, run.length);
    }
    /* The table, too, must be on the disk for the data to be found. */
    return error || !sync ? error : sparse_flush(image);
}

int sparse_flush(struct block_image *image)
{
    return block_file_flush(sparse_of(image)->file);
}

int sparse_discard(struct block_image *image, uint64_t offset,
                   uint64_t length)
{
    struct sparse *s = sparse_of(image);
    struct sparse_run run;
    int error = 0;

    for (; length && !error; offset += run.length, length -= run.length) {
        error = sparse_look_up(s, offset, length, &run);
        if (!error && run.place.kind == SPARSE_DATA && !run.mixed) {
            error = block_file_discard(s->file, run.place.host, run.length);
        }
    }
    return error;
}

static int write_zeroes(struct block_image *image, uint64_t offset,
                        uint64_t length)
{
    static const uint8_t zeroes[ZERO_CHUNK];
    int error = 0;

    while (length && !error) {
        struct iovec iov = {(void *)zeroes,
                            length < ZERO_CHUNK ? length : ZERO_CHUNK};
        error = sparse_write(image, &iov, 1, offset, iov.iov_len, false);
        offset += iov.iov_len;
        length -= iov.iov_len;
    }
    return error;
}

int sparse_zero(struct block_image *image, uint64_t offset, uint64_t length,
                bool unmap)
{
    struct sparse *s = sparse_of(image);
    struct sparse_run run;
    int error = 0;

    for (; length && !error; offset += run.length, length -= run.length) {
        error = sparse_look_up(s, offset, length, &run);
        if (!error && run.place.kind == SPARSE_DATA && !run.mixed) {
            error = block_file_zero(s->file, run.place.host, run.length,
                                    unmap);
        } else if (!error && (run.place.kind == SPARSE_COMPRESSED ||
                              run.mixed ||
                              (run.place.kind == SPARSE_ABSENT &&
                               s->backing))) {
            error = write_zeroes(image, offset, run.length);
        }
    }
    return error;
}
