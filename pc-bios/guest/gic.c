#include "pc-bios/guest/gic.h"

#include <stddef.h>

#include "pc-bios/guest/io.h"
#include "pc-bios/guest/limits.h"
#include "pc-bios/guest/print.h"
#include "pc-bios/guest/sysreg.h"

/* Distributor; a redistributor's second page has the same for INTID < 32. */
enum {
    GICD_CTLR = 0x000,
    GICD_IGROUPR = 0x080,
    GICD_ISENABLER = 0x100,
    GICD_ICENABLER = 0x180,
    GICD_IPRIORITYR = 0x400,
    GICD_ITARGETSR = 0x800,
    GICD_SGIR = 0xf00,
    GICD_IROUTER = 0x6000,
};
enum { GICC_CTLR = 0x00, GICC_PMR = 0x04, GICC_IAR = 0x0c, GICC_EOIR = 0x10 };
enum { GICR_TYPER = 0x08, GICR_WAKER = 0x14, GICR_SGI_PAGE = 0x10000 };

#define GICD_CTLR_ARE (1u << 4)
#define GICD_CTLR_GROUP1 (1u << 1)
#define GICR_TYPER_LAST (1u << 4)
#define GICR_TYPER_VLPIS (1u << 1)
#define GICR_WAKER_ASLEEP 6u

enum { HANDLERS = 256, NO_INTERRUPT = 1020 };

struct gic_place gic_place = {
    .version = 2,
    .dist = 0x08000000,
    .cpuif = 0x08010000,
    .redist = {0x080a0000},
    .redist_size = {0xf60000},
};

static gic_function *handlers[HANDLERS];
static uint64_t my_redist[MAX_CPUS];
static uint8_t my_target[MAX_CPUS]; /* version 2: bit of the CPU interface */

static uint32_t affinity(uint64_t mpidr)
{
    return (uint32_t)((mpidr & 0xffffff) | ((mpidr >> 32 & 0xff) << 24));
}

static uint64_t find_redist(void)
{
    uint32_t me = affinity(sysreg_read(mpidr_el1));

    for (unsigned i = 0; i < 4; i++) {
        uint64_t base = gic_place.redist[i];
        uint64_t end = base + gic_place.redist_size[i];

        while (base < end) {
            uint64_t type = io_read64(base + GICR_TYPER);

            if (type >> 32 == me) {
                return base;
            }
            if (type & GICR_TYPER_LAST) {
                break;
            }
            base += type & GICR_TYPER_VLPIS ? 0x40000 : 0x20000;
        }
    }
    print("gic: no redistributor for MPIDR %x\n", me);
    return gic_place.redist[0];
}

/* Where the registers of this interrupt are. */
static uint64_t bank(unsigned intid)
{
    return gic_place.version >= 3 && intid < 32
               ? my_redist[cpu_number()] + GICR_SGI_PAGE
               : gic_place.dist;
}

void gic_init(void)
{
    io_write32(gic_place.dist + GICD_CTLR,
               gic_place.version >= 3 ? GICD_CTLR_ARE | GICD_CTLR_GROUP1 : 1);
}

static void init_cpu_v3(unsigned cpu)
{
    uint64_t redist = find_redist();

    my_redist[cpu] = redist;
    io_write32(redist + GICR_WAKER, 0);
    while (io_read32(redist + GICR_WAKER) & GICR_WAKER_ASLEEP) {
    }
    io_write32(redist + GICR_SGI_PAGE + GICD_IGROUPR, 0xffffffff);
    icc_write(ICC_SRE_EL1, 7);
    barrier_isb();
    icc_write(ICC_PMR_EL1, 0xf0);
    icc_write(ICC_CTLR_EL1, 0);
    icc_write(ICC_IGRPEN1_EL1, 1);
    barrier_isb();
}

