/*
 * HCR_EL2.E2H and TGE: EL1's names at EL2, *_EL12 and *_EL02 names, CPTR_EL2
 * in its other shape, EL0 of the host, pointer authentication traps.
 *
 * run: -M virt,virtualization=on -cpu max -smp 2
 * run: -M virt,virtualization=on,gic-version=3 -cpu max -smp 2
 * armature: -M virt,virtualization=on -cpu max -smp 2 -accel interp
 */
#include "tests/guest/lib/level.h"

#define HCR_RW (1ull << 31)
#define HCR_E2H (1ull << 34)
#define HCR_TGE (1ull << 27)
#define HCR_APK (1ull << 40)
#define HCR_API (1ull << 41)
#define SVC(imm) (0xd4000001u | (imm) << 5)
#define BRK(imm) (0xd4200000u | (imm) << 5)
#define NOP 0xd503201fu
#define PAN (1u << 22)
#define FMOV_D0 0x9e670060u
#define PACGA 0x9ac33063u /* PACGA X3, X3, X3 */
#define LDTR 0xf8400863u  /* LDTR X3, [X3] */

static void set_hcr(uint64_t bits)
{
    sysreg_write(hcr_el2, HCR_RW | HCR_APK | HCR_API | bits);
    barrier_isb();
}

#define PAIR(name, el1, el2, el12, mask)                                    \
    do {                                                                    \
        const uint64_t at1_ = 0x1111111111111111ull & (mask);               \
        const uint64_t at2_ = 0x2222222222222222ull & (mask);               \
        set_hcr(0);                                                         \
        uint64_t old1_ = sysreg_read(el1), old2_ = sysreg_read(el2);        \
        sysreg_write(el1, at1_);                                            \
        set_hcr(HCR_E2H);                                                   \
        sysreg_write(el1, at2_);                                            \
        barrier_isb();                                                      \
        test_equal(name " names EL2's", sysreg_read(el2), at2_);            \
        test_equal(name "2 names EL1's", sysreg_read(el12), at1_);          \
        sysreg_write(el12, old1_);                                          \
        set_hcr(0);                                                         \
        test_equal(name " is EL1's again", sysreg_read(el1), old1_);        \
        sysreg_write(el2, old2_);                                           \
    } while (0)

static void test_names(void)
{
    test_part("names");
    PAIR("TTBR0_EL1", s3_0_c2_c0_0, s3_4_c2_c0_0, s3_5_c2_c0_0, ~1ull);
    PAIR("TTBR1_EL1", s3_0_c2_c0_1, s3_4_c2_c0_1, s3_5_c2_c0_1, ~1ull);
    PAIR("SPSR_EL1", s3_0_c4_c0_0, s3_4_c4_c0_0, s3_5_c4_c0_0, 0xf00003c0);
    PAIR("ELR_EL1", s3_0_c4_c0_1, s3_4_c4_c0_1, s3_5_c4_c0_1, ~0ull);
    PAIR("AFSR0_EL1", s3_0_c5_c1_0, s3_4_c5_c1_0, s3_5_c5_c1_0, 0);
    PAIR("ESR_EL1", s3_0_c5_c2_0, s3_4_c5_c2_0, s3_5_c5_c2_0, 0xffffffff);
    PAIR("FAR_EL1", s3_0_c6_c0_0, s3_4_c6_c0_0, s3_5_c6_c0_0, ~0ull);
    PAIR("MAIR_EL1", s3_0_c10_c2_0, s3_4_c10_c2_0, s3_5_c10_c2_0, ~0ull);
    PAIR("CONTEXTIDR_EL1", s3_0_c13_c0_1, s3_4_c13_c0_1, s3_5_c13_c0_1,
         0xffffffff);
    PAIR("CNTV_CVAL_EL0", s3_3_c14_c3_2, s3_4_c14_c3_2, s3_5_c14_c3_2,
         ~0ull);
    PAIR("CNTP_CVAL_EL0", s3_3_c14_c2_2, s3_4_c14_c2_2, s3_5_c14_c2_2,
         ~0ull);
}

