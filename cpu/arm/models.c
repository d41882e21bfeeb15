/*
 * The models; values from the parts' Technical Reference Manuals (Arm DDI
 * 0500 Cortex-A53, DDI 0488 Cortex-A57, 100095 Cortex-A72; later ones in
 * models_cores.c).  Two things
 * differ from the parts: AArch32 is not implemented, so that
 * ID_AA64PFR0_EL1 says AArch64 only at each exception level, and the
 * exception levels the board leaves out are left out there (system.c).
 */
#include "cpu/arm/models.h"

#include <stdio.h>
#include <string.h>

#include "cpu/arm/models_cores.h"
#include "cpu/arm/sve.h"
#include "cpu/arm/timer.h"
#include "util/bits.h"
#include "util/keyval.h"
#include "util/nearest.h"

enum { MODEL_A53, MODEL_A57, MODEL_A72, MODEL_MAX };

static const struct cpu_model_info names[] = {
    {"a64fx", "Armv8.2, 48-bit physical addresses, SVE"},
    {"cortex-a35", "Armv8.0, 40-bit physical addresses"},
    {"cortex-a53", "Armv8.0, 40-bit physical addresses"},
    {"cortex-a55", "Armv8.2, 40-bit physical addresses"},
    {"cortex-a57", "Armv8.0, 44-bit physical addresses"},
    {"cortex-a710", "Armv9.0, 40-bit physical addresses, SVE"},
    {"cortex-a72", "Armv8.0, 44-bit physical addresses"},
    {"cortex-a76", "Armv8.2, 40-bit physical addresses"},
    {"max", "all that is implemented: SVE2, LSE, pointer authentication, "
            "BTI, FP16, crypto ..."},
    {"neoverse-n1", "Armv8.2, 48-bit physical addresses"},
    {"neoverse-n2", "Armv9.0, 48-bit physical addresses, SVE"},
    {"neoverse-v1", "Armv8.4, 48-bit physical addresses, SVE"},
};

/* What is the same in the three parts; all but the first is AArch32's. */
#define CORTEX_COMMON                                                   \
    .cntfrq = TIMER_HZ_BEFORE_8_6,                                      \
    .ARM_ID_PFR0 = 0x00000131, .ARM_ID_PFR1 = 0x00011011,               \
    .ARM_ID_DFR0 = 0x03010066, .ARM_ID_MMFR0 = 0x10201105,              \
    .ARM_ID_MMFR1 = 0x40000000, .ARM_ID_MMFR2 = 0x01260000,             \
    .ARM_ID_MMFR3 = 0x02102211, .ARM_ID_ISAR0 = 0x02101110,             \
    .ARM_ID_ISAR1 = 0x13112111, .ARM_ID_ISAR2 = 0x21232042,             \
    .ARM_ID_ISAR3 = 0x01112131, .ARM_ID_ISAR4 = 0x00011142,             \
    .ARM_ID_ISAR5 = 0x00011121, .ARM_MVFR0 = 0x10110222,                \
    .ARM_MVFR1 = 0x12111111, .ARM_MVFR2 = 0x00000043

/* What `max` has of SVE: F64MM F32MM I8MM SM4 SHA3 BF16 BitPerm AES SVE2. */
#define MAX_ZFR0 UINT64_C(0x0110110100110021)

