/* The x86-64 back end against the IR interpreter: one thing at a time. */
#include <string.h>

#include "cpu/ir/interp.h"
#include "softmmu/tlb.h"
#include "tests/unit/x64_rig.h"
#include "util/bits.h"

Suite *x64_suite(void);

static struct rig *rig;
static struct ir_unit *u;
static uint64_t seed;

static void setup(void)
{
    rig = rig_new(true);
    u = rig->unit;
    seed = 1;
    rig_randomise(rig, &seed);
}

static void teardown(void)
{
    rig_free(rig);
}

static void begin(void)
{
    ir_begin(u, RIG_PC, 0);
    ir_insn(u, RIG_PC);
}

static void run(void)
{
    ck_assert(rig_run(rig));
}

static ir_ref get(unsigned n)
{
    return ir_get(u, IR_I64, VCPU_R(n));
}

static void set(unsigned n, ir_ref v)
{
    ir_set(u, IR_I64, VCPU_R(n), v);
}

START_TEST(empty_unit)
{
    begin();
    ir_exit(u, 0x40002000);
    run();
    ck_assert_uint_eq(rig->vcpu->pc, 0x40002000);
    ck_assert_uint_eq(rig->result.link_count, 1);
}
END_TEST

START_TEST(moves)
{
    begin();
    set(5, get(0));
    set(0, get(7));
    set(1, get(0));
    set(7, ir_const(u, IR_I64, 0x123456789abcdef0));
    set(8, ir_const(u, IR_I64, 0x123456789abcdef0));
    set(9, ir_const(u, IR_I64, UINT64_MAX));
    ir_exit(u, 0x40002000);
    run();
}
END_TEST

static const struct {
    enum ir_opcode op;
    unsigned args;
} int_ops[] = {
    { IR_ADD, 2 }, { IR_SUB, 2 }, { IR_AND, 2 }, { IR_OR, 2 }, { IR_XOR, 2 },
    { IR_ANDN, 2 }, { IR_ORN, 2 }, { IR_XORN, 2 }, { IR_NOT, 1 },
    { IR_NEG, 1 }, { IR_MUL, 2 }, { IR_UDIV, 2 }, { IR_SDIV, 2 },
    { IR_SHL, 2 }, { IR_SHR, 2 }, { IR_SAR, 2 }, { IR_ROR, 2 },
    { IR_CLZ, 1 }, { IR_RBIT, 1 }, { IR_BSWAP, 1 }, { IR_MULHU, 2 },
    { IR_MULHS, 2 },
};

/* Each op, both widths, on pinned and memory registers, in place or not,
 * with constants on either side. */
START_TEST(integer_ops)
{
    static const uint8_t regs[][3] = {
        { 0, 1, 2 }, { 0, 0, 1 }, { 0, 1, 0 }, { 5, 6, 7 }, { 5, 5, 6 },
        { 5, 6, 5 }, { 0, 6, 7 }, { 5, 0, 1 }, { 1, 1, 1 }, { 9, 9, 9 },
    };

    backend_test_baseline(rig->thread, _i & 1);
    for (unsigned n = 0; n < ARRAY_SIZE(int_ops) * 64; n++) {
        enum ir_opcode op = int_ops[n / 64].op;
        const uint8_t *r = regs[n % ARRAY_SIZE(regs)];
        bool high = op == IR_MULHU || op == IR_MULHS;
        enum ir_type type = high || n & 1 ? IR_I64 : IR_I32;
        ir_ref a, b = IR_NONE, v;

        rig_randomise(rig, &seed);
        begin();
        a = rig_pick(&seed, 8) ? ir_get(u, type, VCPU_R(r[1]))
                               : ir_const(u, type, rig_value(&seed));
        if (int_ops[n / 64].args == 2) {
            b = rig_pick(&seed, 3) ? ir_get(u, type, VCPU_R(r[2]))
                                   : ir_const(u, type, rig_value(&seed));
        }
        v = ir_emit(u, op, type, 0, a, b, IR_NONE, 0);
        ir_set(u, type, VCPU_R(r[0]), v);
        ir_exit(u, 0x40002000);
        run();
    }
}
END_TEST

