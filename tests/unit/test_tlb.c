/* softmmu: both levels of the TLB, over a walker that reads a list. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "softmmu/tlb.h"
#include "util/bits.h"

Suite *tlb_suite(void);

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE (4u << 20)
#define ROM_BASE UINT64_C(0x0)
#define DEV_BASE UINT64_C(0x09000000)
#define NOWHERE UINT64_C(0x70000000)
#define PAGE UINT64_C(4096)

#define R TLB_PERM_R
#define W TLB_PERM_W
#define X TLB_PERM_X

enum { CODE_ALIGNMENT = 0x21, CODE_EXTERNAL = 0x10, CODE_WALK = 0x07,
       CODE_PERM = 0x0f };

struct mapping {
    uint64_t va, size, pa;
    uint8_t el0, el1;
    bool device, global;
    int asid; /* -1: any */
};

static struct bus *bus;
static struct ram *ram, *rom;
static struct page_ids *ids;
static struct tlb *tlb;
static struct mapping maps[32];
static unsigned map_count, walks;
static uint64_t watched_page;

/* The device: what it saw, newest last. */
static struct {
    unsigned count;
    struct bus_access seen[8];
    uint64_t value;
} device;

static uint64_t device_read(void *opaque, struct bus_access access)
{
    (void)opaque;
    device.seen[device.count++ % 8] = access;
    return UINT64_C(0x1111111111111111) * (access.offset / 4 + 1);
}

static void device_write(void *opaque, struct bus_access access,
                         uint64_t value)
{
    (void)opaque;
    device.seen[device.count++ % 8] = access;
    device.value = value;
}

static const struct mmio_ops device_ops = {.read = device_read,
                                          .write = device_write};

/* ---- the walker ---- */

static uint64_t strip(void *cpu, const struct tlb_key *key, uint64_t va)
{
    (void)cpu, (void)key;
    return va & mask64(56);
}

static bool allowed(const struct mapping *m, const struct tlb_key *key,
                    enum tlb_access access)
{
    uint8_t perm = key->el ? m->el1 : m->el0;
    bool user = m->el0 & (R | W);

    if (key->pan && key->el && user && access != TLB_EXEC) {
        return false;
    }
    return perm & (access == TLB_READ ? R : access == TLB_WRITE ? W : X);
}

static bool walk(void *cpu, const struct tlb_key *key, uint64_t va,
                 enum tlb_access access, struct tlb_page *page,
                 struct mem_fault *fault)
{
    uint64_t stripped = strip(cpu, key, va);

    walks++;
    *fault = (struct mem_fault){.va = va, .status = CODE_WALK,
                                .access = (uint8_t)access};
    for (unsigned i = 0; i < map_count; i++) {
        const struct mapping *m = &maps[i];
        uint64_t offset = stripped - m->va;
        if (offset >= m->size || (m->asid >= 0 && m->asid != key->asid)) {
            continue;
        }
        if (!allowed(m, key, access)) {
            fault->status = CODE_PERM;
            return false;
        }
        *page = (struct tlb_page){
            .pa = m->pa + (offset & ~(PAGE - 1)),
            .block_size = m->size,
            .global = m->global,
            .device = m->device,
            .watched = watched_page == m->va,
            .perm_el0 = m->el0,
            .perm_el1 = m->el1,
        };
        return true;
    }
    return false;
}

static const struct tlb_codes codes = {
    .alignment = CODE_ALIGNMENT,
    .external = CODE_EXTERNAL,
};

/* Three pages side by side whose frames are not, and one of each kind. */
static const struct mapping usual[] = {
    {0x10000, PAGE, RAM_BASE + 0x5000, R | W | X, R | W, 0, 0, 1},
    {0x11000, PAGE, RAM_BASE + 0x2000, R | W | X, R | W, 0, 0, 1},
    {0x12000, PAGE, RAM_BASE + 0x9000, R, R, 0, 0, 1},
    {0x20000, PAGE, DEV_BASE, R | W, R | W, 1, 0, -1},
    {0x21000, PAGE, DEV_BASE, R | W, R | W, 0, 0, -1},
    {0x22000, PAGE, RAM_BASE + 0x7000, R | W, R | W, 1, 0, -1},
    {0x23000, PAGE, NOWHERE, R | W, R | W, 0, 0, -1},
    {0x24000, PAGE, ROM_BASE, R | W, R | W | X, 0, 0, -1},
    {0x30000, PAGE, RAM_BASE + 0x1000, 0, R | W | X, 0, 1, -1},
    {0x400000, 0x200000, RAM_BASE + 0x200000, R | W, R | W, 0, 0, -1},
    {0x10000, PAGE, RAM_BASE + 0x6000, R | W | X, R | W, 0, 0, 2},
    {0x800000, 0x200000, 0, R | W, R | W, 0, 0, -1}, /* ROM, then nothing */
};

