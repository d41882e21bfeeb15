/*
 * SVE loads and stores; see translate_sve.h.
 *
 * Registers are written when no access has faulted; a store that would fault
 * in one element writes none of them.  First-fault and non-fault loads stop,
 * in FFR, at what faults, is Device memory or lies in another page than the
 * first element of a contiguous load (MemSingleNF() may fail for any reason).
 */
#include "cpu/arm/translate_sve.h"

/* Operands of a load or store: `d` the first register, `g`, `esz`; `n` a
 * vector of addresses or offsets, `m` the registers of a structure; imm: */
enum {
    MEM_SIZE = 3,          /* log2 of what is in memory */
    MEM_SIGNED = 1 << 2,
    MEM_FIRST_FAULT = 1 << 3,
    MEM_NO_FAULT = 1 << 4,
    MEM_STORE = 1 << 5,
    MEM_BIG_ENDIAN = 1 << 6,
    MEM_ALIGNED = 1 << 7,
    MEM_EXT_SHIFT = 8,     /* offsets: 0 UXTW, 1 SXTW, 2 whole elements */
    MEM_SCALE_SHIFT = 10,  /* and shifted left by so much */
    MEM_BYTES_SHIFT = 12,  /* replicated: 0 one element, else bytes */
};

#define PAGE 4096u

/* -- one element --------------------------------------------------------- */

/* Where it is when the first-level TLB has all of it, else NULL. */
static uint8_t *on_host(const struct vcpu *vcpu, uint64_t va, unsigned size,
                        bool write)
{
    const struct tlb_entry *e = tlb_entry_of(vcpu->tlb, va, write);

    return (e->tag ^ va) <= PAGE - size ? (uint8_t *)(uintptr_t)(e->addend +
                                                                 va)
                                        : NULL;
}

static bool fails(struct vcpu *vcpu, bool done)
{
    if (!done) {
        vcpu->exit = VCPU_EXIT_FAULT;
    }
    return !done;
}

static bool misaligned(uint64_t va, unsigned how)
{
    return (how & MEM_ALIGNED) && (va & ((1u << (how & MEM_SIZE)) - 1));
}

/* An access of one host instruction, as atomic as the guest's. */
static uint64_t get_host(const uint8_t *host, unsigned log2)
{
    uint16_t h;
    uint64_t d;

    switch (log2) {
    case 0:
        return *host;
    case 1:
        memcpy(&h, host, sizeof(h));
        return h;
    case 2:
        return load_le32(host);
    default:
        memcpy(&d, host, sizeof(d));
        return d;
    }
}

static void put_host(uint8_t *host, unsigned log2, uint64_t v)
{
    switch (log2) {
    case 0:
        memcpy(host, &v, 1);
        break;
    case 1:
        memcpy(host, &v, 2);
        break;
    case 2:
        memcpy(host, &v, 4);
        break;
    default:
        memcpy(host, &v, 8);
    }
}

static uint64_t from_memory(uint64_t v, unsigned how)
{
    unsigned log2 = how & MEM_SIZE;

    if (how & MEM_BIG_ENDIAN) {
        v = __builtin_bswap64(v) >> (64 - sve_bits(log2));
    }
    return how & MEM_SIGNED ? (uint64_t)sve_s(log2, v) : v;
}

/* False: it faults. */
static bool load(struct vcpu *vcpu, uint64_t va, unsigned how, uint64_t *v)
{
    unsigned log2 = how & MEM_SIZE, size = 1u << log2;
    const uint8_t *host = misaligned(va, how)
                              ? NULL
                              : on_host(vcpu, va, size, false);
    uint64_t bytes = 0;

    if (host) {
        bytes = get_host(host, log2);
    } else if (fails(vcpu, tlb_load(vcpu->mmu, vcpu->tlb, va, size,
                                    how & MEM_ALIGNED ? TLB_ALIGNED : 0,
                                    &bytes, &vcpu->fault))) {
        return false;
    }
    *v = from_memory(bytes, how);
    return true;
}

static bool store(struct vcpu *vcpu, uint64_t va, unsigned how, uint64_t v)
{
    unsigned log2 = how & MEM_SIZE, size = 1u << log2;

    if (how & MEM_BIG_ENDIAN) {
        v = __builtin_bswap64(v) >> (64 - sve_bits(log2));
    }
    uint8_t *host = misaligned(va, how) ? NULL
                                        : on_host(vcpu, va, size, true);
    if (!host) {
        return !fails(vcpu, tlb_store(vcpu->mmu, vcpu->tlb, va, size,
                                      how & MEM_ALIGNED ? TLB_ALIGNED : 0,
                                      &v, &vcpu->fault));
    }
    put_host(host, log2, v);
    return true;
}

