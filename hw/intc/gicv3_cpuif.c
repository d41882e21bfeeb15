/*
 * GICv3 CPU interface: the ICC_*_EL1 system registers (IHI 0069 chapter
 * 12.2), called on the vCPU's own thread.
 *
 * System register access is always on (ICC_SRE_ELx is RAO/WI).  Registers of
 * group 1 have a copy for each Security state; where there is one, it is the
 * Non-secure copy, so that ICC_BPR1_EL1 counts one higher than
 * ICC_BPR0_EL1.  What HCR_EL2 makes virtual goes to gicv3_virtual.c.
 */
#include "hw/intc/gic_internal.h"

#include "util/log.h"

#define ICC_PMR_EL1 GIC_SYSREG(3, 0, 4, 6, 0)
#define ICC_FIRST GIC_SYSREG(3, 0, 12, 8, 0)
#define ICC_COUNT 64 /* CRm 8..15 */
#define ICC_SRE_EL2 GIC_SYSREG(3, 4, 12, 9, 5)
#define ICC_CTLR_EL3 GIC_SYSREG(3, 6, 12, 12, 4)
#define ICC_SRE_EL3 GIC_SYSREG(3, 6, 12, 12, 5)
#define ICC_IGRPEN1_EL3 GIC_SYSREG(3, 6, 12, 12, 7)

/* ICC_CTLR_EL1 and, further up, ICC_CTLR_EL3 */
#define CTLR_CBPR BIT(0)
#define CTLR_EOI_MODE BIT(1)
#define CTLR_PRI_BITS(bits) (((bits)-1) << 8)
#define CTLR_ID_BITS_24 (1 << 11)
#define CTLR_A3V BIT(15)
#define CTLR_FIXED (CTLR_A3V | CTLR_ID_BITS_24 | CTLR_PRI_BITS(5))

/* ICC_CTLR_EL3 */
#define CTLR_CBPR_EL1S BIT(0)
#define CTLR_CBPR_EL1NS BIT(1)
#define CTLR_EOI_MODE_EL3 BIT(2)
#define CTLR_EOI_MODE_EL1S BIT(3)
#define CTLR_EOI_MODE_EL1NS BIT(4)

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

/* ---- who asks ---- */

static enum gic_world world_of(const struct gic *gic, unsigned how)
{
    return !gic->config.security         ? GIC_NONSECURE
           : (how & CPU_GIC_EL) == 3     ? GIC_EL3
           : (how & CPU_GIC_SECURE) != 0 ? GIC_SECURE
                                         : GIC_NONSECURE;
}

/* EL3 is in Secure state, whichever copies SCR_EL3.NS gives it. */
static bool is_nonsecure(const struct gic *gic, unsigned how)
{
    return gic->two_states && world_of(gic, how) == GIC_NONSECURE;
}

/* The group whose copy of a register of group 1 is meant. */
static unsigned group1_copy(const struct gic *gic, unsigned how)
{
    return gic->config.security && (how & CPU_GIC_SECURE) ? GIC_GROUP1_SECURE
                                                          : GIC_GROUP1;
}

/* The copy that SCR_EL3.NS gives, of what there is for EL1 and EL2. */
static enum gic_world lower_world(const struct gic *gic, unsigned how)
{
    return group1_copy(gic, how) == GIC_GROUP1 ? GIC_NONSECURE : GIC_SECURE;
}

/* Groups that a register for group 0 or 1 is about, a bit each. */
static unsigned groups_of(const struct gic *gic, unsigned group, unsigned how)
{
    static const uint8_t group1[] = {
        [GIC_EL3] = BIT(GIC_GROUP1) | BIT(GIC_GROUP1_SECURE),
        [GIC_NONSECURE] = BIT(GIC_GROUP1),
        [GIC_SECURE] = BIT(GIC_GROUP1_SECURE),
    };

    if (!gic->two_states) {
        return BIT(group);
    }
    if (group == GIC_GROUP0) {
        return is_nonsecure(gic, how) ? 0 : BIT(GIC_GROUP0);
    }
    return group1[world_of(gic, how)];
}

/* ---- acknowledge: ICC_IAR<n>_EL1, ICC_HPPIR<n>_EL1 ---- */