static const struct arm_model models[] = {
    [MODEL_A53] = {
        .dt_compatible = "arm,cortex-a53", .is_cortex = true,
        .midr = 0x410fd034, .ctr = 0x84448004, .dczid = 4,
        .clidr = 0x0a200023,
        .ccsidr = {0x700fe01a, 0x201fe00a, 0x707fe07a},
        CORTEX_COMMON,
        .ARM_ID_AA64PFR0 = 0x00000011, .ARM_ID_AA64DFR0 = 0x10305106,
        .ARM_ID_AA64ISAR0 = 0x00011120, .ARM_ID_AA64MMFR0 = 0x00001122,
    },
    [MODEL_A57] = {
        .dt_compatible = "arm,cortex-a57", .is_cortex = true,
        .midr = 0x411fd070, .ctr = 0x8444c004, .dczid = 4,
        .clidr = 0x0a200023,
        .ccsidr = {0x701fe00a, 0x201fe012, 0x70ffe07a},
        CORTEX_COMMON,
        .ARM_ID_AA64PFR0 = 0x00000011, .ARM_ID_AA64DFR0 = 0x10305106,
        .ARM_ID_AA64ISAR0 = 0x00011120, .ARM_ID_AA64MMFR0 = 0x00001124,
    },
    [MODEL_A72] = {
        .dt_compatible = "arm,cortex-a72", .is_cortex = true,
        .midr = 0x410fd083, .ctr = 0x8444c004, .dczid = 4,
        .clidr = 0x0a200023,
        .ccsidr = {0x701fe00a, 0x201fe012, 0x707fe07a},
        CORTEX_COMMON,
        .ARM_ID_AA64PFR0 = 0x00000011, .ARM_ID_AA64DFR0 = 0x10305106,
        .ARM_ID_AA64ISAR0 = 0x00011120, .ARM_ID_AA64MMFR0 = 0x00001124,
    },
    [MODEL_MAX] = {
        /* Implementer 0, reserved for software, as QEMU's.  CTR_EL0.IDC:
         * data caches need no cleaning for instructions to be seen. */
        .dt_compatible = "arm,armv8", .cntfrq = TIMER_HZ,
        .midr = 0x000f0510, .ctr = 0x9444c004, .dczid = 4,
        .clidr = 0x0a200023,
        .ccsidr = {0x701fe00a, 0x201fe012, 0x70ffe07a},
        /* CSV3 CSV2 DIT - SVE RAS - AdvSIMD FP EL1 EL0 */
        .ARM_ID_AA64PFR0 = 0x1201000110110011, .ARM_ID_AA64ZFR0 = MAX_ZFR0,
        .ARM_ID_AA64PFR1 = 0x0000000000000021, /* SSBS BT */
        .ARM_ID_AA64DFR0 = 0x0000000010305608, /* PMUv3p5, Debugv8p2 */
        /* RNDR TLB TS FHM DP SM4 SM3 SHA3 RDM - Atomic CRC32 SHA2 SHA1 AES */
        .ARM_ID_AA64ISAR0 = 0x1221111110212120,
        /* I8MM DGH BF16 SPECRES SB FRINTTS GPI GPA LRCPC FCMA JSCVT API APA,
         * DPB; the algorithm by the properties. */
        .ARM_ID_AA64ISAR1 = 0x0011111110211102,
        /* ECV, 52 bits in all granules of both stages */
        .ARM_ID_AA64MMFR0 = 0x1000032310201126,
        .ARM_ID_AA64ISAR2 = 0x0010000000110002, /* CSSC BC MOPS WFxT */
        /* ETS XNX PAN LO HPDS VH VMIDBits HAFDBS */
        .ARM_ID_AA64MMFR1 = 0x0000001010312122,
        /* E0PD BBM TTL FWB IDS AT ST VARange IESB UAO CnP */
        .ARM_ID_AA64MMFR2 = 0x1021011110011011,
        .sve_lengths = 0xf,
    },
};

/* ORDER names */
static const struct arm_model *const rows[ARRAY_SIZE(names)] = {
    &arm_cores[CORE_A64FX], &arm_cores[CORE_A35], &models[MODEL_A53],
    &arm_cores[CORE_A55], &models[MODEL_A57], &arm_cores[CORE_A710],
    &models[MODEL_A72], &arm_cores[CORE_A76], &models[MODEL_MAX],
    &arm_cores[CORE_N1], &arm_cores[CORE_N2], &arm_cores[CORE_V1],
};

const struct cpu_model_info *cpu_models(size_t *count)
{
    *count = ARRAY_SIZE(names);
    return names;
}

/* -- what the ID registers say ------------------------------------------- */

