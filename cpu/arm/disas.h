/*
 * The decode tables as data: disassembly, and the rows for the random
 * instruction generator and the coverage list. Everything here is
 * constant and may be used from any thread.
 */
#ifndef CPU_ARM_DISAS_H
#define CPU_ARM_DISAS_H

#include <stddef.h>
#include <stdint.h>

#include "cpu/arm/features.h"

enum a64_row_state {
    A64_ROW_MISSING,     /* architected, not implemented: UNDEFINED here */
    A64_ROW_IMPLEMENTED,
    A64_ROW_UNDEFINED,   /* UNDEFINED by the architecture itself */
};

enum {
    A64_ROW_FEATS = 2, /* needed together; unused ones are FEAT_COUNT */
    A64_ROW_REJECTS = 8,
    A64_ROW_FIELDS = 12,
    A64_ROW_PIECES = 3,
    A64_TEXT_SIZE = 128, /* enough for any line a64_disas() writes */
};

/* Instruction bits pos+width-1..pos are bits lsb and up of the field. */
struct a64_piece {
    uint8_t pos, width, lsb, sign; /* width 0: none */
};

struct a64_field {
    const char *name;
    int fixed; /* constant part, ORed with the pieces */
    struct a64_piece piece[A64_ROW_PIECES];
};

/*
 * One encoding. A word belongs to it when (word & mask) == value and no
 * reject matches in the same way. should_value are the bits the manual
 * prints in parentheses: any value decodes, only this one is portable.
 */
struct a64_row {
    const char *name, *group, *format;
    uint32_t mask, value, should_mask, should_value;
    enum a64_row_state state;
    enum a64_feat feat[A64_ROW_FEATS];
    int nrejects;
    struct {
        uint32_t mask, value;
    } reject[A64_ROW_REJECTS];
    int nfields;
    struct a64_field field[A64_ROW_FIELDS];
};

const struct a64_row *a64_rows(size_t *count);

/* The first row `insn` belongs to, whatever its features, or NULL. */
const struct a64_row *a64_row_find(uint32_t insn);

int a64_field_value(const struct a64_field *field, uint32_t insn);

/*
 * Write one line of assembler for the word at `pc`, without newline; a
 * word no row matches gives ".inst 0x........". Returns the length, as
 * snprintf.
 */
int a64_disas(uint32_t insn, uint64_t pc, char *out, size_t size);

#endif
