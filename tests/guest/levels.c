/*
 * Exception levels EL2, EL1 and EL0: traps to EL2 with their syndromes,
 * calls, routing by HCR_EL2.TGE, virtual interrupts, illegal returns.
 *
 * run: -M virt,virtualization=on -cpu cortex-a72 -smp 2
 * run: -M virt,virtualization=on,gic-version=3 -cpu cortex-a53 -smp 2
 * armature: -M virt,virtualization=on -cpu cortex-a72 -smp 2 -accel interp
 */
#include "tests/guest/lib/level.h"

#define HCR_RW (1ull << 31)
#define HVC(imm) (0xd4000002u | (imm) << 5)
#define SMC(imm) (0xd4000003u | (imm) << 5)
#define SVC(imm) (0xd4000001u | (imm) << 5)
#define BRK(imm) (0xd4200000u | (imm) << 5)
#define WFI 0xd503207fu
#define WFE 0xd503205fu
#define NOP 0xd503201fu
#define FMOV_D0 0x9e670060u /* FMOV D0, X3 */
#define SYS(op1, crn, crm, op2) LEVEL_SYS(0, 1, op1, crn, crm, op2)

enum control { NONE, HCR, CPTR, MDCR };

static void set_control(enum control control, uint64_t bits)
{
    sysreg_write(hcr_el2, HCR_RW | (control == HCR ? bits : 0));
    sysreg_write(cptr_el2, 0x33ff | (control == CPTR ? bits : 0));
    sysreg_write(mdcr_el2, control == MDCR ? bits : 0);
    barrier_isb();
}