static void setup(void)
{
    memset(&device, 0, sizeof(device));
    bus = bus_new();
    ram = ram_new("ram", RAM_SIZE, NULL);
    rom = ram_new("rom", 0x10000, NULL);
    rom->readonly = true;
    bus_map_ram(bus, RAM_BASE, ram);
    bus_map_ram(bus, ROM_BASE, rom);
    bus_map_mmio(bus, DEV_BASE, 0x1000, "dev", &device_ops, NULL);
    ids = page_ids_new();
    tlb = tlb_new(bus, ids, 3, NULL, walk, strip, &codes);
    memcpy(maps, usual, sizeof(usual));
    map_count = ARRAY_SIZE(usual);
    walks = 0;
    watched_page = 0;
}

static void teardown(void)
{
    tlb_free(tlb);
    page_ids_free(ids);
    bus_free(bus);
    ram_free(ram);
    ram_free(rom);
}

/* ---- short forms ---- */

static struct tlb_context *context(unsigned el, unsigned asid)
{
    struct tlb_key key = {.el = (uint8_t)el, .asid = (uint16_t)asid};
    return tlb_context(tlb, &key);
}

static bool hits(const struct tlb_entry *table, uint64_t va, unsigned size)
{
    return (table[tlb_index(va)].tag ^ va) <= PAGE - size;
}

static uint8_t *frame(uint64_t pa)
{
    return ram->host + (pa - RAM_BASE);
}

static struct mem_fault fault;

static bool load(struct tlb_context *ctx, uint64_t va, unsigned size,
                 unsigned flags, void *data)
{
    memset(&fault, 0, sizeof(fault));
    return tlb_load(tlb, ctx, va, size, flags, data, &fault);
}

static bool store(struct tlb_context *ctx, uint64_t va, unsigned size,
                  unsigned flags, const void *data)
{
    memset(&fault, 0, sizeof(fault));
    return tlb_store(tlb, ctx, va, size, flags, data, &fault);
}

static uint64_t load64(struct tlb_context *ctx, uint64_t va)
{
    uint64_t value;
    ck_assert(load(ctx, va, 8, 0, &value));
    return value;
}

static void invalidate(int kind, unsigned asid, uint64_t va, uint64_t size)
{
    struct tlb_inval inval = {
        .kind = kind, .asid = (uint16_t)asid, .va = va, .size = size};
    tlb_invalidate(tlb, &inval);
}

static void ck_fault(uint64_t va, uint32_t status, enum tlb_access access)
{
    ck_assert_uint_eq(fault.va, va);
    ck_assert_uint_eq(fault.status, status);
    ck_assert_uint_eq(fault.access, access);
}

/* ---- tests ---- */

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
    ck_assert_uint_eq(walks, 1);
    ck_assert(hits(ctx->read, 0x10ff8, 8));
    ck_assert(hits(ctx->write, 0x10ff8, 8));
    ck_assert(!hits(ctx->read, 0x10ff9, 8));
    const struct tlb_entry *entry = &ctx->read[tlb_index(0x10000)];
    ck_assert_ptr_eq((void *)(uintptr_t)(entry->addend + 0x10123),
                     frame(RAM_BASE + 0x5123));
}
END_TEST

