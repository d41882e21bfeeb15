/* New VHDX images. */
#include <stdlib.h>
#include <string.h>

#include "block/vhdx.h"

const char *const vhdx_subformats[] = {"dynamic", "fixed", NULL};

struct layout {
    uint64_t block_size, log_size, blocks;
    uint64_t bat, bat_length, metadata, end; /* bytes */
    uint64_t entries; /* of the BAT */
    uint64_t ratio;
};

/* Blocks that keep the table small. */
static uint64_t default_block(uint64_t size)
{
    return size > UINT64_C(32) << 40   ? 64 * VHDX_MIB
           : size > UINT64_C(100) << 30 ? 32 * VHDX_MIB
           : size > UINT64_C(1) << 30   ? 16 * VHDX_MIB
                                        : 8 * VHDX_MIB;
}

static bool plan(const struct block_new *how, struct layout *l,
                 struct error **err)
{
    l->block_size = how->block_size ? how->block_size
                                    : default_block(how->size);
    l->log_size = how->log_size ? how->log_size : VHDX_MIB;
    if (!is_power_of_2(l->block_size) || l->block_size < VHDX_MIB ||
        l->block_size > VHDX_MAX_BLOCK) {
        error_set(err, "block_size=%llu: a power of two from 1M to 256M is "
                  "needed", (unsigned long long)l->block_size);
        return false;
    }
    if (l->log_size % VHDX_MIB || l->log_size > 64 * VHDX_MIB) {
        error_set(err, "log_size=%llu: a multiple of 1M up to 64M is needed",
                  (unsigned long long)l->log_size);
        return false;
    }
    if (how->size > VHDX_MAX_SIZE) {
        error_set(err, "%s: a VHDX image has at most 64 TiB", how->path);
        return false;
    }
    l->blocks = how->size / l->block_size + (how->size % l->block_size != 0);
    l->ratio = VHDX_CHUNK * BLOCK_SECTOR / l->block_size;
    l->entries = l->blocks + l->blocks / l->ratio;
    l->bat = VHDX_MIB + l->log_size;
    l->bat_length = align_up(l->entries * 8 + 8, VHDX_MIB);
    l->metadata = l->bat + l->bat_length;
    l->end = l->metadata + VHDX_MIB;
    return true;
}

static int write_headers(struct block_file *file, const struct layout *l)
{
    static const char creator[] = "Armature";
    uint8_t id[512] = "vhdxfile", h[VHDX_HEADER_SIZE] = "head";
    int error;

    for (unsigned i = 0; creator[i]; i++) {
        id[8 + 2 * i] = (uint8_t)creator[i]; /* UTF-16 */
    }
    error = sparse_write_at(file, 0, id, sizeof(id));
    sparse_uuid(h + VHDX_AT_FILE_GUID);
    sparse_uuid(h + VHDX_AT_DATA_GUID);
    vhdx_store(h, VHDX_AT_VERSION, 2, 1);
    vhdx_store(h, VHDX_AT_LOG_LENGTH, 4, l->log_size);
    vhdx_store(h, VHDX_AT_LOG, 8, VHDX_MIB);
    for (unsigned slot = 0; slot < 2 && !error; slot++) {
        vhdx_store(h, VHDX_AT_SEQUENCE, 8, slot + 1);
        vhdx_store(h, VHDX_AT_CHECKSUM, 4, vhdx_checksum(h, sizeof(h)));
        error = sparse_write_at(file, VHDX_HEADER_AT(slot), h, sizeof(h));
    }
    return error;
}

static int write_regions(struct block_file *file, const struct layout *l,
                         uint8_t *t)
{
    memset(t, 0, VHDX_TABLE_SIZE);
    memcpy(t, "regi", 4);
    vhdx_store(t, 8, 4, 2);
    memcpy(t + 16, vhdx_guid_bat, 16);
    vhdx_store(t, 32, 8, l->bat);
    vhdx_store(t, 40, 4, l->bat_length);
    vhdx_store(t, 44, 4, 1);
    memcpy(t + 48, vhdx_guid_metadata, 16);
    vhdx_store(t, 64, 8, l->metadata);
    vhdx_store(t, 72, 4, VHDX_MIB);
    vhdx_store(t, 76, 4, 1);
    vhdx_store(t, VHDX_AT_CHECKSUM, 4, vhdx_checksum(t, VHDX_TABLE_SIZE));
    int error = sparse_write_at(file, VHDX_REGIONS_AT(0), t,
                                VHDX_TABLE_SIZE);
    return error ? error : sparse_write_at(file, VHDX_REGIONS_AT(1), t,
                                           VHDX_TABLE_SIZE);
}