static const struct row {
    const char *what;
    enum control control;
    uint64_t bits;
    uint32_t spsr, insn;
} rows[] = {
    {"nop at EL1", NONE, 0, LEVEL_EL1, NOP},
    {"nop at EL0", NONE, 0, LEVEL_EL0, NOP},
    {"svc of EL1", NONE, 0, LEVEL_EL1, SVC(7)},
    {"svc of EL0", NONE, 0, LEVEL_EL0, SVC(7)},
    {"svc of EL2", NONE, 0, LEVEL_EL2, SVC(9)},
    {"hvc of EL1", NONE, 0, LEVEL_EL1, HVC(0x1234)},
    {"hvc of EL2", NONE, 0, LEVEL_EL2, HVC(0x4321)},
    {"hvc of EL0", NONE, 0, LEVEL_EL0, HVC(1)},
    {"smc of EL1, TSC", HCR, 1 << 19, LEVEL_EL1, SMC(5)},
    {"smc of EL0, TSC", HCR, 1 << 19, LEVEL_EL0, SMC(5)},
    {"svc of EL0, TGE", HCR, 1 << 27, LEVEL_EL0, SVC(7)},
    {"undefined of EL0, TGE", HCR, 1 << 27, LEVEL_EL0, 0},
    {"undefined of EL0", NONE, 0, LEVEL_EL0, 0},
    {"undefined of EL1", NONE, 0, LEVEL_EL1, 0},
    {"hcr_el2 of EL1", NONE, 0, LEVEL_EL1, LEVEL_MRS(3, 4, 1, 1, 0)},
    {"sp_el1 of EL1", NONE, 0, LEVEL_EL1, LEVEL_MRS(3, 4, 4, 1, 0)},
    {"ttbr0_el12 of EL2", NONE, 0, LEVEL_EL2, LEVEL_MRS(3, 5, 2, 0, 0)},
    {"scr_el3 of EL2", NONE, 0, LEVEL_EL2, LEVEL_MRS(3, 6, 1, 1, 0)},
    {"brk of EL1", NONE, 0, LEVEL_EL1, BRK(3)},
    {"brk of EL1, TDE", MDCR, 1 << 8, LEVEL_EL1, BRK(3)},
    {"brk of EL0, TDE", MDCR, 1 << 8, LEVEL_EL0, BRK(3)},
    {"brk of EL2", NONE, 0, LEVEL_EL2, BRK(4)},
    {"wfi of EL1, TWI", HCR, 1 << 13, LEVEL_EL1, WFI},
    {"wfe of EL1, TWE", HCR, 1 << 14, LEVEL_EL1, WFE},
    {"read of contextidr, TRVM", HCR, 1 << 30, LEVEL_EL1,
     LEVEL_MRS(3, 0, 13, 0, 1)},
    {"write of contextidr, TRVM", HCR, 1 << 30, LEVEL_EL1,
     LEVEL_MSR(3, 0, 13, 0, 1)},
    {"write of contextidr, TVM", HCR, 1 << 26, LEVEL_EL1,
     LEVEL_MSR(3, 0, 13, 0, 1)},
    {"read of contextidr, TVM", HCR, 1 << 26, LEVEL_EL1,
     LEVEL_MRS(3, 0, 13, 0, 1)},
    {"sctlr, TRVM", HCR, 1 << 30, LEVEL_EL1, LEVEL_MRS(3, 0, 1, 0, 0)},
    {"sctlr of EL2, TRVM", HCR, 1 << 30, LEVEL_EL2,
     LEVEL_MRS(3, 0, 1, 0, 0)},
    {"actlr, TACR", HCR, 1 << 21, LEVEL_EL1, LEVEL_MRS(3, 0, 1, 0, 1)},
    {"revidr, TID1", HCR, 1 << 16, LEVEL_EL1, LEVEL_MRS(3, 0, 0, 0, 6)},
    {"aidr, TID1", HCR, 1 << 16, LEVEL_EL1, LEVEL_MRS(3, 1, 0, 0, 7)},
    {"ccsidr, TID2", HCR, 1 << 17, LEVEL_EL1, LEVEL_MRS(3, 1, 0, 0, 0)},
    {"csselr, TID2", HCR, 1 << 17, LEVEL_EL1, LEVEL_MSR(3, 2, 0, 0, 0)},
    {"ctr, TID2", HCR, 1 << 17, LEVEL_EL1, LEVEL_MRS(3, 3, 0, 0, 1)},
    {"aa64pfr0, TID3", HCR, 1 << 18, LEVEL_EL1, LEVEL_MRS(3, 0, 0, 4, 0)},
    {"reserved ID, TID3", HCR, 1 << 18, LEVEL_EL1,
     LEVEL_MRS(3, 0, 0, 7, 7)},
    {"mpidr, TID3", HCR, 1 << 18, LEVEL_EL1, LEVEL_MRS(3, 0, 0, 0, 5)},
    {"tlbi vmalle1, TTLB", HCR, 1 << 25, LEVEL_EL1, SYS(0, 8, 7, 0)},
    {"dc isw, TSW", HCR, 1 << 22, LEVEL_EL1, SYS(0, 7, 6, 2)},
    {"dc civac, TPC", HCR, 1 << 23, LEVEL_EL1, SYS(3, 7, 14, 1)},
    {"ic iallu, TPU", HCR, 1 << 24, LEVEL_EL1, SYS(0, 7, 5, 0)},
    {"ic ivau, TPU", HCR, 1 << 24, LEVEL_EL1, SYS(3, 7, 5, 1)},
    {"dc cvau, TPU", HCR, 1 << 24, LEVEL_EL1, SYS(3, 7, 11, 1)},
    {"dc zva, TDZ", HCR, 1 << 28, LEVEL_EL1, SYS(3, 7, 4, 1)},
    {"fp of EL1, TFP", CPTR, 1 << 10, LEVEL_EL1, FMOV_D0},
    {"fp of EL2, TFP", CPTR, 1 << 10, LEVEL_EL2, FMOV_D0},
    {"fp of EL0, TFP", CPTR, 1 << 10, LEVEL_EL0, FMOV_D0},
    {"fpcr of EL1, TFP", CPTR, 1 << 10, LEVEL_EL1, LEVEL_MRS(3, 3, 4, 4, 0)},
    {"cpacr, TCPAC", CPTR, 1u << 31, LEVEL_EL1, LEVEL_MRS(3, 0, 1, 0, 2)},
    {"cptr_el2 of EL2, TCPAC", CPTR, 1u << 31, LEVEL_EL2,
     LEVEL_MRS(3, 4, 1, 1, 2)},
    {"mdscr, TDA", MDCR, 0xe00, LEVEL_EL1, LEVEL_MRS(2, 0, 0, 2, 2)},
    {"oslar, TDOSA", MDCR, 1 << 10, LEVEL_EL1, LEVEL_MSR(2, 0, 1, 0, 4)},
    {"mdrar, TDRA", MDCR, 1 << 11, LEVEL_EL1, LEVEL_MRS(2, 0, 1, 0, 0)},
    {"pmccntr, TPM", MDCR, 1 << 6, LEVEL_EL1, LEVEL_MRS(3, 3, 9, 13, 0)},
};

static void test_traps(void)
{
    test_part("traps and calls");
    sysreg_write(cpacr_el1, 3 << 20);
    for (unsigned n = 0; n < ARRAY_SIZE(rows); n++) {
        set_control(rows[n].control, rows[n].bits);
        level_try(rows[n].what, rows[n].spsr, rows[n].insn);
    }
    set_control(NONE, 0);
}

