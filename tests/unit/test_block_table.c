/* Blocks by page: where the next one begins, and what an invalidation
 * leaves of that. */
#include "cpu/jit/block_table.h"

#include <check.h>
#include <stdlib.h>

#include "cpu/ir/build.h"

Suite *block_table_suite(void);

#define PA UINT64_C(0x40000000)
#define VA UINT64_C(0xffff800000000000)

static struct bus *bus;
static struct code_cache *cache;
static struct code_chunk *chunk;
static struct block_table *table;
static struct ir_unit *unit;

static void link_exit(void *opaque, const struct block *from,
                      const struct block_link *link, const uint8_t *target)
{
    (void)opaque, (void)from, (void)link, (void)target;
}

/* What block_move() asks: pages are numbered by their address. */
static bool used;
static uint64_t unknown;

static uint32_t id_at(uint64_t va)
{
    return (uint32_t)(va >> 12 & 0xffffff) + 1;
}

static void move(void *opaque, struct block *b, uint64_t delta)
{
    (void)opaque, (void)b, (void)delta;
}

static uint32_t number(void *opaque, const struct code_view *view,
                       uint64_t va)
{
    (void)opaque, (void)view;
    return va == unknown ? 0 : id_at(va);
}

static bool in_use(void *opaque, const struct code_view *view)
{
    (void)opaque, (void)view;
    return used;
}

static void no_chunk(void *opaque, struct code_chunk *c)
{
    (void)opaque, (void)c;
}

static void no_kick(void *opaque)
{
    (void)opaque;
}

static void no_forget(void *opaque, unsigned cpu)
{
    (void)opaque, (void)cpu;
}

static void setup(void)
{
    static const struct block_table_ops ops = {
        link_exit, NULL, move, number, in_use, NULL
    };
    static const struct code_cache_user user = {
        no_chunk, no_chunk, no_kick, no_forget, NULL
    };
    struct error *err = NULL;

    bus = bus_new();
    bus_map_ram(bus, PA, ram_new("code", 0x4000, &err));
    cache = code_cache_new(16u << 20, 1, &err);
    ck_assert(cache);
    chunk = code_cache_chunk(cache, 0, CODE_ORIGINALS, NULL, NULL, &user);
    table = block_table_new(bus, cache, &ops);
    unit = ir_unit_new();
}

static void teardown(void)
{
    free(unit);
    block_table_free(table);
    code_cache_free(cache);
    bus_free(bus);
}

static struct block key_of(uint64_t offset, unsigned bytes)
{
    return (struct block){
        .pc = VA + offset, .pa = PA + offset, .context = 1, .page_id = 1,
        .guest_bytes = (uint16_t)bytes,
    };
}

static struct block_start begin(uint64_t offset, unsigned bytes)
{
    struct block key = key_of(offset, bytes);

    return block_begin(table, 0, &key, bytes);
}

/* A block of so many bytes, made as a vCPU does. */
static struct block *make(uint64_t offset, unsigned bytes)
{
    struct block key = key_of(offset, bytes);
    struct jit_buffer code;

    ck_assert(code_chunk_room(chunk, &code));
    block_begin(table, 0, &key, bytes);
    ir_begin(unit, VA + offset, 1);
    struct block *b = block_new_ir(chunk, &key, &code, unit);
    ck_assert(block_insert(table, 0, &b, NULL));
    return b;
}

static unsigned up_to(uint64_t offset, unsigned bytes)
{
    return begin(offset, bytes).up_to;
}

START_TEST(test_up_to)
{
    ck_assert_uint_eq(up_to(0x100, 0xf00), 0xf00);
    make(0x200, 16);
    make(0x204, 12);
    make(0xffc, 4);
    ck_assert_uint_eq(up_to(0x100, 0xf00), 0x100);
    ck_assert_uint_eq(up_to(0x1fc, 0xe04), 4);
    ck_assert_uint_eq(up_to(0x200, 0xe00), 4); /* not its own */
    ck_assert_uint_eq(up_to(0x204, 0xdfc), 0xdfc); /* nor lone ones */
    ck_assert_uint_eq(up_to(0x100, 0x100), 0x100);
    ck_assert_uint_eq(up_to(0x100, 0x80), 0x80);
    ck_assert_uint_eq(up_to(0x1100, 0xf00), 0xf00); /* another page */
}
END_TEST

