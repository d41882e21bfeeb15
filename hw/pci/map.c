/*
 * What is where on PCI: the BARs that the guest has placed and switched on.
 *
 * The map is made anew from configuration space whenever a register that
 * matters is written, so that it is always a function of those registers.
 * BARs may be anywhere: what no window leads to is left out, and where two
 * overlap, the function that was found first decodes.
 */
#include <assert.h>
#include <stdlib.h>

#include "hw/pci/pci_internal.h"
#include "util/bits.h"
#include "util/log.h"

#define LOAD(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define STORE(field, value) \
    __atomic_store_n(&(field), (value), __ATOMIC_RELEASE)

/* Finding --------------------------------------------------------------- */

static bool search(const struct pci_map *map, uint64_t address,
                   struct pci_mapping *found)
{
    unsigned low = 0, high = LOAD(map->count);

    while (low < high) {
        unsigned middle = (low + high) / 2;
        const struct pci_mapping *m = &map->mappings[middle];
        if (address < LOAD(m->base)) {
            high = middle;
        } else if (address > LOAD(m->last)) {
            low = middle + 1;
        } else {
            *found = (struct pci_mapping){
                .base = LOAD(m->base),
                .last = LOAD(m->last),
                .ops = LOAD(m->ops),
                .opaque = LOAD(m->opaque),
                .name = LOAD(m->name),
            };
            return true;
        }
    }
    return false;
}

static bool find(const struct pci_map *map, uint64_t address,
                 struct pci_mapping *found)
{
    for (;;) {
        uint32_t sequence = LOAD(map->sequence);
        if (sequence & 1) {
            __builtin_ia32_pause();
            continue;
        }
        bool hit = search(map, address, found);
        if (__atomic_load_n(&map->sequence, __ATOMIC_RELAXED) == sequence) {
            return hit;
        }
    }
}

/* Accesses -------------------------------------------------------------- */

/*
 * Bytes to go on with of the `size` that are left of an access.  *taken: the
 * mapping takes them at once.  Else it refuses them, or there is none, but
 * the rest may be mapped, in halves of any mapping's size.
 */
static unsigned next_unit(struct pci_map *map, uint64_t address,
                          unsigned size, struct pci_mapping *m, bool *taken)
{
    *taken = find(map, address, m);
    if (!*taken) {
        return size > 4 ? 4 : size;
    }
    unsigned left = size;
    unsigned max = m->ops->max_size ? m->ops->max_size : 8;

    while (size > max || size - 1 > m->last - address) {
        size /= 2;
    }
    if (size < m->ops->min_size) {
        guest_error("%s: access of %u bytes at 0x%llx is refused", m->name,
                    size, (unsigned long long)(address - m->base));
        *taken = false;
        return left;
    }
    return size;
}

uint64_t pci_map_read(struct pci_map *map, uint64_t address, unsigned size,
                      unsigned cpu)
{
    uint64_t value = mask64(8 * (int)size);

    for (unsigned done = 0, unit; done < size; done += unit) {
        struct pci_mapping m;
        uint64_t at = address + done;
        bool taken;
        unit = next_unit(map, at, size - done, &m, &taken);
        if (taken) {
            struct bus_access access = {at - m.base, unit, cpu, false};
            value = deposit64(value, 8 * (int)done, 8 * (int)unit,
                              m.ops->read(m.opaque, access));
        }
    }
    return value;
}

void pci_map_write(struct pci_map *map, uint64_t address, unsigned size,
                   unsigned cpu, uint64_t value)
{
    for (unsigned done = 0, unit; done < size; done += unit) {
        struct pci_mapping m;
        uint64_t at = address + done;
        bool taken;
        unit = next_unit(map, at, size - done, &m, &taken);
        if (taken) {
            struct bus_access access = {at - m.base, unit, cpu, false};
            m.ops->write(m.opaque, access,
                         extract64(value, 8 * (int)done, 8 * (int)unit));
        }
    }
}

/* Making ---------------------------------------------------------------- */

