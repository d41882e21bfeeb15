/* softmmu: invalidation across vCPUs, with threads that remap and read. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "softmmu/tlb_shootdown.h"
#include "util/bits.h"

Suite *tlb_shootdown_suite(void);

#define CPUS 4
#define RAM_BASE UINT64_C(0x40000000)
#define RAM_PAGES 1024
#define PAGE UINT64_C(4096)
#define ROUNDS 3000

static struct bus *bus;
static struct ram *ram;
static struct page_ids *ids;
static struct tlb *tlbs[CPUS];
static struct shootdown *shootdown;
static unsigned kicks[CPUS];

/* Page i, remapped by vCPU i only, maps to frame versions[i]; every frame
 * holds its own number. */
static uint32_t versions[CPUS];
/* No load that starts now may return less. */
static uint32_t oldest[CPUS];
/* What the walker finds are global mappings. */
static bool global;
/* The address space each vCPU uses; those that threads change between. */
static uint16_t asids[CPUS];
enum { ASIDS = 3 };

static uint64_t page_va(unsigned i) { return (i + 1) * PAGE; }

static bool walk(void *cpu, const struct tlb_key *key, uint64_t va,
                 enum tlb_access access, struct tlb_page *page,
                 struct mem_fault *fault)
{
    (void)cpu, (void)key, (void)access, (void)fault;
    uint32_t version = __atomic_load_n(&versions[va / PAGE - 1],
                                       __ATOMIC_SEQ_CST);
    *page = (struct tlb_page){
        .pa = RAM_BASE + version * PAGE,
        .block_size = PAGE,
        .perm_el1 = TLB_PERM_R | TLB_PERM_W,
        .global = global,
    };
    return true;
}

static uint64_t strip(void *cpu, const struct tlb_key *key, uint64_t va)
{
    (void)cpu, (void)key;
    return va;
}

static void kick(void *opaque, unsigned cpu)
{
    ck_assert_ptr_eq(opaque, kicks);
    __atomic_fetch_add(&kicks[cpu], 1, __ATOMIC_SEQ_CST);
}

static void setup(void)
{
    static const struct tlb_codes codes = {0};

    bus = bus_new();
    ram = ram_new("ram", RAM_PAGES * PAGE, NULL);
    bus_map_ram(bus, RAM_BASE, ram);
    for (uint32_t i = 0; i < RAM_PAGES; i++) {
        memcpy(ram->host + i * PAGE, &i, sizeof(i));
    }
    ids = page_ids_new();
    shootdown = shootdown_new(CPUS, kick, kicks);
    for (unsigned i = 0; i < CPUS; i++) {
        tlbs[i] = tlb_new(bus, ids, i, NULL, walk, strip, &codes);
        shootdown_attach(shootdown, i, tlbs[i]);
        versions[i] = oldest[i] = kicks[i] = asids[i] = 0;
    }
    global = false;
}

static void teardown(void)
{
    shootdown_free(shootdown);
    for (unsigned i = 0; i < CPUS; i++) {
        tlb_free(tlbs[i]);
    }
    page_ids_free(ids);
    bus_free(bus);
    ram_free(ram);
}

static uint32_t load(unsigned cpu, unsigned page)
{
    struct tlb_key key = {.el = 1, .asid = asids[cpu]};
    struct tlb_context *ctx = tlb_context(tlbs[cpu], &key);
    struct mem_fault fault;
    uint32_t value = 0;

    ck_assert(
        tlb_load(tlbs[cpu], ctx, page_va(page), 4, 0, &value, &fault));
    return value;
}

static struct tlb_inval inval_page(unsigned page)
{
    return (struct tlb_inval){
        .kind = TLB_INVAL_VA, .va = page_va(page), .size = PAGE};
}

START_TEST(test_queue)
{
    struct tlb_inval inval = inval_page(0);

    /* Asleep: not kicked, not waited for, done on waking. */
    load(1, 0);
    versions[0] = 5;
    shootdown_wake(shootdown, 0);
    shootdown_post(shootdown, 0, &inval);
    shootdown_wait(shootdown, 0);
    ck_assert_uint_eq(kicks[1], 0);
    ck_assert_uint_eq(load(1, 0), 0);
    shootdown_wake(shootdown, 1);
    ck_assert_uint_eq(load(1, 0), 5);

    /* Awake: one kick until it drains. */
    versions[0] = 6;
    shootdown_post(shootdown, 0, &inval);
    shootdown_post(shootdown, 0, &inval);
    ck_assert_uint_eq(kicks[1], 1);
    ck_assert_uint_eq(load(1, 0), 5);
    shootdown_drain(shootdown, 1);
    ck_assert_uint_eq(load(1, 0), 6);
    shootdown_wait(shootdown, 0);
    shootdown_post(shootdown, 0, &inval);
    ck_assert_uint_eq(kicks[1], 2);
}
END_TEST

START_TEST(test_merge_and_overflow)
{
    shootdown_wake(shootdown, 1);
    for (unsigned step = 1; step <= 2; step++) {
        load(1, 0);
        versions[0]++;
        for (unsigned i = 0; i < 500; i++) {
            struct tlb_inval inval = {
                .kind = TLB_INVAL_VA,
                .va = page_va(0) + (499 - i) * step * PAGE,
                .size = step == 1 ? 0 : PAGE,
            };
            if (step == 1) { /* ascending: one range */
                inval.va = i * PAGE;
            }
            shootdown_post(shootdown, 0, &inval);
        }
        uint64_t before = tlb_stats(tlbs[1])->invalidations;
        shootdown_drain(shootdown, 1);
        uint64_t count = tlb_stats(tlbs[1])->invalidations - before;
        ck_assert_uint_le(count, step == 1 ? 1 : 64);
        ck_assert_uint_eq(load(1, 0), versions[0]);
    }
}
END_TEST