START_TEST(test_invalidation)
{
    make(0x200, 16);
    make(0x400, 16);
    ck_assert(block_kill_range(table, PA + 0x208, 4));
    ck_assert_uint_eq(up_to(0x100, 0xf00), 0x300);
    ck_assert(!block_kill_range(table, PA + 0x208, 4));
    ck_assert(block_kill_range(table, PA + 0x400, 64));
    ck_assert_uint_eq(up_to(0x100, 0xf00), 0xf00);
    ck_assert_uint_eq(block_count(table), 0);
}
END_TEST

/* Between begin and insert. */
START_TEST(test_spoiled)
{
    struct block key = key_of(0, 16);
    struct jit_buffer code;

    ck_assert(code_chunk_room(chunk, &code));
    ck_assert(begin(0, 4096).first);
    ir_begin(unit, VA, 1);
    struct block *b = block_new_ir(chunk, &key, &code, unit);
    block_kill_range(table, PA + 8, 4);
    ck_assert(!block_insert(table, 0, &b, NULL));
    ck_assert(!block_find(table, VA, 1, 1));
    make(0, 16);
    ck_assert(block_find(table, VA, 1, 1));
    ck_assert(begin(0, 4096).origin);
}
END_TEST

static const struct block *origin(uint64_t offset)
{
    return begin(offset, 16).origin;
}

/* A block to copy from is found where one begins, of whatever length. */
START_TEST(test_origin)
{
    ck_assert(!origin(0x200));
    make(0x200, 16);
    struct block *lone = make(0x404, 4);

    ck_assert(origin(0x200) && !origin(0x204));
    ck_assert_ptr_eq(origin(0x404), lone);
    ck_assert(!origin(0x400) && !origin(0x1200));
    block_kill_range(table, PA + 0x404, 4);
    ck_assert(origin(0x200) && !origin(0x404));
}
END_TEST

/* -- moving -------------------------------------------------------------- */

#define THERE UINT64_C(0x0000aaaa00000000)

/* A block at va + offset with one exit, which leads to va + to. */
static struct block *make_ways(uint64_t va, uint64_t offset, uint64_t to,
                               struct block_ways *ways)
{
    struct block_link link = {
        .target = (int32_t)(to - offset),
        .same_page = to >> 12 == offset >> 12,
    };
    struct jit_result result = {
        .code_size = 64, .link_count = 1, .links = &link,
    };
    struct block key = {
        .pc = va + offset, .pa = PA + offset, .context = 1,
        .page_id = id_at(va + offset), .guest_bytes = 16,
    };
    struct jit_buffer code;

    ck_assert(code_chunk_room(chunk, &code));
    block_begin(table, 0, &key, 16);
    struct block *b = block_new(NULL, chunk, &key, &code, &result);
    ck_assert(block_insert(table, 0, &b, ways));
    return b;
}

static struct block *make_linked(uint64_t va, uint64_t offset, uint64_t to)
{
    return make_ways(va, offset, to, NULL);
}

static unsigned move_to(uint64_t va, uint64_t offset)
{
    return block_move(table, va + offset, PA + offset, id_at(va + offset));
}

static struct block *at(uint64_t va)
{
    return block_find(table, va, 1, id_at(va));
}

static struct block *first, *second;

/* One calls the other, in the next page. */
static void make_two(void)
{
    used = false;
    unknown = 0;
    first = make_linked(VA, 0x100, 0x1200);
    second = make_linked(VA, 0x1200, 0x1200);
    block_link(table, block_links(first), second);
}

