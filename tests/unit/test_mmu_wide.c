/* cpu/arm: addresses of 52 bits, Secure descriptors and the controls that
 * later architectures added to stage 1. */
#include "tests/unit/mmu_rig.h"

Suite *mmu_wide_suite(void);

#define FRAME UINT64_C(0x9000000000000) /* bits 51 and 48 */

#define DS BIT(59)
#define PS(n) ((uint64_t)(n) << 32)
#define E0PD0 BIT(55)
#define EPAN BIT(57)
#define SH1(n) ((uint64_t)(n) << 28)

static void ck_fails(uint64_t va, enum tlb_access access, uint32_t status)
{
    ck_assert(!walk(va, access));
    ck_assert_uint_eq(mmu.fault.status, status);
    ck_assert_uint_eq(mmu.fault.va, va);
    ck_assert_uint_eq(mmu.fault.stage, 1);
}

static void use_wide(const struct mmu_granule *g, unsigned tsz)
{
    use_granule(g, tsz);
    mmu.regs.pa_bits = 52;
    mmu.regs.lva = mmu.regs.lpa2 = true;
    mmu.regs.tcr &= ~PS(7);
    mmu.regs.tcr |= PS(6) | (g->bits == 16 ? 0 : DS);
    mmu.regs.ttbr0 &= mask64(48) & ~mask64(6);
    mmu.regs.ttbr1 &= mask64(48) & ~mask64(6);
}

/* Where a descriptor keeps bits 51 to 48 of an address. */
static uint64_t encode(unsigned bits, uint64_t pa)
{
    if (bits == 16) {
        return (pa & mask64(48)) | extract64(pa, 48, 4) << 12;
    }
    return (pa & mask64(50)) | extract64(pa, 50, 2) << 8;
}

static bool is_leaf_level(unsigned bits, int level)
{
    return level >= 1 || (level == 0 && bits == 12);
}

static uint32_t translation(int level)
{
    return level < 0 ? MMU_TRANSLATION_M1
                     : MMU_TRANSLATION | (unsigned)level;
}

START_TEST(test_levels)
{
    const struct mmu_granule *g = &mmu_granules[_i];
    int first = start_level(g->bits, 52);

    ck_assert_int_eq(first, g->bits == 12 ? -1 : g->bits == 14 ? 0 : 1);
    for (unsigned half = 0; half < 2; half++) {
        for (int level = first; level <= 3; level++) {
            uint64_t va = (half ? UINT64_C(0xfff8123456780000)
                                : UINT64_C(0x0007123456780000)) + 0xabc;
            uint64_t size = BIT(shift_of(g->bits, level));

            use_wide(g, 12);
            ck_fails(va, TLB_READ, translation(first));
            uint64_t *desc = slot(g->bits, 12, va, level, 0);
            ck_fails(va, TLB_READ, translation(level));
            *desc = leaf(level, encode(g->bits, FRAME), AF | ATTR(2));
            if (!is_leaf_level(g->bits, level)) {
                ck_fails(va, TLB_READ, translation(level));
                continue;
            }
            ck_assert(walk(va, TLB_READ));
            ck_assert_uint_eq(mmu.page.pa,
                              FRAME + (va & (size - 1) & ~mask64(12)));
            ck_assert_uint_eq(mmu.page.block_size, size);
            ck_fails(half ? va & ~BIT(52) : va | BIT(52), TLB_READ,
                     MMU_TRANSLATION);
            mmu.regs.pa_bits = 51; /* as no processor has */
            if (g->bits != 16) {
                ck_fails(va, TLB_READ, MMU_ADDRESS_SIZE | (unsigned)level);
            }
        }
    }
}
END_TEST

