/*
 * What the files of SVE share: rows become calls of helpers that get the
 * operands as one constant (sve_run.h).
 *
 * A file has its operations, one line each (SVE_OP and its like), and behind
 * them the rows of the decode tables, one line each: SVE_ROW(row, format,
 * operation, changes), where `changes` are assignments to `o`, what the
 * format says of the operands.
 */
#ifndef CPU_ARM_TRANSLATE_SVE_H
#define CPU_ARM_TRANSLATE_SVE_H

#include "cpu/arm/a64_trans.h"
#include "cpu/arm/sve_run.h"
#include "cpu/arm/translate.h"

/* The helper's result.  Scalars are 64 bits, or IR_NONE for 0. */
ir_ref sve_emit(struct a64_ctx *s, const struct ir_helper *helper,
                const struct sve_operands *o);
/* NZCV from a helper's result. */
void sve_set_nzcv(struct a64_ctx *s, ir_ref nzcv);

static inline ir_ref sve_const(struct a64_ctx *s, uint64_t v)
{
    return ir_const(s->u, IR_I64, v);
}

/* The second operand is a constant. */
static inline void sve_scalar(struct a64_ctx *s, struct sve_operands *o,
                              uint64_t v)
{
    o->second = SVE_SCALAR;
    o->x = sve_const(s, v);
}

/* For the forms with the operands the other way round. */
static inline void sve_swap(struct sve_operands *o)
{
    unsigned n = o->n;

    o->n = o->m;
    o->m = n;
}

/* -- what formats say ---------------------------------------------------- */

#define SVE_CALL(...)                                                     \
    ((struct sve_operands){__VA_ARGS__, .x = IR_NONE, .y = IR_NONE})
#define Z(field) (unsigned)a->field

#define SVE_OF_sve_pdm                                                    \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .m = Z(zm), .g = Z(pg), .esz = Z(esz))
#define SVE_OF_sve_pdn                                                    \
    SVE_CALL(.d = Z(zd), .a = Z(zd), .n = Z(zn), .g = Z(pg), .esz = Z(esz))
#define SVE_OF_sve_pdnm                                                   \
    SVE_CALL(.d = Z(zd), .a = Z(zd), .n = Z(zn), .m = Z(zm), .g = Z(pg),  \
             .esz = Z(esz))
#define SVE_OF_sve_pdam                                                   \
    SVE_CALL(.d = Z(zd), .a = Z(za), .n = Z(zd), .m = Z(zm), .g = Z(pg),  \
             .esz = Z(esz))
#define SVE_OF_sve_pdnmi                                                  \
    SVE_CALL(.d = Z(zd), .a = Z(zd), .n = Z(zn), .m = Z(zm), .g = Z(pg),  \
             .esz = Z(esz), .imm = a->imm)
#define SVE_OF_sve_pdmi                                                   \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .m = Z(zm), .g = Z(pg),              \
             .esz = Z(esz), .imm = a->imm)
#define SVE_OF_sve_dnm                                                    \
    SVE_CALL(.d = Z(zd), .a = Z(zd), .n = Z(zn), .m = Z(zm), .g = SVE_ALL,\
             .esz = Z(esz))
#define SVE_OF_sve_dn                                                     \
    SVE_CALL(.d = Z(zd), .a = Z(zd), .n = Z(zn), .g = SVE_ALL,            \
             .esz = Z(esz))
#define SVE_OF_sve_dnmi                                                   \
    SVE_CALL(.d = Z(zd), .a = Z(zd), .n = Z(zn), .m = Z(zm), .g = SVE_ALL,\
             .esz = Z(esz), .imm = a->imm)
#define SVE_OF_sve_dnmix                                                  \
    SVE_CALL(.d = Z(zd), .a = Z(zd), .n = Z(zn), .m = Z(zm), .g = SVE_ALL,\
             .esz = Z(esz), .imm = a->imm | a->rot << 8,                  \
             .second = SVE_ELEMENT)
#define SVE_OF_sve_dmi                                                    \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .m = Z(zm), .g = SVE_ALL,            \
             .esz = Z(esz), .imm = a->imm)
#define SVE_OF_sve_dmk                                                    \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .m = Z(zm), .a = Z(zk), .g = SVE_ALL,\
             .esz = 3)
#define SVE_OF_sve_dni                                                    \
    SVE_CALL(.d = Z(zd), .a = Z(zd), .n = Z(zn), .g = SVE_ALL,            \
             .esz = Z(esz), .imm = a->imm)
#define SVE_OF_sve_dm                                                     \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .m = Z(zm), .g = SVE_ALL,            \
             .esz = Z(esz))
#define SVE_OF_sve_d                                                      \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .g = SVE_ALL, .esz = Z(esz))
#define SVE_OF_sve_di                                                     \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .g = SVE_ALL, .esz = Z(esz),         \
             .imm = a->imm)
#define SVE_OF_sve_dish                                                   \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .g = SVE_ALL, .esz = Z(esz),         \
             .imm = a->imm * (a->sh ? 256 : 1))
#define SVE_OF_sve_pdi                                                    \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .g = Z(pg), .esz = Z(esz),           \
             .imm = a->imm)
#define SVE_OF_sve_pdish                                                  \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .g = Z(pg), .esz = Z(esz),           \
             .imm = a->imm * (a->sh ? 256 : 1))
#define SVE_OF_sve_logimm                                                 \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .g = SVE_ALL, .esz = 3)
#define SVE_OF_sve_dr                                                     \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .g = SVE_ALL, .esz = Z(esz))
#define SVE_OF_sve_pdr                                                    \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .g = Z(pg), .esz = Z(esz))
#define SVE_OF_sve_ppnm                                                   \
    SVE_CALL(.d = Z(pd), .n = Z(zn), .m = Z(zm), .g = Z(pg), .esz = Z(esz))
