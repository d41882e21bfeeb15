/*
 * A64 exclusives, ordered accesses and atomics (C4.1 "Load/store
 * exclusive", "ordered", "Compare and swap", "Atomic memory operations").
 */
#include "cpu/arm/translate_mem.h"
#include "cpu/arm/translate_row.h"

/* These accesses must be aligned whatever SCTLR.A says. */
static unsigned flags(bool acquire, bool release)
{
    return IR_MEM_ALIGNED | (acquire ? IR_MEM_ACQUIRE : 0) |
           (release ? IR_MEM_RELEASE : 0);
}

/* A register as memory will hold it. */
static ir_ref in_order(struct a64_ctx *s, int esz, int n)
{
    return a64_order(s, (unsigned)esz, a64_r(s, true, (unsigned)n));
}

/* -- exclusives ----------------------------------------------------------- */

static bool load_exclusive(struct a64_ctx *s, bool pair,
                           const struct a64_arg_excl *a)
{
    enum ir_type t = a64_mem_type((unsigned)a->esz);
    ir_ref base = a64_sp(s, (unsigned)a->rn);
    ir_ref v = ir_emit(s->u, pair ? IR_LOAD_EX2 : IR_LOAD_EX, t,
                       flags(a->acqrel, false), base, IR_NONE, IR_NONE, 0);
    ir_ref second = !pair ? IR_NONE
                          : ir_emit(s->u, IR_SECOND, t, 0, v, IR_NONE,
                                    IR_NONE, 0);

    a64_set_r(s, true, (unsigned)a->rt, a64_order(s, (unsigned)a->esz, v));
    if (pair) {
        a64_set_r(s, true, (unsigned)a->rt2,
                  a64_order(s, (unsigned)a->esz, second));
    }
    return true;
}

static bool store_exclusive(struct a64_ctx *s, bool pair,
                            const struct a64_arg_excl *a)
{
    ir_ref base = a64_sp(s, (unsigned)a->rn);
    ir_ref v = in_order(s, a->esz, a->rt);
    ir_ref second = pair ? in_order(s, a->esz, a->rt2) : IR_NONE;
    ir_ref status = ir_emit(s->u, pair ? IR_STORE_EX2 : IR_STORE_EX,
                            a64_mem_type((unsigned)a->esz),
                            flags(false, a->acqrel), base, v, second, 0);

    a64_set_r(s, false, (unsigned)a->rs, status);
    return true;
}

/* -- ordered -------------------------------------------------------------- */

static bool load_ordered(struct a64_ctx *s, unsigned esz, unsigned extra,
                         bool sf, unsigned rn, unsigned rt, int32_t offset)
{
    struct ir_address at = {a64_sp(s, rn), offset};

    a64_set_r(s, sf, rt, a64_load(s, esz, flags(true, false) | extra, at));
    return true;
}

static bool store_ordered(struct a64_ctx *s, unsigned esz, unsigned rn,
                          unsigned rt, int32_t offset)
{
    struct ir_address at = {a64_sp(s, rn), offset};

    a64_store(s, esz, flags(false, true), at, a64_r(s, true, rt));
    return true;
}

/* -- read-modify-write ---------------------------------------------------- */

/* Whether the order of the bytes makes a difference to it. */
static bool is_arithmetic(enum ir_rmw kind)
{
    return kind != IR_RMW_CLR && kind != IR_RMW_EOR && kind != IR_RMW_SET &&
           kind != IR_RMW_SWP;
}

static bool read_modify_write(struct a64_ctx *s, enum ir_rmw kind,
                              const struct a64_arg_atomic *a)
{
    bool reversed = (s->context & CTX_BIG_ENDIAN) && is_arithmetic(kind);
    ir_ref base = a64_sp(s, (unsigned)a->rn);
    ir_ref operand = reversed ? a64_r(s, true, (unsigned)a->rs)
                              : in_order(s, a->esz, a->rs);
    ir_ref old = ir_emit(s->u, IR_RMW, a64_mem_type((unsigned)a->esz),
                         flags(true, true) |
                             (reversed ? IR_MEM_REVERSED : 0),
                         base, operand, IR_NONE, kind);

    a64_set_r(s, true, (unsigned)a->rt, a64_order(s, (unsigned)a->esz, old));
    return true;
}

static bool compare_and_swap(struct a64_ctx *s, const struct a64_arg_cas *a)
{
    ir_ref base = a64_sp(s, (unsigned)a->rn);
    ir_ref old = ir_emit(s->u, IR_CAS, a64_mem_type((unsigned)a->esz),
                         flags(true, true), base,
                         in_order(s, a->esz, a->rs),
                         in_order(s, a->esz, a->rt), 0);

    a64_set_r(s, true, (unsigned)a->rs, a64_order(s, (unsigned)a->esz, old));
    return true;
}

/* A pair of X registers; registers = rs | rt << 8 | CASP_BIG. */
#define CASP_BIG 0x10000

static uint64_t casp_order(uint64_t value, bool big)
{
    return big ? __builtin_bswap64(value) : value;
}