/* At EL2 without E2H they are UNDEFINED, which QEMU 7.2 does not know. */
static void test_not_there(void)
{
    test_part("names that are not there");
    set_hcr(0);
    level_try("elr_el12 of EL1", LEVEL_EL1, LEVEL_MRS(3, 5, 4, 0, 1));
    set_hcr(HCR_E2H);
    level_try("elr_el12 of EL1, E2H", LEVEL_EL1, LEVEL_MRS(3, 5, 4, 0, 1));
    level_try("vbar_el12 of EL2, E2H", LEVEL_EL2,
              LEVEL_MRS(3, 5, 12, 0, 0));
    level_try("no such _el12, E2H", LEVEL_EL2, LEVEL_MRS(3, 5, 12, 0, 1));
}

/* CPTR_EL2.FPEN at bits 21 and 20. */
static void test_fp(void)
{
    test_part("CPTR_EL2 with E2H");
    for (unsigned fpen = 0; fpen < 4; fpen++) {
        set_hcr(HCR_E2H);
        sysreg_write(s3_5_c1_c0_2, 3 << 20); /* CPACR_EL12 */
        sysreg_write(cptr_el2, fpen << 20);
        barrier_isb();
        print("FPEN %u\n", fpen);
        level_try("FP of EL2", LEVEL_EL2, FMOV_D0);
        level_try("FP of EL1", LEVEL_EL1, FMOV_D0);
        set_hcr(HCR_E2H | HCR_TGE);
        level_try("FP of EL0, host", LEVEL_EL0, FMOV_D0);
    }
    set_hcr(HCR_E2H);
    sysreg_write(cptr_el2, 3 << 20);
    sysreg_write(s3_5_c1_c0_2, 0);
    barrier_isb();
    level_try("CPACR off, FP of EL1", LEVEL_EL1, FMOV_D0);
    set_hcr(HCR_E2H | HCR_TGE);
    level_try("CPACR off, FP of EL0, host", LEVEL_EL0, FMOV_D0);
    set_hcr(0);
    sysreg_write(cptr_el2, 0x33ff);
}

static void test_host(void)
{
    test_part("EL0 of the host");
    set_hcr(HCR_E2H | HCR_TGE);
    level_try("svc", LEVEL_EL0, SVC(3));
    level_try("brk", LEVEL_EL0, BRK(3));
    level_try("undefined", LEVEL_EL0, 0);
    level_try("nop", LEVEL_EL0, NOP);
    level_try("return to EL1", LEVEL_EL1 | PAN, NOP);
    level_try("ctr_el0", LEVEL_EL0, LEVEL_MRS(3, 3, 0, 0, 1));
    sysreg_write(cnthctl_el2, 0);
    barrier_isb();
    level_try("cntvct_el0", LEVEL_EL0, LEVEL_MRS(3, 3, 14, 0, 2));
    level_try("cntp_ctl_el0", LEVEL_EL0, LEVEL_MRS(3, 3, 14, 2, 1));
    sysreg_write(cnthctl_el2, 0xf03);
    barrier_isb();
    level_try("cntvct_el0, enabled", LEVEL_EL0, LEVEL_MRS(3, 3, 14, 0, 2));
    level_try("cntp_ctl_el0, enabled", LEVEL_EL0,
              LEVEL_MRS(3, 3, 14, 2, 1));
    set_hcr(0);
    sysreg_write(cnthctl_el2, 3);
}

static void test_pauth(void)
{
    test_part("pointer authentication");
    level_try("pacga of EL1", LEVEL_EL1, PACGA);
    sysreg_write(hcr_el2, HCR_RW);
    barrier_isb();
    level_try("pacga of EL1, API clear", LEVEL_EL1, PACGA);
    level_try("pacga of EL2, API clear", LEVEL_EL2, PACGA);
    level_try("apiakeylo of EL1, APK clear", LEVEL_EL1,
              LEVEL_MRS(3, 0, 2, 1, 0));
    set_hcr(0);
}

void level_main(void)
{
    test_not_there();
    test_names();
    test_fp();
    test_host();
    test_pauth();
    level_done();
}

void test_main(void)
{
    level_run();
}
