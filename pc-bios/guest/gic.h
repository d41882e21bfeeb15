/* Interrupt controller, version 2 (Arm IHI 0048) or 3 (IHI 0069). */
#ifndef PC_BIOS_GUEST_GIC_H
#define PC_BIOS_GUEST_GIC_H

#include <stdint.h>

/* Set before gic_init(); the board's addresses at first. */
struct gic_place {
    unsigned version;      /* 2 or 3 */
    uint64_t dist;
    uint64_t cpuif;        /* version 2 */
    uint64_t redist[4];    /* version 3: frames, 128 KiB per CPU ... */
    uint64_t redist_size[4]; /* ... in regions this large, 0 for none */
};
extern struct gic_place gic_place;

/* Once, on the boot CPU; then on every CPU. */
void gic_init(void);
void gic_init_cpu(void);

typedef void gic_function(unsigned intid);
void gic_handle(unsigned intid, gic_function *handler);

/* Private interrupts (below 32) are enabled for the calling CPU. */
void gic_enable(unsigned intid);
void gic_disable(unsigned intid);
void gic_set_priority(unsigned intid, uint8_t priority);

/* Interrupt `id` (0 to 15) to the CPU with this number and MPIDR_EL1. */
void gic_send(unsigned id, unsigned cpu, uint64_t mpidr);

/* Take one interrupt, call its handler, end it. */
void gic_interrupt(void);

/* The steps of that, singly; 1023 when there is none. */
uint32_t gic_acknowledge(void);
void gic_end(uint32_t acknowledged);
void gic_set_mask(uint8_t priority);

#endif
