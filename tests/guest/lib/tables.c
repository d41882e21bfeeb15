#include "tests/guest/lib/tables.h"

#include "tests/guest/lib/test.h"

#define POOL_SIZE (4ul << 20)
#define ADDRESS 0x0000fffffffff000ull
#define SCTLR_ON 0x1005ull /* I, C, M */

static uint8_t pool[POOL_SIZE] __attribute__((aligned(65536)));
static uint64_t used;

void tables_reset(void)
{
    used = 0;
}

static uint64_t *new_table(unsigned shift)
{
    uint64_t size = 1ull << shift;
    uint64_t *table;

    used = (used + size - 1) & ~(size - 1);
    if (used + size > POOL_SIZE) {
        print("FAILED out of tables\n");
        used = 0;
    }
    table = (uint64_t *)(pool + used);
    used += size;
    for (uint64_t i = 0; i < size / 8; i++) {
        ((volatile uint64_t *)table)[i] = 0;
    }
    return table;
}

void tables_reverse(void)
{
    for (uint64_t i = 0; i < used / 8; i++) {
        volatile uint64_t *entry = (uint64_t *)pool + i;

        *entry = __builtin_bswap64(*entry);
    }
}

struct space tables_new(unsigned shift, unsigned va_bits)
{
    return (struct space){shift, va_bits, new_table(shift)};
}

static unsigned level_shift(const struct space *space, unsigned level)
{
    return space->shift + (3 - level) * (space->shift - 3);
}

unsigned tables_first_level(const struct space *space)
{
    unsigned level = 3;

    while (level_shift(space, level) + space->shift - 3 < space->va_bits) {
        level--;
    }
    return level;
}

uint64_t tables_block(const struct space *space, unsigned level)
{
    return 1ull << level_shift(space, level);
}

uint64_t *tables_entry(const struct space *space, uint64_t va,
                       unsigned level)
{
    uint64_t *table = space->root;
    uint64_t mask = (1ull << (space->shift - 3)) - 1;

    va &= (1ull << space->va_bits) - 1;
    for (unsigned l = tables_first_level(space);; l++) {
        uint64_t *entry = &table[va >> level_shift(space, l) & mask];

        if (l == level) {
            return entry;
        }
        if ((*entry & 3) != D_TABLE) {
            *entry = (uint64_t)new_table(space->shift) | D_TABLE;
        }
        table = (uint64_t *)(*entry & ADDRESS);
    }
}

void tables_identity(const struct space *space)
{
    uint64_t block = tables_block(space, 2);

    for (uint64_t pa = 0; pa < 1ull << 30; pa += block) {
        *tables_entry(space, pa, 2) =
            pa | D_BLOCK | D_DEVICE | D_AF | D_PXN | D_UXN;
    }
    for (uint64_t pa = 1ull << 30; pa < 5ull << 28; pa += block) {
        *tables_entry(space, pa, 2) = pa | D_BLOCK | D_RAM;
    }
}

void mmu_on(const struct space *space, uint64_t tcr)
{
    sysreg_write(mair_el1, 0x04ff); /* 0: write-back, 1: device nGnRE */
    sysreg_write(tcr_el1, tcr | (64 - space->va_bits));
    sysreg_write(ttbr0_el1, space->root);
    barrier_isb();
    tlbi(vmalle1);
    sysreg_write(sctlr_el1, sysreg_read(sctlr_el1) | SCTLR_ON);
    barrier_isb();
}

void mmu_off(void)
{
    sysreg_write(sctlr_el1, sysreg_read(sctlr_el1) & ~SCTLR_ON);
    barrier_isb();
    tlbi(vmalle1);
}
