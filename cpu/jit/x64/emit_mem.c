/*
 * Loads and stores: the first-level TLB inline, everything else in a slow
 * path behind the unit.
 *
 * Between the check and the place where the slow path returns the
 * allocator does nothing: all registers are chosen before the check, so
 * that both ways meet in the same state.
 */
#include "cpu/jit/x64/mem.h"

#include "cpu/jit/slowpath.h"
#include "cpu/jit/x64/emit.h"
#include "cpu/jit/x64/vec.h"

#define SLOT_BITS 5
#define INDEX_SHIFT (TLB_PAGE_BITS - SLOT_BITS)
#define INDEX_MASK ((TLB_ENTRIES - 1) << SLOT_BITS)
/* A constant of the check, off REG_TLB in one byte. */
#define CONSTANT(field) \
    (uint8_t)((int)offsetof(struct tlb_context, constants.field) - TLB_BASE)
#define CHECK_INDEX \
    0xc4, 0xc3, 0x7b, 0xf0, 0xc0, INDEX_SHIFT, /* rorx t1, va, shift */ \
    0x41, 0x23, 0x46, CONSTANT(offset_mask)    /* and t1, [r14 + mask] */
#define CHECK_READ 0x49, 0x8b, 0x04, 0  /* mov t2, [r14 + t1] */
#define CHECK_WRITE 0x49, 0x8b, 0x44, 0, 16 /* mov t2, [r14 + t1 + 16] */
#define CHECK_XOR 0x48, 0x33, 0xc0      /* xor t2, va */
#define CHECK_CMP 0x49, 0x3b, 0x46, 0   /* cmp t2, [r14 + limit] */
#define CHECK_CMP_IMM 0x48, 0x81, 0xf8, X_IMM32(0)
#define CHECK_JA 0x0f, 0x87, X_IMM32(0) /* ja slow */
#define CHECK_READ_TAIL 0x49, 0x8b, 0x44, 0, 8 /* mov t1, [r14 + t1 + 8] */
#define CHECK_WRITE_TAIL 0x49, 0x8b, 0x44, 0, 24

/* The limit of so many bytes, likewise; 0: the code has to hold it. */
static inline unsigned limit_of(unsigned size)
{
    static const uint8_t at[] = {
#define LIMIT(size) [size] = CONSTANT(limit_##size),
        TLB_LIMITS(LIMIT)
#undef LIMIT
    };

    return size < sizeof(at) ? at[size] : 0;
}

/*
 * The check as most units on most hosts (with BMI2) do it, copied and filled
 * in: there is hardly an op more frequent.  t1 and t2 are scratch registers,
 * below r8.
 */
static uint8_t *check_bytes(struct asm_buf *as, int base, int t1, int t2,
                            unsigned size, bool write)
{
    static const uint8_t code[2][2][40] = {
        {{CHECK_INDEX, CHECK_READ, CHECK_XOR, CHECK_CMP, CHECK_JA,
          CHECK_READ_TAIL},
         {CHECK_INDEX, CHECK_READ, CHECK_XOR, CHECK_CMP_IMM, CHECK_JA,
          CHECK_READ_TAIL}},
        {{CHECK_INDEX, CHECK_WRITE, CHECK_XOR, CHECK_CMP, CHECK_JA,
          CHECK_WRITE_TAIL},
         {CHECK_INDEX, CHECK_WRITE, CHECK_XOR, CHECK_CMP_IMM, CHECK_JA,
          CHECK_WRITE_TAIL}},
    };
    unsigned va = base & 7, high = base >> 3, sib = t1 << 3 | (REG_TLB & 7);
    unsigned limit = limit_of(size);
    uint8_t *p = as->p, *miss;

    _Static_assert(REG_TLB == R14 && TLB_BASE == 128 &&
                   sizeof(struct tlb_slot) == 1 << SLOT_BITS &&
                   offsetof(struct tlb_slot, read) == 0 &&
                   offsetof(struct tlb_slot, write) == 16 &&
                   offsetof(struct tlb_entry, addend) == 8, "as encoded");
    memcpy(p, code[write][!limit], sizeof(code[0][0]));
    p[1] |= (high ^ 1) << 5;
    p[4] |= t1 << 3 | va;
    p[8] |= t1 << 3;
    p[12] |= t2 << 3;
    p[13] = sib;
    p += 14 + write;
    p[0] |= high;
    p[2] |= t2 << 3 | va;
    if (limit) {
        p[5] |= t2 << 3;
        p[6] = limit;
        p += 7;
    } else {
        p[5] |= t2;
        p = x_disp32(p + 6, 4096 - (int)size);
    }
    miss = p + 2;
    p[8] |= t1 << 3;
    p[9] = sib;
    as->p = p + 11;
    return miss;
}

