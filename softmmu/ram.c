#include "softmmu/ram.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/bits.h"

/*
 * Large guests reserve nothing: pages of the memory file and of the flag
 * array appear when they are first touched.
 */
static void *map_lazily(uint64_t size, int share, int fd)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, share | MAP_NORESERVE,
                fd, 0);
}

static bool map_memory(struct ram *ram, struct error **err)
{
    ram->fd = memfd_create(ram->name, MFD_CLOEXEC);
    if (ram->fd < 0) {
        error_set_errno(err, errno, "cannot create the memory file '%s'",
                        ram->name);
        return false;
    }
    if (ftruncate(ram->fd, (off_t)ram->size) < 0) {
        error_set_errno(err, errno, "cannot make '%s' %llu MiB long",
                        ram->name, (unsigned long long)ram->size >> 20);
        return false;
    }
    void *host = map_lazily(ram->size, MAP_SHARED, ram->fd);
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

struct ram *ram_new(const char *name, uint64_t size, struct error **err)
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
    if (!map_memory(ram, err) || !map_flags(ram, err)) {
        ram_free(ram);
        return NULL;
    }
    return ram;
}

void ram_free(struct ram *ram)
{
    if (!ram) {
        return;
    }
    if (ram->flags) {
        munmap(ram->flags, ram->size >> RAM_PAGE_BITS);
    }
    if (ram->host) {
        munmap(ram->host, ram->size);
    }
    if (ram->fd >= 0) {
        close(ram->fd);
    }
    free(ram);
}

void ram_zero(struct ram *ram, uint64_t offset, uint64_t size)
{
    assert(offset <= ram->size && size <= ram->size - offset);
    uint64_t first = align_up(offset, RAM_PAGE_SIZE);
    uint64_t end = align_down(offset + size, RAM_PAGE_SIZE);

    if (first >= end ||
        fallocate(ram->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)first, (off_t)(end - first)) < 0) {
        memset(ram->host + offset, 0, size);
        return;
    }
    memset(ram->host + offset, 0, first - offset);
    memset(ram->host + end, 0, offset + size - end);
}
