/*
 * Logical units: creation, their place on the bus, their medium.
 */
#include "hw/scsi/scsi_internal.h"

#include <assert.h>
#include <stdlib.h>

#include "hw/core/block_sizes.h"
#include "util/bits.h"

#define DEFAULT_BLOCK 512
#define DEFAULT_MAX_IO INT32_MAX
#define DEFAULT_MAX_UNMAP (UINT64_C(1) << 30)
#define DEFAULT_GRANULARITY 4096u

/* The medium ------------------------------------------------------------- */

bool scsi_is_ready(const struct scsi_unit *unit)
{
    return unit->backend && !unit->tray_open;
}

struct scsi_sense scsi_no_medium(const struct scsi_unit *unit)
{
    return unit->tray_open ? sense_no_medium_open : sense_no_medium_closed;
}

bool scsi_is_read_only(const struct scsi_unit *unit)
{
    return !unit->backend || block_readonly(unit->backend);
}

bool scsi_initial_cache(const struct scsi_unit *unit)
{
    const struct scsi_unit_config *c = &unit->config;

    return c->write_cache_on ||
           (!c->write_cache_off &&
            (!unit->backend || block_write_cache(unit->backend)));
}

static void set_medium(struct scsi_unit *unit, struct block_backend *backend)
{
    unit->backend = backend;
    unit->blocks = backend ? block_size(backend) / unit->block_size : 0;
}

void scsi_unit_change_medium(struct scsi_unit *unit,
                             struct block_backend *backend)
{
    struct scsi_bus *bus = unit->bus;
    struct block_backend *old = unit->backend;

    assert(unit->removable);
    pthread_mutex_lock(&bus->members);
    pthread_mutex_lock(bus->lock);
    set_medium(unit, NULL);
    pthread_mutex_unlock(bus->lock);
    if (old) {
        block_drain(old);
    }
    pthread_mutex_lock(bus->lock);
    set_medium(unit, backend);
    unit->tray_open = false;
    unit->media_event = backend ? EVENT_NEW : EVENT_REMOVED;
    if (backend) {
        scsi_set_attention(unit, sense_new_medium);
    }
    bus->ops->changed(bus->adapter, unit, SCSI_CHANGED, sense_new_medium);
    pthread_mutex_unlock(bus->lock);
    pthread_mutex_unlock(&bus->members);
}

bool scsi_unit_is_locked(const struct scsi_unit *unit)
{
    return unit->locked;
}

/* The place -------------------------------------------------------------- */

/* Target and LUN as asked for, or the first that are free: a LUN of the
 * target, or else a target. */
static bool find_place(const struct scsi_bus *bus,
                       const struct scsi_unit_config *c, uint32_t *target,
                       uint32_t *lun, struct error **err)
{
    *target = c->target == SCSI_ANY ? 0 : c->target;
    *lun = c->lun == SCSI_ANY ? 0 : c->lun;
    if (c->channel) {
        error_set(err, "channel=%u: bad scsi channel id; there is only "
                  "channel 0", c->channel);
        return false;
    }
    if (*target >= SCSI_MAX_TARGETS) {
        error_set(err, "scsi-id=%u: bad scsi device id; there are 0 to %u",
                  *target, SCSI_MAX_TARGETS - 1);
        return false;
    }
    if (*lun >= SCSI_MAX_LUNS) {
        error_set(err, "lun=%u: bad scsi device lun; there are 0 to %u",
                  *lun, SCSI_MAX_LUNS - 1);
        return false;
    }
    while (scsi_has_unit(bus, *target, *lun)) {
        if (c->target == SCSI_ANY && *target + 1 < SCSI_MAX_TARGETS) {
            ++*target;
        } else if (c->target != SCSI_ANY && c->lun == SCSI_ANY &&
                   *lun + 1 < SCSI_MAX_LUNS) {
            ++*lun;
        } else {
            error_set(err, "scsi-id=%u,lun=%u: lun already used by another "
                      "device", *target, *lun);
            return false;
        }
    }
    return true;
}

/* Of a target the newest first: REPORT LUNS gives them in this order, by
 * which guests that know QEMU's name their disks. */
