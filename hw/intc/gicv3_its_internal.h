/*
 * State of the ITS.  Nobody outside hw/intc includes this.
 *
 *   gicv3_its.c           registers, translation, creation
 *   gicv3_its_tables.c    device, collection and translation tables
 *   gicv3_its_commands.c  the command queue
 *
 * Its lock is outside the GIC's.  Tables live in guest memory: what is read
 * there may have been written by anyone and is checked every time.
 */
#ifndef HW_INTC_GICV3_ITS_INTERNAL_H
#define HW_INTC_GICV3_ITS_INTERNAL_H

#include "hw/intc/gic_internal.h"
#include "hw/intc/gicv3_its.h"

/* Which GITS_BASER is whose. */
enum { ITS_DEVICES, ITS_COLLECTIONS, ITS_TABLES };

#define ITS_DEVICE_BITS 16
#define ITS_EVENT_BITS 16
#define ITS_COLLECTION_BITS 16
#define ITS_ENTRY_SIZE 8 /* of each table */
#define ITS_COMMAND_SIZE 32

/* GITS_CREADR */
#define ITS_STALLED BIT(0)

struct gicv3_its {
    pthread_mutex_t lock;
    struct gic *gic;
    struct dma *dma;
    uint64_t base_address;

    bool enabled;
    uint64_t cbaser, cwriter, creadr;
    uint64_t baser[ITS_TABLES];
};

/* Where the messages of one event go. */
struct its_event {
    uint64_t entry; /* address of its translation table entry */
    bool valid;
    unsigned intid, collection;
};

/* ---- gicv3_its_tables.c: false when there is no such entry ---- */

bool its_map_device(struct gicv3_its *its, uint32_t device, bool valid,
                    uint64_t table, unsigned event_bits);
bool its_map_collection(struct gicv3_its *its, uint32_t collection,
                        bool valid, uint64_t cpu);
bool its_collection_cpu(struct gicv3_its *its, uint32_t collection,
                        unsigned *cpu);
/* The event's entry, which may not be valid yet. */
bool its_event_find(struct gicv3_its *its, uint32_t device, uint32_t event,
                    struct its_event *found);
bool its_event_store(struct gicv3_its *its, const struct its_event *event);
/* A valid event and the processor that it interrupts. */
bool its_event_target(struct gicv3_its *its, uint32_t device, uint32_t event,
                      struct its_event *found, unsigned *cpu);

/* ---- gicv3_its_commands.c ---- */

/* From CREADR to CWRITER. */
void its_run_commands(struct gicv3_its *its);

#endif