/* With constants in the code: what runs often wants them there. */
static uint8_t *check_general(struct backend_thread *t, int va, int t1,
                              int t2, unsigned size, bool unpriv, bool write)
{
    struct asm_buf *as = &t->as;
    int at = write ? offsetof(struct tlb_slot, write)
                   : offsetof(struct tlb_slot, read);
    struct x64_rm entry;
    uint8_t *miss;

    if (t->host.bmi2) {
        x_vex(as, X_RORX, t1, 0, rm_reg(va));
        x_byte(as, INDEX_SHIFT);
    } else {
        x_mov32(as, t1, va);
        x_shift_imm(as, 5, 0, t1, INDEX_SHIFT);
    }
    x_alu_imm(as, ALU_AND, 0, rm_reg(t1), INDEX_MASK);
    if (unpriv) {
        x_alu(as, ALU_ADD, X_W, t1,
              rm_vcpu(offsetof(struct vcpu, tlb_unpriv)));
        entry = rm_mem(t1, TLB_BASE + at);
    } else {
        entry = rm_index(REG_TLB, t1, 0, at);
    }
    x_load(as, t2, entry);
    x_alu(as, ALU_XOR, X_W, t2, rm_reg(va));
    x_alu_imm(as, ALU_CMP, X_W, rm_reg(t2), 4096 - size);
    miss = x_jcc32(as, CC_A);
    entry.disp += 8;
    x_load(as, t1, entry);
    return miss;
}

uint8_t *mem_look_up(struct backend_thread *t, int va, int t1, int t2,
                     unsigned size, bool write)
{
    return t->host.bmi2 && !t->u->region
         ? check_bytes(&t->as, va, t1, t2, size, write)
         : check_general(t, va, t1, t2, size, false, write);
}

/* What few accesses are. */
#define IR_MEM_ODD \
    (IR_MEM_ALIGNED | IR_MEM_UNPRIV | IR_MEM_REVERSED | IR_MEM_KEEP)

static __attribute__((noinline)) void
check_odd(struct backend_thread *t, struct slow_path *s, int t1, int t2,
          unsigned size, unsigned aux, bool write)
{
    struct asm_buf *as = &t->as;
    unsigned align = s->desc & SLOW_PAIR && !(s->desc & SLOW_ATOMIC)
                   ? size / 2 : size;
    bool slow = forced_slow(t);
    unsigned n = 0;

    if (slow || (aux & IR_MEM_REVERSED)) {
        s->from[n++] = x_jmp32(as);
    }
    if ((aux & IR_MEM_ALIGNED) && align > 1) {
        x_op(as, X_GRP3_8, 0, rm_reg(s->va));
        x_byte(as, align - 1);
        s->from[n++] = x_jcc32(as, CC_NE);
    }
    if ((aux & IR_MEM_KEEP) && !slow) {
        check_kept(t, s, n, t1, t2, size, write);
    } else if (aux & IR_MEM_UNPRIV) {
        s->from[n] = check_general(t, s->va, t1, t2, size, true, write);
    } else {
        s->from[n] = mem_look_up(t, s->va, t1, t2, size, write);
    }
}

void mem_check(struct backend_thread *t, struct slow_path *s, int t1, int t2,
               unsigned size, unsigned aux, bool write)
{
    if ((aux & IR_MEM_ODD) || t->slow_every) {
        check_odd(t, s, t1, t2, size, aux, write);
    } else {
        s->from[0] = mem_look_up(t, s->va, t1, t2, size, write);
    }
}

