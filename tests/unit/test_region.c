/*
 * Which code becomes a region, and where its flags are stored.
 */
#include <check.h>
#include <string.h>

#include "cpu/arm/guest.h"
#include "cpu/ir/passes.h"
#include "cpu/region_build.h"
#include "tests/unit/unit_rig.h"

Suite *region_suite(void);

#define PAGE UINT64_C(0x40001000)

#define NOP 0xd503201fu
#define ISB 0xd5033fdfu
#define RET 0xd65f03c0u
#define SUBS_X0_1 0xf1000400u /* subs x0, x0, #1 */
#define LDR_X1_X2 0xf9400041u
#define LDR_X7_X11_X5 0xf8657967u  /* ldr x7, [x11, x5, lsl #3] */
#define STR_X7_X11_X5 0xf8257967u
#define LDR_X7_X11_W5 0xf8655967u  /* ldr x7, [x11, w5, uxtw #3] */
#define STR_X7_X11_W5 0xf8255967u
#define ADD_X5_1 0x910004a5u       /* add x5, x5, #1 */
#define ADD_W5_1 0x110004a5u
#define SXTW_X5_W2 0x93407c45u
#define ADD_W2_1 0x11000442u
#define LDR_W2_X1 0xb9400022u
#define LDR_X11_X2 0xf9400c4bu     /* ldr x11, [x2, #24] */
#define ADD_X2_8 0x91002042u
#define BL(words) (0x94000000u | ((uint32_t)(words) & 0x3ffffff))
#define B_NE(words) (0x54000001u | ((uint32_t)(words) & 0x7ffff) << 5)
#define B_EQ(words) (0x54000000u | ((uint32_t)(words) & 0x7ffff) << 5)

static struct ir_unit *u;
static struct region_builder *builder;
static uint32_t code[1024];
static unsigned before;

static void set_up(void)
{
    unit_rig_set_up();
    u = unit_rig.unit;
    builder = region_builder_new(&arm_guest_ops);
    for (unsigned n = 0; n < 1024; n++) {
        code[n] = RET;
    }
}

static void tear_down(void)
{
    region_builder_free(builder);
    unit_rig_tear_down();
}

/* Words from word `at` on; the region whose head is word `head`. */
static bool build(unsigned at, const uint32_t *words, unsigned count,
                  unsigned head)
{
    struct region_head h = {
        .vcpu = &unit_rig.cpu.vcpu, .pc = PAGE + 4 * head,
        .page = (const uint8_t *)code,
    };
    bool good;

    memcpy(&code[at], words, 4 * count);
    good = region_build(builder, &h, u, &before);
    ck_assert(!good || !ir_verify(u));
    return good;
}
#define BUILD(at, head, ...)                                          \
    build(at, (const uint32_t[]){__VA_ARGS__},                        \
          sizeof((uint32_t[]){__VA_ARGS__}) / 4, head)

static unsigned count(enum ir_opcode op)
{
    unsigned n = 0;

    for (unsigned k = 0; k < u->count; k++) {
        n += u->insn[k].op == op;
    }
    return n;
}

static unsigned flag_sets(void)
{
    unsigned n = 0;

    for (unsigned k = 0; k < u->count; k++) {
        const struct ir_insn *i = &u->insn[k];

        n += (i->op == IR_SET && i->imm == offsetof(struct vcpu, flags)) ||
             (i->set && i->hint == HOME_FLAGS);
    }
    return n;
}

static const struct ir_insn *first(enum ir_opcode op)
{
    unsigned n = 0;

    while (u->insn[n].op != op) {
        ck_assert_uint_lt(++n, u->count);
    }
    return &u->insn[n];
}

static unsigned internal_edges(void)
{
    unsigned n = 0;

    for (unsigned k = 0; k < u->edge_count; k++) {
        n += u->edge[k].label != IR_NONE;
    }
    return n;
}

START_TEST(one_block)
{
    ck_assert(BUILD(8, 8, SUBS_X0_1, B_NE(-1), NOP, NOP));
    ck_assert_uint_eq(before, 0);
    ck_assert_uint_eq(u->guest_bytes, 8);
    ck_assert_uint_eq(u->guest_insns, 2);
    ck_assert_uint_eq(count(IR_LABEL), 1);
    ck_assert_uint_eq(u->insn[0].aux & IR_LABEL_POLL, IR_LABEL_POLL);
    ck_assert_uint_eq(u->insn[0].aux >> IR_LABEL_DEPTH_SHIFT, 1);
    ck_assert_uint_eq(internal_edges(), 1);
}
END_TEST

