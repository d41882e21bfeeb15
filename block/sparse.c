/* Tables of blocks: look-ups and reads. */
#include "block/sparse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/iov.h"


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
    if ((place->kind == SPARSE_DATA || place->kind == SPARSE_COMPRESSED ||
         place->kind == SPARSE_MIXED) &&
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

int sparse_set_entry(struct sparse *s, uint64_t block, uint64_t entry,
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
        uint64_t place = s->ops->page_at(s, block / s->per_page) + at;
        error = s->ops->write_entry
                    ? s->ops->write_entry(s, entry, place)
                    : sparse_write_at(s->file, place, bytes, s->entry_bytes);
    }
    if (!error) {
        memcpy(page->data + at, bytes, s->entry_bytes);
        s->limit = s->limit > limit ? s->limit : limit;
    }
    pthread_mutex_unlock(&s->table);
    return error;
}

/* Mixed blocks ----------------------------------------------------------- */

int sparse_load_bits(struct sparse *s, uint64_t block,
                     struct sparse_place *place, uint8_t **bits)
{
    uint64_t count = s->block_size / s->bit_bytes, at, i = 0;
    struct iovec iov = {malloc(count / 8 + 1), (count + 7) / 8};
    int error = iov.iov_base ? s->ops->bits_at(s, block, place->host, &at)
                             : ENOMEM;

    *bits = NULL;
    error = error ? error : block_file_read(s->file, &iov, 1, at);
    if (error) {
        free(iov.iov_base);
        return error;
    }
    *bits = iov.iov_base;
    while (i < count / 8 && (*bits)[i] == 0xff) {
        i++;
    }
    if (i == count / 8 && count % 8 == 0) {
        place->kind = SPARSE_DATA;
        free(*bits);
        *bits = NULL;
    }
    return 0;
}

static bool bit_of(const struct sparse *s, const uint8_t *bits, uint64_t i)
{
    return bits[i / 8] >> (s->bits_from_top ? 7 - i % 8 : i % 8) & 1;
}

/* The run of a mixed block that begins `inside` it. */
static int look_inside(struct sparse *s, uint64_t block, uint64_t inside,
                       struct sparse_run *run)
{
    uint8_t *bits;
    int error = sparse_load_bits(s, block, &run->place, &bits);

    if (error || !bits) {
        return error;
    }
    uint64_t first = inside / s->bit_bytes, last = first;
    bool data = bit_of(s, bits, first);
    while (last < s->block_size / s->bit_bytes &&
           bit_of(s, bits, last) == data) {
        last++;
    }
    free(bits);
    run->mixed = true;
    run->place.kind = data ? SPARSE_DATA : SPARSE_ABSENT;
    run->length = last * s->bit_bytes - inside;
    return 0;
}

/* Under `table`: as sparse_look_up(), but that a mixed block stays one. */
static int look_up(struct sparse *s, uint64_t offset, uint64_t length,
                   struct sparse_run *run)
{
    uint64_t block = offset / s->block_size, inside = offset % s->block_size;
    struct sparse_place next;
    int error = look(s, block, &run->place);
    uint64_t first = run->place.host;
    bool single = run->place.kind == SPARSE_COMPRESSED ||
                  run->place.kind == SPARSE_MIXED;

    run->length = s->block_size - inside;
    run->mixed = false;
    while (!error && run->length < length && !single) {
        error = look(s, ++block, &next);
        first += s->block_size;
        if (error || next.kind != run->place.kind ||
            (next.kind == SPARSE_DATA && next.host != first)) {
            break;
        }
        run->length += s->block_size;
    }
    return error;
}

int sparse_look_up(struct sparse *s, uint64_t offset, uint64_t length,
                   struct sparse_run *run)
{
    uint64_t block = offset / s->block_size, inside = offset % s->block_size;

    pthread_mutex_lock(&s->table);
    int error = look_up(s, offset, length, run);
    pthread_mutex_unlock(&s->table);
    if (!error && run->place.kind == SPARSE_MIXED) {
        error = look_inside(s, block, inside, run);
    }
    if (run->place.kind == SPARSE_DATA) {
        run->place.host += inside;
    }
    run->length = run->length < length ? run->length : length;
    return error ? error : run->place.kind == SPARSE_BAD ? EIO : 0;
}

/* Under `table`: the pages of a range are in memory. */
static bool are_pages_here(struct sparse *s, uint64_t offset, uint64_t length)
{
    uint64_t pages = s->block_size * s->per_page;
    uint64_t last = (offset + length - 1) / pages;

    for (uint64_t n = offset / pages; n <= last; n++) {
        const struct sparse_page *page = s->pages[n % SPARSE_SLOTS];
        if (s->ops->page_at(s, n) && !(page && page->number == n + 1)) {
            return false;
        }
    }
    return true;
}

bool sparse_enter(struct block_image *image, struct block_access *access)
{
    struct sparse *s = sparse_of(image);
    bool write = access->op == BLOCK_WRITE;
    struct sparse_run run;

    if ((access->op != BLOCK_READ && !write) || access->sync ||
        pthread_mutex_trylock(&s->table)) {
        return false;
    }
    bool one = are_pages_here(s, access->offset, access->length) &&
               !look_up(s, access->offset, access->length, &run) &&
               run.length >= access->length;
    pthread_mutex_unlock(&s->table);
    if (!one || (write && (run.place.kind != SPARSE_DATA ||
                           !s->ops->encode))) {
        return false;
    }
    switch (run.place.kind) {
    case SPARSE_DATA:
        access->file = s->file;
        access->offset = run.place.host + access->offset % s->block_size;
        return true;
    case SPARSE_ABSENT:
        access->offset += s->backing_at;
        return block_image_enter_below(s->backing, access);
    case SPARSE_ZERO:
        return block_image_enter_below(NULL, access);
    default:
        return false;
    }
}

/* Reading --------------------------------------------------------------- */

int sparse_read_backing(struct sparse *s, const struct iovec *iov,
                        unsigned count, uint64_t offset, uint64_t length)
{
    struct block_image *b = s->backing;
    uint64_t there;
    struct iovec part[BLOCK_MAX_IOV];

    offset += s->backing_at;
    there = !b || offset >= b->size ? 0 : b->size - offset;
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
        return sparse_read_backing(s, iov, count, offset, run->length);
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
        error = sparse_look_up(s, offset + done, length - done, &run);
        if (!error) {
            unsigned parts = iov_slice(part, iov, count, done, run.length);
            error = read_run(s, part, parts, offset + done, &run);
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
    int error = sparse_look_up(s, offset, length, &run);

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
