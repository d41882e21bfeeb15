#include "hw/core/fdt.h"

#include <assert.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#define FDT_FIRST_PHANDLE 0x8000
#define EMPTY_SIZE 256

/* libfdt can fail only for names or sizes that we chose ourselves. */
static int expect(int result)
{
    assert(result >= 0);
    return result;
}

static int node_offset(struct fdt_builder *fdt, const char *path)
{
    return expect(fdt_path_offset(fdt->blob, path));
}

struct fdt_builder *fdt_builder_new(void)
{
    struct fdt_builder *fdt = calloc(1, sizeof(*fdt));

    assert(fdt);
    fdt->blob = calloc(1, FDT_BUILDER_SIZE);
    assert(fdt->blob);
    /* libfdt clears what it is given: pages that are not needed stay
     * untouched so. */
    expect(fdt_create_empty_tree(fdt->blob, EMPTY_SIZE));
    expect(fdt_open_into(fdt->blob, fdt->blob, FDT_BUILDER_SIZE));
    fdt->next_phandle = FDT_FIRST_PHANDLE;
    return fdt;
}

void fdt_builder_free(struct fdt_builder *fdt)
{
    if (fdt) {
        free(fdt->blob);
        free(fdt);
    }
}

uint32_t fdt_new_phandle(struct fdt_builder *fdt)
{
    return fdt->next_phandle++;
}

/* libfdt puts a new node before its siblings: the last made comes first. */
void fdt_node(struct fdt_builder *fdt, const char *path)
{
    int parent = 0;

    assert(path[0] == '/');
    while (*path == '/') {
        const char *name = path + 1;
        int length = (int)strcspn(name, "/");
        int node = fdt_subnode_offset_namelen(fdt->blob, parent, name,
                                              length);
        if (node == -FDT_ERR_NOTFOUND) {
            node = fdt_add_subnode_namelen(fdt->blob, parent, name, length);
        }
        parent = expect(node);
        path = name + length;
    }
}

void fdt_prop_bytes(struct fdt_builder *fdt, const char *path,
                    const char *name, const void *data, unsigned length)
{
    expect(fdt_setprop(fdt->blob, node_offset(fdt, path), name, data,
                       (int)length));
}

void fdt_prop_empty(struct fdt_builder *fdt, const char *path,
                    const char *name)
{
    fdt_prop_bytes(fdt, path, name, NULL, 0);
}

void fdt_prop_string(struct fdt_builder *fdt, const char *path,
                     const char *name, const char *value)
{
    fdt_prop_bytes(fdt, path, name, value, (unsigned)strlen(value) + 1);
}

void fdt_prop_cells_array(struct fdt_builder *fdt, const char *path,
                          const char *name, const uint32_t *cells,
                          unsigned count)
{
    void *place;

    expect(fdt_setprop_placeholder(fdt->blob, node_offset(fdt, path), name,
                                   (int)(count * 4), &place));
    for (unsigned i = 0; i < count; i++) {
        fdt32_st((uint8_t *)place + 4 * i, cells[i]);
    }
}

void fdt_prop_reg(struct fdt_builder *fdt, const char *path, uint64_t base,
                  uint64_t size)
{
    fdt_prop_cells(fdt, path, "reg", (uint32_t)(base >> 32), (uint32_t)base,
                   (uint32_t)(size >> 32), (uint32_t)size);
}
