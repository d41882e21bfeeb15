/*
 * Register frames of a GIC: dispatch by table, and the registers that GICv2
 * and GICv3 distributors and redistributors have in common.
 *
 * Everything is a row of 32-bit words; narrower accesses come as a mask
 * and 64-bit ones as two words, so that the handlers know one width.
 * (The manuals ask for byte access to some registers only and leave
 * the rest UNPREDICTABLE: here it works everywhere.)
 */
#include "hw/intc/gic_internal.h"

#include <inttypes.h>

#include "util/log.h"

/* ---- dispatch ---- */

static const struct gic_reg *find(const struct gic_frame *frame,
                                  uint32_t offset)
{
    for (unsigned i = 0; i < frame->count; i++) {
        const struct gic_reg *reg = &frame->regs[i];
        if (offset <= reg->last) {
            return offset >= reg->first ? reg : NULL;
        }
    }
    return NULL;
}

static uint32_t read_word(const struct gic_frame *frame, struct gic *gic,
                          unsigned cpu, uint32_t offset)
{
    const struct gic_reg *reg = find(frame, offset);
    if (!reg || !reg->read) {
        guest_error("%s: no register to read at 0x%" PRIx32, frame->name,
                    offset);
        return 0;
    }
    return reg->read(gic, cpu, (offset - reg->base) / 4);
}

static void write_word(const struct gic_frame *frame, struct gic *gic,
                       unsigned cpu, uint32_t offset, uint32_t value,
                       uint32_t mask)
{
    const struct gic_reg *reg = find(frame, offset);
    if (!reg || !reg->write) {
        guest_error("%s: no register to write at 0x%" PRIx32, frame->name,
                    offset);
        return;
    }
    reg->write(gic, cpu, (offset - reg->base) / 4, value & mask, mask);
}

uint64_t gic_frame_read(const struct gic_frame *frame, struct gic *gic,
                        unsigned cpu, struct bus_access access)
{
    uint32_t offset = access.offset & ~3u;
    gic_lock(gic);
    gic->nonsecure = gic->two_states && !access.secure;
    uint64_t value = read_word(frame, gic, cpu, offset);
    if (access.size == 8) {
        value |= (uint64_t)read_word(frame, gic, cpu, offset + 4) << 32;
    }
    gic_unlock(gic);
    return value >> (access.offset % 4 * 8) & mask64(access.size * 8);
}

void gic_frame_write(const struct gic_frame *frame, struct gic *gic,
                     unsigned cpu, struct bus_access access, uint64_t value)
{
    uint32_t offset = access.offset & ~3u;
    unsigned shift = access.offset % 4 * 8;
    uint64_t mask = mask64(access.size * 8) << shift;
    value <<= shift;
    gic_lock(gic);
    gic->nonsecure = gic->two_states && !access.secure;
    write_word(frame, gic, cpu, offset, value, mask);
    if (access.size == 8) {
        write_word(frame, gic, cpu, offset + 4, value >> 32, mask >> 32);
    }
    gic_unlock(gic);
}

/* ---- a bit per interrupt: index is the bank ---- */

/* Interrupts of a bank that software may make pending through it: GICv2
 * has registers of their own for SGIs. */
static uint32_t pend_mask(const struct gic *gic, unsigned n)
{
    return n == 0 && gic->model->version == 2 ? ~mask64(GIC_SGIS) : ~0u;
}

/* Bits of a bank's NSACR, of two each, that are at least `least`. */
static uint32_t nsacr_at_least(uint64_t nsacr, unsigned least)
{
    uint32_t bits = 0;
    for (unsigned i = 0; nsacr && i < 32; i++) {
        bits |= (uint32_t)((nsacr >> (2 * i) & 3) >= least) << i;
    }
    return bits;
}

uint32_t gic_visible(const struct gic *gic, const struct gic_bank *bank,
                     unsigned nsacr)
{
    return !gic->nonsecure ? ~0u
                           : bank->group1 | nsacr_at_least(bank->nsacr, nsacr);
}

/* What the interrupt's NSACR must be for Non-secure software to use a
 * register for one of the other groups. */
enum { SECURE_ONLY = 5, NS_GROUP = 4, NS_CLEAR = 2, NS_SET = 1 };

/* The bits that an access may touch, of a register with such a need. */
static uint32_t touchable(const struct gic *gic, const struct gic_bank *bank,
                          unsigned need)
{
    return need == SECURE_ONLY ? (gic->nonsecure ? 0 : ~0u)
                               : gic_visible(gic, bank, need);
}

#define BIT_REGISTER(name, need, field, statement)                        \
    uint32_t gic_##name##_read(struct gic *gic, unsigned cpu, unsigned n) \
    {                                                                     \
        struct gic_bank *bank = gic_bank(gic, cpu, n);                    \
        return bank ? (field)&touchable(gic, bank, need) : 0;             \
    }                                                                     \
    void gic_##name##_write(struct gic *gic, unsigned cpu, unsigned n,    \
                            uint32_t value, uint32_t mask)                \
    {                                                                     \
        struct gic_bank *bank = gic_bank(gic, cpu, n);                    \
        if (bank) {                                                       \
            mask &= touchable(gic, bank, need);                           \
            value &= mask;                                                \
            statement;                                                    \
            gic_bank_changed(gic, cpu, n, ~0u);                           \
        }                                                                 \
    }

