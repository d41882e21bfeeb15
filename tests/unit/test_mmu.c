/* cpu/arm: stage 1 of the page table walker, over tables in a RAM. */
#include <stdlib.h>
#include <string.h>

#include "cpu/arm/mmu_tables.h"
#include "tests/unit/mmu_rig.h"

Suite *mmu_suite(void);

#define NOWHERE UINT64_C(0x90000000)
#define FRAME UINT64_C(0x1200000000) /* a 36-bit address, 512 MiB-aligned */

#define GP BIT(50)
#define PXN_TABLE BIT(59)
#define UXN_TABLE BIT(60)
#define AP_TABLE(n) ((uint64_t)(n) << 61)

#define PAR_NS BIT(9)

#define WXN BIT(19)
#define EE BIT(25)

static bool leaf_level(unsigned bits, int level)
{
    return level == 3 || level == 2 || (level == 1 && bits == 12);
}

static void ck_fails(uint64_t va, enum tlb_access access, uint32_t status)
{
    ck_assert(!walk(va, access));
    ck_assert_uint_eq(mmu.fault.status, status);
    ck_assert_uint_eq(mmu.fault.va, va);
    ck_assert_uint_eq(mmu.fault.access, access);
    ck_assert_uint_eq(mmu.fault.stage, 1);
}

/* ---- shapes ---- */

START_TEST(test_levels)
{
    const struct mmu_granule *g = &mmu_granules[_i];
    const unsigned tsz = 16;

    for (unsigned half = 0; half < 2; half++) {
        for (int level = start_level(g->bits, 48); level <= 3; level++) {
            use_granule(g, tsz);
            uint64_t va = (half ? UINT64_C(0xffff812345678000)
                                : UINT64_C(0x0000712345678000)) + 0xabc;
            uint64_t size = BIT(shift_of(g->bits, level));

            ck_fails(va, TLB_READ, MMU_TRANSLATION |
                                       (unsigned)start_level(g->bits, 48));
            uint64_t *desc = slot(g->bits, tsz, va, level, 0);
            ck_fails(va, TLB_READ, MMU_TRANSLATION | (unsigned)level);
            if (!leaf_level(g->bits, level)) {
                *desc = leaf(level, FRAME, AF | ATTR(2));
                ck_fails(va, TLB_READ, MMU_TRANSLATION | (unsigned)level);
                continue;
            }
            *desc = leaf(level, FRAME, ATTR(2) | NG | 3 << 8);
            ck_fails(va, TLB_WRITE, MMU_ACCESS_FLAG | (unsigned)level);
            *desc |= AF;
            ck_assert(walk(va, TLB_WRITE));
            uint64_t base = FRAME & ~(size - 1);
            ck_assert_uint_eq(mmu.page.pa,
                              base + (va & (size - 1) & ~UINT64_C(0xfff)));
            ck_assert_uint_eq(mmu.page.block_size, size);
            ck_assert_uint_eq(mmu.page.attr, 0xff);
            ck_assert_uint_eq(mmu.page.shareability, 3);
            ck_assert(!mmu.page.device && !mmu.page.global);
            *desc |= AP(2);
            ck_fails(va, TLB_WRITE, MMU_PERMISSION | (unsigned)level);
            if (level == 3) {
                *desc &= ~UINT64_C(2); /* reserved */
                ck_fails(va, TLB_READ, MMU_TRANSLATION | 3);
            }
        }
    }
}
END_TEST