/* Whether an access would not fault, but for alignment. */
static bool probe(struct vcpu *vcpu, uint64_t va, unsigned size, bool write,
                  struct tlb_page *page, struct mem_fault *fault)
{
    enum tlb_access access = write ? TLB_WRITE : TLB_READ;
    uint64_t last = va + size - 1;

    return tlb_translate(vcpu->mmu, vcpu->tlb, va, access, page, fault) &&
           ((va ^ last) < PAGE ||
            tlb_translate(vcpu->mmu, vcpu->tlb, last, access, page, fault));
}

static bool may_store(struct vcpu *vcpu, uint64_t va, unsigned how)
{
    struct tlb_page page;
    unsigned size = 1u << (how & MEM_SIZE);

    return on_host(vcpu, va, size, true) || misaligned(va, how) ||
           !fails(vcpu, probe(vcpu, va, size, true, &page, &vcpu->fault));
}

/* A load that must not fault: false when it would, or might not be one. */
static bool load_quietly(struct vcpu *vcpu, uint64_t va, unsigned how,
                         uint64_t *v)
{
    struct tlb_page page;
    struct mem_fault fault;
    unsigned size = 1u << (how & MEM_SIZE);

    if (misaligned(va, how)) {
        return false;
    }
    if (!on_host(vcpu, va, size, false) &&
        (!probe(vcpu, va, size, false, &page, &fault) || page.device)) {
        return false;
    }
    return load(vcpu, va, how, v);
}

/* -- the elements of an instruction -------------------------------------- */

struct access {
    struct vcpu *vcpu;
    struct arm_cpu *cpu;
    struct sve_operands o;
    unsigned how, count, registers;
    uint64_t active, base, imm;
    bool contiguous;
    union sve_z at; /* offsets or addresses */
};

static void begin(struct access *a, struct vcpu *vcpu, uint64_t word,
                  uint64_t base, uint64_t imm)
{
    a->vcpu = vcpu;
    a->cpu = arm_cpu(vcpu);
    a->o = sve_unpack(word);
    a->how = (unsigned)a->o.imm;
    a->count = (unsigned)a->cpu->sve.vl >> a->o.esz;
    a->registers = a->o.m;
    a->active = sve_p(a->cpu, a->o.g);
    a->base = base;
    a->imm = imm;
    a->contiguous = a->registers != 0;
    if (!a->contiguous) {
        sve_read(a->cpu, a->o.n, &a->at);
        a->registers = 1;
    }
}

static bool is_active(const struct access *a, unsigned k)
{
    return a->active >> (k << a->o.esz) & 1;
}

/* Of register r's element k.  Contiguous: behind each other, register by
 * register; else at base + the element of n, extended and scaled. */
static uint64_t address(const struct access *a, unsigned k, unsigned r)
{
    unsigned scale = a->how >> MEM_SCALE_SHIFT & 3;
    uint64_t offset;

    if (a->contiguous) {
        return a->base + ((uint64_t)(k * a->registers + r)
                          << (a->how & MEM_SIZE));
    }
    offset = sve_get(&a->at, a->o.esz, k);
    switch (a->how >> MEM_EXT_SHIFT & 3) {
    case 0:
        offset = (uint32_t)offset;
        break;
    case 1:
        offset = (uint64_t)(int32_t)offset;
        break;
    }
    return a->base + a->imm + (offset << scale);
}

/* Of a contiguous access to whole elements of one register, the first ones
 * being active and on one page of the host's: their bytes, else 0. */
static unsigned plain_bytes(const struct access *a, uint8_t **host)
{
    uint64_t each = sve_each(a->o.esz), active = a->active & each;
    unsigned bytes;

    if (!a->contiguous || a->registers != 1 || active == 0 ||
        (a->how & MEM_SIZE) != a->o.esz ||
        (a->how & (MEM_BIG_ENDIAN | MEM_ALIGNED))) {
        return 0;
    }
    bytes = 64 - (unsigned)clz64(active);
    bytes += (1u << a->o.esz) - 1;
    if (active != (each & mask64((int)bytes))) {
        return 0;
    }
    *host = on_host(a->vcpu, a->base, bytes, a->how & MEM_STORE);
    return *host ? bytes : 0;
}

