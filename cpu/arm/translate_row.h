/*
 * The function of a row outside of Advanced SIMD and FP (translate_simd.h):
 * TRANS(row, form of its fields, what it returns), in which `s` is the
 * translation and `a` the fields.
 */
#ifndef CPU_ARM_TRANSLATE_ROW_H
#define CPU_ARM_TRANSLATE_ROW_H

#include "cpu/arm/a64_trans.h"

#define TRANS(row, args, call)                                            \
    A64_ROW(row, args)                                                    \
    {                                                                     \
        (void)a;                                                          \
        return call;                                                      \
    }

#endif
