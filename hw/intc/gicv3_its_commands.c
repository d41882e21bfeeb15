/*
 * Commands of the ITS (IHI 0069 5.3): 32 bytes each, in a ring in guest
 * memory, done at once when the guest moves CWRITER.
 *
 * A command that cannot be is passed over and named in the log, one of the
 * choices of 5.3.1; a queue that is not memory stalls.
 */
#include "hw/intc/gicv3_its_internal.h"

#include "util/log.h"

/* Fields of the four double words, where the commands agree. */
#define COMMAND(c) extract64((c)[0], 0, 8)
#define DEVICE(c) ((uint32_t)((c)[0] >> 32))
#define EVENT(c) ((uint32_t)(c)[1])
#define INTID(c) ((uint32_t)((c)[1] >> 32))
#define EVENT_BITS(c) ((unsigned)extract64((c)[1], 0, 5) + 1)
#define COLLECTION(c) ((uint32_t)extract64((c)[2], 0, 16))
#define PROCESSOR(word) extract64(word, 16, 35)
#define TABLE(c) ((c)[2] & UINT64_C(0x000fffffffffff00))
#define VALID(c) ((c)[2] >> 63)

/* GITS_CBASER */
#define CBASER_VALID BIT(63)
#define CBASER_ADDRESS(v) ((v) & UINT64_C(0x000ffffffffff000))
#define CBASER_SIZE(v) ((extract64(v, 0, 8) + 1) * 0x1000)

/* ---- mapping ---- */

static bool mapd(struct gicv3_its *its, const uint64_t *c)
{
    return its_map_device(its, DEVICE(c), VALID(c), TABLE(c), EVENT_BITS(c));
}

static bool mapc(struct gicv3_its *its, const uint64_t *c)
{
    return its_map_collection(its, COLLECTION(c), VALID(c),
                              PROCESSOR(c[2]));
}

static bool map_event(struct gicv3_its *its, const uint64_t *c,
                      uint32_t intid)
{
    struct its_event event;

    if (!gic_is_lpi(its->gic, intid) ||
        !its_event_find(its, DEVICE(c), EVENT(c), &event)) {
        return false;
    }
    event.valid = true;
    event.intid = intid;
    event.collection = COLLECTION(c);
    return its_event_store(its, &event);
}

static bool mapti(struct gicv3_its *its, const uint64_t *c)
{
    return map_event(its, c, INTID(c));
}

static bool mapi(struct gicv3_its *its, const uint64_t *c)
{
    return map_event(its, c, EVENT(c));
}

/* ---- pending state ---- */

static bool set_pending(struct gicv3_its *its, const uint64_t *c,
                        bool pending)
{
    struct its_event event;
    unsigned cpu;

    if (!its_event_target(its, DEVICE(c), EVENT(c), &event, &cpu)) {
        return false;
    }
    gic_lock(its->gic);
    gic_lpi_set_pending(its->gic, cpu, event.intid, pending);
    gic_unlock(its->gic);
    return true;
}

static bool interrupt(struct gicv3_its *its, const uint64_t *c)
{
    return set_pending(its, c, true);
}

static bool clear(struct gicv3_its *its, const uint64_t *c)
{
    return set_pending(its, c, false);
}

static bool discard(struct gicv3_its *its, const uint64_t *c)
{
    struct its_event event;

    if (!its_event_find(its, DEVICE(c), EVENT(c), &event) || !event.valid) {
        return false;
    }
    set_pending(its, c, false);
    event.valid = false;
    return its_event_store(its, &event);
}

/* ---- moving ---- */

static bool movi(struct gicv3_its *its, const uint64_t *c)
{
    struct its_event event;
    unsigned from, to;

    if (!its_event_target(its, DEVICE(c), EVENT(c), &event, &from) ||
        !its_collection_cpu(its, COLLECTION(c), &to)) {
        return false;
    }
    event.collection = COLLECTION(c);
    if (!its_event_store(its, &event)) {
        return false;
    }
    gic_lock(its->gic);
    gic_lpi_move(its->gic, from, to, event.intid);
    gic_unlock(its->gic);
    return true;
}

static bool movall(struct gicv3_its *its, const uint64_t *c)
{
    uint64_t from = PROCESSOR(c[2]), to = PROCESSOR(c[3]);

    if (from >= its->gic->cpus || to >= its->gic->cpus) {
        return false;
    }
    gic_lock(its->gic);
    gic_lpi_move_all(its->gic, (unsigned)from, (unsigned)to);
    gic_unlock(its->gic);
    return true;
}

/* ---- configuration ---- */

static bool inv(struct gicv3_its *its, const uint64_t *c)
{
    struct its_event event;
    unsigned cpu;

    if (!its_event_target(its, DEVICE(c), EVENT(c), &event, &cpu)) {
        return false;
    }
    gic_lock(its->gic);
    gic_lpi_reload(its->gic, cpu, event.intid);
    gic_unlock(its->gic);
    return true;
}

static bool invall(struct gicv3_its *its, const uint64_t *c)
{
    unsigned cpu;

    if (!its_collection_cpu(its, COLLECTION(c), &cpu)) {
        return false;
    }
    gic_lock(its->gic);
    gic_lpi_reload_all(its->gic, cpu);
    gic_unlock(its->gic);
    return true;
}

/* Every command is complete when the next one starts. */
static bool sync(struct gicv3_its *its, const uint64_t *c)
{
    return PROCESSOR(c[2]) < its->gic->cpus;
}

/* ---- the queue ---- */

static const struct {
    uint8_t number;
    const char *name;
    bool (*run)(struct gicv3_its *its, const uint64_t *c);
} commands[] = {
    {0x01, "MOVI", movi},     {0x03, "INT", interrupt},
    {0x04, "CLEAR", clear},   {0x05, "SYNC", sync},
    {0x08, "MAPD", mapd},     {0x09, "MAPC", mapc},
    {0x0a, "MAPTI", mapti},   {0x0b, "MAPI", mapi},
    {0x0c, "INV", inv},       {0x0d, "INVALL", invall},
    {0x0e, "MOVALL", movall}, {0x0f, "DISCARD", discard},
};

static void run(struct gicv3_its *its, const uint64_t *c)
{
    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
        if (commands[i].number == COMMAND(c)) {
            if (!commands[i].run(its, c)) {
                guest_error("its: %s of device 0x%x, event 0x%x, collection "
                            "%u: no such thing", commands[i].name, DEVICE(c),
                            EVENT(c), COLLECTION(c));
            }
            return;
        }
    }
    guest_error("its: command 0x%02x does not exist", (unsigned)COMMAND(c));
}

void its_run_commands(struct gicv3_its *its)
{
    uint64_t size = CBASER_SIZE(its->cbaser);
    uint64_t end = its->cwriter;

    if (!its->enabled || !(its->cbaser & CBASER_VALID) ||
        (its->creadr & ITS_STALLED)) {
        return;
    }
    if (end >= size) {
        guest_error("its: CWRITER 0x%llx is beyond the queue",
                    (unsigned long long)end);
        return;
    }
    /* Both are multiples of a command below the size: this meets the end. */
    while (its->creadr != end) {
        uint64_t c[ITS_COMMAND_SIZE / 8];
        if (!dma_read(its->dma, CBASER_ADDRESS(its->cbaser) + its->creadr, c,
                      sizeof(c))) {
            guest_error("its: the command queue is not in memory");
            its->creadr |= ITS_STALLED;
            return;
        }
        run(its, c);
        its->creadr = (its->creadr + ITS_COMMAND_SIZE) % size;
    }
}
