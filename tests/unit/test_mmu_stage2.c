/* cpu/arm: stage 2 of the page table walker, alone and under stage 1. */
#include <stdlib.h>
#include <string.h>

#include "cpu/arm/mmu_tables.h"
#include "tests/unit/mmu_rig.h"

Suite *mmu_stage2_suite(void);

#define FRAME UINT64_C(0x5000000000) /* 4 GiB-aligned, 39 bits */

#define S2_READ BIT(6)
#define S2_WRITE BIT(7)
#define S2_RW (S2_READ | S2_WRITE)
#define TYPE(n) ((uint64_t)(n) << 2)
#define WB TYPE(15)
#define XN(n) ((uint64_t)(n) << 53)
#define FULL (AF | S2_RW | WB)

#define HCR_PTW BIT(2)
#define HCR_DC BIT(12)
#define HCR_CD BIT(32)
#define HCR_ID BIT(33)
#define HCR_FWB BIT(46)
#define VTCR_HA BIT(21)
#define VTCR_HD BIT(22)
#define TCR_HA BIT(39)
#define TCR_HD BIT(40)

/* 4 KiB pages of both stages; stage 1 off until use_both(). */
#define TSZ2 25
#define FIRST2 1

static void use_4k(void)
{
    use_granule(&mmu_granules[0], 25);
    use_stage2(&mmu_granules[0], TSZ2, FIRST2, 1);
    mmu.key.mmu_off = 1;
    mmu.key.vmid = 7;
}

static uint64_t *at2(uint64_t ipa, int level)
{
    return slot2(12, TSZ2, FIRST2, ipa, level);
}

/* Stage 1 with tables, which stage 2 maps one to one. */
static void use_both(void)
{
    use_4k();
    mmu.key.mmu_off = 0;
    for (uint64_t pa = 0; pa < RAM_SIZE; pa += BIT(21)) {
        *at2(RAM_BASE + pa, 2) = leaf(2, RAM_BASE + pa, FULL);
    }
}

static void ck_fails2(uint64_t va, enum tlb_access access, uint32_t status,
                      uint64_t ipa)
{
    ck_assert(!walk(va, access));
    ck_assert_uint_eq(mmu.fault.status, status);
    ck_assert_uint_eq(mmu.fault.va, va);
    ck_assert_uint_eq(mmu.fault.access, access);
    ck_assert_uint_eq(mmu.fault.stage, 2);
    ck_assert_uint_eq(mmu.fault.ipa, ipa);
}

/* ---- shapes ---- */

static bool is_leaf_level(unsigned bits, int level)
{
    return level >= 2 || (level == 1 && bits == 12);
}

/* Every fault of the walk from `first` on, by the smallest and the largest
 * table or tables in a row. */
static void check_levels(const struct mmu_granule *g, int first,
                         unsigned input)
{
    unsigned stride = g->bits - 3, tsz = 64 - input;
    unsigned top = input - shift_of(g->bits, first);
    unsigned row = top > stride ? 1u << (top - stride) : 1;
    uint64_t ipa = (mask64((int)input) & ~mask64(16)) | 0x4abc;

    for (int level = first; level <= 3; level++) {
        use_granule(g, 25);
        mmu.key.mmu_off = 1;
        mmu.regs.small_va = true;
        use_stage2(g, tsz, first, row);
        ck_fails2(ipa, TLB_READ, MMU_TRANSLATION | (unsigned)first, ipa);
        uint64_t *desc = slot2(g->bits, tsz, first, ipa, level);
        ck_fails2(ipa, TLB_READ, MMU_TRANSLATION | (unsigned)level, ipa);
        *desc = leaf(level, BIT(47), FULL & ~AF);
        if (!is_leaf_level(g->bits, level)) {
            ck_fails2(ipa, TLB_READ, MMU_TRANSLATION | (unsigned)level, ipa);
            continue;
        }
        ck_fails2(ipa, TLB_WRITE, MMU_ACCESS_FLAG | (unsigned)level, ipa);
        *desc |= AF;
        ck_assert(walk(ipa, TLB_READ));
        uint64_t size = BIT(shift_of(g->bits, level));
        ck_assert_uint_eq(mmu.page.pa,
                          BIT(47) | (ipa & (size - 1) & ~mask64(12)));
        *desc &= ~S2_WRITE;
        ck_fails2(ipa, TLB_WRITE, MMU_PERMISSION | (unsigned)level, ipa);
        mmu.stage2.vtcr ^= BIT(16); /* PS: 44 bits */
        ck_fails2(ipa, TLB_READ, MMU_ADDRESS_SIZE | (unsigned)level, ipa);
        mmu.stage2.vtcr ^= BIT(16);
        if (input < 48) {
            ck_fails2(BIT(input), TLB_READ, MMU_TRANSLATION, BIT(input));
        }
    }
}