START_TEST(test_empty_never_hits)
{
    struct tlb_context *ctx = context(1, 0);
    for (uint64_t va = 0; va < 2 * TLB_ENTRIES * PAGE; va += 0x400) {
        for (unsigned size = 1; size <= 32; size *= 2) {
            ck_assert(!hits(ctx->read, va, size));
            ck_assert(!hits(ctx->write, va, size));
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
    ck_assert_uint_gt(tlb_stats(tlb)->crossing, 0);
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
    ck_assert_uint_eq(device.seen[0].cpu, 3);
    ck_assert_uint_eq(device.seen[0].offset, 4);
    ck_assert(!hits(ctx->read, 0x20004, 4));

    ck_assert(store(ctx, 0x20010, 16, 0, data));
    ck_assert_uint_eq(device.count, 3);
    ck_assert_uint_eq(device.seen[1].size, 8);
    ck_assert_uint_eq(device.seen[2].offset, 0x18);
    ck_assert(store(ctx, 0x20014, 8, TLB_PAIR, data));
    ck_assert_uint_eq(device.count, 5);
    ck_assert_uint_eq(device.seen[4].size, 4);
    ck_assert_uint_eq(device.seen[4].offset, 0x18);

    ck_assert(!load(ctx, 0x20002, 4, 0, data));
    ck_fault(0x20002, CODE_ALIGNMENT, TLB_READ);
    /* Mapped Normal, it is a device all the same, in aligned pieces. */
    device.count = 0;
    ck_assert(load(ctx, 0x21002, 4, 0, data));
    ck_assert_uint_eq(device.count, 2);
    ck_assert(!hits(ctx->read, 0x21002, 2));
}
END_TEST

START_TEST(test_ram_as_device)
{
    struct tlb_context *ctx = context(1, 1);
    uint64_t value = 0x1234;

    ck_assert(store(ctx, 0x22008, 8, 0, &value));
    ck_assert_uint_eq(frame(RAM_BASE + 0x7008)[1], 0x12);
    ck_assert(!hits(ctx->write, 0x22008, 8));
    ck_assert(!store(ctx, 0x22009, 8, 0, &value));
    ck_fault(0x22009, CODE_ALIGNMENT, TLB_WRITE);

    /* Stage 1 off: entries, but alignment is still checked here. */
    struct tlb_key key = {.el = 1, .mmu_off = 1};
    ctx = tlb_context(tlb, &key);
    ck_assert(store(ctx, 0x22008, 8, 0, &value));
    ck_assert(hits(ctx->write, 0x22008, 8));
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
    ck_assert(fault.external);

    memset(rom->host, 0x5a, 8);
    ck_assert_uint_eq(load64(ctx, 0x24000), 0x5a5a5a5a5a5a5a5a);
    ck_assert(hits(ctx->read, 0x24000, 8));
    ck_assert(store(ctx, 0x24000, 8, 0, &value)); /* ignored */
    ck_assert(!hits(ctx->write, 0x24000, 8));
    ck_assert_uint_eq(rom->host[0], 0x5a);

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
    ck_assert(!hits(context(0, 1)->read, 0x30000, 8));
    ck_assert(!store(context(0, 1), 0x12000, 8, 0, &value));
    ck_fault(0x12000, CODE_PERM, TLB_WRITE);

    ck_assert(load(context(1, 1), 0x10000, 8, 0, &value));
    ck_assert(!load(tlb_context(tlb, &pan), 0x10000, 8, 0, &value));
    ck_assert(load(tlb_context(tlb, &pan), 0x30000, 8, 0, &value));
}
END_TEST

START_TEST(test_upgrade)
{
    /* Denied by the TLB, allowed by the tables now: no fault. */
    struct tlb_context *ctx = context(0, 1);
    uint64_t value = 1;

    load64(ctx, 0x12000);
    maps[2].el0 = R | W;
    ck_assert(store(ctx, 0x12000, 8, 0, &value));
    ck_assert(hits(ctx->write, 0x12000, 8));
    ck_assert_uint_eq(walks, 2);
    watched_page = 0x11000;
    ck_assert(store(ctx, 0x11000, 8, 0, &value));
    ck_assert(!hits(ctx->write, 0x11000, 8));
    ck_assert(!hits(ctx->read, 0x11000, 8));
}
END_TEST

START_TEST(test_contexts)
{
    struct tlb_context *first = context(0, 1);
    frame(RAM_BASE + 0x5000)[0] = 0x55;
    frame(RAM_BASE + 0x6000)[0] = 0x66;

    ck_assert_uint_eq(load64(first, 0x10000), 0x55);
    ck_assert_uint_eq(load64(context(0, 2), 0x10000), 0x66);
    ck_assert_ptr_eq(context(0, 1), first);
    ck_assert(hits(first->read, 0x10000, 8));
    ck_assert_uint_eq(walks, 2);

    /* The least recently used goes, and comes back from L2. */
    for (unsigned asid = 100; asid < 100 + TLB_CONTEXTS; asid++) {
        struct tlb_context *ctx = context(0, asid);
        ck_assert(!hits(ctx->read, 0x10000, 8));
    }
    ck_assert(!hits(first->read, 0x10000, 8));
    ck_assert_uint_gt(tlb_stats(tlb)->recycled, 0);
    ck_assert_uint_eq(load64(context(0, 1), 0x10000), 0x55);
    ck_assert_uint_eq(walks, 2);
}
END_TEST

START_TEST(test_invalidate_va)
{
    struct tlb_context *one = context(0, 1), *two = context(0, 2);

    load64(one, 0x10000);
    load64(one, 0x11000);
    load64(two, 0x10000);
    invalidate(TLB_INVAL_VA, 1, 0x10000, PAGE);
    ck_assert(!hits(one->read, 0x10000, 8));
    ck_assert(hits(one->read, 0x11000, 8));
    walks = 0;
    load64(two, 0x10000);
    ck_assert_uint_eq(walks, 0); /* another ASID stays in L2 */
    load64(one, 0x10000);
    ck_assert_uint_eq(walks, 1);

    invalidate(TLB_INVAL_VA_ALL, 0, 0x10000, PAGE);
    load64(two, 0x10000);
    load64(one, 0x10000);
    ck_assert_uint_eq(walks, 3);

    /* Another regime's concerns nobody here. */
    struct tlb_inval other = {
        .kind = TLB_INVAL_VA_ALL, .regime = 2, .va = 0x10000, .size = PAGE};
    tlb_invalidate(tlb, &other);
    ck_assert(hits(one->read, 0x10000, 8));
}
END_TEST

START_TEST(test_invalidate_asid)
{
    struct tlb_context *one = context(1, 1), *two = context(1, 2);

    load64(one, 0x10000);
    load64(two, 0x10000);
    load64(one, 0x30000); /* global */
    walks = 0;
    invalidate(TLB_INVAL_ASID, 1, 0, 0);
    ck_assert(!hits(one->read, 0x10000, 8));
    ck_assert(hits(two->read, 0x10000, 8));
    load64(one, 0x30000);
    load64(two, 0x30000);
    ck_assert_uint_eq(walks, 0);
    load64(one, 0x10000);
    ck_assert_uint_eq(walks, 1);

    /* A global entry goes by address under any ASID. */
    invalidate(TLB_INVAL_VA, 77, 0x30000, PAGE);
    load64(one, 0x30000);
    ck_assert_uint_eq(walks, 2);

    invalidate(TLB_INVAL_REGIME, 0, 0, 0);
    ck_assert(!hits(two->read, 0x10000, 8));
    load64(two, 0x10000);
    load64(one, 0x30000);
    ck_assert_uint_eq(walks, 5); /* the first global one twice */
    invalidate(TLB_INVAL_ALL, 0, 0, 0);
    load64(two, 0x10000);
    ck_assert_uint_eq(walks, 6);
}
END_TEST

START_TEST(test_blocks)
{
    struct tlb_context *ctx = context(1, 1);

    load64(ctx, 0x400000);
    load64(ctx, 0x5ff000);
    load64(ctx, 0x456000);
    load64(ctx, 0x10000);
    ck_assert_uint_eq(walks, 2);
    invalidate(TLB_INVAL_VA, 1, 0x499000, PAGE);
    ck_assert(!hits(ctx->read, 0x400000, 8));
    ck_assert(!hits(ctx->read, 0x5ff000, 8));
    ck_assert(!hits(ctx->read, 0x456000, 8));
    ck_assert(hits(ctx->read, 0x10000, 8));
    load64(ctx, 0x400000);
    ck_assert_uint_eq(walks, 3);

    uint64_t sweeps = tlb_stats(tlb)->sweeps;
    invalidate(TLB_INVAL_VA, 1, 0x11000, PAGE);
    ck_assert_uint_eq(tlb_stats(tlb)->sweeps, sweeps);
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
        walks = 0;
        invalidate(TLB_INVAL_VA, 1, 0x10000, sizes[i]);
        ck_assert(!hits(ctx->read, 0x10000, 8));
        ck_assert(!hits(ctx->read, 0x11000, 8));
        ck_assert(hits(ctx->read, 0x12000, 8) == (i == 0));
        load64(ctx, 0x10000);
        load64(ctx, 0x11000);
        load64(ctx, 0x12000);
        load64(ctx, 0x400000);
        ck_assert_uint_eq(walks, i == 0 ? 2 : i == 1 ? 3 : 4);
    }
    /* From the middle of a block. */
    invalidate(TLB_INVAL_VA, 1, 0x500000, 0x800000);
    ck_assert(!hits(ctx->read, 0x400000, 8));
    load64(ctx, 0x400000);
    ck_assert_uint_eq(walks, 5);
}
END_TEST

START_TEST(test_tags)
{
    struct tlb_context *ctx = context(0, 1);
    uint64_t tagged = 0x10000 | UINT64_C(0xab) << 56;

    load64(ctx, 0x10000);
    load64(ctx, tagged);
    ck_assert_uint_eq(walks, 1);
    ck_assert(hits(ctx->read, tagged, 8));
    ck_assert(!hits(ctx->read, 0x10000, 8));
    invalidate(TLB_INVAL_VA, 1, 0x10000, PAGE);
    ck_assert(!hits(ctx->read, tagged, 8));
    ck_assert(!load(ctx, tagged + 0x9000000, 8, 0, &tagged));
    ck_assert_uint_eq(fault.va >> 56, 0xab);
}
END_TEST

static uint32_t fetch(struct tlb_context *ctx, uint64_t va, uint64_t pa)
{
    uint64_t got;
    const uint8_t *host;
    uint32_t id;

    ck_assert(tlb_fetch(tlb, ctx, va, &got, &host, &id, &fault));
    ck_assert_uint_eq(got, pa);
    ck_assert_ptr_eq(host, frame(pa));
    ck_assert_uint_ne(id, 0);
    ck_assert_uint_eq(ctx->page_id[tlb_index(va)], id);
    return id;
}

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
    maps[0].pa = RAM_BASE + 0x8000;
    invalidate(TLB_INVAL_ASID, 1, 0, 0);
    ck_assert_uint_ne(fetch(one, 0x10010, RAM_BASE + 0x8010), id);

    uint64_t pa;
    const uint8_t *host;
    ck_assert(!tlb_fetch(tlb, one, 0x12000, &pa, &host, &id, &fault));
    ck_fault(0x12000, CODE_PERM, TLB_EXEC);
}
END_TEST

