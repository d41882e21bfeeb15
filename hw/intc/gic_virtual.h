/*
 * The virtual CPU interface of one processor (IHI 0069 chapter 6, IHI 0048B
 * chapter 5): a hypervisor puts interrupts for its guest into list
 * registers; the guest acknowledges and ends them as if they were physical.
 *
 * A state machine without wires or locks: GICv2 (GICH, GICV) and GICv3
 * (ICH_*, ICV_*) are two sets of registers over it.  Registers are kept in
 * the layout of GICv3.  Every output is a function of the state.
 */
#ifndef HW_INTC_GIC_VIRTUAL_H
#define HW_INTC_GIC_VIRTUAL_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bits.h"

#define GIC_LRS 4

/* ICH_HCR_EL2 */
#define GIC_HCR_EN BIT(0)
#define GIC_HCR_TC BIT(10)
#define GIC_HCR_TALL0 BIT(11)
#define GIC_HCR_TALL1 BIT(12)
#define GIC_HCR_TDIR BIT(14)

/* ICH_VMCR_EL2; GICV_CTLR has the bits below 10. */
#define GIC_VMCR_ENABLE(group) BIT(group)
#define GIC_VMCR_ACK_CTL BIT(2)
#define GIC_VMCR_FIQ_EN BIT(3)
#define GIC_VMCR_CBPR BIT(4)
#define GIC_VMCR_EOI_MODE BIT(9)

/* ICH_LR<n>_EL2 */
#define GIC_LR_VINTID(lr) ((uint32_t)(lr))
#define GIC_LR_PINTID(lr) ((unsigned)extract64(lr, 32, 10))
#define GIC_LR_EOI BIT(41) /* without HW: its end is worth an interrupt */
#define GIC_LR_PRIORITY(lr) ((unsigned)extract64(lr, 48, 8))
#define GIC_LR_GROUP1 BIT(60)
#define GIC_LR_HW BIT(61)
#define GIC_LR_PENDING BIT(62)
#define GIC_LR_ACTIVE BIT(63)

#define GIC_VIRTUAL_PRIORITY_MASK 0xf8 /* five bits, all preempt */
#define GIC_VIRTUAL_IDLE 0xff /* the running priority when nothing runs */
#define GIC_NO_PINTID (-1)

struct gic_virtual {
    uint64_t lr[GIC_LRS];
    uint32_t hcr, vmcr;
    uint32_t apr[2]; /* active priorities by group, a bit each */
    bool is_v2;      /* both groups share apr[0] */
};

struct gic_virtual_lines {
    bool irq, fiq, maintenance;
};

void gic_virtual_reset(struct gic_virtual *v, unsigned version);
struct gic_virtual_lines gic_virtual_lines(const struct gic_virtual *v);

/* -- what the hypervisor sees -------------------------------------------- */

/* PRIbits, PREbits and ListRegs, which both versions' VTR have. */
uint32_t gic_virtual_vtr(void);
void gic_virtual_set_hcr(struct gic_virtual *v, uint32_t value);
void gic_virtual_set_vmcr(struct gic_virtual *v, uint32_t value);
void gic_virtual_set_lr(struct gic_virtual *v, unsigned n, uint64_t value);
uint32_t gic_virtual_misr(const struct gic_virtual *v);
uint32_t gic_virtual_eisr(const struct gic_virtual *v);  /* bit per LR */
uint32_t gic_virtual_elrsr(const struct gic_virtual *v); /* bit per LR */

/* -- what the guest does ------------------------------------------------- */

/* The list register with the highest priority pending interrupt of an
 * enabled group, or -1; whether the guest may take it now. */
int gic_virtual_best(const struct gic_virtual *v);
bool gic_virtual_can_take(const struct gic_virtual *v, int n);
static inline unsigned gic_virtual_group(const struct gic_virtual *v, int n)
{
    return v->lr[n] & GIC_LR_GROUP1 ? 1 : 0;
}

unsigned gic_virtual_running(const struct gic_virtual *v);

/* Make the interrupt of list register `n` active; its vINTID. */
uint32_t gic_virtual_acknowledge(struct gic_virtual *v, int n);

/*
 * EOIR of `group` (-1: of whatever group runs), and DIR.  The result is the
 * physical interrupt to deactivate, or GIC_NO_PINTID.
 */
int gic_virtual_end(struct gic_virtual *v, int group, uint32_t vintid);
int gic_virtual_deactivate(struct gic_virtual *v, uint32_t vintid);

unsigned gic_virtual_pmr(const struct gic_virtual *v);
void gic_virtual_set_pmr(struct gic_virtual *v, unsigned value);
/* BPR of a group as its own register has it: CBPR is the caller's. */
unsigned gic_virtual_bpr(const struct gic_virtual *v, unsigned group);
void gic_virtual_set_bpr(struct gic_virtual *v, unsigned group,
                         unsigned value);

#endif
