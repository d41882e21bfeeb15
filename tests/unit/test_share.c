/*
 * Which accesses of a cold unit share a CHECK.
 */
#include <check.h>
#include <string.h>

#include "cpu/arm/translate.h"
#include "cpu/ir/passes.h"
#include "tests/unit/unit_rig.h"

Suite *share_suite(void);

#define PC UINT64_C(0x40001000)

#define RET 0xd65f03c0u
#define LDR(rt, rn, imm) (0xf9400000u | (imm) / 8 << 10 | (rn) << 5 | (rt))
#define STR(rt, rn, imm) (0xf9000000u | (imm) / 8 << 10 | (rn) << 5 | (rt))
#define LDR_Q(rt, rn, imm) (0x3dc00000u | (imm) / 16 << 10 | (rn) << 5 | (rt))
#define LDRB(rt, rn, imm) (0x39400000u | (imm) << 10 | (rn) << 5 | (rt))
#define LDR_REG(rt, rn, rm) (0xf8606800u | (rm) << 16 | (rn) << 5 | (rt))
#define LDAR(rt, rn) (0xc8dffc00u | (rn) << 5 | (rt))
#define STP_PRE(rt, rt2, rn, imm)                                         \
    (0xa9800000u | ((imm) / 8 & 0x7f) << 15 | (rt2) << 10 | (rn) << 5 | (rt))
#define STP(rt, rt2, rn, imm)                                             \
    (0xa9000000u | ((imm) / 8 & 0x7f) << 15 | (rt2) << 10 | (rn) << 5 | (rt))
#define ADD(rd, rn, imm) (0x91000000u | (imm) << 10 | (rn) << 5 | (rd))
#define ADDS(rd, rn, imm) (0xb1000000u | (imm) << 10 | (rn) << 5 | (rd))
#define MOVZ(rd, imm) (0xd2800000u | (imm) << 5 | (rd))
#define CBZ(rt, words) (0xb4000000u | (words) << 5 | (rt))
#define DC_CVAC(rt) (0xd50b7a20u | (rt))

static struct ir_unit *u;

static void set_up(void)
{
    unit_rig_set_up();
    u = unit_rig.unit;
}

static void build(const uint32_t *words, unsigned count)
{
    ir_begin(u, PC, 0);
    u->shares = true;
    a64_translate(&unit_rig.cpu.vcpu, u, PC, 0, (const uint8_t *)words,
                  4 * count);
    ck_assert_ptr_null(ir_verify(u));
}
#define BUILD(...)                                                        \
    build((const uint32_t[]){__VA_ARGS__, RET},                           \
          sizeof((uint32_t[]){__VA_ARGS__, RET}) / 4)

/* The n-th CHECK, or NULL. */
static const struct ir_insn *check(unsigned n)
{
    for (unsigned k = 0; k < u->count; k++) {
        if (u->insn[k].op == IR_CHECK && n-- == 0) {
            return &u->insn[k];
        }
    }
    return NULL;
}

/* Accesses that rely on it. */
static unsigned users(const struct ir_insn *of)
{
    unsigned count = 0;

    for (unsigned k = 0; k < u->count; k++) {
        count += ir_is_host_access(&u->insn[k]) &&
                 &u->insn[u->insn[k].a] == of;
    }
    return count;
}

static void expect(unsigned n, int lo, unsigned size, unsigned flags,
                   unsigned accesses)
{
    const struct ir_insn *i = check(n);

    ck_assert_ptr_nonnull(i);
    ck_assert_int_eq(ir_check_lo(i), lo);
    ck_assert_uint_eq(ir_check_size(i), size);
    ck_assert_uint_eq(i->aux, flags | IR_CHECK_FILL);
    ck_assert_uint_eq(users(i), accesses);
    /* It leaves for where it stands, to go singly. */
    ck_assert_uint_eq(u->edge[ir_edge_of(i)].pc, PC + 4u * i->insn);
    ck_assert(u->edge[ir_edge_of(i)].singly);
}

START_TEST(fields)
{
    BUILD(LDR(0, 1, 8), LDRB(2, 1, 40), STR(3, 1, 16));
    expect(0, 8, 33, IR_CHECK_WRITE, 3);
    ck_assert_ptr_null(check(1));
}
END_TEST

START_TEST(one_access)
{
    BUILD(LDR(0, 1, 8), LDR(0, 2, 8));
    ck_assert_ptr_null(check(0));
}
END_TEST

START_TEST(frame)
{
    BUILD(STP_PRE(29, 30, 31, -48), ADD(29, 31, 0), STP(19, 20, 31, 16),
          STR(21, 29, 32));
    expect(0, -48, 40, IR_CHECK_WRITE | IR_CHECK_SURE, 3);
}
END_TEST

