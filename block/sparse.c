/* Tables of blocks: look-ups, reads, writes, zeroes and discards. */
#include "block/sparse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/iov.h"

#define ZERO_CHUNK (64u << 10)

struct sparse_run {
    struct sparse_place place; /* of the first byte */
    uint64_t length;           /* bytes that are alike and in a row */
};

void sparse_init(struct sparse *s)
{
    pthread_mutex_init(&s->placing, NULL);
    pthread_mutex_init(&s->table, NULL);
    s->image.cluster_size = s->block_size;
    s->limit = s->file->size > s->data_start ? s->file->size : s->data_start;
}

void sparse_close(struct block_image *image)
{
    struct sparse *s = sparse_of(image);

    if (s->ops->close) {
        s->ops->close(s);
    }
    block_image_close(s->backing);
    block_file_close(s->file);
    for (unsigned i = 0; i < SPARSE_SLOTS; i++) {
        free(s->pages[i]);
    }
    pthread_mutex_destroy(&s->placing);
    pthread_mutex_destroy(&s->table);
    free(s);
}

uint64_t sparse_blocks(const struct sparse *s)
{
    return s->image.size / s->block_size +
           (s->image.size % s->block_size != 0);
}

/* The table ------------------------------------------------------------- */

/* Under `table`; *page NULL: there is none, all is absent. */
static int get_page(struct sparse *s, uint64_t number,
                    struct sparse_page **page)
{
    struct sparse_page **slot = &s->pages[number % SPARSE_SLOTS];
    uint64_t at = s->ops->page_at(s, number);

    *page = NULL;
    if (!at) {
        return 0;
    }
    if (!*slot && !(*slot = calloc(1, sizeof(**slot)))) {
        return ENOMEM;
    }
    if ((*slot)->number != number + 1) {
        struct iovec iov = {(*slot)->data, s->per_page * s->entry_bytes};
        (*slot)->number = 0;
        int error = block_file_read(s->file, &iov, 1, at);
        if (error) {
            return error;
        }
        (*slot)->number = number + 1;
    }
    *page = *slot;
    return 0;
}

/* Under `table`. */
static int look(struct sparse *s, uint64_t block, struct sparse_place *place)
{
    struct sparse_page *page;
    int error = get_page(s, block / s->per_page, &page);

    *place = (struct sparse_place){SPARSE_ABSENT, 0};
    if (!error && page) {
        *place = s->ops->decode(
            s, sparse_load(page->data + block % s->per_page * s->entry_bytes,
                           s->entry_bytes, s->big_endian));
    }
    if ((place->kind == SPARSE_DATA || place->kind == SPARSE_COMPRESSED) &&
        (place->host < s->data_start || place->host >= s->limit)) {
        place->kind = SPARSE_BAD;
    }
    return error;
}

int sparse_place(struct sparse *s, uint64_t block, struct sparse_place *place)
{
    pthread_mutex_lock(&s->table);
    int error = look(s, block, place);
    pthread_mutex_unlock(&s->table);
    return error;
}

/* Under `placing`; blocks are now below `limit`. */
static int set_entry(struct sparse *s, uint64_t block, uint64_t entry,
                     uint64_t limit)
{
    unsigned at = (unsigned)(block % s->per_page) * s->entry_bytes;
    struct sparse_page *page;
    uint8_t bytes[8];

    sparse_store(bytes, s->entry_bytes, s->big_endian, entry);
    pthread_mutex_lock(&s->table);
    int error = get_page(s, block / s->per_page, &page);
    if (!error && !page) {
        error = EIO;
    }
    if (!error) {
        error = sparse_write_at(s->file, s->ops->page_at(
                                    s, block / s->per_page) + at, bytes,
                                s->entry_bytes);
    }
    if (!error) {
        memcpy(page->data + at, bytes, s->entry_bytes);
        s->limit = s->limit > limit ? s->limit : limit;
    }
    pthread_mutex_unlock(&s->table);
    return error;
}

/* What is alike from `offset` on, at most `length` bytes. */
static int look_up(struct sparse *s, uint64_t offset, uint64_t length,
                   struct sparse_run *run)
{
    uint64_t block = offset / s->block_size, inside = offset % s->block_size;
    struct sparse_place next;

    pthread_mutex_lock(&s->table);
    int error = look(s, block, &run->place);
    uint64_t first = run->place.host;
    run->length = s->block_size - inside;
    while (!error && run->length < length &&
           run->place.kind != SPARSE_COMPRESSED) {
        error = look(s, ++block, &next);
        first += s->block_size;
        if (error || next.kind != run->place.kind ||
            (next.kind == SPARSE_DATA && next.host != first)) {
            break;
        }
        run->length += s->block_size;
    }
    pthread_mutex_unlock(&s->table);
    if (run->place.kind == SPARSE_DATA) {
        run->place.host += inside;
    }
    run->length = run->length < length ? run->length : length;
    return error ? error : run->place.kind == SPARSE_BAD ? EIO : 0;
}

/* Reading --------------------------------------------------------------- */

