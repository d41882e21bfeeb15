/*
 * VMware disk images: the descriptor, and the extents as one disk.
 *
 * The content id in the descriptor changes with the first write, so that
 * images that were made on top of this one know.
 */
#include "block/vmdk.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "block/iov.h"
#include "block/sparse.h"

#define MAX_DESCRIPTOR (1u << 20)
#define MAX_EXTENTS 4096
#define DESCRIPTOR_MAGIC "# Disk DescriptorFile"

struct extent {
    struct vmdk_extent_info info;
    struct block_image *image; /* NULL: zeroes */
    uint64_t start, length;    /* in the disk, bytes */
    uint64_t shift;            /* where it begins in `image`, bytes */
};

struct vmdk {
    struct block_image image;
    struct block_file *file;
    bool own_file; /* it has only the descriptor */
    char *text;    /* the descriptor, as it was */
    uint64_t text_offset;
    char *create_type;
    uint32_t cid;
    struct extent *extents;
    unsigned extent_count;
    pthread_mutex_t writing;
    bool written; /* the content id is new */
};

static struct vmdk *vmdk_of(const struct block_image *image)
{
    return container_of((struct block_image *)image, struct vmdk, image);
}

/* Requests --------------------------------------------------------------- */

/* The extent of a byte; extents leave no gaps. */
static struct extent *find_extent(struct vmdk *v, uint64_t offset)
{
    unsigned low = 0, high = v->extent_count - 1;

