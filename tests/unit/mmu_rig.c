#include "tests/unit/mmu_rig.h"

#include <string.h>

struct mmu_rig mmu;

const struct mmu_granule mmu_granules[MMU_GRANULES] = {
    {12, 0, 2}, {14, 2, 1}, {16, 1, 3},
};

void mmu_rig_setup(void)
{
    memset(&mmu, 0, sizeof(mmu));
    mmu.bus = bus_new();
    mmu.ram = ram_new("ram", RAM_SIZE, NULL);
    bus_map_ram(mmu.bus, RAM_BASE, mmu.ram);
    mmu.next_table = RAM_BASE;
    mmu.key.el = 1;
}

void mmu_rig_teardown(void)
{
    bus_free(mmu.bus);
    ram_free(mmu.ram);
}

/* ---- building tables ---- */

static unsigned stride(unsigned bits)
{
    return bits - 3;
}

unsigned shift_of(unsigned bits, int level)
{
    return bits + (unsigned)(3 - level) * stride(bits);
}

int start_level(unsigned bits, unsigned input)
{
    int level = 3;

    while (shift_of(bits, level) + stride(bits) < input) {
        level--;
    }
    return level;
}

static uint64_t new_tables(unsigned bits, unsigned count)
{
    uint64_t size = count * BIT(bits);
    uint64_t pa = align_up(mmu.next_table, size);

    mmu.next_table = pa + size;
    ck_assert_uint_le(mmu.next_table, RAM_BASE + RAM_SIZE);
    memset(mmu.ram->host + (pa - RAM_BASE), 0, size);
    return pa;
}

uint64_t new_table(unsigned bits)
{
    return new_tables(bits, 1);
}

void use_granule(const struct mmu_granule *g, unsigned tsz)
{
    mmu.next_table = RAM_BASE;
    mmu.regs = (struct mmu_regs){
        .regime = MMU_EL1_0,
        .tcr = tsz | (uint64_t)tsz << 16 | (uint64_t)g->tg0 << 14 |
               (uint64_t)g->tg1 << 30 | UINT64_C(5) << 32,
        .mair = UINT64_C(0xff4404), /* 0 device, 1 non-cacheable, 2 normal */
        .pa_bits = 48,
    };
    mmu.regs.ttbr0 = new_table(g->bits) | UINT64_C(0x1234) << 48 | 1;
    mmu.regs.ttbr1 = new_table(g->bits) | UINT64_C(0x1234) << 48;
}

void use_stage2(const struct mmu_granule *g, unsigned tsz, int level,
                unsigned concatenated)
{
    unsigned sl0 = (unsigned)(g->bits == 12 ? 2 - level : 3 - level);

    mmu.stage2 = (struct mmu_stage2){
        .hcr = 1,
        .vtcr = tsz | (uint64_t)(level < 0 ? 0 : sl0 & 3) << 6 |
                (uint64_t)g->tg0 << 14 | UINT64_C(5) << 16 |
                (level < 0 ? BIT(33) : 0),
        .vttbr = new_tables(g->bits, concatenated) | UINT64_C(7) << 48,
    };
    mmu.has_stage2 = true;
}

uint64_t *descriptor(uint64_t pa)
{
    ck_assert_uint_lt(pa - RAM_BASE, RAM_SIZE);
    return (uint64_t *)(void *)(mmu.ram->host + (pa - RAM_BASE));
}

static uint64_t *find(uint64_t table, unsigned bits, unsigned input,
                      int first, uint64_t va, int level, uint64_t attrs)
{
    unsigned top = input;

    for (int l = first;; l++) {
        unsigned shift = shift_of(bits, l);
        uint64_t index = (va >> shift) & mask64((int)(top - shift));
        uint64_t *desc = descriptor(table + 8 * index);
        if (l == level) {
            return desc;
        }
        if (!(*desc & 1)) {
            *desc = new_table(bits) | VALID_TABLE;
        }
        *desc |= attrs;
        table = *desc & mask64(48) & ~mask64((int)bits);
        top = shift;
    }
}

uint64_t *slot(unsigned bits, unsigned tsz, uint64_t va, int level,
               uint64_t attrs)
{
    uint64_t ttbr = va >> 55 & 1 ? mmu.regs.ttbr1 : mmu.regs.ttbr0;

    return find(ttbr & mask64(48) & ~mask64(6), bits, 64 - tsz,
                start_level(bits, 64 - tsz), va, level, attrs);
}

uint64_t *slot2(unsigned bits, unsigned tsz, int first, uint64_t ipa,
                int level)
{
    return find(mmu.stage2.vttbr & mask64(48) & ~mask64(6), bits, 64 - tsz,
                first, ipa, level, 0);
}

bool walk(uint64_t va, enum tlb_access access)
{
    struct mmu_request request = {
        .regs = &mmu.regs,
        .stage2 = mmu.has_stage2 ? &mmu.stage2 : NULL,
        .secure = mmu.secure,
        .bus = mmu.bus,
        .key = &mmu.key,
        .va = va,
        .access = access,
        .purpose = mmu.purpose,
    };

    memset(&mmu.fault, 0xee, sizeof(mmu.fault));
    return mmu_translate(&request, &mmu.page, &mmu.fault);
}
