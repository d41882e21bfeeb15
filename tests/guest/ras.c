/*
 * RAS without error records: virtual SErrors with a syndrome, deferred by
 * ESB; SCXTNUM_ELx; restrictions of speculation.  At EL2, and below it.
 *
 * run: -M virt,virtualization=on -cpu max -smp 2
 * run: -M virt,virtualization=on,gic-version=3 -cpu max -smp 2
 * armature: -M virt,virtualization=on -cpu max -smp 2 -accel interp
 */
#include "tests/guest/lib/level.h"

#define HCR_AMO (1ull << 5)
#define HCR_VSE (1ull << 8)
#define HCR_RW (1ull << 31)
#define HCR_TERR (1ull << 36)
#define HCR_ENSCXT (1ull << 53)
#define NOP 0xd503201fu
#define ESB 0xd503221fu
#define DISR LEVEL_MRS(3, 0, 12, 1, 1)
#define ERRIDR LEVEL_MRS(3, 0, 5, 3, 0)
#define SCXTNUM_EL1 LEVEL_MRS(3, 0, 13, 0, 7)
#define SCXTNUM_EL0 LEVEL_MRS(3, 3, 13, 0, 7)
#define CFP_RCTX LEVEL_SYS(0, 1, 3, 7, 3, 4)
#define VSESR_EL2 s3_4_c5_c2_3
#define VDISR_EL2 s3_4_c12_c1_1
#define A_MASKED (1u << 8)

static void set(uint64_t hcr)
{
    sysreg_write(hcr_el2, HCR_RW | hcr);
    barrier_isb();
}

static void try(const char *what, uint64_t hcr, uint32_t spsr, uint32_t insn)
{
    sysreg_write(VDISR_EL2, 0);
    set(hcr);
    level_try(what, spsr, insn);
    print("  VSE %lu, VDISR_EL2 %08lx\n", sysreg_read(hcr_el2) >> 8 & 1,
          sysreg_read(VDISR_EL2));
    set(0);
}

void level_main(void)
{
    const uint64_t virtual = HCR_AMO | HCR_VSE;

    test_part("virtual SErrors");
    sysreg_write(VSESR_EL2, 0x1abcdef);
    try("taken", virtual, LEVEL_EL1 & ~A_MASKED, NOP);
    try("masked", virtual, LEVEL_EL1, NOP);
    try("deferred", virtual, LEVEL_EL1, ESB);
    try("none", HCR_AMO, LEVEL_EL1, ESB);
    try("ESB at EL0", virtual, LEVEL_EL0, ESB);
    test_part("registers");
    try("DISR_EL1", HCR_AMO, LEVEL_EL1, DISR);
    try("ERRIDR_EL1", 0, LEVEL_EL1, ERRIDR);
    try("ERRIDR_EL1, TERR", HCR_TERR, LEVEL_EL1, ERRIDR);
    try("SCXTNUM_EL1", 0, LEVEL_EL1, SCXTNUM_EL1);
    try("SCXTNUM_EL1, EnSCXT", HCR_ENSCXT, LEVEL_EL1, SCXTNUM_EL1);
    try("SCXTNUM_EL0 of EL0", 0, LEVEL_EL0, SCXTNUM_EL0);
    try("SCXTNUM_EL0 of EL0, EnSCXT", HCR_ENSCXT, LEVEL_EL0, SCXTNUM_EL0);
    sysreg_write(sctlr_el1, sysreg_read(sctlr_el1) | 1u << 20);
    try("SCXTNUM_EL0 of EL0, TSCXT", HCR_ENSCXT, LEVEL_EL0, SCXTNUM_EL0);
    test_part("speculation");
    try("CFP RCTX of EL0", 0, LEVEL_EL0, CFP_RCTX);
    sysreg_write(sctlr_el1, sysreg_read(sctlr_el1) | 1u << 10);
    try("CFP RCTX of EL0, EnRCTX", 0, LEVEL_EL0, CFP_RCTX);
    level_done();
}

void test_main(void)
{
    level_run();
}
