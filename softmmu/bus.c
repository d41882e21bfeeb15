/*
 * The address map is a sorted array guarded by a sequence count: a writer
 * makes the count odd, changes the array, makes it even; a reader copies the
 * range it found and starts again when the count moved.  Nothing is
 * allocated or freed, so a guest that remaps devices for ever (PCI BARs,
 * flash modes) costs nothing and look-ups take no lock.
 *
 * Fields are stored with release and loaded with acquire order: a reader
 * that sees a new field also sees the odd count.  On x86 these are plain
 * moves.
 */
#include "softmmu/bus.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bits.h"
#include "util/log.h"

#define BUS_MAX_RANGES 512
#define BUS_MAX_RAMS 16

/* How often a device was asked.  Not exact when several vCPUs ask at once:
 * nobody waits for the sake of a number. */
struct bus_count {
    const void *device;
    const char *name;
    uint64_t reads, writes;
};

/* One mapping: ram or ops, a ROM device has both. */
struct bus_range {
    uint64_t base;
    uint64_t last; /* inclusive, so that a range may end at 2^64 */
    struct ram *ram;
    const struct mmio_ops *ops;
    void *device;
    const char *name;
    struct bus_count *count; /* of accesses; NULL for plain RAM */
};

struct bus {
    struct bus *secure; /* the view that it owns, or NULL */
    struct bus *normal; /* of such a view: what is behind it */
    uint32_t sequence;
    unsigned ram_count;
    /* Largest first: main memory answers in the first comparison. */
    struct ram *rams[BUS_MAX_RAMS];
    unsigned count;
    struct bus_range ranges[BUS_MAX_RANGES]; /* by base */
    pthread_mutex_t writer;
    struct bus_count counts[BUS_MAX_RANGES]; /* outlive the ranges */
};

#define LOAD(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define STORE(field, value) \
    __atomic_store_n(&(field), (value), __ATOMIC_RELEASE)

/* Reading ------------------------------------------------------------- */

static uint32_t read_begin(const struct bus *bus)
{
    uint32_t sequence;

    while ((sequence = LOAD(bus->sequence)) & 1) {
        __builtin_ia32_pause();
    }
    return sequence;
}

static bool read_retry(const struct bus *bus, uint32_t sequence)
{
    return __atomic_load_n(&bus->sequence, __ATOMIC_RELAXED) != sequence;
}

static struct bus_range range_load(const struct bus_range *r)
{
    return (struct bus_range){
        .base = LOAD(r->base),
        .last = LOAD(r->last),
        .ram = LOAD(r->ram),
        .ops = LOAD(r->ops),
        .device = LOAD(r->device),
        .name = LOAD(r->name),
        .count = LOAD(r->count),
    };
}

static bool range_search(const struct bus *bus, uint64_t pa,
                         struct bus_range *found)
{
    unsigned low = 0, high = LOAD(bus->count);

    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (pa < LOAD(bus->ranges[middle].base)) {
            high = middle;
        } else if (pa > LOAD(bus->ranges[middle].last)) {
            low = middle + 1;
        } else {
            *found = range_load(&bus->ranges[middle]);
            return true;
        }
    }
    return false;
}

static bool range_find(const struct bus *bus, uint64_t pa,
                       struct bus_range *found)
{
    uint32_t sequence;
    bool hit;

    do {
        sequence = read_begin(bus);
        hit = range_search(bus, pa, found);
    } while (read_retry(bus, sequence));
    return hit || (bus->normal && range_find(bus->normal, pa, found));
}

static struct ram *ram_search(const struct bus *bus, uint64_t pa,
                              uint64_t size, uint64_t *offset)
{
    unsigned count = LOAD(bus->ram_count);

    for (unsigned i = 0; i < count; i++) {
        struct ram *ram = LOAD(bus->rams[i]);
        uint64_t start = pa - ram->base; /* below base: wraps to huge */
        if (start < ram->size && size <= ram->size - start) {
            *offset = start;
            return ram;
        }
    }
    return NULL;
}

