/*
 * GICv3 CPU interface: the ICC_*_EL1 system registers (IHI 0069 chapter
 * 12.2), called on the vCPU's own thread.
 *
 * System register access is always on (ICC_SRE_EL1 is RAO/WI) and, without
 * EL3, priorities have one view.  The registers of group 1 are the
 * Non-secure copies, so that ICC_BPR1_EL1 counts one higher than
 * ICC_BPR0_EL1.
 */
#include "hw/intc/gic_internal.h"

#include "util/log.h"

/* op0:op1:CRn:CRm:op2, as in struct cpu_gic_if */
#define SYSREG(op0, op1, crn, crm, op2) \
    ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define ICC_PMR_EL1 SYSREG(3, 0, 4, 6, 0)
#define ICC_FIRST SYSREG(3, 0, 12, 8, 0)
#define ICC_COUNT 64 /* CRm 8..15 */
#define ICC_SRE_EL2 SYSREG(3, 4, 12, 9, 5)

/* ICC_CTLR_EL1 */
#define CTLR_CBPR BIT(0)
#define CTLR_EOI_MODE BIT(1)
#define CTLR_PRI_BITS(bits) (((bits)-1) << 8)
#define CTLR_ID_BITS_24 (1 << 11)
#define CTLR_A3V BIT(15)

/* ICC_SRE_ELx */
#define SRE_SRE BIT(0)
#define SRE_DFB BIT(1)
#define SRE_DIB BIT(2)
#define SRE_ENABLE BIT(3)

/* ICC_SGI0R_EL1, ICC_SGI1R_EL1, ICC_ASGI1R_EL1 */
#define SGIR_TARGETS(v) extract64(v, 0, 16)
#define SGIR_AFF1(v) extract64(v, 16, 8)
#define SGIR_SGI(v) extract64(v, 24, 4)
#define SGIR_AFF2(v) extract64(v, 32, 8)
#define SGIR_TO_OTHERS BIT(40)
#define SGIR_RANGE(v) extract64(v, 44, 4) /* of Aff0, in sixteens */
#define SGIR_AFF3(v) extract64(v, 48, 8)

#define INTID(value) extract64(value, 0, 24)

/* ---- acknowledge: ICC_IAR<n>_EL1, ICC_HPPIR<n>_EL1 ---- */

static uint64_t acknowledge(struct gic *gic, unsigned cpu, unsigned group)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    if (!gic_cpu_can_take(gic, c) || c->best.group != group) {
        return GIC_INTID_SPURIOUS;
    }
    return gic_acknowledge(gic, cpu);
}

static uint64_t iar0_read(struct gic *gic, unsigned cpu)
{
    return acknowledge(gic, cpu, 0);
}

static uint64_t iar1_read(struct gic *gic, unsigned cpu)
{
    return acknowledge(gic, cpu, 1);
}

static uint64_t highest_pending(const struct gic_cpu *c, unsigned group)
{
    return c->best.group == group ? c->best.intid : GIC_INTID_SPURIOUS;
}

static uint64_t hppir0_read(struct gic *gic, unsigned cpu)
{
    return highest_pending(&gic->cpu[cpu], 0);
}

static uint64_t hppir1_read(struct gic *gic, unsigned cpu)
{
    return highest_pending(&gic->cpu[cpu], 1);
}

/* ---- end: ICC_EOIR<n>_EL1, ICC_DIR_EL1, ICC_RPR_EL1 ---- */

static void end(struct gic *gic, unsigned cpu, unsigned group, uint64_t value)
{
    if (INTID(value) >= gic->banks * 32 && !gic_is_lpi(gic, INTID(value))) {
        return; /* the end of a spurious interrupt is no error */
    }
    if (gic_running_group(&gic->cpu[cpu]) != (int)group) {
        guest_error("icc: end of interrupt %u of group %u, but none of the "
                    "group is running",
                    (unsigned)INTID(value), group);
        return;
    }
    gic_end(gic, cpu, group, INTID(value));
}

static void eoir0_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    end(gic, cpu, 0, value);
}

static void eoir1_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    end(gic, cpu, 1, value);
}

static void dir_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    if (!gic->cpu[cpu].eoi_mode) {
        guest_error("icc: ICC_DIR_EL1 written with EOImode 0");
        return;
    }
    gic_deactivate(gic, cpu, INTID(value));
}

