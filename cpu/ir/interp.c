/*
 * The IR interpreter: one function per family of ops, one switch in the
 * middle.  It is the meaning of the IR in C; the translator is tested
 * against it.
 */
#include "cpu/ir/interp.h"

#include <assert.h>
#include <string.h>

#include "cpu/ir/atomic.h"
#include "util/bits.h"

/* -- flags ------------------------------------------------------------- */

uint32_t ir_flags_pack(unsigned nzcv)
{
    return (nzcv & 8 ? IR_FLAG_N : 0) | (nzcv & 4 ? IR_FLAG_Z : 0) |
           (nzcv & 2 ? 0 : IR_FLAG_B) | (nzcv & 1 ? IR_FLAG_V : 0);
}

unsigned ir_flags_unpack(uint32_t flags)
{
    return (flags & IR_FLAG_N ? 8 : 0) | (flags & IR_FLAG_Z ? 4 : 0) |
           (flags & IR_FLAG_B ? 0 : 2) | (flags & IR_FLAG_V ? 1 : 0);
}

bool ir_cc_holds(enum ir_cc cc, uint32_t flags)
{
    bool n = flags & IR_FLAG_N, z = flags & IR_FLAG_Z;
    bool c = !(flags & IR_FLAG_B), v = flags & IR_FLAG_V;
    bool holds = true;

    switch (cc & ~1u) {
    case IR_EQ:
        holds = z;
        break;
    case IR_HS:
        holds = c;
        break;
    case IR_MI:
        holds = n;
        break;
    case IR_VS:
        holds = v;
        break;
    case IR_HI:
        holds = c && !z;
        break;
    case IR_GE:
        holds = n == v;
        break;
    case IR_GT:
        holds = n == v && !z;
        break;
    default:
        return true;
    }
    return holds != (cc & 1);
}

/* a + b + carry as the Arm ARM's AddWithCarry. */
static uint32_t add_flags(bool wide, uint64_t a, uint64_t b, bool carry)
{
    unsigned nzcv;

    if (wide) {
        uint64_t r = a + b + carry;
        bool c = carry ? r <= a : r < a;
        nzcv = (r >> 63) << 3 | (r == 0) << 2 | c << 1 |
               ((~(a ^ b) & (a ^ r)) >> 63);
    } else {
        uint64_t sum = (a & UINT32_MAX) + (b & UINT32_MAX) + carry;
        uint32_t r = (uint32_t)sum, a32 = (uint32_t)a, b32 = (uint32_t)b;
        nzcv = (r >> 31) << 3 | (r == 0) << 2 | (unsigned)(sum >> 32) << 1 |
               ((~(a32 ^ b32) & (a32 ^ r)) >> 31);
    }
    return ir_flags_pack(nzcv);
}

static uint32_t logic_flags(bool wide, uint64_t r)
{
    if (!wide) {
        r = (uint64_t)(int64_t)(int32_t)r;
    }
    return ir_flags_pack((unsigned)(r >> 63) << 3 | (r == 0) << 2);
}

/* -- integers ---------------------------------------------------------- */

static uint64_t divide(enum ir_opcode op, bool wide, uint64_t a, uint64_t b)
{
    if (!wide) {
        a = op == IR_UDIV ? (uint32_t)a : (uint64_t)(int64_t)(int32_t)a;
        b = op == IR_UDIV ? (uint32_t)b : (uint64_t)(int64_t)(int32_t)b;
    }
    if (b == 0) {
        return 0;
    }
    if (op == IR_UDIV) {
        return a / b;
    }
    return b == UINT64_MAX ? -a : (uint64_t)((int64_t)a / (int64_t)b);
}

static uint64_t reverse_bits(uint64_t v)
{
    v = (v >> 1 & 0x5555555555555555) | (v & 0x5555555555555555) << 1;
    v = (v >> 2 & 0x3333333333333333) | (v & 0x3333333333333333) << 2;
    v = (v >> 4 & 0x0f0f0f0f0f0f0f0f) | (v & 0x0f0f0f0f0f0f0f0f) << 4;
    return __builtin_bswap64(v);
}

