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

#define BIT_REGISTER(name, field, statement)                              \
    uint32_t gic_##name##_read(struct gic *gic, unsigned cpu, unsigned n) \
    {                                                                     \
        struct gic_bank *bank = gic_bank(gic, cpu, n);                    \
        return bank ? (field) : 0;                                        \
    }                                                                     \
    void gic_##name##_write(struct gic *gic, unsigned cpu, unsigned n,    \
                            uint32_t value, uint32_t mask)                \
    {                                                                     \
        struct gic_bank *bank = gic_bank(gic, cpu, n);                    \
        (void)mask;                                                       \
        if (bank) {                                                       \
            statement;                                                    \
            gic_bank_changed(gic, cpu, n, ~0u);                           \
        }                                                                 \
    }

BIT_REGISTER(igroupr, bank->group1,
             bank->group1 = (bank->group1 & ~mask) | value)
BIT_REGISTER(isenabler, bank->enabled, bank->enabled |= value)
BIT_REGISTER(icenabler, bank->enabled,
             bank->enabled &= ~value | (n ? 0 : gic->model->sgi_fixed))
BIT_REGISTER(ispendr, gic_pending(bank),
             bank->latch |= value & pend_mask(gic, n))
BIT_REGISTER(icpendr, gic_pending(bank),
             bank->latch &= ~(value & pend_mask(gic, n)))
BIT_REGISTER(isactiver, bank->active, bank->active |= value)
BIT_REGISTER(icactiver, bank->active, bank->active &= ~value)

/* ---- a byte per interrupt: index is a word of four ---- */

uint32_t gic_ipriorityr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    struct gic_bank *bank = gic_bank(gic, cpu, index / 8);
    uint32_t value = 0;
    for (unsigned i = 0; bank && i < 4; i++) {
        value |= (uint32_t)bank->priority[index % 8 * 4 + i] << (i * 8);
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
    for (unsigned i = 0; i < 4; i++) {
        if (mask >> (i * 8) & 0xff) {
            bank->priority[index % 8 * 4 + i] = value >> (i * 8);
        }
    }
    gic_bank_changed(gic, cpu, index / 8, ~0u);
}

/* ---- two bits per interrupt, of which the upper means edge ---- */

uint32_t gic_icfgr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    struct gic_bank *bank = gic_bank(gic, cpu, index / 2);
    uint32_t value = 0;
    for (unsigned i = 0; bank && i < 16; i++) {
        value |= (bank->edge >> (index % 2 * 16 + i) & 1) << (i * 2 + 1);
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
    for (unsigned i = 0; i < 16; i++) {
        uint32_t bit = BIT(index % 2 * 16 + i);
        if (mask >> (i * 2 + 1) & 1) {
            bool edge = value >> (i * 2 + 1) & 1;
            bank->edge = edge ? bank->edge | bit : bank->edge & ~bit;
        }
    }
    gic_bank_changed(gic, cpu, index / 2, ~0u);
}

uint32_t gic_iidr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)gic;
    (void)cpu;
    (void)index;
    return 0x43b;
}