    while (low < high) {
        unsigned middle = (low + high + 1) / 2;
        if (v->extents[middle].start <= offset) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return &v->extents[low];
}

/* The part of a range that its first extent has. */
struct part {
    struct extent *extent;
    uint64_t offset, length; /* in the extent's image */
};

static struct part first_part(struct vmdk *v, uint64_t offset,
                              uint64_t length)
{
    struct extent *e = find_extent(v, offset);
    uint64_t rest = e->start + e->length - offset;

    return (struct part){e, offset - e->start + e->shift,
                         length < rest ? length : rest};
}

static int vmdk_read(struct block_image *image, const struct iovec *iov,
                     unsigned count, uint64_t offset, uint64_t length)
{
    struct iovec slice[BLOCK_MAX_IOV];
    struct part p;
    int error = 0;

    for (uint64_t done = 0; done < length && !error; done += p.length) {
        p = first_part(vmdk_of(image), offset + done, length - done);
        struct block_image *to = p.extent->image;
        unsigned n = iov_slice(slice, iov, count, done, p.length);
        if (to) {
            error = to->ops->read(to, slice, n, p.offset, p.length);
        } else {
            iov_zero(slice, n, 0, p.length);
        }
    }
    return error;
}

/* A new content id, once. */
static int touch(struct vmdk *v)
{
    int error = 0;

    if (__atomic_load_n(&v->written, __ATOMIC_ACQUIRE)) {
        return 0;
    }
    pthread_mutex_lock(&v->writing);
    const char *line = v->written ? NULL : strstr(v->text, "\nCID=");
    if (line && strspn(line + 5, "0123456789abcdefABCDEF") == 8) {
        char text[9];
        uint32_t cid = v->cid + 1;
        if (getrandom(&cid, sizeof(cid), 0) != sizeof(cid) ||
            cid == VMDK_NO_PARENT) {
            cid = (v->cid + 1) & 0x7fffffff;
        }
        snprintf(text, sizeof(text), "%08x", cid);
        error = sparse_write_at(v->file, v->text_offset +
                                (uint64_t)(line + 5 - v->text), text, 8);
        v->cid = error ? v->cid : cid;
    }
    __atomic_store_n(&v->written, !error, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&v->writing);
    return error;
}

static int vmdk_write(struct block_image *image, const struct iovec *iov,
                      unsigned count, uint64_t offset, uint64_t length,
                      bool sync)
{
    struct iovec slice[BLOCK_MAX_IOV];
    struct part p;
    int error = touch(vmdk_of(image));

    for (uint64_t done = 0; done < length && !error; done += p.length) {
        p = first_part(vmdk_of(image), offset + done, length - done);
        struct block_image *to = p.extent->image;
        unsigned n = iov_slice(slice, iov, count, done, p.length);
        error = !to || p.extent->info.read_only
                    ? EROFS
                    : to->ops->write(to, slice, n, p.offset, p.length, sync);
    }
    return error;
}

static int vmdk_write_compressed(struct block_image *image, const void *data,
                                 uint64_t offset, uint64_t length)
{
    struct iovec iov = {(void *)data, length};

    return image->packed ? vmdk_write(image, &iov, 1, offset, length, false)
                         : ENOTSUP;
}

static int vmdk_flush(struct block_image *image)
{
    struct vmdk *v = vmdk_of(image);
    int error = v->own_file ? block_file_flush(v->file) : 0;

    for (unsigned i = 0; i < v->extent_count; i++) {
        struct block_image *e = v->extents[i].image;
        int result = e ? e->ops->flush(e) : 0;
        error = error ? error : result;
    }
    return error;
}

static int vmdk_discard(struct block_image *image, uint64_t offset,
                        uint64_t length)
{
    struct part p;
    int error = touch(vmdk_of(image));

    for (; length && !error; offset += p.length, length -= p.length) {
        p = first_part(vmdk_of(image), offset, length);
        struct block_image *to = p.extent->image;
        if (to && !p.extent->info.read_only) {
            error = to->ops->discard(to, p.offset, p.length);
        }
    }
    return error;
}

static int vmdk_zero(struct block_image *image, uint64_t offset,
                     uint64_t length, bool unmap)
{
    struct part p;
    int error = touch(vmdk_of(image));

    for (; length && !error; offset += p.length, length -= p.length) {
        p = first_part(vmdk_of(image), offset, length);
        struct block_image *to = p.extent->image;
        if (to) {
            error = p.extent->info.read_only
                        ? EROFS
                        : to->ops->zero(to, p.offset, p.length, unmap);
        }
    }
    return error;
}

static int vmdk_status(struct block_image *image, uint64_t offset,
                       uint64_t length, struct block_extent *extent)
{
    struct part p = first_part(vmdk_of(image), offset, length);
    struct block_image *to = p.extent->image;
    int error = 0;

    *extent = (struct block_extent){
        .kind = BLOCK_EXTENT_ZERO, .length = p.length, .file = image->file,
    };
    if (to) {
        error = to->ops->status(to, p.offset, p.length, extent);
        if (strcmp(p.extent->info.type, "FLAT") == 0) {
            extent->hole = extent->kind == BLOCK_EXTENT_ZERO;
            extent->kind = BLOCK_EXTENT_DATA;
        }
    }
    extent->image = image;
    return error;
}

static int vmdk_check(struct block_image *image, struct block_check *check)
{
    struct vmdk *v = vmdk_of(image);
    int error = 0;

    for (unsigned i = 0; i < v->extent_count && !error; i++) {
        struct block_image *e = v->extents[i].image;
        error = e && e->ops->check ? e->ops->check(e, check) : 0;
    }
    return error;
}

static void vmdk_close(struct block_image *image)
{
    struct vmdk *v = vmdk_of(image);

    for (unsigned i = 0; i < v->extent_count; i++) {
        block_image_close(v->extents[i].image);
        free(v->extents[i].info.path);
    }
    if (v->own_file) {
        block_file_close(v->file);
    }
    pthread_mutex_destroy(&v->writing);
    free(v->extents);
    free(v->create_type);
    free(v->text);
    free(v);
}

static const struct block_image_ops vmdk_ops = {
    .format = "vmdk",
    .read = vmdk_read,
    .write = vmdk_write,
    .flush = vmdk_flush,
    .discard = vmdk_discard,
    .zero = vmdk_zero,
    .close = vmdk_close,
    .status = vmdk_status,
    .write_compressed = vmdk_write_compressed,
    .check = vmdk_check,
};

bool vmdk_describe(const struct block_image *image, struct vmdk_info *info)
{
    const struct vmdk *v = vmdk_of(image);

    if (image->ops != &vmdk_ops) {
        return false;
    }
    *info = (struct vmdk_info){
        .cid = v->cid, .parent_cid = VMDK_NO_PARENT,
        .create_type = v->create_type, .extent_count = v->extent_count,
    };
    return true;
}

const struct vmdk_extent_info *vmdk_extent(const struct block_image *image,
                                           unsigned number)
{
    return &vmdk_of(image)->extents[number].info;
}

/* Text that begins as descriptors do, or whose first line that is not empty
 * and not a comment says a version. */
static bool is_descriptor(const char *p, size_t length)
{
    static const char key[] = "version=";
    const char *end = p + length;
    size_t n = strlen(DESCRIPTOR_MAGIC);

    if (length >= n && memcmp(p, DESCRIPTOR_MAGIC, n) == 0) {
        return true;
    }
    while (p < end) {
        const char *line = p;
        p = memchr(line, '\n', (size_t)(end - line));
        p = p ? p + 1 : end;
        const char *word = line;
        while (word < p && (*word == ' ' || *word == '\r')) {
            word++;
        }
        if (word < p && *word != '\n' && *line != '#') {
            n = sizeof(key) - 1;
            return (size_t)(p - line) > n && memcmp(line, key, n) == 0 &&
                   line[n] >= '1' && line[n] <= '3';
        }
    }
    return false;
}

bool vmdk_probe(const uint8_t *head, unsigned length)
{
    return (length >= VMDK_HEADER_SIZE && !memcmp(head, VMDK_MAGIC, 4)) ||
           is_descriptor((const char *)head, length);
}

/* The descriptor ---------------------------------------------------------- */

static bool read_text(struct vmdk *v, uint64_t length, struct error **err)
{
    v->text = calloc(1, length + 1);
    assert(v->text);
    return sparse_read_at(v->file, v->text_offset, v->text, length,
                          "descriptor", err);
}

/* The value behind `key=`, without quotes; to be freed, or NULL. */
static char *value_of(const char *text, const char *key)
{
    size_t n = strlen(key);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *p = line + n;
        if (strncmp(line, key, n) != 0) {
            continue;
        }
        p += strspn(p, " \t");
        if (*p != '=') {
            continue;
        }
        p++;
        p += strspn(p, " \t\"");
        return strndup(p, strcspn(p, "\"\r\n"));
    }
    return NULL;
}