static bool leads_to(struct block *from, const struct block *to)
{
    return link_to(block_links(from)) == to;
}

/* Exits are linked to what is there, in the same page as in others, if their
 * identity is known. */
START_TEST(test_insert_exits)
{
    const uint32_t known = id_at(VA + 0x1000), unknown_id = 0;
    struct block_ways ways = {.page_id = &unknown_id};
    struct block *to = make_linked(VA, 0x200, 0x1200);
    struct block *there = make_linked(VA, 0x1200, 0x1300);

    ck_assert(leads_to(make_ways(VA, 0x100, 0x200, &ways), to));
    ck_assert(leads_to(make_ways(VA, 0x110, 0x300, &ways), NULL));
    ck_assert(leads_to(make_ways(VA, 0x120, 0x1200, &ways), NULL));
    ck_assert_uint_eq(ways.linked, 1);
    ways.page_id = &known;
    ck_assert(leads_to(make_ways(VA, 0x130, 0x1200, &ways), there));
    struct block *loop = make_ways(VA, 0x140, 0x140, &ways);
    ck_assert(leads_to(loop, loop));
    ck_assert_uint_eq(ways.linked, 3);
    ck_assert(leads_to(make_ways(VA, 0x150, 0x200, NULL), NULL));
}
END_TEST

/* So is an exit that leads to the new one, if it is free. */
START_TEST(test_insert_from)
{
    struct block *from = make_linked(VA, 0x100, 0x200);
    struct block *across = make_linked(VA, 0x300, 0x1200);
    struct block *dead = make_linked(VA, 0x400, 0x500);
    struct block_ways ways = {.from = from};
    struct block *other = make_ways(VA, 0x280, 0x200, &ways);

    ck_assert(leads_to(from, NULL) && leads_to(other, NULL));
    struct block *to = make_ways(VA, 0x200, 0x300, &ways);
    ck_assert(leads_to(from, to) && leads_to(other, NULL));
    ck_assert(leads_to(to, NULL)); /* across is there, but not asked for */
    ways.from = across;
    to = make_ways(VA, 0x1200, 0x1300, &ways);
    ck_assert(leads_to(across, to));
    block_kill_range(table, PA + 0x400, 4);
    ways.from = dead;
    make_ways(VA, 0x500, 0x600, &ways);
    ck_assert(leads_to(dead, NULL));
    ck_assert_uint_eq(ways.linked, 2);
}
END_TEST

/* Exits to a block that is asked for in vain lead nowhere, and may be linked
 * again. */
START_TEST(test_unlink_in)
{
    struct block *near = make_linked(VA, 0x100, 0x200);
    struct block *across = make_linked(VA, 0x1100, 0x200);
    struct block *to = make_linked(VA, 0x200, 0x100);

    ck_assert(block_link(table, block_links(near), to));
    ck_assert(block_link(table, block_links(across), to));
    ck_assert(block_link(table, block_links(to), near));
    block_unlink_in(table, to);
    ck_assert(leads_to(near, NULL) && leads_to(across, NULL));
    ck_assert(leads_to(to, near));
    ck_assert(block_link(table, block_links(across), to));
}
END_TEST

/* Where an exit leads in its page there is nothing, or something may be; of
 * other pages nothing is known. */
START_TEST(test_may_follow)
{
    struct block *from = make_linked(VA, 0x100, 0x200);
    struct block *across = make_linked(VA, 0x300, 0x1200);

    ck_assert(!block_may_follow(block_links(from)));
    ck_assert(block_may_follow(block_links(across)));
    make_linked(VA, 0x200, 0x200);
    ck_assert(block_may_follow(block_links(from)));
    block_kill_range(table, PA + 0x200, 4);
    ck_assert(!block_may_follow(block_links(from)));
    block_kill_range(table, PA + 0x100, 4);
    ck_assert(block_may_follow(block_links(from)));
}
END_TEST

/* Copies are made from whatever view: of what lives rather than of what is
 * retired, and of that where its view has moved to. */
