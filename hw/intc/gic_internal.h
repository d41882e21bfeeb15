/*
 * State of a GIC and what its parts share.  Nobody outside hw/intc includes
 * this.
 *
 *   gic_state.c  interrupts: pending, ready, lines, who is told
 *   gic_lpi.c    interrupts that are messages
 *   gic_cpuif.c  one processor's view: priorities, acknowledge, EOI
 *   gic_regs.c   register tables, and the registers GICD and GICR share
 *   gic_virtual.c, gic_hyp.c   the virtual CPU interface, and its wires
 *
 * Every function here except create, free and gic_regs' access functions
 * is called with gic->lock held.  The lock is a leaf: under it we call only
 * the processors' irq lines, which never call back, and read guest memory.
 */
#ifndef HW_INTC_GIC_INTERNAL_H
#define HW_INTC_GIC_INTERNAL_H

#include <pthread.h>

#include "hw/intc/gic.h"
#include "hw/intc/gic_virtual.h"
#include "softmmu/dma.h"
#include "util/bits.h"

#define GIC_SGIS 16
#define GIC_PRIVATE 32 /* SGIs and PPIs */
#define GIC_BANKS (1 + GIC_MAX_SPIS / 32)
#define GIC_APR_WORDS 4
#define GIC_IDLE_PRIORITY 0xff /* what RPR says when nothing runs */
#define GIC_NO_PRIORITY 0x100  /* below every interrupt's */

/* Special INTIDs that an acknowledge may return. */
#define GIC_INTID_SECURE 1020    /* GICv3, to EL3: for Secure EL1 */
#define GIC_INTID_NONSECURE 1021 /* ... for Non-secure software */
#define GIC_INTID_GROUP1 1022    /* GICv2: of the other group */
#define GIC_INTID_SPURIOUS 1023

/* Groups of interrupts.  Group 1 is the Non-secure one where there are two
 * Security states, else the only one. */
enum { GIC_GROUP0, GIC_GROUP1, GIC_GROUP1_SECURE, GIC_GROUPS };

/* GICD_CTLR, both versions; by group. */
#define GICD_CTLR_GROUP0 BIT(0)
#define GICD_CTLR_GROUP1 BIT(1)
#define GICD_CTLR_GROUP1_SECURE BIT(2)

/* Who accesses a CPU interface: EOImode is by it. */
enum gic_world { GIC_EL3, GIC_NONSECURE, GIC_SECURE, GIC_WORLDS };

/* 32 interrupts, a bit each; bank 0 exists once per processor. */
struct gic_bank {
    uint32_t group1;
    uint32_t group_mod; /* not group1: of Secure group 1, else group 0 */
    uint32_t enabled;
    uint32_t latch; /* pending by an edge, an SGI or software */
    uint32_t level; /* the input lines */
    uint32_t edge;  /* configured edge-triggered */
    uint32_t active;
    /* Derived by gic_bank_changed: pending, enabled, not active, and of a
     * group that GICD_CTLR forwards. */
    uint32_t ready;
    uint8_t priority[32];
    uint64_t nsacr; /* two bits each: what Non-secure software may do */
};

/* LPIs: INTIDs from 8192, up to the 16 bits that GICD_TYPER tells of. */
#define GIC_FIRST_LPI 8192
#define GIC_LPI_ID_BITS 16
#define GIC_LPIS ((1 << GIC_LPI_ID_BITS) - GIC_FIRST_LPI)

/* The highest priority pending interrupt of one processor. */
struct gic_best {
    unsigned intid; /* GIC_INTID_SPURIOUS when there is none */
    unsigned priority;
    unsigned group;
};

struct gic_cpu {
    struct gic_bank bank; /* SGIs and PPIs */
    /* GICv2: which processors asked for each pending SGI; the SGI's latch
     * is set while any has. */
    uint8_t sgi_sources[GIC_SGIS];
    /* SPIs that may be signalled here, a word per bank; [0] is unused. */
    uint32_t routed[GIC_BANKS];
    bool asleep; /* GICR_WAKER.ProcessorSleep */