static bool hexadecimal(const char *text, const char *key, uint32_t *value)
{
    char *word = value_of(text, key), *end = word;
    unsigned long number = word ? strtoul(word, &end, 16) : 0;
    bool good = word && end > word && number <= UINT32_MAX;

    *value = (uint32_t)number;
    free(word);
    return good;
}

static struct extent *add_extent(struct vmdk *v, uint64_t length)
{
    v->extents = realloc(v->extents,
                         (v->extent_count + 1) * sizeof(*v->extents));
    assert(v->extents);
    struct extent *e = &v->extents[v->extent_count++];
    *e = (struct extent){.start = v->image.size, .length = length};
    e->info.size = length;
    v->image.size += length;
    return e;
}

/* An extent's file, which must be beside the descriptor. */
static bool open_extent(struct vmdk *v, struct extent *e, const char *name,
                        const struct block_opening *how, struct error **err)
{
    const char *path = v->file->path, *slash = strrchr(path, '/');
    const struct block_config *config = how->config;
    char *full = NULL;

    if (strchr(name, '/') || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0 || !name[0]) {
        error_set(err, "%s: its extent '%s' is not a file in the "
                  "descriptor's directory, which is not supported", path,
                  name);
        return false;
    }
    int length = slash ? (int)(slash + 1 - path) : 0;
    if (asprintf(&full, "%.*s%s", length, path, name) < 0) {
        error_set(err, "no memory");
        return false;
    }
    struct block_file_config file_config = {
        .path = full,
        .read_only = v->file->read_only || e->info.read_only,
        .direct = config->cache == BLOCK_CACHE_NONE ||
                  config->cache == BLOCK_CACHE_DIRECTSYNC,
        .lock = !config->no_lock,
        .share_rw = config->share_rw,
        .unsafe = config->cache == BLOCK_CACHE_UNSAFE,
    };
    e->info.path = full;
    struct block_file *file = block_file_open(&file_config, err);
    if (!file) {
        return false;
    }
    if (strcmp(e->info.type, "SPARSE") == 0) {
        e->image = vmdk_extent_open(file, e->length, err);
    } else if (file->size < e->shift || file->size - e->shift < e->length) {
        error_set(err, "%s: has %" PRIu64 " bytes, fewer than its "
                  "descriptor says; the file is truncated", full,
                  file->size);
    } else {
        e->image = block_raw_open(file, how, err);
    }
    if (!e->image) {
        block_file_close(file);
        return false;
    }
    e->image->file = e->info.file = file;
    e->info.cluster_size = e->image->cluster_size;
    e->info.compressed = vmdk_extent_compressed(e->image);
    return true;
}

