/*
 * GICv3 virtualization: the hypervisor's ICH_*_EL2 (IHI 0069 chapter 12.4)
 * and what its guest has by the names of ICC_*_EL1, the ICV_*_EL1 (12.3).
 * Both are windows on struct gic_virtual.
 */
#include "hw/intc/gic_internal.h"

#define ICC_PMR_EL1 GIC_SYSREG(3, 0, 4, 6, 0)
#define ICV_FIRST GIC_SYSREG(3, 0, 12, 8, 0)
#define ICH_FIRST GIC_SYSREG(3, 4, 12, 8, 0)
#define COUNT 64 /* CRm 8..15 */

/* ICH_VTR_EL2 */
#define VTR_ID_BITS_24 (1u << 23)
#define VTR_A3V BIT(21)
#define VTR_NO_V4 BIT(20)
#define VTR_TDS BIT(19)

/* ICV_CTLR_EL1 */
#define CTLR_CBPR BIT(0)
#define CTLR_EOI_MODE BIT(1)
#define CTLR_FIXED (BIT(15) | 1u << 11 | 4u << 8) /* A3V, 24 bits, 5 bits */

#define INTID(value) ((uint32_t)extract64(value, 0, 24))

static struct gic_virtual *virt(struct gic *gic, unsigned cpu)
{
    return &gic->cpu[cpu].virt;
}

/* ---- ICH: a read of a field, and a write that changes outputs ---- */

#define READ(name, value)                                                    \
    static uint64_t name##_read(struct gic *gic, unsigned cpu, unsigned how) \
    {                                                                        \
        struct gic_virtual *v = virt(gic, cpu);                              \
        (void)v;                                                             \
        (void)how;                                                           \
        return value;                                                        \
    }

#define WRITE(name, statement)                                            \
    static void name##_write(struct gic *gic, unsigned cpu,               \
                             uint64_t value, unsigned how)                \
    {                                                                     \
        struct gic_virtual *v = virt(gic, cpu);                           \
        (void)how;                                                        \
        statement;                                                        \
        gic_hyp_update(gic, cpu);                                         \
    }

READ(ap0r, v->apr[0])
WRITE(ap0r, v->apr[0] = (uint32_t)value)
READ(ap1r, v->apr[1])
WRITE(ap1r, v->apr[1] = (uint32_t)value)
READ(hcr, v->hcr)
WRITE(hcr, gic_virtual_set_hcr(v, (uint32_t)value))
READ(vtr, gic_virtual_vtr() | VTR_ID_BITS_24 | VTR_A3V | VTR_NO_V4 | VTR_TDS)
READ(misr, gic_virtual_misr(v))
READ(eisr, gic_virtual_eisr(v))
READ(elrsr, gic_virtual_elrsr(v))
READ(vmcr, v->vmcr)
WRITE(vmcr, gic_virtual_set_vmcr(v, (uint32_t)value))