/* What hides the best interrupt from a register of `group`, or 0.  EL3 is
 * told by those of group 0 for which Security state it is. */
static unsigned hidden(const struct gic *gic, const struct gic_best *best,
                       unsigned group, unsigned how)
{
    if (groups_of(gic, group, how) >> best->group & 1) {
        return 0;
    }
    if (group == GIC_GROUP0 && gic->two_states &&
        world_of(gic, how) == GIC_EL3) {
        return best->group == GIC_GROUP1 ? GIC_INTID_NONSECURE
                                         : GIC_INTID_SECURE;
    }
    return GIC_INTID_SPURIOUS;
}

static uint64_t acknowledge(struct gic *gic, unsigned cpu, unsigned group,
                            unsigned how)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    if (!gic_cpu_can_take(gic, c)) {
        return GIC_INTID_SPURIOUS;
    }
    unsigned special = hidden(gic, &c->best, group, how);
    return special ? special : gic_acknowledge(gic, cpu);
}

static uint64_t iar0_read(struct gic *gic, unsigned cpu, unsigned how)
{
    return acknowledge(gic, cpu, 0, how);
}

static uint64_t iar1_read(struct gic *gic, unsigned cpu, unsigned how)
{
    return acknowledge(gic, cpu, 1, how);
}

static uint64_t highest_pending(const struct gic *gic, unsigned cpu,
                                unsigned group, unsigned how)
{
    const struct gic_best *best = &gic->cpu[cpu].best;
    if (best->intid == GIC_INTID_SPURIOUS) {
        return GIC_INTID_SPURIOUS;
    }
    unsigned special = hidden(gic, best, group, how);
    return special ? special : best->intid;
}

static uint64_t hppir0_read(struct gic *gic, unsigned cpu, unsigned how)
{
    return highest_pending(gic, cpu, 0, how);
}

static uint64_t hppir1_read(struct gic *gic, unsigned cpu, unsigned how)
{
    return highest_pending(gic, cpu, 1, how);
}

/* ---- end: ICC_EOIR<n>_EL1, ICC_DIR_EL1, ICC_RPR_EL1 ---- */

static void end(struct gic *gic, unsigned cpu, unsigned group, uint64_t value,
                unsigned how)
{
    if (INTID(value) >= gic->banks * 32 && !gic_is_lpi(gic, INTID(value))) {
        return; /* the end of a spurious interrupt is no error */
    }
    int running = gic_running_group(gic, &gic->cpu[cpu]);
    if (running < 0 || !(groups_of(gic, group, how) >> running & 1)) {
        guest_error("icc: end of interrupt %u of group %u, but none of the "
                    "group is running",
                    (unsigned)INTID(value), group);
        return;
    }
    gic_end(gic, cpu, (unsigned)running, INTID(value), world_of(gic, how));
}

static void eoir0_write(struct gic *gic, unsigned cpu, uint64_t value,
                        unsigned how)
{
    end(gic, cpu, 0, value, how);
}

static void eoir1_write(struct gic *gic, unsigned cpu, uint64_t value,
                        unsigned how)
{
    end(gic, cpu, 1, value, how);
}

/* Non-secure software deactivates interrupts of its group. */
static bool may_deactivate(struct gic *gic, unsigned cpu, unsigned intid,
                           unsigned how)
{
    const struct gic_bank *bank = gic_bank(gic, cpu, intid / 32);

    return bank && (!is_nonsecure(gic, how) || bank->group1 >> intid % 32 & 1);
}

static void dir_write(struct gic *gic, unsigned cpu, uint64_t value,
                      unsigned how)
{
    if (!gic->cpu[cpu].eoi_mode[world_of(gic, how)]) {
        guest_error("icc: ICC_DIR_EL1 written with EOImode 0");
        return;
    }
    if (may_deactivate(gic, cpu, INTID(value), how)) {
        gic_deactivate(gic, cpu, INTID(value));
    }
}

static uint64_t rpr_read(struct gic *gic, unsigned cpu, unsigned how)
{
    unsigned priority = gic_running_priority(gic, &gic->cpu[cpu]);

    return (how & CPU_GIC_NS_PRIORITY) && priority != GIC_IDLE_PRIORITY
               ? gic_priority_view(priority)
               : priority;
}

