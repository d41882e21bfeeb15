/* See sve.h. */
#include "cpu/arm/sve.h"

#include <string.h>

#include "cpu/arm/arm_cpu.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/models.h"

unsigned sve_max_bytes(unsigned lengths)
{
    unsigned n = SVE_LENGTHS;

    while (n > 1 && !(lengths >> (n - 1) & 1)) {
        n--;
    }
    return 16 * n;
}

/* ZCR_ELx.LEN asks for so much and gets the longest there is up to it. */
static unsigned length(const struct arm_cpu *cpu)
{
    unsigned longest = 16;

    for (unsigned el = arm_regime_el(cpu, cpu->el); el <= 3; el++) {
        unsigned asked = (cpu->sve.zcr[el] & 15) + 1;
        bool counts = el == 1 || (el == 2 && arm_el2_enabled(cpu)) ||
                      (el == 3 && cpu->has_el3);

        if (counts && asked < longest) {
            longest = asked;
        }
    }
    if (longest < SVE_LENGTHS) {
        unsigned some = cpu->model->sve_lengths & ((1u << longest) - 1);
        return sve_max_bytes(some);
    }
    return sve_max_bytes(cpu->model->sve_lengths);
}

/* Of what becomes inaccessible nothing is seen again. */
static void shorten(struct arm_sve *sve, unsigned vl)
{
    uint64_t seen = vl < 64 ? (UINT64_C(1) << vl) - 1 : UINT64_MAX;

    for (unsigned n = 0; n < 32; n++) {
        memset((uint8_t *)sve->high[n] + (vl - 16), 0, SVE_MAX_BYTES - vl);
    }
    for (unsigned n = 0; n < 16; n++) {
        sve->p[n] &= seen;
    }
    sve->ffr &= seen;
}

void sve_follow(struct arm_cpu *cpu)
{
    if (!cpu->feature[A64_FEAT_SVE]) {
        return;
    }
    unsigned vl = length(cpu);

    if (vl < cpu->sve.vl) {
        shorten(&cpu->sve, vl);
    }
    cpu->sve.vl = (uint8_t)vl;
}

void sve_reset(struct arm_cpu *cpu)
{
    memset(&cpu->sve, 0, sizeof(cpu->sve));
    cpu->sve.vl = 16;
    if (cpu->el < 3) { /* as firmware leaves them */
        cpu->cptr_el3 |= CPTR_EZ;
        cpu->sve.zcr[3] = 15;
    }
    if (cpu->el < 2) {
        cpu->cptr_el2 &= ~CPTR_TZ;
        cpu->sve.zcr[2] = 15;
    }
    sve_follow(cpu);
}