#define SVE_OF_sve_ppni                                                   \
    SVE_CALL(.d = Z(pd), .n = Z(zn), .g = Z(pg), .esz = Z(esz),           \
             .imm = a->imm)
#define SVE_OF_sve_ppn                                                    \
    SVE_CALL(.d = Z(pd), .n = Z(zn), .g = Z(pg), .esz = Z(esz))
#define SVE_OF_sve_prn                                                    \
    SVE_CALL(.n = Z(zn), .g = Z(pg), .esz = Z(esz))
#define SVE_OF_sve_prm                                                    \
    SVE_CALL(.n = Z(zm), .g = Z(pg), .esz = Z(esz))
#define SVE_OF_sve_plog                                                   \
    SVE_CALL(.d = Z(pd), .n = Z(pn), .m = Z(pm), .g = Z(pg))
#define SVE_OF_sve_pp SVE_CALL(.d = Z(pd), .n = Z(pn), .g = Z(pg))
#define SVE_OF_sve_ppnp                                                   \
    SVE_CALL(.d = Z(pd), .n = Z(pn), .m = Z(pm), .esz = Z(esz))
#define SVE_OF_sve_pn1 SVE_CALL(.d = Z(pd), .n = Z(pn), .esz = Z(esz))
#define SVE_OF_sve_ptest SVE_CALL(.n = Z(pn), .g = Z(pg))
#define SVE_OF_sve_pd SVE_CALL(.d = Z(pd))
#define SVE_OF_sve_pn SVE_CALL(.n = Z(pn))
#define SVE_OF_sve_none SVE_CALL(.d = 0)
#define SVE_OF_sve_pgd SVE_CALL(.d = Z(pd), .g = Z(pg), .esz = Z(esz))

/* -- rows ---------------------------------------------------------------- */

#define SVE_HELPER(id, more)                                              \
    static const struct ir_helper help_##id = {                           \
        .name = "sve_" #id, .call = run_##id, .nargs = 3,                 \
        .flags = IR_HELPER_REGS | (more)};

/* A helper: `run` is written behind it; it has the operands in `o`. */
#define SVE_RUN(name)                                                     \
    static uint64_t run_##name(struct vcpu *vcpu, uint64_t word,          \
                               uint64_t x __attribute__((unused)),        \
                               uint64_t y __attribute__((unused)))

/* An operation on elements of n, m, a, each by itself. */
#define SVE_OP_OF(name, least, more, expr)                                \
    SVE_INLINE uint64_t op_##name(                                        \
        struct vcpu *vcpu __attribute__((unused)),                        \
        unsigned esz __attribute__((unused)),                             \
        uint64_t n __attribute__((unused)),                               \
        uint64_t m __attribute__((unused)),                               \
        uint64_t a __attribute__((unused)),                               \
        int imm __attribute__((unused)))                                  \
    {                                                                     \
        return (uint64_t)(expr);                                          \
    }                                                                     \
    SVE_RUN(name)                                                         \
    {                                                                     \
        sve_elements(vcpu, word, x, least, op_##name);                    \
        return 0;                                                         \
    }                                                                     \
    SVE_HELPER(name, more)
#define SVE_OP(name, expr) SVE_OP_OF(name, 0, 0, expr)
/* For elements of 16 bits and up. */
#define SVE_OP_H(name, expr) SVE_OP_OF(name, 1, 0, expr)

/* A comparison of n and m. */
#define SVE_COMPARE_OF(name, least, more, expr)                           \
    SVE_INLINE bool is_##name(                                            \
        struct vcpu *vcpu __attribute__((unused)),                        \
        unsigned esz __attribute__((unused)), uint64_t n, uint64_t m)     \
    {                                                                     \
        return expr;                                                      \
    }                                                                     \
    SVE_RUN(name)                                                         \
    {                                                                     \
        return sve_compares(vcpu, word, x, least, is_##name);             \
    }                                                                     \
    SVE_HELPER(name, more)

#define SVE_TRANS(row, format)                                            \
    A64_ROW(row, format)

#define SVE_ROW_OF(row, format, name, changes, result)                    \
    SVE_TRANS(row, format)                                                \
    {                                                                     \
        struct sve_operands o = SVE_OF_##format;                          \
                                                                          \
        (void)a;                                                          \
        if (!a64_sve_access(s)) {                                         \
            return true;                                                  \
        }                                                                 \
        changes;                                                          \
        result(sve_emit(s, &help_##name, &o));                            \
        return true;                                                      \
    }
#define SVE_NO_RESULT(call) (void)(call)
#define SVE_NZCV_RESULT(call) sve_set_nzcv(s, call)
#define SVE_RD_RESULT(call) a64_set_r(s, true, (unsigned)a->rd, call)

#define SVE_ROW(row, format, name, ...)                                   \
    SVE_ROW_OF(row, format, name, ((void)0, ##__VA_ARGS__),                \
               SVE_NO_RESULT)
/* One that sets the flags; one whose result goes to Rd. */
#define SVE_ROW_S(row, format, name, ...)                                 \
    SVE_ROW_OF(row, format, name, ((void)0, ##__VA_ARGS__),                \
               SVE_NZCV_RESULT)
#define SVE_ROW_R(row, format, name, ...)                                 \
    SVE_ROW_OF(row, format, name, ((void)0, ##__VA_ARGS__),                \
               SVE_RD_RESULT)

/* The amount of a shift by an immediate. */
#define SVE_LEFT sve_scalar(s, &o, (uint64_t)a->imm)
#define SVE_RIGHT sve_scalar(s, &o, (uint64_t)((8 << a->esz) - a->imm))

#endif
