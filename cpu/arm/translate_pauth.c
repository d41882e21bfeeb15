/*
 * A64 pointer authentication: the PAC*, AUT* and XPAC* instructions, their
 * hint forms, PACGA and the authenticating loads.
 */
#include "cpu/arm/translate_pauth.h"

#include "cpu/arm/translate_mem.h"
#include "cpu/arm/translate_row.h"

#define ADD &pauth_add_helper

/* Of an instruction that does nothing else. */
#define CHECK check(s, PAUTH_FPAC)

static const struct ir_helper *check(const struct a64_ctx *s,
                                     enum pauth_level faulting)
{
    return s->cpu->pauth_level >= faulting ? &pauth_check_fault_helper
                                           : &pauth_check_helper;
}

/* EL2 and EL3 may trap what an enabled key is used for. */
static void look_for_trap(struct a64_ctx *s, enum pauth_key key)
{
    if (s->el >= 2 ? s->cpu->has_el3 : s->context & CTX_UPPER) {
        ir_call(s->u, &pauth_trap_helper, ir_const(s->u, IR_I64, key),
                IR_NONE, IR_NONE);
    }
}

/* With all keys disabled (the usual case without support in the kernel)
 * nothing happens. */
static ir_ref authenticate(struct a64_ctx *s, const struct ir_helper *work,
                           enum pauth_key key, ir_ref ptr, ir_ref modifier)
{
    if (!(s->context & CTX_PAUTH)) {
        return ptr;
    }
    look_for_trap(s, key);
    return ir_call(s->u, work, ptr, modifier, ir_const(s->u, IR_I64, key));
}

ir_ref a64_authenticate(struct a64_ctx *s, enum pauth_key key, ir_ref ptr,
                        ir_ref modifier)
{
    return authenticate(s, check(s, PAUTH_FPAC_COMBINED), key, ptr,
                        modifier);
}

static bool in_place(struct a64_ctx *s, const struct ir_helper *work,
                     enum pauth_key key, unsigned rd, ir_ref modifier)
{
    a64_set_r(s, true, rd,
              authenticate(s, work, key, a64_r(s, true, rd), modifier));
    return true;
}

static bool strip(struct a64_ctx *s, bool is_data, unsigned rd)
{
    a64_set_r(s, true, rd,
              ir_call(s->u, &pauth_strip_helper, a64_r(s, true, rd),
                      ir_const(s->u, IR_I64, is_data), IR_NONE));
    return true;
}

#define ZERO ir_const(s->u, IR_I64, 0)
#define SP(n) a64_sp(s, n)

/* One key: by register, with zero, and the work. */
#define KEY(verb, key, work)                                         \
    TRANS(verb##key, rr_64,                                          \
          in_place(s, work, PAUTH_##key, a->rd, SP(a->rn)))
#define KEY_ZERO(row, key, work)                                     \
    TRANS(row, reg_d, in_place(s, work, PAUTH_##key, a->rd, ZERO))

KEY(PAC, IA, ADD)
KEY(PAC, IB, ADD)
KEY(PAC, DA, ADD)
KEY(PAC, DB, ADD)
KEY(AUT, IA, CHECK)
KEY(AUT, IB, CHECK)
KEY(AUT, DA, CHECK)
KEY(AUT, DB, CHECK)
KEY_ZERO(PACIZA, IA, ADD)
KEY_ZERO(PACIZB, IB, ADD)
KEY_ZERO(PACDZA, DA, ADD)
KEY_ZERO(PACDZB, DB, ADD)
KEY_ZERO(AUTIZA, IA, CHECK)
KEY_ZERO(AUTIZB, IB, CHECK)
KEY_ZERO(AUTDZA, DA, CHECK)
KEY_ZERO(AUTDZB, DB, CHECK)

/* Hints: x30 with zero or SP, x17 with x16. */
TRANS(PACIAZ, none, in_place(s, ADD, PAUTH_IA, 30, ZERO))
TRANS(PACIBZ, none, in_place(s, ADD, PAUTH_IB, 30, ZERO))
TRANS(PACIASP, none, in_place(s, ADD, PAUTH_IA, 30, SP(31)))
TRANS(PACIBSP, none, in_place(s, ADD, PAUTH_IB, 30, SP(31)))
TRANS(AUTIAZ, none, in_place(s, CHECK, PAUTH_IA, 30, ZERO))
TRANS(AUTIBZ, none, in_place(s, CHECK, PAUTH_IB, 30, ZERO))
TRANS(AUTIASP, none, in_place(s, CHECK, PAUTH_IA, 30, SP(31)))
TRANS(AUTIBSP, none, in_place(s, CHECK, PAUTH_IB, 30, SP(31)))
TRANS(PACIA1716, none, in_place(s, ADD, PAUTH_IA, 17, SP(16)))
TRANS(PACIB1716, none, in_place(s, ADD, PAUTH_IB, 17, SP(16)))
TRANS(AUTIA1716, none, in_place(s, CHECK, PAUTH_IA, 17, SP(16)))
TRANS(AUTIB1716, none, in_place(s, CHECK, PAUTH_IB, 17, SP(16)))
TRANS(XPACLRI, none, strip(s, false, 30))
TRANS(XPACI, reg_d, strip(s, false, a->rd))
TRANS(XPACD, reg_d, strip(s, true, a->rd))

static bool generic(struct a64_ctx *s, const struct a64_arg_rrr_64 *a)
{
    look_for_trap(s, PAUTH_GA);
    a64_set_r(s, true, a->rd,
              ir_call(s->u, &pauth_generic_helper, a64_r(s, true, a->rn),
                      a64_sp(s, a->rm), IR_NONE));
    return true;
}

TRANS(PACGA, rrr_64, generic(s, a))

static bool load(struct a64_ctx *s, enum pauth_key key,
                 const struct a64_arg_ldra *a)
{
    struct ir_address at = {
        a64_authenticate(s, key, a64_sp(s, a->rn), ZERO), a->imm * 8};
    ir_ref v = a64_load(s, 3, 0, at);

    if (a->w) {
        a64_set_sp(s, true, a->rn, ir_address(s->u, at));
    }
    a64_set_r(s, true, a->rt, v);
    return true;
}

TRANS(LDRAA, ldra, load(s, PAUTH_DA, a))
TRANS(LDRAB, ldra, load(s, PAUTH_DB, a))