START_TEST(test_origin_views)
{
    used = false;
    unknown = 0;
    struct block *b = make_linked(VA, 0x200, 0x200);
    ck_assert_ptr_eq(origin(0x200), b);
    block_retire_chunk(table, chunk);
    ck_assert(b->dead && !at(VA + 0x200));
    ck_assert_ptr_eq(origin(0x200), b);
    ck_assert_uint_eq(move_to(THERE, 0x200), 0); /* none that lives */
    ck_assert_ptr_eq(origin(0x200), b);
    ck_assert_uint_eq(b->pc, THERE + 0x200);
    struct block *copy = make_linked(VA, 0x200, 0x200);
    ck_assert_ptr_eq(origin(0x200), copy);
    ck_assert_ptr_eq(at(VA + 0x200), copy);
    block_evict_chunk(table, chunk);
    ck_assert(!origin(0x200) && !at(VA + 0x200));
    ck_assert_uint_eq(block_count(table), 0);
}
END_TEST

/* What is linked comes along, and stays linked. */
START_TEST(test_move)
{
    make_two();
    ck_assert_uint_eq(move_to(THERE, 0x100), 2);
    ck_assert_ptr_eq(at(THERE + 0x100), first);
    ck_assert_ptr_eq(at(THERE + 0x1200), second);
    ck_assert(!at(VA + 0x100) && !at(VA + 0x1200));
    ck_assert_uint_eq(link_target(first, block_links(first)), second->pc);
    ck_assert_ptr_eq(link_to(block_links(first)), second);
    ck_assert(block_kill_range(table, PA + 0x1200, 4));
    ck_assert(!link_to(block_links(first)) && !at(THERE + 0x1200));
    ck_assert_uint_eq(block_count(table), 1);
}
END_TEST

/* Nothing is taken from where it is used. */
START_TEST(test_move_used)
{
    make_two();
    used = true;
    ck_assert_uint_eq(move_to(THERE, 0x100), 0);
    ck_assert_ptr_eq(at(VA + 0x100), first);
}
END_TEST

/* What is missed where it was is left there for a while when it is back. */
START_TEST(test_move_stays)
{
    make_two();
    ck_assert_uint_eq(move_to(THERE, 0x1200), 2);
    ck_assert_uint_eq(move_to(VA, 0x100), 0);
    struct block *again = make_linked(VA, 0x100, 0x1200);
    ck_assert_uint_eq(move_to(2 * THERE, 0x100), 2);
    ck_assert_ptr_eq(at(VA + 0x100), again);
    ck_assert_ptr_eq(at(2 * THERE + 0x100), first);
}
END_TEST

/* What cannot come along is linked with no more. */
START_TEST(test_move_part)
{
    make_two();
    unknown = THERE + 0x1000;
    ck_assert_uint_eq(move_to(THERE, 0x100), 1);
    ck_assert_ptr_eq(at(VA + 0x1200), second);
    ck_assert(!link_to(block_links(first)) && !block_links_in(second));
    /* Nor is a link made to another address than is wanted. */
    block_link(table, block_links(first), second);
    ck_assert(!link_to(block_links(first)));
}
END_TEST

Suite *block_table_suite(void)
{
    Suite *s = suite_create("block_table");
    TCase *c = tcase_create("block_table");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, test_up_to);
    tcase_add_test(c, test_invalidation);
    tcase_add_test(c, test_unlink_in);
    tcase_add_test(c, test_move);
    tcase_add_test(c, test_move_used);
    tcase_add_test(c, test_move_stays);
    tcase_add_test(c, test_move_part);
    tcase_add_test(c, test_spoiled);
    tcase_add_test(c, test_origin);
    tcase_add_test(c, test_origin_views);
    tcase_add_test(c, test_insert_exits);
    tcase_add_test(c, test_insert_from);
    tcase_add_test(c, test_may_follow);
    suite_add_tcase(s, c);
    return s;
}