    /* CPU interface. */
    bool enabled[GIC_GROUPS];
    bool common_bpr[GIC_GROUPS]; /* CBPR; [GIC_GROUP0] is unused */
    /* EOIR only drops priority, DIR deactivates; with one Security state
     * that of GIC_NONSECURE. */
    bool eoi_mode[GIC_WORLDS];
    bool ack_ctl;    /* GICv2: IAR and EOIR serve group 1 too */
    bool fiq_enable; /* GICv2: group 0 is signalled as FIQ */
    enum gic_world world; /* GICv3: where the processor is */
    uint8_t pmr;
    uint8_t bpr[GIC_GROUPS];
    /* Active priorities, a bit each. */
    uint32_t apr[GIC_GROUPS][GIC_APR_WORDS];

    struct gic_virtual virt;
    struct gic_virtual_lines virt_lines; /* as they were driven */

    /* Derived by gic_cpu_update. */
    struct gic_best best;
    bool irq, fiq;
};

/* The pending table is all zeroes, there is no need to read it. */
#define GICR_PENDBASER_PTZ BIT(62)

/* The LPIs of one redistributor. */
struct gic_lpi_cpu {
    bool enabled; /* GICR_CTLR.EnableLPIs */
    uint64_t propbaser, pendbaser;
    uint64_t pending[GIC_LPIS / 64];
    uint64_t summary[GIC_LPIS / 64 / 64]; /* words that are not 0 */
    struct gic_best best; /* derived by lpi_changed */
};

struct gic_lpis {
    struct dma *dma;
    uint8_t config[GIC_LPIS]; /* copy of the table in guest memory */
    struct gic_lpi_cpu cpu[];
};

/* What the two versions do differently in shared code. */
struct gic_model {
    unsigned version;
    uint32_t sgi_fixed;    /* SGIs that are enabled for ever */
    uint8_t priority_mask; /* bits the CPU interface implements */
    uint8_t apr_shift;     /* priority of a bit in apr: index << this */
    uint8_t apr_words;
    uint8_t bpr_min[GIC_GROUPS];
    /* Does an interrupt of a group disabled at the CPU interface still
     * hide lower priorities of the other group? */
    bool hides_disabled;
};

struct gic {
    pthread_mutex_t lock;
    const struct gic_model *model;
    struct gic_config config; /* its ports are these */
    struct cpu_port *ports;   /* one per processor */
    struct cpu_gic_if cpu_if;

    bool two_states; /* config.security, and GICD_CTLR.DS is 0 */
    /* For handlers of registers: the access is Non-secure and there are two
     * Security states. */
    bool nonsecure;
    unsigned cpus;
    unsigned banks;                 /* 1 + SPIs / 32 */
    uint32_t ctlr;                  /* the group bits */
    uint32_t ready_banks;           /* SPI banks with any bit in ready */
    struct gic_bank spi[GIC_BANKS]; /* [0] is unused */
    uint8_t target[GIC_MAX_SPIS];   /* GICv2: mask of processors */
    uint64_t route[GIC_MAX_SPIS];   /* GICv3: GICD_IROUTER */
    struct gic_lpis *lpis;          /* GICv3 with an ITS, else NULL */
    struct gic_cpu cpu[];
};

static inline void gic_lock(struct gic *gic)
{
    pthread_mutex_lock(&gic->lock);
}

static inline void gic_unlock(struct gic *gic)
{
    pthread_mutex_unlock(&gic->lock);
}

/* Bank `n` as `cpu` sees it, or NULL beyond the last interrupt. */
static inline struct gic_bank *gic_bank(struct gic *gic, unsigned cpu,
                                        unsigned n)
{
    if (n == 0) {
        return &gic->cpu[cpu].bank;
    }
    return n < gic->banks ? &gic->spi[n] : NULL;
}

/* ---- gic_state.c ---- */

struct gic *gic_new(const struct gic_model *model,
                    const struct gic_config *config);

static inline uint32_t gic_pending(const struct gic_bank *bank)
{
    return bank->latch | (bank->level & ~bank->edge);
}

/*
 * After any change in bank `n` (of `cpu`, if private): recompute and tell
 * the processors concerned.  `touched` are interrupts whose priority or
 * group may have changed; a change of readiness is found without it.
 */