/* ---- masks: ICC_PMR_EL1, ICC_BPR<n>_EL1, ICC_AP<n>R0_EL1 ---- */

static uint64_t pmr_read(struct gic *gic, unsigned cpu, unsigned how)
{
    unsigned pmr = gic->cpu[cpu].pmr;

    return how & CPU_GIC_NS_PRIORITY ? gic_priority_view(pmr) : pmr;
}

/* In the Non-secure view what Secure software has masked stays so. */
static void pmr_write(struct gic *gic, unsigned cpu, uint64_t value,
                      unsigned how)
{
    uint8_t *pmr = &gic->cpu[cpu].pmr;
    if (how & CPU_GIC_NS_PRIORITY) {
        if (!(*pmr & 0x80)) {
            return;
        }
        value = gic_priority_from_view(value);
    }
    *pmr = value & gic->model->priority_mask;
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

static uint64_t bpr0_read(struct gic *gic, unsigned cpu, unsigned how)
{
    (void)how;
    return gic->cpu[cpu].bpr[0];
}

static void bpr0_write(struct gic *gic, unsigned cpu, uint64_t value,
                       unsigned how)
{
    (void)how;
    set_bpr(gic, cpu, 0, value);
}

/* With CBPR Secure software has ICC_BPR0_EL1 by this name as well, the other
 * reads one more of it. */
static uint64_t bpr1_read(struct gic *gic, unsigned cpu, unsigned how)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    unsigned group = group1_copy(gic, how);
    if (!c->common_bpr[group]) {
        return c->bpr[group];
    }
    return group == GIC_GROUP1 && c->bpr[0] < 7 ? c->bpr[0] + 1 : c->bpr[0];
}

static void bpr1_write(struct gic *gic, unsigned cpu, uint64_t value,
                       unsigned how)
{
    unsigned group = group1_copy(gic, how);
    if (!gic->cpu[cpu].common_bpr[group]) {
        set_bpr(gic, cpu, group, value);
    } else if (group == GIC_GROUP1_SECURE) {
        set_bpr(gic, cpu, GIC_GROUP0, value);
    }
}

static uint64_t ap0r0_read(struct gic *gic, unsigned cpu, unsigned how)
{
    (void)how;
    return gic->cpu[cpu].apr[0][0];
}

static void ap0r0_write(struct gic *gic, unsigned cpu, uint64_t value,
                        unsigned how)
{
    (void)how;
    gic->cpu[cpu].apr[0][0] = value;
    gic_cpu_update(gic, cpu);
}

static uint64_t ap1r0_read(struct gic *gic, unsigned cpu, unsigned how)
{
    return gic->cpu[cpu].apr[group1_copy(gic, how)][0];
}

static void ap1r0_write(struct gic *gic, unsigned cpu, uint64_t value,
                        unsigned how)
{
    gic->cpu[cpu].apr[group1_copy(gic, how)][0] = value;
    gic_cpu_update(gic, cpu);
}

/* ---- control: ICC_CTLR_ELx, ICC_SRE_ELx, ICC_IGRPEN<n>_ELx ---- */

static uint64_t ctlr_read(struct gic *gic, unsigned cpu, unsigned how)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    return CTLR_FIXED |
           (c->common_bpr[group1_copy(gic, how)] ? CTLR_CBPR : 0) |
           (c->eoi_mode[lower_world(gic, how)] ? CTLR_EOI_MODE : 0);
}

/* CBPR is EL3's while there are two Security states. */
static void ctlr_write(struct gic *gic, unsigned cpu, uint64_t value,
                       unsigned how)
{
    struct gic_cpu *c = &gic->cpu[cpu];
    if (!gic->two_states) {
        c->common_bpr[group1_copy(gic, how)] = value & CTLR_CBPR;
    }
    c->eoi_mode[lower_world(gic, how)] = value & CTLR_EOI_MODE;
    gic_cpu_update(gic, cpu);
}

