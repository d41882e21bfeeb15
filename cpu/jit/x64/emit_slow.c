/*
 * Slow paths of loads, stores and atomics: code behind the unit that calls C
 * with the address and what is stored, and brings back what was loaded.  Most
 * are a call of a thunk that does all of it, made when it is first wanted and
 * shared by all units that have their operands in the same registers.
 */
#include "cpu/jit/slowpath.h"
#include "cpu/jit/x64/mem.h"
#include "cpu/jit/x64/vec.h"

uint32_t mem_live_vectors(const struct backend_thread *t)
{
    return XMM_SCRATCH & ~t->free & ~t->temps;
}

struct slow_path *mem_slow_path(struct backend_thread *t,
                                const struct ir_insn *in, int va,
                                unsigned desc)
{
    struct slow_path *s = &t->slow[t->slow_count++];

    s->from[0] = s->from[1] = s->from[2] = NULL;
    s->in = in;
    s->desc = desc;
    s->xmm = mem_live_vectors(t);
    s->insn = t->in->insn;
    s->va = va;
    s->tmp = 0;
    s->value_count = 0;
    s->dst[0] = s->dst[1] = NO_REG;
    return s;
}

/* Where the n-th stored value goes: packed for pairs, a slot each for
 * atomics. */
static struct x64_rm slow_value(const struct slow_path *s, unsigned n)
{
    bool packed = !(s->desc & SLOW_ATOMIC);
    unsigned each = packed ? ir_type_size(mem_vec_type(s->in)) : 16;

    return rm_frame(FRAME_ARG + 16 + n * each);
}

static void put_value(struct backend_thread *t, const struct slow_path *s,
                      unsigned n)
{
    const struct stored *v = &s->value[n];
    struct x64_rm to = slow_value(s, n);

    if (!v->is_const && !v->m.mem && v->m.base >= XMM0) {
        vec_store(t, v->type, to, v->m.base);
    } else if (!v->is_const && !v->m.mem && !v->narrow) {
        x_any(&t->as, mem_store_op(v->type), v->m.base, to);
    } else {
        mem_load_stored(t, v, s->tmp);
        x_any(&t->as, mem_store_op(v->type), s->tmp, to);
    }
}

void mem_save_vectors(struct backend_thread *t, uint32_t set, bool save)
{
    for (; set; set &= set - 1) {
        int reg = __builtin_ctz(set);
        struct x64_rm slot = rm_frame(FRAME_XMM + 16 * (reg - XMM0));

        if (save) {
            x_movdqa_store(t, slot, reg);
        } else {
            x_movdqa(t, reg, slot);
        }
    }
}

static void get_results(struct backend_thread *t, const struct slow_path *s)
{
    bool atomic = s->desc & SLOW_ATOMIC;
    unsigned each = atomic ? 16 : ir_type_size(mem_vec_type(s->in));

    for (unsigned n = 0; n < 2; n++) {
        struct x64_rm from = rm_frame(FRAME_ARG + 16 + n * each);

        if (s->dst[n] == NO_REG) {
            continue;
        }
        if (atomic) {
            x_load(&t->as, s->dst[n], from);
        } else {
            mem_load_one(t, s->in, s->dst[n], from, s->tmp);
        }
    }
}

void slow_body(struct backend_thread *t, const struct slow_path *s,
               bool nested)
{
    struct asm_buf *as = &t->as;

    x_store(as, rm_frame(FRAME_ARG), s->va);
    for (unsigned n = 0; n < s->value_count; n++) {
        put_value(t, s, n);
    }
    const uint8_t *thunk = s->desc & SLOW_ATOMIC
                         ? t->b->slow_atomic[nested]
                         : t->b->slow[nested][s->desc];
    if (s->desc & SLOW_ATOMIC) {
        x_op(as, X_MOV_IMM, 0, rm_frame(FRAME_DESC));
        x_imm32(as, s->desc);
    }
    if (nested) {
        call_thunk(t, thunk);
    } else {
        call_outside(t, thunk, s->insn);
    }
    get_results(t, s);
}

/* -- slow paths that units share --------------------------------------- */

#define KEY_UNSHARED 0xff

/* A stored value in eight bits, or KEY_UNSHARED: a register, the constant
 * zero, or a guest register in memory. */
static unsigned value_key(const struct stored *v)
{
    unsigned home = (v->m.disp + VCPU_BASE) / 8;

    if (v->is_const) {
        return v->imm || v->is_pc ? KEY_UNSHARED : 0xc0;
    }
    if (!v->m.mem) {
        return v->m.base < XMM0 ? v->m.base | v->narrow << 4 : KEY_UNSHARED;
    }
    return v->m.base == RBP && home < 32 ? 0x40 | v->narrow << 5 | home
                                         : KEY_UNSHARED;
}