void gic_bank_changed(struct gic *gic, unsigned cpu, unsigned n,
                      uint32_t touched);
/* After a change of GICD_CTLR or of routes. */
void gic_all_changed(struct gic *gic);
/* Drive a private input line. */
void gic_set_private(struct gic *gic, unsigned cpu, unsigned intid,
                     bool level);
/* GICD_CTLR.DS is set, until reset. */
void gic_disable_security(struct gic *gic);

static inline unsigned gic_group(const struct gic_bank *bank, unsigned i)
{
    return bank->group1 >> i & 1      ? GIC_GROUP1
           : bank->group_mod >> i & 1 ? GIC_GROUP1_SECURE
                                      : GIC_GROUP0;
}

/* Let the SPI `intid` be signalled on `cpu`, or not.  The caller ends with
 * gic_all_changed. */
void gic_route(struct gic *gic, unsigned intid, unsigned cpu, bool allowed);

/* GICv2: to interrupt `cpu` with an SGI from `source`. */
void gic_sgi_add_source(struct gic *gic, unsigned cpu, unsigned sgi,
                        uint8_t sources);
void gic_sgi_drop_source(struct gic *gic, unsigned cpu, unsigned sgi,
                         uint8_t sources);

/* ---- gic_lpi.c ---- */

/* The GIC gets LPIs; while the board is built. */
void gic_lpis_create(struct gic *gic, struct dma *dma);
void gic_lpis_reset(struct gic *gic);
void gic_lpis_free(struct gic *gic);

static inline bool gic_is_lpi(const struct gic *gic, unsigned intid)
{
    return gic->lpis && intid >= GIC_FIRST_LPI &&
           intid - GIC_FIRST_LPI < GIC_LPIS;
}

/* Best pending LPI of a processor; of group 1. */
struct gic_best gic_lpi_best(const struct gic *gic, unsigned cpu);
/* `intid` may be anything; what cannot be is dropped. */
void gic_lpi_set_pending(struct gic *gic, unsigned cpu, unsigned intid,
                         bool pending);
void gic_lpi_move(struct gic *gic, unsigned from, unsigned to,
                  unsigned intid);
void gic_lpi_move_all(struct gic *gic, unsigned from, unsigned to);
/* Look again at what guest memory says of one LPI, or of all. */
void gic_lpi_reload(struct gic *gic, unsigned cpu, unsigned intid);
void gic_lpi_reload_all(struct gic *gic, unsigned cpu);
void gic_lpi_enable(struct gic *gic, unsigned cpu, bool enable);

/* ---- gic_cpuif.c ---- */

/* Recompute the best interrupt and drive the lines of the processor. */
void gic_cpu_update(struct gic *gic, unsigned cpu);

/* Is the best interrupt one that IAR may return now? */
bool gic_cpu_can_take(const struct gic *gic, const struct gic_cpu *c);
unsigned gic_running_priority(const struct gic *gic, const struct gic_cpu *c);
/* Group of the running priority, or -1 when idle. */
int gic_running_group(const struct gic *gic, const struct gic_cpu *c);

/* Make the best interrupt active; returns its INTID, with the requesting
 * processor of a GICv2 SGI in bits 12..10. */
uint32_t gic_acknowledge(struct gic *gic, unsigned cpu);
/* Drop the running priority, which must be of `group`, and unless that is
 * left to DIR by the `world`'s EOImode deactivate `intid`. */
void gic_end(struct gic *gic, unsigned cpu, unsigned group, unsigned intid,
             enum gic_world world);
void gic_deactivate(struct gic *gic, unsigned cpu, unsigned intid);

/* A priority as Non-secure software sees it, who has the lower half, and
 * back (IHI 0069 4.8.6). */
static inline unsigned gic_priority_view(unsigned priority)
{
    return priority & 0x80 ? priority << 1 & 0xff : 0;
}

static inline unsigned gic_priority_from_view(unsigned view)
{
    return 0x80 | (view & 0xff) >> 1;
}

/* ---- gic_hyp.c ---- */

static inline bool gic_has_virtual(const struct gic *gic)
{
    return gic->config.maintenance_intid != 0;
}