START_TEST(test_sizes)
{
    const struct mmu_granule *g = &mmu_granules[_i];
    unsigned most = g->bits == 16 ? 47 : 48;

    for (unsigned tsz = 16; tsz <= most; tsz++) {
        use_granule(g, tsz);
        mmu.regs.small_va = true;
        uint64_t low = mask64((int)(64 - tsz)) & ~mask64((int)g->bits);
        uint64_t high = ~mask64((int)(64 - tsz));

        *slot(g->bits, tsz, low, 3, 0) = leaf(3, FRAME, AF);
        *slot(g->bits, tsz, high, 3, 0) = leaf(3, FRAME + 0x10000, AF);
        ck_assert(walk(low + 0x123, TLB_READ));
        ck_assert_uint_eq(mmu.page.pa, FRAME);
        ck_assert(walk(high, TLB_READ));
        ck_assert_uint_eq(mmu.page.pa, FRAME + 0x10000);

        ck_fails(low + BIT(64 - tsz), TLB_READ, MMU_TRANSLATION);
        ck_fails(high - 1, TLB_READ, MMU_TRANSLATION);
        /* In the other table's range, but for bit 55. */
        ck_fails(low | BIT(55), TLB_READ, MMU_TRANSLATION);
        ck_fails(high & ~BIT(55), TLB_READ, MMU_TRANSLATION);
    }
    /* Out of bounds. */
    for (unsigned tsz = 0; tsz < 64; tsz++) {
        unsigned nearest = tsz > 39 ? 39 : tsz < 16 ? 16 : tsz;

        use_granule(g, nearest);
        *slot(g->bits, nearest, 0, 3, 0) = leaf(3, FRAME, AF);
        mmu.regs.tcr = (mmu.regs.tcr & ~UINT64_C(63)) | tsz;
        if (tsz >= 16 && tsz <= 39) {
            ck_assert(walk(0, TLB_READ));
        } else {
            ck_fails(0, TLB_READ, MMU_TRANSLATION);
        }
    }
}
END_TEST

/* The contiguous hint, on entries that keep its rules and on one that does
 * not: each is translated by itself, and no fault comes of it. */
START_TEST(test_contiguous)
{
    const struct mmu_granule *g = &mmu_granules[_i];
    uint64_t size = BIT(g->bits);

    use_granule(g, 25);
    for (uint64_t n = 0; n < 16; n++) {
        *slot(g->bits, 25, n * size, 3, 0) =
            leaf(3, FRAME + (n < 15 ? n : 40) * size, AF | BIT(52));
    }
    for (uint64_t n = 0; n < 16; n++) {
        ck_assert(walk(n * size + 8, TLB_READ));
        ck_assert_uint_eq(mmu.page.pa, FRAME + (n < 15 ? n : 40) * size);
        ck_assert_uint_eq(mmu.page.block_size, size);
    }
}
END_TEST

