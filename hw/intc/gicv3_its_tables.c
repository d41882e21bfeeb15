/*
 * Tables of the ITS in guest memory (IHI 0069 5.2).
 *
 * Their format is ours, eight bytes an entry:
 *
 *   device       valid 0; event bits less one 5..1; table bits 51..8 in
 *                49..6
 *   collection   valid 0; processor 16..1
 *   translation  valid 0; INTID 24..1; collection 40..25
 *
 * Device and collection tables are flat or have two levels (GITS_BASER).
 */
#include "hw/intc/gicv3_its_internal.h"

/* GITS_BASER<n> */
#define BASER_VALID BIT(63)
#define BASER_INDIRECT BIT(62)
#define BASER_PAGES(v) (extract64(v, 0, 8) + 1)

/* First-level entries of a table with two. */
#define LEVEL1_VALID BIT(63)
#define LEVEL1_ADDRESS UINT64_C(0x000ffffffffff000)

static bool load(struct gicv3_its *its, uint64_t pa, uint64_t *entry)
{
    return dma_read(its->dma, pa, entry, sizeof(*entry));
}

static bool store(struct gicv3_its *its, uint64_t pa, uint64_t entry)
{
    return dma_write(its->dma, pa, &entry, sizeof(entry));
}

/* ---- GITS_BASER ---- */

static uint64_t page_size(uint64_t baser)
{
    static const uint64_t sizes[] = {0x1000, 0x4000, 0x10000, 0x10000};

    return sizes[extract64(baser, 8, 2)];
}

static uint64_t table_base(uint64_t baser)
{
    if (page_size(baser) < 0x10000) {
        return baser & UINT64_C(0x0000fffffffff000);
    }
    return (baser & UINT64_C(0x0000ffffffff0000)) |
           extract64(baser, 12, 4) << 48;
}

/* Address of an entry of the table that `baser` describes. */
static bool entry_address(struct gicv3_its *its, uint64_t baser,
                          uint64_t index, uint64_t *pa)
{
    uint64_t page = page_size(baser), size = BASER_PAGES(baser) * page;
    uint64_t per_page = page / ITS_ENTRY_SIZE, entry;

    if (!(baser & BASER_VALID)) {
        return false;
    }
    if (!(baser & BASER_INDIRECT)) {
        *pa = table_base(baser) + index * ITS_ENTRY_SIZE;
        return index < size / ITS_ENTRY_SIZE;
    }
    uint64_t first = index / per_page * sizeof(entry);
    if (first >= size || !load(its, table_base(baser) + first, &entry) ||
        !(entry & LEVEL1_VALID)) {
        return false;
    }
    *pa = align_down(entry & LEVEL1_ADDRESS, page) +
          index % per_page * ITS_ENTRY_SIZE;
    return true;
}

/* ---- devices ---- */

bool its_map_device(struct gicv3_its *its, uint32_t device, bool valid,
                    uint64_t table, unsigned event_bits)
{
    uint64_t pa, entry = 0;

    if (device >> ITS_DEVICE_BITS || event_bits > ITS_EVENT_BITS ||
        !entry_address(its, its->baser[ITS_DEVICES], device, &pa)) {
        return false;
    }
    if (valid) {
        entry = 1 | (event_bits - 1) << 1 | extract64(table, 8, 44) << 6;
    }
    return store(its, pa, entry);
}

/* ---- collections ---- */

bool its_map_collection(struct gicv3_its *its, uint32_t collection,
                        bool valid, uint64_t cpu)
{
    uint64_t pa;

    if ((valid && cpu >= its->gic->cpus) ||
        !entry_address(its, its->baser[ITS_COLLECTIONS], collection, &pa)) {
        return false;
    }
    return store(its, pa, valid ? 1 | cpu << 1 : 0);
}

bool its_collection_cpu(struct gicv3_its *its, uint32_t collection,
                        unsigned *cpu)
{
    uint64_t pa, entry;

    if (!entry_address(its, its->baser[ITS_COLLECTIONS], collection, &pa) ||
        !load(its, pa, &entry) || !(entry & 1)) {
        return false;
    }
    *cpu = (unsigned)extract64(entry, 1, 16);
    return *cpu < its->gic->cpus;
}

/* ---- events ---- */

bool its_event_find(struct gicv3_its *its, uint32_t device, uint32_t event,
                    struct its_event *found)
{
    uint64_t pa, entry;

    if (device >> ITS_DEVICE_BITS ||
        !entry_address(its, its->baser[ITS_DEVICES], device, &pa) ||
        !load(its, pa, &entry) || !(entry & 1) ||
        (uint64_t)event >> (extract64(entry, 1, 5) + 1)) {
        return false;
    }
    found->entry = (extract64(entry, 6, 44) << 8) +
                   (uint64_t)event * ITS_ENTRY_SIZE;
    if (!load(its, found->entry, &entry)) {
        return false;
    }
    found->valid = entry & 1;
    found->intid = (unsigned)extract64(entry, 1, 24);
    found->collection = (unsigned)extract64(entry, 25, 16);
    return true;
}

bool its_event_store(struct gicv3_its *its, const struct its_event *event)
{
    uint64_t entry = 0;

    if (event->valid) {
        entry = 1 | (uint64_t)event->intid << 1 |
                (uint64_t)event->collection << 25;
    }
    return store(its, event->entry, entry);
}

bool its_event_target(struct gicv3_its *its, uint32_t device, uint32_t event,
                      struct its_event *found, unsigned *cpu)
{
    return its_event_find(its, device, event, found) && found->valid &&
           its_collection_cpu(its, found->collection, cpu);
}