struct ram *bus_ram(struct bus *bus, uint64_t pa, uint64_t size,
                    uint64_t *offset)
{
    uint32_t sequence;
    struct ram *ram;

    do {
        sequence = read_begin(bus);
        ram = ram_search(bus, pa, size, offset);
    } while (read_retry(bus, sequence));
    return !ram && bus->normal ? bus_ram(bus->normal, pa, size, offset) : ram;
}

static struct ram *ram_search_host(const struct bus *bus, const uint8_t *host,
                                   uint64_t *offset)
{
    unsigned count = LOAD(bus->ram_count);

    for (unsigned i = 0; i < count; i++) {
        struct ram *ram = LOAD(bus->rams[i]);
        uint64_t at = (uintptr_t)host - (uintptr_t)ram->host;
        if (at < ram->size) {
            *offset = at;
            return ram;
        }
    }
    return NULL;
}

struct ram *bus_ram_of(struct bus *bus, const uint8_t *host,
                       uint64_t *offset)
{
    uint32_t sequence;
    struct ram *ram;

    do {
        sequence = read_begin(bus);
        ram = ram_search_host(bus, host, offset);
    } while (read_retry(bus, sequence));
    return !ram && bus->secure ? bus_ram_of(bus->secure, host, offset) : ram;
}

/* Writing ------------------------------------------------------------- */

static void write_begin(struct bus *bus)
{
    pthread_mutex_lock(&bus->writer);
    __atomic_store_n(&bus->sequence, bus->sequence + 1, __ATOMIC_RELAXED);
}

static void write_end(struct bus *bus)
{
    STORE(bus->sequence, bus->sequence + 1);
    pthread_mutex_unlock(&bus->writer);
}

static void range_store(struct bus_range *r, const struct bus_range *from)
{
    STORE(r->base, from->base);
    STORE(r->last, from->last);
    STORE(r->ram, from->ram);
    STORE(r->ops, from->ops);
    STORE(r->device, from->device);
    STORE(r->name, from->name);
    STORE(r->count, from->count);
}

static void rams_add(struct bus *bus, struct ram *ram)
{
    unsigned i = bus->ram_count;

    assert(i < BUS_MAX_RAMS);
    for (; i > 0 && bus->rams[i - 1]->size < ram->size; i--) {
        STORE(bus->rams[i], bus->rams[i - 1]);
    }
    STORE(bus->rams[i], ram);
    STORE(bus->ram_count, bus->ram_count + 1);
}

static unsigned rams_index(const struct bus *bus, const struct ram *ram)
{
    unsigned i = 0;

    while (i < bus->ram_count && bus->rams[i] != ram) {
        i++;
    }
    return i;
}

/* One that is not there, a ROM device in a command, stays away. */
static void rams_remove(struct bus *bus, const struct ram *ram)
{
    unsigned i = rams_index(bus, ram);

    if (i == bus->ram_count) {
        return;
    }
    STORE(bus->ram_count, bus->ram_count - 1);
    for (; i < bus->ram_count; i++) {
        STORE(bus->rams[i], bus->rams[i + 1]);
    }
}

static void range_add(struct bus *bus, const struct bus_range *range)
{
    assert(range->base <= range->last);
    write_begin(bus);
    unsigned at = bus->count;
    assert(at < BUS_MAX_RANGES);
    while (at > 0 && bus->ranges[at - 1].base > range->base) {
        at--;
    }
    assert(at == 0 || bus->ranges[at - 1].last < range->base);
    assert(at == bus->count || bus->ranges[at].base > range->last);
    for (unsigned i = bus->count; i > at; i--) {
        range_store(&bus->ranges[i], &bus->ranges[i - 1]);
    }
    range_store(&bus->ranges[at], range);
    STORE(bus->count, bus->count + 1);
    if (range->ram) {
        rams_add(bus, range->ram);
    }
    write_end(bus);
}

