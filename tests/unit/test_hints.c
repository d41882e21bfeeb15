/*
 * Which SETs go away and where values are computed, in cold units as they
 * are built and behind the passes of a region.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/ir/build.h"
#include "cpu/ir/interp.h"
#include "cpu/ir/passes.h"
#include "util/bits.h"

Suite *hints_suite(void);

#define PC UINT64_C(0x40001000)

static uint64_t nothing(struct vcpu *vcpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)vcpu, (void)a, (void)b, (void)c;
    return 0;
}
static const struct ir_helper pure = {"pure", {nothing}, 0, 0};
static const struct ir_helper looks = {"looks", {nothing}, 0,
                                       IR_HELPER_REGS};
static const struct ir_helper exits = {"exits", {nothing}, 0,
                                       IR_HELPER_EXITS};

static struct ir_unit *u;

static void set_up(void)
{
    u = ir_unit_new();
    ir_begin(u, PC, 0);
}

static void tear_down(void)
{
    free(u);
}

static ir_ref get(unsigned n)
{
    return ir_get(u, IR_I64, VCPU_R(n));
}

static void set(unsigned n, ir_ref value)
{
    ir_set(u, IR_I64, VCPU_R(n), value);
}

/* A new value that no register has. */
static ir_ref value(void)
{
    return ir_append(u, IR_ADD, IR_I64, 0, get(20), get(21), IR_NONE, 0);
}

static void end(void)
{
    ir_exit(u, PC + 64);
    ck_assert_ptr_null(ir_verify(u));
}

static unsigned sets(uint64_t offset)
{
    unsigned n = 0;

    for (unsigned k = 0; k < u->count; k++) {
        const struct ir_insn *i = &u->insn[k];

        n += (i->op == IR_SET && i->imm == offset) ||
             (i->set && ir_home_offset(i->hint) == offset);
    }
    return n;
}

static unsigned ops(enum ir_opcode op)
{
    unsigned n = 0;

    for (unsigned k = 0; k < u->count; k++) {
        n += u->insn[k].op == op;
    }
    return n;
}

/* What may happen between two SETs of r1, or between a value and its SET. */
static void nothing_at_all(void)
{
}

static void another_register(void)
{
    set(2, get(3));
}

static void a_pure_call(void)
{
    ir_call(u, &pure, IR_NONE, IR_NONE, IR_NONE);
}

static void a_load(void)
{
    ir_load(u, IR_I64, 0, ir_at(get(4)));
}

static void a_store(void)
{
    ir_store(u, IR_I64, 0, ir_at(get(4)), get(5));
}

static void a_branch(void)
{
    ir_brz(u, IR_I64, get(4), true, PC + 32);
}

static void a_call_that_looks(void)
{
    ir_call(u, &looks, IR_NONE, IR_NONE, IR_NONE);
}

static void a_call_that_exits(void)
{
    ir_call(u, &exits, IR_NONE, IR_NONE, IR_NONE);
}

static void a_vector_call_that_exits(void)
{
    ir_vcall(u, &exits, IR_NONE, IR_NONE, IR_NONE, 0);
}

static void a_label(void)
{
    ir_label(u, PC + 8, 0);
}

static void a_part_read(void)
{
    ir_get(u, IR_I8, VCPU_R(1));
}

static void a_part_written(void)
{
    ir_set(u, IR_I8, VCPU_R(1), get(6));
}

static const struct {
    void (*emit)(void);
    bool sees;
} between[] = {
    {nothing_at_all, false}, {another_register, false}, {a_pure_call, false},
    {a_load, true}, {a_store, true}, {a_branch, true},
    {a_call_that_looks, true}, {a_call_that_exits, true},
    {a_vector_call_that_exits, true}, {a_label, true}, {a_part_read, true},
    {a_part_written, true},
};
#define CASES ((int)(sizeof(between) / sizeof(between[0])))

static void begin(bool region)
{
    if (region) {
        ir_begin_region(u, PC, 0);
    } else {
        ir_begin(u, PC, 0);
    }
}

