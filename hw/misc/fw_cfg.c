/*
 * Firmware configuration: named files and numbered items that the host
 * hands to the guest's firmware.
 *
 * Manual: QEMU, docs/specs/fw_cfg.rst (the interface is QEMU's own).
 * Exposes: one region of 24 bytes, big-endian; no interrupt.
 *
 * Threads: registers from any vCPU; one lock, held during DMA.
 */
#include "hw/misc/fw_cfg.h"

#include <assert.h>
#include <endian.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bits.h"
#include "util/log.h"

/* Registers. */
enum {
    REG_DATA = 0x00,     /* 1 to 8 bytes: the next ones of the item */
    REG_SELECTOR = 0x08, /* 2 bytes */
    REG_DMA_HIGH = 0x10, /* 8 bytes, or two times 4: the low half starts */
    REG_DMA_LOW = 0x14,
};

#define KEY_MASK 0x3fff /* bits 15, 14: architecture's own, write: unused */
#define SIGNATURE UINT64_C(0x51454d5520434647) /* "QEMU CFG" */

/* The ID item. */
enum {
    ID_TRADITIONAL = 1 << 0,
    ID_DMA = 1 << 1,
};

/* The DMA descriptor and its control bits. */
struct descriptor {
    uint32_t control; /* key in bits 31..16 */
    uint32_t length;
    uint64_t address;
};

enum {
    DMA_ERROR = 1 << 0,
    DMA_READ = 1 << 1,
    DMA_SKIP = 1 << 2,
    DMA_SELECT = 1 << 3,
    DMA_WRITE = 1 << 4,
};

/* An entry of the directory. */
struct directory_entry {
    uint32_t size;
    uint16_t key;
    uint16_t reserved;
    char name[FW_CFG_NAME_SIZE];
};

struct item {
    const uint8_t *data;
    size_t size;
    void *owned;    /* data when it is ours to free */
    void *writable; /* data when the guest may write it */
    void (*written)(void *opaque, size_t offset, size_t size);
    void *opaque;
};

struct file {
    char name[FW_CFG_NAME_SIZE];
    struct item item;
};

struct fw_cfg {
    pthread_mutex_t lock;
    struct dma *dma;
    uint64_t base;

    struct item items[FW_CFG_FILE_FIRST];
    struct file files[FW_CFG_MAX_FILES]; /* by name */
    unsigned file_count;
    struct {
        uint32_t count;
        struct directory_entry entries[FW_CFG_MAX_FILES];
    } directory;

    uint16_t key;
    uint64_t offset; /* of the next byte */
    uint32_t dma_high;
};

/* Items ---------------------------------------------------------------- */

static struct item *item_find(struct fw_cfg *s, uint16_t key)
{
    static struct item none;

    key &= KEY_MASK;
    if (key < FW_CFG_FILE_FIRST) {
        return &s->items[key];
    }
    unsigned n = key - FW_CFG_FILE_FIRST;
    return n < s->file_count ? &s->files[n].item : &none;
}

static void select_item(struct fw_cfg *s, uint16_t key)
{
    s->key = key;
    s->offset = 0;
}

/* How many bytes the item has left, at most `most`. */
static uint64_t bytes_left(const struct fw_cfg *s, const struct item *item,
                           uint64_t most)
{
    uint64_t left = item->size > s->offset ? item->size - s->offset : 0;

    return left < most ? left : most;
}

/* DMA ------------------------------------------------------------------ */

/* Behind its end an item reads as zeroes. */
static bool dma_read_item(struct fw_cfg *s, const struct descriptor *d)
{
    const struct item *item = item_find(s, s->key);
    uint64_t size = bytes_left(s, item, d->length);

    return (!size ||
            dma_write(s->dma, d->address, item->data + s->offset, size)) &&
           dma_fill(s->dma, d->address + size, 0, d->length - size);
}

static bool dma_write_item(struct fw_cfg *s, const struct descriptor *d)
{
    struct item *item = item_find(s, s->key);

    if (!item->writable || bytes_left(s, item, d->length) != d->length) {
        guest_error("fw_cfg: write of %u bytes at %llu of item 0x%x, which "
                    "takes none", d->length, (unsigned long long)s->offset,
                    s->key);
        return false;
    }
    uint8_t *to = (uint8_t *)item->writable + s->offset;
    if (!dma_read(s->dma, d->address, to, d->length)) {
        return false;
    }
    if (item->written) {
        item->written(item->opaque, (size_t)s->offset, d->length);
    }
    return true;
}

static bool dma_execute(struct fw_cfg *s, const struct descriptor *d)
{
    bool good = true;

    if (d->control & DMA_SELECT) {
        select_item(s, d->control >> 16);
    }
    if (d->control & DMA_READ) {
        good = dma_read_item(s, d);
    } else if (d->control & DMA_WRITE) {
        good = dma_write_item(s, d);
    } else if (!(d->control & DMA_SKIP)) {
        return true;
    }
    s->offset += d->length;
    return good;
}

