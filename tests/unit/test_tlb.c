/* softmmu: accesses through the TLB: sizes, borders, devices, code. */
#include "tests/unit/tlb_rig.h"

#include <stdlib.h>
#include <string.h>

#include "softmmu/ram_ahead.h"

Suite *tlb_suite(void);

START_TEST(test_all_sizes)
{
    static const unsigned sizes[] = {1, 2, 4, 8, 16, 32};
    struct tlb_context *ctx = context(0, 1);

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        for (unsigned offset = 0; offset < 40; offset++) {
            uint8_t out[32], in[32];
            for (unsigned b = 0; b < 32; b++) {
                out[b] = (uint8_t)rand();
            }
            uint64_t va = 0x10000 + offset;
            ck_assert(store(ctx, va, sizes[i], 0, out));
            ck_assert_mem_eq(frame(RAM_BASE + 0x5000) + offset, out,
                             sizes[i]);
            ck_assert(load(ctx, va, sizes[i], 0, in));
            ck_assert_mem_eq(in, out, sizes[i]);
        }
    }
    ck_assert_uint_eq(tlb_rig.walks, 1);
    ck_assert(hits(ctx, false, 0x10ff8, 8));
    ck_assert(hits(ctx, true, 0x10ff8, 8));
    ck_assert(!hits(ctx, false, 0x10ff9, 8));
    const struct tlb_entry *entry = tlb_entry_of(ctx, 0x10000, false);
    ck_assert_ptr_eq((void *)(uintptr_t)(entry->addend + 0x10123),
                     frame(RAM_BASE + 0x5123));
}
END_TEST

/* What the hit test compares with stays as it is, whatever is invalidated and
 * whomever a context is for. */
START_TEST(test_constants)
{
    for (unsigned asid = 0; asid < 2 * TLB_CONTEXTS; asid++) {
        struct tlb_context *ctx = context(asid & 1, asid);
        const struct tlb_constants *c = &ctx->constants;

#define LIMIT(size) ck_assert_uint_eq(c->limit_##size, 4096 - size);
        TLB_LIMITS(LIMIT)
#undef LIMIT
        for (uint64_t va = 0; va < 2 * TLB_ENTRIES * PAGE; va += 0x41000) {
            ck_assert_ptr_eq((const char *)tlb_entry_of(ctx, va, false),
                             (const char *)ctx->slot +
                             (va >> 7 & c->offset_mask));
        }
        tlb_invalidate(tlb_rig.tlb,
                       &(struct tlb_inval){ .kind = TLB_INVAL_ALL });
    }
}
END_TEST

START_TEST(test_empty_never_hits)
{
    struct tlb_context *ctx = context(1, 0);
    for (uint64_t va = 0; va < 2 * TLB_ENTRIES * PAGE; va += 0x400) {
        for (unsigned size = 1; size <= 32; size *= 2) {
            ck_assert(!hits(ctx, false, va, size));
            ck_assert(!hits(ctx, true, va, size));
        }
    }
}
END_TEST

START_TEST(test_crossing)
{
    struct tlb_context *ctx = context(0, 1);
    for (unsigned size = 2; size <= 32; size *= 2) {
        for (unsigned first = 1; first < size; first++) {
            uint8_t out[32], in[32];
            for (unsigned b = 0; b < 32; b++) {
                out[b] = (uint8_t)rand();
            }
            uint64_t va = 0x11000 - first;
            ck_assert(store(ctx, va, size, 0, out));
            ck_assert_mem_eq(frame(RAM_BASE + 0x6000 - first), out, first);
            ck_assert_mem_eq(frame(RAM_BASE + 0x2000), out + first,
                             size - first);
            ck_assert(load(ctx, va, size, 0, in));
            ck_assert_mem_eq(in, out, size);
        }
    }
    ck_assert_uint_gt(tlb_stats(tlb_rig.tlb)->crossing, 0);
}
END_TEST