/* The same whether builder or pass sees to it. */
static void finish(bool region)
{
    end();
    if (region) {
        ir_pass_hints(u);
        ck_assert_ptr_null(ir_verify(u));
    }
}

START_TEST(overwritten)
{
    for (int region = 0; region < 2; region++) {
        begin(region);
        set(1, value());
        between[_i].emit();
        set(1, value());
        finish(region);
        ck_assert_uint_eq(sets(VCPU_R(1)), 1u + between[_i].sees +
                                           (between[_i].emit ==
                                            a_part_written));
    }
}
END_TEST

START_TEST(computed_there)
{
    for (int region = 0; region < 2; region++) {
        ir_ref r;

        begin(region);
        r = value();
        between[_i].emit();
        set(1, r);
        finish(region);
        ck_assert_uint_eq(u->insn[r].hint,
                          between[_i].sees ? NO_HOME : HOME_R + 1);
        ck_assert_uint_eq(u->insn[r].set, !between[_i].sees);
        ck_assert_uint_eq(sets(VCPU_R(1)), 1 + (between[_i].emit ==
                                                a_part_written));
    }
}
END_TEST

/* A load leaves before its value is there. */
START_TEST(loaded)
{
    ir_ref r = ir_load(u, IR_I64, 0, ir_at(get(0)));

    set(1, r);
    end();
    ck_assert_uint_eq(u->insn[r].hint, HOME_R + 1);
    ck_assert_uint_eq(ops(IR_SET), 0);
}
END_TEST

/* What it SETs may be hidden, as nobody has seen that. */
START_TEST(loaded_in_vain)
{
    for (int region = 0; region < 2; region++) {
        ir_ref r;

        begin(region);
        r = ir_load(u, IR_I64, 0, ir_at(get(0)));
        set(1, r);
        set(1, value());
        finish(region);
        ck_assert_uint_eq(u->insn[r].hint, NO_HOME);
        ck_assert(!u->insn[r].set);
        ck_assert_uint_eq(sets(VCPU_R(1)), 1);
        ck_assert_uint_eq(ops(IR_SET), 0);
    }
}
END_TEST

/* What was SET in one unit is nothing in the next, however many there were. */
START_TEST(many_units)
{
    u->first = UINT32_MAX - 4 * (IR_MAX_INSNS + 1);
    for (unsigned n = 0; n < 8; n++) {
        ir_ref r;

        ir_begin(u, PC, 0);
        ck_assert_uint_lt(u->first, UINT32_MAX - IR_MAX_INSNS);
        r = value();
        set(1, r);
        ck_assert(u->insn[r].set);
        set(1, value());
        end();
        ck_assert_uint_eq(sets(VCPU_R(1)), 1);
        ck_assert_uint_eq(ops(IR_NOP), 0);
    }
}
END_TEST

/* The interpreter SETs it, too. */
START_TEST(interpreted)
{
    struct vcpu *vcpu = aligned_alloc(64, align_up(sizeof(*vcpu), 64));
    ir_ref v = ir_get(u, IR_V128, VCPU_V(0));

    memset(vcpu, 0, sizeof(*vcpu));
    vcpu->r[20] = 7;
    vcpu->r[21] = 8;
    vcpu->v[0].d[1] = 9;
    set(1, value());
    ir_set(u, IR_V128, VCPU_V(1),
           ir_vec(u, IR_VADD, IR_I64, IR_Q, 0, v, v, IR_NONE, 0));
    ir_set_flags(u, ir_un(u, IR_NZCV_TO_FLAGS, IR_I32, get(22)));
    end();
    ck_assert_uint_eq(ops(IR_SET), 0);
    ir_interpret(vcpu, u->insn, u->count, u->insn + IR_FIRST_CONST,
                 u->const_count, u->edge);
    ck_assert_uint_eq(vcpu->r[1], 15);
    ck_assert_uint_eq(vcpu->v[1].d[1], 18);
    ck_assert_uint_eq(vcpu->flags & IR_FLAG_B, IR_FLAG_B);
    free(vcpu);
}
END_TEST