static uint64_t ctlr_el3_read(struct gic *gic, unsigned cpu, unsigned how)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    (void)how;
    return CTLR_FIXED |
           (c->common_bpr[GIC_GROUP1_SECURE] ? CTLR_CBPR_EL1S : 0) |
           (c->common_bpr[GIC_GROUP1] ? CTLR_CBPR_EL1NS : 0) |
           (c->eoi_mode[GIC_EL3] ? CTLR_EOI_MODE_EL3 : 0) |
           (c->eoi_mode[GIC_SECURE] ? CTLR_EOI_MODE_EL1S : 0) |
           (c->eoi_mode[GIC_NONSECURE] ? CTLR_EOI_MODE_EL1NS : 0);
}

static void ctlr_el3_write(struct gic *gic, unsigned cpu, uint64_t value,
                           unsigned how)
{
    struct gic_cpu *c = &gic->cpu[cpu];
    (void)how;
    c->common_bpr[GIC_GROUP1_SECURE] = value & CTLR_CBPR_EL1S;
    c->common_bpr[GIC_GROUP1] = value & CTLR_CBPR_EL1NS;
    c->eoi_mode[GIC_EL3] = value & CTLR_EOI_MODE_EL3;
    c->eoi_mode[GIC_SECURE] = value & CTLR_EOI_MODE_EL1S;
    c->eoi_mode[GIC_NONSECURE] = value & CTLR_EOI_MODE_EL1NS;
    gic_cpu_update(gic, cpu);
}

static uint64_t sre_read(struct gic *gic, unsigned cpu, unsigned how)
{
    (void)gic;
    (void)cpu;
    (void)how;
    return SRE_SRE | SRE_DFB | SRE_DIB;
}

static void sre_write(struct gic *gic, unsigned cpu, uint64_t value,
                      unsigned how)
{
    (void)gic;
    (void)cpu;
    (void)value;
    (void)how;
}

/* Of ICC_SRE_EL2 and EL3. */
static uint64_t sre_upper_read(struct gic *gic, unsigned cpu, unsigned how)
{
    return sre_read(gic, cpu, how) | SRE_ENABLE;
}

static uint64_t igrpen0_read(struct gic *gic, unsigned cpu, unsigned how)
{
    (void)how;
    return gic->cpu[cpu].enabled[0];
}

static void igrpen0_write(struct gic *gic, unsigned cpu, uint64_t value,
                          unsigned how)
{
    (void)how;
    gic->cpu[cpu].enabled[0] = value & 1;
    gic_cpu_update(gic, cpu);
}

static uint64_t igrpen1_read(struct gic *gic, unsigned cpu, unsigned how)
{
    return gic->cpu[cpu].enabled[group1_copy(gic, how)];
}

static void igrpen1_write(struct gic *gic, unsigned cpu, uint64_t value,
                          unsigned how)
{
    gic->cpu[cpu].enabled[group1_copy(gic, how)] = value & 1;
    gic_cpu_update(gic, cpu);
}

/* Bit 0 for the Non-secure, 1 for the Secure group 1. */
static uint64_t igrpen1_el3_read(struct gic *gic, unsigned cpu, unsigned how)
{
    const bool *enabled = gic->cpu[cpu].enabled;
    (void)how;
    return enabled[GIC_GROUP1] | enabled[GIC_GROUP1_SECURE] << 1;
}

