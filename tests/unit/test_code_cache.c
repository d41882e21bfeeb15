/* Which chunks are retired and evicted when, and that none is reused while a
 * vCPU may be in it. */
#include "cpu/jit/code_cache.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

Suite *code_cache_suite(void);

#define CPUS 2 /* one vCPU, and the thread that makes regions */

static struct code_cache *cache;
static struct code_chunk *chunks[256], *retired[256], *evicted[256];
static enum code_class evicted_class[256];
static unsigned chunk_count, retired_count, evicted_count, kicks;

static void retire(void *opaque, struct code_chunk *chunk)
{
    (void)opaque;
    retired[retired_count++] = chunk;
}

static void evict(void *opaque, struct code_chunk *chunk)
{
    (void)opaque;
    evicted_class[evicted_count] = chunk->class;
    evicted[evicted_count++] = chunk;
}

static void kick(void *opaque)
{
    (void)opaque;
    kicks++;
}

static void forget(void *opaque, unsigned cpu)
{
    (void)opaque, (void)cpu;
}

static const struct code_cache_user user = {
    retire, evict, kick, forget, NULL
};

static void setup(void)
{
    struct error *err = NULL;

    chunk_count = retired_count = evicted_count = kicks = 0;
    cache = code_cache_new(32u << 20, CPUS, &err);
    ck_assert_msg(cache, "%s", err ? err->message : "");
}

static void teardown(void)
{
    code_cache_free(cache);
}

/* The vCPU has filled a chunk of the class `count` times. */
static void fill(enum code_class class, unsigned count, unsigned lost)
{
    struct code_demand demand = {.units = 100, .lost = lost};
    struct code_chunk *chunk = NULL;

    for (unsigned n = 0; n <= count; n++) {
        chunk = code_cache_chunk(cache, 0, class, chunk,
                                 class == CODE_COPIES ? &demand : NULL, &user);
        chunks[chunk_count++] = chunk;
    }
}

static size_t limit_of(enum code_class class)
{
    return code_cache_figures(cache, class).limit / CODE_CHUNK_SIZE;
}

/* Copies beyond their limit go, the oldest first, without being retired. */
START_TEST(copies)
{
    unsigned limit = (unsigned)limit_of(CODE_COPIES);

    fill(CODE_COPIES, limit - CPUS, 0);
    ck_assert_uint_eq(evicted_count, 1);
    fill(CODE_COPIES, 2, 0);
    ck_assert_uint_gt(evicted_count, 2);
    ck_assert_uint_eq(kicks, evicted_count);
    ck_assert_uint_eq(retired_count, 0);
    for (unsigned n = 0; n < evicted_count && n < limit - CPUS; n++) {
        ck_assert_ptr_eq(evicted[n], chunks[n]);
    }
}
END_TEST

/* Originals stay until there is no room, and are retired before that, the
 * oldest first. */
START_TEST(originals)
{
    unsigned limit = (unsigned)limit_of(CODE_ORIGINALS);

    fill(CODE_ORIGINALS, limit * 3 / 4, 0);
    ck_assert_uint_eq(retired_count, 0);
    fill(CODE_ORIGINALS, limit / 4 - CPUS - 2, 0);
    ck_assert_uint_eq(evicted_count, 0);
    ck_assert_uint_gt(retired_count, 0);
    ck_assert_uint_lt(retired_count, limit / 4);
    fill(CODE_ORIGINALS, 64, 0);
    ck_assert_uint_gt(evicted_count, 0);
    ck_assert_uint_gt(retired_count, evicted_count);
    for (unsigned n = 0; n < 4; n++) {
        ck_assert_ptr_eq(retired[n], chunks[n]);
        ck_assert_ptr_eq(evicted[n], chunks[n]);
    }
}
END_TEST

/* Copies that are made again after they were evicted get more room, up to a
 * part of all, and such that are not do not. */
START_TEST(growth)
{
    size_t limit = limit_of(CODE_COPIES);

    fill(CODE_COPIES, 10, 5);
    ck_assert_uint_eq(limit_of(CODE_COPIES), limit);
    fill(CODE_COPIES, 4, 90);
    ck_assert_uint_gt(limit_of(CODE_COPIES), limit);
    fill(CODE_COPIES, 100, 90);
    ck_assert_uint_le(limit_of(CODE_COPIES), (32u << 20) / CODE_CHUNK_SIZE / 4);
}
END_TEST

