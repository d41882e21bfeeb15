/* VMware disk images: the descriptor, its extents and its parent. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/sparse.h"
#include "block/vmdk.h"

#define MAX_DESCRIPTOR (1u << 20)
#define MAX_EXTENTS 4096
#define DESCRIPTOR_MAGIC "# Disk DescriptorFile"

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

static struct vmdk_part *add_extent(struct vmdk *v, uint64_t length)
{
    v->extents = realloc(v->extents,
                         (v->extent_count + 1) * sizeof(*v->extents));
    assert(v->extents);
    struct vmdk_part *e = &v->extents[v->extent_count++];
    *e = (struct vmdk_part){.start = v->image.size, .length = length};
    e->info.size = length;
    v->image.size += length;
    return e;
}

/* An extent's file, which must be beside the descriptor. */
static bool open_extent(struct vmdk *v, struct vmdk_part *e, const char *name,
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
        e->image = vmdk_extent_open(file, e->start, e->length, v->backing,
                                    err);
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
    struct vmdk_part *e = add_extent(v, sectors * BLOCK_SECTOR);
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

/* The image that this one only says the differences from; that must not have
 * been written to since. */
static bool open_parent(struct vmdk *v, const struct block_opening *how,
                        struct error **err)
{
    const char *path = v->file->path;
    struct vmdk_info info;

    v->parent = value_of(v->text, "parentFileNameHint");
    if (!v->parent || !v->parent[0]) {
        error_set(err, "%s: only has what differs from another image, and "
                  "does not name that", path);
        return false;
    }
    if (!block_image_wants_backing(how, v->parent)) {
        return true;
    }
    v->backing = block_image_open_backing(how, v->file, v->parent, "vmdk",
                                          err);
    if (v->backing && vmdk_describe(v->backing, &info) &&
        info.cid == v->parent_cid) {
        return true;
    }
    if (v->backing) {
        error_set(err, "%s: its parent %s has been changed since (its CID is "
                  "%08" PRIx32 " and should be %08" PRIx32 ")", path,
                  v->backing->file->path, info.cid, v->parent_cid);
    }
    return false;
}

static bool parse_head(struct vmdk *v, const struct block_opening *how,
                       struct error **err)
{
    const char *path = v->file->path;

    v->create_type = value_of(v->text, "createType");
    if (!v->create_type || !hexadecimal(v->text, "CID", &v->cid)) {
        error_set(err, "%s: its descriptor has no createType or no CID",
                  path);
        return false;
    }
    if (!hexadecimal(v->text, "parentCID", &v->parent_cid)) {
        v->parent_cid = VMDK_NO_PARENT;
    }
    return v->parent_cid == VMDK_NO_PARENT || open_parent(v, how, err);
}

/* Opening --------------------------------------------------------------- */

/* A file of grains with the descriptor inside. */
static bool open_monolithic(struct vmdk *v, uint64_t length,
                            const struct block_opening *how,
                            struct error **err)
{
    if (!read_text(v, length, err) || !parse_head(v, how, err)) {
        return false;
    }
    struct block_image *grains = vmdk_extent_open(v->file, 0, 0, v->backing,
                                                  err);
    if (!grains) {
        return false;
    }
    struct vmdk_part *e = add_extent(v, grains->size);
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
        return read_text(v, length, err) && parse_head(v, how, err) &&
               parse_extents(v, how, err);
    }
    if (!vmdk_extent_descriptor(v->file, &v->text_offset, &length)) {
        error_set(err, "%s: a part of a VMDK image; name the file that has "
                  "its descriptor", v->file->path);
        return false;
    }
    return open_monolithic(v, length, how, err);
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
    v->image.backing_name = v->parent;
    v->image.backing_format = v->parent ? "vmdk" : NULL;
    /* One number only when all extents agree. */
    v->image.cluster_size = v->extents[0].info.cluster_size;
    for (unsigned i = 1; i < v->extent_count; i++) {
        if (v->extents[i].info.cluster_size != v->image.cluster_size) {
            v->image.cluster_size = 0;
        }
    }
    return &v->image;
}