/* A feature is there when the field is at least `least`. */
static const struct {
    enum a64_feat feat;
    uint8_t crm, op2, shift, least;
} feature_fields[] = {
    {A64_FEAT_AES, 6, 0, 4, 1},     {A64_FEAT_PMULL, 6, 0, 4, 2},
    {A64_FEAT_SHA1, 6, 0, 8, 1},    {A64_FEAT_SHA256, 6, 0, 12, 1},
    {A64_FEAT_SHA512, 6, 0, 12, 2}, {A64_FEAT_CRC32, 6, 0, 16, 1},
    {A64_FEAT_LSE, 6, 0, 20, 2},    {A64_FEAT_RDM, 6, 0, 28, 1},
    {A64_FEAT_SHA3, 6, 0, 32, 1},   {A64_FEAT_SM3, 6, 0, 36, 1},
    {A64_FEAT_SM4, 6, 0, 40, 1},    {A64_FEAT_DOTPROD, 6, 0, 44, 1},
    {A64_FEAT_FHM, 6, 0, 48, 1},    {A64_FEAT_FLAGM, 6, 0, 52, 1},
    {A64_FEAT_FLAGM2, 6, 0, 52, 2}, {A64_FEAT_JSCVT, 6, 1, 12, 1},
    {A64_FEAT_FCMA, 6, 1, 16, 1},
    {A64_FEAT_LRCPC, 6, 1, 20, 1},  {A64_FEAT_LRCPC2, 6, 1, 20, 2},
    {A64_FEAT_FRINT, 6, 1, 32, 1},  {A64_FEAT_SB, 6, 1, 36, 1},
    {A64_FEAT_BF16, 6, 1, 44, 1},   {A64_FEAT_DGH, 6, 1, 48, 1},
    {A64_FEAT_I8MM, 6, 1, 52, 1},   {A64_FEAT_XS, 6, 1, 56, 1},
    {A64_FEAT_LS64, 6, 1, 60, 1},   {A64_FEAT_WFXT, 6, 2, 0, 2},
    {A64_FEAT_MOPS, 6, 2, 16, 1},   {A64_FEAT_HBC, 6, 2, 20, 1},
    {A64_FEAT_CLRBHB, 6, 2, 28, 1}, {A64_FEAT_CSSC, 6, 2, 52, 1},
    {A64_FEAT_FP16, 4, 0, 16, 1},   {A64_FEAT_RAS, 4, 0, 28, 1},
    {A64_FEAT_SVE, 4, 0, 32, 1},    {A64_FEAT_DIT, 4, 0, 48, 1},
    {A64_FEAT_BTI, 4, 1, 0, 1},     {A64_FEAT_SSBS, 4, 1, 4, 1},
    {A64_FEAT_SSBS2, 4, 1, 4, 2},
    {A64_FEAT_MTE, 4, 1, 8, 1},     {A64_FEAT_SME, 4, 1, 24, 1},
    {A64_FEAT_NMI, 4, 1, 36, 1},    {A64_FEAT_LOR, 7, 1, 16, 1},
    {A64_FEAT_LSE2, 7, 2, 32, 1},
    {A64_FEAT_PAN, 7, 1, 20, 1},    {A64_FEAT_UAO, 7, 2, 4, 1},
    {A64_FEAT_RNG, 6, 0, 60, 1},    {A64_FEAT_ECV, 7, 0, 60, 1},
    {A64_FEAT_IDST, 7, 2, 36, 1},   {A64_FEAT_SCXTNUM, 4, 0, 56, 2},
    {A64_FEAT_SPECRES, 6, 1, 40, 1},
    {A64_FEAT_SVE2, 4, 4, 0, 1},    {A64_FEAT_SVE_AES, 4, 4, 4, 2},
    {A64_FEAT_SVE_BITPERM, 4, 4, 16, 1},
    {A64_FEAT_SVE_SHA3, 4, 4, 32, 1}, {A64_FEAT_SVE_SM4, 4, 4, 40, 1},
    {A64_FEAT_SVE_F32MM, 4, 4, 52, 1}, {A64_FEAT_SVE_F64MM, 4, 4, 56, 1},
};

void arm_model_features(const struct arm_model *model,
                        bool feature[A64_FEAT_COUNT])
{
    memset(feature, 0, A64_FEAT_COUNT * sizeof(feature[0]));
    for (size_t i = 0; i < ARRAY_SIZE(feature_fields); i++) {
        uint64_t value = model->id[feature_fields[i].crm]
                                  [feature_fields[i].op2];

        feature[feature_fields[i].feat] =
            arm_id_field(value, feature_fields[i].shift) >=
            feature_fields[i].least;
    }
    feature[A64_FEAT_PAUTH] = arm_model_pauth(model) != ARM_PAUTH_NONE;
}