/* Originals have what the others do not use, and give it back when they do. */
START_TEST(lending)
{
    unsigned own = (unsigned)limit_of(CODE_REGIONS);
    size_t all = (32u << 20) / CODE_CHUNK_SIZE;

    fill(CODE_ORIGINALS, 150, 0);
    ck_assert_uint_gt(limit_of(CODE_ORIGINALS),
                      all - own - limit_of(CODE_COPIES));
    evicted_count = 0;
    fill(CODE_REGIONS, own - CPUS - 1, 0);
    ck_assert_uint_ge(evicted_count, own / 3);
    for (unsigned n = 0; n < evicted_count; n++) {
        ck_assert_int_eq(evicted_class[n], CODE_ORIGINALS);
    }
    ck_assert_uint_le(limit_of(CODE_ORIGINALS), all - own);
}
END_TEST

static bool was_handed_out(const struct code_chunk *chunk, unsigned from)
{
    for (unsigned n = from; n < chunk_count; n++) {
        if (chunks[n] == chunk) {
            return true;
        }
    }
    return false;
}

/* Only who is alone awake may hold the others. */
START_TEST(hold)
{
    struct code_cache *c = code_cache_new(32u << 20, 3, NULL);

    code_cache_sleep(c, 0, false);
    ck_assert(code_cache_hold(c, 0, 2));
    ck_assert(!code_cache_hold(c, 1, 2)); /* it is held itself */
    code_cache_release(c);
    code_cache_sleep(c, 1, false);
    ck_assert(!code_cache_hold(c, 0, 2));
    ck_assert(code_cache_hold(c, 0, 1)); /* the other is no vCPU */
    code_cache_release(c);
    code_cache_sleep(c, 1, true);
    ck_assert(code_cache_hold(c, 0, 2));
    code_cache_release(c);
    code_cache_free(c);
}
END_TEST

/* The thread of regions is awake and has not come by. */
START_TEST(epochs)
{
    uint64_t epoch = code_cache_epoch(cache);
    unsigned limit = (unsigned)limit_of(CODE_COPIES), before;

    code_cache_pass(cache, CPUS - 1, epoch);
    fill(CODE_COPIES, limit, 0);
    before = chunk_count;
    ck_assert_uint_gt(evicted_count, 0);
    fill(CODE_COPIES, 4, 0);
    ck_assert(code_cache_is_doomed(cache, evicted[0]->rx));
    ck_assert(!was_handed_out(evicted[0], before));
    code_cache_pass(cache, CPUS - 1, code_cache_epoch(cache));
    fill(CODE_COPIES, 4, 0);
    ck_assert(was_handed_out(evicted[0], before));
}
END_TEST

static struct block *add(struct code_chunk *chunk, size_t size)
{
    struct block *b = code_chunk_alloc(chunk, sizeof(*b));

    memset(b, 0, sizeof(*b));
    b->code = chunk->rx + chunk->used;
    b->code_size = (uint16_t)size;
    code_chunk_commit(chunk, b, size);
    return b;
}

/* A return address leads to its block, and a full chunk has no room. */
START_TEST(find)
{
    struct jit_buffer room;
    static struct block *block[CODE_CHUNK_BLOCKS];
    unsigned count = 0;

    fill(CODE_ORIGINALS, 0, 0);
    while (code_chunk_room(chunks[0], &room)) {
        block[count] = add(chunks[0], 40 + count * 37 % 500);
        count++;
    }
    ck_assert_uint_gt(count, 100);
    for (unsigned n = 0; n < count; n++) {
        ck_assert_ptr_eq(code_cache_find(cache, block[n]->code + 5),
                         block[n]);
        ck_assert_ptr_eq(code_cache_find(cache, block[n]->code +
                                         block[n]->code_size), block[n]);
    }
    ck_assert_ptr_null(code_cache_find(cache, chunks[0]->rx));
    ck_assert_ptr_null(code_cache_find(cache, chunks[0]->rx - 1));
}
END_TEST

/* Faults of the host where the chunk's code is run. */
static long faults_to_run(const struct code_chunk *chunk)
{
    struct rusage before, after;

    getrusage(RUSAGE_THREAD, &before);
    for (unsigned n = 0; n < CODE_CHUNK_SIZE; n += 4096) {
        (void)*(volatile const uint8_t *)(chunk->rx + n);
    }
    getrusage(RUSAGE_THREAD, &after);
    return after.ru_minflt - before.ru_minflt;
}

/* Whoever returns from a stub finds its link; stubs take room from code, and
 * die with their chunk. */
