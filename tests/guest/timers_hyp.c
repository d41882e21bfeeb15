/*
 * Timers of EL2: the physical one, the virtual one of a host (VHE), the
 * offset of the guest's counter, what CNTHCTL_EL2 traps in both of its
 * shapes, and the names that HCR_EL2.E2H redirects.
 *
 * run: -M virt-7.2,virtualization=on,gic-version=3 -cpu max -smp 2
 * armature: -M virt-7.2,virtualization=on,gic-version=2 -cpu max -smp 2
 * armature: -M virt,virtualization=on -cpu max -smp 2 -accel interp
 */
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/io.h"
#include "pc-bios/guest/timer.h"
#include "tests/guest/lib/level.h"

#define CNTHV_TVAL_EL2 S3_4_C14_C3_0
#define CNTHV_CTL_EL2 S3_4_C14_C3_1
#define CNTHV_CVAL_EL2 S3_4_C14_C3_2
#define CNTP_CTL_EL02 S3_5_C14_C2_1
#define CNTP_CVAL_EL02 S3_5_C14_C2_2
#define CNTV_CVAL_EL02 S3_5_C14_C3_2
#define CNTKCTL_EL12 S3_5_C14_C1_0

#define HCR_RW (1ull << 31)
#define HCR_IMO (1ull << 4)
#define HCR_TGE (1ull << 27)
#define HCR_E2H (1ull << 34)
enum { ENABLE = 1, IMASK = 2, ISTATUS = 4 };
enum { HYP = 26, VIRTUAL = 27, SPURIOUS = 1023 };

static void set_hcr(uint64_t bits)
{
    sysreg_write(hcr_el2, HCR_RW | bits);
    barrier_isb();
}

static void set_cnthctl(uint64_t bits)
{
    sysreg_write(cnthctl_el2, bits);
    barrier_isb();
}

/* The next interrupt, which is ended; by its number. */
static unsigned next_interrupt(void)
{
    uint64_t end = test_deadline();
    uint32_t ack = SPURIOUS;

    while (ack == SPURIOUS && timer_now() < end) {
        ack = gic_acknowledge();
    }
    return ack;
}

#define TIMER(ctl, cval, tval)                                            \
    ({                                                                    \
        icc_write(cval, sysreg_read(cntpct_el0) + timer_hz());            \
        icc_write(ctl, ENABLE);                                           \
        barrier_isb();                                                    \
        test_equal("running", icc_read(ctl), ENABLE);                     \
        icc_write(tval, 1000);                                            \
        barrier_isb();                                                    \
        test_true("set by its distance",                                  \
                  icc_read(cval) - sysreg_read(cntpct_el0) + timer_hz() < \
                      2 * timer_hz());                                    \
        for (uint64_t end = test_deadline();                              \
             !(icc_read(ctl) & ISTATUS) && timer_now() < end;) {          \
        }                                                                 \
        test_equal("condition", icc_read(ctl), ENABLE | ISTATUS);         \
        icc_write(ctl, 0);                                                \
        barrier_isb();                                                    \
    })


static void test_timers(void)
{
    test_part("physical timer of EL2");
    TIMER(cnthp_ctl_el2, cnthp_cval_el2, cnthp_tval_el2);
    gic_enable(HYP);
    sysreg_write(cnthp_cval_el2, sysreg_read(cntpct_el0) + timer_hz());
    sysreg_write(cnthp_ctl_el2, ENABLE);
    barrier_isb();
    test_equal("no interrupt yet", gic_acknowledge(), SPURIOUS);
    sysreg_write(cnthp_tval_el2, 1000);
    barrier_isb();
    test_equal("interrupt", next_interrupt(), HYP);
    sysreg_write(cnthp_ctl_el2, ENABLE | IMASK);
    barrier_isb();
    gic_end(HYP);
    test_equal("masked", gic_acknowledge(), SPURIOUS);
    sysreg_write(cnthp_ctl_el2, 0);
    /* Its interrupt, 28, is not connected in QEMU 7.2. */
    test_part("virtual timer of EL2");
    TIMER(CNTHV_CTL_EL2, CNTHV_CVAL_EL2, CNTHV_TVAL_EL2);
}

