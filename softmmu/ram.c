#include "softmmu/ram.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "softmmu/ram_ahead.h"
#include "util/bits.h"
#include "util/pieces.h"

enum {
    GUARD_SIZE = RAM_PAGE_SIZE,
    /* Memory from this size on is given back in so many pieces. */
    DROP_SIZE = 256 << 20,
    DROP_PIECES = 64,
};

/*
 * Large guests reserve nothing: pages of the memory and of the flag array
 * appear when they are first touched.
 */
static void *map_lazily(uint64_t size, int share, int fd)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, share | MAP_NORESERVE,
                fd, 0);
}

/* Make the file at least as long as the memory, and map it. */
static bool map_file(struct ram *ram, int share, struct error **err)
{
    struct stat st;

    if (fstat(ram->fd, &st) < 0 ||
        ((uint64_t)st.st_size < ram->size &&
         ftruncate(ram->fd, (off_t)ram->size) < 0)) {
        error_set_errno(err, errno, "cannot make '%s' %llu MiB long",
                        ram->name, (unsigned long long)ram->size >> 20);
        return false;
    }
    void *host = map_lazily(ram->size, share, ram->fd);
    if (host == MAP_FAILED) {
        error_set_errno(err, errno, "cannot map %llu MiB for '%s'",
                        (unsigned long long)ram->size >> 20, ram->name);
        return false;
    }
    ram->host = host;
    /* Fewer host TLB misses where the host allows it; advice only. */
    (void)madvise(host, ram->size, MADV_HUGEPAGE);
    return true;
}

/* A page of anonymous memory comes sooner than one of a memory file.  Large
 * ones are refused: an operating system that starts touches a little
 * everywhere, and clearing all of that made it take half as long again, while
 * no program was faster for them.  Behind it is a page that nobody may touch:
 * neighbours do not become one mapping, and who watches us can tell them
 * apart by their sizes. */
static bool map_memory(struct ram *ram, struct error **err)
{
    void *host = map_lazily(ram->size + GUARD_SIZE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1);

    if (host == MAP_FAILED) {
        error_set_errno(err, errno, "cannot map %llu MiB for '%s'",
                        (unsigned long long)ram->size >> 20, ram->name);
        return false;
    }
    (void)mprotect((uint8_t *)host + ram->size, GUARD_SIZE, PROT_NONE);
    (void)madvise(host, ram->size, MADV_DONTDUMP); /* nobody wants it there */
    (void)madvise(host, ram->size, MADV_NOHUGEPAGE);
    ram->host = host;
    ram->anonymous = true;
    return true;
}

/* A file of the user's, or one in a directory of his. */
static bool map_path(struct ram *ram, const char *path, bool shared,
                     struct error **err)
{
    ram->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (ram->fd < 0 && errno == EISDIR) {
        ram->fd = open(path, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    }
    if (ram->fd < 0) {
        error_set_errno(err, errno, "%s: cannot open", path);
        return false;
    }
    bool good = map_file(ram, shared ? MAP_SHARED : MAP_PRIVATE, err);
    if (!shared) { /* nothing more is to be done to the file */
        close(ram->fd);
        ram->fd = -1;
    }
    return good;
}

static bool map_flags(struct ram *ram, struct error **err)
{
    void *flags = map_lazily(ram->size >> RAM_PAGE_BITS,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (flags == MAP_FAILED) {
        error_set_errno(err, errno, "cannot map the page flags of '%s'",
                        ram->name);
        return false;
    }
    ram->flags = flags;
    return true;
}

static struct ram *create(const char *name, uint64_t size, const char *path,
                          bool shared, struct error **err)
{
    assert(size && size % RAM_PAGE_SIZE == 0);
    struct ram *ram = calloc(1, sizeof(*ram));
    if (!ram) {
        error_set(err, "out of memory");
        return NULL;
    }
    ram->name = name;
    ram->size = size;
    ram->fd = -1;
    if (!(path ? map_path(ram, path, shared, err) : map_memory(ram, err)) ||
        !map_flags(ram, err)) {
        ram_free(ram);
        return NULL;
    }
    return ram;
}

struct ram *ram_new(const char *name, uint64_t size, struct error **err)
{
    return create(name, size, NULL, false, err);
}

struct ram *ram_new_file(const char *name, uint64_t size, const char *path,
                         bool shared, struct error **err)
{
    return create(name, size, path, shared, err);
}

/* Give the host's pages back; false: they are still there. */
static bool drop_pages(const struct ram *ram, uint64_t first, uint64_t size)
{
    if (ram->anonymous) {
        return madvise(ram->host + first, size, MADV_DONTNEED) == 0;
    }
    return ram->fd >= 0 &&
           fallocate(ram->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     (off_t)first, (off_t)size) == 0;
}

static void drop_piece(void *opaque, unsigned n)
{
    struct ram *ram = opaque;
    uint64_t piece = align_up(ram->size / DROP_PIECES, RAM_PAGE_SIZE);
    uint64_t at = n * piece;

    if (at < ram->size) {
        (void)drop_pages(ram, at,
                         piece < ram->size - at ? piece : ram->size - at);
    }
}

/* The host takes a while to get its pages back, and a file keeps them. */
static void unmap(struct ram *ram)
{
    if (ram->anonymous && ram->size >= DROP_SIZE) {
        pieces_do(DROP_PIECES, drop_piece, ram);
    }
    munmap(ram->host, ram->size + (ram->anonymous ? GUARD_SIZE : 0));
}

void ram_free(struct ram *ram)
{
    if (!ram) {
        return;
    }
    ram_ahead_free(ram->ahead);
    if (ram->flags) {
        munmap(ram->flags, ram->size >> RAM_PAGE_BITS);
    }
    if (ram->host) {
        unmap(ram);
    }
    if (ram->fd >= 0) {
        close(ram->fd);
    }
    free(ram);
}

void ram_stay_ahead(struct ram *ram)
{
    if (ram->anonymous) {
        ram->ahead = ram_ahead_new(ram->host, ram->size);
    }
}

void ram_zero(struct ram *ram, uint64_t offset, uint64_t size)
{
    assert(offset <= ram->size && size <= ram->size - offset);
    uint64_t first = align_up(offset, RAM_PAGE_SIZE);
    uint64_t end = align_down(offset + size, RAM_PAGE_SIZE);

    if (first >= end || !drop_pages(ram, first, end - first)) {
        memset(ram->host + offset, 0, size);
        return;
    }
    if (ram->ahead) {
        ram_ahead_forget(ram->ahead, first, end - first);
    }
    memset(ram->host + offset, 0, first - offset);
    memset(ram->host + end, 0, offset + size - end);
}