static unsigned slow_desc(const struct ir_insn *in, unsigned size, bool pair)
{
    _Static_assert(SLOW_ALIGNED == IR_MEM_ALIGNED >> 1 &&
                   SLOW_UNPRIV == IR_MEM_UNPRIV >> 1 &&
                   SLOW_NORMAL == IR_MEM_NORMAL << 1, "as moved");
    return (in->aux >> 1 & (SLOW_ALIGNED | SLOW_UNPRIV)) |
           (in->aux << 1 & SLOW_NORMAL) | (pair ? SLOW_PAIR : 0) |
           __builtin_ctz(size) << SLOW_SIZE_SHIFT;
}

/* -- loads ------------------------------------------------------------- */

void mem_load_one(struct backend_thread *t, const struct ir_insn *in,
                     int dst, struct x64_rm from, int tmp)
{
    if (dst >= XMM0) {
        vec_load(t, mem_vec_type(in), dst, from, tmp);
    } else {
        x_any(&t->as, mem_load_op(in), dst, from);
    }
}

bool mem_is_whole(const struct backend_thread *t, const struct ir_insn *in)
{
    return (in->aux & IR_MEM_WHOLE) && t->b->parallel;
}

void mem_load_whole(struct backend_thread *t, const struct ir_insn *in,
                    int xmm, int dst, int second, struct x64_rm from)
{
    bool wide = in->type == IR_I64, sign = in->aux & IR_MEM_SIGN64;

    vec_load(t, wide ? IR_V128 : IR_F64, xmm, from, NO_REG);
    v_op1(t, wide ? V_MOVD_STORE | X_W : V_MOVD_STORE, xmm, rm_reg(dst));
    if (second != NO_REG) {
        v_op1(t, wide ? V_PEXTRD | X_W : V_PEXTRD, xmm, rm_reg(second));
        x_byte(&t->as, 1);
    }
    if (sign && !wide) {
        x_rr(&t->as, X_MOVSXD | X_W, dst, dst);
        if (second != NO_REG) {
            x_rr(&t->as, X_MOVSXD | X_W, second, second);
        }
    }
}

int mem_def_loaded(struct backend_thread *t, ir_ref i, uint32_t avoid)
{
    return t->val[i].state & VAL_VEC ? ra_def_vec(t, i, NO_REG, avoid)
                                     : ra_def(t, i, NO_REG, avoid);
}

/* At t1 + va, a scratch register and any. */
static void load_first(struct backend_thread *t, const struct ir_insn *in,
                       int dst, int t1, int va, int tmp)
{
    if (dst >= XMM0) {
        vec_load(t, mem_vec_type(in), dst, rm_index(t1, va, 0, 0), tmp);
    } else {
        x_any_sum(&t->as, mem_load_op(in), dst, t1, va);
    }
}

static __attribute__((noinline)) void
load_by_tlb(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    bool pair = in->op == IR_LOAD2;
    unsigned each = ir_type_size(mem_vec_type(in)), size = each << pair;
    struct slow_path *s;
    int va, t1, t2, dst, second = NO_REG, whole = NO_REG;

    fl_clobber(t);
    if (mem_is_whole(t, in)) {
        whole = ra_temp(t, XMM_SCRATCH, 0);
    }
    va = ra_use(t, in->a, true);
    t1 = ra_temp(t, GPR_SCRATCH, 0);
    t2 = ra_temp(t, GPR_SCRATCH, 0);
    ra_release(t, in->a);
    if (!(t->val[i].state & VAL_VEC)) {
        ra_free_temp(t, t2);
        if (!pair) {
            ra_free_temp(t, t1);
        }
    }
    dst = mem_def_loaded(t, i, 0);
    if (pair && t->val[i + 1].left) {
        second = mem_def_loaded(t, i + 1, 0);
    }
    s = mem_slow_path(t, in, va, SLOW_LOAD | slow_desc(in, size, pair));
    s->tmp = t2;
    s->xmm &= ~((dst >= XMM0 ? REG_BIT(dst) : 0) |
                (second != NO_REG && second >= XMM0 ? REG_BIT(second) : 0));
    s->dst[0] = dst;
    s->dst[1] = second;
    mem_check(t, s, t1, t2, size, in->aux, false);
    if (whole != NO_REG) {
        mem_load_whole(t, in, whole, dst, second, rm_index(t1, va, 0, 0));
    } else if (second != NO_REG && dst == va) {
        mem_load_one(t, in, second, rm_index(t1, va, 0, each), t2);
        load_first(t, in, dst, t1, va, t2);
    } else {
        load_first(t, in, dst, t1, va, t2);
        if (second != NO_REG) {
            mem_load_one(t, in, second, rm_index(t1, va, 0, each), t2);
        }
    }
    s->back = t->as.p;
}