START_TEST(test_page_ids_forget)
{
    /* More pages than the table holds: never the same number twice. */
    uint32_t last = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        uint32_t id = page_ids_get(ids, 0x7000, i << 12, 5);
        ck_assert_uint_gt(id, last);
        ck_assert_uint_eq(page_ids_get(ids, 0x7000, i << 12, 5), id);
        last = id;
    }
    ck_assert_uint_gt(page_ids_get(ids, 0x7000, 0, 6), last);
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

    ram->flags[5] = RAM_PAGE_CODE;
    ck_assert(store(ctx, 0x10000, 8, 0, &value));
    ck_assert(hits(ctx->write, 0x10000, 8));
    tlb_set_strict(tlb, true, &code_ops, &before_pa);
    ck_assert(!hits(ctx->write, 0x10000, 8));
    ck_assert(store(ctx, 0x10018, 8, 0, &value));
    ck_assert_uint_eq(before_pa, RAM_BASE + 0x5018);
    ck_assert_uint_eq(after_pa, RAM_BASE + 0x5018);
    ck_assert(!hits(ctx->write, 0x10000, 8));
    ck_assert(hits(ctx->read, 0x10000, 8));

    ck_assert(store(ctx, 0x11000, 8, 0, &value));
    ck_assert(hits(ctx->write, 0x11000, 8));
    ram->flags[2] = RAM_PAGE_CODE;
    tlb_drop_writes(tlb, RAM_BASE + 0x2000);
    ck_assert(!hits(ctx->write, 0x11000, 8));
    before_pa = after_pa = 0;
    ck_assert_ptr_eq(
        tlb_host_for_atomic(tlb, ctx, 0x11010, 8, true, &fault),
        frame(RAM_BASE + 0x2010));
    ck_assert_uint_eq(before_pa, RAM_BASE + 0x2010);
    ck_assert_uint_eq(after_pa, 0);
    tlb_atomic_done(tlb);
    ck_assert_uint_eq(after_pa, RAM_BASE + 0x2010);

    refuse = true;
    before_pa = after_pa = 0;
    ck_assert(!store(ctx, 0x11020, 8, 0, &refuse));
    ck_assert(fault.retry);
    ck_assert(!tlb_host_for_atomic(tlb, ctx, 0x11010, 8, true, &fault));
    ck_assert(fault.retry);
    tlb_atomic_done(tlb);
    ck_assert_uint_eq(after_pa, 0);
    refuse = false;
}
END_TEST