START_TEST(stubs)
{
    static struct block_link *link[20000];
    static const uint8_t *at[20000];
    unsigned count = 0, limit = (unsigned)limit_of(CODE_COPIES);
    struct code_demand demand = {.units = 100};
    struct jit_buffer room;

    fill(CODE_COPIES, 0, 0);
    struct code_chunk *chunk = chunks[0];
    while (code_chunk_room(chunk, &room)) {
        link[count] = code_chunk_alloc(chunk, sizeof(**link));
        struct jit_buffer stubs = code_chunk_stubs(chunk);
        uint32_t distance = (uint32_t)((uint8_t *)link[count] -
                                       (uint8_t *)chunk->index);
        at[count] = stubs.rx - BACKEND_STUB_SIZE;
        ck_assert(at[count] >= room.rx + room.size);
        memset(stubs.rw - BACKEND_STUB_SIZE, 0xcc, BACKEND_STUB);
        memcpy(stubs.rw - sizeof(distance), &distance, sizeof(distance));
        ck_assert_uint_eq(at[count++][BACKEND_STUB - 1], 0xcc);
        code_chunk_add_stubs(chunk, 1);
        if (count % 2) {
            add(chunk, 70);
        }
    }
    ck_assert_uint_gt(count, 1000);
    for (unsigned n = 0; n < count; n++) {
        ck_assert_ptr_eq(code_cache_find_link(cache, at[n] + BACKEND_STUB),
                         link[n]);
        ck_assert_uint_eq(at[n][0], 0xcc);
    }
    ck_assert_ptr_null(code_cache_find_link(cache, chunk->rx + 75));
    ck_assert_ptr_null(code_cache_find_link(cache, chunk->rx - 1));
    ck_assert_ptr_null(code_cache_find_link(cache, NULL));
    code_cache_chunk(cache, 0, CODE_COPIES, chunk, &demand, &user);
    fill(CODE_COPIES, limit, 0);
    fill(CODE_COPIES, 2, 0);
    ck_assert(was_handed_out(chunk, 1));
    ck_assert_ptr_null(code_cache_find_link(cache, at[0] + BACKEND_STUB));
}
END_TEST

static void check_prepared(const struct code_chunk *chunk)
{
    ck_assert_uint_eq(chunk->ready, CODE_CHUNK_SIZE);
    ck_assert_uint_ge(chunk->meta_ready, CODE_CHUNK_SIZE / 2);
    ck_assert_int_le(faults_to_run(chunk), 4);
}

/* The memory of the next two chunks, little by little, and of no other. */
START_TEST(prepare)
{
    fill(CODE_ORIGINALS, 0, 0);
    ck_assert_uint_eq(chunks[0]->ready, 0);
    while (code_cache_prepare(cache)) {
    }
    ck_assert_uint_eq(chunks[0]->ready, 0);
    for (unsigned n = 1; n <= 3; n++) {
        fill(CODE_COPIES, 0, 0);
    }
    check_prepared(chunks[1]);
    check_prepared(chunks[2]);
    ck_assert_uint_eq(chunks[3]->ready, 0);
}
END_TEST

/* Bytes of the chunk's metadata that the host keeps. */
static size_t resident(const struct code_chunk *chunk)
{
    static unsigned char in_core[2 * CODE_CHUNK_SIZE / 4096];
    size_t bytes = 0;

    ck_assert_int_eq(mincore(chunk->index, sizeof(in_core) * 4096, in_core),
                     0);
    for (unsigned n = 0; n < sizeof(in_core); n++) {
        bytes += (in_core[n] & 1) * 4096u;
    }
    return bytes;
}

/* A chunk that is full keeps what its blocks have, and is made ready anew
 * when its turn comes again. */
START_TEST(trim)
{
    struct code_demand demand = {.units = 100};

    while (code_cache_prepare(cache)) {
    }
    fill(CODE_COPIES, 0, 0);
    struct code_chunk *chunk = chunks[0];
    struct block *block = add(chunk, 100);
    block->pc = 0x1234;
    ck_assert_uint_ge(resident(chunk), CODE_CHUNK_SIZE / 2);
    code_cache_chunk(cache, 0, CODE_COPIES, chunk, &demand, &user);
    ck_assert_uint_ge(resident(chunk), chunk->meta_used);
    ck_assert_uint_le(resident(chunk), chunk->meta_used + 4096);
    ck_assert_uint_le(chunk->meta_ready, chunk->meta_used);
    ck_assert_uint_eq(code_cache_find(cache, block->code + 8)->pc, 0x1234);
    code_chunk_alloc(chunk, CODE_CHUNK_SIZE);
    ck_assert_uint_ge(resident(chunk), CODE_CHUNK_SIZE);
}
END_TEST

Suite *code_cache_suite(void)
{
    Suite *s = suite_create("code_cache");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, copies);
    tcase_add_test(t, originals);
    tcase_add_test(t, growth);
    tcase_add_test(t, lending);
    tcase_add_test(t, epochs);
    tcase_add_test(t, hold);
    tcase_add_test(t, find);
    tcase_add_test(t, stubs);
    tcase_add_test(t, prepare);
    tcase_add_test(t, trim);
    suite_add_tcase(s, t);
    return s;
}