void gic_init_cpu(void)
{
    unsigned cpu = cpu_number();

    if (gic_place.version >= 3) {
        init_cpu_v3(cpu);
    } else {
        my_target[cpu] = (uint8_t)io_read32(gic_place.dist + GICD_ITARGETSR);
        /* With a single CPU the field reads as zero. */
        my_target[cpu] = my_target[cpu] ? my_target[cpu] : 1;
        gic_set_mask(0xf0);
        io_write32(gic_place.cpuif + GICC_CTLR, 1);
    }
    for (unsigned i = 0; i < 32; i++) {
        gic_set_priority(i, 0xa0);
    }
    /* SGIs need no more than this. */
    io_write32(bank(0) + GICD_ISENABLER, 0xffff);
}

void gic_handle(unsigned intid, gic_function *handler)
{
    handlers[intid % HANDLERS] = handler;
}

void gic_set_priority(unsigned intid, uint8_t priority)
{
    io_write8(bank(intid) + GICD_IPRIORITYR + intid, priority);
}

void gic_enable(unsigned intid)
{
    uint64_t base = bank(intid);
    unsigned word = intid / 32 * 4;

    if (intid >= 32 && gic_place.version >= 3) {
        io_write32(base + GICD_IGROUPR + word,
                   io_read32(base + GICD_IGROUPR + word) |
                       1u << intid % 32);
        io_write64(base + GICD_IROUTER + 8 * intid,
                   sysreg_read(mpidr_el1) & 0xff00ffffff);
    } else if (intid >= 32) {
        io_write8(base + GICD_ITARGETSR + intid, my_target[cpu_number()]);
    }
    gic_set_priority(intid, 0xa0);
    io_write32(base + GICD_ISENABLER + word, 1u << intid % 32);
}

void gic_disable(unsigned intid)
{
    io_write32(bank(intid) + GICD_ICENABLER + intid / 32 * 4,
               1u << intid % 32);
}

void gic_send(unsigned id, unsigned cpu, uint64_t mpidr)
{
    barrier_dsb();
    if (gic_place.version >= 3) {
        icc_write(ICC_SGI1R_EL1,
                  (mpidr >> 32 & 0xff) << 48 | (mpidr >> 16 & 0xff) << 32 |
                      (uint64_t)id << 24 | (mpidr >> 8 & 0xff) << 16 |
                      (mpidr >> 4 & 0xf) << 44 | 1u << (mpidr & 0xf));
        barrier_isb();
    } else {
        io_write32(gic_place.dist + GICD_SGIR,
                   (uint32_t)my_target[cpu] << 16 | id);
    }
}

uint32_t gic_acknowledge(void)
{
    uint32_t v = gic_place.version >= 3
                     ? (uint32_t)icc_read(ICC_IAR1_EL1)
                     : io_read32(gic_place.cpuif + GICC_IAR);

    barrier_dsb();
    return v;
}

void gic_end(uint32_t acknowledged)
{
    if (gic_place.version >= 3) {
        icc_write(ICC_EOIR1_EL1, acknowledged);
        barrier_isb();
    } else {
        io_write32(gic_place.cpuif + GICC_EOIR, acknowledged);
    }
}

void gic_set_mask(uint8_t priority)
{
    if (gic_place.version >= 3) {
        icc_write(ICC_PMR_EL1, priority);
        barrier_isb();
    } else {
        io_write32(gic_place.cpuif + GICC_PMR, priority);
    }
}

void gic_interrupt(void)
{
    uint32_t acknowledged = gic_acknowledge();
    unsigned intid = acknowledged & (gic_place.version >= 3 ? 0xffffff : 0x3ff);

    if (intid >= NO_INTERRUPT && intid < 1024) {
        return;
    }
    if (intid < HANDLERS && handlers[intid]) {
        handlers[intid](intid);
    } else {
        print("gic: nobody handles interrupt %u\n", intid);
        gic_disable(intid);
    }
    gic_end(acknowledged);
}