/* A general or vector register in four bits, which the extension tells
 * apart, or none. */
static uint64_t result_key(unsigned dst)
{
    return dst == NO_REG ? 0x10 : dst & 15;
}

/* ORDER: desc 15..0, va 19..16, values 37..20, results 47..38, tmp 51..48,
 * extension 53..52, results are vectors 54; bit 63 tells it from an
 * address. */
uint64_t slow_key(const struct slow_path *s)
{
    uint64_t value[2] = {0x100, 0x100};
    uint64_t vector = s->dst[0] != NO_REG && s->dst[0] >= XMM0;

    if (s->xmm || s->tmp >= XMM0) {
        return 0;
    }
    for (unsigned n = 0; n < s->value_count; n++) {
        value[n] = value_key(&s->value[n]);
        if (value[n] == KEY_UNSHARED) {
            return 0;
        }
    }
    _Static_assert((IR_MEM_SIGN32 | IR_MEM_SIGN64) == 3, "two bits");
    return s->desc | s->va << 16 | value[0] << 20 | value[1] << 29 |
           result_key(s->dst[0]) << 38 | result_key(s->dst[1]) << 43 |
           (uint64_t)s->tmp << 48 | (uint64_t)(s->in->aux & 3) << 52 |
           vector << 54 | (uint64_t)1 << 63;
}

static struct stored value_of_key(unsigned key, enum ir_type type)
{
    struct stored v = { .type = type };

    if (key == 0xc0) {
        v.is_const = true;
    } else if (key & 0x40) {
        v.m = rm_vcpu(VCPU_R(key & 31));
        v.narrow = key >> 5 & 1;
    } else {
        v.m = rm_reg(key & 15);
        v.narrow = key >> 4 & 1;
    }
    return v;
}

bool slow_of_key(struct slow_path *s, struct ir_insn *in, uint64_t key)
{
    unsigned desc = key & 0xffff;
    bool atomic = desc & SLOW_ATOMIC;
    bool pair = (desc & SLOW_PAIR) && !atomic;
    bool vector = key >> 54 & 1;
    unsigned size = desc & SLOW_SIZE_MASK;
    enum ir_type type = atomic ? IR_I64 : (vector ? IR_F16 - 1 : IR_I8) +
                                          size - pair;

    if (size > 5 || size < pair || type > (vector ? IR_V128 : IR_I64) ||
        (!atomic && desc >= SLOW_THUNKS)) {
        return false;
    }
    *in = (struct ir_insn){
        .op = vector && size == pair ? IR_VLOAD8 : IR_LOAD, .type = type,
        .aux = (key >> 52 & 3) | (desc & SLOW_REVERSED ? IR_MEM_REVERSED : 0),
    };
    *s = (struct slow_path){
        .in = in, .desc = desc, .va = key >> 16 & 15, .tmp = key >> 48 & 15,
    };
    for (unsigned n = 0; n < 2; n++) {
        unsigned value = key >> (20 + 9 * n) & 0x1ff;
        unsigned dst = key >> (38 + 5 * n) & 0x1f;

        s->dst[n] = dst < 0x10 ? dst + (vector ? XMM0 : 0) : NO_REG;
        if (value < 0x100) {
            s->value[s->value_count++] = value_of_key(value, type);
        }
    }
    return slow_key(s) == key;
}

/* A call of the thunk, and back. */
static inline void emit_shared(struct backend_thread *t,
                               const struct slow_path *s,
                               const uint8_t *thunk)
{
    uint8_t *p = t->as.p;

    call_thunk(t, thunk);
    p += CALL_SIZE;
    t->sites[t->site_count++] = (struct block_site){
        .host = p - t->as.start, .insn = s->insn,
    };
    t->as.p = p;
    x_jmp_back(&t->as, s->back);
}

static void emit_slow_path(struct backend_thread *t, struct slow_path *s)
{
    struct asm_buf *as = &t->as;
    const uint8_t *thunk = t->remaps ? NULL : thunk_slow(t, s);

    x_fix32(s->from[0], as->p);
    for (unsigned n = 1; n < 3 && s->from[n]; n++) {
        x_fix32(s->from[n], as->p);
    }
    if (thunk) {
        emit_shared(t, s, thunk);
        return;
    }
    mem_save_vectors(t, s->xmm, true);
    slow_body(t, s, false);
    mem_save_vectors(t, s->xmm, false);
    x_jmp_back(as, s->back);
}

void emit_slow_paths(struct backend_thread *t)
{
    for (unsigned n = 0; n < t->slow_count; n++) {
        if (t->as.p + OP_ROOM > t->as.end) {
            t->full = true;
            return;
        }
        emit_slow_path(t, &t->slow[n]);
    }
}