/* 16 KiB where they are not: 4 KiB. */
START_TEST(test_missing_granule)
{
    const uint64_t low = 0x1000, high = ~UINT64_C(0xfff);

    use_granule(&mmu_granules[0], 25);
    *slot(12, 25, low, 3, 0) = leaf(3, FRAME, AF);
    *slot(12, 25, high, 3, 0) = leaf(3, FRAME + 0x1000, AF);
    mmu.regs.tcr ^= UINT64_C(2) << 14 | UINT64_C(3) << 30;
    ck_assert_uint_eq(mmu.regs.tcr >> 14 & 3, mmu_granules[1].tg0);
    ck_assert_uint_eq(mmu.regs.tcr >> 30 & 3, mmu_granules[1].tg1);
    ck_assert(!walk(low, TLB_READ) && !walk(high, TLB_READ));
    mmu.regs.no_16k = true;
    ck_assert(walk(low, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, FRAME);
    ck_assert_uint_eq(mmu.page.block_size, 0x1000);
    ck_assert(walk(high, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, FRAME + 0x1000);
    mmu.key.mmu_off = 1;
    use_stage2(&mmu_granules[0], 25, 1, 1);
    *slot2(12, 25, 1, low, 3) = leaf(3, FRAME, AF | BIT(6));
    mmu.stage2.vtcr |= UINT64_C(2) << 14;
    ck_assert(walk(low, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, FRAME);
}
END_TEST

START_TEST(test_disabled_range)
{
    use_granule(&mmu_granules[0], 25);
    *slot(12, 25, 0x1000, 3, 0) = leaf(3, FRAME, AF);
    *slot(12, 25, ~UINT64_C(0xfff), 3, 0) = leaf(3, FRAME, AF);
    mmu.regs.tcr |= BIT(7);
    ck_fails(0x1000, TLB_READ, MMU_TRANSLATION);
    ck_assert(walk(~UINT64_C(0xfff), TLB_READ));
    mmu.regs.tcr ^= BIT(7) | BIT(23);
    ck_assert(walk(0x1000, TLB_READ));
    ck_fails(~UINT64_C(0xfff), TLB_READ, MMU_TRANSLATION);
}
END_TEST

START_TEST(test_tags)
{
    const uint64_t low = 0x1000, high = ~UINT64_C(0xfff);
    const uint64_t tagged_low = low | UINT64_C(0x7f) << 56;
    const uint64_t tagged_high = high & ~(UINT64_C(0x7f) << 56);

    use_granule(&mmu_granules[0], 25);
    *slot(12, 25, low, 3, 0) = leaf(3, FRAME, AF);
    *slot(12, 25, high, 3, 0) = leaf(3, FRAME, AF);
    ck_fails(tagged_low, TLB_READ, MMU_TRANSLATION);
    ck_assert_uint_eq(mmu_strip_tag(&mmu.regs, false, tagged_low), tagged_low);
    mmu.regs.tcr |= BIT(37);
    ck_assert(walk(tagged_low, TLB_READ));
    ck_assert_uint_eq(mmu_strip_tag(&mmu.regs, false, tagged_low), low);
    ck_fails(tagged_high, TLB_READ, MMU_TRANSLATION);
    mmu.regs.tcr |= BIT(38);
    ck_assert(walk(tagged_high, TLB_READ));
    ck_assert_uint_eq(mmu_strip_tag(&mmu.regs, true, tagged_high), high);
    mmu.regs.tcr |= BIT(51) | BIT(52);
    ck_assert(walk(tagged_low, TLB_EXEC));
    mmu.regs.pauth = true;
    ck_fails(tagged_low, TLB_EXEC, MMU_TRANSLATION);
    ck_fails(tagged_high, TLB_EXEC, MMU_TRANSLATION);
    ck_assert(walk(tagged_low, TLB_READ));
}
END_TEST

/* ---- address sizes, aborts, byte order ---- */

START_TEST(test_address_size)
{
    static const unsigned bits_of[] = {32, 36, 40, 42, 44};

    for (unsigned ps = 0; ps < ARRAY_SIZE(bits_of); ps++) {
        uint64_t above = BIT(bits_of[ps]);
        uint64_t *desc;

        use_granule(&mmu_granules[0], 16);
        mmu.regs.tcr &= ~(UINT64_C(7) << 32);
        mmu.regs.tcr |= (uint64_t)ps << 32;
        for (unsigned level = 1; level <= 3; level++) {
            desc = slot(12, 16, 0x1000, level, 0);
            *desc = leaf(level, above, AF);
            ck_fails(0x1000, TLB_READ, MMU_ADDRESS_SIZE | level);
            *desc = leaf(level, above >> 1, AF);
            ck_assert(walk(0x1000, TLB_READ));
            *desc = 0;
        }
        for (unsigned level = 0; level <= 2; level++) {
            desc = slot(12, 16, 0x1000, level, 0);
            uint64_t before = *desc;
            *desc = above | VALID_TABLE;
            ck_fails(0x1000, TLB_READ, MMU_ADDRESS_SIZE | level);
            *desc = before;
        }
        mmu.regs.ttbr0 = above;
        ck_fails(0x1000, TLB_READ, MMU_ADDRESS_SIZE);
    }

    /* What the processor has limits what TCR says. */
    use_granule(&mmu_granules[0], 16);
    *slot(12, 16, 0x1000, 3, 0) = leaf(3, BIT(40), AF);
    ck_assert(walk(0x1000, TLB_READ));
    mmu.regs.pa_bits = 40;
    ck_fails(0x1000, TLB_READ, MMU_ADDRESS_SIZE | 3);
}
END_TEST

START_TEST(test_external_abort)
{
    for (unsigned level = 0; level <= 2; level++) {
        use_granule(&mmu_granules[0], 16);
        *slot(12, 16, 0, level, 0) = NOWHERE | VALID_TABLE;
        ck_fails(0x1000, TLB_READ, MMU_EXTERNAL_ON_WALK | (level + 1));
        ck_assert(mmu.fault.external);
    }
    mmu.regs.ttbr0 = NOWHERE;
    ck_fails(0x1000, TLB_READ, MMU_EXTERNAL_ON_WALK | 0);
}
END_TEST

START_TEST(test_big_endian)
{
    use_granule(&mmu_granules[0], 39); /* one table */
    mmu.regs.sctlr = EE;
    mmu.regs.hafdbs = true;
    mmu.regs.tcr |= BIT(39);
    uint64_t *desc = slot(12, 39, 0, 2, 0);
    *desc = __builtin_bswap64(leaf(2, FRAME, ATTR(2)));
    ck_assert(walk(0x12345, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, FRAME + 0x12000);
    ck_assert_uint_eq(*desc, __builtin_bswap64(leaf(2, FRAME, ATTR(2) | AF)));
}
END_TEST

/* ---- permissions ---- */

/* Table D8-44 and the rules around it, as a list of refusals. */
static bool may(enum tlb_access access, unsigned ap, bool uxn, bool pxn,
                bool wxn)
{
    bool read_only = ap & 2, el0_access = ap & 1;

    if (mmu.key.el == 0) {
        switch (access) {
        case TLB_READ:
            return el0_access;
        case TLB_WRITE:
            return ap == 1;
        default:
            return !uxn && !(wxn && ap == 1);
        }
    }
    if (access == TLB_EXEC) {
        return !pxn && ap != 1 && !(wxn && !read_only);
    }
    if (mmu.key.pan && el0_access) {
        return false;
    }
    return access == TLB_READ || !read_only;
}

START_TEST(test_permissions)
{
    for (unsigned n = 0; n < 1u << 12; n++) {
        unsigned ap = n & 3, ap_table = n >> 2 & 3;
        bool uxn = n >> 4 & 1, pxn = n >> 5 & 1;
        bool uxn_table = n >> 6 & 1, pxn_table = n >> 7 & 1;
        bool wxn = n >> 8 & 1, hpd = n >> 9 & 1;

        use_granule(&mmu_granules[0], 25);
        mmu.regs.sctlr = wxn ? WXN : 0;
        mmu.regs.hpds = true;
        mmu.regs.tcr |= hpd ? BIT(41) : 0;
        mmu.key.pan = n >> 10 & 1;
        mmu.key.el = n >> 11 & 1;
        *slot(12, 25, 0x1000, 3,
              AP_TABLE(ap_table) | (uxn_table ? UXN_TABLE : 0) |
                  (pxn_table ? PXN_TABLE : 0)) =
            leaf(3, FRAME, AF | AP(ap) | (uxn ? UXN : 0) | (pxn ? PXN : 0));
        if (!hpd) {
            ap = (ap | (ap_table & 2)) & ~(ap_table & 1);
            uxn |= uxn_table;
            pxn |= pxn_table;
        }
        for (unsigned access = TLB_READ; access <= TLB_EXEC; access++) {
            bool ok = walk(0x1000, access);
            bool refused = !ok && mmu.fault.status == (MMU_PERMISSION | 3);
            ck_assert(ok || refused);
            ck_assert_msg(ok == may(access, ap, uxn, pxn, wxn),
                          "case %u access %u: %d", n, access, ok);
        }
    }
}
END_TEST

START_TEST(test_single_level_regime)
{
    use_granule(&mmu_granules[0], 25);
    mmu.regs.regime = MMU_EL2;
    mmu.regs.tcr = 25 | 2 << 16;
    mmu.key.el = 2;
    uint64_t *desc = slot(12, 25, 0x1000, 3, 0);
    *desc = leaf(3, FRAME >> 4, AF | AP(1) | NG);
    ck_assert(walk(0x1000, TLB_WRITE));
    ck_assert(mmu.page.global);
    ck_assert_uint_eq(mmu.page.perm_el0, 0);
    ck_assert(walk(0x1000, TLB_EXEC));
    mmu.regs.sctlr = WXN;
    ck_fails(0x1000, TLB_EXEC, MMU_PERMISSION | 3);
    *desc |= AP(2);
    ck_assert(walk(0x1000, TLB_EXEC));
    ck_fails(0x1000, TLB_WRITE, MMU_PERMISSION | 3);
    *desc |= UXN;
    ck_fails(0x1000, TLB_EXEC, MMU_PERMISSION | 3);
    /* One range: bit 55 is an address bit like others, or part of none. */
    ck_fails(~UINT64_C(0xfff), TLB_READ, MMU_TRANSLATION);
    mmu.regs.tcr |= BIT(20);
    ck_assert(walk(0x1000 | UINT64_C(0xff) << 56, TLB_READ));
    mmu.regs.tcr &= ~(UINT64_C(7) << 16);
    *desc = leaf(3, FRAME, AF);
    ck_fails(0x1000, TLB_READ, MMU_ADDRESS_SIZE | 3);
}
END_TEST

START_TEST(test_attributes)
{
    use_granule(&mmu_granules[0], 25);
    mmu.regs.bti = true;
    uint64_t *desc = slot(12, 25, 0x1000, 3, 0);
    *desc = leaf(3, FRAME, AF | ATTR(0) | GP);
    ck_assert(walk(0x1000, TLB_READ));
    ck_assert(mmu.page.device && mmu.page.global && mmu.page.guarded);
    ck_assert_uint_eq(mmu_par(&mmu.page, NULL),
                      UINT64_C(0x04) << 56 | FRAME | 1 << 11 | PAR_NS | 2 << 7);
    *desc = leaf(3, FRAME, AF | ATTR(2) | 3 << 8 | NG);
    ck_assert(walk(0x1abc, TLB_READ));
    ck_assert(!mmu.page.device && !mmu.page.global && !mmu.page.guarded);
    ck_assert_uint_eq(mmu_par(&mmu.page, NULL),
                      UINT64_C(0xff) << 56 | FRAME | 1 << 11 | PAR_NS | 3 << 7);
    *desc = leaf(3, FRAME, AF | ATTR(1));
    ck_assert(walk(0x1abc, TLB_READ));
    ck_assert_uint_eq(mmu_par(&mmu.page, NULL),
                      UINT64_C(0x44) << 56 | FRAME | 1 << 11 | PAR_NS | 2 << 7);
    ck_assert(!walk(0x2000, TLB_READ));
    ck_assert_uint_eq(mmu_par(NULL, &mmu.fault), 1 | 0x07 << 1 | 1 << 11);
}
END_TEST

/* ---- hardware updates ---- */

START_TEST(test_access_flag_update)
{
    use_granule(&mmu_granules[0], 25);
    uint64_t *desc = slot(12, 25, 0x1000, 3, 0);
    *desc = leaf(3, FRAME, 0);
    mmu.regs.tcr |= BIT(39);
    ck_fails(0x1000, TLB_READ, MMU_ACCESS_FLAG | 3);
    mmu.regs.hafdbs = true;
    ck_assert(walk(0x1000, TLB_READ));
    ck_assert_uint_eq(*desc, leaf(3, FRAME, AF));

    /* Tables in memory that cannot be written. */
    *desc = leaf(3, FRAME, 0);
    mmu.ram->readonly = true;
    ck_fails(0x1000, TLB_READ, MMU_UNSUPPORTED_UPDATE);
    mmu.ram->readonly = false;
}
END_TEST

START_TEST(test_dirty_update)
{
    use_granule(&mmu_granules[0], 25);
    uint64_t *desc = slot(12, 25, 0x1000, 3, 0);
    const uint64_t clean = leaf(3, FRAME, AF | AP(3) | DBM);

    *desc = clean;
    mmu.regs.hafdbs = true;
    mmu.regs.tcr |= BIT(39);
    ck_fails(0x1000, TLB_WRITE, MMU_PERMISSION | 3);
    mmu.regs.tcr |= BIT(40);
    ck_assert(walk(0x1000, TLB_READ));
    ck_assert_uint_eq(mmu.page.perm_el1, TLB_PERM_R); /* X: EL0 may write */
    ck_assert_uint_eq(*desc, clean);
    ck_assert(walk(0x1000, TLB_WRITE));
    ck_assert_uint_eq(mmu.page.perm_el1, TLB_PERM_R | TLB_PERM_W);
    ck_assert_uint_eq(*desc, clean & ~AP(2));
    /* A table above that forbids writing wins, and nothing is marked. */
    *desc = clean;
    slot(12, 25, 0x1000, 3, AP_TABLE(2));
    ck_fails(0x1000, TLB_WRITE, MMU_PERMISSION | 3);
    ck_assert_uint_eq(*desc, clean);
}
END_TEST

START_TEST(test_off)
{
    use_granule(&mmu_granules[0], 25);
    mmu.key.mmu_off = 1;
    mmu.regs.pa_bits = 40;
    ck_assert(walk(0x123456789a, TLB_WRITE));
    ck_assert_uint_eq(mmu.page.pa, 0x1234567000);
    ck_assert(mmu.page.device && mmu.page.global);
    ck_assert(walk(0x123456789a, TLB_EXEC));
    ck_fails(BIT(40), TLB_READ, MMU_ADDRESS_SIZE);
    ck_fails(~UINT64_C(0xfff), TLB_EXEC, MMU_ADDRESS_SIZE);
    ck_fails(UINT64_C(0xff) << 56, TLB_READ, MMU_ADDRESS_SIZE);
    mmu.regs.tcr |= BIT(37);
    ck_assert(walk(UINT64_C(0xff) << 56, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, 0);
}
END_TEST

/* Tables of noise: every walk ends, whatever they say. */
START_TEST(test_noise)
{
    srand(7);
    for (unsigned i = 0; i < 0x10000; i++) {
        uint64_t *desc = descriptor(RAM_BASE + i * 8);
        *desc = (uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^
                (uint64_t)rand();
        if (rand() % 4) { /* mostly tables that lie here */
            *desc = (*desc & ~mask64(48)) | RAM_BASE |
                    ((uint64_t)rand() & 0x7f000) | VALID_TABLE;
        }
    }
    for (unsigned i = 0; i < 200000; i++) {
        unsigned n = (unsigned)rand();
        mmu.regs = (struct mmu_regs){.pa_bits = 32 + n % 21};
        mmu.regs.lva = n >> 22 & 1;
        mmu.regs.lpa2 = n >> 23 & 1;
        mmu.secure = n >> 26 & 1;
        mmu.regs.ttbr0 = RAM_BASE + (n & 0x70000);
        mmu.regs.ttbr1 = RAM_BASE + (n >> 4 & 0x70000);
        mmu.regs.tcr = (uint64_t)rand() << 31 ^ (uint64_t)rand();
        mmu.regs.hafdbs = n >> 20 & 1;
        mmu.regs.small_va = n >> 21 & 1;
        mmu.regs.regime = n >> 22 & 1 ? MMU_EL1_0 : MMU_EL3;
        uint64_t va = (uint64_t)rand() << 20 ^ (uint64_t)rand();
        if (walk(n >> 24 & 1 ? ~va : va, n >> 25 & 1)) {
            ck_assert_uint_ge(mmu.page.block_size, 4096);
            ck_assert(is_power_of_2(mmu.page.block_size));
        } else {
            ck_assert_uint_le(mmu.fault.status, MMU_UNSUPPORTED_UPDATE);
        }
    }
}
END_TEST

/* A table is remembered for its ASID until an invalidation that is not of
 * the last level only; what it holds is read each time. */
START_TEST(test_remembered_tables)
{
    const struct mmu_granule *g = &mmu_granules[_i];
    static struct mmu_tables tables;
    static const struct tlb_codes codes = {0};
    uint64_t va = BIT(g->bits) * 3, first, other;
    struct tlb_inval inval = {.kind = TLB_INVAL_VA, .leaf = true};
    struct tlb *tlb = tlb_new(mmu.bus, NULL, 0, NULL, NULL, NULL, &codes);

    use_granule(g, 25);
    mmu.regs.tables = &tables;
    mmu.regs.tlb = tlb;
    memset(&tables, 0, sizeof(tables));
    mmu.key.asid = 1;
    *slot(g->bits, 25, va, 3, 0) = leaf(3, BIT(g->bits) * 5, AF);
    ck_assert(walk(va, TLB_READ));
    uint64_t *table = slot(g->bits, 25, va, 2, 0);
    first = *table;
    other = new_table(g->bits) | VALID_TABLE;
    *descriptor((other & ~UINT64_C(3)) + 8 * 3) =
        leaf(3, BIT(g->bits) * 7, AF);
    *table = other;
    ck_assert(walk(va, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, BIT(g->bits) * 5);
    tlb_invalidate(tlb, &inval);
    *descriptor((first & ~UINT64_C(3)) + 8 * 3) =
        leaf(3, BIT(g->bits) * 6, AF);
    ck_assert(walk(va, TLB_READ)); /* the leaf is not remembered */
    ck_assert_uint_eq(mmu.page.pa, BIT(g->bits) * 6);
    mmu.key.asid = 2;
    ck_assert(walk(va, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, BIT(g->bits) * 7);
    mmu.key.asid = 1;
    inval.leaf = false;
    tlb_invalidate(tlb, &inval);
    ck_assert(walk(va, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, BIT(g->bits) * 7);
    mmu.regs.tcr |= BIT(7); /* EPD0: nor is what TCR said before */
    ck_assert(!walk(va, TLB_READ));
    mmu.regs.tcr ^= BIT(7);
    ck_assert(walk(va, TLB_READ));
    *table = 0;
    ck_assert(walk(va, TLB_READ));
    tlb_invalidate(tlb, &(struct tlb_inval){.kind = TLB_INVAL_ASID,
                                            .asid = 9});
    ck_assert(!walk(va, TLB_READ));
    tlb_free(tlb);
}
END_TEST

Suite *mmu_suite(void)
{
    Suite *s = suite_create("mmu");
    TCase *c = tcase_create("mmu");

    tcase_add_checked_fixture(c, mmu_rig_setup, mmu_rig_teardown);
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, test_remembered_tables, 0, MMU_GRANULES);
    tcase_add_loop_test(c, test_levels, 0, MMU_GRANULES);
    tcase_add_loop_test(c, test_sizes, 0, MMU_GRANULES);
    tcase_add_loop_test(c, test_contiguous, 0, MMU_GRANULES);
    tcase_add_test(c, test_missing_granule);
    tcase_add_test(c, test_disabled_range);
    tcase_add_test(c, test_tags);
    tcase_add_test(c, test_address_size);
    tcase_add_test(c, test_external_abort);
    tcase_add_test(c, test_big_endian);
    tcase_add_test(c, test_permissions);
    tcase_add_test(c, test_single_level_regime);
    tcase_add_test(c, test_attributes);
    tcase_add_test(c, test_access_flag_update);
    tcase_add_test(c, test_dirty_update);
    tcase_add_test(c, test_off);
    tcase_add_test(c, test_noise);
    suite_add_tcase(s, c);
    return s;
}