/* -- plain loads and stores ---------------------------------------------- */

SVE_RUN(load)
{
    struct access a;
    union sve_z z[4];
    uint8_t *host;

    begin(&a, vcpu, word, x, y);
    memset(z, 0, sizeof(z));
    unsigned bytes = plain_bytes(&a, &host);
    if (bytes) {
        memcpy(z, host, bytes);
        sve_write(a.cpu, a.o.d, z);
        return 0;
    }
    for (unsigned k = 0; k < a.count; k++) {
        for (unsigned r = 0; r < a.registers && is_active(&a, k); r++) {
            uint64_t v;

            if (!load(vcpu, address(&a, k, r), a.how, &v)) {
                return 0;
            }
            sve_set(&z[r], a.o.esz, k, v);
        }
    }
    for (unsigned r = 0; r < a.registers; r++) {
        sve_write(a.cpu, (a.o.d + r) & 31, &z[r]);
    }
    return 0;
}
SVE_HELPER(load, IR_HELPER_EXITS)

SVE_RUN(store)
{
    struct access a;
    union sve_z z[4];
    uint8_t *host;

    begin(&a, vcpu, word, x, y);
    for (unsigned r = 0; r < a.registers; r++) {
        sve_read(a.cpu, (a.o.d + r) & 31, &z[r]);
    }
    unsigned bytes = plain_bytes(&a, &host);
    if (bytes) {
        memcpy(host, z, bytes);
        return 0;
    }
    for (unsigned k = 0; k < a.count; k++) {
        for (unsigned r = 0; r < a.registers && is_active(&a, k); r++) {
            if (!may_store(vcpu, address(&a, k, r), a.how)) {
                return 0;
            }
        }
    }
    for (unsigned k = 0; k < a.count; k++) {
        for (unsigned r = 0; r < a.registers && is_active(&a, k); r++) {
            if (!store(vcpu, address(&a, k, r), a.how,
                       sve_get(&z[r], a.o.esz, k))) {
                return 0;
            }
        }
    }
    return 0;
}
SVE_HELPER(store, IR_HELPER_EXITS)

/* -- first-fault and non-fault loads ------------------------------------- */

/* The element that may fault, as an ordinary load does. */
static bool is_first(const struct access *a, unsigned k)
{
    return (a->how & MEM_FIRST_FAULT) && !(a->active & mask64(k << a->o.esz) &
                                           sve_each(a->o.esz));
}

/* Contiguous loads go no further than the page of the first element. */
static bool is_within(const struct access *a, unsigned k, uint64_t first)
{
    uint64_t va = address(a, k, 0);
    uint64_t last = va + (1u << (a->how & MEM_SIZE)) - 1;

    return (va ^ last) < PAGE && (!a->contiguous || (va ^ first) < PAGE);
}

SVE_RUN(load_ff)
{
    struct access a;
    union sve_z z = {{0}};
    uint64_t first = 0, v;
    bool seen = false;

    begin(&a, vcpu, word, x, y);
    for (unsigned k = 0; k < a.count; k++) {
        uint64_t va = address(&a, k, 0);

        if (!is_active(&a, k)) {
            continue;
        }
        if (!seen) {
            first = va;
        }
        if (is_first(&a, k)) {
            if (!load(vcpu, va, a.how, &v)) {
                return 0;
            }
        } else if ((seen && !is_within(&a, k, first)) ||
                   !load_quietly(vcpu, va, a.how, &v)) {
            a.cpu->sve.ffr &= mask64(k << a.o.esz);
            break;
        }
        seen = true;
        sve_set(&z, a.o.esz, k, v);
    }
    sve_write(a.cpu, a.o.d, &z);
    return 0;
}
SVE_HELPER(load_ff, IR_HELPER_EXITS)

/* -- replicating loads --------------------------------------------------- */

/* One element, everywhere that is active. */
static uint64_t load_one(struct access *a)
{
    union sve_z z = {{0}};
    uint64_t v = 0;
    bool any = a->active & sve_each(a->o.esz);

    if (any && !load(a->vcpu, a->base, a->how, &v)) {
        return 0;
    }
    for (unsigned k = 0; k < a->count; k++) {
        if (is_active(a, k)) {
            sve_set(&z, a->o.esz, k, v);
        }
    }
    sve_write(a->cpu, a->o.d, &z);
    return 0;
}