/* FP is off at EL1 first, then at EL2. */
static void test_fp(void)
{
    test_part("FP");
    sysreg_write(cpacr_el1, 0);
    set_control(CPTR, 1 << 10);
    level_try("off at both", LEVEL_EL1, FMOV_D0);
    set_control(NONE, 0);
    level_try("off at EL1", LEVEL_EL1, FMOV_D0);
    level_try("off at EL1, of EL2", LEVEL_EL2, FMOV_D0);
    sysreg_write(cpacr_el1, 1 << 20);
    level_try("off at EL0, of EL1", LEVEL_EL1, FMOV_D0);
    level_try("off at EL0, of EL0", LEVEL_EL0, FMOV_D0);
}

static void test_identity(void)
{
    test_part("VPIDR and VMPIDR");
    sysreg_write(vpidr_el2, 0x12345678);
    sysreg_write(vmpidr_el2, 0x80000042);
    test_true("EL2 sees its own MIDR",
              sysreg_read(midr_el1) != 0x12345678);
    test_true("EL2 sees its own MPIDR",
              sysreg_read(mpidr_el1) == 0x80000001);
}

/* At EL1, left by HVC. */
void read_dczid(void);
extern uint64_t dczid_seen;
uint64_t dczid_seen;

__asm__(".balign 4\n"
        "read_dczid:\n"
        "    mrs x3, dczid_el0\n"
        "    adrp x4, dczid_seen\n"
        "    str x3, [x4, :lo12:dczid_seen]\n"
        "    hvc #0");

static void test_dczid(void)
{
    test_part("DCZID_EL0.DZP");
    level_enter(LEVEL_EL1, (uint64_t)read_dczid);
    test_equal("at EL1", dczid_seen >> 4, 0);
    set_control(HCR, 1 << 28);
    level_enter(LEVEL_EL1, (uint64_t)read_dczid);
    test_equal("at EL1, TDZ", dczid_seen >> 4, 1);
    test_equal("at EL2, TDZ", sysreg_read(dczid_el0) >> 4, 0);
    set_control(NONE, 0);
}

/* HCR_EL2.VI, VF and VSE, with IMO, FMO and AMO. */
static void test_virtual(void)
{
    const uint32_t masked = LEVEL_EL1, open = LEVEL_EL1 & ~0x1c0u;
    const uint64_t on = 7 << 3;

    test_part("virtual interrupts");
    set_control(HCR, on | 1 << 7);
    level_try("VI, masked", masked, NOP);
    level_try("VI", open, NOP);
    level_try("VI at EL0", LEVEL_EL0 & ~0x1c0u, NOP);
    level_try("VI at EL2", LEVEL_EL2 & ~0x1c0u, NOP);
    level_try("ISR at EL2", LEVEL_EL2, LEVEL_MRS(3, 0, 12, 1, 0));
    set_control(HCR, 1 << 7);
    level_try("VI without IMO", open, NOP);
    set_control(HCR, on | 1 << 6);
    level_try("VF", open, NOP);
    set_control(HCR, on | 1 << 6 | 1 << 7);
    level_try("VF masked, VI", open | 0x40, NOP);
    set_control(HCR, on | 1 << 8);
    level_try("VSE", open, NOP);
    test_equal("  is taken once", sysreg_read(hcr_el2) >> 8 & 1, 0);
    set_control(HCR, 1 << 27 | 1 << 7);
    level_try("VI with TGE", LEVEL_EL0 & ~0x1c0u, NOP);
    set_control(NONE, 0);
}

static void test_returns(void)
{
    static const struct {
        const char *what;
        uint32_t spsr;
        uint64_t hcr;
    } bad[] = {
        {"to EL3", 0x3cd, 0},
        {"to EL0h", 0x3c1, 0},
        {"to EL1, reserved M[1]", 0x3c6, 0},
        {"to EL1 with TGE", LEVEL_EL1, 1 << 27},
        {"with IL", LEVEL_EL1 | 1 << 20, 0},
    };

    test_part("illegal returns");
    for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
        set_control(HCR, bad[n].hcr);
        level_try(bad[n].what, bad[n].spsr, NOP);
    }
    set_control(NONE, 0);
}

void level_main(void)
{
    test_traps();
    test_fp();
    test_identity();
    test_dczid();
    test_virtual();
    test_returns();
    level_done();
}

void test_main(void)
{
    level_run();
}