START_TEST(bit_fields)
{
    backend_test_baseline(rig->thread, _i & 1);
    for (unsigned n = 0; n < 2000; n++) {
        enum ir_type type = n & 1 ? IR_I64 : IR_I32;
        unsigned size = n & 1 ? 64 : 32;
        unsigned lsb = rig_pick(&seed, size);
        unsigned width = 1 + rig_pick(&seed, size - lsb);
        ir_ref a;

        rig_randomise(rig, &seed);
        begin();
        a = ir_get(u, type, VCPU_R(rig_pick(&seed, 10)));
        ir_set(u, type, VCPU_R(2), ir_bfxu(u, type, a, lsb, width));
        ir_set(u, type, VCPU_R(5), ir_bfxs(u, type, a, lsb, width));
        ir_set(u, type, VCPU_R(6),
               ir_bfi(u, type, a, ir_get(u, type, VCPU_R(0)), lsb, width));
        ir_set(u, type, VCPU_R(0),
               ir_emit(u, IR_EXTR, type, 0, a, ir_get(u, type, VCPU_R(7)),
                       IR_NONE, lsb));
        ir_exit(u, 0x40002000);
        run();
    }
}
END_TEST

/* Each way to make flags, each way to use them, each condition. */
START_TEST(flags)
{
    static const enum ir_opcode ops[] = {
        IR_ADD, IR_SUB, IR_AND, IR_OR, IR_XOR, IR_ANDN, IR_ADC, IR_SBC,
    };

    backend_test_baseline(rig->thread, _i & 1);
    for (unsigned n = 0; n < 8 * 16 * 16; n++) {
        enum ir_opcode op = ops[n & 7];
        enum ir_cc cc = n >> 3 & 15;
        enum ir_type type = n & 128 ? IR_I64 : IR_I32;
        bool with_carry = op == IR_ADC || op == IR_SBC;
        ir_ref a, b, v, f, carry = IR_NONE;

        rig_randomise(rig, &seed);
        begin();
        a = ir_get(u, type, VCPU_R(rig_pick(&seed, 8)));
        b = rig_pick(&seed, 3) ? ir_get(u, type, VCPU_R(rig_pick(&seed, 8)))
                               : ir_const(u, type, rig_value(&seed));
        if (with_carry) {
            carry = ir_get_flags(u);
        }
        v = ir_emit(u, op, type, 0, a, b, carry, 0);
        f = ir_flags_of(u, type, v);
        if (n & 256) {
            ir_set(u, type, VCPU_R(3), v);
        }
        if (n & 512) {
            ir_set_flags(u, f);
        }
        if (n & 1024) {
            /* Something in between that spoils EFLAGS. */
            set(4, ir_bin(u, IR_XOR, IR_I64, get(9), get(10)));
        }
        set(6, ir_emit(u, IR_SETCC, IR_I64, cc, f, IR_NONE, IR_NONE, 0));
        set(7, ir_emit(u, IR_SELECT, type, cc ^ 1, f, get(1), get(11), 0));
        ir_brcc(u, cc, f, 0x40003000);
        ir_exit(u, 0x40002000);
        run();
    }
}
END_TEST

/* A register and 1 more, of which a condition takes one: by the carry of
 * every way to make it. */
