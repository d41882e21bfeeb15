/*
 * The processor models: what `-cpu NAME` names, as one table of
 * identification registers.  All else (features, page sizes, address
 * widths) is derived from them.
 */
#ifndef CPU_ARM_MODELS_H
#define CPU_ARM_MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/arm/features.h"
#include "util/error.h"

/* The ID space op0 = 3, op1 = 0, CRn = 0 by [CRm][op2]; what is not
 * allocated reads as zero. */
#define ARM_ID_PFR0 id[1][0]
#define ARM_ID_PFR1 id[1][1]
#define ARM_ID_DFR0 id[1][2]
#define ARM_ID_MMFR0 id[1][4]
#define ARM_ID_MMFR1 id[1][5]
#define ARM_ID_MMFR2 id[1][6]
#define ARM_ID_MMFR3 id[1][7]
#define ARM_ID_ISAR0 id[2][0]
#define ARM_ID_ISAR1 id[2][1]
#define ARM_ID_ISAR2 id[2][2]
#define ARM_ID_ISAR3 id[2][3]
#define ARM_ID_ISAR4 id[2][4]
#define ARM_ID_ISAR5 id[2][5]
#define ARM_ID_MMFR4 id[2][6]
#define ARM_ID_ISAR6 id[2][7]
#define ARM_MVFR0 id[3][0]
#define ARM_MVFR1 id[3][1]
#define ARM_MVFR2 id[3][2]
#define ARM_ID_PFR2 id[3][4]
#define ARM_ID_AA64PFR0 id[4][0]
#define ARM_ID_AA64PFR1 id[4][1]
#define ARM_ID_AA64ZFR0 id[4][4]
#define ARM_ID_AA64DFR0 id[5][0]
#define ARM_ID_AA64ISAR0 id[6][0]
#define ARM_ID_AA64ISAR1 id[6][1]
#define ARM_ID_AA64ISAR2 id[6][2]
#define ARM_ID_AA64MMFR0 id[7][0]
#define ARM_ID_AA64MMFR1 id[7][1]
#define ARM_ID_AA64MMFR2 id[7][2]

/* Algorithms of pointer authentication. */
enum arm_pauth { ARM_PAUTH_NONE, ARM_PAUTH_QARMA5, ARM_PAUTH_QARMA3,
                 ARM_PAUTH_IMPDEF };

/* What properties have said of pointer authentication and SVE. */
struct arm_choice {
    unsigned pauth; /* a bit for each enum arm_pauth that is wanted */
    bool no_pauth, old_pauth; /* by default QARMA5, as before QEMU 10 */
    bool no_sve;
};

struct arm_model {
    const char *name;    /* set by arm_model_find() */
    const char *dt_compatible;
    bool is_cortex;      /* has the IMPLEMENTATION DEFINED registers of the
                            Cortex-A53/A57/A72 */
    uint32_t cntfrq;     /* of the generic timer, Hz */
    uint64_t midr, revidr;
    uint64_t ctr, dczid, clidr;
    uint64_t ccsidr[3];  /* level 1 data, level 1 instruction, level 2 */
    uint64_t id[8][8];
    struct arm_choice choice;
    /* Bit n: vectors of n + 1 times 128 bits; there are, have been asked for,
     * have been denied by properties. */
    uint8_t sve_lengths, sve_asked, sve_denied;
};

/* Name and description, for -cpu help. */
struct cpu_model_info {
    const char *name, *description;
};
const struct cpu_model_info *cpu_models(size_t *count);

/* Copy the model `name` with the properties ("pauth=off,..." or NULL)
 * applied into *model. */
bool arm_model_find(struct arm_model *model, const char *name,
                    const char *props, struct error **err);

/* What the ID registers say. */
void arm_model_features(const struct arm_model *model,
                        bool feature[A64_FEAT_COUNT]);
enum arm_pauth arm_model_pauth(const struct arm_model *model);
unsigned arm_model_pauth_level(const struct arm_model *model); /* pauth.h */
unsigned arm_model_pa_bits(const struct arm_model *model);
unsigned arm_model_page_sizes(const struct arm_model *model);

/* Field `shift`+3..`shift` of an ID register. */
static inline unsigned arm_id_field(uint64_t value, unsigned shift)
{
    return value >> shift & 15;
}

#endif
