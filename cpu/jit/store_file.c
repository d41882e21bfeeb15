/*
 * Reading the file of a store: nothing in it is believed before it has been
 * checked.
 */
#include "cpu/jit/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = "ARMXLAT1";

/* Of all but the units. */
static uint64_t sum_of(const struct store_header *header,
                       const struct thunk_name *name,
                       const struct store_slot *slot)
{
    struct store_header h = *header;

    h.sum = 0;
    return store_sum(store_sum(store_sum(1, &h, sizeof(h)), name,
                               h.names * sizeof(*name)),
                     slot, h.slots * sizeof(*slot));
}

void store_header_seal(struct store_header *h, const struct thunk_name *name,
                       const struct store_slot *slot)
{
    memcpy(h->magic, magic, sizeof(magic));
    h->sum = sum_of(h, name, slot);
}

/* [at, at + count * size) lies behind the header in the file. */
static bool lies_in(const struct store_header *h, uint64_t at, uint64_t count,
                    size_t size)
{
    return at % 8 == 0 && at >= sizeof(*h) && at <= h->size &&
           count <= (h->size - at) / size;
}

static bool is_sound(const struct store_header *h, uint64_t size,
                     const char *identity)
{
    const uint8_t *data = (const uint8_t *)h;

    if (size < sizeof(*h) || memcmp(h->magic, magic, sizeof(magic)) ||
        h->size != size || strncmp(h->identity, identity, STORE_IDENTITY) ||
        !lies_in(h, h->names_at, h->names, sizeof(struct thunk_name)) ||
        !lies_in(h, h->index_at, h->slots, sizeof(struct store_slot)) ||
        h->slots == 0 || (h->slots & (h->slots - 1))) {
        return false;
    }
    return h->sum ==
           sum_of(h, (const struct thunk_name *)(data + h->names_at),
                  (const struct store_slot *)(data + h->index_at));
}

/* It belongs to us and nobody else may write it. */
static bool is_ours(int fd, struct stat *st, const char *name,
                    struct error **err)
{
    if (fstat(fd, st) < 0) {
        error_set_errno(err, errno, "%s", name);
    } else if (!S_ISREG(st->st_mode) || st->st_uid != geteuid() ||
               (st->st_mode & 022)) {
        error_set(err, "%s: is not a file that only this user can write; "
                  "it is left alone", name);
    } else {
        return true;
    }
    return false;
}

bool store_file_open(struct store_file *f, int dir, const char *name,
                     const char *identity, struct error **err)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    *f = (struct store_file){0};
    if (fd < 0 && errno == ENOENT) {
        return true;
    }
    if (fd < 0) {
        error_set_errno(err, errno, "%s", name);
        return false;
    }
    void *data = MAP_FAILED;
    if (is_ours(fd, &st, name, err)) {
        data = st.st_size ? mmap(NULL, (size_t)st.st_size, PROT_READ,
                                 MAP_PRIVATE | MAP_POPULATE, fd, 0)
                          : MAP_FAILED;
        if (data == MAP_FAILED || !is_sound(data, (uint64_t)st.st_size,
                                            identity)) {
            error_set(err, "%s: damaged or of another version; it will be "
                      "written anew", name);
            if (data != MAP_FAILED) {
                munmap(data, (size_t)st.st_size);
            }
            data = MAP_FAILED;
        }
    }
    close(fd);
    if (data == MAP_FAILED) {
        return false;
    }
    f->header = data;
    f->name = (const void *)((const uint8_t *)data + f->header->names_at);
    f->slot = (const void *)((const uint8_t *)data + f->header->index_at);
    return true;
}

void store_file_close(struct store_file *f)
{
    if (f->header) {
        munmap((void *)(uintptr_t)f->header, f->header->size);
    }
    *f = (struct store_file){0};
}

bool store_file_check(const struct store_file *f, const struct store_unit *u)
{
    uint64_t at = (uint64_t)((const uint8_t *)u - (const uint8_t *)f->header);

    return lies_in(f->header, at, u->size, 1) &&
           store_unit_is_sound(u, f->header->names);
}

const struct store_unit *store_file_unit(const struct store_file *f,
                                         uint32_t slot)
{
    const struct store_slot *s = &f->slot[slot];

    if (!lies_in(f->header, s->at, s->size, 1) ||
        s->size < sizeof(struct store_unit)) {
        return NULL;
    }
    const struct store_unit *u =
        (const void *)((const uint8_t *)f->header + s->at);
    return u->size == s->size && u->key == s->key && store_file_check(f, u)
               ? u : NULL;
}

const struct store_unit *store_file_behind(const struct store_file *f,
                                           const struct store_unit *u)
{
    const uint8_t *next = (const uint8_t *)u + u->size;
    const uint8_t *end = (const uint8_t *)f->header + f->header->names_at;

    return next < end && (size_t)(end - next) >= sizeof(*u)
               ? (const void *)next : NULL;
}