BIT_REGISTER(igroupr, SECURE_ONLY, bank->group1,
             bank->group1 = (bank->group1 & ~mask) | value)
BIT_REGISTER(igrpmodr, SECURE_ONLY, bank->group_mod,
             if (gic->two_states) {
                 bank->group_mod = (bank->group_mod & ~mask) | value;
             })
BIT_REGISTER(isenabler, NS_GROUP, bank->enabled, bank->enabled |= value)
BIT_REGISTER(icenabler, NS_GROUP, bank->enabled,
             bank->enabled &= ~value | (n ? 0 : gic->model->sgi_fixed))
BIT_REGISTER(ispendr, NS_SET, gic_pending(bank),
             bank->latch |= value & pend_mask(gic, n))
BIT_REGISTER(icpendr, NS_CLEAR, gic_pending(bank),
             bank->latch &= ~(value & pend_mask(gic, n)))
BIT_REGISTER(isactiver, NS_CLEAR, bank->active, bank->active |= value)
BIT_REGISTER(icactiver, NS_CLEAR, bank->active, bank->active &= ~value)

/* ---- a byte per interrupt: index is a word of four ---- */

uint32_t gic_ipriorityr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    struct gic_bank *bank = gic_bank(gic, cpu, index / 8);
    uint32_t value = 0;
    for (unsigned i = 0; bank && i < 4; i++) {
        unsigned n = index % 8 * 4 + i, priority = bank->priority[n];
        if (gic->nonsecure) {
            priority = bank->group1 >> n & 1 ? gic_priority_view(priority) : 0;
        }
        value |= priority << (i * 8);
    }
    return value;
}

void gic_ipriorityr_write(struct gic *gic, unsigned cpu, unsigned index,
                          uint32_t value, uint32_t mask)
{
    struct gic_bank *bank = gic_bank(gic, cpu, index / 8);
    if (!bank) {
        return;
    }
    uint32_t visible = gic_visible(gic, bank, NS_GROUP);
    for (unsigned i = 0; i < 4; i++) {
        unsigned n = index % 8 * 4 + i, priority = value >> (i * 8) & 0xff;
        if ((mask >> (i * 8) & 0xff) && (visible >> n & 1)) {
            bank->priority[n] = gic->nonsecure
                                    ? gic_priority_from_view(priority)
                                    : priority;
        }
    }
    gic_bank_changed(gic, cpu, index / 8, ~0u);
}

/* ---- two bits per interrupt, of which the upper means edge ---- */

uint32_t gic_icfgr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    struct gic_bank *bank = gic_bank(gic, cpu, index / 2);
    uint32_t value = 0;
    uint32_t edge = bank ? bank->edge & gic_visible(gic, bank, NS_GROUP) : 0;
    for (unsigned i = 0; i < 16; i++) {
        value |= (edge >> (index % 2 * 16 + i) & 1) << (i * 2 + 1);
    }
    return value;
}

void gic_icfgr_write(struct gic *gic, unsigned cpu, unsigned index,
                     uint32_t value, uint32_t mask)
{
    struct gic_bank *bank = gic_bank(gic, cpu, index / 2);
    if (!bank || index == 0) { /* SGIs are always edge-triggered */
        return;
    }
    uint32_t visible = gic_visible(gic, bank, NS_GROUP);
    for (unsigned i = 0; i < 16; i++) {
        uint32_t bit = visible & BIT(index % 2 * 16 + i);
        if (mask >> (i * 2 + 1) & 1) {
            bool edge = value >> (i * 2 + 1) & 1;
            bank->edge = edge ? bank->edge | bit : bank->edge & ~bit;
        }
    }
    gic_bank_changed(gic, cpu, index / 2, ~0u);
}

/* Two words a bank; for Secure software, and there only with two states. */
uint32_t gic_nsacr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    struct gic_bank *bank = gic_bank(gic, cpu, index / 2);
    return bank && gic->two_states && !gic->nonsecure
               ? bank->nsacr >> index % 2 * 32
               : 0;
}

void gic_nsacr_write(struct gic *gic, unsigned cpu, unsigned index,
                     uint32_t value, uint32_t mask)
{
    struct gic_bank *bank = gic_bank(gic, cpu, index / 2);
    unsigned shift = index % 2 * 32;
    if (bank && gic->two_states && !gic->nonsecure) {
        bank->nsacr = (bank->nsacr & ~((uint64_t)mask << shift)) |
                      (uint64_t)value << shift;
    }
}

uint32_t gic_iidr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)gic;
    (void)cpu;
    (void)index;
    return 0x43b;
}