START_TEST(test_crossing_faults)
{
    struct tlb_context *ctx = context(0, 1);
    uint64_t value = UINT64_MAX;

    /* The second page is read-only: the first keeps its bytes. */
    ck_assert(!store(ctx, 0x11ffe, 8, 0, &value));
    ck_fault(0x12000, CODE_PERM, TLB_WRITE);
    ck_assert_uint_eq(frame(RAM_BASE + 0x2fff)[0], 0);
    ck_assert(load(ctx, 0x11ffe, 8, 0, &value));
    /* Neither page / only the second is mapped. */
    ck_assert(!load(ctx, 0xfffd, 8, 0, &value));
    ck_fault(0xfffd, CODE_WALK, TLB_READ);
    ck_assert(!load(ctx, 0x12ffd, 8, 0, &value));
    ck_fault(0x13000, CODE_WALK, TLB_READ);
}
END_TEST

START_TEST(test_alignment)
{
    struct tlb_context *ctx = context(0, 1);
    uint8_t data[32] = {0};

    ck_assert(load(ctx, 0x10000, 8, TLB_ALIGNED, data));
    ck_assert(!load(ctx, 0x10004, 8, TLB_ALIGNED, data));
    ck_fault(0x10004, CODE_ALIGNMENT, TLB_READ);
    /* Before the translation fault. */
    ck_assert(!store(ctx, 0x99999, 8, TLB_ALIGNED, data));
    ck_fault(0x99999, CODE_ALIGNMENT, TLB_WRITE);
    ck_assert(load(ctx, 0x10008, 16, TLB_ALIGNED | TLB_PAIR, data));
    ck_assert(!load(ctx, 0x10008, 16, TLB_ALIGNED, data));
    ck_assert(load(ctx, 0x10ff8, 16, TLB_ALIGNED | TLB_PAIR, data));
    ck_assert(!load(ctx, 0x10ffc, 16, TLB_ALIGNED | TLB_PAIR, data));
}
END_TEST

START_TEST(test_device)
{
    struct tlb_context *ctx = context(1, 1);
    uint64_t data[4] = {1, 2, 3, 4};

    ck_assert(load(ctx, 0x20004, 4, 0, data));
    ck_assert_uint_eq((uint32_t)data[0], 0x22222222);
    ck_assert_uint_eq(tlb_rig.device.seen[0].cpu, 3);
    ck_assert_uint_eq(tlb_rig.device.seen[0].offset, 4);
    ck_assert(!hits(ctx, false, 0x20004, 4));

    ck_assert(store(ctx, 0x20010, 16, 0, data));
    ck_assert_uint_eq(tlb_rig.device.count, 3);
    ck_assert_uint_eq(tlb_rig.device.seen[1].size, 8);
    ck_assert_uint_eq(tlb_rig.device.seen[2].offset, 0x18);
    ck_assert(store(ctx, 0x20014, 8, TLB_PAIR, data));
    ck_assert_uint_eq(tlb_rig.device.count, 5);
    ck_assert_uint_eq(tlb_rig.device.seen[4].size, 4);
    ck_assert_uint_eq(tlb_rig.device.seen[4].offset, 0x18);

    ck_assert(!load(ctx, 0x20002, 4, 0, data));
    ck_fault(0x20002, CODE_ALIGNMENT, TLB_READ);
    /* Mapped Normal, it is a device all the same, in aligned pieces. */
    tlb_rig.device.count = 0;
    ck_assert(load(ctx, 0x21002, 4, 0, data));
    ck_assert_uint_eq(tlb_rig.device.count, 2);
    ck_assert(!hits(ctx, false, 0x21002, 2));

    /* Code cannot be there. */
    uint64_t pa;
    const uint8_t *host;
    uint32_t id;
    ck_assert(!tlb_fetch(tlb_rig.tlb, ctx, 0x21000, &pa, &host, &id,
                         &tlb_rig.fault));
    ck_fault(0x21000, CODE_EXTERNAL, TLB_EXEC);
}
END_TEST

START_TEST(test_ram_as_device)
{
    struct tlb_context *ctx = context(1, 1);
    uint64_t value = 0x1234;

    ck_assert(store(ctx, 0x22008, 8, 0, &value));
    ck_assert_uint_eq(frame(RAM_BASE + 0x7008)[1], 0x12);
    ck_assert(!hits(ctx, true, 0x22008, 8));
    ck_assert(!store(ctx, 0x22009, 8, 0, &value));
    ck_fault(0x22009, CODE_ALIGNMENT, TLB_WRITE);

    /* Stage 1 off: entries, but alignment is still checked here. */
    struct tlb_key key = {.el = 1, .mmu_off = 1};
    ctx = tlb_context(tlb_rig.tlb, &key);
    ck_assert(store(ctx, 0x22008, 8, 0, &value));
    ck_assert(hits(ctx, true, 0x22008, 8));
    ck_assert(!store(ctx, 0x22009, 8, 0, &value));
    ck_fault(0x22009, CODE_ALIGNMENT, TLB_WRITE);
}
END_TEST