/* 16 or 32 bytes, over and over. */
SVE_RUN(load_repl)
{
    struct access a;
    union sve_z z = {{0}};
    uint64_t v;

    begin(&a, vcpu, word, x, y);
    unsigned bytes = a.how >> MEM_BYTES_SHIFT, vl = a.cpu->sve.vl;

    if (bytes == 0) {
        return load_one(&a);
    }
    if (vl < bytes) {
        arm_raise(a.cpu, ARM_SYNDROME(EC_UNKNOWN, 0));
        return 0;
    }
    for (unsigned k = 0; k < bytes >> a.o.esz; k++) {
        if (is_active(&a, k)) {
            if (!load(vcpu, address(&a, k, 0), a.how, &v)) {
                return 0;
            }
            sve_set(&z, a.o.esz, k, v);
        }
    }
    for (unsigned at = bytes; at + bytes <= vl; at += bytes) {
        memcpy(z.b + at, z.b, bytes);
    }
    sve_write(a.cpu, a.o.d, &z);
    return 0;
}
SVE_HELPER(load_repl, IR_HELPER_EXITS)

/* -- whole registers: bytes, never reversed ------------------------------ */

/* The alignment that is asked for is not of elements: 16 bytes of a vector,
 * 2 of a predicate. */
static bool check_alignment(const struct access *a, unsigned bytes)
{
    struct mem_fault *fault = &a->vcpu->fault;

    if (!(a->how & MEM_ALIGNED) || a->base % bytes == 0) {
        return true;
    }
    *fault = (struct mem_fault){
        .va = a->base, .status = 0x21, .stage = 1,
        .access = a->how & MEM_STORE ? TLB_WRITE : TLB_READ,
    };
    return !fails(a->vcpu, false);
}

static bool copy_in(struct access *a, uint8_t *to, unsigned bytes)
{
    for (unsigned n = 0; n < bytes; n += 2) {
        uint64_t v;

        if (!load(a->vcpu, a->base + n, 1, &v)) {
            return false;
        }
        to[n] = (uint8_t)v;
        to[n + 1] = (uint8_t)(v >> 8);
    }
    return true;
}

static void copy_out(struct access *a, const uint8_t *from, unsigned bytes)
{
    for (unsigned n = 0; n < bytes; n += 2) {
        if (!may_store(a->vcpu, a->base + n, 1)) {
            return;
        }
    }
    for (unsigned n = 0; n < bytes; n += 2) {
        if (!store(a->vcpu, a->base + n, 1,
                   from[n] | (uint64_t)from[n + 1] << 8)) {
            return;
        }
    }
}

SVE_RUN(whole_z)
{
    struct access a;
    union sve_z z = {{0}};

    begin(&a, vcpu, word, x, y);
    a.base += a.imm * a.cpu->sve.vl;
    if (!check_alignment(&a, 16)) {
        return 0;
    }
    if (a.how & MEM_STORE) {
        sve_read(a.cpu, a.o.d, &z);
        copy_out(&a, z.b, a.cpu->sve.vl);
    } else if (copy_in(&a, z.b, a.cpu->sve.vl)) {
        sve_write(a.cpu, a.o.d, &z);
    }
    return 0;
}
SVE_HELPER(whole_z, IR_HELPER_EXITS)

SVE_RUN(whole_p)
{
    struct access a;
    uint8_t bytes[8] = {0};

    begin(&a, vcpu, word, x, y);
    a.base += a.imm * (a.cpu->sve.vl / 8u);
    if (!check_alignment(&a, 2)) {
        return 0;
    }
    if (a.how & MEM_STORE) {
        memcpy(bytes, &a.cpu->sve.p[a.o.d], sizeof(bytes));
        copy_out(&a, bytes, a.cpu->sve.vl / 8u);
    } else if (copy_in(&a, bytes, a.cpu->sve.vl / 8u)) {
        memcpy(&a.cpu->sve.p[a.o.d], bytes, sizeof(bytes));
    }
    return 0;
}
SVE_HELPER(whole_p, IR_HELPER_EXITS)

/* -- translation --------------------------------------------------------- */

/* An access by SP when that is misaligned and must not be. */
static bool base_faults(struct a64_ctx *s, int rn)
{
    if (rn != 31 || !(s->context & CTX_SP_ALIGN)) {
        return false;
    }
    a64_raise(s, ARM_SYNDROME(EC_SP_ALIGN, 0));
    return true;
}

