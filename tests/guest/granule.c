/*
 * Translation with each granule: pages, blocks, and the level of a
 * translation fault.
 *
 * run: -M virt -cpu max
 * run: -M virt,gic-version=3 -cpu max -m 1G
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define VALUE 0x1122334455667788ull

static volatile uint64_t data[2][8192] __attribute__((aligned(65536)));

static const struct {
    const char *name;
    unsigned shift;
    uint64_t tcr;
} granules[] = {
    {"4 KiB", 12, TCR_TG0_4K},
    {"16 KiB", 14, TCR_TG0_16K},
    {"64 KiB", 16, TCR_TG0_64K},
};

static void test_pages(const struct space *space)
{
    uint64_t size = 1ull << space->shift;
    uint64_t va = (0x123ull << 32) + 8 * size;
    volatile uint64_t *alias = (volatile uint64_t *)va;

    data[0][5] = VALUE;
    data[1][0] = VALUE + 1;
    *tables_entry(space, va, 3) = (uint64_t)data[0] | D_PAGE | D_RAM;
    *tables_entry(space, va + size, 3) = (uint64_t)data[1] | D_PAGE | D_RAM;
    tlbi(vmalle1);
    test_equal("page", alias[5], VALUE);
    test_equal("next page", alias[size / 8], VALUE + 1);
    alias[size / 8 - 1] = 7;
    test_equal("last word of a page", data[0][size / 8 - 1], 7);
    test_fault("load behind the pages", fault_of_load(va + 2 * size + 4),
               ESR(EC_DATA, 7), va + 2 * size + 4);
    test_fault("store before the pages", fault_of_store(va - 4),
               ESR(EC_DATA, 0x47), va - 4);
    *tables_entry(space, va, 3) = 0;
    tlbi(vmalle1);
    test_fault("fetch of a page taken away", fault_of_call(va),
               ESR(EC_FETCH, 7), va);
}

static void test_block(const struct space *space, unsigned level)
{
    uint64_t block = tables_block(space, level);
    uint64_t va = (0x456ull << 32 | (uint64_t)level << 44) & ~(block - 1);
    uint64_t pa = (uint64_t)&data[1][77] & ~(block - 1);

    *tables_entry(space, va, level) = pa | D_BLOCK | D_RAM;
    tlbi(vmalle1);
    data[1][77] = VALUE + level;
    test_equal(level == 1 ? "level 1 block" : "level 2 block",
               *(volatile uint64_t *)(va + ((uint64_t)&data[1][77] - pa)),
               VALUE + level);
}

/* A fault at the first level that has no entry. */
static void test_levels(const struct space *space)
{
    static const char *const names[] = {
        "fault at level 0", "fault at level 1", "fault at level 2",
        "fault at level 3"};
    unsigned first = tables_first_level(space);

    for (unsigned level = first; level <= 3; level++) {
        uint64_t va = 0x6000ull << 32;

        /* The 16 KiB root has two entries only; the upper one is empty. */
        va |= space->shift == 14 && level == 0 ? 1ull << 47 : 0;
        if (level > first) {
            tables_entry(space, va, level);
        }
        tlbi(vmalle1);
        test_fault(names[level], fault_of_load(va), ESR(EC_DATA, 4 + level),
                   va);
    }
}

void test_main(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(granules); i++) {
        struct space space;

        test_part(granules[i].name);
        tables_reset();
        space = tables_new(granules[i].shift, 48);
        tables_identity(&space);
        mmu_on(&space, granules[i].tcr | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
        test_pages(&space);
        if (granules[i].shift == 12) {
            test_block(&space, 1);
        }
        test_block(&space, 2);
        test_levels(&space);
        mmu_off();
    }
}