static uint64_t shift(enum ir_opcode op, bool wide, uint64_t a, uint64_t b)
{
    b &= wide ? 63 : 31;
    switch (op) {
    case IR_SHL:
        return a << b;
    case IR_SHR:
        return (wide ? a : (uint32_t)a) >> b;
    case IR_SAR:
        return wide ? (uint64_t)((int64_t)a >> b)
                    : (uint64_t)((int32_t)a >> b);
    default:
        return wide ? ror64(a, b) : ror32((uint32_t)a, b);
    }
}

static uint32_t crc32(enum ir_type type, bool castagnoli, uint32_t crc,
                      uint64_t data)
{
    uint32_t poly = castagnoli ? 0x82f63b78 : 0xedb88320; /* reflected */

    for (unsigned n = ir_type_size(type); n-- > 0; data >>= 8) {
        crc ^= data & 0xff;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? poly : 0);
        }
    }
    return crc;
}

static uint64_t bit_field(const struct ir_insn *i, uint64_t a, uint64_t b)
{
    int lsb = i->imm & 0xff, width = i->imm >> 8;

    switch (i->op) {
    case IR_BFXU:
        return extract64(a, lsb, width);
    case IR_BFXS:
        return (uint64_t)sextract64(a, lsb, width);
    default:
        return deposit64(a, lsb, width, b);
    }
}

static uint64_t extract_pair(bool wide, uint64_t a, uint64_t b, uint64_t lsb)
{
    if (lsb == 0) {
        return b;
    }
    return wide ? b >> lsb | a << (64 - lsb)
                : (uint32_t)b >> lsb | (uint32_t)a << (32 - lsb);
}

static uint64_t integer_op(const struct ir_insn *i, uint64_t a, uint64_t b)
{
    bool wide = i->type == IR_I64;

    switch (i->op) {
    case IR_ADD:
        return a + b;
    case IR_SUB:
        return a - b;
    case IR_AND:
        return a & b;
    case IR_OR:
        return a | b;
    case IR_XOR:
        return a ^ b;
    case IR_ANDN:
        return a & ~b;
    case IR_ORN:
        return a | ~b;
    case IR_XORN:
        return a ^ ~b;
    case IR_NOT:
        return ~a;
    case IR_NEG:
        return -a;
    case IR_MUL:
        return a * b;
    case IR_MULHU:
        return (uint64_t)((unsigned __int128)a * b >> 64);
    case IR_MULHS:
        return (uint64_t)((__int128)(int64_t)a * (int64_t)b >> 64);
    case IR_UDIV:
    case IR_SDIV:
        return divide(i->op, wide, a, b);
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_ROR:
        return shift(i->op, wide, a, b);
    case IR_EXTR:
        return extract_pair(wide, a, b, i->imm);
    case IR_CLZ:
        return wide ? clz64(a) : clz32((uint32_t)a);
    case IR_RBIT:
        return wide ? reverse_bits(a) : reverse_bits(a) >> 32;
    case IR_BSWAP:
        return wide ? __builtin_bswap64(a) : __builtin_bswap32((uint32_t)a);
    case IR_BFXU:
    case IR_BFXS:
    case IR_BFI:
        return bit_field(i, a, b);
    default:
        assert(!"not an integer op");
        return 0;
    }
}

/* Flags of the instruction `of`, whose operands are still in `val`. */
static uint32_t flags_of(const struct ir_insn *of, const union vec *val,
                         uint64_t result)
{
    bool wide = of->type == IR_I64;
    uint64_t a = val[of->a].d[0];
    uint64_t b = of->b == IR_NONE ? 0 : val[of->b].d[0];
    bool carry = of->c != IR_NONE && !(val[of->c].d[0] & IR_FLAG_B);

    switch (of->op) {
    case IR_ADD:
        return add_flags(wide, a, b, false);
    case IR_ADC:
        return add_flags(wide, a, b, carry);
    case IR_SUB:
        return add_flags(wide, a, ~b, true);
    case IR_SBC:
        return add_flags(wide, a, ~b, carry);
    default:
        return logic_flags(wide, result);
    }
}

/* -- guest state ---------------------------------------------------------- */

static void get(struct vcpu *vcpu, const struct ir_insn *i, union vec *out)
{
    unsigned size = i->type == IR_FLAGS ? 4 : ir_type_size(i->type);

    memcpy(out, (char *)vcpu + i->imm, size);
}