/* -- pointer authentication ---------------------------------------------- */

/* Where each algorithm is named: for addresses, and for PACGA. */
static const struct {
    uint8_t op2, shift, generic_shift;
} pauth_fields[] = {
    [ARM_PAUTH_QARMA5] = {1, 4, 24},
    [ARM_PAUTH_QARMA3] = {2, 12, 8},
    [ARM_PAUTH_IMPDEF] = {1, 8, 28},
};

enum arm_pauth arm_model_pauth(const struct arm_model *model)
{
    for (unsigned kind = ARM_PAUTH_QARMA5; kind <= ARM_PAUTH_IMPDEF;
         kind++) {
        if (arm_id_field(model->id[6][pauth_fields[kind].op2],
                         pauth_fields[kind].shift)) {
            return kind;
        }
    }
    return ARM_PAUTH_NONE;
}

unsigned arm_model_pauth_level(const struct arm_model *model)
{
    enum arm_pauth kind = arm_model_pauth(model);

    return kind == ARM_PAUTH_NONE
               ? 0 : arm_id_field(model->id[6][pauth_fields[kind].op2],
                                  pauth_fields[kind].shift);
}

/* The same level with another algorithm, or none. */
static void set_pauth(struct arm_model *model, enum arm_pauth kind)
{
    uint64_t level = arm_model_pauth_level(model);

    model->ARM_ID_AA64ISAR1 &= ~UINT64_C(0xff000ff0);
    model->ARM_ID_AA64ISAR2 &= ~UINT64_C(0xff00);
    if (kind != ARM_PAUTH_NONE) {
        model->id[6][pauth_fields[kind].op2] |=
            level << pauth_fields[kind].shift |
            UINT64_C(1) << pauth_fields[kind].generic_shift;
    }
}

unsigned arm_model_pa_bits(const struct arm_model *model)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52};
    unsigned range = arm_id_field(model->ARM_ID_AA64MMFR0, 0);

    return bits[range < ARRAY_SIZE(bits) ? range : ARRAY_SIZE(bits) - 1];
}

/* TGran4 and TGran64 count 15 as "no", TGran16 0. */
unsigned arm_model_page_sizes(const struct arm_model *model)
{
    uint64_t mmfr0 = model->ARM_ID_AA64MMFR0;

    return (arm_id_field(mmfr0, 28) != 15 ? 0x1000 : 0) |
           (arm_id_field(mmfr0, 20) != 0 ? 0x4000 : 0) |
           (arm_id_field(mmfr0, 24) != 15 ? 0x10000 : 0);
}

/* -- properties ---------------------------------------------------------- */

static bool is_max(const struct arm_model *model)
{
    return strcmp(model->name, "max") == 0;
}

static void set_pauth_on(struct arm_model *model, bool on)
{
    model->choice.no_pauth = !on;
}

static void name_pauth(struct arm_model *model, enum arm_pauth kind, bool on)
{
    unsigned bit = 1u << kind;

    model->choice.pauth = on ? model->choice.pauth | bit
                             : model->choice.pauth & ~bit;
}

static void set_pauth_qarma5(struct arm_model *model, bool on)
{
    name_pauth(model, ARM_PAUTH_QARMA5, on);
}

static void set_pauth_qarma3(struct arm_model *model, bool on)
{
    name_pauth(model, ARM_PAUTH_QARMA3, on);
}

static void set_old_pauth(struct arm_model *model, bool on)
{
    model->choice.old_pauth = on;
}

static void set_pauth_impdef(struct arm_model *model, bool on)
{
    name_pauth(model, ARM_PAUTH_IMPDEF, on);
    if (!on) {
        set_old_pauth(model, true);
    }
}