static void igrpen1_el3_write(struct gic *gic, unsigned cpu, uint64_t value,
                              unsigned how)
{
    bool *enabled = gic->cpu[cpu].enabled;
    (void)how;
    enabled[GIC_GROUP1] = value & 1;
    enabled[GIC_GROUP1_SECURE] = value & 2;
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

/* Whether an SGI sent to `group` may be made pending as it is configured
 * (IHI 0069 4.7.3): NSACR opens the Secure groups to Non-secure software. */
static bool sgi_permitted(const struct gic *gic, const struct gic_bank *bank,
                          unsigned sgi, unsigned group, unsigned how)
{
    unsigned is = gic_group(bank, sgi);
    bool as_group0 = group == GIC_GROUP1_SECURE && is == GIC_GROUP0;

    if (is != group && !as_group0) {
        return false;
    }
    return !is_nonsecure(gic, how) || is == GIC_GROUP1 ||
           (bank->nsacr >> 2 * sgi & 3) >= (is == GIC_GROUP0 ? 1 : 2);
}

/* An SGI reaches the targets that have it configured in `group`. */
static void send_sgi(struct gic *gic, unsigned cpu, unsigned group,
                     uint64_t value, unsigned how)
{
    unsigned sgi = SGIR_SGI(value);
    for (unsigned i = 0; i < gic->cpus; i++) {
        struct gic_bank *bank = &gic->cpu[i].bank;
        if (sgi_permitted(gic, bank, sgi, group, how) &&
            sgi_targets(gic, cpu, i, value)) {
            bank->latch |= BIT(sgi);
            gic_bank_changed(gic, i, 0, 0);
        }
    }
}

static void sgi0r_write(struct gic *gic, unsigned cpu, uint64_t value,
                        unsigned how)
{
    send_sgi(gic, cpu, GIC_GROUP0, value, how);
}

static void sgi1r_write(struct gic *gic, unsigned cpu, uint64_t value,
                        unsigned how)
{
    bool secure = gic->two_states && !is_nonsecure(gic, how);
    send_sgi(gic, cpu, secure ? GIC_GROUP1_SECURE : GIC_GROUP1, value, how);
}

/* Group 1 of the other Security state, whose interrupts a GIC with a
 * single state has in group 0. */
static void asgi1r_write(struct gic *gic, unsigned cpu, uint64_t value,
                         unsigned how)
{
    unsigned group = !gic->two_states        ? GIC_GROUP0
                     : is_nonsecure(gic, how) ? GIC_GROUP1_SECURE
                                              : GIC_GROUP1;
    send_sgi(gic, cpu, group, value, how);
}

/* ---- the map ---- */

/* What makes a register virtual for a guest of EL2, and what traps it. */
enum icc_class { ICC_GROUP0, ICC_GROUP1, ICC_COMMON, ICC_DIR, ICC_SGI,
                 ICC_SRE };

static const struct {
    uint8_t is_virtual; /* CPU_GIC_VIRTUAL... */
    uint32_t traps;     /* of ICH_HCR_EL2 */
} icc_classes[] = {
    [ICC_GROUP0] = {CPU_GIC_VIRTUAL0, GIC_HCR_TALL0},
    [ICC_GROUP1] = {CPU_GIC_VIRTUAL1, GIC_HCR_TALL1},
    [ICC_COMMON] = {CPU_GIC_VIRTUAL0 | CPU_GIC_VIRTUAL1, GIC_HCR_TC},
    [ICC_DIR] = {CPU_GIC_VIRTUAL0 | CPU_GIC_VIRTUAL1,
                 GIC_HCR_TC | GIC_HCR_TDIR},
    [ICC_SGI] = {0, GIC_HCR_TC},
    [ICC_SRE] = {0, 0},
};

struct icc_row {
    struct gic_icc_reg reg;
    enum icc_class class;
};

/* S3_0_C12_C<crm>_<op2> */
#define ICC(crm, op2) [((crm)-8) * 8 + (op2)]

/* clang-format off */
static const struct icc_row icc_regs[ICC_COUNT] = {
    ICC( 8, 0) = {{iar0_read,    NULL},          ICC_GROUP0},
    ICC( 8, 1) = {{NULL,         eoir0_write},   ICC_GROUP0},
    ICC( 8, 2) = {{hppir0_read,  NULL},          ICC_GROUP0},
    ICC( 8, 3) = {{bpr0_read,    bpr0_write},    ICC_GROUP0},
    ICC( 8, 4) = {{ap0r0_read,   ap0r0_write},   ICC_GROUP0},
    ICC( 9, 0) = {{ap1r0_read,   ap1r0_write},   ICC_GROUP1},
    ICC(11, 1) = {{NULL,         dir_write},     ICC_DIR},
    ICC(11, 3) = {{rpr_read,     NULL},          ICC_COMMON},
    ICC(11, 5) = {{NULL,         sgi1r_write},   ICC_SGI},
    ICC(11, 6) = {{NULL,         asgi1r_write},  ICC_SGI},
    ICC(11, 7) = {{NULL,         sgi0r_write},   ICC_SGI},
    ICC(12, 0) = {{iar1_read,    NULL},          ICC_GROUP1},
    ICC(12, 1) = {{NULL,         eoir1_write},   ICC_GROUP1},
    ICC(12, 2) = {{hppir1_read,  NULL},          ICC_GROUP1},
    ICC(12, 3) = {{bpr1_read,    bpr1_write},    ICC_GROUP1},
    ICC(12, 4) = {{ctlr_read,    ctlr_write},    ICC_COMMON},
    ICC(12, 5) = {{sre_read,     sre_write},     ICC_SRE},
    ICC(12, 6) = {{igrpen0_read, igrpen0_write}, ICC_GROUP0},
    ICC(12, 7) = {{igrpen1_read, igrpen1_write}, ICC_GROUP1},
};
/* clang-format on */

static const struct icc_row icc_pmr = {{pmr_read, pmr_write}, ICC_COMMON};

/* Those of EL1, or NULL. */
static const struct icc_row *find_el1(uint16_t reg)
{
    if (reg >= ICC_FIRST && reg < ICC_FIRST + ICC_COUNT) {
        return &icc_regs[reg - ICC_FIRST];
    }
    return reg == ICC_PMR_EL1 ? &icc_pmr : NULL;
}

static const struct gic_icc_reg *find_upper(const struct gic *gic,
                                            uint16_t reg)
{
    static const struct gic_icc_reg sre = {sre_upper_read, sre_write};
    static const struct gic_icc_reg ctlr = {ctlr_el3_read, ctlr_el3_write};
    static const struct gic_icc_reg igrpen1 = {igrpen1_el3_read,
                                               igrpen1_el3_write};
    static const struct gic_icc_reg none;

    switch (reg) {
    case ICC_SRE_EL2:
    case ICC_SRE_EL3:
        return &sre;
    case ICC_CTLR_EL3:
        return &ctlr;
    case ICC_IGRPEN1_EL3:
        return &igrpen1;
    default:
        return gic_has_virtual(gic) ? gicv3_ich_find(reg) : &none;
    }
}

static const struct gic_icc_reg *find(const struct gic *gic, uint16_t reg,
                                      unsigned how)
{
    const struct icc_row *row = find_el1(reg);

    if (!row) {
        return find_upper(gic, reg);
    }
    if (!(how & (CPU_GIC_VIRTUAL0 | CPU_GIC_VIRTUAL1))) {
        return &row->reg;
    }
    return how & icc_classes[row->class].is_virtual ? gicv3_icv_find(reg)
                                                    : &row->reg;
}

static uint64_t icc_read(void *opaque, unsigned cpu, uint16_t reg,
                         unsigned how)
{
    struct gic *gic = opaque;
    const struct gic_icc_reg *row = find(gic, reg, how);
    if (!row->read || cpu >= gic->cpus) {
        guest_error("icc: no register to read, encoding 0x%04x", reg);
        return 0;
    }
    gic_lock(gic);
    uint64_t value = row->read(gic, cpu, how);
    gic_unlock(gic);
    return value;
}

static void icc_write(void *opaque, unsigned cpu, uint16_t reg, uint64_t value,
                      unsigned how)
{
    struct gic *gic = opaque;
    const struct gic_icc_reg *row = find(gic, reg, how);
    if (!row->write || cpu >= gic->cpus) {
        guest_error("icc: no register to write, encoding 0x%04x", reg);
        return;
    }
    gic_lock(gic);
    row->write(gic, cpu, value, how);
    gic_unlock(gic);
}

/* Only the processor itself writes its ICH_HCR_EL2's trap bits. */
static bool icc_traps(void *opaque, unsigned cpu, uint16_t reg)
{
    const struct gic *gic = opaque;
    const struct icc_row *row = find_el1(reg);
    return row &&
           (gic->cpu[cpu].virt.hcr & icc_classes[row->class].traps) != 0;
}

static void icc_moved(void *opaque, unsigned cpu, unsigned how)
{
    struct gic *gic = opaque;
    gic_lock(gic);
    gic->cpu[cpu].world = world_of(gic, how);
    gic_cpu_update(gic, cpu);
    gic_unlock(gic);
}

const struct cpu_gic_if gicv3_cpu_if = {.read = icc_read,
                                        .write = icc_write,
                                        .traps = icc_traps,
                                        .moved = icc_moved};
