/* New VMDK images. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "block/sparse.h"
#include "block/vmdk.h"

#define SPLIT (UINT64_C(2) << 30) /* bytes of an extent */
#define MAX_SIZE (UINT64_C(2) << 40)

/* ORDER vmdk_subformat */
const char *const vmdk_subformats[] = {
    "monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse",
    "twoGbMaxExtentFlat", "streamOptimized", NULL,
};
static const char *const adapters[] = {
    "ide", "lsilogic", "buslogic", "legacyESX", NULL,
};

static bool is_flat(const struct block_new *how)
{
    return how->subformat == VMDK_MONOLITHIC_FLAT ||
           how->subformat == VMDK_SPLIT_FLAT;
}

static bool is_split(const struct block_new *how)
{
    return how->subformat == VMDK_SPLIT_SPARSE ||
           how->subformat == VMDK_SPLIT_FLAT;
}

/* "disk-s001.vmdk" beside "disk.vmdk"; to be freed. */
static char *extent_path(const struct block_new *how, unsigned number)
{
    const char *slash = strrchr(how->path, '/');
    const char *name = slash ? slash + 1 : how->path;
    const char *dot = strrchr(name, '.');
    int stem = (int)(dot ? dot - how->path : (long)strlen(how->path));
    char *path = NULL;
    int n;

    if (!is_split(how)) {
        n = asprintf(&path, "%.*s-flat%s", stem, how->path, dot ? dot : "");
    } else {
        n = asprintf(&path, "%.*s-%c%03u%s", stem, how->path,
                     is_flat(how) ? 'f' : 's', number, dot ? dot : "");
    }
    return n < 0 ? NULL : path;
}

/* One line of the descriptor. */
static void list_extent(FILE *text, const struct block_new *how,
                        const char *path, uint64_t size)
{
    const char *slash = strrchr(path, '/');

    fprintf(text, "RW %" PRIu64 " %s \"%s\"%s\n", size / BLOCK_SECTOR,
            is_flat(how) ? "FLAT" : "SPARSE", slash ? slash + 1 : path,
            is_flat(how) ? " 0" : "");
}

static void begin_descriptor(FILE *text, const struct block_new *how)
{
    uint32_t cid = 0x12345678;

    if (getrandom(&cid, sizeof(cid), 0) != sizeof(cid) ||
        cid == VMDK_NO_PARENT) {
        cid = 1;
    }
    fprintf(text, "# Disk DescriptorFile\nversion=1\nCID=%08" PRIx32
            "\nparentCID=%08" PRIx32 "\ncreateType=\"%s\"\n", cid,
            how->backing ? how->parent_cid : VMDK_NO_PARENT,
            vmdk_subformats[how->subformat]);
    if (how->backing) {
        fprintf(text, "parentFileNameHint=\"%s\"\n", how->backing);
    }
    fputs("\n# Extent description\n", text);
}

static void end_descriptor(FILE *text, const struct block_new *how)
{
    const char *adapter = how->adapter_type ? how->adapter_type : "ide";
    unsigned heads = strcmp(adapter, "ide") == 0 ? 16 : 255;

    fprintf(text, "\n# The Disk Data Base\n#DDB\n\n"
            "ddb.virtualHWVersion = \"%s\"\n"
            "ddb.geometry.cylinders = \"%" PRIu64 "\"\n"
            "ddb.geometry.heads = \"%u\"\nddb.geometry.sectors = \"63\"\n"
            "ddb.adapterType = \"%s\"\nddb.toolsVersion = \"%s\"\n",
            how->hwversion ? how->hwversion : how->compat6 ? "6" : "4",
            how->size / BLOCK_SECTOR / 63 / heads, heads, adapter,
            how->toolsversion ? how->toolsversion : "2147483647");
}

static bool make_extent(const struct block_new *how, const char *path,
                        uint64_t size, const char *descriptor,
                        struct error **err)
{
    struct block_file *file = sparse_create_file(path, err);

    return file && sparse_finish_file(
                       file, is_flat(how) ? block_file_resize(file, size)
                                          : vmdk_extent_create(file, how, size,
                                                               descriptor),
                       err);
}

/* The files besides the descriptor's. */
static bool make_extents(const struct block_new *how, FILE *text,
                         struct error **err)
{
    uint64_t most = is_split(how) ? SPLIT : how->size;
    bool good = true;
    unsigned number = 0;

    for (uint64_t done = 0; done < how->size && good;) {
        uint64_t n = how->size - done < most ? how->size - done : most;
        char *path = extent_path(how, ++number);
        good = path && make_extent(how, path, n, NULL, err);
        if (path) {
            list_extent(text, how, path, n);
        }
        free(path);
        done += n;
    }
    return good;
}

static bool check(const struct block_new *how, struct error **err)
{
    const char *adapter = how->adapter_type ? how->adapter_type : "ide";
    unsigned i = 0;

    while (adapters[i] && strcmp(adapters[i], adapter) != 0) {
        i++;
    }
    if (!adapters[i]) {
        error_set(err, "adapter_type=%s: there are ide, lsilogic, buslogic "
                  "and legacyESX", adapter);
        return false;
    }
    if (how->compat6 && how->hwversion) {
        error_set(err, "compat6=on says the hwversion, which is given, too");
        return false;
    }
    if (is_flat(how) && how->zeroed_grain) {
        error_set(err, "zeroed_grain=on: a flat image has no grains");
        return false;
    }
    if (!how->size || how->size > MAX_SIZE - (UINT64_C(1) << 30)) {
        error_set(err, "%s: a VMDK image has from 512 bytes up to 2047 GiB",
                  how->path);
        return false;
    }
    if (is_flat(how) && how->backing) {
        error_set(err, "%s: a flat image has no backing file", how->path);
        return false;
    }
    if (strpbrk(how->path, "\"\n") ||
        (how->backing && (strpbrk(how->backing, "\"\n") ||
                          strlen(how->backing) > 1000))) {
        error_set(err, "%s: a VMDK image has no quotes in its name, nor its "
                  "parent, and no name of more than 1000 bytes", how->path);
        return false;
    }
    return true;
}

bool vmdk_create(const struct block_new *how, struct error **err)
{
    bool alone = !is_flat(how) && !is_split(how), good = true;
    size_t length;
    char *descriptor = NULL;

    if (!check(how, err)) {
        return false;
    }
    FILE *text = open_memstream(&descriptor, &length);
    begin_descriptor(text, how);
    if (alone) {
        list_extent(text, how, how->path, how->size);
    } else {
        good = make_extents(how, text, err);
    }
    end_descriptor(text, how);
    fclose(text);
    if (good && alone) {
        good = make_extent(how, how->path, how->size, descriptor, err);
    } else if (good) {
        struct block_file *file = sparse_create_file(how->path, err);
        good = file && sparse_finish_file(
                           file, sparse_write_at(file, 0, descriptor, length),
                           err);
    }
    free(descriptor);
    return good;
}
