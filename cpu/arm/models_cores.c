/*
 * Processors after the Cortex-A72, from their Technical Reference Manuals
 * (Cortex-A35 Arm 100236, A55 100442, A76 100798, A710 101800, Neoverse N1
 * 100616, N2 102099, V1 101427, Fujitsu's A64FX manual).  The rows say what
 * the parts have; arm_model_find() takes off what is not implemented here: of
 * the newer ones MTE, MPAM, AMU, statistical profiling, trace, nested
 * virtualization (FEAT_NV), Secure EL2.
 *
 * Not as the parts: the A64FX has cache lines of 256 bytes, here all have 64;
 * the Neoverse V1 and N2 have CTR_EL0.DIC, but here code that changes needs
 * its IC instructions; CTR_EL0.TminLine and CLIDR_EL1.Ttype, which are MTE's,
 * are 0; cache sizes are in the format without FEAT_CCIDX, which is taken off;
 * all have six event counters, the A710 has 20.
 */
#include "cpu/arm/models_cores.h"

#include "cpu/arm/timer.h"

/* Registers of AArch32: what all share from the Cortex-A55 on; then what those
 * of Armv8.2 do, but for two registers of the Cortex-A55; then the later. */
#define AARCH32_COMMON                                                  \
    .ARM_ID_MMFR0 = 0x10201105, .ARM_ID_MMFR1 = 0x40000000,             \
    .ARM_ID_MMFR2 = 0x01260000, .ARM_ID_MMFR3 = 0x02122211,             \
    .ARM_ID_ISAR0 = 0x02101110, .ARM_ID_ISAR1 = 0x13112111,             \
    .ARM_ID_ISAR2 = 0x21232042, .ARM_ID_ISAR3 = 0x01112131,             \
    .ARM_ID_PFR2 = 0x00000011, .ARM_MVFR0 = 0x10110222,                 \
    .ARM_MVFR1 = 0x13211111, .ARM_MVFR2 = 0x00000043

#define AARCH32_V8_2_BASE                                               \
    AARCH32_COMMON,                                                     \
    .ARM_ID_PFR0 = 0x10010131, .ARM_ID_DFR0 = 0x04010088,               \
    .ARM_ID_ISAR5 = 0x01011121, .ARM_ID_ISAR6 = 0x00000010,             \
    .ARM_ID_MMFR4 = 0x00021110

#define AARCH32_V8_2                                                    \
    AARCH32_V8_2_BASE,                                                  \
    .ARM_ID_PFR1 = 0x00010000, .ARM_ID_ISAR4 = 0x00010142

#define AARCH32_V8_4                                                    \
    AARCH32_COMMON,                                                     \
    .ARM_ID_PFR0 = 0x21110131, .ARM_ID_PFR1 = 0x00010000,               \
    .ARM_ID_ISAR4 = 0x00010142, .ARM_ID_ISAR5 = 0x11011121