START_TEST(increments)
{
    static const enum ir_opcode ops[] = {IR_ADD, IR_SUB, IR_AND, IR_ADC};

    backend_test_hooks(rig->thread, _i & 2, 0, 5);
    backend_test_baseline(rig->thread, _i & 1);
    for (unsigned n = 0; n < 4096; n++) {
        enum ir_cc cc = n & 4 ? IR_HS + (n & 1) : n & 15;
        enum ir_type type = n & 16 ? IR_I64 : IR_I32;
        enum ir_opcode op = ops[n >> 5 & 3];
        ir_ref a, b, f, plus, v;

        rig_randomise(rig, &seed);
        begin();
        a = ir_get(u, type, VCPU_R(rig_pick(&seed, 12)));
        b = n & 128 ? ir_get(u, type, VCPU_R(rig_pick(&seed, 8)))
                    : ir_const(u, type, rig_pick(&seed, 2)
                                        ? rig_value(&seed)
                                        : rig_pick(&seed, 5) - 2);
        f = op == IR_ADC ? ir_get_flags(u) : IR_NONE;
        f = ir_flags_of(u, type,
                        ir_emit(u, op, type, 0,
                                ir_get(u, type, VCPU_R(rig_pick(&seed, 8))),
                                b, f, 0));
        if (n & 256) {
            ir_set_flags(u, f);
        }
        plus = ir_emit(u, IR_ADD, type, 0, a,
                       ir_const(u, type, rig_pick(&seed, 8) ? 1 : 2),
                       IR_NONE, 0);
        v = n & 512 ? ir_emit(u, IR_SELECT, type, cc, f, plus, a, 0)
                    : ir_emit(u, IR_SELECT, type, cc, f, a, plus, 0);
        ir_set(u, type, VCPU_R(rig_pick(&seed, 12)), v);
        if (n & 1024) {
            set(6, ir_setcc(u, rig_pick(&seed, 14), f));
        }
        if (n & 2048) {
            set(7, plus);
        }
        ir_exit(u, 0x40002000);
        run();
    }
}
END_TEST

static ir_ref flags_of(enum ir_opcode op, enum ir_type type, ir_ref b)
{
    ir_ref a = ir_get(u, type, VCPU_R(rig_pick(&seed, 8)));

    return ir_flags_of(u, type, ir_emit(u, op, type, 0, a, b, IR_NONE, 0));
}

/* CCMP and CCMN: the outcome of one comparison chooses between that of
 * another and a constant. */
START_TEST(conditional_compares)
{
    static const enum ir_opcode ops[] = {IR_SUB, IR_ADD, IR_AND, IR_SUB};

    backend_test_hooks(rig->thread, _i & 2, 0, 5);
    backend_test_baseline(rig->thread, _i & 1);
    for (unsigned n = 0; n < 4096; n++) {
        enum ir_type type = n & 16 ? IR_I64 : IR_I32;
        ir_ref f, g, k, other = IR_NONE;

        rig_randomise(rig, &seed);
        begin();
        k = ir_const(u, IR_FLAGS, ir_flags_pack(rig_pick(&seed, 16)));
        f = flags_of(ops[n >> 5 & 3], type,
                     n & 128 ? ir_const(u, type, rig_pick(&seed, 4))
                             : ir_get(u, type, VCPU_R(rig_pick(&seed, 12))));
        if (n & 256) {
            /* What is kept must stay where it is. */
            other = ir_bin(u, IR_MUL, IR_I64, get(9), get(2));
        }
        g = flags_of(n & 512 ? IR_ADD : IR_SUB, type,
                     ir_get(u, type, VCPU_R(rig_pick(&seed, 12))));
        g = n & 1024 ? ir_emit(u, IR_SELECT, IR_FLAGS, n & 15, f, k, g, 0)
                     : ir_emit(u, IR_SELECT, IR_FLAGS, n & 15, f, g, k, 0);
        if (n & 2048) {
            set(6, ir_setcc(u, rig_pick(&seed, 14), f));
        }
        if (n & 256) {
            set(7, other);
        }
        ir_set_flags(u, g);
        ir_brcc(u, rig_pick(&seed, 14), g, 0x40003000);
        ir_exit(u, 0x40002000);
        run();
    }
}
END_TEST