START_TEST(test_nowhere_and_rom)
{
    struct tlb_context *ctx = context(1, 1);
    uint64_t value = 7;

    ck_assert(!load(ctx, 0x23008, 8, 0, &value));
    ck_fault(0x23008, CODE_EXTERNAL, TLB_READ);
    ck_assert(tlb_rig.fault.external);

    memset(tlb_rig.rom->host, 0x5a, 8);
    ck_assert_uint_eq(load64(ctx, 0x24000), 0x5a5a5a5a5a5a5a5a);
    ck_assert(hits(ctx, false, 0x24000, 8));
    ck_assert(store(ctx, 0x24000, 8, 0, &value)); /* ignored */
    ck_assert(!hits(ctx, true, 0x24000, 8));
    ck_assert_uint_eq(tlb_rig.rom->host[0], 0x5a);

    /* One block, RAM in part of it. */
    ck_assert_uint_eq(load64(ctx, 0x800000), 0x5a5a5a5a5a5a5a5a);
    ck_assert(!load(ctx, 0x810000, 8, 0, &value));
    ck_fault(0x810000, CODE_EXTERNAL, TLB_READ);
    ck_assert_uint_eq(load64(ctx, 0x801000), 0);
}
END_TEST

START_TEST(test_permissions)
{
    uint64_t value = 0;
    struct tlb_key pan = {.el = 1, .asid = 1, .pan = 1};

    ck_assert(!load(context(0, 1), 0x30000, 8, 0, &value));
    ck_fault(0x30000, CODE_PERM, TLB_READ);
    ck_assert(load(context(1, 1), 0x30000, 8, 0, &value));
    ck_assert(!load(context(0, 1), 0x30000, 8, 0, &value));
    ck_assert(!hits(context(0, 1), false, 0x30000, 8));
    ck_assert(!store(context(0, 1), 0x12000, 8, 0, &value));
    ck_fault(0x12000, CODE_PERM, TLB_WRITE);

    ck_assert(load(context(1, 1), 0x10000, 8, 0, &value));
    ck_assert(!load(tlb_context(tlb_rig.tlb, &pan), 0x10000, 8, 0, &value));
    ck_assert(load(tlb_context(tlb_rig.tlb, &pan), 0x30000, 8, 0, &value));
}
END_TEST

START_TEST(test_upgrade)
{
    /* Denied by the TLB, allowed by the tables now: no fault. */
    struct tlb_context *ctx = context(0, 1);
    uint64_t value = 1;

    load64(ctx, 0x12000);
    tlb_rig.maps[2].el0 = R | W;
    ck_assert(store(ctx, 0x12000, 8, 0, &value));
    ck_assert(hits(ctx, true, 0x12000, 8));
    ck_assert_uint_eq(tlb_rig.walks, 2);
}
END_TEST

static unsigned asked;

/* Stores to 0x11ff8 and behind are refused. */
static bool watch(void *cpu, const struct tlb_key *key, uint64_t va,
                  unsigned size, unsigned kinds, uint64_t *at)
{
    (void)cpu, (void)key;
    asked++;
    *at = 0x11ff8;
    return kinds == TLB_WATCH_STORE && va + size > 0x11ff8;
}

