/*
 * Where a unit ends, what it reads of the code, and the runs in which it
 * counts instructions.
 */
#include <check.h>
#include <string.h>
#include <sys/mman.h>

#include "cpu/arm/translate.h"
#include "cpu/ir/passes.h"
#include "util/bits.h"
#include "tests/unit/unit_rig.h"

Suite *translate_suite(void);

#define PC UINT64_C(0x40001000)
#define EL1 1u

#define NOP 0xd503201fu
#define RET 0xd65f03c0u
#define ADD(rd, rn, imm) (0x91000000u | (imm) << 10 | (rn) << 5 | (rd))
#define LDR(rt, rn) (0xf9400000u | (rn) << 5 | (rt))
#define CBZ(rt, words) (0xb4000000u | (words) << 5 | (rt))
#define UDF 0u

static struct ir_unit *u;

static void set_up(void)
{
    unit_rig_set_up();
    u = unit_rig.unit;
}

static void build(uint32_t context, const uint8_t *code, unsigned bytes)
{
    ir_begin(u, PC, context);
    a64_translate(&unit_rig.cpu.vcpu, u, PC, context, code, bytes);
    ck_assert_ptr_null(ir_verify(u));
}

/* The last op leaves for the instruction after `insns`. */
static void goes_on_behind(unsigned insns)
{
    const struct ir_insn *last = &u->insn[u->count - 1];

    ck_assert_uint_eq(u->guest_insns, insns);
    ck_assert_uint_eq(u->guest_bytes, 4 * insns);
    ck_assert_uint_eq(last->op, IR_EXIT);
    ck_assert_uint_eq(u->edge[last->imm].pc, PC + 4 * insns);
}

/* Behind the code there is no memory. */
START_TEST(end_of_memory)
{
    void *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(page, MAP_FAILED);
    ck_assert_int_eq(mprotect((uint8_t *)page + 4096, 4096, PROT_NONE), 0);
    for (unsigned n = 0; n < 1024; n++) {
        ((uint32_t *)page)[n] = NOP;
    }
    for (unsigned insns = 1; insns < 4; insns++) {
        build(EL1, (uint8_t *)page + 4096 - 4 * insns, 4 * insns);
        goes_on_behind(insns);
    }
    munmap(page, 8192);
}
END_TEST

#define BUILD(context, ...)                                               \
    build(context, (const uint8_t *)(const uint32_t[]){__VA_ARGS__},      \
          sizeof((const uint32_t[]){__VA_ARGS__}))

START_TEST(limits)
{
    uint32_t many[100];

    for (size_t n = 0; n < ARRAY_SIZE(many); n++) {
        many[n] = NOP;
    }
    build(EL1, (const uint8_t *)many, sizeof(many));
    goes_on_behind(64);
    build(EL1, (const uint8_t *)many, 11);
    goes_on_behind(2);
    BUILD(EL1, CBZ(0, 8), CBZ(1, 8), NOP, CBZ(2, 8), NOP, NOP);
    goes_on_behind(4);
    BUILD(EL1 | CTX_SS_ACTIVE, NOP, NOP);
    goes_on_behind(1);
    BUILD(EL1, NOP, RET, NOP);
    ck_assert_uint_eq(u->guest_insns, 2);
    BUILD(EL1, NOP, NOP, UDF, NOP);
    ck_assert_uint_eq(u->guest_insns, 3);
}
END_TEST

/* A unit ends when what is left of it might be too little for an instruction:
 * here `ops` and `edges` more than that. */
static void build_full(unsigned ops, unsigned edges)
{
    uint32_t adds[10];

    for (size_t n = 0; n < ARRAY_SIZE(adds); n++) {
        adds[n] = ADD(1, 1, n + 2); /* an op and a constant */
    }
    ir_begin(u, PC, EL1);
    for (unsigned n = 0; n < IR_MAX_INSNS - 512 - ops; n++) {
        ir_emit(u, IR_NOP, IR_VOID, 0, IR_NONE, IR_NONE, IR_NONE, 0);
    }
    for (unsigned n = 0; n < IR_MAX_EDGES - 8 - edges; n++) {
        ir_edge(u, PC);
    }
    a64_translate(&unit_rig.cpu.vcpu, u, PC, EL1, (const uint8_t *)adds,
                  sizeof(adds));
}

START_TEST(room)
{
    build_full(0, 0);
    goes_on_behind(1);
    build_full(7, 0);
    goes_on_behind(4);
    build_full(512 + 6, 100);
    goes_on_behind(10);
    build_full(1024, 0);
    goes_on_behind(10);
    build_full(1024, 3);
    goes_on_behind(10);
}
END_TEST

/* More than ops alone may be in use. */
START_TEST(no_room)
{
    ir_begin(u, PC, EL1);
    ck_assert_uint_eq(ir_room(u), IR_MAX_INSNS / 512);
    for (unsigned n = 0; n < IR_MAX_INSNS; n++) {
        ir_emit(u, IR_NOP, IR_VOID, 0, IR_NONE, IR_NONE, IR_NONE, 0);
    }
    ck_assert_uint_eq(ir_room(u), 0);
    ir_const(u, IR_I64, 1);
    ck_assert_uint_eq(ir_room(u), 0);
}
END_TEST

/* How many instructions the n-th run has, or 0. */
static uint64_t run(unsigned n)
{
    for (unsigned k = 0; k < u->count; k++) {
        const struct ir_insn *i = &u->insn[k];

        if (i->op == IR_SET && i->imm == offsetof(struct vcpu, retired) &&
            n-- == 0) {
            return u->insn[u->insn[i->a].b].imm;
        }
    }
    return 0;
}

START_TEST(counted_runs)
{
    BUILD(EL1 | CTX_COUNT, ADD(0, 0, 1), ADD(1, 1, 1), LDR(2, 3),
          LDR(4, 5), ADD(0, 0, 1), CBZ(0, 8), ADD(0, 0, 1), RET);
    ck_assert_uint_eq(run(0), 3);
    ck_assert_uint_eq(run(1), 1);
    ck_assert_uint_eq(run(2), 2);
    ck_assert_uint_eq(run(3), 2);
    ck_assert_uint_eq(run(4), 0);
    BUILD(EL1, ADD(0, 0, 1), RET);
    ck_assert_uint_eq(run(0), 0);
}
END_TEST

Suite *translate_suite(void)
{
    Suite *s = suite_create("translate");
    TCase *tc = tcase_create("units");

    tcase_add_checked_fixture(tc, set_up, unit_rig_tear_down);
    tcase_add_test(tc, end_of_memory);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, room);
    tcase_add_test(tc, no_room);
    tcase_add_test(tc, counted_runs);
    suite_add_tcase(s, tc);
    return s;
}