static int write_metadata(struct block_file *file, const struct layout *l,
                          const struct block_new *how, uint8_t *t)
{
    enum { VIRTUAL_DISK = 2, REQUIRED = 4 };
    const struct {
        const uint8_t *guid;
        unsigned length, flags;
        uint64_t value;
    } items[] = {
        {vhdx_guid_parameters, 8, REQUIRED,
         l->block_size | (uint64_t)(how->subformat == 1) << 32},
        {vhdx_guid_size, 8, REQUIRED | VIRTUAL_DISK, how->size},
        {vhdx_guid_page83, 16, REQUIRED | VIRTUAL_DISK, 0},
        {vhdx_guid_logical, 4, REQUIRED | VIRTUAL_DISK, BLOCK_SECTOR},
        {vhdx_guid_physical, 4, REQUIRED | VIRTUAL_DISK, BLOCK_SECTOR},
    };
    uint8_t values[ARRAY_SIZE(items) * 16] = {0};

    memset(t, 0, VHDX_TABLE_SIZE);
    memcpy(t, "metadata", 8);
    vhdx_store(t, 10, 2, ARRAY_SIZE(items));
    for (unsigned i = 0; i < ARRAY_SIZE(items); i++) {
        uint8_t *entry = t + 32 + i * 32, *value = values + i * 16;
        memcpy(entry, items[i].guid, 16);
        vhdx_store(entry, 16, 4, VHDX_TABLE_SIZE + i * 16);
        vhdx_store(entry, 20, 4, items[i].length);
        vhdx_store(entry, 24, 4, items[i].flags);
        if (items[i].length == 16) {
            sparse_uuid(value);
        } else {
            vhdx_store(value, 0, items[i].length, items[i].value);
        }
    }
    int error = sparse_write_at(file, l->metadata, t, VHDX_TABLE_SIZE);
    return error ? error : sparse_write_at(file, l->metadata +
                                           VHDX_TABLE_SIZE, values,
                                           sizeof(values));
}

/* What is not written is a block that is not present. */
static int write_bat(struct block_file *file, const struct layout *l,
                     const struct block_new *how)
{
    uint64_t state = how->block_state_not_present ? VHDX_NOT_PRESENT
                                                  : VHDX_ZERO;
    uint64_t host = l->end;
    uint8_t page[SPARSE_PAGE];
    unsigned used = 0;
    int error = 0;

    for (uint64_t i = 0; i < l->entries && !error; i++) {
        bool bitmap = i % (l->ratio + 1) == l->ratio;
        uint64_t entry = bitmap ? 0 : state;
        if (!bitmap && how->subformat == 1) {
            entry = host | VHDX_PRESENT;
            host += l->block_size;
        }
        vhdx_store(page, used, 8, entry);
        used += 8;
        if (used == sizeof(page) || i + 1 == l->entries) {
            error = sparse_write_at(file, l->bat + (i + 1) * 8 - used, page,
                                    used);
            used = 0;
        }
    }
    return error ? error : block_file_resize(file, host);
}

bool vhdx_create(const struct block_new *how, struct error **err)
{
    struct layout l;

    if (!plan(how, &l, err)) {
        return false;
    }
    uint8_t *table = malloc(VHDX_TABLE_SIZE);
    struct block_file *file = table ? sparse_create_file(how->path, err)
                                    : NULL;
    if (!file) {
        free(table);
        return false;
    }
    int error = write_headers(file, &l);
    error = error ? error : write_regions(file, &l, table);
    error = error ? error : write_metadata(file, &l, how, table);
    error = error ? error : write_bat(file, &l, how);
    free(table);
    return sparse_finish_file(file, error, err);
}
