/*
 * Writing the file of a store: what the old one has, with the new units
 * behind it.  Names of the old file keep their numbers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpu/jit/store_file.h"
#include "util/bits.h"

struct writer {
    FILE *file;
    const struct store_new *new;
    struct store_header header;
    struct thunk_name *name;
    struct store_slot *slot;
    uint64_t at;            /* where the next unit goes */
    uint32_t oldest;        /* older ones than this generation stay behind */
};

/* -- names --------------------------------------------------------------- */

static uint16_t name_number(struct writer *w, const struct thunk_name *name)
{
    unsigned n = 0;

    while (n < w->header.names && memcmp(&w->name[n], name, sizeof(*name))) {
        n++;
    }
    if (n == w->header.names) {
        w->name[w->header.names++] = *name;
    }
    return (uint16_t)n;
}

/* -- units --------------------------------------------------------------- */

/* There is a unit for this guest code in the old file, which is kept. */
static bool is_known(const struct writer *w, const struct store_unit *u)
{
    const struct store_file *old = w->new->old;

    if (!old->header) {
        return false;
    }
    uint32_t n = store_file_first(old, u->key);
    for (uint32_t k = old->header->slots; k-- && old->slot[n].at;
         n = store_file_next(old, n)) {
        const struct store_unit *twin =
            old->slot[n].key == u->key ? store_file_unit(old, n) : NULL;

        if (twin && store_unit_is_twin(u, twin) &&
            (w->new->touched[n] || old->slot[n].used >= w->oldest)) {
            return true;
        }
    }
    return false;
}

static void put(struct writer *w, const struct store_unit *u, uint32_t used)
{
    uint32_t n = (uint32_t)u->key & (w->header.slots - 1);

    while (w->slot[n].at) {
        n = (n + 1) & (w->header.slots - 1);
    }
    w->slot[n] = (struct store_slot){u->key, w->at, u->size, used};
    fwrite(u, 1, u->size, w->file);
    w->at += u->size;
}

static uint32_t old_units(const struct store_file *f)
{
    uint32_t count = 0;

    for (uint32_t n = 0; f->header && n < f->header->slots; n++) {
        count += f->slot[n].at != 0;
    }
    return count;
}

static int by_place(const void *a, const void *b)
{
    const struct store_slot *const *x = a, *const *y = b;

    return (*x)->at < (*y)->at ? -1 : (*x)->at > (*y)->at;
}

/* In the order that they had. */
static bool put_old(struct writer *w)
{
    const struct store_file *old = w->new->old;
    uint32_t count = 0;
    const struct store_slot **slot =
        calloc(old_units(old) + 1, sizeof(const struct store_slot *));

    for (uint32_t n = 0; slot && old->header && n < old->header->slots; n++) {
        if (old->slot[n].at) {
            slot[count++] = &old->slot[n];
        }
    }
    if (count) {
        qsort(slot, count, sizeof(const struct store_slot *), by_place);
    }
    for (uint32_t k = 0; k < count; k++) {
        uint32_t n = (uint32_t)(slot[k] - old->slot);
        const struct store_unit *u = store_file_unit(old, n);
        uint32_t used = w->new->touched[n] ? w->header.generation
                                           : slot[k]->used;

        if (u && used >= w->oldest) {
            put(w, u, used);
        }
    }
    free(slot);
    return slot != NULL;
}

static bool put_new(struct writer *w, uint16_t *number)
{
    struct store_unit *u = malloc(UINT16_MAX * 4);

    for (size_t at = 0; u && at < w->new->size; at += u->size) {
        const struct store_unit *from = (const void *)(w->new->units + at);

        memcpy(u, from, from->size);
        if (!is_known(w, u)) {
            uint16_t *name = store_unit_parts(u).name;
            for (unsigned k = 0; k < u->thunk_relocs; k++) {
                name[k] = number[name[k]];
            }
            store_unit_seal(u);
            put(w, u, w->header.generation);
        }
    }
    free(u);
    return u != NULL;
}

/* -- how much ------------------------------------------------------------ */

static int by_age(const void *a, const void *b)
{
    const struct store_slot *x = a, *y = b;

    return x->used < y->used ? 1 : x->used > y->used ? -1 : 0;
}