static void select_asid(unsigned cpu, uint16_t asid)
{
    asids[cpu] = asid;
    shootdown_set_asid(shootdown, cpu, asid);
}

/* One that uses another address space goes on, and drains before it uses
 * the one that was invalidated. */
START_TEST(test_other_space)
{
    struct tlb_inval inval = inval_page(0);

    shootdown_wake(shootdown, 0);
    shootdown_wake(shootdown, 1);
    inval.asid = 7;
    select_asid(1, 7);
    load(1, 0);
    select_asid(1, 8);
    versions[0] = 5;
    shootdown_post(shootdown, 0, &inval);
    inval.kind = TLB_INVAL_ASID;
    shootdown_post(shootdown, 0, &inval);
    shootdown_wait(shootdown, 0);
    ck_assert_uint_eq(kicks[1], 0);
    select_asid(1, 7);
    ck_assert_uint_eq(load(1, 0), 5);

    /* Told of what concerns it, though something else was queued before. */
    inval.asid = 8;
    shootdown_post(shootdown, 0, &inval);
    ck_assert_uint_eq(kicks[1], 0);
    inval.asid = 7;
    shootdown_post(shootdown, 0, &inval);
    ck_assert_uint_eq(kicks[1], 1);
    inval.kind = TLB_INVAL_VA_ALL;
    shootdown_drain(shootdown, 1);
    shootdown_post(shootdown, 0, &inval);
    ck_assert_uint_eq(kicks[1], 2);
}
END_TEST

/* A global mapping is every space's. */
START_TEST(test_global)
{
    struct tlb_inval inval = inval_page(0);
    struct tlb_inval all = {.kind = TLB_INVAL_ALL};

    shootdown_wake(shootdown, 1);
    inval.asid = 7;
    global = true;
    load(1, 0);
    shootdown_post(shootdown, 0, &inval);
    ck_assert_uint_eq(kicks[1], 1);
    shootdown_drain(shootdown, 1);

    /* As is an address in the upper half, and a range with one of each. */
    global = false;
    tlb_invalidate(tlbs[1], &all);
    load(1, 0);
    shootdown_post(shootdown, 0, &inval);
    ck_assert_uint_eq(kicks[1], 1);
    shootdown_drain(shootdown, 1);
    inval.va = UINT64_C(0xffff000000000000);
    shootdown_post(shootdown, 0, &inval);
    ck_assert_uint_eq(kicks[1], 2);
    shootdown_drain(shootdown, 1);
    inval.va = 0;
    inval.size = UINT64_MAX;
    shootdown_post(shootdown, 0, &inval);
    ck_assert_uint_eq(kicks[1], 3);
}
END_TEST

static void remap(unsigned self)
{
    struct tlb_inval inval = inval_page(self);
    uint32_t version = versions[self] + 1;

    if (version == RAM_PAGES) {
        return;
    }
    __atomic_store_n(&versions[self], version, __ATOMIC_SEQ_CST);
    for (inval.asid = 0; inval.asid < ASIDS; inval.asid++) {
        tlb_invalidate(tlbs[self], &inval);
        shootdown_post(shootdown, self, &inval);
    }
    shootdown_wait(shootdown, self);
    __atomic_store_n(&oldest[self], version, __ATOMIC_SEQ_CST);
}

static void *run(void *opaque)
{
    unsigned self = (unsigned)(uintptr_t)opaque;
    unsigned seed = self;
    uintptr_t stale = 0;

    shootdown_wake(shootdown, self);
    for (unsigned i = 0; i < ROUNDS; i++) {
        /* Late safepoints: whoever does not wait for them is found out. */
        if (rand_r(&seed) % 8 == 0 &&
            __atomic_exchange_n(&kicks[self], 0, __ATOMIC_SEQ_CST)) {
            shootdown_drain(shootdown, self);
        }
        unsigned page = (unsigned)rand_r(&seed) % CPUS;
        uint32_t least = __atomic_load_n(&oldest[page], __ATOMIC_SEQ_CST);
        stale += load(self, page) < least;
        if (rand_r(&seed) % 4 == 0) {
            remap(self);
        } else if (rand_r(&seed) % 64 == 0) {
            shootdown_sleep(shootdown, self);
            usleep(50);
            shootdown_wake(shootdown, self);
        }
        if (rand_r(&seed) % 4 == 0) {
            select_asid(self, (uint16_t)(rand_r(&seed) % ASIDS));
        }
    }
    shootdown_sleep(shootdown, self);
    return (void *)stale;
}

START_TEST(test_threads)
{
    pthread_t threads[CPUS];

    for (uintptr_t i = 0; i < CPUS; i++) {
        pthread_create(&threads[i], NULL, run, (void *)i);
    }
    for (unsigned i = 0; i < CPUS; i++) {
        void *stale;
        pthread_join(threads[i], &stale);
        ck_assert_ptr_null(stale);
        ck_assert_uint_gt(versions[i], 100);
    }
}
END_TEST

Suite *tlb_shootdown_suite(void)
{
    Suite *s = suite_create("tlb_shootdown");
    TCase *c = tcase_create("tlb_shootdown");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_queue);
    tcase_add_test(c, test_merge_and_overflow);
    tcase_add_test(c, test_other_space);
    tcase_add_test(c, test_global);
    tcase_add_test(c, test_threads);
    suite_add_tcase(s, c);
    return s;
}