static void set(struct vcpu *vcpu, const struct ir_insn *i,
                const union vec *value)
{
    unsigned size = i->type == IR_FLAGS ? 4 : ir_type_size(i->type);

    memcpy((char *)vcpu + i->imm, value, size);
}

/* The op SETs a register to its value, too. */
static void set_home(struct vcpu *vcpu, unsigned home, const union vec *value)
{
    unsigned size = home < HOME_V ? 8 : home < HOME_FLAGS ? 16 : 4;

    memcpy((char *)vcpu + ir_home_offset(home), value, size);
}

/* -- memory --------------------------------------------------------------- */

static struct tlb_context *context(struct vcpu *vcpu, unsigned aux)
{
    return aux & IR_MEM_UNPRIV ? vcpu->tlb_unpriv : vcpu->tlb;
}

static uint64_t extend(const struct ir_insn *i, uint64_t v)
{
    int bits = (int)ir_type_size(i->type) * 8;

    if (i->aux & IR_MEM_SIGN64) {
        return (uint64_t)sextract64(v, 0, bits);
    }
    if (i->aux & IR_MEM_SIGN32) {
        return (uint32_t)sextract64(v, 0, bits);
    }
    return v;
}

static unsigned access_flags(const struct ir_insn *i)
{
    bool pair = i->op == IR_LOAD2 || i->op == IR_STORE2;

    return (i->aux & IR_MEM_ALIGNED ? TLB_ALIGNED : 0) |
           (i->aux & IR_MEM_NORMAL ? TLB_NORMAL : 0) |
           (pair ? TLB_PAIR : 0);
}

static bool load(struct vcpu *vcpu, const struct ir_insn *i, uint64_t va,
                 unsigned size, union vec *out)
{
    unsigned flags = access_flags(i);

    if (!tlb_load(vcpu->mmu, context(vcpu, i->aux), va, size, flags, out,
                  &vcpu->fault)) {
        vcpu->exit = VCPU_EXIT_FAULT;
        return false;
    }
    if (i->aux & IR_MEM_ACQUIRE) {
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    }
    return true;
}

static bool store(struct vcpu *vcpu, const struct ir_insn *i, uint64_t va,
                  unsigned size, const union vec *data)
{
    unsigned flags = access_flags(i);

    if (i->aux & IR_MEM_RELEASE) {
        __atomic_thread_fence(__ATOMIC_RELEASE);
    }
    if (!tlb_store(vcpu->mmu, context(vcpu, i->aux), va, size, flags, data,
                   &vcpu->fault)) {
        vcpu->exit = VCPU_EXIT_FAULT;
        return false;
    }
    if (i->aux & IR_MEM_RELEASE) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    return true;
}

/* Both elements of a pair, as one access; the second is kept in
 * vcpu->mem_buffer[1] for SECOND. */
static bool load_pair(struct vcpu *vcpu, const struct ir_insn *i,
                      uint64_t va, union vec *out)
{
    unsigned size = ir_type_size(i->type);
    union vec buffer[2] = {0};

    if (!load(vcpu, i, va, 2 * size, buffer)) {
        return false;
    }
    memcpy(out, buffer, size);
    vcpu->mem_buffer[1] = (union vec){0};
    memcpy(&vcpu->mem_buffer[1], (char *)buffer + size, size);
    return true;
}

static bool store_pair(struct vcpu *vcpu, const struct ir_insn *i,
                       uint64_t va, const union vec *a, const union vec *b)
{
    unsigned size = ir_type_size(i->type);
    union vec buffer[2];

    memcpy(buffer, a, size);
    memcpy((char *)buffer + size, b, size);
    return store(vcpu, i, va, 2 * size, buffer);
}

static void *atomic_host(struct vcpu *vcpu, const struct ir_insn *i,
                         uint64_t va, unsigned size, bool write)
{
    void *host = tlb_host_for_atomic(vcpu->mmu, context(vcpu, i->aux), va,
                                     size, write, &vcpu->fault);
    if (!host) {
        vcpu->exit = VCPU_EXIT_FAULT;
    }
    return host;
}