START_TEST(test_watch)
{
    struct tlb_range range = {0x11ff8, 0x11fff};
    struct tlb_context *ctx = context(0, 1);
    uint64_t value = 1;

    ck_assert(store(ctx, 0x11000, 8, 0, &value));
    ck_assert(store(ctx, 0x10000, 8, 0, &value));
    tlb_set_watches(tlb_rig.tlb, &range, 1, watch);
    ck_assert(!hits(ctx, true, 0x11000, 8));
    ck_assert(hits(ctx, true, 0x10000, 8));
    asked = 0;
    ck_assert(store(ctx, 0x11000, 8, 0, &value));
    load64(ctx, 0x11ff8);
    ck_assert_uint_eq(asked, 2);
    ck_assert(!hits(ctx, true, 0x11000, 8));
    ck_assert(!hits(ctx, false, 0x11000, 8));
    ck_assert(!store(ctx, 0x11ff4, 8, 0, &value));
    ck_assert(tlb_rig.fault.watch);
    ck_assert_uint_eq(tlb_rig.fault.va, 0x11ff8);
    ck_assert_ptr_null(tlb_host_for_atomic(tlb_rig.tlb, ctx, 0x11ff8, 8,
                                           true, &tlb_rig.fault));
    ck_assert(tlb_rig.fault.watch);
    tlb_set_watches(tlb_rig.tlb, NULL, 0, NULL);
    ck_assert(store(ctx, 0x11ff8, 8, 0, &value));
    ck_assert(hits(ctx, true, 0x11000, 8));
}
END_TEST

START_TEST(test_fetch)
{
    struct tlb_context *one = context(0, 1), *two = context(0, 2);
    uint32_t id = fetch(one, 0x10010, RAM_BASE + 0x5010);

    ck_assert_uint_eq(fetch(one, 0x10ffc, RAM_BASE + 0x5ffc), id);
    ck_assert_uint_ne(fetch(two, 0x10000, RAM_BASE + 0x6000), id);
    invalidate(TLB_INVAL_VA, 1, 0x10000, PAGE);
    ck_assert_uint_eq(one->page_id[tlb_index(0x10000)], 0);
    ck_assert_uint_eq(fetch(one, 0x10010, RAM_BASE + 0x5010), id);
    invalidate(TLB_INVAL_PAGE_IDS, 0, 0, 0);
    ck_assert_uint_eq(one->page_id[tlb_index(0x10000)], 0);
    ck_assert_uint_eq(fetch(one, 0x10010, RAM_BASE + 0x5010), id);
    invalidate(TLB_INVAL_ALL, 0, 0, 0);
    ck_assert_uint_eq(one->page_id[tlb_index(0x10000)], 0);
    ck_assert_uint_eq(fetch(one, 0x10010, RAM_BASE + 0x5010), id);
    tlb_rig.maps[0].pa = RAM_BASE + 0x8000;
    invalidate(TLB_INVAL_ASID, 1, 0, 0);
    ck_assert_uint_ne(fetch(one, 0x10010, RAM_BASE + 0x8010), id);

    uint64_t pa;
    const uint8_t *host;
    ck_assert(
        !tlb_fetch(tlb_rig.tlb, one, 0x12000, &pa, &host, &id, &tlb_rig.fault));
    ck_fault(0x12000, CODE_PERM, TLB_EXEC);
}
END_TEST

START_TEST(test_find_ram)
{
    struct tlb_context *one = context(0, 1), *two = context(0, 2);
    struct tlb *tlb = tlb_rig.tlb;
    uint64_t pa = 0, walks = tlb_stats(tlb)->walks;
    uint8_t flags = 0xff;

    ck_assert(tlb_find_ram(tlb, one, 0x10010, &pa, &flags));
    ck_assert_uint_eq(pa, RAM_BASE + 0x5010);
    ck_assert_uint_eq(flags, 0);
    ck_assert(hits(one, false, 0x10010, 8));
    tlb_rig.ram->flags[5] = RAM_PAGE_CODE;
    ck_assert(tlb_find_ram(tlb, one, 0x10ffc, &pa, &flags));
    ck_assert_uint_eq(pa, RAM_BASE + 0x5ffc);
    ck_assert_uint_eq(flags, RAM_PAGE_CODE);
    ck_assert_uint_eq(tlb_stats(tlb)->walks, walks + 1);
    /* Not what another address space has there, nor what was there. */
    ck_assert(tlb_find_ram(tlb, two, 0x10010, &pa, &flags));
    ck_assert_uint_eq(pa, RAM_BASE + 0x6010);
    ck_assert_uint_eq(flags, 0);
    tlb_rig.maps[0].pa = RAM_BASE + 0x8000;
    invalidate(TLB_INVAL_VA, 1, 0x10000, PAGE);
    ck_assert(tlb_find_ram(tlb, one, 0x10010, &pa, &flags));
    ck_assert_uint_eq(pa, RAM_BASE + 0x8010);
    /* Nothing there; a device. */
    ck_assert(!tlb_find_ram(tlb, one, 0x90000, &pa, &flags));
    ck_assert(!tlb_find_ram(tlb, one, 0x20000, &pa, &flags));
    ck_assert_uint_eq(tlb_rig.device.count, 0);
}
END_TEST