START_TEST(flags_moved)
{
    backend_test_baseline(rig->thread, _i & 1);
    for (unsigned n = 0; n < 512; n++) {
        enum ir_cc cc = n & 15;
        ir_ref f, g;

        rig_randomise(rig, &seed);
        begin();
        f = ir_get_flags(u);
        g = ir_flags_of(u, IR_I64,
                        ir_emit(u, IR_SUB, IR_I64, 0, get(n % 7), get(1),
                                IR_NONE, 0));
        if (n & 16) {
            g = ir_const(u, IR_FLAGS, ir_flags_pack(rig_pick(&seed, 16)));
        }
        ir_set_flags(u, ir_emit(u, IR_SELECT, IR_FLAGS, cc, f, g,
                                n & 32 ? ir_emit(u, IR_NZCV_TO_FLAGS,
                                                 IR_FLAGS, 0, get(2),
                                                 IR_NONE, IR_NONE, 0)
                                       : f, 0));
        set(3, ir_emit(u, IR_FLAGS_TO_NZCV, IR_I32, 0, ir_get_flags(u),
                       IR_NONE, IR_NONE, 0));
        set(4, ir_emit(u, IR_SELNZ, IR_I64, 0, get(n & 3), get(5), get(6),
                       0));
        ir_exit(u, 0x40002000);
        run();
    }
}
END_TEST

START_TEST(branches)
{
    for (unsigned n = 0; n < 256; n++) {
        enum ir_type type = n & 1 ? IR_I64 : IR_I32;
        ir_ref a;

        rig_randomise(rig, &seed);
        begin();
        a = get(n >> 4 & 7);
        switch (n >> 1 & 3) {
        case 0:
            a = ir_bini(u, IR_AND, type, a, 1u << (n >> 3 & 15));
            break;
        case 1:
            a = ir_bfxu(u, type, a, n >> 3 & 31, 1);
            break;
        case 2:
            a = ir_bin(u, IR_SUB, type, a, get(2));
            set(3, a);
            break;
        }
        ir_brz(u, type, a, n & 8, 0x40003000);
        ir_exit(u, 0x40002000);
        run();
    }
}
END_TEST

static ir_ref address(uint64_t va)
{
    return ir_const(u, IR_I64, va);
}

/* Every type and extension: hit, miss, crossing pages, faulting. */
START_TEST(memory)
{
    static const enum ir_type types[] = {
        IR_I8, IR_I16, IR_I32, IR_I64, IR_F16, IR_F32, IR_F64, IR_V128,
    };
    static const uint64_t where[] = {
        RIG_RAM + 0x100, RIG_RAM + 0x1ff8, RIG_RAM + 0xfff,
        RIG_RAM - 1, RIG_RAM + RIG_SIZE - 3, RIG_RAM + RIG_SIZE,
        RIG_RAM + RIG_SIZE - 4096, RIG_RAM + RIG_SIZE - 4097,
        0xffffffffffffffff, 0, 0x8000000000000000,
    };
    static const unsigned flags[] = {
        0, IR_MEM_SIGN32, IR_MEM_SIGN64, IR_MEM_ALIGNED,
        IR_MEM_UNPRIV | IR_MEM_ACQUIRE, IR_MEM_RELEASE, IR_MEM_WHOLE,
        IR_MEM_WHOLE | IR_MEM_SIGN64,
    };

    backend_test_hooks(rig->thread, _i & 2, _i & 4 ? 1 : 0, 5);
    backend_test_baseline(rig->thread, _i & 1);
    for (unsigned n = 0; n < 8 * 11 * 8 * 4; n++) {
        enum ir_type type = types[n % 8];
        uint64_t va = where[n / 8 % 11];
        unsigned aux = flags[n / 88 % 8];
        bool pair = n / 704 % 2, vec = ir_type_is_vec(type);
        ir_ref a, b;

        if ((pair && (type < IR_I32 || type == IR_F16)) ||
            (type == IR_I64 && (aux & IR_MEM_SIGN32)) ||
            ((aux & IR_MEM_WHOLE) && (!pair || vec))) {
            continue;
        }
        rig_randomise(rig, &seed);
        begin();
        ir_insn(u, RIG_PC + 4);
        a = n / 1408 ? address(va) : ir_bini(u, IR_ADD, IR_I64, get(0), va);
        rig->vcpu->r[0] = 0;
        if (pair) {
            a = ir_load2(u, type, aux, ir_at(a), &b);
            ir_set(u, vec ? IR_V128 : IR_I64, vec ? VCPU_V(3) : VCPU_R(9),
                   b);
        } else {
            a = ir_load(u, type, aux, ir_at(a));
        }
        ir_set(u, vec ? IR_V128 : IR_I64, vec ? VCPU_V(1) : VCPU_R(1), a);
        ir_insn(u, RIG_PC + 8);
        b = vec ? ir_get(u, IR_V128, VCPU_V(2)) : get(2);
        if (pair && (aux & IR_MEM_ALIGNED)) {
            ir_store2(u, type, aux & ~3u, ir_at(address((va + 64) & ~31)),
                      a, b);
        } else if (pair) {
            ir_store2(u, type, aux & ~3u, ir_at(address(va + 64)), a, b);
        } else {
            ir_store(u, type, aux & ~3u, ir_at(address(va + 64)), b);
        }
        ir_exit(u, 0x40002000);
        run();
    }
}
END_TEST