static bool load_exclusive(struct vcpu *vcpu, const struct ir_insn *i,
                           uint64_t va, bool pair, union vec *out)
{
    unsigned size = ir_type_size(i->type);
    unsigned total = pair ? 2 * size : size;
    void *host = atomic_host(vcpu, i, va, total, false);

    if (!host) {
        return false;
    }
    union vec data = atomic_load(host, total);
    vcpu->excl_addr = va;
    vcpu->excl_size = total;
    vcpu->excl_value[0] = data.d[0];
    vcpu->excl_value[1] = data.d[1];
    *out = (union vec){0};
    memcpy(out, &data, size);
    vcpu->mem_buffer[1] = (union vec){0};
    memcpy(&vcpu->mem_buffer[1], (char *)&data + size, pair ? size : 0);
    return true;
}

static bool store_exclusive(struct vcpu *vcpu, const struct ir_insn *i,
                            uint64_t va, const union vec *first,
                            const union vec *second, union vec *status)
{
    unsigned size = ir_type_size(i->type);
    unsigned total = second ? 2 * size : size;
    union vec expected = {.d = {vcpu->excl_value[0], vcpu->excl_value[1]}};
    union vec data = {0};

    *status = (union vec){.d = {1}};
    if (vcpu->excl_addr != va || vcpu->excl_size != total) {
        vcpu->excl_addr = VCPU_EXCL_NONE;
        return true;
    }
    void *host = atomic_host(vcpu, i, va, total, true);
    if (!host) {
        return false;
    }
    memcpy(&data, first, size);
    if (second) {
        memcpy((char *)&data + size, second, size);
    }
    status->d[0] = !atomic_swap_if(host, total, &expected, &data);
    tlb_atomic_done(vcpu->mmu);
    vcpu->excl_addr = VCPU_EXCL_NONE;
    return true;
}

static bool read_modify_write(struct vcpu *vcpu, const struct ir_insn *i,
                              uint64_t va, uint64_t b, union vec *out)
{
    unsigned size = ir_type_size(i->type);
    void *host = atomic_host(vcpu, i, va, size, true);

    if (!host) {
        return false;
    }
    *out = atomic_rmw(host, size, (enum ir_rmw)i->imm,
                      i->aux & IR_MEM_REVERSED, b);
    tlb_atomic_done(vcpu->mmu);
    return true;
}

static bool compare_and_swap(struct vcpu *vcpu, const struct ir_insn *i,
                             uint64_t va, const union vec *compare,
                             const union vec *value, union vec *out)
{
    unsigned size = ir_type_size(i->type);
    void *host = atomic_host(vcpu, i, va, size, true);
    union vec old = {0};

    if (!host) {
        return false;
    }
    memcpy(&old, compare, size);
    atomic_swap_if(host, size, &old, value);
    tlb_atomic_done(vcpu->mmu);
    *out = old;
    return true;
}

static bool memory_op(struct vcpu *vcpu, const struct ir_insn *i,
                      const union vec *val, union vec *out)
{
    uint64_t va = val[i->a].d[0] + (ir_is_host_access(i) ? i->imm : 0);
    const union vec *b = i->b == IR_NONE ? NULL : &val[i->b];
    const union vec *c = i->c == IR_NONE ? NULL : &val[i->c];

    switch (i->op) {
    case IR_LOAD:
        if (!load(vcpu, i, va, ir_type_size(i->type), out)) {
            return false;
        }
        out->d[0] = ir_type_is_vec(i->type) ? out->d[0]
                                            : extend(i, out->d[0]);
        return true;
    case IR_VLOAD8:
        return load(vcpu, i, va, 1, out);
    case IR_STORE:
        return store(vcpu, i, va, ir_type_size(i->type), b);
    case IR_VSTORE8:
        return store(vcpu, i, va, 1, b);
    case IR_LOAD2:
        if (!load_pair(vcpu, i, va, out)) {
            return false;
        }
        out->d[0] = ir_type_is_vec(i->type) ? out->d[0]
                                            : extend(i, out->d[0]);
        return true;
    case IR_STORE2:
        return store_pair(vcpu, i, va, b, c);
    case IR_LOAD_EX:
        return load_exclusive(vcpu, i, va, false, out);
    case IR_LOAD_EX2:
        return load_exclusive(vcpu, i, va, true, out);
    case IR_STORE_EX:
    case IR_STORE_EX2:
        return store_exclusive(vcpu, i, va, b, c, out);
    case IR_RMW:
        return read_modify_write(vcpu, i, va, b->d[0], out);
    default:
        return compare_and_swap(vcpu, i, va, b, c, out);
    }
}