static uint64_t bar_address(const struct pci_function *f, unsigned n)
{
    const struct pci_bar *bar = &f->bars[n];
    unsigned reg = n == PCI_ROM ? PCI_ROM_ADDRESS : PCI_BAR0 + 4 * n;
    uint64_t address = pci_config_get(f, reg, 4);

    if (bar->type & PCI_BAR_64) {
        address |= (uint64_t)pci_config_get(f, PCI_BAR0 + 4 * n + 4, 4) << 32;
    }
    return align_down(address, bar->size);
}

/* Into `list` by base, unless another decodes part of it. */
static unsigned insert(struct pci_mapping *list, unsigned count,
                       const struct pci_mapping *m)
{
    unsigned at = count;

    while (at > 0 && list[at - 1].base > m->base) {
        at--;
    }
    if ((at > 0 && list[at - 1].last >= m->base) ||
        (at < count && list[at].base <= m->last)) {
        guest_error("%s: its registers at 0x%llx are where another's are",
                    m->name, (unsigned long long)m->base);
        return count;
    }
    for (unsigned i = count; i > at; i--) {
        list[i] = list[i - 1];
    }
    list[at] = *m;
    return count + 1;
}

/* The ROM has a switch of its own. */
static bool is_on(const struct pci_function *f, unsigned n)
{
    return n != PCI_ROM ||
           (pci_config_get(f, PCI_ROM_ADDRESS, 1) & PCI_ROM_ENABLE);
}

static unsigned collect_function(const struct pci_function *f, bool io,
                                 struct pci_mapping *list, unsigned count)
{
    uint8_t enable = io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;

    if (!(f->config[PCI_COMMAND] & enable)) {
        return count;
    }
    for (unsigned n = 0; n <= PCI_ROM; n++) {
        const struct pci_bar *bar = &f->bars[n];
        uint64_t base = bar->size ? bar_address(f, n) : 0;
        if (!bar->size || !is_on(f, n) ||
            !!(bar->type & PCI_BAR_IO) != io ||
            !pci_bus_reaches(f->bus, io, base, base + (bar->size - 1))) {
            continue;
        }
        struct pci_mapping m = {base, base + (bar->size - 1), bar->ops,
                                bar->opaque, f->name};
        count = insert(list, count, &m);
    }
    return count;
}

static unsigned collect_bus(const struct pci_bus *bus, bool io,
                            struct pci_mapping *list, unsigned count)
{
    for (unsigned i = 0; i < ARRAY_SIZE(bus->functions); i++) {
        const struct pci_function *f = bus->functions[i];
        if (f) {
            count = collect_function(f, io, list, count);
        }
        if (f && f->child) {
            count = collect_bus(f->child, io, list, count);
        }
    }
    return count;
}

static void publish(struct pci_map *map, const struct pci_mapping *list,
                    unsigned count)
{
    __atomic_store_n(&map->sequence, map->sequence + 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < count; i++) {
        STORE(map->mappings[i].base, list[i].base);
        STORE(map->mappings[i].last, list[i].last);
        STORE(map->mappings[i].ops, list[i].ops);
        STORE(map->mappings[i].opaque, list[i].opaque);
        STORE(map->mappings[i].name, list[i].name);
    }
    STORE(map->count, count);
    STORE(map->sequence, map->sequence + 1);
}

void pci_map_update(struct pcie_host *host)
{
    unsigned count = collect_bus(&host->root, true, host->scratch, 0);

    publish(&host->io, host->scratch, count);
    count = collect_bus(&host->root, false, host->scratch, 0);
    publish(&host->memory, host->scratch, count);
}

static struct pci_mapping *grow(struct pci_mapping *list, unsigned capacity)
{
    list = realloc(list, capacity * sizeof(*list));
    assert(list);
    return list;
}

void pci_map_reserve(struct pcie_host *host, unsigned bars)
{
    host->capacity += bars;
    if (host->capacity) {
        host->scratch = grow(host->scratch, host->capacity);
        host->io.mappings = grow(host->io.mappings, host->capacity);
        host->memory.mappings = grow(host->memory.mappings, host->capacity);
    }
}