START_TEST(test_page_ids_forget)
{
    /* More pages than the table holds: never the same number twice. */
    uint32_t last = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        uint32_t id = page_ids_get(tlb_rig.ids, 0x7000, i << 12, 5);
        ck_assert_uint_gt(id, last);
        ck_assert_uint_eq(page_ids_get(tlb_rig.ids, 0x7000, i << 12, 5), id);
        last = id;
    }
    ck_assert_uint_gt(page_ids_get(tlb_rig.ids, 0x7000, 0, 6), last);
}
END_TEST

/* The same page elsewhere, in the same context. */
START_TEST(test_page_ids_move)
{
    uint32_t user = page_ids_get(tlb_rig.ids, 0x7000, 0x1000, 5);
    uint32_t kernel = page_ids_get(tlb_rig.ids, 0x7000, 0x1000, 0x905);

    ck_assert_uint_ne(user, kernel);
    uint32_t there =
        page_ids_move(tlb_rig.ids, 0x7000, 0x1000, kernel, 0xabc7000);
    ck_assert_uint_eq(there,
                      page_ids_get(tlb_rig.ids, 0xabc7000, 0x1000, 0x905));
    ck_assert_uint_ne(there,
                      page_ids_get(tlb_rig.ids, 0xabc7000, 0x1000, 5));
    ck_assert_uint_eq(
        page_ids_move(tlb_rig.ids, 0x7000, 0x2000, kernel, 0x1000), 0);
    ck_assert_uint_eq(
        page_ids_move(tlb_rig.ids, 0x7000, 0x1000, kernel + 1, 0x1000), 0);
}
END_TEST

static uint64_t before_pa, after_pa;

static bool refuse;

static bool before_store(void *opaque, uint64_t pa, uint64_t size)
{
    ck_assert_ptr_eq(opaque, &before_pa);
    ck_assert_uint_eq(size, 8);
    before_pa = pa;
    return !refuse;
}

static void after_store(void *opaque, uint64_t pa, uint64_t size)
{
    ck_assert_ptr_eq(opaque, &before_pa);
    ck_assert_uint_eq(size, 8);
    after_pa = pa;
}

static const struct tlb_code_ops code_ops = {before_store, after_store};

START_TEST(test_strict)
{
    struct tlb_context *ctx = context(0, 1);
    uint64_t value = 0x99;

    tlb_rig.ram->flags[5] = RAM_PAGE_CODE;
    ck_assert(store(ctx, 0x10000, 8, 0, &value));
    ck_assert(hits(ctx, true, 0x10000, 8));
    tlb_set_strict(tlb_rig.tlb, true, &code_ops, &before_pa);
    ck_assert(!hits(ctx, true, 0x10000, 8));
    ck_assert(store(ctx, 0x10018, 8, 0, &value));
    ck_assert_uint_eq(before_pa, RAM_BASE + 0x5018);
    ck_assert_uint_eq(after_pa, RAM_BASE + 0x5018);
    ck_assert(!hits(ctx, true, 0x10000, 8));
    ck_assert(hits(ctx, false, 0x10000, 8));

    ck_assert(store(ctx, 0x11000, 8, 0, &value));
    ck_assert(hits(ctx, true, 0x11000, 8));
    tlb_rig.ram->flags[2] = RAM_PAGE_CODE;
    tlb_drop_writes(tlb_rig.tlb, RAM_BASE + 0x2000);
    ck_assert(!hits(ctx, true, 0x11000, 8));
    before_pa = after_pa = 0;
    ck_assert_ptr_eq(
        tlb_host_for_atomic(tlb_rig.tlb, ctx, 0x11010, 8, true, &tlb_rig.fault),
        frame(RAM_BASE + 0x2010));
    ck_assert_uint_eq(before_pa, RAM_BASE + 0x2010);
    ck_assert_uint_eq(after_pa, 0);
    tlb_atomic_done(tlb_rig.tlb);
    ck_assert_uint_eq(after_pa, RAM_BASE + 0x2010);

    refuse = true;
    before_pa = after_pa = 0;
    ck_assert(!store(ctx, 0x11020, 8, 0, &refuse));
    ck_assert(tlb_rig.fault.retry);
    ck_assert(!tlb_host_for_atomic(tlb_rig.tlb, ctx, 0x11010, 8, true,
                                   &tlb_rig.fault));
    ck_assert(tlb_rig.fault.retry);
    tlb_atomic_done(tlb_rig.tlb);
    ck_assert_uint_eq(after_pa, 0);
    refuse = false;
}
END_TEST

