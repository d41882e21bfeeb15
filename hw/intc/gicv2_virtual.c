/*
 * GICv2 virtualization: the hypervisor's control page GICH (IHI 0048B
 * chapter 5.3) and the two pages of GICV that a guest finds in place of the
 * CPU interface (5.5).  Both are windows on struct gic_virtual, and every
 * processor finds its own at the same address.
 */
#include "hw/intc/gic_internal.h"

#include "util/log.h"

#define INTID(value) extract32(value, 0, 10)

/* GICH_LR<n>, which GICv3 has spread over 64 bits */
#define LR_ID 0
#define LR_PHYSICAL_ID 10 /* without HW: EOI, CPUID */
#define LR_PRIORITY 23    /* bits 7..3 of it */
#define LR_STATE 28
#define LR_GROUP1 30
#define LR_HW 31

static struct gic_virtual *virt(struct gic *gic, unsigned cpu)
{
    return &gic->cpu[cpu].virt;
}

/* A whole register from what was written to some bytes of it. */
static uint32_t merge(uint32_t old, uint32_t value, uint32_t mask)
{
    return (old & ~mask) | value;
}

#define READ(name, value)                                                      \
    static uint32_t name##_read(struct gic *gic, unsigned cpu, unsigned index) \
    {                                                                          \
        struct gic_virtual *v = virt(gic, cpu);                                \
        (void)v;                                                               \
        (void)index;                                                           \
        return value;                                                          \
    }

#define WRITE(name, statement)                                                 \
    static void name##_write(struct gic *gic, unsigned cpu, unsigned index,    \
                             uint32_t value, uint32_t mask)                    \
    {                                                                          \
        struct gic_virtual *v = virt(gic, cpu);                                \
        (void)index;                                                           \
        (void)mask;                                                            \
        statement;                                                             \
        gic_hyp_update(gic, cpu);                                              \
    }

/* ---- GICH ---- */

static uint32_t lr_of(uint64_t lr)
{
    return (uint32_t)(extract64(lr, 0, 10) << LR_ID |
                      extract64(lr, 32, 10) << LR_PHYSICAL_ID |
                      extract64(lr, 51, 5) << LR_PRIORITY |
                      extract64(lr, 62, 2) << LR_STATE |
                      extract64(lr, 60, 1) << LR_GROUP1 |
                      extract64(lr, 61, 1) << LR_HW);
}

static uint64_t lr_from(uint32_t value)
{
    return (uint64_t)extract32(value, LR_ID, 10) |
           (uint64_t)extract32(value, LR_PHYSICAL_ID, 10) << 32 |
           (uint64_t)extract32(value, LR_PRIORITY, 5) << 51 |
           (uint64_t)extract32(value, LR_STATE, 2) << 62 |
           (uint64_t)extract32(value, LR_GROUP1, 1) << 60 |
           (uint64_t)extract32(value, LR_HW, 1) << 61;
}

READ(hcr, v->hcr)
WRITE(hcr, gic_virtual_set_hcr(v, merge(v->hcr, value, mask)))
READ(vtr, gic_virtual_vtr())
READ(vmcr, v->vmcr)
WRITE(vmcr, gic_virtual_set_vmcr(v, merge(v->vmcr, value, mask)))
READ(misr, gic_virtual_misr(v))
READ(eisr, index ? 0 : gic_virtual_eisr(v))
READ(elrsr, index ? 0 : gic_virtual_elrsr(v))
READ(apr, v->apr[0])
WRITE(apr, v->apr[0] = merge(v->apr[0], value, mask))
READ(lr, lr_of(v->lr[index]))
WRITE(lr, gic_virtual_set_lr(v, index,
                             lr_from(merge(lr_of(v->lr[index]), value, mask))))

/* ---- GICV: acknowledge ---- */

/* The INTID to read for list register `n`: a software-generated interrupt
 * comes with its sender. */
static uint32_t intid_of(const struct gic_virtual *v, int n)
{
    uint64_t lr = v->lr[n];
    uint32_t id = GIC_LR_VINTID(lr);

    return id < GIC_SGIS && !(lr & GIC_LR_HW)
               ? id | (GIC_LR_PINTID(lr) & 7) << 10
               : id;
}

/* The special INTID that hides the best interrupt from the register read,
 * or 0; as for GICC, by group and AckCtl. */
static unsigned hidden(const struct gic_virtual *v, int n, bool alias)
{
    unsigned group = gic_virtual_group(v, n);

    if (alias) {
        return group == 0 ? GIC_INTID_SPURIOUS : 0;
    }
    return group == 1 && !(v->vmcr & GIC_VMCR_ACK_CTL) ? GIC_INTID_GROUP1 : 0;
}

static uint32_t acknowledge(struct gic *gic, unsigned cpu, bool alias)
{
    struct gic_virtual *v = virt(gic, cpu);
    int n = gic_virtual_best(v);

    if (!gic_virtual_can_take(v, n)) {
        return GIC_INTID_SPURIOUS;
    }
    unsigned special = hidden(v, n, alias);

    if (special) {
        return special;
    }
    gic_virtual_acknowledge(v, n);
    gic_hyp_update(gic, cpu);
    return intid_of(v, n);
}

