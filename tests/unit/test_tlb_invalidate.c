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

/* -- pages that want one slot in turn ------------------------------------- */

#define SPAN (TLB_ENTRIES * PAGE) /* so far apart are those with one slot */
#define THIS UINT64_C(0x10000)
#define THAT (THIS + SPAN)
#define THIRD (THIS + 2 * SPAN)

static uint64_t recalled(void)
{
    return tlb_stats(tlb_rig.tlb)->recalled;
}

static void map_at(uint64_t va, uint64_t pa, bool global)
{
    tlb_rig.maps[tlb_rig.map_count++] = (struct mapping){
        va, PAGE, pa, R | W | X, R | W, 0, global, global ? -1 : 1,
    };
}

/* THIS in its slot, THAT driven from there; both were stored to. */
static struct tlb_context *take_turns(bool global)
{
    struct tlb_context *ctx = context(0, 1);
    uint64_t value = 0x1111;

    map_at(THAT, RAM_BASE + 0x3000, global);
    map_at(THIRD, RAM_BASE + 0x4000, global);
    ck_assert(store(ctx, THAT, 8, 0, &value));
    value = 0x2222;
    ck_assert(store(ctx, THIS, 8, 0, &value));
    ck_assert(!hits(ctx, false, THAT, 8));
    ck_assert(!hits(ctx, true, THAT, 8));
    tlb_rig.walks = 0;
    return ctx;
}

START_TEST(test_recall)
{
    struct tlb_context *ctx = take_turns(false);
    uint64_t value = 0x3333, before = recalled();

    for (unsigned n = 0; n < 10; n++) {
        ck_assert_uint_eq(load64(ctx, THAT), 0x1111);
        ck_assert(hits(ctx, false, THAT, 8));
        ck_assert(hits(ctx, true, THAT, 8));
        ck_assert(!hits(ctx, false, THIS, 8));
        ck_assert_uint_eq(load64(ctx, THIS), 0x2222);
    }
    ck_assert(store(ctx, THAT, 8, 0, &value));
    ck_assert_uint_eq(frame(RAM_BASE + 0x3000)[0], 0x33);
    ck_assert_uint_eq(recalled() - before, 21);
    /* A check of several accesses takes it back as well. */
    ck_assert_uint_eq(tlb_fill(tlb_rig.tlb, ctx, THIS + 8, 16, true, false) +
                      THIS, (uintptr_t)frame(RAM_BASE + 0x5000));
    ck_assert_uint_eq(recalled() - before, 22);
    /* Not beyond the page. */
    ck_assert_uint_eq(tlb_fill(tlb_rig.tlb, ctx, THAT + 4090, 16, true, false),
                      0);
    ck_assert_uint_eq(tlb_rig.walks, 0);
    /* A third page drives the older one out. */
    load64(ctx, THAT);
    load64(ctx, THIRD);
    before = recalled();
    load64(ctx, THAT);
    ck_assert_uint_eq(recalled() - before, 1);
    load64(ctx, THIS);
    ck_assert_uint_eq(recalled() - before, 1);
    ck_assert(hits(ctx, false, THIS, 8));
}
END_TEST

/* A debugger's look changes nothing. */
START_TEST(test_no_recall)
{
    struct tlb_context *ctx = take_turns(false);
    uint64_t value, before = recalled();

    ck_assert(load(ctx, THAT, 8, TLB_NO_FILL, &value));
    ck_assert_uint_eq(value, 0x1111);
    ck_assert(hits(ctx, false, THIS, 8));
    ck_assert_uint_eq(recalled(), before);
}
END_TEST

/* Whatever takes a translation away takes it from there, too. */
START_TEST(test_invalidate_victims)
{
    static const struct {
        int kind;
        unsigned asid;
        uint64_t va, size;
        bool global, goes;
    } row[] = {
        {TLB_INVAL_ALL, 0, 0, 0, false, true},
        {TLB_INVAL_ALL, 0, 0, 0, true, true},
        {TLB_INVAL_REGIME, 0, 0, 0, false, true},
        {TLB_INVAL_ASID, 1, 0, 0, false, true},
        {TLB_INVAL_ASID, 2, 0, 0, false, false},
        {TLB_INVAL_VA, 1, THAT, PAGE, false, true},
        {TLB_INVAL_VA, 1, THIS, PAGE, false, false},
        {TLB_INVAL_VA, 77, THAT, PAGE, true, true},
        {TLB_INVAL_VA_ALL, 0, THAT, PAGE, false, true},
        {TLB_INVAL_VA_ALL, 0, THAT - PAGE, PAGE, false, false},
        {TLB_INVAL_VA_ALL, 0, THAT - 16 * PAGE, 32 * PAGE, false, true},
        {TLB_INVAL_VA_ALL, 0, THAT - 16 * PAGE, 4096 * PAGE, false, true},
        {TLB_INVAL_VA_ALL, 0, THAT + PAGE, 4096 * PAGE, false, false},
    };

    for (unsigned n = 0; n < ARRAY_SIZE(row); n++) {
        struct tlb_context *ctx = take_turns(row[n].global);
        uint64_t before = recalled();

        invalidate(row[n].kind, row[n].asid, row[n].va, row[n].size);
        tlb_rig.maps[tlb_rig.map_count - 2].pa = RAM_BASE + 0x8000;
        frame(RAM_BASE + 0x8000)[0] = 0x88;
        ck_assert_msg(load64(ctx, THAT) == (row[n].goes ? 0x88 : 0x1111),
                      "row %u", n);
        ck_assert_msg(recalled() - before == !row[n].goes, "row %u", n);
        tlb_rig.map_count -= 2;
        invalidate(TLB_INVAL_ALL, 0, 0, 0);
        frame(RAM_BASE + 0x8000)[0] = 0;
    }
}
END_TEST

/* A context for another address space begins without. */
START_TEST(test_victims_stay)
{
    struct tlb_context *ctx = take_turns(true), *other = context(0, 2);
    uint64_t before = recalled();

    ck_assert_uint_eq(load64(ctx, THAT), 0x1111);
    ck_assert_uint_eq(recalled() - before, 1);
    load64(other, THAT);
    load64(other, THIS);
    ck_assert_uint_eq(recalled() - before, 1);
}
END_TEST

static bool watch_all(void *cpu, const struct tlb_key *key, uint64_t va,
                      unsigned size, unsigned kinds, uint64_t *at)
{
    (void)cpu, (void)key, (void)size, (void)kinds;
    *at = va;
    return true;
}

START_TEST(test_watched_victim)
{
    struct tlb_context *ctx = take_turns(false);
    const struct tlb_range range = {THAT, THAT + 7};
    uint64_t value;

    tlb_set_watches(tlb_rig.tlb, &range, 1, watch_all);
    ck_assert(!load(ctx, THAT, 8, 0, &value));
    ck_assert(tlb_rig.fault.watch);
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
    tcase_add_test(c, test_recall);
    tcase_add_test(c, test_no_recall);
    tcase_add_test(c, test_invalidate_victims);
    tcase_add_test(c, test_victims_stay);
    tcase_add_test(c, test_watched_victim);
    suite_add_tcase(s, c);
    return s;
}