static void dma_start(struct fw_cfg *s, uint64_t pa)
{
    struct descriptor d;
    uint32_t result;

    if (!dma_read(s->dma, pa, &d, sizeof(d))) {
        guest_error("fw_cfg: descriptor at 0x%llx is not in memory",
                    (unsigned long long)pa);
        return;
    }
    d.control = be32toh(d.control);
    d.length = be32toh(d.length);
    d.address = be64toh(d.address);
    result = htobe32(dma_execute(s, &d) ? 0 : DMA_ERROR);
    if (result) {
        guest_error("fw_cfg: transfer of %u bytes at 0x%llx failed",
                    d.length, (unsigned long long)d.address);
    }
    dma_write(s->dma, pa, &result, sizeof(result));
}

/* Read ----------------------------------------------------------------- */

/* Bytes come in the order of memory whatever the width. */
static uint64_t data_read(struct fw_cfg *s, unsigned size)
{
    const struct item *item = item_find(s, s->key);
    uint64_t left = bytes_left(s, item, size);
    uint64_t value = 0;

    if (left) {
        memcpy(&value, item->data + s->offset, left);
    }
    s->offset += size;
    return value;
}

static uint64_t fw_cfg_read(void *device, struct bus_access access)
{
    struct fw_cfg *s = device;
    uint64_t value = 0;

    pthread_mutex_lock(&s->lock);
    if (access.offset < REG_SELECTOR) {
        value = data_read(s, access.size);
    } else if (access.offset >= REG_DMA_HIGH) {
        value = htobe64(SIGNATURE) >> 8 * (access.offset - REG_DMA_HIGH);
    } else {
        guest_error("fw_cfg: read of the selector");
    }
    pthread_mutex_unlock(&s->lock);
    return value;
}

/* Write ---------------------------------------------------------------- */

static void fw_cfg_write(void *device, struct bus_access access,
                         uint64_t value)
{
    struct fw_cfg *s = device;
    uint32_t word = be32toh((uint32_t)value);

    pthread_mutex_lock(&s->lock);
    if (access.offset == REG_SELECTOR && access.size == 2) {
        select_item(s, be16toh((uint16_t)value));
    } else if (access.offset == REG_DMA_HIGH && access.size == 8) {
        dma_start(s, be64toh(value));
    } else if (access.offset == REG_DMA_HIGH && access.size == 4) {
        s->dma_high = word;
    } else if (access.offset == REG_DMA_LOW && access.size == 4) {
        dma_start(s, (uint64_t)s->dma_high << 32 | word);
        s->dma_high = 0;
    } else {
        guest_error("fw_cfg: %u-byte write at 0x%x", access.size,
                    (unsigned)access.offset);
    }
    pthread_mutex_unlock(&s->lock);
}

static const struct mmio_ops fw_cfg_ops = {
    .read = fw_cfg_read,
    .write = fw_cfg_write,
    .min_size = 1,
    .max_size = 8,
};

/* Adding --------------------------------------------------------------- */

static void *copy_of(const void *data, size_t size)
{
    void *copy = malloc(size ? size : 1);

    assert(copy);
    if (size) {
        memcpy(copy, data, size);
    }
    return copy;
}

static struct item owned_item(const void *data, size_t size)
{
    void *copy = copy_of(data, size);

    return (struct item){.data = copy, .size = size, .owned = copy};
}

static void item_replace(struct item *item, struct item with)
{
    free(item->owned);
    *item = with;
}

void fw_cfg_add(struct fw_cfg *s, enum fw_cfg_key key, const void *data,
                size_t size)
{
    assert(key < FW_CFG_FILE_FIRST);
    item_replace(&s->items[key], (struct item){.data = data, .size = size});
}

void fw_cfg_add_copy(struct fw_cfg *s, enum fw_cfg_key key,
                     const void *data, size_t size)
{
    assert(key < FW_CFG_FILE_FIRST);
    item_replace(&s->items[key], owned_item(data, size));
}

void fw_cfg_add_u16(struct fw_cfg *s, enum fw_cfg_key key, uint16_t value)
{
    value = htole16(value);
    fw_cfg_add_copy(s, key, &value, sizeof(value));
}

void fw_cfg_add_u32(struct fw_cfg *s, enum fw_cfg_key key, uint32_t value)
{
    value = htole32(value);
    fw_cfg_add_copy(s, key, &value, sizeof(value));
}

static void make_directory(struct fw_cfg *s)
{
    s->directory.count = htobe32(s->file_count);
    for (unsigned i = 0; i < s->file_count; i++) {
        struct directory_entry *e = &s->directory.entries[i];
        e->size = htobe32((uint32_t)s->files[i].item.size);
        e->key = htobe16((uint16_t)(FW_CFG_FILE_FIRST + i));
        memcpy(e->name, s->files[i].name, FW_CFG_NAME_SIZE);
    }
    fw_cfg_add(s, FW_CFG_FILE_DIR, &s->directory,
               4 + s->file_count * sizeof(s->directory.entries[0]));
}