/* The guest's counter is behind by CNTVOFF_EL2; the host's is not. */
static void test_offset(void)
{
    const uint64_t hour = 3600 * timer_hz();
    uint64_t behind;

    test_part("offset");
    sysreg_write(cntvoff_el2, hour);
    barrier_isb();
    behind = sysreg_read(cntpct_el0) - sysreg_read(cntvct_el0);
    test_true("EL2", behind <= hour && behind > hour - timer_hz());
    set_hcr(HCR_E2H);
    test_true("EL2 with E2H", sysreg_read(cntpct_el0) -
                                  sysreg_read(cntvct_el0) + timer_hz() <=
                              timer_hz() + 1000);
    set_hcr(0);
    /* The guest's virtual timer goes by its counter. */
    sysreg_write(cntv_cval_el0, sysreg_read(cntvct_el0) + timer_hz());
    sysreg_write(cntv_ctl_el0, ENABLE);
    barrier_isb();
    test_equal("not met", sysreg_read(cntv_ctl_el0), ENABLE);
    sysreg_write(cntvoff_el2, hour - 2 * timer_hz());
    barrier_isb();
    test_equal("met by a change of the offset", sysreg_read(cntv_ctl_el0),
               ENABLE | ISTATUS);
    gic_enable(VIRTUAL);
    test_equal("interrupt", next_interrupt(), VIRTUAL);
    sysreg_write(cntvoff_el2, hour);
    barrier_isb();
    gic_end(VIRTUAL);
    test_equal("gone with the offset", gic_acknowledge(), SPURIOUS);
    sysreg_write(cntv_ctl_el0, 0);
    sysreg_write(cntvoff_el2, 0);
    barrier_isb();
}

/* MRS X3, CNTPCT_EL0, CNTVCT_EL0, CNTP_CTL_EL0 and CNTV_CTL_EL0. */
#define CNTPCT LEVEL_MRS(3, 3, 14, 0, 1)
#define CNTVCT LEVEL_MRS(3, 3, 14, 0, 2)
#define CNTP_CTL LEVEL_MRS(3, 3, 14, 2, 1)
#define CNTV_CTL LEVEL_MRS(3, 3, 14, 3, 1)

