/* softmmu: contexts of the TLB, and what invalidation leaves of them. */
#include "tests/unit/tlb_rig.h"

#include <stdlib.h>

Suite *tlb_invalidate_suite(void);

START_TEST(test_contexts)
{
    struct tlb_context *first = context(0, 1);
    frame(RAM_BASE + 0x5000)[0] = 0x55;
    frame(RAM_BASE + 0x6000)[0] = 0x66;

    ck_assert_uint_eq(load64(first, 0x10000), 0x55);
    ck_assert_uint_eq(load64(context(0, 2), 0x10000), 0x66);
    ck_assert_ptr_eq(context(0, 1), first);
    ck_assert(hits(first, false, 0x10000, 8));
    ck_assert_uint_eq(tlb_rig.walks, 2);

    /* The least recently used goes, and comes back from L2. */
    for (unsigned asid = 100; asid < 100 + TLB_CONTEXTS; asid++) {
        struct tlb_context *ctx = context(0, asid);
        ck_assert(!hits(ctx, false, 0x10000, 8));
    }
    ck_assert(!hits(first, false, 0x10000, 8));
    ck_assert_uint_gt(tlb_stats(tlb_rig.tlb)->recycled, 0);
    ck_assert_uint_eq(load64(context(0, 1), 0x10000), 0x55);
    ck_assert_uint_eq(tlb_rig.walks, 2);
}
END_TEST

START_TEST(test_invalidate_va)
{
    struct tlb_context *one = context(0, 1), *two = context(0, 2);

    load64(one, 0x10000);
    load64(one, 0x11000);
    load64(two, 0x10000);
    invalidate(TLB_INVAL_VA, 1, 0x10000, PAGE);
    ck_assert(!hits(one, false, 0x10000, 8));
    ck_assert(hits(one, false, 0x11000, 8));
    tlb_rig.walks = 0;
    load64(two, 0x10000);
    ck_assert_uint_eq(tlb_rig.walks, 0); /* another ASID stays in L2 */
    load64(one, 0x10000);
    ck_assert_uint_eq(tlb_rig.walks, 1);

    invalidate(TLB_INVAL_VA_ALL, 0, 0x10000, PAGE);
    load64(two, 0x10000);
    load64(one, 0x10000);
    ck_assert_uint_eq(tlb_rig.walks, 3);

    /* Another regime's concerns nobody here. */
    struct tlb_inval other = {
        .kind = TLB_INVAL_VA_ALL, .regime = 2, .va = 0x10000, .size = PAGE};
    tlb_invalidate(tlb_rig.tlb, &other);
    ck_assert(hits(one, false, 0x10000, 8));
}
END_TEST

START_TEST(test_invalidate_asid)
{
    struct tlb_context *one = context(1, 1), *two = context(1, 2);

    load64(one, 0x10000);
    load64(two, 0x10000);
    load64(one, 0x30000); /* global */
    tlb_rig.walks = 0;
    invalidate(TLB_INVAL_ASID, 1, 0, 0);
    ck_assert(!hits(one, false, 0x10000, 8));
    ck_assert(hits(two, false, 0x10000, 8));
    load64(one, 0x30000);
    load64(two, 0x30000);
    ck_assert_uint_eq(tlb_rig.walks, 0);
    load64(one, 0x10000);
    ck_assert_uint_eq(tlb_rig.walks, 1);

    /* A global entry goes by address under any ASID. */
    invalidate(TLB_INVAL_VA, 77, 0x30000, PAGE);
    load64(one, 0x30000);
    ck_assert_uint_eq(tlb_rig.walks, 2);

    invalidate(TLB_INVAL_REGIME, 0, 0, 0);
    ck_assert(!hits(two, false, 0x10000, 8));
    load64(two, 0x10000);
    load64(one, 0x30000);
    ck_assert_uint_eq(tlb_rig.walks, 5); /* the first global one twice */
    invalidate(TLB_INVAL_ALL, 0, 0, 0);
    load64(two, 0x10000);
    ck_assert_uint_eq(tlb_rig.walks, 6);
}
END_TEST

/* VMIDs are as far apart as ASIDs; regimes of one family are not. */
START_TEST(test_vmids)
{
    struct tlb_key key = {.el = 1, .asid = 1, .vmid = 3, .regime = 16};
    struct tlb_context *one = tlb_context(tlb_rig.tlb, &key);
    key.vmid = 4;
    struct tlb_context *two = tlb_context(tlb_rig.tlb, &key);
    key.regime = 17; /* another family */
    struct tlb_context *other = tlb_context(tlb_rig.tlb, &key);
    struct tlb_inval inval = {.kind = TLB_INVAL_VA, .asid = 1, .vmid = 3,
                              .va = 0x10000, .size = PAGE};
    static const int kinds[] = {TLB_INVAL_VA, TLB_INVAL_VA_ALL,
                                TLB_INVAL_ASID, TLB_INVAL_REGIME};

    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
        for (unsigned all = 0; all < 2; all++) {
            load64(one, 0x10000);
            load64(one, 0x30000); /* global */
            load64(two, 0x10000);
            load64(other, 0x10000);
            inval.kind = (unsigned)kinds[i];
            inval.all_vmids = all;
            tlb_invalidate(tlb_rig.tlb, &inval);
            ck_assert(!hits(one, false, 0x10000, 8));
            ck_assert_int_eq(hits(two, false, 0x10000, 8), !all);
            ck_assert(hits(other, false, 0x10000, 8));
            tlb_rig.walks = 0;
            load64(one, 0x10000);
            ck_assert_uint_eq(tlb_rig.walks, 1);
        }
    }
}
END_TEST