static uint64_t rpr_read(struct gic *gic, unsigned cpu)
{
    return gic_running_priority(gic, &gic->cpu[cpu]);
}

/* ---- masks: ICC_PMR_EL1, ICC_BPR<n>_EL1, ICC_AP<n>R0_EL1 ---- */

static uint64_t pmr_read(struct gic *gic, unsigned cpu)
{
    return gic->cpu[cpu].pmr;
}

static void pmr_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    gic->cpu[cpu].pmr = value & gic->model->priority_mask;
    gic_cpu_update(gic, cpu);
}

static void set_bpr(struct gic *gic, unsigned cpu, unsigned group,
                    uint64_t value)
{
    uint8_t least = gic->model->bpr_min[group];
    value &= 7;
    gic->cpu[cpu].bpr[group] = value < least ? least : value;
    gic_cpu_update(gic, cpu);
}

static uint64_t bpr0_read(struct gic *gic, unsigned cpu)
{
    return gic->cpu[cpu].bpr[0];
}

static void bpr0_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    set_bpr(gic, cpu, 0, value);
}

static uint64_t bpr1_read(struct gic *gic, unsigned cpu)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    if (c->common_bpr) {
        return c->bpr[0] < 7 ? c->bpr[0] + 1 : 7;
    }
    return c->bpr[1];
}

static void bpr1_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    if (!gic->cpu[cpu].common_bpr) {
        set_bpr(gic, cpu, 1, value);
    }
}

static uint64_t ap0r0_read(struct gic *gic, unsigned cpu)
{
    return gic->cpu[cpu].apr[0][0];
}

static void ap0r0_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    gic->cpu[cpu].apr[0][0] = value;
    gic_cpu_update(gic, cpu);
}

static uint64_t ap1r0_read(struct gic *gic, unsigned cpu)
{
    return gic->cpu[cpu].apr[1][0];
}

static void ap1r0_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    gic->cpu[cpu].apr[1][0] = value;
    gic_cpu_update(gic, cpu);
}

/* ---- control: ICC_CTLR_EL1, ICC_SRE_EL1, ICC_IGRPEN<n>_EL1 ---- */

static uint64_t ctlr_read(struct gic *gic, unsigned cpu)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    return CTLR_A3V | CTLR_ID_BITS_24 | CTLR_PRI_BITS(5) |
           (c->common_bpr ? CTLR_CBPR : 0) | (c->eoi_mode ? CTLR_EOI_MODE : 0);
}

static void ctlr_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    struct gic_cpu *c = &gic->cpu[cpu];
    c->common_bpr = value & CTLR_CBPR;
    c->eoi_mode = value & CTLR_EOI_MODE;
    gic_cpu_update(gic, cpu);
}

static uint64_t sre_read(struct gic *gic, unsigned cpu)
{
    (void)gic;
    (void)cpu;
    return SRE_SRE | SRE_DFB | SRE_DIB;
}

static void sre_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    (void)gic;
    (void)cpu;
    (void)value;
}

static uint64_t sre_el2_read(struct gic *gic, unsigned cpu)
{
    return sre_read(gic, cpu) | SRE_ENABLE;
}

static uint64_t igrpen0_read(struct gic *gic, unsigned cpu)
{
    return gic->cpu[cpu].enabled[0];
}

static void igrpen0_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    gic->cpu[cpu].enabled[0] = value & 1;
    gic_cpu_update(gic, cpu);
}

static uint64_t igrpen1_read(struct gic *gic, unsigned cpu)
{
    return gic->cpu[cpu].enabled[1];
}

static void igrpen1_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    gic->cpu[cpu].enabled[1] = value & 1;
    gic_cpu_update(gic, cpu);
}

/* ---- SGIs ---- */

static bool sgi_targets(const struct gic *gic, unsigned cpu, unsigned target,
                        uint64_t value)
{
    if (value & SGIR_TO_OTHERS) {
        return target != cpu;
    }
    uint64_t mpidr = gic->ports[target].mpidr;
    uint64_t cluster =
        SGIR_AFF3(value) << 32 | SGIR_AFF2(value) << 16 | SGIR_AFF1(value) << 8;
    unsigned aff0 = extract64(mpidr, 0, 8);
    return (mpidr & GIC_AFFINITY_MASK & ~UINT64_C(0xff)) == cluster &&
           aff0 / 16 == SGIR_RANGE(value) &&
           (SGIR_TARGETS(value) >> aff0 % 16 & 1);
}