START_TEST(test_atomic)
{
    struct tlb_context *ctx = context(0, 1);

    ck_assert_ptr_eq(tlb_host_for_atomic(tlb, ctx, 0x10010, 16, true, &fault),
                     frame(RAM_BASE + 0x5010));
    ck_assert_ptr_eq(tlb_host_for_atomic(tlb, ctx, 0x10010, 16, true, &fault),
                     frame(RAM_BASE + 0x5010));
    ck_assert_ptr_null(
        tlb_host_for_atomic(tlb, ctx, 0x10018, 16, true, &fault));
    ck_fault(0x10018, CODE_ALIGNMENT, TLB_WRITE);
    ck_assert_ptr_nonnull(
        tlb_host_for_atomic(tlb, ctx, 0x12000, 8, false, &fault));
    ck_assert_ptr_null(
        tlb_host_for_atomic(tlb, ctx, 0x12000, 8, true, &fault));
    ck_fault(0x12000, CODE_PERM, TLB_WRITE);
    ck_assert_ptr_null(
        tlb_host_for_atomic(tlb, ctx, 0x90000, 8, true, &fault));
    ck_fault(0x90000, CODE_WALK, TLB_READ);
    ck_assert_ptr_null(
        tlb_host_for_atomic(tlb, ctx, 0x20000, 4, true, &fault));
    ck_fault(0x20000, CODE_EXTERNAL, TLB_WRITE);
    ck_assert_ptr_null(
        tlb_host_for_atomic(tlb, ctx, 0x24000, 4, true, &fault));
}
END_TEST

