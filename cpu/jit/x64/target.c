/*
 * CPUID.
 */
#include "cpu/jit/x64/target.h"

#include <cpuid.h>

static uint64_t xgetbv(void)
{
    uint32_t lo, hi;

    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (uint64_t)hi << 32 | lo;
}

bool target_detect(struct x64_features *f)
{
    unsigned a, b, c, d;
    uint64_t enabled = 0; /* register state that the kernel saves */

    *f = (struct x64_features){ 0 };
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !(c & 1)) {
        return false;
    }
    f->lzcnt = c & bit_LZCNT;
    __get_cpuid(1, &a, &b, &c, &d);
    if (!(c & bit_SSE4_2) || !(c & bit_CMPXCHG16B)) {
        return false;
    }
    if (c & bit_OSXSAVE) {
        enabled = xgetbv();
    }
    f->popcnt = c & bit_POPCNT;
    f->avx = (c & bit_AVX) && (enabled & 6) == 6;
    f->fma = f->avx && (c & bit_FMA);
    f->f16c = f->avx && (c & bit_F16C);
    f->aes = c & bit_AES;
    f->pclmul = c & bit_PCLMUL;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        f->bmi1 = f->avx && (b & bit_BMI);
        f->bmi2 = f->avx && (b & bit_BMI2);
        f->avx2 = f->avx && (b & bit_AVX2);
        f->avx512vl = f->avx && (b & bit_AVX512VL) &&
                      (b & bit_AVX512BW) && (b & bit_AVX512DQ) &&
                      (enabled & 0xe6) == 0xe6;
        f->gfni = f->avx && (c & bit_GFNI);
        f->bitalg = f->avx512vl && (c & bit_AVX512BITALG);
    }
    return true;
}