static uint32_t highest_pending(const struct gic_virtual *v, bool alias)
{
    int n = gic_virtual_best(v);

    if (n < 0) {
        return GIC_INTID_SPURIOUS;
    }
    unsigned special = hidden(v, n, alias);

    return special ? special : intid_of(v, n);
}

READ(iar, acknowledge(gic, cpu, false))
READ(aiar, acknowledge(gic, cpu, true))
READ(hppir, highest_pending(v, false))
READ(ahppir, highest_pending(v, true))

/* ---- GICV: end ---- */

READ(rpr, gic_virtual_running(v))
WRITE(eoir, gic_hyp_ended(gic, cpu, gic_virtual_end(v, -1, INTID(value))))
WRITE(aeoir, gic_hyp_ended(gic, cpu, gic_virtual_end(v, 1, INTID(value))))
WRITE(dir, gic_hyp_ended(gic, cpu, gic_virtual_deactivate(v, INTID(value))))

/* ---- GICV: masks and control, which are fields of GICH_VMCR ---- */

#define CTLR_BITS                                                       \
    (GIC_VMCR_ENABLE(0) | GIC_VMCR_ENABLE(1) | GIC_VMCR_ACK_CTL |       \
     GIC_VMCR_FIQ_EN | GIC_VMCR_CBPR | GIC_VMCR_EOI_MODE)

READ(ctlr, (uint32_t)(v->vmcr & CTLR_BITS))
WRITE(ctlr, v->vmcr = merge(v->vmcr, value & CTLR_BITS,
                            mask & (uint32_t)CTLR_BITS))
READ(pmr, gic_virtual_pmr(v))
WRITE(pmr, gic_virtual_set_pmr(v, value))
READ(bpr, gic_virtual_bpr(v, 0))
WRITE(bpr, gic_virtual_set_bpr(v, 0, value))
READ(abpr, gic_virtual_bpr(v, 1))
WRITE(abpr, gic_virtual_set_bpr(v, 1, value))

static uint32_t vcpu_iidr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    return 2 << 16 | gic_iidr_read(gic, cpu, index);
}

/* ---- the maps ---- */

#define LR_LAST (0x100 + 4 * GIC_LRS - 1)

/* clang-format off */
static const struct gic_reg hyp_regs[] = {
    /* base first  last   */
    {0x000, 0x000, 0x003, hcr_read,   hcr_write},
    {0x004, 0x004, 0x007, vtr_read,   NULL},
    {0x008, 0x008, 0x00b, vmcr_read,  vmcr_write},
    {0x010, 0x010, 0x013, misr_read,  NULL},
    {0x020, 0x020, 0x027, eisr_read,  NULL},
    {0x030, 0x030, 0x037, elrsr_read, NULL},
    {0x0f0, 0x0f0, 0x0f3, apr_read,   apr_write},
    {0x100, 0x100, LR_LAST, lr_read,  lr_write},
};

static const struct gic_reg vcpu_regs[] = {
    /* base   first   last   */
    {0x0000, 0x0000, 0x0003, ctlr_read,      ctlr_write},
    {0x0004, 0x0004, 0x0007, pmr_read,       pmr_write},
    {0x0008, 0x0008, 0x000b, bpr_read,       bpr_write},
    {0x000c, 0x000c, 0x000f, iar_read,       NULL},
    {0x0010, 0x0010, 0x0013, NULL,           eoir_write},
    {0x0014, 0x0014, 0x0017, rpr_read,       NULL},
    {0x0018, 0x0018, 0x001b, hppir_read,     NULL},
    {0x001c, 0x001c, 0x001f, abpr_read,      abpr_write},
    {0x0020, 0x0020, 0x0023, aiar_read,      NULL},
    {0x0024, 0x0024, 0x0027, NULL,           aeoir_write},
    {0x0028, 0x0028, 0x002b, ahppir_read,    NULL},
    {0x00d0, 0x00d0, 0x00d3, apr_read,       apr_write},
    {0x00fc, 0x00fc, 0x00ff, vcpu_iidr_read, NULL},
    {0x1000, 0x1000, 0x1003, NULL,           dir_write},
};
/* clang-format on */

static const struct gic_frame hyp_frame = {"gich", hyp_regs,
                                           ARRAY_SIZE(hyp_regs)};
static const struct gic_frame vcpu_frame = {"gicv", vcpu_regs,
                                            ARRAY_SIZE(vcpu_regs)};

static uint64_t read_hyp(void *device, struct bus_access access)
{
    return gic_frame_read(&hyp_frame, device, gic_access_cpu(device, access),
                          access);
}

static void write_hyp(void *device, struct bus_access access, uint64_t value)
{
    gic_frame_write(&hyp_frame, device, gic_access_cpu(device, access), access,
                    value);
}

static uint64_t read_vcpu(void *device, struct bus_access access)
{
    return gic_frame_read(&vcpu_frame, device, gic_access_cpu(device, access),
                          access);
}

static void write_vcpu(void *device, struct bus_access access, uint64_t value)
{
    gic_frame_write(&vcpu_frame, device, gic_access_cpu(device, access), access,
                    value);
}

const struct mmio_ops gicv2_hyp_ops = {.read = read_hyp, .write = write_hyp};
const struct mmio_ops gicv2_vcpu_ops = {.read = read_vcpu,
                                        .write = write_vcpu};