/* From the inner loop, the outer one is part of the region, and the head is
 * not its first instruction. */
START_TEST(nested_loops)
{
    ck_assert(BUILD(16, 18, NOP, NOP, SUBS_X0_1, B_NE(-1), B_EQ(-4), NOP));
    ck_assert_uint_eq(before, 8);
    ck_assert_uint_eq(u->guest_bytes, 12);
    ck_assert_uint_eq(u->insn[0].op, IR_EXIT);
    ck_assert_uint_eq(count(IR_LABEL), 2);
    ck_assert_uint_eq(u->edge[0].pc, PAGE + 4 * 18);
    ck_assert_uint_eq(u->insn[u->edge[0].label].aux >> IR_LABEL_DEPTH_SHIFT,
                      2);
}
END_TEST

START_TEST(no_loop)
{
    ck_assert(!BUILD(0, 0, SUBS_X0_1, B_NE(2), NOP, NOP, RET));
    /* One that leaves the page. */
    ck_assert(!BUILD(0, 0, SUBS_X0_1, B_NE(1024), RET));
    /* A loop behind the head that does not come back to it. */
    ck_assert(!BUILD(0, 0, NOP, SUBS_X0_1, B_NE(-1), RET));
}
END_TEST

/* A function that the loop calls is part of it: its return is compared with
 * where the call comes from, and else leaves. */
START_TEST(call_and_return)
{
    ck_assert(BUILD(32, 34, NOP, RET, SUBS_X0_1, BL(-3), B_NE(-2), RET));
    ck_assert_uint_eq(before, 8);
    ck_assert_uint_eq(count(IR_LABEL), 3);
    ck_assert_uint_eq(count(IR_BRZ), 1);
    ck_assert_uint_eq(count(IR_EXIT_INDIRECT), 1);
    for (unsigned n = 0; n < u->edge_count; n++) {
        ck_assert(u->edge[n].back != PAGE + 4 * 36 ||
                  u->edge[n].label != IR_NONE);
    }
    /* The function alone is in no loop. */
    ck_assert(!BUILD(32, 32, NOP, RET, SUBS_X0_1, BL(-3), B_NE(-2), RET));
    /* In another page. */
    ck_assert(!BUILD(32, 32, SUBS_X0_1, BL(1024), B_NE(-2), RET));
}
END_TEST

/* What runs behind ISB is looked up anew. */
START_TEST(context_synchronisation)
{
    ck_assert(!BUILD(0, 0, SUBS_X0_1, ISB, B_NE(-2), RET));
    ck_assert(BUILD(0, 0, SUBS_X0_1, B_EQ(3), ISB, RET, B_NE(-4), RET));
    for (unsigned n = 0; n < u->edge_count; n++) {
        ck_assert(!u->edge[n].anew || u->edge[n].label == IR_NONE);
    }
}
END_TEST

/* Every way through the code that the page's end cuts. */
START_TEST(end_of_page)
{
    ck_assert(BUILD(1021, 1021, NOP, SUBS_X0_1, B_NE(-2)));
    ck_assert_uint_eq(u->guest_bytes, 12);
    ck_assert_uint_eq(internal_edges(), 1);
}
END_TEST

START_TEST(flags_in_edges)
{
    ck_assert(BUILD(0, 0, SUBS_X0_1, B_NE(-1), RET));
    ck_assert_uint_eq(flag_sets(), 1);
    ir_passes_region(u);
    ck_assert_ptr_null(ir_verify(u));
    /* The exit wants them, the loop does not. */
    ck_assert_uint_eq(flag_sets(), 0);
    for (unsigned n = 0; n < u->edge_count; n++) {
        ck_assert((u->edge[n].label == IR_NONE) ==
                  (u->edge[n].flags != IR_NONE));
    }
}
END_TEST

START_TEST(flags_before_a_fault)
{
    ck_assert(BUILD(0, 0, LDR_X1_X2, SUBS_X0_1, B_NE(-2), RET));
    ir_passes_region(u);
    ck_assert_uint_eq(flag_sets(), 1);
    ck_assert(BUILD(0, 0, SUBS_X0_1, LDR_X1_X2, B_NE(-2), RET));
    ir_passes_region(u);
    ck_assert_uint_eq(flag_sets(), 1);
    /* A failed CHECK takes them along. */
    ck_assert(BUILD(0, 0, SUBS_X0_1, LDR_X1_X2, LDR_X1_X2, B_NE(-3), RET));
    ir_passes_region(u);
    ck_assert_uint_eq(flag_sets(), 0);
    ck_assert_uint_eq(count(IR_CHECK), 1);
    ck_assert_uint_ne(u->edge[u->edge_count - 1].flags, IR_NONE);
}
END_TEST