START_TEST(exclusives)
{
    backend_test_hooks(rig->thread, _i & 2, _i & 4 ? 1 : 0, 5);
    for (unsigned n = 0; n < 4000; n++) {
        enum ir_type type = n % 4 + IR_I8;
        uint64_t va = RIG_RAM + (n / 4 % 5 ? 0x140 : 0x143) +
                      (n / 20 % 7 == 0 ? RIG_SIZE - 4096 : 0);
        ir_ref a, b, c;

        rig_randomise(rig, &seed);
        rig->vcpu->excl_addr = VCPU_EXCL_NONE;
        begin();
        a = ir_emit(u, IR_LOAD_EX, type, 0, address(va), IR_NONE, IR_NONE, 0);
        set(rig_pick(&seed, 8), a);
        ir_insn(u, RIG_PC + 4);
        if (rig_pick(&seed, 3) == 0) {
            ir_store(u, type, 0, ir_at(address(va)), get(4));
        }
        set(9, ir_emit(u, IR_STORE_EX, type, 0,
                       address(va + 8 * !rig_pick(&seed, 4)), get(1),
                       IR_NONE, 0));
        if (type >= IR_I32) {
            ir_insn(u, RIG_PC + 8);
            a = ir_emit(u, IR_LOAD_EX2, type, 0, address(va), IR_NONE,
                        IR_NONE, 0);
            b = ir_emit(u, IR_SECOND, type, 0, a, IR_NONE, IR_NONE, 0);
            set(10, a);
            set(11, b);
            set(12, ir_emit(u, IR_STORE_EX2, type, 0, address(va), get(2),
                            get(3), 0));
        }
        ir_insn(u, RIG_PC + 12);
        set(rig_pick(&seed, 8),
            ir_emit(u, IR_RMW, type, 0, address(va), get(5), IR_NONE,
                    n / 7 % 9));
        ir_insn(u, RIG_PC + 16);
        c = n & 1 ? ir_load(u, type, 0, ir_at(address(va))) : get(6);
        set(8, ir_emit(u, IR_CAS, type, 0, address(va), c, get(7), 0));
        ir_fence(u, n % 3);
        ir_exit(u, 0x40002000);
        run();
    }
}
END_TEST

/* -- control ----------------------------------------------------------- */

