/*
 * Compare two device trees in substance: dtb_compare OURS REFERENCE.
 *
 * Both must have the same nodes with the same properties; where a property
 * refers to a node by phandle, the same node must be meant.  Seeds need only
 * be there.  Prints each difference; the exit status is 1 when there is one.
 */
#include <libfdt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

#define DTB_MAX (2 << 20)

/* Properties that begin with a phandle; `all` when every cell is one. */
static const struct {
    const char *name;
    bool all;
} references[] = {
    {"interrupt-parent", false}, {"clocks", true}, {"gpios", false},
    {"cpu", false},              {"msi-parent", false},
};

static const char *const random_properties[] = {"rng-seed", "kaslr-seed"};

static int differences;

static void differ(const char *path, const char *name, const char *how)
{
    printf("%s%s%s: %s\n", path, name ? " " : "", name ? name : "", how);
    differences++;
}

static void *read_tree(const char *path)
{
    void *tree = calloc(1, DTB_MAX);
    FILE *f = fopen(path, "rb");

    if (!tree || !f || !fread(tree, 1, DTB_MAX, f) ||
        fdt_check_full(tree, DTB_MAX) < 0) {
        fprintf(stderr, "%s: not a device tree\n", path);
        exit(2);
    }
    fclose(f);
    return tree;
}

static bool is_random(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(random_properties); i++) {
        if (!strcmp(name, random_properties[i])) {
            return true;
        }
    }
    return false;
}

/* Cells of property `name` that are phandles. */
static unsigned phandle_cells(const char *name, int length)
{
    for (unsigned i = 0; i < ARRAY_SIZE(references); i++) {
        if (!strcmp(name, references[i].name)) {
            return references[i].all ? (unsigned)length / 4 : 1;
        }
    }
    return 0;
}

static bool same_target(const void *ours, const void *theirs,
                        const uint8_t *a, const uint8_t *b)
{
    char path_a[128], path_b[128];
    int node_a = fdt_node_offset_by_phandle(ours, fdt32_ld((void *)a));
    int node_b = fdt_node_offset_by_phandle(theirs, fdt32_ld((void *)b));

    return node_a >= 0 && node_b >= 0 &&
           !fdt_get_path(ours, node_a, path_a, sizeof(path_a)) &&
           !fdt_get_path(theirs, node_b, path_b, sizeof(path_b)) &&
           !strcmp(path_a, path_b);
}

static bool same_value(const void *ours, const void *theirs,
                       const char *name, const uint8_t *a, const uint8_t *b,
                       int length)
{
    unsigned cells = phandle_cells(name, length);

    if (is_random(name) || !strcmp(name, "phandle")) {
        return true;
    }
    for (unsigned i = 0; i < cells; i++) {
        if (!same_target(ours, theirs, a + 4 * i, b + 4 * i)) {
            return false;
        }
    }
    return !memcmp(a + 4 * cells, b + 4 * cells, (size_t)length - 4 * cells);
}

/* Addresses have one cell or two, as the writer likes. */
static bool is_address(const char *name)
{
    return !strncmp(name, "linux,initrd-", 13);
}

static uint64_t number(const void *value, int length)
{
    return length == 8   ? fdt64_ld(value)
           : length == 4 ? fdt32_ld(value)
                         : UINT64_MAX;
}

static void compare_properties(const void *ours, int node,
                               const void *theirs, int other,
                               const char *path)
{
    int p;

    fdt_for_each_property_offset(p, ours, node) {
        const char *name;
        int length, other_length;
        const void *a = fdt_getprop_by_offset(ours, p, &name, &length);
        const void *b = fdt_getprop(theirs, other, name, &other_length);
        if (!b) {
            differ(path, name, "the reference has no such property");
        } else if (is_address(name)) {
            if (number(a, length) != number(b, other_length)) {
                differ(path, name, "has another value");
            }
        } else if (length != other_length) {
            differ(path, name, "has another length");
        } else if (!same_value(ours, theirs, name, a, b, length)) {
            differ(path, name, "has another value");
        }
    }
    fdt_for_each_property_offset(p, theirs, other) {
        const char *name;
        fdt_getprop_by_offset(theirs, p, &name, NULL);
        if (!fdt_getprop(ours, node, name, NULL)) {
            differ(path, name, "is missing");
        }
    }
}

int main(int argc, char **argv)
{
    char path[256];

    if (argc != 3) {
        fprintf(stderr, "usage: dtb_compare OURS REFERENCE\n");
        return 2;
    }
    void *ours = read_tree(argv[1]), *theirs = read_tree(argv[2]);
    for (int n = 0; n >= 0; n = fdt_next_node(ours, n, NULL)) {
        fdt_get_path(ours, n, path, sizeof(path));
        int other = fdt_path_offset(theirs, path);
        if (other < 0) {
            differ(path, NULL, "the reference has no such node");
        } else {
            compare_properties(ours, n, theirs, other, path);
        }
    }
    for (int n = 0; n >= 0; n = fdt_next_node(theirs, n, NULL)) {
        fdt_get_path(theirs, n, path, sizeof(path));
        if (fdt_path_offset(ours, path) < 0) {
            differ(path, NULL, "the node is missing");
        }
    }
    free(ours);
    free(theirs);
    return differences != 0;
}