START_TEST(test_blocks)
{
    struct tlb_context *ctx = context(1, 1);

    load64(ctx, 0x400000);
    load64(ctx, 0x5ff000);
    load64(ctx, 0x456000);
    load64(ctx, 0x10000);
    ck_assert_uint_eq(tlb_rig.walks, 2);
    invalidate(TLB_INVAL_VA, 1, 0x499000, PAGE);
    ck_assert(!hits(ctx, false, 0x400000, 8));
    ck_assert(!hits(ctx, false, 0x5ff000, 8));
    ck_assert(!hits(ctx, false, 0x456000, 8));
    ck_assert(hits(ctx, false, 0x10000, 8));
    load64(ctx, 0x400000);
    ck_assert_uint_eq(tlb_rig.walks, 3);

    uint64_t sweeps = tlb_stats(tlb_rig.tlb)->sweeps;
    invalidate(TLB_INVAL_VA, 1, 0x11000, PAGE);
    ck_assert_uint_eq(tlb_stats(tlb_rig.tlb)->sweeps, sweeps);
}
END_TEST

START_TEST(test_ranges)
{
    static const uint64_t sizes[] = {0x2000, 0x200000, 0x40000000,
                                     UINT64_C(1) << 48};
    struct tlb_context *ctx = context(1, 1);

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        load64(ctx, 0x10000);
        load64(ctx, 0x11000);
        load64(ctx, 0x12000);
        load64(ctx, 0x400000);
        tlb_rig.walks = 0;
        invalidate(TLB_INVAL_VA, 1, 0x10000, sizes[i]);
        ck_assert(!hits(ctx, false, 0x10000, 8));
        ck_assert(!hits(ctx, false, 0x11000, 8));
        ck_assert(hits(ctx, false, 0x12000, 8) == (i == 0));
        load64(ctx, 0x10000);
        load64(ctx, 0x11000);
        load64(ctx, 0x12000);
        load64(ctx, 0x400000);
        ck_assert_uint_eq(tlb_rig.walks, i == 0 ? 2 : i == 1 ? 3 : 4);
    }
    /* From the middle of a block. */
    invalidate(TLB_INVAL_VA, 1, 0x500000, 0x800000);
    ck_assert(!hits(ctx, false, 0x400000, 8));
    load64(ctx, 0x400000);
    ck_assert_uint_eq(tlb_rig.walks, 5);
}
END_TEST

START_TEST(test_tags)
{
    struct tlb_context *ctx = context(0, 1);
    uint64_t tagged = 0x10000 | UINT64_C(0xab) << 56;

    load64(ctx, 0x10000);
    load64(ctx, tagged);
    ck_assert_uint_eq(tlb_rig.walks, 1);
    ck_assert(hits(ctx, false, tagged, 8));
    ck_assert(!hits(ctx, false, 0x10000, 8));
    invalidate(TLB_INVAL_VA, 1, 0x10000, PAGE);
    ck_assert(!hits(ctx, false, tagged, 8));
    ck_assert(!load(ctx, tagged + 0x9000000, 8, 0, &tagged));
    ck_assert_uint_eq(tlb_rig.fault.va >> 56, 0xab);
}
END_TEST

/*
 * Random remapping.  Three address spaces of 8 regions, each 64 KiB and
 * either one block or 16 pages; regions 6 and 7 are global.  Every change is
 * followed by the least invalidation that the architecture asks for: after
 * it no access may see the old frame.
 */
#define SPACES 3

#define REGIONS 8

#define PAGES 16

static struct region {
    bool block;
    uint8_t frames[PAGES]; /* 0: not mapped */
} regions[SPACES][REGIONS];

static uint64_t region_va(unsigned r)
{
    return (uint64_t)r * 0x400000 + (r & 1) * 0x8000000000 + 0x10000;
}

static struct region *region_of(unsigned space, unsigned r)
{
    return &regions[r >= 6 ? 0 : space][r];
}