START_TEST(indirect_hit_and_miss)
{
    struct vcpu *cpu = rig->vcpu;
    const uint8_t *target;
    uintptr_t left;

    /* A unit to jump to, then one that jumps there. */
    begin();
    set(3, ir_const(u, IR_I64, 77));
    ir_exit(u, 0x40002000);
    ck_assert(rig_compile(rig));
    target = rig->unit_code.rx + rig->result.guarded;
    left = rig_left(rig, 0);
    cpu->tlb->page_id[tlb_index(RIG_PC)] = 0;
    rig->unit_code.rw += 4096;
    rig->unit_code.rx += 4096;

    begin();
    ir_exit_indirect(u, get(0), IR_JUMP, 0);
    cpu->r[0] = RIG_PC + 8;
    run();
    ck_assert_uint_eq(cpu->host_return, 0);
    cpu->jump_key = vcpu_key(5);
    cpu->jump_cache[(RIG_PC + 8) >> 2 & (JUMP_CACHE_ENTRIES - 1)] =
        (struct jump_cache_entry){ (RIG_PC + 8) ^ cpu->jump_key, target };
    cpu->exit = VCPU_EXIT_NONE;
    backend_enter(rig->backend, cpu, rig->unit_code.rx + rig->result.entry);
    ck_assert_uint_eq(cpu->host_return, left);
    ck_assert_uint_eq(cpu->r[3], 77);
}
END_TEST

/* The offset that host_return has in the code. */
static uint32_t left_at(const uint8_t *code)
{
    return (uint32_t)(rig->vcpu->host_return - (uintptr_t)code);
}

START_TEST(entries_links_and_death)
{
    struct vcpu *cpu = rig->vcpu;
    const uint8_t *code = rig->unit_code.rx;

    begin();
    set(0, ir_bini(u, IR_ADD, IR_I64, get(0), 1));
    ir_brz(u, IR_I64, get(1), true, RIG_PC + 64);
    ir_exit(u, 0x40002000);
    cpu->r[0] = 10;
    cpu->r[1] = 1;
    ck_assert(rig_compile_for(rig, 9));
    ck_assert_uint_eq(rig->result.link_count, 2);
    /* The page is another one now. */
    cpu->tlb->page_id[tlb_index(RIG_PC)] = 8;
    backend_enter(rig->backend, cpu, code + rig->result.guarded);
    ck_assert_uint_eq(left_at(code), rig->result.pad);
    ck_assert_uint_eq(cpu->r[0], 10);
    ck_assert_uint_eq(cpu->exit, VCPU_EXIT_NONE);
    /* The right page, but a request. */
    cpu->tlb->page_id[tlb_index(RIG_PC)] = 9;
    vcpu_request(cpu, VCPU_REQ_IRQ);
    backend_enter(rig->backend, cpu, code + rig->result.guarded);
    ck_assert_uint_eq(left_at(code), rig->result.pad);
    ck_assert_uint_eq(cpu->exit, VCPU_EXIT_REQUEST);
    ck_assert_uint_eq(cpu->r[0], 10);
    cpu->exit = VCPU_EXIT_NONE;
    vcpu_served(cpu, 0);
    backend_enter(rig->backend, cpu, code + rig->result.guarded);
    ck_assert_uint_eq(cpu->host_return, rig_left(rig, 1));
    ck_assert_uint_eq(cpu->r[0], 11);
    /* Link the second exit, which is in place, to the first and back. */
    const struct block_link *link = rig->result.links;
    ck_assert(link[1].turns);
    backend_link(rig->backend, &rig->unit_code, &link[1],
                 (const uint8_t *)rig_left(rig, 0) - BACKEND_STUB);
    backend_enter(rig->backend, cpu, code + rig->result.polled);
    ck_assert_uint_eq(cpu->host_return, rig_left(rig, 0));
    backend_link(rig->backend, &rig->unit_code, &link[1], NULL);
    backend_enter(rig->backend, cpu, code + rig->result.polled);
    ck_assert_uint_eq(cpu->host_return, rig_left(rig, 1));
    /* And the first one, a conditional jump, to the second. */
    cpu->r[1] = 0;
    backend_link(rig->backend, &rig->unit_code, &link[0],
                 (const uint8_t *)rig_left(rig, 1) - 5);
    backend_enter(rig->backend, cpu, code + rig->result.polled);
    ck_assert_uint_eq(cpu->host_return, rig_left(rig, 1));
    backend_link(rig->backend, &rig->unit_code, &link[0], NULL);
    backend_enter(rig->backend, cpu, code + rig->result.polled);
    ck_assert_uint_eq(cpu->host_return, rig_left(rig, 0));
    /* Dead: every entry leads back to the run loop. */
    backend_kill(rig->backend, &rig->unit_code, rig->result.guarded,
                 rig->result.polled, rig->result.entry);
    cpu->r[0] = 20;
    backend_enter(rig->backend, cpu, code + rig->result.guarded);
    backend_enter(rig->backend, cpu, code + rig->result.polled);
    backend_enter(rig->backend, cpu, code + rig->result.entry);
    ck_assert_uint_eq(cpu->r[0], 20);
    ck_assert_uint_eq(left_at(code), rig->result.pad);
}
END_TEST