/* The first file whose name is not less. */
static unsigned file_position(const struct fw_cfg *s, const char *name)
{
    unsigned i = 0;

    while (i < s->file_count && strcmp(s->files[i].name, name) < 0) {
        i++;
    }
    return i;
}

static struct file *file_find(struct fw_cfg *s, const char *name)
{
    struct file *f = &s->files[file_position(s, name)];

    return f < s->files + s->file_count && strcmp(f->name, name) == 0 ? f
                                                                     : NULL;
}

static bool name_usable(struct fw_cfg *s, const char *name, size_t size,
                        struct error **err)
{
    size_t length = strlen(name);
    const char *why = NULL;

    if (!length || length >= FW_CFG_NAME_SIZE) {
        why = "a name has 1 to 55 characters";
    } else if (file_find(s, name)) {
        why = "the name is taken";
    } else if (s->file_count == FW_CFG_MAX_FILES) {
        why = "there are too many files";
    } else if (size > UINT32_MAX) {
        why = "it is larger than 4 GiB";
    }
    if (why) {
        error_set(err, "fw_cfg file '%s': %s", name, why);
    }
    return !why;
}

/* `name` is usable. */
static void file_insert(struct fw_cfg *s, const char *name,
                        struct item item)
{
    unsigned at = file_position(s, name);

    memmove(&s->files[at + 1], &s->files[at],
            (s->file_count - at) * sizeof(s->files[0]));
    s->file_count++;
    memset(s->files[at].name, 0, FW_CFG_NAME_SIZE);
    memcpy(s->files[at].name, name, strlen(name));
    s->files[at].item = item;
    make_directory(s);
}

bool fw_cfg_add_file(struct fw_cfg *s, const char *name, const void *data,
                     size_t size, struct error **err)
{
    if (!name_usable(s, name, size, err)) {
        return false;
    }
    file_insert(s, name, (struct item){.data = data, .size = size});
    return true;
}

bool fw_cfg_add_file_copy(struct fw_cfg *s, const char *name,
                          const void *data, size_t size, struct error **err)
{
    if (!name_usable(s, name, size, err)) {
        return false;
    }
    file_insert(s, name, owned_item(data, size));
    return true;
}

void fw_cfg_add_writable(struct fw_cfg *s, const char *name, void *data,
                         size_t size,
                         void (*written)(void *opaque, size_t offset,
                                         size_t size),
                         void *opaque)
{
    bool usable = name_usable(s, name, size, NULL);

    assert(usable);
    file_insert(s, name, (struct item){.data = data,
                                       .size = size,
                                       .writable = data,
                                       .written = written,
                                       .opaque = opaque});
}

void fw_cfg_set_file(struct fw_cfg *s, const char *name, const void *data,
                     size_t size)
{
    struct file *f = file_find(s, name);

    if (f) {
        item_replace(&f->item, owned_item(data, size));
        make_directory(s);
    } else {
        bool usable = fw_cfg_add_file_copy(s, name, data, size, NULL);
        assert(usable);
        (void)usable;
    }
}

/* Reset, device tree, creation ----------------------------------------- */

void fw_cfg_reset(struct fw_cfg *s)
{
    pthread_mutex_lock(&s->lock);
    select_item(s, 0);
    s->dma_high = 0;
    pthread_mutex_unlock(&s->lock);
}

void fw_cfg_fdt(const struct fw_cfg *s, struct fdt_builder *fdt)
{
    char path[32];

    snprintf(path, sizeof(path), "/fw-cfg@%llx", (unsigned long long)s->base);
    fdt_node(fdt, path);
    fdt_prop_empty(fdt, path, "dma-coherent");
    fdt_prop_reg(fdt, path, s->base, FW_CFG_SIZE);
    fdt_prop_string(fdt, path, "compatible", "qemu,fw-cfg-mmio");
}

struct fw_cfg *fw_cfg_create(struct bus *bus, uint64_t base,
                             struct dma *dma)
{
    struct fw_cfg *s = calloc(1, sizeof(*s));

    assert(s);
    pthread_mutex_init(&s->lock, NULL);
    s->dma = dma;
    s->base = base;
    fw_cfg_add(s, FW_CFG_SIGNATURE, "QEMU", 4);
    fw_cfg_add_u32(s, FW_CFG_ID, ID_TRADITIONAL | ID_DMA);
    make_directory(s);
    bus_map_mmio(bus, base, FW_CFG_SIZE, "fw_cfg", &fw_cfg_ops, s);
    return s;
}

void fw_cfg_free(struct fw_cfg *s)
{
    if (!s) {
        return;
    }
    for (unsigned i = 0; i < FW_CFG_FILE_FIRST; i++) {
        free(s->items[i].owned);
    }
    for (unsigned i = 0; i < s->file_count; i++) {
        free(s->files[i].item.owned);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}