/* The address of a load is computed again for the store. */
START_TEST(one_check_for_an_element)
{
    ck_assert(BUILD(0, 0, LDR_X7_X11_X5, STR_X7_X11_X5, ADD_X5_1, SUBS_X0_1,
                    B_NE(-4), RET));
    ir_passes_region(u);
    ck_assert_ptr_null(ir_verify(u));
    ck_assert_uint_eq(first(IR_CHECK)->aux, IR_CHECK_WRITE | IR_CHECK_KEEP);
    ck_assert_uint_eq(count(IR_CHECK), 1);
    ck_assert(first(IR_STORE)->aux & IR_MEM_HOST);
    /* Another element. */
    ck_assert(BUILD(0, 0, LDR_X7_X11_X5, ADD_X5_1, STR_X7_X11_X5, SUBS_X0_1,
                    B_NE(-4), RET));
    ir_passes_region(u);
    ck_assert_uint_eq(count(IR_CHECK), 0);
    /* A W register is read each time. */
    ck_assert(BUILD(0, 0, LDR_X7_X11_W5, STR_X7_X11_W5, SUBS_X0_1, B_NE(-3),
                    RET));
    ir_passes_region(u);
    ck_assert_uint_eq(count(IR_CHECK), 1);
    ck_assert(BUILD(0, 0, LDR_X7_X11_W5, ADD_W5_1, STR_X7_X11_W5, SUBS_X0_1,
                    B_NE(-4), RET));
    ir_passes_region(u);
    ck_assert_uint_eq(count(IR_CHECK), 0);
}
END_TEST

/* A W register that counts, sign-extended. */
START_TEST(extended_index_moves_slowly)
{
    ck_assert(BUILD(0, 0, SXTW_X5_W2, LDR_X7_X11_X5, ADD_W2_1, SUBS_X0_1,
                    B_NE(-4), RET));
    ir_passes_region(u);
    ck_assert(first(IR_LOAD)->aux & IR_MEM_KEEP);
    ck_assert(BUILD(0, 0, LDR_X7_X11_W5, ADD_W5_1, SUBS_X0_1, B_NE(-3),
                    RET));
    ir_passes_region(u);
    ck_assert(first(IR_LOAD)->aux & IR_MEM_KEEP);
    /* One that jumps about. */
    ck_assert(BUILD(0, 0, SXTW_X5_W2, LDR_X7_X11_X5, LDR_W2_X1, SUBS_X0_1,
                    B_NE(-4), RET));
    ir_passes_region(u);
    ck_assert(!(first(IR_LOAD)->aux & IR_MEM_KEEP));
}
END_TEST

static const struct ir_insn *last(enum ir_opcode op)
{
    unsigned n = u->count - 1;

    while (u->insn[n].op != op) {
        ck_assert_uint_gt(n--, 0);
    }
    return &u->insn[n];
}

/* A base that is read anew in each round. */
START_TEST(pointer_in_memory)
{
    ck_assert(BUILD(0, 0, LDR_X11_X2, LDR_X7_X11_X5, ADD_X5_1, SUBS_X0_1,
                    B_NE(-4), RET));
    ir_passes_region(u);
    ck_assert_uint_eq(count(IR_LOAD), 2);
    ck_assert(last(IR_LOAD)->aux & IR_MEM_KEEP);
    /* Another pointer each time. */
    ck_assert(BUILD(0, 0, LDR_X11_X2, LDR_X7_X11_X5, ADD_X2_8, SUBS_X0_1,
                    B_NE(-4), RET));
    ir_passes_region(u);
    ck_assert(first(IR_LOAD)->aux & IR_MEM_KEEP);
    ck_assert(!(last(IR_LOAD)->aux & IR_MEM_KEEP));
}
END_TEST

Suite *region_suite(void)
{
    Suite *s = suite_create("region");
    TCase *tc = tcase_create("build");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, one_block);
    tcase_add_test(tc, nested_loops);
    tcase_add_test(tc, no_loop);
    tcase_add_test(tc, call_and_return);
    tcase_add_test(tc, context_synchronisation);
    tcase_add_test(tc, end_of_page);
    tcase_add_test(tc, flags_in_edges);
    tcase_add_test(tc, flags_before_a_fault);
    tcase_add_test(tc, one_check_for_an_element);
    tcase_add_test(tc, extended_index_moves_slowly);
    tcase_add_test(tc, pointer_in_memory);
    suite_add_tcase(s, tc);
    return s;
}