/* That of a device's earlier range, if it had one (PCI BARs move). */
static struct bus_count *count_for(struct bus *bus, const void *device,
                                   const char *name)
{
    for (unsigned n = 0; n < BUS_MAX_RANGES; n++) {
        struct bus_count *c = &bus->counts[n];

        if (!c->name) {
            *c = (struct bus_count){device, name, 0, 0};
        }
        if (c->device == device && c->name == name) {
            return c;
        }
    }
    return &bus->counts[BUS_MAX_RANGES - 1];
}

static void count(uint64_t *counter)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + 1,
                     __ATOMIC_RELAXED);
}

void bus_map_ram(struct bus *bus, uint64_t base, struct ram *ram)
{
    ram->base = base;
    range_add(bus, &(struct bus_range){
                       .base = base,
                       .last = base + (ram->size - 1),
                       .ram = ram,
                       .name = ram->name,
                   });
}

void bus_map_mmio(struct bus *bus, uint64_t base, uint64_t size,
                  const char *name, const struct mmio_ops *ops, void *device)
{
    range_add(bus, &(struct bus_range){
                       .base = base,
                       .last = base + (size - 1),
                       .ops = ops,
                       .device = device,
                       .name = name,
                       .count = count_for(bus, device, name),
                   });
}

void bus_map_rom_device(struct bus *bus, uint64_t base, struct ram *ram,
                        const struct mmio_ops *ops, void *device)
{
    assert(ram->readonly);
    ram->base = base;
    range_add(bus, &(struct bus_range){
                       .base = base,
                       .last = base + (ram->size - 1),
                       .ram = ram,
                       .ops = ops,
                       .device = device,
                       .name = ram->name,
                       .count = count_for(bus, device, ram->name),
                   });
}

void bus_set_direct(struct bus *bus, struct ram *ram, bool direct)
{
    write_begin(bus);
    if (!direct) {
        rams_remove(bus, ram);
    } else if (rams_index(bus, ram) == bus->ram_count) {
        rams_add(bus, ram);
    }
    write_end(bus);
}

void bus_unmap(struct bus *bus, uint64_t base)
{
    write_begin(bus);
    unsigned at = 0;
    while (at < bus->count && bus->ranges[at].base != base) {
        at++;
    }
    assert(at < bus->count);
    if (bus->ranges[at].ram) {
        rams_remove(bus, bus->ranges[at].ram);
    }
    for (unsigned i = at; i + 1 < bus->count; i++) {
        range_store(&bus->ranges[i], &bus->ranges[i + 1]);
    }
    STORE(bus->count, bus->count - 1);
    write_end(bus);
}

/* Accesses ------------------------------------------------------------ */

/* Aligned accesses are single-copy atomic (Arm ARM B2.2); others may tear. */
static uint64_t ram_load(const uint8_t *host, unsigned size)
{
    uint64_t value = 0;

    if ((uintptr_t)host % size) {
        memcpy(&value, host, size);
        return value;
    }
    switch (size) {
    case 1:
        return LOAD(*host);
    case 2:
        return LOAD(*(const uint16_t *)host);
    case 4:
        return LOAD(*(const uint32_t *)host);
    default:
        return LOAD(*(const uint64_t *)host);
    }
}

static void ram_store(uint8_t *host, unsigned size, uint64_t value)
{
    if ((uintptr_t)host % size) {
        memcpy(host, &value, size);
        return;
    }
    switch (size) {
    case 1:
        STORE(*host, (uint8_t)value);
        break;
    case 2:
        STORE(*(uint16_t *)host, (uint16_t)value);
        break;
    case 4:
        STORE(*(uint32_t *)host, (uint32_t)value);
        break;
    default:
        STORE(*(uint64_t *)host, value);
        break;
    }
}