/* After all properties, for a model that lets them choose. */
static bool choose_pauth(struct arm_model *model, struct error **err)
{
    unsigned named = model->choice.pauth;

    if (named & (named - 1)) {
        error_set(err, "-cpu %s: more than one algorithm of pointer "
                       "authentication (pauth-NAME=on); keep one",
                  model->name);
        return false;
    }
    if (model->choice.no_pauth) {
        if (named) {
            error_set(err, "-cpu %s: pauth=off and an algorithm "
                           "(pauth-NAME=on); leave one of them out",
                      model->name);
            return false;
        }
        set_pauth(model, ARM_PAUTH_NONE);
    } else if (named) {
        set_pauth(model, (enum arm_pauth)__builtin_ctz(named));
    } else if (model->choice.old_pauth && is_max(model)) {
        set_pauth(model, ARM_PAUTH_QARMA5);
    }
    return true;
}

static void set_pmu(struct arm_model *model, bool on)
{
    if (!on) {
        model->ARM_ID_AA64DFR0 &= ~(UINT64_C(0xf) << 8);
    }
}

static void set_backcompat_cntfrq(struct arm_model *model, bool on)
{
    if (on) {
        model->cntfrq = TIMER_HZ_BEFORE_8_6;
    }
}

/* TGran16, TGran4 and theirs of stage 2. */
static void set_lpa2(struct arm_model *model, bool on)
{
    if (!on) {
        model->ARM_ID_AA64MMFR0 &= ~UINT64_C(0xf0ff0f00000);
        model->ARM_ID_AA64MMFR0 |= UINT64_C(0x20200100000);
    }
}

/* As in QEMU before 8.1. */
static void set_lse2(struct arm_model *model, bool on)
{
    if (!on) {
        model->ARM_ID_AA64MMFR2 &= ~(UINT64_C(0xf) << 32);
    }
}

static void set_nothing(struct arm_model *model, bool on)
{
    (void)model, (void)on;
}

static bool set_cntfrq(struct arm_model *model, const char *value,
                       struct error **err)
{
    uint64_t hz;

    if (!parse_uint(value, &hz) || hz < 1 || hz > TIMER_HZ) {
        error_set(err, "-cpu %s,cntfrq=%s: 1 to %d Hz expected", model->name,
                  value, TIMER_HZ);
        return false;
    }
    model->cntfrq = (uint32_t)hz;
    return true;
}

/* In units of 128 bits. */
static bool set_sve_max(struct arm_model *model, const char *value,
                        struct error **err)
{
    uint64_t most;

    if (!parse_uint(value, &most) || most < 1 || most > SVE_MAX_BYTES / 16) {
        error_set(err, "-cpu %s,sve-max-vq=%s: 1 to %d expected, vectors of "
                       "128 to %d bits", model->name, value,
                  SVE_MAX_BYTES / 16, 8 * SVE_MAX_BYTES);
        return false;
    }
    model->sve_lengths &= (uint8_t)((1u << most) - 1);
    return true;
}

static bool set_aarch64(struct arm_model *model, const char *value,
                        struct error **err)
{
    bool on;

    if (!parse_bool(value, &on) || !on) {
        error_set(err, "-cpu %s,aarch64=%s: there is no AArch32 to use "
                       "instead; leave it out", model->name, value);
        return false;
    }
    return true;
}

static void set_sve(struct arm_model *model, bool on)
{
    model->choice.no_sve = !on;
}

static bool has_pauth(const struct arm_model *model)
{
    return arm_model_pauth(model) != ARM_PAUTH_NONE;
}

static bool has_sve(const struct arm_model *model)
{
    return is_max(model) || arm_id_field(model->ARM_ID_AA64PFR0, 32);
}