/* Tables above 48 bits, and faults of level -1 by their own codes. */
START_TEST(test_tables)
{
    const struct mmu_granule *g = &mmu_granules[_i];
    struct ram *high = ram_new("high", 1 << 20, NULL);
    int first = start_level(g->bits, 52);

    bus_map_ram(mmu.bus, FRAME, high);
    use_wide(g, 12);
    mmu.regs.ttbr0 = extract64(FRAME, 48, 4) << 2;
    unsigned shift = shift_of(g->bits, first);
    for (int level = first; level < 3; level++) {
        uint64_t *table = (uint64_t *)(void *)high->host +
                          (unsigned)(level - first) * BIT(g->bits) / 8;
        uint64_t next = FRAME + (unsigned)(level - first + 1) * BIT(g->bits);

        table[0] = encode(g->bits, next) | VALID_TABLE;
    }
    uint64_t *last = (uint64_t *)(void *)high->host +
                     (unsigned)(3 - first) * BIT(g->bits) / 8;
    last[1] = leaf(3, encode(g->bits, FRAME), AF | ATTR(2));
    ck_assert(walk(BIT(g->bits), TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, FRAME);
    ck_fails(BIT(shift), TLB_READ, translation(first));

    /* A table in a hole is an abort of the next level, a first one of the
     * first. */
    mmu.regs.ttbr0 = UINT64_C(0x90000000);
    ck_fails(0, TLB_READ,
             first < 0 ? MMU_EXTERNAL_ON_WALK_M1
                       : MMU_EXTERNAL_ON_WALK | (unsigned)first);
    ck_assert(mmu.fault.external);
    if (first < 0) {
        use_wide(g, 12);
        mmu.regs.tcr &= ~PS(7);
        mmu.regs.tcr |= PS(5);
        *slot(12, 12, 0, -1, 0) = encode(12, FRAME) | VALID_TABLE;
        ck_fails(0, TLB_READ, MMU_ADDRESS_SIZE_M1);
    }
    bus_unmap(mmu.bus, FRAME);
    ram_free(high);
}
END_TEST

START_TEST(test_shareability)
{
    use_wide(&mmu_granules[0], 25);
    *slot(12, 25, ~UINT64_C(0xfff), 3, 0) = leaf(3, 0, AF | ATTR(2));
    for (unsigned sh = 0; sh < 4; sh++) {
        mmu.regs.tcr = (mmu.regs.tcr & ~SH1(3)) | SH1(sh);
        ck_assert(walk(~UINT64_C(0xfff), TLB_READ));
        ck_assert_uint_eq(mmu.page.shareability, sh);
    }
    /* Without the feature DS says nothing. */
    mmu.regs.lpa2 = false;
    *slot(12, 25, ~UINT64_C(0xfff), 3, 0) = leaf(3, 0, AF | 3 << 8);
    ck_assert(walk(~UINT64_C(0xfff), TLB_READ));
    ck_assert_uint_eq(mmu.page.shareability, 3);
    ck_assert_uint_eq(mmu.page.pa, 0);
}
END_TEST

START_TEST(test_tsz)
{
    static const struct {
        uint8_t granule, tsz, got;
        bool lva, ds, small;
    } cases[] = {
        {0, 4, 16, true, false, false},  {0, 4, 12, true, true, false},
        {2, 4, 12, true, false, false},  {2, 4, 16, false, false, false},
        {1, 13, 13, false, true, false}, {0, 50, 39, true, true, false},
        {0, 50, 48, true, true, true},   {2, 50, 47, true, true, true},
        {1, 25, 25, false, false, false},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        use_granule(&mmu_granules[cases[i].granule], 25);
        mmu.regs.tcr = (mmu.regs.tcr & ~UINT64_C(0x3f0000)) |
                       (uint64_t)cases[i].tsz << 16 |
                       (cases[i].ds ? DS : 0);
        mmu.regs.lva = cases[i].lva;
        mmu.regs.lpa2 = true;
        mmu.regs.small_va = cases[i].small;
        ck_assert_uint_eq(mmu_tsz(&mmu.regs, true), cases[i].got);
    }
}
END_TEST

/* ---- the Secure address space ---- */

START_TEST(test_secure)
{
    struct bus *view = bus_new_secure(mmu.bus);
    struct ram *secret = ram_new("secret", 1 << 16, NULL);
    const uint64_t base = 0x0e000000, va = 0x1000;

    bus_map_ram(view, base, secret);
    use_granule(&mmu_granules[0], 25);
    uint64_t *desc = slot(12, 25, va, 3, 0), *table = slot(12, 25, va, 2, 0);

    *desc = leaf(3, base, AF | ATTR(2));
    ck_assert(walk(va, TLB_READ));
    ck_assert(!mmu.page.secure);
    mmu.secure = true;
    ck_assert(walk(va, TLB_READ));
    ck_assert(mmu.page.secure && mmu.page.global);
    ck_assert_uint_eq(mmu_par(&mmu.page, NULL) & BIT(9), 0);
    *desc |= NS;
    ck_assert(walk(va, TLB_READ));
    ck_assert(!mmu.page.secure);
    ck_assert_uint_ne(mmu_par(&mmu.page, NULL) & BIT(9), 0);
    *desc &= ~NS;
    *table |= NS_TABLE;
    ck_assert(walk(va, TLB_READ));
    ck_assert(!mmu.page.secure && !mmu.page.global);

    /* A table in Secure memory, which NSTable above it hides. */
    uint64_t *last = (uint64_t *)(void *)secret->host;
    last[1] = leaf(3, base, AF | ATTR(2));
    *table = base | VALID_TABLE;
    ck_assert(walk(va, TLB_READ));
    *slot(12, 25, va, 1, 0) |= NS_TABLE;
    ck_fails(va, TLB_READ, MMU_EXTERNAL_ON_WALK | 3);
    *slot(12, 25, va, 1, 0) &= ~NS_TABLE;
    mmu.secure = false;
    ck_fails(va, TLB_READ, MMU_EXTERNAL_ON_WALK | 3);

    mmu.secure = true;
    mmu.key.mmu_off = 1;
    ck_assert(walk(base, TLB_READ));
    ck_assert(mmu.page.secure);
    ram_free(secret);
}
END_TEST

/* ---- controls ---- */

START_TEST(test_e0pd)
{
    use_granule(&mmu_granules[0], 25);
    *slot(12, 25, 0x1000, 3, 0) = leaf(3, FRAME >> 8, AF | AP(1));
    mmu.regs.tcr |= E0PD0;
    mmu.key.el = 0;
    ck_assert(walk(0x1000, TLB_READ));
    mmu.regs.e0pd = true;
    ck_fails(0x1000, TLB_READ, MMU_TRANSLATION);
    mmu.key.el = 1;
    ck_assert(walk(0x1000, TLB_READ));
}
END_TEST

/* PAN, and with EPAN of what EL0 may only execute. */
START_TEST(test_epan)
{
    use_granule(&mmu_granules[0], 25);
    uint64_t *desc = slot(12, 25, 0x1000, 3, 0);

    *desc = leaf(3, FRAME >> 8, AF);
    mmu.key.pan = 1;
    ck_assert(walk(0x1000, TLB_READ));
    ck_assert(!mmu.page.user);
    mmu.regs.epan = true;
    ck_assert(walk(0x1000, TLB_READ));
    mmu.regs.sctlr |= EPAN;
    ck_fails(0x1000, TLB_READ, MMU_PERMISSION | 3);
    ck_assert(walk(0x1000, TLB_EXEC));
    ck_assert(mmu.page.user);
    *desc |= UXN;
    ck_assert(walk(0x1000, TLB_READ));
    *desc |= AP(1);
    ck_fails(0x1000, TLB_READ, MMU_PERMISSION | 3);
}
END_TEST

Suite *mmu_wide_suite(void)
{
    Suite *s = suite_create("mmu_wide");
    TCase *c = tcase_create("mmu_wide");

    tcase_add_checked_fixture(c, mmu_rig_setup, mmu_rig_teardown);
    tcase_add_loop_test(c, test_levels, 0, MMU_GRANULES);
    tcase_add_loop_test(c, test_tables, 0, MMU_GRANULES);
    tcase_add_test(c, test_shareability);
    tcase_add_test(c, test_tsz);
    tcase_add_test(c, test_secure);
    tcase_add_test(c, test_e0pd);
    tcase_add_test(c, test_epan);
    suite_add_tcase(s, c);
    return s;
}