/* The device behind [pa, pa+size) when it accepts `size`-byte accesses. */
static bool device_find(struct bus *bus, uint64_t pa, unsigned size,
                        bool write, struct bus_range *range)
{
    const char *verb = write ? "write" : "read";

    if (!range_find(bus, pa, range) || size - 1 > range->last - pa ||
        !range->ops) {
        guest_error("bus: %u-byte %s at 0x%llx: nothing answers there", size,
                    verb, (unsigned long long)pa);
        return false;
    }
    unsigned min = range->ops->min_size ? range->ops->min_size : 1;
    unsigned max = range->ops->max_size ? range->ops->max_size : 8;
    /* An unaligned access is a row of single bytes. */
    unsigned unit = (pa - range->base) % size ? 1 : size;
    if (unit < min || unit > max) {
        guest_error("%s: %u-byte %s at offset 0x%llx is refused (%u to %u "
                    "bytes, aligned)", range->name, size, verb,
                    (unsigned long long)(pa - range->base), min, max);
        return false;
    }
    return true;
}

static bool device_read(struct bus *bus, uint64_t pa, unsigned size,
                        unsigned cpu, uint64_t *value)
{
    struct bus_range r;

    if (!device_find(bus, pa, size, false, &r)) {
        return false;
    }
    uint64_t offset = pa - r.base;
    unsigned unit = offset % size ? 1 : size;
    uint64_t result = 0;
    count(&r.count->reads);
    for (unsigned done = 0; done < size; done += unit) {
        struct bus_access access = {offset + done, unit, cpu, bus->normal};
        uint64_t part = r.ops->read(r.device, access);
        result |= (part & mask64(8 * (int)unit)) << (8 * done);
    }
    *value = result;
    return true;
}

/* One device does not get into another's registers. */
static bool takes_message(const struct bus_range *r, unsigned cpu)
{
    if (cpu == BUS_DMA || !BUS_IS_DMA(cpu) || r->ops->messages) {
        return true;
    }
    guest_error("%s: a message of device 0x%04x is refused", r->name,
                cpu - BUS_DMA_FROM(0));
    return false;
}

static bool device_write(struct bus *bus, uint64_t pa, unsigned size,
                         unsigned cpu, uint64_t value)
{
    struct bus_range r;

    if (!device_find(bus, pa, size, true, &r) || !takes_message(&r, cpu)) {
        return false;
    }
    uint64_t offset = pa - r.base;
    unsigned unit = offset % size ? 1 : size;
    count(&r.count->writes);
    for (unsigned done = 0; done < size; done += unit) {
        struct bus_access access = {offset + done, unit, cpu, bus->normal};
        r.ops->write(r.device, access,
                     (value >> (8 * done)) & mask64(8 * (int)unit));
    }
    return true;
}

bool bus_read(struct bus *bus, uint64_t pa, unsigned size, unsigned cpu,
              uint64_t *value)
{
    uint64_t offset;
    struct ram *ram = bus_ram(bus, pa, size, &offset);

    if (ram) {
        *value = ram_load(ram->host + offset, size);
        return true;
    }
    return device_read(bus, pa, size, cpu, value);
}

static bool is_rom_device(struct bus *bus, const struct ram *ram,
                          uint64_t pa)
{
    struct bus_range range;

    return ram->readonly && range_find(bus, pa, &range) && range.ops;
}

bool bus_write(struct bus *bus, uint64_t pa, unsigned size, unsigned cpu,
               uint64_t value)
{
    uint64_t offset;
    struct ram *ram = bus_ram(bus, pa, size, &offset);

    if (!ram || is_rom_device(bus, ram, pa)) {
        return device_write(bus, pa, size, cpu, value);
    }
    if (ram->readonly) {
        guest_error("%s: write at offset 0x%llx of read-only memory ignored",
                    ram->name, (unsigned long long)offset);
        return true;
    }
    ram_store(ram->host + offset, size, value);
    return true;
}

/* Windows ------------------------------------------------------------- */