START_TEST(loop_to_own_head)
{
    begin();
    set(0, ir_bini(u, IR_ADD, IR_I64, get(0), 1));
    set(1, ir_bini(u, IR_SUB, IR_I64, get(1), 1));
    ir_brz(u, IR_I64, get(1), false, RIG_PC);
    ir_exit(u, 0x40002000);
    rig->vcpu->r[0] = 0;
    rig->vcpu->r[1] = 1000;
    rig_jit(rig);
    ck_assert_uint_eq(rig->vcpu->r[0], 1000);
    ck_assert_uint_eq(rig->vcpu->pc, 0x40002000);
    ck_assert_uint_eq(rig->result.link_count, 1);
}
END_TEST

/* A byte for a vector goes through a general register, also where all of these
 * hold something and a CHECK says where it is. */
START_TEST(byte_of_a_check)
{
    ir_ref host, value[4], byte;
    unsigned edge;

    begin();
    edge = ir_edge(u, RIG_PC + 4);
    host = ir_emit(u, IR_CHECK, IR_I64, IR_CHECK_FILL, get(1), IR_NONE,
                   IR_NONE, ir_check_imm(edge, 0, 16));
    for (unsigned n = 0; n < 4; n++) {
        value[n] = ir_bin(u, IR_MUL, IR_I64, get(5 + n), get(6 + n));
    }
    byte = ir_emit(u, IR_VLOAD8, IR_V128, IR_MEM_HOST, host, IR_NONE,
                   IR_NONE, 3);
    ir_set(u, IR_V128, VCPU_V(9), byte);
    for (unsigned n = 0; n < 4; n++) {
        set(5 + n, value[n]);
    }
    ir_exit(u, 0x40002000);
    rig->vcpu->r[1] = RIG_RAM + 0x100;
    run();
}
END_TEST

/* A register in memory is SET to a value in a register, and what it was before
 * takes the place of another value. */
START_TEST(set_moves_out)
{
    ir_ref old, v[4];

    begin();
    old = get(14);
    for (unsigned k = 0; k < 4; k++) {
        v[k] = ir_bin(u, IR_MUL, IR_I64, get(5 + k), get(9 + k));
    }
    ir_brz(u, IR_I64, get(3), true, 0x40003000);
    set(14, v[_i]);
    set(20, old);
    for (unsigned k = 0; k < 4; k++) {
        set(21 + k, v[k]);
    }
    ir_exit(u, 0x40002000);
    rig->vcpu->r[3] = 1;
    run();
}
END_TEST