static uint64_t cas_pair(struct vcpu *vcpu, uint64_t va, uint64_t registers,
                         uint64_t unused)
{
    bool big = registers & CASP_BIG;
    unsigned s = registers & 31, t = registers >> 8 & 31;
    /* Register 31 as the upper half reads as zero and is not written. */
    bool rs_zero = s == 30, rt_zero = t == 30;
    uint64_t low = casp_order(vcpu->r[s], big);
    uint64_t high = rs_zero ? 0 : casp_order(vcpu->r[s + 1], big);
    uint64_t new_low = casp_order(vcpu->r[t], big);
    uint64_t new_high = rt_zero ? 0 : casp_order(vcpu->r[t + 1], big);
    unsigned __int128 *host =
        tlb_host_for_atomic(vcpu->mmu, vcpu->tlb, va, 16, true, &vcpu->fault);
    bool swapped;

    (void)unused;
    if (!host) {
        vcpu->exit = VCPU_EXIT_FAULT;
        return 0;
    }
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(swapped), "+m"(*host), "+a"(low), "+d"(high)
                     : "b"(new_low), "c"(new_high)
                     : "memory");
    tlb_atomic_done(vcpu->mmu);
    vcpu->r[s] = casp_order(low, big);
    if (!rs_zero) {
        vcpu->r[s + 1] = casp_order(high, big);
    }
    return 0;
}

static const struct ir_helper helper_cas_pair = {
    .name = "cas_pair", .call = cas_pair, .nargs = 2,
    .flags = IR_HELPER_EXITS | IR_HELPER_REGS | IR_HELPER_NO_FP,
};

/* A pair of W registers is one 64-bit access. */
static void cas_pair_32(struct a64_ctx *s, const struct a64_arg_cas *a)
{
    unsigned rs = (unsigned)a->rs;
    ir_ref base = a64_sp(s, (unsigned)a->rn);
    ir_ref compare = ir_bfi(s->u, IR_I64, in_order(s, 2, a->rs),
                            in_order(s, 2, a->rs + 1), 32, 32);
    ir_ref value = ir_bfi(s->u, IR_I64, in_order(s, 2, a->rt),
                          in_order(s, 2, a->rt + 1), 32, 32);
    ir_ref old = ir_emit(s->u, IR_CAS, IR_I64, flags(true, true), base,
                         compare, value, 0);

    ir_ref second = ir_bini(s->u, IR_SHR, IR_I64, old, 32);

    a64_set_r(s, true, rs,
              a64_order(s, 2, ir_bfxu(s->u, IR_I64, old, 0, 32)));
    a64_set_r(s, true, rs + 1, a64_order(s, 2, second));
}

static bool compare_and_swap_pair(struct a64_ctx *s,
                                  const struct a64_arg_cas *a)
{
    if ((a->rs | a->rt) & 1) {
        return false;
    }
    if (a->esz == 2) {
        cas_pair_32(s, a);
    } else {
        ir_call(s->u, &helper_cas_pair, a64_sp(s, (unsigned)a->rn),
                ir_const(s->u, IR_I64,
                         (uint64_t)(a->rs | a->rt << 8) |
                             (s->context & CTX_BIG_ENDIAN ? CASP_BIG : 0)),
                IR_NONE);
    }
    return true;
}

TRANS(LDXR, excl, load_exclusive(s, false, a))
TRANS(LDXP, excl, load_exclusive(s, true, a))
TRANS(STXR, excl, store_exclusive(s, false, a))
TRANS(STXP, excl, store_exclusive(s, true, a))
TRANS(LDAR, ord, load_ordered(s, a->esz, 0, true, a->rn, a->rt, 0))
TRANS(LDLAR, ord, load_ordered(s, a->esz, 0, true, a->rn, a->rt, 0))
TRANS(LDAPR, ord, load_ordered(s, a->esz, 0, true, a->rn, a->rt, 0))
TRANS(STLR, ord, store_ordered(s, a->esz, a->rn, a->rt, 0))
TRANS(STLLR, ord, store_ordered(s, a->esz, a->rn, a->rt, 0))
TRANS(LDAPUR, ldapu, load_ordered(s, a->esz, 0, true, a->rn, a->rt, a->imm))
TRANS(LDAPURS, ldapu,
      load_ordered(s, a->esz, a->sf ? IR_MEM_SIGN64 : IR_MEM_SIGN32, a->sf,
                   a->rn, a->rt, a->imm))
TRANS(STLUR, ldapu, store_ordered(s, a->esz, a->rn, a->rt, a->imm))
TRANS(CAS, cas, compare_and_swap(s, a))
TRANS(CASP, cas, compare_and_swap_pair(s, a))
TRANS(LDADD, atomic, read_modify_write(s, IR_RMW_ADD, a))
TRANS(LDCLR, atomic, read_modify_write(s, IR_RMW_CLR, a))
TRANS(LDEOR, atomic, read_modify_write(s, IR_RMW_EOR, a))
TRANS(LDSET, atomic, read_modify_write(s, IR_RMW_SET, a))
TRANS(LDSMAX, atomic, read_modify_write(s, IR_RMW_SMAX, a))
TRANS(LDSMIN, atomic, read_modify_write(s, IR_RMW_SMIN, a))
TRANS(LDUMAX, atomic, read_modify_write(s, IR_RMW_UMAX, a))
TRANS(LDUMIN, atomic, read_modify_write(s, IR_RMW_UMIN, a))
TRANS(SWP, atomic, read_modify_write(s, IR_RMW_SWP, a))