static void emit(struct a64_ctx *s, const struct ir_helper *helper,
                 struct sve_operands *o, ir_ref base, ir_ref imm)
{
    o->imm |= (s->context & CTX_BIG_ENDIAN ? MEM_BIG_ENDIAN : 0) |
              (s->context & CTX_ALIGN ? MEM_ALIGNED : 0);
    o->x = base;
    o->y = imm;
    sve_emit(s, helper, o);
}

static const struct ir_helper *helper_of(unsigned how)
{
    return how & MEM_STORE ? &help_store
           : how & (MEM_FIRST_FAULT | MEM_NO_FAULT) ? &help_load_ff
                                                    : &help_load;
}

/* Scalar and scalar. */
static bool by_register(struct a64_ctx *s, const struct a64_arg_svem_ss *a,
                        const struct ir_helper *helper, int how)
{
    struct sve_operands o = SVE_CALL(
        .d = Z(zt), .m = Z(n), .g = Z(pg), .esz = Z(esz),
        .imm = a->msz | (a->sign ? MEM_SIGNED : 0) | how);

    if (a64_sve_access(s) && !base_faults(s, a->rn)) {
        ir_ref index = ir_bini(s->u, IR_SHL, IR_I64,
                               a64_r(s, true, (unsigned)a->rm),
                               (uint64_t)a->msz);
        ir_ref base = ir_bin(s->u, IR_ADD, IR_I64,
                             a64_sp(s, (unsigned)a->rn), index);

        emit(s, helper, &o, base, IR_NONE);
    }
    return true;
}

/* Scalar and immediate: so many of the whole access, or of `unit` bytes. */
static bool by_immediate(struct a64_ctx *s, const struct a64_arg_svem_si *a,
                         const struct ir_helper *helper, int how, int unit)
{
    struct sve_operands o = SVE_CALL(
        .d = Z(zt), .m = Z(n), .g = Z(pg), .esz = Z(esz),
        .imm = a->msz | (a->sign ? MEM_SIGNED : 0) | how);
    int imm = a->imm * a->n;

    if (a64_sve_access(s) && !base_faults(s, a->rn)) {
        ir_ref by = sve_const(s, (uint64_t)(unit ? unit * a->imm : imm));

        if (!unit) { /* of what one register's elements take in memory */
            ir_ref vl = ir_get(s->u, IR_I8, ARM_OFF(sve.vl));

            vl = ir_bini(s->u, IR_SHR, IR_I64, vl,
                         (uint64_t)(a->esz - a->msz));
            by = ir_bin(s->u, IR_MUL, IR_I64, vl, by);
        }
        emit(s, helper, &o,
             ir_bin(s->u, IR_ADD, IR_I64, a64_sp(s, (unsigned)a->rn),
                    by),
             IR_NONE);
    }
    return true;
}

