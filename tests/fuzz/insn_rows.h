/* Which rows of the decode tables random instructions are made of. */
#ifndef TESTS_FUZZ_INSN_ROWS_H
#define TESTS_FUZZ_INSN_ROWS_H

#include <stdbool.h>
#include <string.h>

#include "cpu/arm/disas.h"
#include "util/bits.h"

/* QEMU 7.2 sign-extends the result to 32 bits. */
static inline bool is_fixed_point_half(const struct a64_row *row)
{
    return !strcmp(row->name, "FCVTZS_sx") && (row->value & 0x00600000) == 0;
}

/* Keys differ from process to process; QEMU 7.2 has not the others. */
static inline bool feature_suits(enum a64_feat f)
{
    return f != A64_FEAT_PAUTH && f != A64_FEAT_CSSC && f != A64_FEAT_HBC &&
           f != A64_FEAT_MOPS && f != A64_FEAT_WFXT;
}

/* Of el1_words, which has words that are not implemented, too. */
static inline bool row_suits_el1(const struct a64_row *row)
{
    return row->state != A64_ROW_MISSING && !is_fixed_point_half(row) &&
           feature_suits(row->feat[0]) && feature_suits(row->feat[1]);
}

static inline bool row_suits(const struct a64_row *row)
{
    /* Not for user mode, not for straight-line code, or without a defined
     * common result. */
    static const char *const unsuitable[] = {
        "SVC", "HVC", "SMC", "BRK", "HLT", "WFE", "WFI", "SYS", "SYSL",
        "ERET", "MSR_i_SPSEL", "MSR_i_DAIFSET", "MSR_i_DAIFCLR",
        "MSR_i_UAO", "MSR_i_PAN", "LDTR", "STTR", "LDTRS",
    };

    if (row->state != A64_ROW_IMPLEMENTED || is_fixed_point_half(row)) {
        return false;
    }
    for (unsigned n = 0; n < ARRAY_SIZE(unsuitable); n++) {
        if (!strcmp(row->name, unsuitable[n])) {
            return false;
        }
    }
    return feature_suits(row->feat[0]) && feature_suits(row->feat[1]);
}

#endif