/* -- calls ---------------------------------------------------------------- */

/* False when the helper wants to leave. */
static bool call_helper(struct vcpu *vcpu, const struct ir_insn *i,
                        const union vec *val, union vec *out)
{
    const struct ir_helper *h = (void *)(uintptr_t)i->imm;
    uint64_t a = i->a == IR_NONE ? 0 : val[i->a].d[0];
    uint64_t b = i->b == IR_NONE ? 0 : val[i->b].d[0];
    uint64_t c = i->c == IR_NONE ? 0 : val[i->c].d[0];

    out->d[0] = h->call(vcpu, a, b, c);
    return !(h->flags & IR_HELPER_EXITS) || vcpu->exit == VCPU_EXIT_NONE;
}

static void vector_op(struct vcpu *vcpu, const struct ir_insn *i,
                      const union vec *val, union vec *out)
{
    const union vec *a = i->a == IR_NONE ? NULL : &val[i->a];
    const union vec *b = i->b == IR_NONE ? NULL : &val[i->b];
    const union vec *c = i->c == IR_NONE ? NULL : &val[i->c];

    if (i->op == IR_VCALL) {
        const struct ir_helper *h = (void *)(uintptr_t)i->imm;
        h->vcall(vcpu, out, a, b, c, i->aux);
        return;
    }
    assert(ir_vec_ops[i->op]);
    ir_vec_ops[i->op](vcpu, out, a, b, c, ir_vec_desc(i));
}

/* -- values ------------------------------------------------------------- */

/* An integer result of the instruction's type. */
static union vec narrow(const struct ir_insn *i, uint64_t v)
{
    return (union vec){.d = {i->type == IR_I32 ? (uint32_t)v : v}};
}

static bool is_zero(const struct ir_insn *i, const union vec *a)
{
    return i->type == IR_I32 ? a->s[0] == 0 : a->d[0] == 0;
}

/* Ops that only compute a value. */
static union vec value_op(const struct ir_insn *insn,
                          const struct ir_insn *i, const union vec *val)
{
    const union vec *a = i->a == IR_NONE ? NULL : &val[i->a];
    uint64_t b = i->b == IR_NONE ? 0 : val[i->b].d[0];

    switch (i->op) {
    case IR_CONST: /* dropped by a pass */
        return (union vec){{0}};
    case IR_VCONST:
        return (union vec){.d = {i->imm, i->aux == IR_Q ? i->imm : 0}};
    case IR_ADC:
        return narrow(i, a->d[0] + b + !(val[i->c].d[0] & IR_FLAG_B));
    case IR_SBC:
        return narrow(i, a->d[0] + ~b + !(val[i->c].d[0] & IR_FLAG_B));
    case IR_CRC32:
        return (union vec){.s = {crc32(i->type, i->aux, a->s[0], b)}};
    case IR_SELNZ:
        return narrow(i, is_zero(i, a) ? val[i->c].d[0] : b);
    case IR_FLAGS_OF:
        return (union vec){.s = {flags_of(&insn[i->a], val, a->d[0])}};
    case IR_SETCC:
        return (union vec){.d = {ir_cc_holds(i->aux, a->s[0])}};
    case IR_SELECT:
        if (i->type == IR_V128) {
            return val[ir_cc_holds(i->aux, a->s[0]) ? i->b : i->c];
        }
        return narrow(i, ir_cc_holds(i->aux, a->s[0]) ? b
                                                      : val[i->c].d[0]);
    case IR_FLAGS_TO_NZCV:
        return (union vec){.d = {(uint64_t)ir_flags_unpack(a->s[0]) << 28}};
    case IR_NZCV_TO_FLAGS:
        return (union vec){.d = {ir_flags_pack(a->s[0] >> 28)}};
    default:
        return narrow(i, integer_op(i, a->d[0], b));
    }
}

