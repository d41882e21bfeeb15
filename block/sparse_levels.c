/* Tables of two levels, as qcow and QED have them: the first one, in memory,
 * says where the others are.  Only read. */
#include <assert.h>
#include <stdlib.h>

#include "block/sparse.h"

#define MAX_L1 (1u << 22) /* entries */

static struct sparse_levels *levels_of(const struct sparse *s)
{
    return container_of((struct sparse *)s, struct sparse_levels, sparse);
}

uint64_t sparse_levels_page_at(const struct sparse *s, uint64_t page)
{
    const struct sparse_levels *l = levels_of(s);
    uint64_t table = l->l1[page / l->pages];

    return table ? table + page % l->pages * s->per_page * 8 : 0;
}

void sparse_levels_close(struct sparse *s)
{
    free(levels_of(s)->l1);
}

/* The first table; NULL after an error. */
static uint64_t *read_l1(struct block_file *file, uint64_t offset,
                         uint64_t entries, bool big, struct error **err)
{
    uint64_t size = block_file_size(file);

    if (entries > MAX_L1) {
        error_set(err, "%s: says that its disk is absurdly large",
                  file->path);
        return NULL;
    }
    uint64_t *l1 = calloc(entries + 1, sizeof(*l1));
    if (!l1 || !sparse_read_at(file, offset, l1, entries * 8, "first table",
                               err)) {
        free(l1);
        return NULL;
    }
    for (uint64_t i = 0; i < entries; i++) {
        l1[i] = sparse_load(&l1[i], 8, big);
        if (l1[i] >= size) {
            error_set(err, "%s: its table %llu is not in the file; the file "
                      "is truncated or damaged", file->path,
                      (unsigned long long)i);
            free(l1);
            return NULL;
        }
    }
    return l1;
}

static bool attach(struct sparse *s, const struct block_opening *how,
                   const char *name, struct error **err)
{
    if (block_image_wants_backing(how, name)) {
        s->backing = block_image_open_backing(how, s->file, name,
                                              s->image.backing_format, err);
        return s->backing;
    }
    return true;
}

/* The one that the header names, or that options do. */
static bool open_backing(struct sparse_levels *l,
                         const struct block_opening *how,
                         const struct sparse_levels_at *at,
                         struct error **err)
{
    struct sparse *s = &l->sparse;

    if (!at->name) {
        return attach(s, how, NULL, err);
    }
    if (!at->name_length || at->name_length >= sizeof(l->name)) {
        error_set(err, "%s: the name of its backing file has a strange "
                  "length", s->file->path);
        return false;
    }
    if (!sparse_read_at(s->file, at->name, l->name, at->name_length,
                        "backing file's name", err)) {
        return false;
    }
    s->image.backing_name = l->name;
    s->image.backing_format = at->format;
    return attach(s, how, l->name, err);
}

struct block_image *sparse_levels_open(const struct sparse *as,
                                       const struct sparse_levels_at *at,
                                       const struct block_opening *how,
                                       struct error **err)
{
    struct sparse_levels *l = calloc(1, sizeof(*l));
    uint64_t most = SPARSE_PAGE / 8, covered = as->block_size * at->entries;

    assert(l);
    l->sparse = *as;
    l->sparse.entry_bytes = 8;
    l->sparse.per_page = (unsigned)(at->entries < most ? at->entries : most);
    l->pages = at->entries / l->sparse.per_page;
    sparse_init(&l->sparse);
    l->l1 = read_l1(as->file, at->l1,
                    as->image.size ? (as->image.size - 1) / covered + 1 : 0,
                    as->big_endian, err);
    if (l->l1 && open_backing(l, how, at, err)) {
        return &l->sparse.image;
    }
    l->sparse.file = NULL; /* the caller's */
    sparse_close(&l->sparse.image);
    return NULL;
}