START_TEST(test_shapes)
{
    const struct mmu_granule *g = &mmu_granules[_i];

    for (int first = g->bits == 12 ? 0 : 1; first <= 3; first++) {
        unsigned least = shift_of(g->bits, first) + 1;
        unsigned most = shift_of(g->bits, first) + g->bits - 3 + 4;
        least = least < 17 ? 17 : least;
        most = most > 48 ? 48 : most;

        for (unsigned input = least; input <= most; input++) {
            check_levels(g, first, input);
        }
    }
}
END_TEST

/* VTCR that says what cannot be. */
START_TEST(test_invalid)
{
    static const struct {
        uint8_t granule, tsz, sl0, pa_bits;
        bool small, good;
    } cases[] = {
        {0, 25, 1, 48, false, true},
        {0, 24, 1, 48, false, true},  /* two tables */
        {0, 21, 1, 48, false, true},  /* sixteen */
        {0, 20, 1, 48, false, false}, /* 32 */
        {0, 33, 1, 48, false, true},
        {0, 34, 1, 48, false, false}, /* less than a table's first entry */
        {0, 16, 2, 48, false, true},
        {0, 20, 2, 42, false, false}, /* level 0 wants 44 bits */
        {0, 25, 3, 48, false, false}, /* level 3 wants FEAT_TTST */
        {0, 40, 3, 48, false, false},
        {0, 40, 3, 48, true, true},
        {0, 15, 2, 48, false, false},
        {0, 23, 1, 40, false, false}, /* larger than physical addresses */
        {0, 24, 1, 40, false, true},
        {1, 17, 2, 48, false, true},
        {1, 24, 2, 40, false, false},
        {1, 24, 3, 48, false, false}, /* level 0 wants FEAT_LPA2 */
        {1, 24, 1, 48, false, true},
        {2, 21, 2, 44, false, true},
        {2, 21, 2, 42, false, false},
        {2, 22, 3, 48, false, false},
        {2, 34, 1, 48, false, true},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct mmu_granule *g = &mmu_granules[cases[i].granule];

        use_granule(g, 25);
        mmu.key.mmu_off = 1;
        use_stage2(g, cases[i].tsz, 1, 16);
        mmu.regs.pa_bits = cases[i].pa_bits;
        mmu.regs.small_va = cases[i].small;
        mmu.stage2.vtcr &= ~(UINT64_C(3) << 6);
        mmu.stage2.vtcr |= (uint64_t)cases[i].sl0 << 6;
        int first = g->bits == 12 ? (int[]){2, 1, 0, 3}[cases[i].sl0]
                                  : 3 - cases[i].sl0;
        ck_assert(!walk(0x1000, TLB_READ));
        ck_assert_uint_eq(mmu.fault.stage, 2);
        ck_assert_msg(mmu.fault.status ==
                          (MMU_TRANSLATION |
                           (cases[i].good ? (unsigned)first : 0)),
                      "case %u: %#x", i, mmu.fault.status);
    }
}
END_TEST

/* ---- permissions ---- */

static bool may2(enum tlb_access access, unsigned el, unsigned s2ap,
                 unsigned xn, bool xnx)
{
    if (access != TLB_EXEC) {
        return s2ap & (access == TLB_READ ? 1 : 2);
    }
    if (!xnx) {
        return !(xn & 2);
    }
    return el == 0 ? xn == 0 || xn == 1 : xn == 0 || xn == 3;
}

