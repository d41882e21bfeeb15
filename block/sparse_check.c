/* Tables of blocks, read as a whole: where they end, and whether they make
 * sense. */
#include <errno.h>
#include <stdlib.h>

#include "block/sparse.h"

bool sparse_find_end(struct sparse *s, uint64_t *end, struct error **err)
{
    uint64_t blocks = sparse_blocks(s);

    *end = s->data_start;
    for (uint64_t i = 0; i < blocks; i++) {
        struct sparse_place place;
        int error = sparse_place(s, i, &place);
        if (error || place.kind == SPARSE_BAD) {
            error_set(err, "%s: the place of block %llu %s", s->file->path,
                      (unsigned long long)i,
                      error ? "cannot be read" : "makes no sense");
            return false;
        }
        if ((place.kind == SPARSE_DATA || place.kind == SPARSE_MIXED) &&
            place.host + s->block_size > *end) {
            *end = place.host + s->block_size;
        }
    }
    return true;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* Every entry makes sense, and no two blocks share a byte. */
int sparse_check(struct block_image *image, struct block_check *check)
{
    struct sparse *s = sparse_of(image);
    uint64_t blocks = sparse_blocks(s), *hosts = NULL, room = 0, used = 0;

    for (uint64_t i = 0; i < blocks; i++) {
        struct sparse_place place;
        int error = sparse_place(s, i, &place);
        if (error) {
            free(hosts);
            return error;
        }
        check->corruptions += place.kind == SPARSE_BAD;
        if (place.kind != SPARSE_DATA && place.kind != SPARSE_MIXED) {
            continue;
        }
        if (used == room) {
            room = room ? room * 2 : 1024;
            uint64_t *more = realloc(hosts, room * sizeof(*hosts));
            if (!more) {
                free(hosts);
                return ENOMEM;
            }
            hosts = more;
        }
        hosts[used++] = place.host;
    }
    if (hosts) {
        qsort(hosts, used, sizeof(*hosts), by_value);
    }
    for (uint64_t i = 1; i < used; i++) {
        check->corruptions += hosts[i] - hosts[i - 1] < s->block_size;
    }
    free(hosts);
    return 0;
}