/* Here the value of a CHECK is the guest address. */
static bool check_fails(struct vcpu *vcpu, const struct ir_insn *i,
                        uint64_t a)
{
    uint64_t va = a + (uint64_t)ir_check_lo(i);
    const struct tlb_entry *entry =
        tlb_entry_of(vcpu->tlb, va, i->aux & IR_CHECK_WRITE);

    return (entry->tag ^ va) > 4096 - ir_check_size(i) &&
           !(i->aux & IR_CHECK_FILL &&
             tlb_fill(vcpu->mmu, vcpu->tlb, va, ir_check_size(i),
                      i->aux & IR_CHECK_WRITE, i->aux & IR_CHECK_SURE));
}

static bool branch_taken(struct vcpu *vcpu, const struct ir_insn *i,
                         const union vec *val)
{
    switch (i->op) {
    case IR_CHECK:
        return check_fails(vcpu, i, val[i->a].d[0]);
    case IR_BRCC:
        return ir_cc_holds(i->aux, val[i->a].s[0]);
    case IR_BRZ:
        return is_zero(i, &val[i->a]);
    case IR_BRNZ:
        return !is_zero(i, &val[i->a]);
    default:
        return true;
    }
}

/* What the unit was entered with. */
static void note_entry(const struct vcpu *vcpu, union vec entry[HOMES])
{
    for (unsigned n = 0; n < 32; n++) {
        entry[HOME_R + n].d[0] = vcpu->r[n];
    }
    memcpy(entry + HOME_V, vcpu->v, 32 * sizeof(*entry));
    entry[HOME_FLAGS].s[0] = vcpu->flags;
}

/* -- the switch --------------------------------------------------------- */

void ir_interpret(struct vcpu *vcpu, const struct ir_insn *insn,
                  unsigned count, const struct ir_insn *consts,
                  unsigned const_count, const struct ir_edge *edges)
{
    /* Few of these pages are ever touched. */
    union vec val[IR_FIRST_ENTRY + HOMES];
    uint64_t pc = vcpu->pc;

    vcpu->exit = VCPU_EXIT_NONE;
    for (unsigned n = 0; n < const_count; n++) {
        val[IR_FIRST_CONST + n] = (union vec){.d = {consts[n].imm}};
    }
    note_entry(vcpu, val + IR_FIRST_ENTRY);
    for (unsigned n = 0; n < count; n++) {
        const struct ir_insn *i = &insn[n];
        union vec out = {0};

        vcpu->pc = ir_insn_pc(pc, i->insn);
        switch (i->op) {
        case IR_GET:
            get(vcpu, i, &out);
            break;
        case IR_SET:
            set(vcpu, i, &val[i->a]);
            break;
        case IR_SECOND:
            out = vcpu->mem_buffer[1];
            if (!ir_type_is_vec(i->type)) {
                out.d[0] = extend(i, out.d[0]);
            }
            break;
        case IR_NOP:
            break;
        case IR_FENCE:
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            break;
        case IR_LABEL:
            if ((i->aux & IR_LABEL_POLL) && vcpu->request) {
                return;
            }
            break;
        case IR_BRCC:
        case IR_BRZ:
        case IR_BRNZ:
        case IR_EXIT:
        case IR_CHECK:
            out.d[0] = i->op == IR_CHECK ? val[i->a].d[0] : 0;
            if (branch_taken(vcpu, i, val)) {
                const struct ir_edge *e = &edges[ir_edge_of(i)];

                if (e->flags != IR_NONE) {
                    vcpu->flags = val[e->flags].s[0];
                }
                vcpu->pc = e->pc;
                if (e->label == IR_NONE) {
                    return;
                }
                n = e->label - 1u;
                continue;
            }
            break;
        case IR_EXIT_INDIRECT:
            vcpu->pc = val[i->a].d[0];
            return;
        case IR_EXIT_LOOP:
            vcpu->pc = i->imm;
            vcpu->exit = i->aux;
            return;
        case IR_CALL:
            if (!call_helper(vcpu, i, val, &out)) {
                return;
            }
            break;
        default:
            if (ir_op_info[i->op].props & IR_P_MEM) {
                if (!memory_op(vcpu, i, val, &out)) {
                    return;
                }
            } else if (i->op == IR_VCALL || ir_vec_ops[i->op]) {
                vector_op(vcpu, i, val, &out);
            } else {
                out = value_op(insn, i, val);
            }
            break;
        }
        val[n] = out;
        if (i->set) {
            set_home(vcpu, i->hint, &out);
        }
    }
    assert(!"a unit ends with an exit");
}