static void insert(struct scsi_unit *unit)
{
    struct scsi_unit **link = &unit->bus->units;

    while (*link && (*link)->target < unit->target) {
        link = &(*link)->next;
    }
    unit->next = *link;
    *link = unit;
}

static void unlink_unit(struct scsi_unit *unit)
{
    struct scsi_unit **link = &unit->bus->units;

    while (*link != unit) {
        link = &(*link)->next;
    }
    *link = unit->next;
}

/* Tell the adapter, and the guest through the units that remain. */
static void announce(struct scsi_unit *unit, enum scsi_change change)
{
    struct scsi_bus *bus = unit->bus;

    for (struct scsi_unit *u = bus->units; u; u = u->next) {
        if (u != unit) {
            scsi_set_attention(u, sense_luns_changed);
        }
    }
    bus->ops->changed(bus->adapter, unit, change, sense_luns_changed);
}

/* Creation --------------------------------------------------------------- */

static bool check_config(const struct scsi_unit_config *c, struct error **err)
{
    uint32_t logical = c->logical_block_size;

    if (!check_block_sizes(logical, c->physical_block_size, err)) {
        return false;
    }
    if (c->max_io_size < logical || c->max_unmap_size < logical) {
        error_set(err, "max_io_size=%llu, max_unmap_size=%llu: must be a "
                  "block of %u bytes at least",
                  (unsigned long long)c->max_io_size,
                  (unsigned long long)c->max_unmap_size, logical);
        return false;
    }
    return true;
}

static void fill_defaults(struct scsi_unit_config *c,
                          const struct scsi_kind *kind)
{
    if (kind->block_size) {
        c->logical_block_size = kind->block_size;
        c->physical_block_size = kind->block_size;
    }
    if (!c->logical_block_size) {
        c->logical_block_size = DEFAULT_BLOCK;
    }
    if (!c->physical_block_size) {
        c->physical_block_size = c->logical_block_size;
    }
    if (!c->max_io_size) {
        c->max_io_size = DEFAULT_MAX_IO;
    }
    if (!c->max_unmap_size) {
        c->max_unmap_size = DEFAULT_MAX_UNMAP;
    }
    if (!c->discard_granularity) {
        c->discard_granularity =
            c->logical_block_size > DEFAULT_GRANULARITY
                ? c->logical_block_size : DEFAULT_GRANULARITY;
    }
}

struct scsi_unit *scsi_unit_create(struct scsi_bus *bus,
                                   const struct scsi_kind *kind,
                                   const struct scsi_unit_config *config,
                                   struct error **err)
{
    struct scsi_unit_config c = *config;
    uint32_t target, lun;

    fill_defaults(&c, kind);
    if (!check_config(&c, err) || !find_place(bus, &c, &target, &lun, err)) {
        return NULL;
    }
    struct scsi_unit *unit = calloc(1, sizeof(*unit));
    assert(unit);
    *unit = (struct scsi_unit){
        .kind = kind,
        .bus = bus,
        .config = c,
        .target = target,
        .lun = lun,
        .block_size = c.logical_block_size,
        .removable = c.removable || kind->type == SCSI_TYPE_CD,
        .attention = sense_power_on,
    };
    set_medium(unit, c.backend);
    unit->write_cache = scsi_initial_cache(unit);
    pthread_mutex_lock(&bus->members);
    pthread_mutex_lock(bus->lock);
    insert(unit);
    announce(unit, SCSI_ADDED);
    pthread_mutex_unlock(bus->lock);
    pthread_mutex_unlock(&bus->members);
    return unit;
}

void scsi_unit_remove(struct scsi_unit *unit)
{
    struct scsi_bus *bus = unit->bus;

    pthread_mutex_lock(&bus->members);
    pthread_mutex_lock(bus->lock);
    unlink_unit(unit);
    announce(unit, SCSI_REMOVED);
    pthread_mutex_unlock(bus->lock);
    if (unit->backend) {
        block_drain(unit->backend);
    }
    pthread_mutex_unlock(&bus->members);
    free(unit);
}

uint32_t scsi_unit_target(const struct scsi_unit *unit)
{
    return unit->target;
}

uint32_t scsi_unit_lun(const struct scsi_unit *unit)
{
    return unit->lun;
}