static const struct property {
    const char *name;
    bool (*of)(const struct arm_model *model); /* NULL: of all models */
    void (*set)(struct arm_model *model, bool on);
    const char *missing; /* what is not there to be switched on */
    /* Instead of set(): takes another value than on and off. */
    bool (*parse)(struct arm_model *model, const char *value,
                  struct error **err);
} properties[] = {
    {"pauth", has_pauth, set_pauth_on, NULL, NULL},
    {"pauth-impdef", has_pauth, set_pauth_impdef, NULL, NULL},
    {"pauth-qarma3", has_pauth, set_pauth_qarma3, NULL, NULL},
    {"pauth-qarma5", has_pauth, set_pauth_qarma5, NULL, NULL},
    {"backcompat-pauth-default-use-qarma5", NULL, set_old_pauth, NULL, NULL},
    {"pmu", NULL, set_pmu, NULL, NULL},
    {"backcompat-cntfrq", NULL, set_backcompat_cntfrq, NULL, NULL},
    {"cntfrq", NULL, NULL, NULL, set_cntfrq},
    {"aarch64", NULL, NULL, NULL, set_aarch64},
    {"sve", has_sve, set_sve, NULL, NULL},
    {"sve-max-vq", is_max, NULL, NULL, set_sve_max},
    {"sme", is_max, set_nothing, "SME", NULL},
    {"lpa2", is_max, set_lpa2, NULL, NULL},
    {"lse2", is_max, set_lse2, NULL, NULL},
    {"cfgend", NULL, set_nothing, NULL, NULL},
};

/* Bits in the name of "sve256"; 0 when it is no such property. */
static unsigned vector_bits(const char *name)
{
    uint64_t bits;

    return strncmp(name, "sve", 3) == 0 && parse_uint(name + 3, &bits) &&
                   bits >= 128 && bits <= 2048 && bits % 128 == 0
               ? (unsigned)bits
               : 0;
}

static bool set_length(struct arm_model *model, unsigned bits, bool on,
                       struct error **err)
{
    if (bits > 8 * SVE_MAX_BYTES) {
        if (on) {
            error_set(err, "-cpu %s,sve%u=on: vectors have %u bits at most",
                      model->name, bits, 8 * SVE_MAX_BYTES);
        }
        return !on;
    }
    uint8_t bit = (uint8_t)(1 << (bits / 128 - 1));

    model->sve_asked = (uint8_t)((model->sve_asked & ~bit) | (on ? bit : 0));
    model->sve_denied = (uint8_t)((model->sve_denied & ~bit) |
                                  (on ? 0 : bit));
    return true;
}

/* Shorter powers of two come with every length; of the others those
 * that are asked for, or all where nothing is. */
static bool settle_lengths(struct arm_model *model, struct error **err)
{
    unsigned asked = model->sve_asked, denied = model->sve_denied;
    unsigned have = asked ? asked : model->sve_lengths & ~denied;
    unsigned max = sve_max_bytes(have) / 16;

    if (model->choice.no_sve) {
        model->ARM_ID_AA64PFR0 &= ~(UINT64_C(0xf) << 32);
        model->ARM_ID_AA64ZFR0 = 0;
    }
    if (!arm_id_field(model->ARM_ID_AA64PFR0, 32)) {
        if (asked) {
            error_set(err, "-cpu %s: sve%u=on without SVE; add sve=on",
                      model->name, 128 * max);
        }
        return !asked;
    }
    for (unsigned n = 1; n <= max; n *= 2) {
        if (!(denied >> (n - 1) & 1)) {
            have |= asked ? 1u << (n - 1) : 0;
        } else if (asked || n == 1) {
            error_set(err, "-cpu %s,sve%u=off: all powers of two up to the "
                      "longest vector, %u bits, must be on", model->name,
                      128 * n, 128 * max);
            return false;
        } else {
            have &= (1u << (n - 1)) - 1;
        }
    }
    if (have & ~(unsigned)model->sve_lengths) {
        error_set(err, "-cpu %s: no vectors of %u bits", model->name,
                  128 * max);
        return false;
    }
    model->sve_lengths = (uint8_t)have;
    return true;
}

static const struct property *find_property(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
        if (strcmp(properties[i].name, name) == 0) {
            return &properties[i];
        }
    }
    /* sve128, sme256, ...: vector lengths. */
    if (vector_bits(name)) {
        return find_property("sve");
    }
    if (strncmp(name, "sme", 3) == 0 && name[3] &&
        name[3 + strspn(name + 3, "0123456789")] == '\0') {
        return find_property("sme");
    }
    return NULL;
}

