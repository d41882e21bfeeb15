/*
 * The x86-64 back end against the IR interpreter: random units.
 *
 * Every failure prints the unit and its seed; X64_SEED=n runs that one
 * alone, verbosely, X64_UNITS=n sets how many are made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/ir/passes.h"
#include "cpu/jit/code_cache.h"
#include "cpu/jit/slowpath.h"
#include "tests/unit/x64_units.h"

Suite *x64_random_suite(void);

/* The same unit, so much further on. */
static void move_unit(struct ir_unit *u, uint64_t delta)
{
    u->pc += delta;
    for (unsigned n = 0; n < u->count; n++) {
        u->insn[n].imm += u->insn[n].op == IR_EXIT_LOOP ? delta : 0;
    }
    for (unsigned n = 0; n < u->const_count; n++) {
        struct ir_insn *i = &u->insn[IR_FIRST_CONST + n];

        i->imm += i->op == IR_PC ? delta : 0;
    }
    for (unsigned n = 0; n < u->edge_count; n++) {
        u->edge[n].pc += delta;
    }
}

/* The hooks that the number stands for. */
static void set_hooks(struct rig *rig, uint64_t number)
{
    backend_test_hooks(rig->thread, number & 2,
                       (number & 12) == 12 ? 1 + number / 16 % 3 : 0, number);
}

static bool compile_as(struct rig *rig, uint64_t number, uint32_t page_id,
                       struct jit_buffer *code, struct jit_result *result)
{
    set_hooks(rig, number);
    return backend_compile(rig->thread, rig->unit, page_id, code, result);
}

/* And so it is when the block itself goes elsewhere, and back. */
static void check_rebase(struct block *b, const uint8_t *bytes, uint8_t *code,
                         uint64_t number)
{
    const uint64_t delta = UINT64_C(0x0000012345678000);

    b->pc += delta;
    b->page_id ^= 0x1111;
    backend_rebase(code, b, delta);
    ck_assert(memcmp(bytes, code, b->code_size)); /* the guard */
    b->pc -= delta;
    b->page_id ^= 0x1111;
    backend_rebase(code, b, -delta);
    ck_assert_msg(!memcmp(bytes, code, b->code_size),
                  "it came back another: X64_SEED=%llu",
                  (unsigned long long)number);
}

/* A copy for another address is what the compiler makes there. */
static struct block *check_copy(struct rig *rig, struct code_chunk *chunk,
                                const struct block *key,
                                const struct block *origin, uint64_t number)
{
    struct jit_buffer code;
    struct jit_result result;
    uint8_t *bytes;

    /* Of a region, which nobody else copies, loops are aligned where they
     * lie. */
    chunk->used += ((uintptr_t)origin->code - (uintptr_t)chunk->rx -
                    chunk->used) & (DRAFT_ALIGN - CODE_UNIT);
    ck_assert(code_chunk_room(chunk, &code));
    struct block *copy = block_clone(rig->backend, chunk, key, &code, origin);

    ck_assert_ptr_nonnull(copy);
    bytes = malloc(copy->code_size);
    memcpy(bytes, code.rw, copy->code_size);
    backend_forget_stubs(bytes, copy);
    move_unit(rig->unit, copy->pc - origin->pc);
    ck_assert(compile_as(rig, number, key->page_id, &code, &result));
    ck_assert_uint_eq(copy->code_size, result.code_size);
    ck_assert_msg(!memcmp(bytes, code.rw, copy->code_size),
                  "the copy differs: X64_SEED=%llu",
                  (unsigned long long)number);
    check_rebase(copy, bytes, code.rw, number);
    for (unsigned n = 0; n < copy->link_count; n++) {
        ck_assert_int_eq(block_links(copy)[n].target, result.links[n].target);
    }
    free(bytes);
    /* As death does. */
    memset(code.rw + copy->guarded, 0xeb, 2);
    memset(code.rw + copy->polled, 0xeb, 2);
    memset(code.rw + copy->entry, 0xeb, 2);
    return copy;
}

/* Of a block, then of the copy when that is dead. */
static void check_chunk(struct rig *rig, struct code_chunk *chunk,
                        uint64_t number)
{
    struct block key = { .pc = RIG_PC, .page_id = 7 };
    struct jit_buffer code;
    struct jit_result result;
    struct block *block;

    ck_assert(code_chunk_room(chunk, &code));
    if (!compile_as(rig, number, key.page_id, &code, &result)) {
        return;
    }
    block = block_new(rig->backend, chunk, &key, &code, &result);
    for (int n = 0; n < 2; n++) {
        key.pc += UINT64_C(0x5555000123456000);
        key.page_id += 0x12345678;
        block = check_copy(rig, chunk, &key, block, number);
    }
}

static void nothing(void *opaque, unsigned cpu)
{
    (void)opaque, (void)cpu;
}

static void check_copies(struct rig *rig, uint64_t number)
{
    static const struct code_cache_user user = { .forget = nothing };
    struct error *err = NULL;
    struct code_cache *cache = code_cache_new(2u << 20, 1, &err);

    ck_assert_ptr_nonnull(cache);
    check_chunk(rig, code_cache_chunk(cache, 0, CODE_ORIGINALS, NULL, NULL,
                                      &user),
                number);
    code_cache_free(cache);
}

static void flags_and_hints(struct ir_unit *u)
{
    ir_pass_flags(u);
    ir_pass_hints(u);
}