static int read_backing(struct sparse *s, const struct iovec *iov,
                        unsigned count, uint64_t offset, uint64_t length)
{
    struct block_image *b = s->backing;
    uint64_t there = !b || offset >= b->size ? 0 : b->size - offset;
    struct iovec part[BLOCK_MAX_IOV];

    there = there < length ? there : length;
    iov_zero(iov, count, there, length - there);
    return there ? b->ops->read(b, part, iov_slice(part, iov, count, 0,
                                                   there), offset, there)
                 : 0;
}

static int read_compressed(struct sparse *s, const struct iovec *iov,
                           unsigned count, uint64_t offset, uint64_t host)
{
    uint8_t *data = malloc(s->block_size);
    int error = data ? s->ops->inflate(s, offset / s->block_size, host, data)
                     : ENOMEM;

    if (!error) {
        iov_from_buffer(iov, count, data + offset % s->block_size,
                        iov_length(iov, count));
    }
    free(data);
    return error;
}

static int read_run(struct sparse *s, const struct iovec *iov, unsigned count,
                    uint64_t offset, const struct sparse_run *run)
{
    switch (run->place.kind) {
    case SPARSE_DATA:
        return block_file_read(s->file, iov, count, run->place.host);
    case SPARSE_COMPRESSED:
        return read_compressed(s, iov, count, offset, run->place.host);
    case SPARSE_ABSENT:
        return read_backing(s, iov, count, offset, run->length);
    default:
        iov_zero(iov, count, 0, run->length);
        return 0;
    }
}

int sparse_read(struct block_image *image, const struct iovec *iov,
                unsigned count, uint64_t offset, uint64_t length)
{
    struct sparse *s = sparse_of(image);
    struct iovec part[BLOCK_MAX_IOV];
    struct sparse_run run;
    int error = 0;

    for (uint64_t done = 0; done < length && !error; done += run.length) {
        error = look_up(s, offset + done, length - done, &run);
        if (!error) {
            unsigned parts = iov_slice(part, iov, count, done, run.length);
            error = read_run(s, part, parts, offset + done, &run);
        }
    }
    return error;
}

/* Writing --------------------------------------------------------------- */

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
    uint8_t *data = calloc(1, s->block_size);
    struct iovec all = {data, s->block_size};

    *error = data ? 0 : ENOMEM;
    if (data && length < s->block_size) {
        if (place->kind == SPARSE_COMPRESSED) {
            *error = s->ops->inflate(s, block, place->host, data);
        } else if (place->kind == SPARSE_ABSENT) {
            *error = read_backing(s, &all, 1, block * s->block_size,
                                  s->block_size);
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
                 s->ops->deflate;
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
    free(data);
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
        error = set_entry(s, block, entry, s->next + taken);
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
        error = look_up(s, at, length - done, &run);
        if (error) {
            break;
        }
        uint64_t rest = s->block_size - at % s->block_size;
        if (run.place.kind != SPARSE_DATA && run.length > rest) {
            run.length = rest;
        }
        unsigned parts = iov_slice(part, iov, count, done, run.length);
        error = run.place.kind == SPARSE_DATA
                    ? block_file_write(s->file, part, parts, run.place.host,
                                       false)
                    : place_block(s, part, parts, at, run.length);
    }
    /* The table, too, must be on the disk for the data to be found. */
    return error || !sync ? error : sparse_flush(image);
}

int sparse_write_compressed(struct block_image *image, const void *data,
                            uint64_t offset, uint64_t length)
{
    struct iovec iov = {(void *)data, length};

    return sparse_write(image, &iov, 1, offset, length, false);
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
        error = look_up(s, offset, length, &run);
        if (!error && run.place.kind == SPARSE_DATA) {
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
        error = look_up(s, offset, length, &run);
        if (!error && run.place.kind == SPARSE_DATA) {
            error = block_file_zero(s->file, run.place.host, run.length,
                                    unmap);
        } else if (!error && (run.place.kind == SPARSE_COMPRESSED ||
                              (run.place.kind == SPARSE_ABSENT &&
                               s->backing))) {
            error = write_zeroes(image, offset, run.length);
        }
    }
    return error;
}

/* For tools ------------------------------------------------------------- */

int sparse_status(struct block_image *image, uint64_t offset, uint64_t length,
                  struct block_extent *extent)
{
    struct sparse *s = sparse_of(image);
    struct sparse_run run;
    unsigned what = 0;
    int error = look_up(s, offset, length, &run);

    *extent = (struct block_extent){
        .length = run.length, .image = image, .backing = s->backing,
        .file = s->file,
    };
    if (error) {
        return error;
    }
    switch (run.place.kind) {
    case SPARSE_DATA:
        extent->kind = BLOCK_EXTENT_DATA;
        extent->placed = true;
        extent->host = run.place.host;
        error = s->show_holes
                    ? block_file_status(s->file, run.place.host, run.length,
                                        &what, &extent->length) : 0;
        extent->hole = what & BLOCK_FILE_ZERO;
        break;
    case SPARSE_COMPRESSED:
        extent->kind = BLOCK_EXTENT_DATA;
        extent->compressed = true;
        break;
    case SPARSE_ABSENT:
        extent->kind = s->flat_zero ? BLOCK_EXTENT_ZERO
                                    : BLOCK_EXTENT_ABSENT;
        break;
    default:
        extent->kind = BLOCK_EXTENT_ZERO;
    }
    return error;
}
