/*
 * A64 exclusives, ordered accesses and atomics (C4.1 "Load/store
 * exclusive", "ordered", "Compare and swap", "Atomic memory operations").
 */
#include "cpu/arm/a64_trans.h"
#include "cpu/arm/translate.h"

/* These accesses must be aligned whatever SCTLR.A says. */
static unsigned flags(bool acquire, bool release)
{
    return IR_MEM_ALIGNED | (acquire ? IR_MEM_ACQUIRE : 0) |
           (release ? IR_MEM_RELEASE : 0);
}

/* -- exclusives ----------------------------------------------------------- */

static bool load_exclusive(struct a64_ctx *s, bool pair,
                           const struct a64_arg_excl *a)
{
    enum ir_type t = a64_mem_type((unsigned)a->esz);
    ir_ref base = a64_sp(s, true, (unsigned)a->rn);
    ir_ref v = ir_emit(s->u, pair ? IR_LOAD_EX2 : IR_LOAD_EX, t,
                       flags(a->acqrel, false), base, IR_NONE, IR_NONE, 0);
    ir_ref second = !pair ? IR_NONE
                          : ir_emit(s->u, IR_SECOND, t, 0, v, IR_NONE,
                                    IR_NONE, 0);

    a64_set_r(s, true, (unsigned)a->rt, v);
    if (pair) {
        a64_set_r(s, true, (unsigned)a->rt2, second);
    }
    return true;
}

static bool store_exclusive(struct a64_ctx *s, bool pair,
                            const struct a64_arg_excl *a)
{
    ir_ref base = a64_sp(s, true, (unsigned)a->rn);
    ir_ref v = a64_r(s, true, (unsigned)a->rt);
    ir_ref second = pair ? a64_r(s, true, (unsigned)a->rt2) : IR_NONE;
    ir_ref status = ir_emit(s->u, pair ? IR_STORE_EX2 : IR_STORE_EX,
                            a64_mem_type((unsigned)a->esz),
                            flags(false, a->acqrel), base, v, second, 0);

    a64_set_r(s, false, (unsigned)a->rs, status);
    return true;
}

/* -- ordered -------------------------------------------------------------- */

static bool load_ordered(struct a64_ctx *s, unsigned esz, unsigned extra,
                         bool sf, unsigned rn, unsigned rt, int64_t offset)
{
    ir_ref at = ir_bini(s->u, IR_ADD, IR_I64, a64_sp(s, true, rn),
                        (uint64_t)offset);

    a64_set_r(s, sf, rt, ir_load(s->u, a64_mem_type(esz),
                                 flags(true, false) | extra, at));
    return true;
}

static bool store_ordered(struct a64_ctx *s, unsigned esz, unsigned rn,
                          unsigned rt, int64_t offset)
{
    ir_ref at = ir_bini(s->u, IR_ADD, IR_I64, a64_sp(s, true, rn),
                        (uint64_t)offset);

    ir_store(s->u, a64_mem_type(esz), flags(false, true), at,
             a64_r(s, true, rt));
    return true;
}

/* -- read-modify-write ---------------------------------------------------- */

static bool read_modify_write(struct a64_ctx *s, enum ir_rmw kind,
                              const struct a64_arg_atomic *a)
{
    ir_ref base = a64_sp(s, true, (unsigned)a->rn);
    ir_ref old = ir_emit(s->u, IR_RMW, a64_mem_type((unsigned)a->esz),
                         flags(true, true), base,
                         a64_r(s, true, (unsigned)a->rs), IR_NONE, kind);

    a64_set_r(s, true, (unsigned)a->rt, old);
    return true;
}

static bool compare_and_swap(struct a64_ctx *s, const struct a64_arg_cas *a)
{
    ir_ref base = a64_sp(s, true, (unsigned)a->rn);
    ir_ref old = ir_emit(s->u, IR_CAS, a64_mem_type((unsigned)a->esz),
                         flags(true, true), base,
                         a64_r(s, true, (unsigned)a->rs),
                         a64_r(s, true, (unsigned)a->rt), 0);

    a64_set_r(s, true, (unsigned)a->rs, old);
    return true;
}

/* A pair of X registers; registers = rs | rt << 8. */
static uint64_t cas_pair(struct vcpu *vcpu, uint64_t va, uint64_t registers,
                         uint64_t unused)
{
    uint64_t *rs = &vcpu->r[registers & 31], *rt = &vcpu->r[registers >> 8];
    uint64_t low = rs[0], high = rs[1];
    /* Register 31 as the upper half reads as zero and is not written. */
    bool rs_zero = (registers & 31) == 30, rt_zero = registers >> 8 == 30;
    unsigned __int128 *host =
        tlb_host_for_atomic(vcpu->mmu, vcpu->tlb, va, 16, true, &vcpu->fault);
    bool swapped;

    (void)unused;
    if (!host) {
        vcpu->exit = VCPU_EXIT_FAULT;
        return 0;
    }
    high = rs_zero ? 0 : high;
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(swapped), "+m"(*host), "+a"(low), "+d"(high)
                     : "b"(rt[0]), "c"(rt_zero ? 0 : rt[1])
                     : "memory");
    tlb_atomic_done(vcpu->mmu);
    rs[0] = low;
    if (!rs_zero) {
        rs[1] = high;
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
    unsigned rs = (unsigned)a->rs, rt = (unsigned)a->rt;
    ir_ref base = a64_sp(s, true, (unsigned)a->rn);
    ir_ref compare = ir_bfi(s->u, IR_I64, a64_r(s, true, rs),
                            a64_r(s, true, rs + 1), 32, 32);
    ir_ref value = ir_bfi(s->u, IR_I64, a64_r(s, true, rt),
                          a64_r(s, true, rt + 1), 32, 32);
    ir_ref old = ir_emit(s->u, IR_CAS, IR_I64, flags(true, true), base,
                         compare, value, 0);

    a64_set_r(s, true, rs, ir_bfxu(s->u, IR_I64, old, 0, 32));
    a64_set_r(s, true, rs + 1, ir_bini(s->u, IR_SHR, IR_I64, old, 32));
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
        ir_call(s->u, &helper_cas_pair, a64_sp(s, true, (unsigned)a->rn),
                ir_const(s->u, IR_I64, (uint64_t)(a->rs | a->rt << 8)),
                IR_NONE);
    }
    return true;
}

#define TRANS(row, args, call)                                       \
    bool a64_trans_##row(struct a64_ctx *s, const struct a64_arg_##args *a) \
    {                                                                \
        return call;                                                 \
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