static void test_traps(void)
{
    static const struct {
        const char *what;
        uint64_t hcr, cnthctl, cntkctl;
        uint32_t spsr, insn;
    } rows[] = {
        {"counter", 0, 1, 0, LEVEL_EL1, CNTPCT},
        {"counter, not EL1PCTEN", 0, 2, 0, LEVEL_EL1, CNTPCT},
        {"timer", 0, 2, 0, LEVEL_EL1, CNTP_CTL},
        {"timer, not EL1PCEN", 0, 1, 0, LEVEL_EL1, CNTP_CTL},
        {"virtual counter", 0, 0, 0, LEVEL_EL1, CNTVCT},
        {"virtual timer", 0, 0, 0, LEVEL_EL1, CNTV_CTL},
        {"EL0, counter, by EL1", 0, 0, 0, LEVEL_EL0, CNTPCT},
        {"EL0, counter, by EL2", 0, 0, 3, LEVEL_EL0, CNTPCT},
        {"EL0, counter", 0, 3, 3, LEVEL_EL0, CNTPCT},
        {"EL0, timer, by EL1", 0, 3, 0, LEVEL_EL0, CNTP_CTL},
        {"EL0, timer, by EL2", 0, 1, 0x200, LEVEL_EL0, CNTP_CTL},
        {"EL0, counter, TGE", HCR_TGE, 3, 0, LEVEL_EL0, CNTPCT},
        {"E2H, counter", HCR_E2H, 1 << 10, 0, LEVEL_EL1, CNTPCT},
        {"E2H, counter, not EL1PCTEN", HCR_E2H, 3, 0, LEVEL_EL1, CNTPCT},
        {"E2H, timer", HCR_E2H, 1 << 11, 0, LEVEL_EL1, CNTP_CTL},
        {"E2H, timer, not EL1PTEN", HCR_E2H, 3, 0, LEVEL_EL1, CNTP_CTL},
        {"E2H, EL0, timer, not EL1PTEN", HCR_E2H, 0, 0x200, LEVEL_EL0,
         CNTP_CTL},
        {"host, counter", HCR_E2H | HCR_TGE, 1, 0, LEVEL_EL0, CNTPCT},
        {"host, counter, not EL0PCTEN", HCR_E2H | HCR_TGE, 0xc00, 3,
         LEVEL_EL0, CNTPCT},
        {"host, virtual timer", HCR_E2H | HCR_TGE, 1 << 8, 0, LEVEL_EL0,
         CNTV_CTL},
        {"host, virtual timer, not EL0VTEN", HCR_E2H | HCR_TGE, 1 << 9, 0,
         LEVEL_EL0, CNTV_CTL},
        {"frequency of EL1", 0, 0, 0, LEVEL_EL1, LEVEL_MSR(3, 3, 14, 0, 0)},
        {"secure timer of EL1", 0, 0, 0, LEVEL_EL1,
         LEVEL_MRS(3, 7, 14, 2, 1)},
        {"EL2's timer of EL1", 0, 0, 0, LEVEL_EL1, LEVEL_MRS(3, 4, 14, 2, 1)},
    };

    test_part("traps");
    for (unsigned n = 0; n < ARRAY_SIZE(rows); n++) {
        sysreg_write(cntkctl_el1, rows[n].cntkctl);
        set_hcr(rows[n].hcr);
        set_cnthctl(rows[n].cnthctl);
        level_try(rows[n].what, rows[n].spsr, rows[n].insn);
        set_hcr(0); /* else CNTKCTL_EL1 is another register */
    }
}

/* With E2H the names of EL0 and EL1 are EL2's, those of EL0's are others. */
static void test_names(void)
{
    test_part("names with E2H");
    sysreg_write(cntkctl_el1, 0x100);
    sysreg_write(cntp_cval_el0, 0x1111);
    sysreg_write(cntv_cval_el0, 0x2222);
    sysreg_write(cnthp_cval_el2, 0x3333);
    icc_write(CNTHV_CVAL_EL2, 0x4444);
    set_hcr(HCR_E2H);
    set_cnthctl(0xf00);
    test_equal("CNTP is CNTHP", sysreg_read(cntp_cval_el0), 0x3333);
    test_equal("CNTV is CNTHV", sysreg_read(cntv_cval_el0), 0x4444);
    test_equal("CNTP_EL02", icc_read(CNTP_CVAL_EL02), 0x1111);
    test_equal("CNTV_EL02", icc_read(CNTV_CVAL_EL02), 0x2222);
    test_equal("CNTKCTL is CNTHCTL", sysreg_read(cntkctl_el1), 0xf00);
    test_equal("CNTKCTL_EL12", icc_read(CNTKCTL_EL12), 0x100);
    icc_write(CNTP_CVAL_EL02, 0x5555);
    sysreg_write(cntp_cval_el0, 0x6666);
    set_hcr(0);
    test_equal("written CNTP_EL02", sysreg_read(cntp_cval_el0), 0x5555);
    test_equal("written CNTP", sysreg_read(cnthp_cval_el2), 0x6666);
}

void level_main(void)
{
    sysreg_write(tpidr_el1, 1);
    set_hcr(HCR_IMO);
    sysreg_write(cntvoff_el2, 0);
    gic_init_cpu();
    test_timers();
    test_offset();
    test_traps();
    test_names();
    level_done();
}

void test_main(void)
{
    level_run();
}