/* Both stages must allow, and stage 1 speaks first. */
START_TEST(test_permissions)
{
    const uint64_t va = 0x1000;

    use_both();
    uint64_t *one = slot(12, 25, va, 3, 0), *two = at2(FRAME, 3);

    for (unsigned n = 0; n < 1u << 10; n++) {
        unsigned ap = n & 3, s2ap = n >> 2 & 3, xn = n >> 4 & 3;
        bool uxn = n >> 6 & 1, pxn = n >> 7 & 1;

        mmu.regs.xnx = n >> 8 & 1;
        mmu.key.el = n >> 9 & 1;
        *one = leaf(3, FRAME, AF | TYPE(2) | AP(ap) | (uxn ? UXN : 0) |
                                  (pxn ? PXN : 0));
        *two = leaf(3, FRAME, AF | WB | AP(s2ap) | XN(xn));
        for (unsigned access = TLB_READ; access <= TLB_EXEC; access++) {
            mmu.has_stage2 = false;
            bool first = walk(va, access);
            mmu.has_stage2 = true;
            bool second = may2(access, mmu.key.el, s2ap, xn, mmu.regs.xnx);

            if (first && second) {
                ck_assert(walk(va, access));
            } else if (first) {
                ck_fails2(va, access, MMU_PERMISSION | 3, FRAME);
                ck_assert(!mmu.fault.s1ptw);
            } else {
                ck_assert(!walk(va, access));
                ck_assert_uint_eq(mmu.fault.stage, 1);
            }
        }
    }
}
END_TEST

/* ---- stage 1 under stage 2 ---- */

START_TEST(test_sizes)
{
    const uint64_t va = 0x40205678, ipa = FRAME + 0x5678;

    use_both();
    *slot(12, 25, va, 2, 0) = leaf(2, FRAME, AF | TYPE(2) | AP(1));
    *at2(FRAME, 1) = leaf(1, FRAME >> 1, FULL);
    ck_assert(walk(va, TLB_WRITE));
    ck_assert_uint_eq(mmu.page.block_size, BIT(21));
    ck_assert_uint_eq(mmu.page.pa, (FRAME >> 1) + 0x5000);
    *at2(FRAME, 1) = 0;
    *at2(ipa, 3) = leaf(3, UINT64_C(0x77000), FULL);
    ck_assert(walk(va, TLB_WRITE));
    ck_assert_uint_eq(mmu.page.block_size, BIT(12));
    ck_assert_uint_eq(mmu.page.pa, 0x77000);
    ck_assert(mmu.page.global && !mmu.page.device);
    ck_fails2(va + 0x1000, TLB_READ, MMU_TRANSLATION | 3, ipa + 0x1000);
    ck_assert(!mmu.fault.s1ptw);
}
END_TEST