void emit_load(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    if (in->aux & IR_MEM_HOST) {
        emit_host_load(t, i, in);
    } else {
        load_by_tlb(t, i, in);
    }
}

void emit_second(struct backend_thread *t, ir_ref i,
                 const struct ir_insn *in)
{
    (void)i;
    ra_release(t, in->a);
}

/* -- stores ------------------------------------------------------------ */

void mem_stored(struct backend_thread *t, ir_ref ref, enum ir_type type,
                struct stored *s)
{
    struct value *v = &t->val[ref];

    s->type = type;
    s->is_const = s->is_pc = s->narrow = false;
    if (v->state & VAL_VEC) {
        s->m = rm_reg(ra_use_vec(t, ref));
    } else if (v->reg == NO_REG && (v->state & VAL_CONST) &&
               !(v->state & VAL_PC && v->home != NO_HOME)) {
        s->m = (struct x64_rm){ 0 };
        s->imm = t->u->insn[ref].imm;
        s->is_const = true;
        s->is_pc = v->state & VAL_PC;
    } else {
        s->m = ra_where(t, ref);
        s->narrow = type == IR_I64 && (v->state & VAL_NARROW);
    }
}

/* A vector operand is brought into a register, which takes none of the
 * scarce ones; a general one only if two are left for the check. */
void mem_hold_stored(struct backend_thread *t, ir_ref ref)
{
    uint32_t held = t->lock & GPR_SCRATCH;

    if (t->val[ref].state & VAL_VEC) {
        ra_use_vec(t, ref);
    } else if (!(held & (held - 1)) && t->val[ref].reg != NO_REG) {
        t->lock |= REG_BIT(t->val[ref].reg);
    }
}

void mem_load_stored(struct backend_thread *t, const struct stored *s,
                     int dst)
{
    if (s->is_pc) {
        load_pc(t, dst, s->imm);
    } else if (s->is_const) {
        x_mov_imm(&t->as, dst, s->imm);
    } else {
        x_value(&t->as, X_MOV_LOAD | (s->narrow ? 0 : X_W), dst, s->m);
    }
}

static void store_int(struct backend_thread *t, enum ir_type type,
                      struct x64_rm to, int src)
{
    x_any(&t->as, mem_store_op(type), src, to);
}

static bool store_imm(struct backend_thread *t, const struct stored *s,
                      struct x64_rm to)
{
    struct asm_buf *as = &t->as;

    if (s->is_pc) {
        return false;
    }
    switch (s->type) {
    case IR_I8:
        x_op(as, X_MOV_IMM8, 0, to);
        x_byte(as, s->imm);
        return true;
    case IR_I32:
        x_op(as, X_MOV_IMM, 0, to);
        x_imm32(as, s->imm);
        return true;
    case IR_I64:
        if ((int64_t)s->imm == (int32_t)s->imm) {
            x_op(as, X_MOV_IMM | X_W, 0, to);
            x_imm32(as, s->imm);
            return true;
        }
        return false;
    default:
        return false;
    }
}

static void store_ordered(struct backend_thread *t, const struct stored *s,
                      struct x64_rm to, int tmp, bool release)
{
    int src = s->m.base;

    if (!s->is_const && src >= XMM0 && !s->m.mem) {
        vec_store(t, s->type, to, src);
        return;
    }
    if (s->is_const && !release && store_imm(t, s, to)) {
        return;
    }
    if (s->is_const || s->m.mem || s->narrow || release) {
        mem_load_stored(t, s, tmp);
        src = tmp;
    }
    if (release) {
        x_op(&t->as, s->type == IR_I8 ? X_XCHG8
                   : X_XCHG | (s->type == IR_I16 ? X_66 :
                               s->type == IR_I64 ? X_W : 0), src, to);
    } else {
        store_int(t, s->type, to, src);
    }
}