const struct arm_model arm_cores[] = {
    [CORE_A35] = {
        .dt_compatible = "arm,cortex-a35", .is_cortex = true,
        .cntfrq = TIMER_HZ_BEFORE_8_6,
        .midr = 0x411fd040, .ctr = 0x84448004, .dczid = 4,
        .clidr = 0x0a200023,
        .ccsidr = {0x700fe01a, 0x201fe00a, 0x703fe03a},
        .ARM_ID_PFR0 = 0x00000131, .ARM_ID_PFR1 = 0x00011011,
        .ARM_ID_DFR0 = 0x03010066, .ARM_ID_MMFR0 = 0x10201105,
        .ARM_ID_MMFR1 = 0x40000000, .ARM_ID_MMFR2 = 0x01260000,
        .ARM_ID_MMFR3 = 0x02102211, .ARM_ID_ISAR0 = 0x02101110,
        .ARM_ID_ISAR1 = 0x13112111, .ARM_ID_ISAR2 = 0x21232042,
        .ARM_ID_ISAR3 = 0x01112131, .ARM_ID_ISAR4 = 0x00011142,
        .ARM_ID_ISAR5 = 0x00011121, .ARM_MVFR0 = 0x10110222,
        .ARM_MVFR1 = 0x12111111, .ARM_MVFR2 = 0x00000043,
        .ARM_ID_AA64PFR0 = 0x00000022, .ARM_ID_AA64DFR0 = 0x10305106,
        .ARM_ID_AA64ISAR0 = 0x00011120, .ARM_ID_AA64MMFR0 = 0x00101122,
    },
    [CORE_A55] = {
        .dt_compatible = "arm,cortex-a55", .cntfrq = TIMER_HZ_BEFORE_8_6,
        .midr = 0x412fd050, .ctr = 0x84448004, .dczid = 4,
        .clidr = 0x82000023,
        .ccsidr = {0x700fe01a, 0x200fe01a, 0x703fe07a},
        AARCH32_V8_2_BASE,
        .ARM_ID_PFR1 = 0x00011011, .ARM_ID_ISAR4 = 0x00011142,
        .ARM_ID_AA64PFR0 = 0x0000000010112222,
        .ARM_ID_AA64PFR1 = 0x0000000000000010,
        .ARM_ID_AA64DFR0 = 0x0000000010305408,
        .ARM_ID_AA64ISAR0 = 0x0000100010211120,
        .ARM_ID_AA64ISAR1 = 0x0000000000100001,
        .ARM_ID_AA64MMFR0 = 0x0000000000101122,
        .ARM_ID_AA64MMFR1 = 0x0000000010212122,
        .ARM_ID_AA64MMFR2 = 0x0000000000001011,
    },
    [CORE_A76] = {
        .dt_compatible = "arm,cortex-a76", .cntfrq = TIMER_HZ_BEFORE_8_6,
        .midr = 0x414fd0b1, .ctr = 0x8444c004, .dczid = 4,
        .clidr = 0x82000023,
        .ccsidr = {0x701fe01a, 0x201fe01a, 0x707fe03a},
        AARCH32_V8_2,
        .ARM_ID_AA64PFR0 = 0x1100000010111112,
        .ARM_ID_AA64PFR1 = 0x0000000000000010,
        .ARM_ID_AA64DFR0 = 0x0000000010305408,
        .ARM_ID_AA64ISAR0 = 0x0000100010211120,
        .ARM_ID_AA64ISAR1 = 0x0000000000100001,
        .ARM_ID_AA64MMFR0 = 0x0000000000101122,
        .ARM_ID_AA64MMFR1 = 0x0000000010212122,
        .ARM_ID_AA64MMFR2 = 0x0000000000001011,
    },
    [CORE_A710] = {
        .dt_compatible = "arm,cortex-a710", .cntfrq = TIMER_HZ_BEFORE_8_6,
        .midr = 0x412fd471, .ctr = 0x9444c004, .dczid = 4,
        .clidr = 0x82000023,
        .ccsidr = {0x701fe01a, 0x201fe01a, 0x707fe03a},
        AARCH32_V8_4,
        .ARM_ID_DFR0 = 0x16011099, .ARM_ID_MMFR4 = 0x21021110,
        .ARM_ID_ISAR6 = 0x01111111,
        .sve_lengths = 0x1,
        .ARM_ID_AA64PFR0 = 0x1201111120111112,
        .ARM_ID_AA64PFR1 = 0x0000000000000221,
        .ARM_ID_AA64ZFR0 = 0x0000110100110021,
        .ARM_ID_AA64DFR0 = 0x000011f010305619,
        .ARM_ID_AA64ISAR0 = 0x0221111110212120,
        .ARM_ID_AA64ISAR1 = 0x0010111101211052,
        .ARM_ID_AA64MMFR0 = 0x0000022200101122,
        .ARM_ID_AA64MMFR1 = 0x0000000010212122,
        .ARM_ID_AA64MMFR2 = 0x1221011110101011,
    },
    [CORE_A64FX] = {
        .dt_compatible = "arm,a64fx", .cntfrq = TIMER_HZ_BEFORE_8_6,
        .midr = 0x461f0010, .ctr = 0x84448004, .dczid = 4,
        .clidr = 0x80000023,
        .ccsidr = {0x7007e01c, 0x2007e01c, 0x70ffe07c},
        .sve_lengths = 0xb,
        .ARM_ID_AA64PFR0 = 0x0000000101111111,
        .ARM_ID_AA64DFR0 = 0x0000000010305408,
        .ARM_ID_AA64ISAR0 = 0x0000000010211120,
        .ARM_ID_AA64ISAR1 = 0x0000000000010001,
        .ARM_ID_AA64MMFR0 = 0x0000000000001122,
        .ARM_ID_AA64MMFR1 = 0x0000000011212100,
        .ARM_ID_AA64MMFR2 = 0x0000000000001011,
    },
    [CORE_N1] = {
        .dt_compatible = "arm,neoverse-n1", .cntfrq = TIMER_HZ_BEFORE_8_6,
        .midr = 0x414fd0c1, .ctr = 0x8444c004, .dczid = 4,
        .clidr = 0x82000023,
        .ccsidr = {0x701fe01a, 0x201fe01a, 0x70ffe03a},
        AARCH32_V8_2,
        .ARM_ID_AA64PFR0 = 0x1100000010111112,
        .ARM_ID_AA64PFR1 = 0x0000000000000020,
        .ARM_ID_AA64DFR0 = 0x0000000110305408,
        .ARM_ID_AA64ISAR0 = 0x0000100010211120,
        .ARM_ID_AA64ISAR1 = 0x0000000000100001,
        .ARM_ID_AA64MMFR0 = 0x0000000000101125,
        .ARM_ID_AA64MMFR1 = 0x0000000010212122,
        .ARM_ID_AA64MMFR2 = 0x0000000000001011,
    },
    [CORE_N2] = {
        .dt_compatible = "arm,neoverse-n2", .cntfrq = TIMER_HZ_BEFORE_8_6,
        .midr = 0x410fd493, .ctr = 0x9444c004, .dczid = 4,
        .clidr = 0x82000023,
        .ccsidr = {0x701fe01a, 0x201fe01a, 0x70ffe03a},
        AARCH32_V8_4,
        .ARM_ID_DFR0 = 0x16011099, .ARM_ID_MMFR4 = 0x01021110,
        .ARM_ID_ISAR6 = 0x01111111,
        .sve_lengths = 0x1,
        .ARM_ID_AA64PFR0 = 0x1201111120111112,
        .ARM_ID_AA64PFR1 = 0x0000000000000221,
        .ARM_ID_AA64ZFR0 = 0x0000110100110021,
        .ARM_ID_AA64DFR0 = 0x000011f210305619,
        .ARM_ID_AA64ISAR0 = 0x1221111110212120,
        .ARM_ID_AA64ISAR1 = 0x0011111101211052,
        .ARM_ID_AA64MMFR0 = 0x0000022200101125,
        .ARM_ID_AA64MMFR1 = 0x0000000010212122,
        .ARM_ID_AA64MMFR2 = 0x1221011112101011,
    },
    [CORE_V1] = {
        .dt_compatible = "arm,neoverse-v1", .cntfrq = TIMER_HZ_BEFORE_8_6,
        .midr = 0x411fd402, .ctr = 0x9444c004, .dczid = 4,
        .clidr = 0x82000023,
        .ccsidr = {0x701fe01a, 0x201fe01a, 0x70ffe03a},
        AARCH32_V8_4,
        .ARM_ID_DFR0 = 0x15011099, .ARM_ID_MMFR4 = 0x01021110,
        .ARM_ID_ISAR6 = 0x01100111,
        .sve_lengths = 0x3,
        .ARM_ID_AA64PFR0 = 0x1101110120111112,
        .ARM_ID_AA64PFR1 = 0x0000000000000020,
        .ARM_ID_AA64ZFR0 = 0x0000100000100000,
        .ARM_ID_AA64DFR0 = 0x000001f210305519,
        .ARM_ID_AA64ISAR0 = 0x1011111110212120,
        .ARM_ID_AA64ISAR1 = 0x0011100001211032,
        .ARM_ID_AA64MMFR0 = 0x0000000000101125,
        .ARM_ID_AA64MMFR1 = 0x0000000010212122,
        .ARM_ID_AA64MMFR2 = 0x0220011102101011,
    },
};
