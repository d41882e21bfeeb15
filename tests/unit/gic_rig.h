/*
 * An interrupt controller and what software does with it, for the tests of
 * hw/intc: most of them run on GICv2 and on GICv3, and the short forms below
 * do what the version at hand wants.
 *
 * There is one, made and taken down by the fixtures.
 */
#ifndef TESTS_UNIT_GIC_RIG_H
#define TESTS_UNIT_GIC_RIG_H

#include <check.h>

#include "hw/intc/gic.h"
#include "util/bits.h"

#define CPUS 4
#define SPIS 256
#define DIST UINT64_C(0x08000000)
#define GICC UINT64_C(0x08010000)
#define V2M UINT64_C(0x08020000)
#define GICH UINT64_C(0x08030000)
#define GICV UINT64_C(0x08040000)
#define GICR UINT64_C(0x080a0000)
#define MAINTENANCE 25

/* Distributor registers of a bit per interrupt. */
enum {
    IGROUPR = 0x080,
    ISENABLER = 0x100,
    ICENABLER = 0x180,
    ISPENDR = 0x200,
    ICPENDR = 0x280,
    ISACTIVER = 0x300,
    ICACTIVER = 0x380,
};

/* ICC_*_EL1 as op0:op1:CRn:CRm:op2. */
#define ICC(crn, crm, op2) (3 << 14 | (crn) << 7 | (crm) << 3 | (op2))
enum {
    PMR = ICC(4, 6, 0),
    IAR0 = ICC(12, 8, 0),
    EOIR0 = ICC(12, 8, 1),
    HPPIR0 = ICC(12, 8, 2),
    BPR0 = ICC(12, 8, 3),
    AP0R0 = ICC(12, 8, 4),
    AP1R0 = ICC(12, 9, 0),
    DIR = ICC(12, 11, 1),
    RPR = ICC(12, 11, 3),
    SGI1R = ICC(12, 11, 5),
    ASGI1R = ICC(12, 11, 6),
    SGI0R = ICC(12, 11, 7),
    IAR1 = ICC(12, 12, 0),
    EOIR1 = ICC(12, 12, 1),
    HPPIR1 = ICC(12, 12, 2),
    BPR1 = ICC(12, 12, 3),
    CTLR = ICC(12, 12, 4),
    SRE = ICC(12, 12, 5),
    IGRPEN0 = ICC(12, 12, 6),
    IGRPEN1 = ICC(12, 12, 7),
};

struct gic_rig {
    struct bus *bus;
    struct gic *gic;
    struct gicv2m *v2m;           /* NULL with GICv3 */
    const struct cpu_gic_if *icc; /* NULL with GICv2 */
    /* As the processors see them. */
    bool irq[CPUS], fiq[CPUS], virq[CPUS], vfiq[CPUS];
    unsigned cpu; /* who makes the accesses, */
    unsigned how; /* and how: CPU_GIC_... */
    bool secure;  /* of accesses by the bus */
};
extern struct gic_rig gic_rig;

/* Fixtures: everything is enabled, on every processor. */
void gic_rig_setup_v2(void);
void gic_rig_setup_v3(void);
void gic_rig_setup_v2_virtual(void); /* for EL2; v3 is accessed from there */
void gic_rig_setup_v3_virtual(void);
void gic_rig_setup_v2_secure(void); /* two Security states; nothing enabled, */
void gic_rig_setup_v3_secure(void); /* accesses are Secure, at EL3 */
void gic_rig_teardown(void);

/* As Linux would, on every processor; leaves gic_rig.cpu at 0. */
void gic_rig_enable_all(void);

static inline struct bus *gic_rig_bus(void)
{
    return gic_rig.secure ? bus_secure(gic_rig.bus) : gic_rig.bus;
}

static inline uint32_t rd(uint64_t pa)
{
    uint64_t value;
    ck_assert(bus_read(gic_rig_bus(), pa, 4, gic_rig.cpu, &value));
    return value;
}

static inline void wr(uint64_t pa, uint32_t value)
{
    ck_assert(bus_write(gic_rig_bus(), pa, 4, gic_rig.cpu, value));
}