void mem_store_one(struct backend_thread *t, const struct stored *s,
                   struct x64_rm to, int tmp)
{
    store_ordered(t, s, to, tmp, false);
}

static bool is_zero(const struct stored *s)
{
    return s->is_const && !s->is_pc && s->imm == 0;
}

/* Where a general operand can be taken from, tmp if need be. */
static struct x64_rm whole_part(struct backend_thread *t,
                                const struct stored *s, int tmp)
{
    if (!s->is_const && !s->is_pc && !s->narrow) {
        return s->m;
    }
    mem_load_stored(t, s, tmp);
    return rm_reg(tmp);
}

void mem_store_whole(struct backend_thread *t, const struct stored value[2],
                     int xmm, struct x64_rm to, int tmp)
{
    bool wide = value[0].type == IR_I64;
    unsigned w = wide ? X_W : 0;

    if (is_zero(&value[0]) && is_zero(&value[1])) {
        v_op2(t, V_PXOR, xmm, xmm, rm_reg(xmm));
    } else {
        v_op1(t, V_MOVD | w, xmm, whole_part(t, &value[0], tmp));
        v_op2_imm(t, V_PINSRD | w, xmm, xmm,
                  whole_part(t, &value[1], tmp), 1);
    }
    vec_store(t, wide ? IR_V128 : IR_F64, to, xmm);
}

static void emit_full_fence(struct backend_thread *t)
{
    x_op(&t->as, X_ALU_IMM8 | X_LOCK, ALU_OR, rm_frame(FRAME_DESC));
    x_byte(&t->as, 0);
}

static __attribute__((noinline)) void
store_by_tlb(struct backend_thread *t, const struct ir_insn *in)
{
    bool pair = in->op == IR_STORE2;
    enum ir_type type = mem_vec_type(in);
    unsigned each = ir_type_size(type), size = each << pair;
    bool release = (in->aux & IR_MEM_RELEASE) && t->b->parallel;
    bool vec = t->val[in->b].state & VAL_VEC;
    /* Of the slow path to come: not to be moved. */
    struct stored *value = t->slow[t->slow_count].value;
    struct slow_path *s;
    int va, t1, t2, whole = NO_REG;

    fl_clobber(t);
    if (mem_is_whole(t, in)) {
        whole = ra_temp(t, XMM_SCRATCH, 0);
    }
    va = ra_use(t, in->a, true);
    mem_hold_stored(t, in->b);
    if (pair) {
        mem_hold_stored(t, in->c);
    }
    t1 = ra_temp(t, GPR_SCRATCH, 0);
    t2 = ra_temp(t, GPR_SCRATCH, 0);
    mem_stored(t, in->b, type, &value[0]);
    if (pair) {
        mem_stored(t, in->c, type, &value[1]);
    }
    ra_release_all(t, in);
    s = mem_slow_path(t, in, va, SLOW_STORE | slow_desc(in, size, pair));
    s->tmp = t2;
    s->value_count = 1 + pair;
    mem_check(t, s, t1, t2, size, in->aux, true);
    if (whole != NO_REG) {
        mem_store_whole(t, value, whole, rm_index(t1, va, 0, 0), t2);
    } else {
        store_ordered(t, &value[0], rm_index(t1, va, 0, 0), t2,
                      release && !pair && !vec);
        if (pair) {
            mem_store_one(t, &value[1], rm_index(t1, va, 0, each), t2);
        }
    }
    if (release && (pair || vec)) {
        emit_full_fence(t);
    }
    s->back = t->as.p;
}

void emit_store(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    (void)i;
    if (in->aux & IR_MEM_HOST) {
        emit_host_store(t, in);
    } else {
        store_by_tlb(t, in);
    }
}

void emit_fence(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    (void)i;
    /* With one vCPU, too: devices of other threads look at its memory, and
     * what it has not seen of theirs, it must not have read before (virtio's
     * notifications). */
    if (in->aux == IR_FENCE_FULL) {
        fl_clobber(t);
        emit_full_fence(t);
    }
}
