/* The open hash table of blocks: what is in it is found, what left is not,
 * whatever comes between, and however often it has grown. */
#include "cpu/jit/block_set.h"

#include <check.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/unit/random64.h"
#include "util/populate.h"

Suite *block_set_suite(void);

#define BLOCKS 150000

static struct { _Alignas(BLOCK_SET_UNIT) struct block b; } *blocks;
static struct block_set set;
static bool *in;

static void setup(void)
{
    blocks = aligned_alloc(BLOCK_SET_UNIT, (BLOCKS + 1) * sizeof(*blocks));
    in = calloc(BLOCKS + 1, sizeof(*in));
    ck_assert(block_set_init(&set, blocks, BLOCKS));
}

static void teardown(void)
{
    block_set_free(&set);
    free(blocks);
    free(in);
}

/* Units every few instructions of some pages, or all with the same tag. */
static uint32_t tag_of(unsigned n, unsigned spread)
{
    return spread ? block_set_tag(n % 3, (uint64_t)(n / 3) * spread) : 77;
}

static bool has(unsigned n, uint32_t tag)
{
    struct block_probe p = block_set_probe(&set, tag);
    struct block *b;

    do {
        b = block_set_next(&set, &p);
    } while (b && b != &blocks[n].b);
    return b;
}

static void check_all(unsigned count, unsigned spread)
{
    unsigned there = 0;

    for (unsigned n = 1; n <= count; n++) {
        ck_assert_msg(has(n, tag_of(n, spread)) == in[n], "block %u", n);
        there += in[n];
    }
    ck_assert_uint_eq(set.count, there);
}

static void shuffle(unsigned count, unsigned spread, unsigned steps)
{
    for (unsigned k = 0; k < steps; k++) {
        unsigned n = 1 + (unsigned)(random64() % count);

        if (in[n]) {
            block_set_remove(&set, tag_of(n, spread), &blocks[n].b);
        } else {
            block_set_add(&set, tag_of(n, spread), &blocks[n].b);
        }
        in[n] = !in[n];
    }
    check_all(count, spread);
}

static const unsigned spreads[] = {4, 36, 4096, 64 << 10};

START_TEST(random_changes)
{
    shuffle(3000, spreads[_i], 20000);
}
END_TEST

START_TEST(growth)
{
    for (unsigned n = 1; n <= BLOCKS; n++) {
        block_set_add(&set, tag_of(n, spreads[_i]), &blocks[n].b);
        in[n] = true;
    }
    check_all(BLOCKS, spreads[_i]);
    shuffle(BLOCKS, spreads[_i], BLOCKS);
}
END_TEST

/* A search is long then, but ends. */
START_TEST(one_tag)
{
    shuffle(300, 0, 3000);
}
END_TEST

/* How many slots a search for what is not there looks at. */
static size_t steps_of(uint32_t tag)
{
    struct block_probe p = block_set_probe(&set, tag);
    size_t home = p.at;

    while (block_set_next(&set, &p)) {
    }
    return ((p.at - home) & p.mask) + 1;
}

/* Functions of some hundred bytes with a unit every seven instructions, as
 * many as there may be before the table grows: they do not crowd it. */
START_TEST(dense_code)
{
    const unsigned count = 1 << 17;
    uint64_t pc = 0, steps = 0, searches = 0;

    for (unsigned n = 1; n <= count; n++) {
        pc = n % 16 ? pc + 28 : (random64() & 0xffffff) << 4;
        block_set_add(&set, block_set_tag(1, pc), &blocks[n].b);
        for (unsigned k = 0; n > count / 2 && k < 8; k++, searches++) {
            steps += steps_of(block_set_tag(2, pc + 4 * k));
        }
    }
    ck_assert_uint_lt(steps, 4 * searches);
}
END_TEST

/* What the next table needs, when it is nearly needed, and only that. */
START_TEST(memory_ahead)
{
    const unsigned count = 1 << 15;
    unsigned char in_core[BLOCK_SET_PIECE / 4096];
    unsigned pieces = 0;
    uint8_t *piece;

    for (unsigned n = 1; n <= count; n++) {
        while ((piece = block_set_piece(&set))) {
            ck_assert_uint_ge(n, count / 4 * 3);
            populate(piece, BLOCK_SET_PIECE);
            pieces++;
        }
        block_set_add(&set, tag_of(n, 36), &blocks[n].b);
        in[n] = true;
    }
    ck_assert_uint_eq(pieces, 32 * count / BLOCK_SET_PIECE);
    piece = (uint8_t *)(set.slot + 2 * 2 * count);
    ck_assert_int_eq(mincore(piece, BLOCK_SET_PIECE, in_core), 0);
    ck_assert_uint_eq(in_core[0] & in_core[sizeof(in_core) - 1] & 1, 1);
    block_set_add(&set, tag_of(count + 1, 36), &blocks[count + 1].b);
    in[count + 1] = true;
    check_all(count + 1, 36);
    ck_assert_ptr_null(block_set_piece(&set));
}
END_TEST

Suite *block_set_suite(void)
{
    Suite *s = suite_create("block_set");
    TCase *t = tcase_create("block_set");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, random_changes, 0, 4);
    tcase_add_loop_test(t, growth, 0, 4);
    tcase_add_test(t, one_tag);
    tcase_add_test(t, dense_code);
    tcase_add_test(t, memory_ahead);
    suite_add_tcase(s, t);
    return s;
}