START_TEST(test_walk_faults)
{
    const uint64_t va = 0x1008;

    use_both();
    uint64_t *desc = slot(12, 25, va, 3, 0);
    uint64_t offset = (uint64_t)((uint8_t *)desc - mmu.ram->host);
    uint64_t ipa = RAM_BASE + offset;
    uint64_t *two = at2(ipa, 2);
    const uint64_t good = *two;

    *desc = leaf(3, RAM_BASE, AF | TYPE(2));
    ck_assert(walk(va, TLB_READ));
    *two = 0;
    ck_assert(!walk(va, TLB_WRITE)); /* the first table is there, too */
    ck_assert_uint_eq(mmu.fault.status, MMU_TRANSLATION | 2);
    ck_assert(mmu.fault.s1ptw && mmu.fault.stage == 2);
    ck_assert_uint_eq(mmu.fault.ipa, mmu.regs.ttbr0 & mask64(48) & ~1ull);

    static const struct {
        uint64_t bits, hcr;
        uint32_t status;
    } cases[] = {
        {S2_RW | WB, 0, MMU_ACCESS_FLAG | 2},
        {AF | S2_WRITE | WB, 0, MMU_PERMISSION | 2},
        {AF | S2_READ | WB, 0, 0},
        {AF | S2_READ | TYPE(1), 0, 0},
        {AF | S2_READ | TYPE(1), HCR_PTW, MMU_PERMISSION | 2},
        {AF | S2_READ | TYPE(2), HCR_PTW | HCR_FWB, MMU_PERMISSION | 2},
        {AF | S2_READ | TYPE(6), HCR_PTW | HCR_FWB, 0},
        {AF | S2_READ | TYPE(5), HCR_PTW, 0},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        mmu.stage2.hcr = 1 | cases[i].hcr;
        *two = leaf(2, RAM_BASE, cases[i].bits);
        if (!cases[i].status) {
            ck_assert(walk(va, TLB_READ) || !mmu.fault.s1ptw);
            continue;
        }
        ck_assert(!walk(va, TLB_READ));
        ck_assert_uint_eq(mmu.fault.status, cases[i].status);
        ck_assert(mmu.fault.s1ptw && mmu.fault.stage == 2);
    }

    /* An external abort belongs to the stage whose table it is. */
    *two = leaf(2, UINT64_C(0x100000000), FULL);
    ck_assert(!walk(va, TLB_READ));
    ck_assert_uint_eq(mmu.fault.status, MMU_EXTERNAL_ON_WALK | 1);
    ck_assert(mmu.fault.external && mmu.fault.stage == 1);
    *two = UINT64_C(0x100000000) | VALID_TABLE;
    ck_assert(!walk(va, TLB_READ));
    ck_assert_uint_eq(mmu.fault.status, MMU_EXTERNAL_ON_WALK | 3);
    ck_assert(mmu.fault.external && mmu.fault.stage == 2 && mmu.fault.s1ptw);
    *two = good;
    ck_assert(walk(va, TLB_READ));
}
END_TEST

START_TEST(test_big_endian)
{
    use_4k();
    mmu.stage2.big_endian = true;
    *at2(FRAME, 1) = __builtin_bswap64(leaf(1, FRAME, FULL));
    ck_assert(walk(FRAME + 0x1234, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, FRAME + 0x1000);
}
END_TEST

/* ---- memory types ---- */

START_TEST(test_attributes)
{
    static const struct {
        uint64_t hcr;
        uint8_t one, sh1, two, sh2, attr, sh;
    } cases[] = {
        {0, 0xff, 3, 15, 0, 0xff, 3},    {0, 0xff, 0, 15, 3, 0xff, 3},
        {0, 0xff, 0, 15, 0, 0xff, 0},    {0, 0xff, 3, 15, 2, 0xff, 2},
        {0, 0xff, 3, 5, 3, 0x44, 2},     {0, 0xff, 3, 10, 3, 0xbb, 3},
        {0, 0xee, 3, 10, 3, 0xaa, 3},    {0, 0xbb, 3, 15, 3, 0xbb, 3},
        {0, 0x44, 0, 15, 3, 0x44, 2},    {0, 0xf4, 3, 15, 3, 0xf4, 3},
        {0, 0xff, 3, 0, 3, 0x00, 2},     {0, 0xff, 3, 3, 3, 0x0c, 2},
        {0, 0x04, 3, 15, 3, 0x04, 2},    {0, 0x0c, 3, 1, 3, 0x04, 2},
        {0, 0x00, 3, 2, 3, 0x00, 2},     {0, 0x33, 3, 15, 0, 0x33, 3},
        {HCR_CD, 0xff, 3, 15, 3, 0x44, 2},
        {HCR_ID, 0xff, 3, 15, 3, 0xff, 3},
        {HCR_CD, 0xff, 3, 1, 3, 0x04, 2},
        {HCR_FWB, 0x44, 0, 6, 3, 0xff, 3},
        {HCR_FWB, 0x04, 0, 6, 0, 0xff, 0},
        {HCR_FWB, 0xee, 0, 6, 0, 0xee, 0},
        {HCR_FWB, 0x44, 3, 7, 3, 0x44, 2},
        {HCR_FWB, 0x04, 3, 7, 3, 0x04, 2},
        {HCR_FWB, 0xff, 3, 5, 3, 0x44, 2},
        {HCR_FWB, 0x04, 3, 5, 3, 0x04, 2},
        {HCR_FWB, 0xff, 3, 1, 3, 0x04, 2},
        {HCR_FWB, 0xff, 3, 8, 3, 0x00, 2},
    };

    use_both();
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        mmu.regs.mair = cases[i].one;
        mmu.stage2.hcr = 1 | cases[i].hcr;
        /* The tables stay readable by whatever FWB makes of their type. */
        *slot(12, 25, 0x1000, 3, 0) =
            leaf(3, FRAME, AF | (uint64_t)cases[i].sh1 << 8);
        *at2(FRAME, 3) = leaf(3, FRAME, AF | S2_RW | TYPE(cases[i].two) |
                                            (uint64_t)cases[i].sh2 << 8);
        ck_assert(walk(0x1000, TLB_READ));
        ck_assert_msg(mmu.page.attr == cases[i].attr, "case %u: %#x", i,
                      mmu.page.attr);
        ck_assert_msg(mmu.page.shareability == cases[i].sh, "case %u", i);
        ck_assert_uint_eq(mmu.page.device, !(cases[i].attr & 0xf0));
    }
}
END_TEST