static bool apply(struct arm_model *model, const char *name,
                  const char *value, struct error **err)
{
    const struct property *p = find_property(name);
    bool on;

    if (!p || (p->of && !p->of(model))) {
        const char *near = nearest_in_table(name, &properties[0].name,
                                            ARRAY_SIZE(properties),
                                            sizeof(properties[0]));
        if (p || !near) {
            error_set(err, "-cpu %s: no property '%s'", model->name, name);
        } else {
            error_set(err, "-cpu %s: no property '%s'; did you mean '%s'?",
                      model->name, name, near);
        }
        return false;
    }
    if (p->parse) {
        return p->parse(model, value, err);
    }
    if (!parse_bool(value, &on)) {
        error_set(err, "-cpu %s,%s=%s: 'on' or 'off' expected", model->name,
                  name, value);
        return false;
    }
    if (vector_bits(name)) {
        return set_length(model, vector_bits(name), on, err);
    }
    if (p->missing && on && is_max(model)) {
        error_report("warning: -cpu %s,%s=on: there is no %s here, ignored",
                     model->name, name, p->missing);
    }
    p->set(model, on);
    return true;
}

/* "help" among the properties: an error that names them. */
static void name_properties(const struct arm_model *model,
                            struct error **err)
{
    char names[512] = "";

    for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
        const struct property *p = &properties[i];

        if (!p->of || p->of(model)) {
            size_t used = strlen(names);

            snprintf(names + used, sizeof(names) - used, " %s", p->name);
        }
    }
    error_set(err, "-cpu %s: properties, NAME=VALUE each:%s", model->name,
              names);
}

static bool apply_all(struct arm_model *model, const char *props,
                      struct error **err)
{
    const char *key, *value;
    bool good = true;
    struct keyval *kv = keyval_parse(props, NULL, err);

    if (!kv) {
        error_prepend(err, "-cpu %s", model->name);
        return false;
    }
    if (keyval_help(kv)) {
        name_properties(model, err);
        good = false;
    }
    for (size_t n = 0; good && keyval_pair(kv, n, &key, &value); n++) {
        good = apply(model, key, value, err);
    }
    keyval_free(kv);
    return good;
}

/* -- what is covered ------------------------------------------------------ */

/* Registers whose fields count up from "not there", but those of pointer
 * authentication: no model says more than `max` has. */
static const struct {
    uint8_t crm, op2;
    uint64_t fields;
} covered[] = {
    {4, 0, UINT64_C(0xfffffffff0ffffff)}, {4, 1, UINT64_MAX},
    {4, 4, UINT64_MAX},
    {5, 0, UINT64_MAX}, {6, 0, UINT64_MAX},
    {6, 1, UINT64_C(0xffffffff00fff00f)},
    {6, 2, UINT64_C(0xffffffffffff00ff)},
    {7, 1, UINT64_MAX}, {7, 2, UINT64_MAX},
};

static uint64_t lesser_fields(uint64_t value, uint64_t most, uint64_t fields)
{
    uint64_t out = value & ~fields;

    for (unsigned shift = 0; shift < 64; shift += 4) {
        uint64_t a = arm_id_field(value & fields, shift);
        uint64_t b = arm_id_field(most & fields, shift);

        out |= (a < b ? a : b) << shift;
    }
    return out;
}

static void cover(struct arm_model *model)
{
    const struct arm_model *max = &models[MODEL_MAX];

    for (size_t i = 0; i < ARRAY_SIZE(covered); i++) {
        unsigned crm = covered[i].crm, op2 = covered[i].op2;

        model->id[crm][op2] = lesser_fields(model->id[crm][op2],
                                            max->id[crm][op2],
                                            covered[i].fields);
    }
}

static bool find(struct arm_model *model, const struct arm_model *row,
                 const char *name, const char *props, struct error **err)
{
    *model = *row;
    model->name = name;
    if (props && *props && !apply_all(model, props, err)) {
        return false;
    }
    if (has_pauth(model) && !choose_pauth(model, err)) {
        return false;
    }
    if (row != &models[MODEL_MAX]) {
        cover(model);
    }
    return settle_lengths(model, err);
}

bool arm_model_find(struct arm_model *model, const char *name,
                    const char *props, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i].name, name) == 0) {
            return find(model, rows[i], names[i].name, props, err);
        }
    }
    error_set(err, "-cpu %s: no such model ('-cpu help' lists them)", name);
    return false;
}