START_TEST(test_atomic)
{
    struct tlb_context *ctx = context(0, 1);

    ck_assert_ptr_eq(tlb_host_for_atomic(tlb_rig.tlb, ctx, 0x10010, 16, true,
                                         &tlb_rig.fault),
                     frame(RAM_BASE + 0x5010));
    ck_assert_ptr_eq(tlb_host_for_atomic(tlb_rig.tlb, ctx, 0x10010, 16, true,
                                         &tlb_rig.fault),
                     frame(RAM_BASE + 0x5010));
    ck_assert_ptr_null(tlb_host_for_atomic(tlb_rig.tlb, ctx, 0x10018, 16, true,
                                           &tlb_rig.fault));
    ck_fault(0x10018, CODE_ALIGNMENT, TLB_WRITE);
    ck_assert_ptr_nonnull(tlb_host_for_atomic(tlb_rig.tlb, ctx, 0x12000, 8,
                                              false, &tlb_rig.fault));
    ck_assert_ptr_null(tlb_host_for_atomic(tlb_rig.tlb, ctx, 0x12000, 8, true,
                                           &tlb_rig.fault));
    ck_fault(0x12000, CODE_PERM, TLB_WRITE);
    ck_assert_ptr_null(tlb_host_for_atomic(tlb_rig.tlb, ctx, 0x90000, 8, true,
                                           &tlb_rig.fault));
    ck_fault(0x90000, CODE_WALK, TLB_READ);
    ck_assert_ptr_null(tlb_host_for_atomic(tlb_rig.tlb, ctx, 0x20000, 4, true,
                                           &tlb_rig.fault));
    ck_fault(0x20000, CODE_EXTERNAL, TLB_WRITE);
    ck_assert_ptr_null(tlb_host_for_atomic(tlb_rig.tlb, ctx, 0x24000, 4, true,
                                           &tlb_rig.fault));
}
END_TEST

START_TEST(test_fill)
{
    struct tlb_context *ctx = context(0, 1);
    struct tlb *tlb = tlb_rig.tlb;
    uint64_t addend = (uintptr_t)frame(RAM_BASE + 0x5010) - 0x10010;

    ck_assert_uint_eq(tlb_fill(tlb, ctx, 0x10010, 64, false, false), addend);
    ck_assert(hits(ctx, false, 0x10010, 64));
    ck_assert_uint_eq(tlb_fill(tlb, ctx, 0x10010, 64, true, true), addend);
    ck_assert_uint_eq(tlb_fill(tlb, ctx, 0x10010, 64, true, false), addend);
    ck_assert(hits(ctx, true, 0x10010, 64));
    /* Two pages, read-only, nothing there, a device. */
    ck_assert(!tlb_fill(tlb, ctx, 0x10ff8, 16, false, false));
    ck_assert(tlb_fill(tlb, ctx, 0x10ff8, 8, false, false));
    ck_assert(tlb_fill(tlb, ctx, 0x12000, 16, false, false));
    ck_assert(!tlb_fill(tlb, ctx, 0x12000, 16, true, false));
    ck_assert(!tlb_fill(tlb, ctx, 0x12000, 16, true, true));
    ck_assert(!tlb_fill(tlb, ctx, 0x90000, 16, false, false));
    ck_assert(!tlb_fill(tlb, ctx, 0x20000, 16, false, false));
    ck_assert_uint_eq(tlb_rig.device.count, 0);
}
END_TEST

