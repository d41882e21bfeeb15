#include "pc-bios/guest/fdt.h"

#include <stddef.h>

#include "pc-bios/guest/string.h"

enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9 };
enum { HEADER_SIZE = 40 };

static const uint8_t *structure, *structure_end, *strings;
static uint32_t total, strings_size;

static uint32_t cell(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
           (uint32_t)p[2] << 8 | p[3];
}

bool fdt_open(uint64_t address)
{
    const uint8_t *blob = (const uint8_t *)address;

    structure = NULL;
    if (!address || address % 8 || cell(blob) != 0xd00dfeed) {
        return false;
    }
    total = cell(blob + 4);
    structure = blob + cell(blob + 8);
    strings = blob + cell(blob + 12);
    strings_size = cell(blob + 32);
    structure_end = structure + cell(blob + 36);
    return total >= HEADER_SIZE && structure_end <= blob + total &&
           strings + strings_size <= blob + total;
}

uint64_t fdt_size(void)
{
    return total;
}

/* The token at *p, skipped; END when there are no more. */
static uint32_t token(const uint8_t **p)
{
    uint32_t t;

    do {
        if (*p + 4 > structure_end) {
            return END;
        }
        t = cell(*p);
        *p += 4;
    } while (t == NOP);
    return t;
}

static const uint8_t *align4(const uint8_t *p)
{
    return (const uint8_t *)(((uintptr_t)p + 3) & ~(uintptr_t)3);
}

/* A property whose token has been read; *p moves behind it. */
static const uint8_t *property(const uint8_t **p, const char **name,
                               uint32_t *length)
{
    const uint8_t *data = *p + 8;
    uint32_t at;

    if (data > structure_end) {
        return NULL;
    }
    *length = cell(*p);
    at = cell(*p + 4);
    if (*length > (size_t)(structure_end - data) || at >= strings_size) {
        return NULL;
    }
    *name = (const char *)strings + at;
    *p = align4(data + *length);
    return data;
}

const uint8_t *fdt_property(const struct fdt_node *node, const char *name,
                            uint32_t *length)
{
    const uint8_t *p = node->body, *data;
    const char *found;

    while (token(&p) == PROP) {
        data = property(&p, &found, length);
        if (!data || strcmp(found, name) == 0) {
            return data;
        }
    }
    return NULL;
}

static uint32_t cells_of(const struct fdt_node *node, const char *name,
                         uint32_t otherwise)
{
    uint32_t length;
    const uint8_t *data = fdt_property(node, name, &length);

    return data && length == 4 ? cell(data) : otherwise;
}

bool fdt_next(struct fdt_node *node)
{
    const uint8_t *p = node->next;
    int depth = node->depth;
    uint32_t length;
    const char *name;

    if (!p) {
        p = structure;
        depth = -1;
    }
    for (;;) {
        switch (token(&p)) {
        case BEGIN_NODE:
            depth++;
            if (depth >= FDT_DEPTH) {
                return false;
            }
            node->name = (const char *)p;
            node->depth = depth;
            node->body = align4(p + strlen(node->name) + 1);
            node->next = node->body;
            node->address_cells[depth] =
                cells_of(node, "#address-cells", 2);
            node->size_cells[depth] = cells_of(node, "#size-cells", 1);
            return true;
        case END_NODE:
            depth--;
            break;
        case PROP:
            if (!property(&p, &name, &length)) {
                return false;
            }
            break;
        default:
            return false;
        }
    }
}

const char *fdt_text(const struct fdt_node *node, const char *name)
{
    uint32_t length;
    const uint8_t *data = fdt_property(node, name, &length);

    return data && length && !data[length - 1] ? (const char *)data : "";
}

bool fdt_compatible(const struct fdt_node *node, const char *with)
{
    uint32_t length;
    const uint8_t *data = fdt_property(node, "compatible", &length);
    uint32_t at = 0;

    if (!data || !length || data[length - 1]) {
        return false;
    }
    while (at < length) {
        const char *name = (const char *)data + at;

        if (strcmp(name, with) == 0) {
            return true;
        }
        at += (uint32_t)strlen(name) + 1;
    }
    return false;
}

static uint64_t cells(const uint8_t *data, uint32_t count)
{
    uint64_t v = 0;

    for (uint32_t i = 0; i < count; i++) {
        v = v << 32 | cell(data + 4 * i);
    }
    return v;
}

bool fdt_reg(const struct fdt_node *node, unsigned i, uint64_t *address,
             uint64_t *size)
{
    uint32_t length, na, ns;
    const uint8_t *data = fdt_property(node, "reg", &length);

    if (!data || node->depth < 1) {
        return false;
    }
    na = node->address_cells[node->depth - 1];
    ns = node->size_cells[node->depth - 1];
    if (na > 3 || ns > 2 || length < 4 * (na + ns) * (i + 1)) {
        return false;
    }
    data += 4 * (na + ns) * i;
    *address = cells(data, na);
    *size = cells(data + 4 * na, ns);
    return true;
}

unsigned fdt_interrupt(const struct fdt_node *node, unsigned i)
{
    uint32_t length;
    const uint8_t *data = fdt_property(node, "interrupts", &length);

    if (!data || length < 12 * (i + 1)) {
        return 0;
    }
    data += 12 * i;
    return cell(data + 4) + (cell(data) == 1 ? 16 : 32);
}