static void run_one(struct rig *rig, uint64_t number)
{
    uint64_t seed = number * UINT64_C(0x123456789abcdef1);
    uint32_t only = number & 8 ? UINT32_MAX : rig_random(&seed);

    backend_test_baseline(rig->thread, number & 1);
    set_hooks(rig, number);
    rig_randomise(rig, &seed);
    rig->vcpu->excl_addr = VCPU_EXCL_NONE;
    tlb_invalidate(rig->tlb, &(struct tlb_inval){ .kind = TLB_INVAL_ALL });
    rig->vcpu->saturated = 0;
    rig->vcpu->fp.flags = 0;
    gen_unit(rig->unit, &seed, only, number & 64 && (number & 12) != 12);
    rig->pass = !rig->unit->region ? NULL
              : number & 16        ? flags_and_hints
                                   : ir_pass_hints;
    if (number & 32 && (number & 12) != 12 && rig->unit->region) {
        ir_pass_checks(rig->unit);
    }
    if (getenv("X64_TRACE")) {
        fprintf(stderr, "%llu\n", (unsigned long long)number);
    }
    if (!rig_run(rig)) {
        ck_abort_msg("differs: X64_SEED=%llu", (unsigned long long)number);
    }
    if (number % 8 < 3) {
        check_copies(rig, number);
    }
}

START_TEST(random_units)
{
    const char *one = getenv("X64_SEED"), *many = getenv("X64_UNITS");
    unsigned count = many ? strtoul(many, NULL, 0) : 3000;
    struct rig *rig = rig_new(_i & 1);

    if (one) {
        rig->verbose = true;
        run_one(rig, strtoull(one, NULL, 0));
    } else {
        for (unsigned n = 0; n < count; n++) {
            run_one(rig, (uint64_t)_i * 10000000 + n);
        }
    }
    rig_free(rig);
}
END_TEST

/* What death overwrites is part of a displacement here. */
START_TEST(copies_of_a_call)
{
    static const struct ir_helper helper = { .name = "pure", .call = gen_pure };
    struct rig *rig = rig_new(false);

    ir_begin(rig->unit, RIG_PC, 0);
    ir_insn(rig->unit, RIG_PC);
    ir_call(rig->unit, &helper, IR_NONE, IR_NONE, IR_NONE);
    ir_exit(rig->unit, 0x40002000);
    check_copies(rig, 0);
    rig_free(rig);
}
END_TEST

/* The first byte of so many at r1, if all of these lie in one page. */
static void gen_check(struct ir_unit *u, unsigned size)
{
    ir_ref host, byte;
    unsigned edge;

    ir_begin(u, RIG_PC, 0);
    ir_insn(u, RIG_PC);
    edge = ir_edge(u, RIG_PC + 4);
    host = ir_emit(u, IR_CHECK, IR_I64, IR_CHECK_FILL,
                   ir_get(u, IR_I64, VCPU_R(1)), IR_NONE, IR_NONE,
                   ir_check_imm(edge, 0, size));
    byte = ir_emit(u, IR_LOAD, IR_I8, IR_MEM_HOST, host, IR_NONE, IR_NONE, 0);
    ir_set(u, IR_I64, VCPU_R(2), byte);
    ir_exit(u, RIG_PC + 8);
}

START_TEST(checks_at_ends_of_pages)
{
    struct rig *rig = rig_new(false);

    /* The first level has both pages. */
    for (unsigned n = 0; n < 2; n++) {
        ck_assert(tlb_fill(rig->tlb, rig->vcpu->tlb, RIG_RAM + 4096 * n, 1,
                           false, false));
    }
    for (unsigned size = 2; size <= 256; size++) {
        for (unsigned behind = 0; behind < 2; behind++) {
            gen_check(rig->unit, size);
            rig->vcpu->r[1] = RIG_RAM + 4096 - size + behind;
            rig_jit(rig);
            ck_assert_uint_eq(rig->vcpu->pc, RIG_PC + (behind ? 4 : 8));
        }
    }
    rig_free(rig);
}
END_TEST

/* A store's file may say anything. */
START_TEST(names_of_slow_paths)
{
    struct rig *rig = rig_new(false);
    struct ir_insn in = { .op = IR_LOAD, .type = IR_I32 };
    struct slow_path s = {
        .in = &in, .va = RDI, .tmp = RDX, .dst = { RCX, NO_REG },
    };
    const unsigned desc = SLOW_LOAD | 2 << SLOW_SIZE_SHIFT;
    struct thunk_name name = { .kind = THUNK_SLOW };

    s.desc = desc;
    name.value = slow_key(&s);
    ck_assert_ptr_nonnull(thunk_slow(rig->thread, &s));
    ck_assert_ptr_eq(backend_thunk(rig->thread, &name),
                     thunk_slow(rig->thread, &s));
    /* Plain accesses have no description such as these. */
    for (unsigned more = SLOW_THUNKS << 1; more < 1 << 16; more <<= 1) {
        s.desc = desc | more;
        name.value = slow_key(&s);
        ck_assert_ptr_null(backend_thunk(rig->thread, &name));
    }
    rig_free(rig);
}
END_TEST

Suite *x64_random_suite(void)
{
    Suite *s = suite_create("x64_random");
    TCase *tc = tcase_create("units");

    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, random_units, 0, 4);
    tcase_add_test(tc, copies_of_a_call);
    tcase_add_test(tc, checks_at_ends_of_pages);
    tcase_add_test(tc, names_of_slow_paths);
    suite_add_tcase(s, tc);
    return s;
}