START_TEST(test_translate)
{
    struct tlb_page page;
    struct tlb_context *ctx = context(1, 1);

    ck_assert(tlb_translate(tlb_rig.tlb, ctx, 0x4a5678, TLB_WRITE, &page,
                            &tlb_rig.fault));
    ck_assert_uint_eq(page.pa, RAM_BASE + 0x2a5000);
    ck_assert_uint_eq(page.block_size, 0x200000);
    ck_assert(!hits(ctx, false, 0x4a5678, 1));
    ck_assert(load(ctx, 0x10000, 8, TLB_NO_FILL, &page));
    ck_assert(!hits(ctx, false, 0x10000, 1));
}
END_TEST

/* A page that gets code is not stored to unseen, though another page has taken
 * its slot. */
START_TEST(test_strict_victim)
{
    const uint64_t other = 0x11000 + TLB_ENTRIES * PAGE;
    struct tlb_context *ctx = context(0, 1);
    uint64_t value = 0x99;

    tlb_rig.maps[tlb_rig.map_count++] = (struct mapping){
        other, PAGE, RAM_BASE + 0x3000, R | W, R | W, 0, 0, 1};
    before_pa = 0;
    for (unsigned n = 0; n < 2; n++) {
        tlb_rig.ram->flags[2] = 0;
        ck_assert(store(ctx, 0x11000, 8, 0, &value));
        ck_assert(store(ctx, other, 8, 0, &value));
        ck_assert_uint_eq(before_pa, 0);
        tlb_rig.ram->flags[2] = RAM_PAGE_CODE;
        if (n == 0) {
            tlb_set_strict(tlb_rig.tlb, true, &code_ops, &before_pa);
        } else {
            tlb_drop_writes(tlb_rig.tlb, RAM_BASE + 0x2000);
        }
        ck_assert(store(ctx, 0x11008, 8, 0, &value));
        ck_assert_uint_eq(before_pa, RAM_BASE + 0x2008);
        ck_assert(!hits(ctx, true, 0x11000, 8));
        before_pa = 0;
    }
}
END_TEST

/* The first store to a piece of memory says that the guest is there. */
START_TEST(test_ahead)
{
    struct tlb_context *ctx = context(0, 1);
    uint8_t data[8] = {1};

    ram_stay_ahead(tlb_rig.ram);
    const struct ram_ahead *ahead = tlb_rig.ram->ahead;
    ck_assert(load(ctx, 0x400000, 8, 0, data));
    ck_assert_uint_eq(ahead->piece[0x200000 >> RAM_AHEAD_BITS], 0);
    ck_assert(store(ctx, 0x401000, 8, 0, data));
    ck_assert_uint_eq(ahead->piece[0x200000 >> RAM_AHEAD_BITS],
                      RAM_AHEAD_STORED);
    ck_assert_uint_eq(ahead->piece[(0x200000 >> RAM_AHEAD_BITS) + 1],
                      RAM_AHEAD_ASKED);
}
END_TEST

Suite *tlb_suite(void)
{
    Suite *s = suite_create("tlb");
    TCase *c = tcase_create("tlb");

    tcase_add_checked_fixture(c, tlb_rig_setup, tlb_rig_teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_all_sizes);
    tcase_add_test(c, test_constants);
    tcase_add_test(c, test_empty_never_hits);
    tcase_add_test(c, test_crossing);
    tcase_add_test(c, test_crossing_faults);
    tcase_add_test(c, test_alignment);
    tcase_add_test(c, test_device);
    tcase_add_test(c, test_ram_as_device);
    tcase_add_test(c, test_nowhere_and_rom);
    tcase_add_test(c, test_permissions);
    tcase_add_test(c, test_upgrade);
    tcase_add_test(c, test_watch);
    tcase_add_test(c, test_fetch);
    tcase_add_test(c, test_find_ram);
    tcase_add_test(c, test_page_ids_forget);
    tcase_add_test(c, test_page_ids_move);
    tcase_add_test(c, test_strict);
    tcase_add_test(c, test_strict_victim);
    tcase_add_test(c, test_atomic);
    tcase_add_test(c, test_fill);
    tcase_add_test(c, test_translate);
    tcase_add_test(c, test_ahead);
    suite_add_tcase(s, c);
    return s;
}