/* HCR_EL2.DC: Normal memory without stage 1. */
START_TEST(test_default_cacheable)
{
    use_4k();
    *at2(FRAME, 3) = leaf(3, FRAME, FULL);
    ck_assert(walk(FRAME, TLB_WRITE));
    ck_assert(mmu.page.device);
    mmu.stage2.hcr |= HCR_DC;
    ck_assert(walk(FRAME, TLB_WRITE));
    ck_assert_uint_eq(mmu.page.attr, 0xff);
    ck_assert_uint_eq(mmu.page.shareability, 0);
    ck_assert(!mmu.page.device && mmu.page.global);
}
END_TEST

/* ---- hardware updates ---- */

START_TEST(test_updates)
{
    use_4k();
    mmu.regs.hafdbs = true;
    uint64_t *desc = at2(FRAME, 3);
    const uint64_t clean = leaf(3, FRAME, S2_READ | WB | DBM);

    *desc = clean;
    ck_fails2(FRAME, TLB_READ, MMU_ACCESS_FLAG | 3, FRAME);
    mmu.stage2.vtcr |= VTCR_HA;
    ck_assert(walk(FRAME, TLB_READ));
    ck_assert_uint_eq(*desc, clean | AF);
    ck_assert_uint_eq(mmu.page.perm_el1, TLB_PERM_R | TLB_PERM_X);
    ck_fails2(FRAME, TLB_WRITE, MMU_PERMISSION | 3, FRAME);
    mmu.stage2.vtcr |= VTCR_HD;
    ck_assert(walk(FRAME, TLB_READ));
    ck_assert_uint_eq(*desc, clean | AF);
    mmu.purpose = MMU_FOR_AT_BOTH;
    ck_assert(walk(FRAME, TLB_WRITE));
    ck_assert_uint_eq(*desc, clean | AF);
    mmu.purpose = MMU_FOR_ACCESS;
    ck_assert(walk(FRAME, TLB_WRITE));
    ck_assert_uint_eq(*desc, clean | AF | S2_WRITE);
    ck_assert_uint_eq(mmu.page.perm_el1,
                      TLB_PERM_R | TLB_PERM_W | TLB_PERM_X);
}
END_TEST

/* To set a flag in stage 1's table takes the right to write there. */
START_TEST(test_update_of_stage1)
{
    const uint64_t va = 0x1008;

    use_both();
    mmu.regs.hafdbs = true;
    mmu.regs.tcr |= TCR_HA | TCR_HD;
    uint64_t *desc = slot(12, 25, va, 3, 0);
    uint64_t ipa = RAM_BASE + (uint64_t)((uint8_t *)desc - mmu.ram->host);
    uint64_t *two = at2(ipa, 2);

    *desc = leaf(3, RAM_BASE, TYPE(2));
    *two &= ~S2_WRITE;
    ck_fails2(va, TLB_READ, MMU_PERMISSION | 2, ipa);
    ck_assert(mmu.fault.s1ptw);
    *two |= DBM;
    mmu.stage2.vtcr |= VTCR_HA | VTCR_HD;
    ck_assert(walk(va, TLB_READ));
    ck_assert_uint_eq(*desc, leaf(3, RAM_BASE, TYPE(2) | AF));
    ck_assert_uint_ne(*two & S2_WRITE, 0);

    *desc = leaf(3, RAM_BASE, TYPE(2) | AF | AP(2) | DBM);
    mmu.purpose = MMU_FOR_AT_STAGE1;
    ck_assert(walk(va, TLB_WRITE));
    ck_assert_uint_ne(*desc & AP(2), 0);
    mmu.purpose = MMU_FOR_ACCESS;
    ck_assert(walk(va, TLB_WRITE));
    ck_assert_uint_eq(*desc & AP(2), 0);
}
END_TEST