#define SS(row, how)                                                      \
    SVE_TRANS(row##_ss, svem_ss)                                          \
    {                                                                     \
        return by_register(s, a, helper_of(how), how);                    \
    }
#define SI(row, how)                                                      \
    SVE_TRANS(row##_si, svem_si)                                          \
    {                                                                     \
        return by_immediate(s, a, helper_of(how), how, 0);                \
    }
SS(LD1, 0)
SI(LD1, 0)
SS(LDFF1, MEM_FIRST_FAULT)
SI(LDNF1, MEM_NO_FAULT)
SS(LDNT1, 0)
SI(LDNT1, 0)
SS(LDn, 0)
SI(LDn, 0)
SS(ST1, MEM_STORE)
SI(ST1, MEM_STORE)
SS(STNT1, MEM_STORE)
SI(STNT1, MEM_STORE)
SS(STn, MEM_STORE)
SI(STn, MEM_STORE)

#define REPLICATE(row, bytes)                                             \
    SVE_TRANS(row##_ss, svem_ss)                                          \
    {                                                                     \
        return by_register(s, a, &help_load_repl,                         \
                           bytes << MEM_BYTES_SHIFT);                     \
    }                                                                     \
    SVE_TRANS(row##_si, svem_si)                                          \
    {                                                                     \
        return by_immediate(s, a, &help_load_repl,                        \
                            bytes << MEM_BYTES_SHIFT, bytes);             \
    }
REPLICATE(LD1RQ, 16)
REPLICATE(LD1RO, 32)

SVE_TRANS(LD1R_z, svem_r)
{
    struct sve_operands o = SVE_CALL(
        .d = Z(zt), .m = 1, .g = Z(pg), .esz = Z(esz),
        .imm = a->msz | (a->sign ? MEM_SIGNED : 0));

    if (a64_sve_access(s) && !base_faults(s, a->rn)) {
        emit(s, &help_load_repl, &o,
             ir_bini(s->u, IR_ADD, IR_I64, a64_sp(s, (unsigned)a->rn),
                     (uint64_t)a->imm << a->msz),
             IR_NONE);
    }
    return true;
}

/* Scalar and vector of offsets. */
static bool by_offsets(struct a64_ctx *s, const struct a64_arg_svem_gs *a,
                       unsigned store)
{
    unsigned how = (unsigned)a->msz | (a->sign ? MEM_SIGNED : 0) |
                   (a->ff ? MEM_FIRST_FAULT : 0) | store |
                   (unsigned)a->ext << MEM_EXT_SHIFT |
                   (a->scaled ? (unsigned)a->msz << MEM_SCALE_SHIFT : 0);
    struct sve_operands o = SVE_CALL(.d = Z(zt), .n = Z(zm), .g = Z(pg),
                                     .esz = Z(esz), .imm = (int)how);

    if (a64_sve_access(s) && !base_faults(s, a->rn)) {
        emit(s, helper_of(how), &o, a64_sp(s, (unsigned)a->rn),
             IR_NONE);
    }
    return true;
}

SVE_TRANS(LD1_g, svem_gs)
{
    return by_offsets(s, a, 0);
}

SVE_TRANS(ST1_g, svem_gs)
{
    return by_offsets(s, a, MEM_STORE);
}

/* A vector of addresses, and one more number. */
static bool by_addresses(struct a64_ctx *s, struct sve_operands *o,
                         ir_ref more)
{
    o->imm |= 2 << MEM_EXT_SHIFT;
    emit(s, helper_of((unsigned)o->imm), o, more, IR_NONE);
    return true;
}

#define SVE_OF_svem_vi                                                    \
    SVE_CALL(.d = Z(zt), .n = Z(zn), .g = Z(pg), .esz = Z(esz),           \
             .imm = a->msz | (a->sign ? MEM_SIGNED : 0) |                 \
                    (a->ff ? MEM_FIRST_FAULT : 0))
#define SVE_OF_svem_vs                                                    \
    SVE_CALL(.d = Z(zt), .n = Z(zn), .g = Z(pg), .esz = Z(esz),           \
             .imm = a->msz | (a->sign ? MEM_SIGNED : 0))
#define BY_ADDRESSES(row, format, store, more)                            \
    SVE_TRANS(row, format)                                                \
    {                                                                     \
        struct sve_operands o = SVE_OF_##format;                          \
                                                                          \
        o.imm |= store;                                                   \
        return !a64_sve_access(s) || by_addresses(s, &o, more);           \
    }
BY_ADDRESSES(LD1_gi, svem_vi, 0, sve_const(s, (uint64_t)a->imm << a->msz))
BY_ADDRESSES(ST1_gi, svem_vi, MEM_STORE,
             sve_const(s, (uint64_t)a->imm << a->msz))
BY_ADDRESSES(LDNT1_g, svem_vs, 0, a64_r(s, true, (unsigned)a->rm))
BY_ADDRESSES(STNT1_g, svem_vs, MEM_STORE, a64_r(s, true, (unsigned)a->rm))

static bool whole(struct a64_ctx *s, const struct ir_helper *helper,
                  unsigned d, int rn, int imm, int how)
{
    struct sve_operands o = SVE_CALL(.d = d, .imm = how);

    if (a64_sve_access(s) && !base_faults(s, rn)) {
        emit(s, helper, &o, a64_sp(s, (unsigned)rn),
             sve_const(s, (uint64_t)imm));
    }
    return true;
}

SVE_TRANS(LDR_z, svem_ldr)
{
    return whole(s, &help_whole_z, Z(zt), a->rn, a->imm, 0);
}

SVE_TRANS(STR_z, svem_ldr)
{
    return whole(s, &help_whole_z, Z(zt), a->rn, a->imm, MEM_STORE);
}

SVE_TRANS(LDR_p, svem_ldrp)
{
    return whole(s, &help_whole_p, Z(pt), a->rn, a->imm, 0);
}

SVE_TRANS(STR_p, svem_ldrp)
{
    return whole(s, &help_whole_p, Z(pt), a->rn, a->imm, MEM_STORE);
}

/* Prefetches do nothing. */
SVE_TRANS(PRF_sve, svem_none)
{
    (void)a;
    (void)a64_sve_access(s);
    return true;
}