/* The oldest generation of which all units fit. */
static uint32_t oldest_that_fits(const struct store_new *n)
{
    const struct store_file *old = n->old;
    uint32_t slots = old->header ? old->header->slots : 0, oldest = 0;
    struct store_slot *slot = calloc(slots + 1, sizeof(*slot));
    size_t size = n->size;

    for (uint32_t k = 0; k < slots; k++) {
        slot[k] = old->slot[k];
        if (n->touched[k]) {
            slot[k].used = UINT32_MAX;
        }
    }
    qsort(slot, slots, sizeof(*slot), by_age);
    for (uint32_t k = 0; k < slots && oldest == 0; k++) {
        size += slot[k].size;
        if (size > n->limit) {
            oldest = slot[k].used + (slot[k].used < UINT32_MAX);
        }
    }
    free(slot);
    return oldest;
}

static uint32_t new_units(const struct store_new *n)
{
    uint32_t count = 0;

    for (size_t at = 0; at < n->size; count++) {
        at += ((const struct store_unit *)(const void *)(n->units + at))->size;
    }
    return count;
}

/* -- the file ------------------------------------------------------------ */

static bool begin(struct writer *w, const char *identity)
{
    const struct store_file *old = w->new->old;
    uint32_t names = old->header ? old->header->names : 0;
    uint64_t units = (uint64_t)old_units(old) + new_units(w->new);

    w->header.slots = 64;
    while (w->header.slots < 2 * units) {
        w->header.slots *= 2;
    }
    w->header.generation = old->header ? old->header->generation + 1 : 1;
    w->header.names = names;
    memcpy(w->header.identity, identity,
           strnlen(identity, STORE_IDENTITY - 1));
    w->slot = calloc(w->header.slots, sizeof(*w->slot));
    w->name = calloc(names + w->new->names + 1, sizeof(*w->name));
    if (!w->slot || !w->name) {
        return false;
    }
    if (names) {
        memcpy(w->name, old->name, names * sizeof(*w->name));
    }
    w->oldest = oldest_that_fits(w->new);
    w->at = sizeof(w->header);
    return fwrite(&w->header, sizeof(w->header), 1, w->file) == 1;
}

static bool end(struct writer *w)
{
    struct store_header *h = &w->header;

    h->names_at = w->at;
    h->index_at = h->names_at + h->names * sizeof(*w->name);
    h->size = h->index_at + h->slots * sizeof(*w->slot);
    store_header_seal(h, w->name, w->slot);
    fwrite(w->name, sizeof(*w->name), h->names, w->file);
    fwrite(w->slot, sizeof(*w->slot), h->slots, w->file);
    return fseek(w->file, 0, SEEK_SET) == 0 &&
           fwrite(h, sizeof(*h), 1, w->file) == 1 && !ferror(w->file);
}

static bool write_all(struct writer *w, const char *identity)
{
    uint16_t *number = calloc(w->new->names + 1, sizeof(*number));
    bool good = number && begin(w, identity);

    for (unsigned n = 0; good && n < w->new->names; n++) {
        number[n] = name_number(w, &w->new->name[n]);
    }
    if (good) {
        good = put_old(w) && put_new(w, number) && end(w);
    }
    free(number);
    free(w->slot);
    free(w->name);
    return good;
}

bool store_file_write(const struct store_new *n, int dir, const char *name,
                      const char *identity, struct error **err)
{
    char temporary[64];
    struct writer w = {.new = n};

    snprintf(temporary, sizeof(temporary), "%s.tmp", name);
    unlinkat(dir, temporary, 0); /* of one that was killed; we hold the lock */
    int fd = openat(dir, temporary,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
    w.file = fd < 0 ? NULL : fdopen(fd, "w");
    errno = w.file ? 0 : errno;
    bool good = w.file && write_all(&w, identity);
    int why = errno;
    if (w.file && fclose(w.file) && good) {
        good = false;
        why = errno;
    }
    if (good && renameat(dir, temporary, dir, name) < 0) {
        good = false;
        why = errno;
    }
    if (!good) {
        unlinkat(dir, temporary, 0);
        error_set_errno(err, why, "cannot write %s", name);
    }
    return good;
}