static bool random_walk(void *cpu, const struct tlb_key *key, uint64_t va,
                        enum tlb_access access, struct tlb_page *page,
                        struct mem_fault *mem_fault)
{
    (void)cpu;
    *mem_fault = (struct mem_fault){.va = va, .access = (uint8_t)access};
    for (unsigned r = 0; r < REGIONS; r++) {
        const struct region *region = region_of(key->asid, r);
        uint64_t n = (va - region_va(r)) / PAGE;
        if (n >= PAGES || !region->frames[n]) {
            continue;
        }
        *page = (struct tlb_page){
            .pa = RAM_BASE + region->frames[n] * PAGE,
            .block_size = region->block ? PAGES * PAGE : PAGE,
            .global = r >= 6,
            .perm_el0 = R | W | X,
            .perm_el1 = R | W,
        };
        return true;
    }
    return false;
}

static void randomize(struct region *region)
{
    region->block = rand() % 2;
    unsigned base = (unsigned)(rand() % 15 + 1) * PAGES;
    for (unsigned i = 0; i < PAGES; i++) {
        region->frames[i] =
            (uint8_t)(region->block ? base + i : (unsigned)rand() % 256);
    }
}

static void change_something(void)
{
    unsigned space = (unsigned)rand() % SPACES;
    unsigned r = (unsigned)rand() % REGIONS;
    unsigned n = (unsigned)rand() % PAGES;
    struct region *region = region_of(space, r);
    uint64_t va = region_va(r);
    int by_va = rand() % 2 ? TLB_INVAL_VA : TLB_INVAL_VA_ALL;
    bool was_block = region->block;

    switch (rand() % 8) {
    case 0: /* a whole space */
        for (unsigned i = 0; i < 6; i++) {
            randomize(&regions[space][i]);
        }
        invalidate(TLB_INVAL_ASID, space, 0, 0);
        break;
    case 1:
        for (unsigned i = 0; i < REGIONS; i++) {
            randomize(&regions[i % SPACES][i]);
            randomize(region_of(space, i));
        }
        invalidate(rand() % 2 ? TLB_INVAL_ALL : TLB_INVAL_REGIME, 0, 0, 0);
        break;
    case 2: /* a whole region, by one page when it was a block */
        randomize(region);
        invalidate(by_va, space, was_block ? va + n * PAGE : va,
                   was_block ? PAGE : PAGES * PAGE);
        break;
    case 3: /* a huge range */
        randomize(region);
        invalidate(by_va, space, va, 0x300000);
        break;
    default:
        if (!was_block) {
            region->frames[n] = (uint8_t)rand();
            invalidate(by_va, space, va + n * PAGE, PAGE);
        }
        break;
    }
}

static void access_something(void)
{
    unsigned space = (unsigned)rand() % SPACES;
    unsigned r = (unsigned)rand() % REGIONS;
    unsigned n = (unsigned)rand() % PAGES;
    struct tlb_context *ctx = context((unsigned)rand() % 2, space);
    uint64_t va = region_va(r) + n * PAGE;
    uint8_t expected = region_of(space, r)->frames[n];
    uint8_t byte;

    bool ok = load(ctx, va, 1, 0, &byte);
    ck_assert_int_eq(ok, expected != 0);
    if (!ok) {
        ck_assert_uint_eq(tlb_rig.fault.va, va);
        return;
    }
    ck_assert_uint_eq(byte, expected);
    ck_assert(store(ctx, va, 1, 0, &byte));
    if (ctx->key.el == 0) {
        fetch(ctx, va, RAM_BASE + expected * PAGE);
    }
    unsigned i = tlb_index(va);
    ck_assert_ptr_eq((void *)(uintptr_t)(ctx->slot[i].write.addend + va),
                     frame(RAM_BASE + expected * PAGE));
}

START_TEST(test_random_remapping)
{
    tlb_free(tlb_rig.tlb);
    tlb_rig.tlb = tlb_new(tlb_rig.bus, tlb_rig.ids, 0, NULL, random_walk,
                          tlb_rig_strip, &tlb_rig_codes);
    for (unsigned i = 0; i < 256; i++) {
        *frame(RAM_BASE + i * PAGE) = (uint8_t)i;
    }
    srand(1);
    for (unsigned i = 0; i < SPACES * REGIONS; i++) {
        randomize(&regions[i / REGIONS][i % REGIONS]);
    }
    for (unsigned i = 0; i < 300000; i++) {
        if (rand() % 16 == 0) {
            change_something();
        }
        access_something();
    }
    ck_assert_uint_gt(tlb_stats(tlb_rig.tlb)->sweeps, 100);
}
END_TEST

Suite *tlb_invalidate_suite(void)
{
    Suite *s = suite_create("tlb_invalidate");
    TCase *c = tcase_create("tlb");

    tcase_add_checked_fixture(c, tlb_rig_setup, tlb_rig_teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_contexts);
    tcase_add_test(c, test_invalidate_va);
    tcase_add_test(c, test_invalidate_asid);
    tcase_add_test(c, test_vmids);
    tcase_add_test(c, test_blocks);
    tcase_add_test(c, test_ranges);
    tcase_add_test(c, test_tags);
    tcase_add_test(c, test_random_remapping);
    suite_add_tcase(s, c);
    return s;
}