/* What the words after the size may be. */
static const char *kind_of(const char *word)
{
    static const char *const kinds[][2] = {
        {"FLAT", "FLAT"}, {"VMFS", "FLAT"}, {"SPARSE", "SPARSE"},
        {"ZERO", "ZERO"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (strcmp(word, kinds[i][0]) == 0) {
            return kinds[i][1];
        }
    }
    return NULL;
}

/* "RW 4194304 SPARSE "name" [offset]"; lines of other kinds are none. */
static bool parse_extent(struct vmdk *v, const char *line,
                         const struct block_opening *how, struct error **err)
{
    char access[16], type[32], name[512] = "";
    uint64_t sectors, offset = 0;
    int words = sscanf(line, "%15s %" SCNu64 " %31s \"%511[^\"\r\n]\" %"
                       SCNu64, access, &sectors, type, name, &offset);

    if (words < 1 || (strcmp(access, "RW") && strcmp(access, "RDONLY") &&
                      strcmp(access, "NOACCESS"))) {
        return true;
    }
    const char *kind = words >= 3 ? kind_of(type) : NULL;
    bool zero = kind && strcmp(kind, "ZERO") == 0;
    if (words < 3 || !kind || (!zero && words < 4) ||
        strcmp(access, "NOACCESS") == 0) {
        error_set(err, "%s: an extent '%.60s' is not supported; there are "
                  "FLAT, VMFS, SPARSE and ZERO", v->file->path, line);
        return false;
    }
    if (!sectors || sectors > (UINT64_C(1) << 42) ||
        offset > (UINT64_C(1) << 42) || v->extent_count == MAX_EXTENTS) {
        error_set(err, "%s: its extents are absurdly large or many",
                  v->file->path);
        return false;
    }
    struct extent *e = add_extent(v, sectors * BLOCK_SECTOR);
    e->info.type = kind;
    e->info.read_only = strcmp(access, "RW") != 0;
    e->shift = offset * BLOCK_SECTOR;
    return zero || open_extent(v, e, name, how, err);
}

static bool parse_extents(struct vmdk *v, const struct block_opening *how,
                          struct error **err)
{
    for (const char *line = v->text; line;) {
        const char *end = strchr(line, '\n');
        char *one = strndup(line, end ? (size_t)(end - line) : strlen(line));
        bool good = parse_extent(v, one, how, err);
        free(one);
        if (!good) {
            return false;
        }
        line = end ? end + 1 : NULL;
    }
    if (!v->extent_count) {
        error_set(err, "%s: its descriptor lists no extents", v->file->path);
    }
    return v->extent_count;
}

static bool parse_head(struct vmdk *v, struct error **err)
{
    uint32_t parent = VMDK_NO_PARENT;
    const char *path = v->file->path;

    v->create_type = value_of(v->text, "createType");
    if (!v->create_type || !hexadecimal(v->text, "CID", &v->cid)) {
        error_set(err, "%s: its descriptor has no createType or no CID",
                  path);
        return false;
    }
    hexadecimal(v->text, "parentCID", &parent);
    if (parent != VMDK_NO_PARENT) {
        error_set(err, "%s: only has what differs from another image, which "
                  "is not supported; convert it with 'qemu-img convert -O "
                  "qcow2'", path);
        return false;
    }
    return true;
}

/* Opening --------------------------------------------------------------- */

/* A file of grains with the descriptor inside. */
static bool open_monolithic(struct vmdk *v, uint64_t length,
                            struct error **err)
{
    if (!read_text(v, length, err) || !parse_head(v, err)) {
        return false;
    }
    struct block_image *grains = vmdk_extent_open(v->file, 0, err);
    if (!grains) {
        return false;
    }
    struct extent *e = add_extent(v, grains->size);
    grains->file = e->info.file = v->file;
    v->own_file = false;
    e->image = grains;
    e->info.type = "";
    e->info.path = strdup(v->file->path);
    e->info.cluster_size = grains->cluster_size;
    e->info.compressed = v->image.packed = vmdk_extent_compressed(grains);
    return true;
}

static bool open_any(struct vmdk *v, const struct block_opening *how,
                     struct error **err)
{
    char magic[4];
    uint64_t length = block_file_size(v->file);

    if (!sparse_read_at(v->file, 0, magic, 4, "header", err)) {
        return false;
    }
    if (memcmp(magic, VMDK_MAGIC, 4) != 0) {
        v->own_file = true;
        if (length > MAX_DESCRIPTOR) {
            error_set(err, "%s: too long for a VMDK descriptor",
                      v->file->path);
            return false;
        }
        return read_text(v, length, err) && parse_head(v, err) &&
               parse_extents(v, how, err);
    }
    if (!vmdk_extent_descriptor(v->file, &v->text_offset, &length)) {
        error_set(err, "%s: a part of a VMDK image; name the file that has "
                  "its descriptor", v->file->path);
        return false;
    }
    return open_monolithic(v, length, err);
}

struct block_image *vmdk_open(struct block_file *file,
                              const struct block_opening *how,
                              struct error **err)
{
    struct vmdk *v = calloc(1, sizeof(*v));

    assert(v);
    v->image.ops = &vmdk_ops;
    v->file = file;
    pthread_mutex_init(&v->writing, NULL);
    if (!open_any(v, how, err)) {
        v->own_file = false; /* the caller's */
        vmdk_close(&v->image);
        return NULL;
    }
    /* One number only when all extents agree. */
    v->image.cluster_size = v->extents[0].info.cluster_size;
    for (unsigned i = 1; i < v->extent_count; i++) {
        if (v->extents[i].info.cluster_size != v->image.cluster_size) {
            v->image.cluster_size = 0;
        }
    }
    return &v->image;
}