bool bus_find_window(struct bus *bus, uint64_t pa, struct bus_window *window)
{
    uint32_t sequence = read_begin(bus);
    struct bus_range range;
    uint64_t offset;

    if (ram_search(bus, pa, 1, &offset)) {
        return false;
    }
    if (!range_search(bus, pa, &range)) {
        if (!bus->normal || !bus_find_window(bus->normal, pa, window)) {
            return false;
        }
        window->secure = true;
        return true;
    }
    if (!range.ops || read_retry(bus, sequence)) {
        return false;
    }
    *window = (struct bus_window){
        .base = range.base,
        .last = range.last,
        .ops = range.ops,
        .device = range.device,
        .count = range.count,
        .map = bus,
        .sequence = sequence,
        .secure = bus->normal,
    };
    return true;
}

static inline bool window_takes(const struct bus_window *w, uint64_t pa,
                                unsigned size)
{
    unsigned max = w->ops->max_size ? w->ops->max_size : 8;

    return LOAD(w->map->sequence) == w->sequence && pa >= w->base &&
           pa <= w->last && size - 1 <= w->last - pa &&
           !((pa - w->base) & (size - 1)) && size >= w->ops->min_size &&
           size <= max;
}

bool bus_window_read(const struct bus_window *w, uint64_t pa, unsigned size,
                     unsigned cpu, uint64_t *value)
{
    if (!window_takes(w, pa, size)) {
        return false;
    }
    struct bus_access access = {pa - w->base, size, cpu, w->secure};
    count(&w->count->reads);
    *value = w->ops->read(w->device, access) & mask64(8 * (int)size);
    return true;
}

bool bus_window_write(const struct bus_window *w, uint64_t pa, unsigned size,
                      unsigned cpu, uint64_t value)
{
    if (!window_takes(w, pa, size)) {
        return false;
    }
    struct bus_access access = {pa - w->base, size, cpu, w->secure};
    count(&w->count->writes);
    w->ops->write(w->device, access, value & mask64(8 * (int)size));
    return true;
}

/* The whole ----------------------------------------------------------- */

struct bus *bus_new(void)
{
    struct bus *bus = calloc(1, sizeof(*bus));

    assert(bus);
    pthread_mutex_init(&bus->writer, NULL);
    return bus;
}

struct bus *bus_new_secure(struct bus *normal)
{
    assert(!normal->secure && !normal->normal);
    normal->secure = bus_new();
    normal->secure->normal = normal;
    return normal->secure;
}

struct bus *bus_secure(struct bus *bus)
{
    return bus->secure ? bus->secure : bus;
}

void bus_free(struct bus *bus)
{
    if (bus) {
        bus_free(bus->secure);
        pthread_mutex_destroy(&bus->writer);
        free(bus);
    }
}

void bus_print_counts(const struct bus *bus, FILE *f)
{
    fprintf(f, "accesses to devices (loads, stores)\n");
    for (unsigned n = 0; n < BUS_MAX_RANGES && bus->counts[n].name; n++) {
        const struct bus_count *c = &bus->counts[n];

        if (c->reads || c->writes) {
            fprintf(f, "  %-22s %13llu %13llu\n", c->name,
                    (unsigned long long)c->reads,
                    (unsigned long long)c->writes);
        }
    }
}

void bus_dump(struct bus *bus, FILE *f)
{
    pthread_mutex_lock(&bus->writer);
    for (unsigned i = 0; i < bus->count; i++) {
        const struct bus_range *r = &bus->ranges[i];
        const char *kind = !r->ram            ? "mmio"
                           : r->ops           ? "romd"
                           : r->ram->readonly ? "rom"
                                              : "ram";
        fprintf(f, "%016llx-%016llx %-4s %s\n", (unsigned long long)r->base,
                (unsigned long long)r->last, kind, r->name);
    }
    pthread_mutex_unlock(&bus->writer);
}