START_TEST(first_of_two)
{
    ir_ref r = value();

    set(1, r);
    set(2, r);
    end();
    ck_assert_uint_eq(u->insn[r].hint, HOME_R + 1);
    ck_assert_uint_eq(sets(VCPU_R(1)) + sets(VCPU_R(2)), 2);
    ck_assert_uint_eq(ops(IR_SET), 1);
}
END_TEST

START_TEST(low_half)
{
    ir_ref zero = ir_load(u, IR_I32, 0, ir_at(get(0))), low;
    ir_ref sign = ir_load(u, IR_I32, IR_MEM_SIGN64, ir_at(get(0)));

    low = ir_low(u, sign);
    ck_assert_uint_eq(ir_low(u, zero), zero);
    ck_assert_uint_ne(low, sign);
    ck_assert_uint_eq(ir_low(u, low), low);
    set(2, low);
    end();
    ck_assert_uint_eq(u->insn[low].hint, HOME_R + 2);
    ck_assert_uint_eq(ops(IR_SET), 0);
}
END_TEST

/* What a unit was entered with takes no op, until something else may have
 * written it. */
START_TEST(entered_with)
{
    ir_ref r = get(3);

    ck_assert_uint_eq(r, IR_FIRST_ENTRY + HOME_R + 3);
    ck_assert_uint_eq(ir_get_flags(u), IR_FIRST_ENTRY + HOME_FLAGS);
    ck_assert_uint_eq(ir_get(u, IR_V128, VCPU_V(9)),
                      IR_FIRST_ENTRY + HOME_V + 9);
    ck_assert_uint_eq(u->count, 0);
    set(4, r);
    ck_assert_uint_eq(get(4), r);
    ir_call(u, &looks, IR_NONE, IR_NONE, IR_NONE);
    ck_assert_uint_lt(get(3), u->count);
    end();
    u->region = true;
    ck_assert_ptr_nonnull(ir_verify(u));
}
END_TEST

START_TEST(vectors_and_flags)
{
    ir_ref a = ir_get(u, IR_V128, VCPU_V(0)), f, v;

    v = ir_vec(u, IR_VADD, IR_I8, IR_Q, 0, a, a, IR_NONE, 0);
    ir_set(u, IR_V128, VCPU_V(1), v);
    f = ir_flags_of(u, IR_I64, value());
    ir_set_flags(u, f);
    f = ir_flags_of(u, IR_I64, value());
    ir_set_flags(u, f);
    ir_set(u, IR_F64, VCPU_V(2), a);
    ir_set(u, IR_V128, VCPU_V(2), v);
    end();
    ck_assert_uint_eq(u->insn[v].hint, HOME_V + 1);
    ck_assert_uint_eq(sets(offsetof(struct vcpu, flags)), 1);
    ck_assert_uint_eq(sets(VCPU_V(2)), 2);
}
END_TEST

/* A place for a value that nobody sees there: in regions, and only if it is
 * used again. */
START_TEST(hidden_place)
{
    ir_ref r;

    for (int region = 0; region < 2; region++) {
        for (int used = 0; used < 2; used++) {
            begin(region);
            r = value();
            set(1, r);
            set(2, used ? ir_un(u, IR_NOT, IR_I64, r) : value());
            set(1, value());
            finish(region);
            ck_assert_uint_eq(sets(VCPU_R(1)), 1);
            ck_assert_uint_eq(u->insn[r].hint,
                              region && used ? HOME_R + 1 : NO_HOME);
        }
    }
}
END_TEST

Suite *hints_suite(void)
{
    Suite *s = suite_create("hints");
    TCase *tc = tcase_create("hints");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, overwritten, 0, CASES);
    tcase_add_loop_test(tc, computed_there, 0, CASES);
    tcase_add_test(tc, loaded);
    tcase_add_test(tc, loaded_in_vain);
    tcase_add_test(tc, many_units);
    tcase_add_test(tc, interpreted);
    tcase_add_test(tc, first_of_two);
    tcase_add_test(tc, low_half);
    tcase_add_test(tc, entered_with);
    tcase_add_test(tc, vectors_and_flags);
    tcase_add_test(tc, hidden_place);
    suite_add_tcase(s, tc);
    return s;
}