static inline uint64_t mrs(uint16_t reg)
{
    return gic_rig.icc->read(gic_rig.icc->opaque, gic_rig.cpu, reg,
                             gic_rig.how);
}

static inline void msr(uint16_t reg, uint64_t value)
{
    gic_rig.icc->write(gic_rig.icc->opaque, gic_rig.cpu, reg, value,
                       gic_rig.how);
}

/* Page with the registers of an interrupt, for the current processor. */
static inline uint64_t page(unsigned intid)
{
    return gic_rig.icc && intid < 32 ? GICR + gic_rig.cpu * 0x20000 + 0x10000
                                     : DIST;
}

static inline void bit_set(unsigned reg, unsigned intid)
{
    wr(page(intid) + reg + intid / 32 * 4, BIT(intid % 32));
}

static inline bool bit_get(unsigned reg, unsigned intid)
{
    return rd(page(intid) + reg + intid / 32 * 4) >> (intid % 32) & 1;
}

static inline void priority_set(unsigned intid, uint8_t priority)
{
    ck_assert(bus_write(gic_rig_bus(), page(intid) + 0x400 + intid, 1,
                        gic_rig.cpu, priority));
}

static inline void edge_set(unsigned intid, bool edge)
{
    uint64_t reg = page(intid) + 0xc00 + intid / 16 * 4;
    uint32_t bit = BIT(intid % 16 * 2 + 1);
    wr(reg, edge ? rd(reg) | bit : rd(reg) & ~bit);
}

static inline void route(unsigned intid, unsigned to)
{
    if (gic_rig.icc) {
        ck_assert(bus_write(gic_rig_bus(), DIST + 0x6000 + intid * 8, 8,
                            gic_rig.cpu, to));
    } else {
        ck_assert(bus_write(gic_rig_bus(), DIST + 0x800 + intid, 1, gic_rig.cpu,
                            BIT(to)));
    }
}

/* Ready to fire at `priority`, in group 1 with GICv3, 0 with GICv2. */
static inline void prepare(unsigned intid, uint8_t priority)
{
    if (gic_rig.icc) {
        uint64_t reg = page(intid) + IGROUPR + intid / 32 * 4;
        wr(reg, rd(reg) | BIT(intid % 32));
    }
    priority_set(intid, priority);
    if (intid >= 32) {
        route(intid, gic_rig.cpu);
    }
    bit_set(ISENABLER, intid);
}

static inline uint32_t ack(void)
{
    return gic_rig.icc ? mrs(IAR1) : rd(GICC + 0xc);
}

static inline void eoi(uint32_t intid)
{
    if (gic_rig.icc) {
        msr(EOIR1, intid);
    } else {
        wr(GICC + 0x10, intid);
    }
}

static inline void deactivate(uint32_t intid)
{
    if (gic_rig.icc) {
        msr(DIR, intid);
    } else {
        wr(GICC + 0x1000, intid);
    }
}

static inline void eoi_mode(void)
{
    if (gic_rig.icc) {
        msr(CTLR, 2);
    } else {
        wr(GICC, rd(GICC) | BIT(9));
    }
}

static inline uint32_t running(void)
{
    return gic_rig.icc ? mrs(RPR) : rd(GICC + 0x14);
}

static inline void pmr(uint8_t mask)
{
    if (gic_rig.icc) {
        msr(PMR, mask);
    } else {
        wr(GICC + 4, mask);
    }
}

static inline void sgi(unsigned intid, unsigned to)
{
    if (gic_rig.icc) {
        msr(SGI1R, (uint64_t)intid << 24 | BIT(to));
    } else {
        wr(DIST + 0xf00, BIT(16 + to) | intid);
    }
}

static inline void spi_line(unsigned intid, bool level)
{
    struct irq line = gic_spi(gic_rig.gic, intid - 32);
    irq_set(&line, level);
}

static inline void ppi_line(unsigned to, unsigned intid, bool level)
{
    struct irq line = gic_ppi(gic_rig.gic, to, intid);
    irq_set(&line, level);
}

#endif