/* After any change of cpu[].virt: drive its outputs. */
void gic_hyp_update(struct gic *gic, unsigned cpu);
/* A guest's EOIR or DIR: `pintid` is what gic_virtual_end() returned. */
void gic_hyp_ended(struct gic *gic, unsigned cpu, int pintid);

/* ---- gic_regs.c ---- */

/* A row of a register map: words first..last, whose handlers know them by
 * index (offset - base) / 4.  Without a handler: RAZ, WI. */
struct gic_reg {
    uint32_t base, first, last;
    uint32_t (*read)(struct gic *gic, unsigned cpu, unsigned index);
    /* Only bits in `mask` are written; value is zero elsewhere. */
    void (*write)(struct gic *gic, unsigned cpu, unsigned index, uint32_t value,
                  uint32_t mask);
};

struct gic_frame {
    const char *name;
    const struct gic_reg *regs; /* ORDER by first */
    unsigned count;
};

/* Any access from the bus; these take the lock. */
uint64_t gic_frame_read(const struct gic_frame *frame, struct gic *gic,
                        unsigned cpu, struct bus_access access);
void gic_frame_write(const struct gic_frame *frame, struct gic *gic,
                     unsigned cpu, struct bus_access access, uint64_t value);

/* The processor of an access; a device's own counts as the first. */
static inline unsigned gic_access_cpu(const struct gic *gic,
                                      struct bus_access access)
{
    return access.cpu < gic->cpus ? access.cpu : 0;
}

/* Handlers of GICD_x<n> and GICR_x<n>: index is the <n>. */
#define GIC_SHARED_REG(name)                                                   \
    uint32_t gic_##name##_read(struct gic *gic, unsigned cpu, unsigned index); \
    void gic_##name##_write(struct gic *gic, unsigned cpu, unsigned index,     \
                            uint32_t value, uint32_t mask)
GIC_SHARED_REG(igroupr);
GIC_SHARED_REG(igrpmodr);
GIC_SHARED_REG(nsacr);
GIC_SHARED_REG(isenabler);
GIC_SHARED_REG(icenabler);
GIC_SHARED_REG(ispendr);
GIC_SHARED_REG(icpendr);
GIC_SHARED_REG(isactiver);
GIC_SHARED_REG(icactiver);
GIC_SHARED_REG(ipriorityr);
GIC_SHARED_REG(icfgr);
#undef GIC_SHARED_REG

/* Interrupts of a bank that the access may see: all, or for a Non-secure one
 * those of group 1 and those whose NSACR is at least `nsacr` (4: none). */
uint32_t gic_visible(const struct gic *gic, const struct gic_bank *bank,
                     unsigned nsacr);

/* Implementer Arm (0x43b), as the board's guests know it. */
uint32_t gic_iidr_read(struct gic *gic, unsigned cpu, unsigned index);

/* ---- gic_fdt.c ---- */

/* "/intc@8000000" */
void gic_fdt_path(const struct gic *gic, char *path, unsigned size);

/* ---- gicv3_*.c ---- */

extern const struct mmio_ops gicv3_redist_ops;
extern const struct cpu_gic_if gicv3_cpu_if; /* opaque to be filled in */

/* gicv3_virtual.c: ICH_*_EL2, and ICV_* by the names of ICC_*. */
struct gic_icc_reg {
    uint64_t (*read)(struct gic *gic, unsigned cpu, unsigned how);
    void (*write)(struct gic *gic, unsigned cpu, uint64_t value,
                  unsigned how);
};
const struct gic_icc_reg *gicv3_ich_find(uint16_t reg);
const struct gic_icc_reg *gicv3_icv_find(uint16_t reg);

/* op0:op1:CRn:CRm:op2, as in struct cpu_gic_if */
#define GIC_SYSREG(op0, op1, crn, crm, op2) \
    ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* MPIDR_EL1's affinity fields and GICD_IROUTER's agree in place. */
#define GIC_AFFINITY_MASK UINT64_C(0xff00ffffff)

/* ---- gicv2_*.c ---- */

extern const struct mmio_ops gicv2_cpuif_ops;
extern const struct mmio_ops gicv2_hyp_ops;  /* GICH */
extern const struct mmio_ops gicv2_vcpu_ops; /* GICV */

#endif