static unsigned count(enum ir_opcode op)
{
    unsigned n = 0;

    for (unsigned k = 0; k < u->count; k++) {
        n += u->insn[k].op == op;
    }
    return n;
}

/* An offset is added where the address alone is needed: not for accesses that
 * share a CHECK, which stands where the first one's was. */
START_TEST(offsets)
{
    BUILD(LDR(0, 1, 8), LDR(2, 1, 16), STR(3, 1, 24));
    ck_assert_uint_eq(count(IR_ADD) + count(IR_NOP), 0);
    expect(0, 8, 24, IR_CHECK_WRITE, 3);
    BUILD(LDR(0, 1, 8), LDR(2, 3, 0), LDR_REG(4, 5, 6));
    ck_assert_uint_eq(count(IR_ADD), 2);
    ck_assert_uint_eq(count(IR_NOP), 2);
}
END_TEST

START_TEST(base_changes)
{
    /* The loaded value is another base. */
    BUILD(LDR(1, 1, 8), LDR(2, 1, 8), LDR(3, 1, 24));
    expect(0, 8, 24, 0, 2);
    ck_assert_ptr_null(check(1));
}
END_TEST

START_TEST(too_far_apart)
{
    BUILD(LDR(0, 1, 0), LDR(2, 1, 1024), LDR(3, 1, 1032));
    expect(0, 1024, 16, 0, 2);
    ck_assert_ptr_null(check(1));
}
END_TEST

/* As far as a CHECK can say it. */
START_TEST(far)
{
    BUILD(LDR(0, 1, 32752), LDR(2, 1, 32760));
    expect(0, 32752, 16, 0, 2);
    BUILD(LDR_Q(0, 1, 32752), LDR_Q(2, 1, 32768));
    expect(0, 32752, 32, 0, 2);
    BUILD(LDR_Q(0, 1, 32768), LDR_Q(2, 1, 32784));
    ck_assert_ptr_null(check(0));
}
END_TEST

/* What is off a constant is one, but behind an op that is needed for NZCV. */
START_TEST(constants)
{
    BUILD(MOVZ(1, 4096), LDR(2, 1, 0), LDR(3, 1, 8));
    ck_assert_ptr_null(check(0));
    BUILD(MOVZ(1, 4096), ADDS(2, 1, 16), LDR(3, 2, 0), LDR(4, 2, 8));
    expect(0, 0, 16, 0, 2);
    ck_assert(!ir_is_constant(check(0)->a));
}
END_TEST

START_TEST(store_behind_a_branch)
{
    /* It may not happen: the loads must not need its permission. */
    BUILD(LDR(0, 1, 0), LDR(2, 1, 8), CBZ(2, 8), LDR(3, 1, 16),
          STR(2, 1, 8), STR(3, 1, 16));
    expect(0, 0, 24, 0, 3);
    expect(1, 8, 16, IR_CHECK_WRITE | IR_CHECK_SURE, 2);
}
END_TEST

START_TEST(call_between)
{
    BUILD(LDR(0, 1, 0), DC_CVAC(2), LDR(3, 1, 16));
    ck_assert_ptr_null(check(0));
}
END_TEST

START_TEST(others)
{
    BUILD(LDAR(0, 1), LDAR(2, 1), LDR_REG(3, 4, 5), LDR_REG(3, 4, 5));
    ck_assert_ptr_null(check(0));
}
END_TEST

START_TEST(side_exits)
{
    /* CHECKs do not count as ways out. */
    BUILD(LDR(0, 1, 0), LDR(2, 1, 8), LDR(3, 4, 0), LDR(5, 4, 8),
          LDR(6, 7, 0), LDR(8, 7, 8), CBZ(0, 8), CBZ(2, 8));
    ck_assert_ptr_nonnull(check(2));
    ck_assert_uint_eq(u->guest_insns, 9);
}
END_TEST

Suite *share_suite(void)
{
    Suite *s = suite_create("share");
    TCase *tc = tcase_create("cold");

    tcase_add_checked_fixture(tc, set_up, unit_rig_tear_down);
    tcase_add_test(tc, fields);
    tcase_add_test(tc, one_access);
    tcase_add_test(tc, frame);
    tcase_add_test(tc, offsets);
    tcase_add_test(tc, base_changes);
    tcase_add_test(tc, too_far_apart);
    tcase_add_test(tc, far);
    tcase_add_test(tc, constants);
    tcase_add_test(tc, store_behind_a_branch);
    tcase_add_test(tc, call_between);
    tcase_add_test(tc, others);
    tcase_add_test(tc, side_exits);
    suite_add_tcase(s, tc);
    return s;
}