/* An SGI reaches the targets that have it configured in `group`. */
static void send_sgi(struct gic *gic, unsigned cpu, unsigned group,
                     uint64_t value)
{
    unsigned sgi = SGIR_SGI(value);
    for (unsigned i = 0; i < gic->cpus; i++) {
        struct gic_bank *bank = &gic->cpu[i].bank;
        if ((bank->group1 >> sgi & 1) == group &&
            sgi_targets(gic, cpu, i, value)) {
            bank->latch |= BIT(sgi);
            gic_bank_changed(gic, i, 0, 0);
        }
    }
}

static void sgi0r_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    send_sgi(gic, cpu, 0, value);
}

static void sgi1r_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    send_sgi(gic, cpu, 1, value);
}

/* Group 1 of the other Security state, whose interrupts a GIC with a
 * single state has in group 0. */
static void asgi1r_write(struct gic *gic, unsigned cpu, uint64_t value)
{
    send_sgi(gic, cpu, 0, value);
}

/* ---- the map ---- */

struct icc_reg {
    uint64_t (*read)(struct gic *gic, unsigned cpu);
    void (*write)(struct gic *gic, unsigned cpu, uint64_t value);
};

/* S3_0_C12_C<crm>_<op2> */
#define ICC(crm, op2) [((crm)-8) * 8 + (op2)]

/* clang-format off */
static const struct icc_reg icc_regs[ICC_COUNT] = {
    ICC( 8, 0) = {iar0_read,    NULL},
    ICC( 8, 1) = {NULL,         eoir0_write},
    ICC( 8, 2) = {hppir0_read,  NULL},
    ICC( 8, 3) = {bpr0_read,    bpr0_write},
    ICC( 8, 4) = {ap0r0_read,   ap0r0_write},
    ICC( 9, 0) = {ap1r0_read,   ap1r0_write},
    ICC(11, 1) = {NULL,         dir_write},
    ICC(11, 3) = {rpr_read,     NULL},
    ICC(11, 5) = {NULL,         sgi1r_write},
    ICC(11, 6) = {NULL,         asgi1r_write},
    ICC(11, 7) = {NULL,         sgi0r_write},
    ICC(12, 0) = {iar1_read,    NULL},
    ICC(12, 1) = {NULL,         eoir1_write},
    ICC(12, 2) = {hppir1_read,  NULL},
    ICC(12, 3) = {bpr1_read,    bpr1_write},
    ICC(12, 4) = {ctlr_read,    ctlr_write},
    ICC(12, 5) = {sre_read,     sre_write},
    ICC(12, 6) = {igrpen0_read, igrpen0_write},
    ICC(12, 7) = {igrpen1_read, igrpen1_write},
};
/* clang-format on */

static const struct icc_reg icc_pmr = {pmr_read, pmr_write};
static const struct icc_reg icc_sre_el2 = {sre_el2_read, sre_write};

static const struct icc_reg *find(uint16_t reg)
{
    if (reg >= ICC_FIRST && reg < ICC_FIRST + ICC_COUNT) {
        return &icc_regs[reg - ICC_FIRST];
    }
    static const struct icc_reg none;
    return reg == ICC_PMR_EL1   ? &icc_pmr
           : reg == ICC_SRE_EL2 ? &icc_sre_el2
                                : &none;
}

static uint64_t icc_read(void *opaque, unsigned cpu, uint16_t reg)
{
    struct gic *gic = opaque;
    const struct icc_reg *row = find(reg);
    if (!row->read || cpu >= gic->cpus) {
        guest_error("icc: no register to read, encoding 0x%04x", reg);
        return 0;
    }
    gic_lock(gic);
    uint64_t value = row->read(gic, cpu);
    gic_unlock(gic);
    return value;
}

static void icc_write(void *opaque, unsigned cpu, uint16_t reg, uint64_t value)
{
    struct gic *gic = opaque;
    const struct icc_reg *row = find(reg);
    if (!row->write || cpu >= gic->cpus) {
        guest_error("icc: no register to write, encoding 0x%04x", reg);
        return;
    }
    gic_lock(gic);
    row->write(gic, cpu, value);
    gic_unlock(gic);
}

const struct cpu_gic_if gicv3_cpu_if = {.read = icc_read, .write = icc_write};
