/* Between the template interpreter (disas.c) and the operand kinds. */
#ifndef CPU_ARM_DISAS_OPERAND_H
#define CPU_ARM_DISAS_OPERAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct a64_row;

enum { DISAS_ARGS = 6 };

struct disas {
    char *out;
    size_t size, len; /* len counts what did not fit, as snprintf */
    uint32_t insn;
    uint64_t pc;
    const struct a64_row *row;
    bool bad; /* an operand found a reserved value */
};

void disas_printf(struct disas *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The value of a field of the row, or 0 when it has none of the name. */
int disas_field(const struct disas *d, const char *name);

typedef void disas_operand_fn(struct disas *d, const int *a);

struct disas_kind {
    const char *kind;
    disas_operand_fn *fn;
};

/* SIMD&FP kinds, in disas_simd.c. */
extern const struct disas_kind disas_simd_kinds[];
extern const size_t disas_simd_nkinds;
extern const struct disas_kind disas_sve_kinds[];
extern const size_t disas_sve_nkinds;

/* A general register; 31 is the stack pointer or the zero register. */
void disas_reg(struct disas *d, int n, bool x, bool sp);

/* The printer of {kind ...} in a template, or NULL. */
disas_operand_fn *disas_operand_find(const char *kind, size_t len);

/* Operands of system instructions, in disas_system.c. */
disas_operand_fn disas_sys, disas_sysreg, disas_barrier, disas_barrier_xs,
    disas_prefetch;

#endif