/* A region: a loop around a LABEL, with a value live across it. */
START_TEST(region_loop)
{
    ir_ref keep, label;
    unsigned edge;

    ir_begin_region(u, RIG_PC, 0);
    ir_insn(u, RIG_PC);
    keep = ir_bin(u, IR_MUL, IR_I64, get(7), get(8));
    label = ir_label(u, RIG_PC + 4, IR_LABEL_POLL);
    set(0, ir_bin(u, IR_ADD, IR_I64, get(0), keep));
    set(1, ir_bini(u, IR_SUB, IR_I64, get(1), 1));
    edge = ir_edge(u, RIG_PC + 4);
    u->edge[edge].label = label;
    ir_emit(u, IR_BRNZ, IR_I64, 0, get(1), IR_NONE, IR_NONE, edge);
    set(2, keep);
    ir_exit(u, 0x40002000);
    rig->vcpu->r[1] = 100;
    run();
    rig->vcpu->r[1] = 100;
    vcpu_request(rig->vcpu, VCPU_REQ_IRQ);
    rig->vcpu->exit = VCPU_EXIT_NONE;
    backend_enter(rig->backend, rig->vcpu,
                  rig->unit_code.rx + rig->result.entry);
    rig_find_pc(rig);
    ck_assert_uint_eq(rig->vcpu->pc, RIG_PC + 4);
    ck_assert_uint_eq(rig->vcpu->exit, VCPU_EXIT_REQUEST);
    ck_assert_uint_eq(rig->vcpu->r[1], 100);
}
END_TEST

/* A DMB is a fence of the host also where there is but one vCPU: devices
 * have threads of their own. */
START_TEST(fence)
{
    size_t bytes[3];

    teardown();
    rig = rig_new(false);
    u = rig->unit;
    for (unsigned kind = 0; kind < 3; kind++) {
        begin();
        ir_fence(u, kind);
        ir_exit(u, 0x40002000);
        run();
        bytes[kind] = rig->result.code_size;
    }
    ck_assert_uint_eq(IR_FENCE_FULL, 2);
    ck_assert_uint_gt(bytes[2], bytes[0]);
    ck_assert_uint_eq(bytes[1], bytes[0]);
}
END_TEST

START_TEST(exit_loop)
{
    begin();
    ir_exit_loop(u, VCPU_EXIT_WAIT, 0xffff800012345678);
    run();
    ck_assert_uint_eq(rig->vcpu->exit, VCPU_EXIT_WAIT);
    ck_assert_uint_eq(rig->vcpu->host_return, 0);
}
END_TEST

START_TEST(too_small_a_buffer)
{
    struct jit_buffer small = rig->unit_code;

    begin();
    for (unsigned n = 0; n < 500; n++) {
        ir_store(u, IR_I64, 0, ir_at(get(n % 32)), get(n % 7));
    }
    ir_exit(u, 0x40002000);
    for (small.size = 0; small.size < 40000; small.size += 997) {
        memset(small.rw + small.size, 0x5a, 64);
        backend_compile(rig->thread, u, 0, &small, &rig->result);
        for (unsigned n = 0; n < 64; n++) {
            ck_assert_uint_eq(small.rw[small.size + n], 0x5a);
        }
    }
}
END_TEST

Suite *x64_suite(void)
{
    Suite *s = suite_create("x64");
    TCase *tc = tcase_create("ops");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, empty_unit);
    tcase_add_test(tc, moves);
    tcase_add_loop_test(tc, integer_ops, 0, 2);
    tcase_add_loop_test(tc, bit_fields, 0, 2);
    tcase_add_loop_test(tc, flags, 0, 2);
    tcase_add_loop_test(tc, increments, 0, 4);
    tcase_add_loop_test(tc, conditional_compares, 0, 4);
    tcase_add_loop_test(tc, flags_moved, 0, 2);
    tcase_add_test(tc, branches);
    tcase_add_loop_test(tc, memory, 0, 8);
    tcase_add_loop_test(tc, exclusives, 0, 8);
    tcase_add_test(tc, byte_of_a_check);
    suite_add_tcase(s, tc);

    tc = tcase_create("control");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, indirect_hit_and_miss);
    tcase_add_test(tc, entries_links_and_death);
    tcase_add_test(tc, loop_to_own_head);
    tcase_add_loop_test(tc, set_moves_out, 0, 4);
    tcase_add_test(tc, region_loop);
    tcase_add_test(tc, fence);
    tcase_add_test(tc, exit_loop);
    tcase_add_test(tc, too_small_a_buffer);
    suite_add_tcase(s, tc);
    return s;
}