#define LIST_REGISTER(n) \
    READ(lr##n, v->lr[n]) \
    WRITE(lr##n, gic_virtual_set_lr(v, n, value))
LIST_REGISTER(0)
LIST_REGISTER(1)
LIST_REGISTER(2)
LIST_REGISTER(3)

/* ---- ICV: acknowledge and end ---- */

static uint64_t acknowledge(struct gic *gic, unsigned cpu, unsigned group)
{
    struct gic_virtual *v = virt(gic, cpu);
    int n = gic_virtual_best(v);

    if (!gic_virtual_can_take(v, n) || gic_virtual_group(v, n) != group) {
        return GIC_INTID_SPURIOUS;
    }
    uint32_t vintid = gic_virtual_acknowledge(v, n);

    gic_hyp_update(gic, cpu);
    return vintid;
}

static uint64_t highest_pending(const struct gic_virtual *v, unsigned group)
{
    int n = gic_virtual_best(v);

    return n >= 0 && gic_virtual_group(v, n) == group ? GIC_LR_VINTID(v->lr[n])
                                                      : GIC_INTID_SPURIOUS;
}

READ(iar0, acknowledge(gic, cpu, 0))
READ(iar1, acknowledge(gic, cpu, 1))
READ(hppir0, highest_pending(v, 0))
READ(hppir1, highest_pending(v, 1))
READ(rpr, gic_virtual_running(v))
WRITE(eoir0, gic_hyp_ended(gic, cpu, gic_virtual_end(v, 0, INTID(value))))
WRITE(eoir1, gic_hyp_ended(gic, cpu, gic_virtual_end(v, 1, INTID(value))))
WRITE(dir, gic_hyp_ended(gic, cpu, gic_virtual_deactivate(v, INTID(value))))

/* ---- ICV: masks and control, which are fields of ICH_VMCR_EL2 ---- */

static unsigned bpr1(const struct gic_virtual *v)
{
    unsigned common = gic_virtual_bpr(v, 0);

    if (v->vmcr & GIC_VMCR_CBPR) {
        return common < 7 ? common + 1 : 7;
    }
    return gic_virtual_bpr(v, 1);
}

static void set_bpr1(struct gic_virtual *v, uint64_t value)
{
    if (!(v->vmcr & GIC_VMCR_CBPR)) {
        gic_virtual_set_bpr(v, 1, (unsigned)value);
    }
}

static uint64_t control(const struct gic_virtual *v)
{
    return CTLR_FIXED | (v->vmcr & GIC_VMCR_CBPR ? CTLR_CBPR : 0) |
           (v->vmcr & GIC_VMCR_EOI_MODE ? CTLR_EOI_MODE : 0);
}

static void set_vmcr_bits(struct gic_virtual *v, uint32_t bits, bool set)
{
    v->vmcr = set ? v->vmcr | bits : v->vmcr & ~bits;
}

READ(pmr, gic_virtual_pmr(v))
WRITE(pmr, gic_virtual_set_pmr(v, (unsigned)value))
READ(bpr0, gic_virtual_bpr(v, 0))
WRITE(bpr0, gic_virtual_set_bpr(v, 0, (unsigned)value))
READ(bpr1, bpr1(v))
WRITE(bpr1, set_bpr1(v, value))
READ(ctlr, control(v))
WRITE(ctlr, set_vmcr_bits(v, GIC_VMCR_CBPR, value & CTLR_CBPR);
      set_vmcr_bits(v, GIC_VMCR_EOI_MODE, value & CTLR_EOI_MODE))
READ(igrpen0, v->vmcr & GIC_VMCR_ENABLE(0) ? 1 : 0)
WRITE(igrpen0, set_vmcr_bits(v, GIC_VMCR_ENABLE(0), value & 1))
READ(igrpen1, v->vmcr & GIC_VMCR_ENABLE(1) ? 1 : 0)
WRITE(igrpen1, set_vmcr_bits(v, GIC_VMCR_ENABLE(1), value & 1))

/* ---- the maps ---- */

#define AT(crm, op2) [((crm)-8) * 8 + (op2)]

/* clang-format off */
static const struct gic_icc_reg icv_regs[COUNT] = {
    AT( 8, 0) = {iar0_read,    NULL},
    AT( 8, 1) = {NULL,         eoir0_write},
    AT( 8, 2) = {hppir0_read,  NULL},
    AT( 8, 3) = {bpr0_read,    bpr0_write},
    AT( 8, 4) = {ap0r_read,    ap0r_write},
    AT( 9, 0) = {ap1r_read,    ap1r_write},
    AT(11, 1) = {NULL,         dir_write},
    AT(11, 3) = {rpr_read,     NULL},
    AT(12, 0) = {iar1_read,    NULL},
    AT(12, 1) = {NULL,         eoir1_write},
    AT(12, 2) = {hppir1_read,  NULL},
    AT(12, 3) = {bpr1_read,    bpr1_write},
    AT(12, 4) = {ctlr_read,    ctlr_write},
    AT(12, 6) = {igrpen0_read, igrpen0_write},
    AT(12, 7) = {igrpen1_read, igrpen1_write},
};

static const struct gic_icc_reg ich_regs[COUNT] = {
    AT( 8, 0) = {ap0r_read,  ap0r_write},
    AT( 9, 0) = {ap1r_read,  ap1r_write},
    AT(11, 0) = {hcr_read,   hcr_write},
    AT(11, 1) = {vtr_read,   NULL},
    AT(11, 2) = {misr_read,  NULL},
    AT(11, 3) = {eisr_read,  NULL},
    AT(11, 5) = {elrsr_read, NULL},
    AT(11, 7) = {vmcr_read,  vmcr_write},
    AT(12, 0) = {lr0_read,   lr0_write}, /* ORDER GIC_LRS */
    AT(12, 1) = {lr1_read,   lr1_write},
    AT(12, 2) = {lr2_read,   lr2_write},
    AT(12, 3) = {lr3_read,   lr3_write},
};
/* clang-format on */

static const struct gic_icc_reg *find(const struct gic_icc_reg *regs,
                                      unsigned first, uint16_t reg)
{
    static const struct gic_icc_reg none;

    return reg >= first && reg < first + COUNT ? &regs[reg - first] : &none;
}

const struct gic_icc_reg *gicv3_ich_find(uint16_t reg)
{
    return find(ich_regs, ICH_FIRST, reg);
}

const struct gic_icc_reg *gicv3_icv_find(uint16_t reg)
{
    static const struct gic_icc_reg pmr = {pmr_read, pmr_write};

    return reg == ICC_PMR_EL1 ? &pmr : find(icv_regs, ICV_FIRST, reg);
}