START_TEST(test_translate)
{
    struct tlb_page page;
    struct tlb_context *ctx = context(1, 1);

    ck_assert(tlb_translate(tlb, ctx, 0x4a5678, TLB_WRITE, &page, &fault));
    ck_assert_uint_eq(page.pa, RAM_BASE + 0x2a5000);
    ck_assert_uint_eq(page.block_size, 0x200000);
    ck_assert(!hits(ctx->read, 0x4a5678, 1));
    ck_assert(load(ctx, 0x10000, 8, TLB_NO_FILL, &page));
    ck_assert(!hits(ctx->read, 0x10000, 1));
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
        ck_assert_uint_eq(fault.va, va);
        return;
    }
    ck_assert_uint_eq(byte, expected);
    ck_assert(store(ctx, va, 1, 0, &byte));
    if (ctx->key.el == 0) {
        fetch(ctx, va, RAM_BASE + expected * PAGE);
    }
    unsigned i = tlb_index(va);
    ck_assert_ptr_eq((void *)(uintptr_t)(ctx->write[i].addend + va),
                     frame(RAM_BASE + expected * PAGE));
}

START_TEST(test_random_remapping)
{
    tlb_free(tlb);
    tlb = tlb_new(bus, ids, 0, NULL, random_walk, strip, &codes);
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
    ck_assert_uint_gt(tlb_stats(tlb)->sweeps, 100);
}
END_TEST

Suite *tlb_suite(void)
{
    Suite *s = suite_create("tlb");
    TCase *c = tcase_create("tlb");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_all_sizes);
    tcase_add_test(c, test_empty_never_hits);
    tcase_add_test(c, test_crossing);
    tcase_add_test(c, test_crossing_faults);
    tcase_add_test(c, test_alignment);
    tcase_add_test(c, test_device);
    tcase_add_test(c, test_ram_as_device);
    tcase_add_test(c, test_nowhere_and_rom);
    tcase_add_test(c, test_permissions);
    tcase_add_test(c, test_upgrade);
    tcase_add_test(c, test_contexts);
    tcase_add_test(c, test_invalidate_va);
    tcase_add_test(c, test_invalidate_asid);
    tcase_add_test(c, test_blocks);
    tcase_add_test(c, test_ranges);
    tcase_add_test(c, test_tags);
    tcase_add_test(c, test_fetch);
    tcase_add_test(c, test_page_ids_forget);
    tcase_add_test(c, test_strict);
    tcase_add_test(c, test_atomic);
    tcase_add_test(c, test_translate);
    tcase_add_test(c, test_random_remapping);
    suite_add_tcase(s, c);
    return s;
}