/* AT S1E1*: the tables go through stage 2, the result does not. */
START_TEST(test_stage1_only)
{
    use_both();
    *slot(12, 25, 0x1000, 3, 0) = leaf(3, FRAME, AF | TYPE(2));
    ck_fails2(0x1000, TLB_READ, MMU_TRANSLATION | 1, FRAME);
    ck_assert_uint_eq(mmu_par(NULL, &mmu.fault),
                      1 | 5 << 1 | BIT(9) | BIT(11));
    mmu.purpose = MMU_FOR_AT_STAGE1;
    ck_assert(walk(0x1000, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, FRAME);
    *at2(RAM_BASE, 2) = 0;
    ck_assert(!walk(0x1000, TLB_READ));
    ck_assert_uint_eq(mmu_par(NULL, &mmu.fault),
                      1 | 6 << 1 | BIT(8) | BIT(9) | BIT(11));
}
END_TEST

/* ---- what is remembered ---- */

static struct tlb *remember(struct mmu_tables tables[2])
{
    static const struct tlb_codes codes = {0};

    memset(tables, 0, 2 * sizeof(tables[0]));
    mmu.regs.tables = &tables[0];
    mmu.stage2.tables = &tables[1];
    mmu.regs.tlb = tlb_new(mmu.bus, NULL, 0, NULL, NULL, NULL, &codes);
    return (struct tlb *)mmu.regs.tlb;
}

START_TEST(test_remembered)
{
    static struct mmu_tables tables[2];
    struct tlb_inval inval = {.kind = TLB_INVAL_REGIME, .vmid = 7};

    use_both();
    struct tlb *tlb = remember(tables);
    uint64_t *one = slot(12, 25, 0x1000, 3, 0);
    uint64_t *two = at2(FRAME, 3);
    uint64_t ipa = RAM_BASE + (uint64_t)((uint8_t *)one - mmu.ram->host);

    *one = leaf(3, FRAME, AF | TYPE(2));
    *two = leaf(3, 0x8000, FULL);
    ck_assert(walk(0x1000, TLB_READ));
    /* Leaves are read anew, tables are not. */
    *two = leaf(3, 0x9000, FULL);
    *at2(ipa, 2) = 0;
    ck_assert(walk(0x1000, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, 0x9000);
    /* Another VMID has nothing of it. */
    mmu.key.vmid = 8;
    ck_assert(!walk(0x1000, TLB_READ));
    mmu.key.vmid = 7;
    ck_assert(walk(0x1000, TLB_READ));
    tlb_invalidate(tlb, &inval);
    ck_assert(!walk(0x1000, TLB_READ));
    ck_assert(mmu.fault.s1ptw);
    tlb_free(tlb);
}
END_TEST

/* A table of 64 KiB that stage 2 tears apart is not one piece of memory. */
START_TEST(test_torn_table)
{
    static struct mmu_tables tables[2];
    const struct mmu_granule *g = &mmu_granules[2];

    use_granule(g, 25);
    mmu.next_table = RAM_BASE + 0x100000;
    use_stage2(&mmu_granules[0], TSZ2, FIRST2, 1);
    struct tlb *tlb = remember(tables);
    mmu.key = (struct tlb_key){.el = 1, .vmid = 7};
    mmu.next_table = RAM_BASE + 0x200000;
    uint64_t *table = slot(16, 25, 0, 3, 0);
    uint64_t base = RAM_BASE + (uint64_t)((uint8_t *)table - mmu.ram->host);

    for (uint64_t pa = 0; pa < 0x400000; pa += 0x1000) {
        *at2(RAM_BASE + pa, 3) = leaf(3, RAM_BASE + pa, FULL);
    }
    /* The second 4 KiB of the table are elsewhere. */
    uint64_t other = new_table(12);
    *at2(base + 0x1000, 3) = leaf(3, other, FULL);
    table[0] = leaf(3, RAM_BASE, AF | TYPE(2));
    descriptor(other)[0] = leaf(3, RAM_BASE + 0x10000, AF | TYPE(2));
    ck_assert(walk(0, TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, RAM_BASE);
    ck_assert(walk(0x200 * BIT(16), TLB_READ));
    ck_assert_uint_eq(mmu.page.pa, RAM_BASE + 0x10000);
    tlb_free(tlb);
}
END_TEST

/* Tables of noise in both stages: every walk ends. */
START_TEST(test_noise)
{
    static struct mmu_tables tables[2];

    srand(11);
    for (unsigned i = 0; i < 0x10000; i++) {
        uint64_t *desc = descriptor(RAM_BASE + i * 8);
        *desc = (uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^
                (uint64_t)rand();
        if (rand() % 4) {
            *desc = (*desc & ~mask64(48)) | RAM_BASE |
                    ((uint64_t)rand() & 0x7fffc) | VALID_TABLE;
        }
    }
    struct tlb *tlb = remember(tables);
    mmu.has_stage2 = true;
    for (unsigned i = 0; i < 200000; i++) {
        unsigned n = (unsigned)rand();
        mmu.regs = (struct mmu_regs){
            .pa_bits = 32 + n % 21, .hafdbs = n >> 20 & 1,
            .small_va = n >> 21 & 1, .lva = n >> 22 & 1, .lpa2 = n >> 23 & 1,
            .xnx = n >> 24 & 1, .tables = &tables[0], .tlb = tlb,
            .ttbr0 = RAM_BASE + (n & 0x70000),
            .ttbr1 = RAM_BASE + (n >> 4 & 0x70000),
            .tcr = (uint64_t)rand() << 31 ^ (uint64_t)rand(),
        };
        mmu.stage2.hcr = (uint64_t)rand() << 31 ^ (uint64_t)rand();
        mmu.stage2.vtcr = (uint64_t)rand() << 3 ^ (uint64_t)rand();
        if (n >> 25 & 1) {
            mmu.stage2.vtcr = (mmu.stage2.vtcr & ~UINT64_C(0xff)) | 25 |
                              1 << 6;
        }
        mmu.stage2.vttbr = RAM_BASE + (n >> 6 & 0x70000);
        mmu.key.mmu_off = n >> 26 & 1;
        mmu.purpose = n >> 27 & 1 ? MMU_FOR_ACCESS : MMU_FOR_AT_BOTH;
        uint64_t va = (uint64_t)rand() << 20 ^ (uint64_t)rand();
        if (walk(n >> 28 & 1 ? ~va : va, n >> 29 & 1)) {
            ck_assert_uint_ge(mmu.page.block_size, 4096);
            ck_assert(is_power_of_2(mmu.page.block_size));
        } else {
            ck_assert_uint_le(mmu.fault.status, MMU_UNSUPPORTED_UPDATE);
        }
    }
    tlb_free(tlb);
}
END_TEST

Suite *mmu_stage2_suite(void)
{
    Suite *s = suite_create("mmu_stage2");
    TCase *c = tcase_create("mmu_stage2");

    tcase_add_checked_fixture(c, mmu_rig_setup, mmu_rig_teardown);
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, test_shapes, 0, MMU_GRANULES);
    tcase_add_test(c, test_invalid);
    tcase_add_test(c, test_permissions);
    tcase_add_test(c, test_sizes);
    tcase_add_test(c, test_walk_faults);
    tcase_add_test(c, test_big_endian);
    tcase_add_test(c, test_attributes);
    tcase_add_test(c, test_default_cacheable);
    tcase_add_test(c, test_updates);
    tcase_add_test(c, test_update_of_stage1);
    tcase_add_test(c, test_stage1_only);
    tcase_add_test(c, test_remembered);
    tcase_add_test(c, test_torn_table);
    tcase_add_test(c, test_noise);
    suite_add_tcase(s, c);
    return s;
}
