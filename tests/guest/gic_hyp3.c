/*
 * GICv3 virtualization as a hypervisor uses it: list registers, what its
 * guest does at EL1 with them, the end of interrupts that have a physical
 * one, the maintenance interrupt, traps.
 *
 * run: -M virt,virtualization=on,gic-version=3 -cpu cortex-a72 -smp 2
 * run: -M virt,virtualization=on,gic-version=3 -cpu max -smp 2
 * armature: -M virt,virtualization=on,gic-version=3 -smp 2 -accel interp
 */
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/io.h"
#include "tests/guest/lib/level.h"

#define ICH_AP0R0_EL2 S3_4_C12_C8_0
#define ICH_AP1R0_EL2 S3_4_C12_C9_0
#define ICC_SRE_EL2 S3_4_C12_C9_5
#define ICH_HCR_EL2 S3_4_C12_C11_0
#define ICH_VTR_EL2 S3_4_C12_C11_1
#define ICH_MISR_EL2 S3_4_C12_C11_2
#define ICH_EISR_EL2 S3_4_C12_C11_3
#define ICH_ELRSR_EL2 S3_4_C12_C11_5
#define ICH_VMCR_EL2 S3_4_C12_C11_7
#define ICH_LR0_EL2 S3_4_C12_C12_0
#define ICH_LR1_EL2 S3_4_C12_C12_1
#define ICH_LR3_EL2 S3_4_C12_C12_3

/* What the guest has, as an instruction's fields: S3_0_C12_C<crm>_<op2>. */
#define ICV_READ(crm, op2) LEVEL_MRS(3, 0, 12, crm, op2)
#define ICV_WRITE(crm, op2) LEVEL_MSR(3, 0, 12, crm, op2)
#define PMR_READ LEVEL_MRS(3, 0, 4, 6, 0)
#define PMR_WRITE LEVEL_MSR(3, 0, 4, 6, 0)
enum { NOP = 0xd503201f, HVC = 0xd4000aa2 };

#define HCR_RW (1ull << 31)
#define FMO (1ull << 3)
#define IMO (1ull << 4)
#define OPEN (LEVEL_EL1 & ~0xc0u) /* IRQ and FIQ not masked */

enum { PENDING = 1, ACTIVE = 2 };
#define LR(state, group, priority, vintid) \
    ((uint64_t)(state) << 62 | (uint64_t)(group) << 60 | \
     (uint64_t)(priority) << 48 | (vintid))
#define LR_HW(pintid) (1ull << 61 | (uint64_t)(pintid) << 32)
#define LR_EOI (1ull << 41)
#define VMCR_ALL 0xff4c000bull

enum { GICD_IGROUPR = 0x80, GICD_ISENABLER = 0x100, GICD_ISPENDR = 0x200,
       GICD_ICPENDR = 0x280, GICD_ISACTIVER = 0x300, GICD_IROUTER = 0x6000 };
enum { SPI = 70, MAINTENANCE = 25, SPURIOUS = 1023 };

extern uint64_t level_vector;
void level_enter(uint64_t spsr, uint64_t pc);

/* One instruction at EL1 with x3, which is returned. */
static uint64_t guest(uint32_t insn, uint64_t value)
{
    static uint32_t code[2] __attribute__((aligned(64)));
    register uint64_t x0 __asm__("x0") = LEVEL_EL1;
    register uint64_t x1 __asm__("x1") = (uint64_t)code;
    register uint64_t x3 __asm__("x3") = value;

    code[0] = insn;
    code[1] = HVC;
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
                     ::"r"(code) : "memory");
    __asm__ volatile("bl level_enter" : "+r"(x0), "+r"(x1), "+r"(x3)
                     ::"x2", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
                     "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x30",
                     "memory", "cc");
    return x3;
}

#define ICH(name) icc_read(name)
#define SET(name, value) \
    ({ \
        icc_write(name, value); \
        barrier_isb(); \
    })

static void set_hcr(uint64_t bits)
{
    sysreg_write(hcr_el2, HCR_RW | bits);
    barrier_isb();
}

static void clear(void)
{
    SET(ICH_HCR_EL2, 0);
    SET(ICH_LR0_EL2, 0);
    SET(ICH_LR1_EL2, 0);
    SET(ICH_LR3_EL2, 0);
    SET(ICH_AP0R0_EL2, 0);
    SET(ICH_AP1R0_EL2, 0);
    SET(ICH_VMCR_EL2, VMCR_ALL);
    SET(ICH_HCR_EL2, 1);
}

static void show(const char *what, uint64_t value)
{
    print("%s %016lx\n", what, value);
}

static void test_registers(void)
{
    test_part("registers");
    show("VTR", ICH(ICH_VTR_EL2));
    show("HCR", ICH(ICH_HCR_EL2));
    show("VMCR", ICH(ICH_VMCR_EL2));
    show("ELRSR", ICH(ICH_ELRSR_EL2));
    show("EISR", ICH(ICH_EISR_EL2));
    show("MISR", ICH(ICH_MISR_EL2));
    show("SRE", ICH(ICC_SRE_EL2));
    SET(ICH_VMCR_EL2, 0xffffffff);
    /* The lower bits of VPMR may be kept or not. */
    show("VMCR, all ones", ICH(ICH_VMCR_EL2) & ~0x07000000ull);
    SET(ICH_VMCR_EL2, 0);
    show("VMCR, all zeroes", ICH(ICH_VMCR_EL2));
    SET(ICH_LR3_EL2, LR(3, 1, 0xff, 0xffffffff));
    show("LR", ICH(ICH_LR3_EL2));
    SET(ICH_AP1R0_EL2, 0xffffffff);
    show("AP1R", ICH(ICH_AP1R0_EL2));
    clear();
    level_try("LR of EL1", LEVEL_EL1, LEVEL_MRS(3, 4, 12, 12, 0));
    level_try("a fifth LR", LEVEL_EL2, LEVEL_MRS(3, 4, 12, 12, 4));
    level_try("AP0R1", LEVEL_EL2, LEVEL_MRS(3, 4, 12, 8, 1));
    level_try("MISR, write", LEVEL_EL2, LEVEL_MSR(3, 4, 12, 11, 2));
}

/* From a list register to the guest's vector and back. */
static void test_delivery(void)
{
    test_part("delivery");
    set_hcr(IMO | FMO);
    SET(ICH_LR3_EL2, LR(PENDING, 1, 0xa0, 40));
    level_try("group 1, masked", LEVEL_EL1, NOP);
    level_try("group 1", OPEN, NOP);
    level_try("group 1 at EL2", LEVEL_EL2 & ~0xc0u, NOP);
    set_hcr(FMO);
    level_try("without IMO", OPEN, NOP);
    set_hcr(IMO | FMO);
    SET(ICH_LR0_EL2, LR(PENDING, 0, 0x80, 41));
    level_try("group 0", OPEN, NOP);
    show("ISR", guest(LEVEL_MRS(3, 0, 12, 1, 0), 0));
    show("HPPIR0", guest(ICV_READ(8, 2), 0));
    show("HPPIR1", guest(ICV_READ(12, 2), 0));
    show("IAR1", guest(ICV_READ(12, 0), 0));
    show("IAR0", guest(ICV_READ(8, 0), 0));
    show("RPR", guest(ICV_READ(11, 3), 0));
    show("AP0R", ICH(ICH_AP0R0_EL2));
    show("LR0", ICH(ICH_LR0_EL2));
    level_try("a lower priority", OPEN, NOP);
    guest(ICV_WRITE(8, 1), 41);
    show("LR0 after EOIR0", ICH(ICH_LR0_EL2));
    show("ELRSR", ICH(ICH_ELRSR_EL2));
    level_try("the lower one then", OPEN, NOP);
    show("IAR1", guest(ICV_READ(12, 0), 0));
    show("AP1R", ICH(ICH_AP1R0_EL2));
    show("LR3", ICH(ICH_LR3_EL2));
    level_try("nothing else", OPEN, NOP);
    guest(ICV_WRITE(12, 1), 40);
    show("LR3 after EOIR1", ICH(ICH_LR3_EL2));
    show("IAR1", guest(ICV_READ(12, 0), 0));
    show("RPR", guest(ICV_READ(11, 3), 0));
}

/* The guest's masks are its own. */
static void test_masks(void)
{
    test_part("masks");
    clear();
    SET(ICH_VMCR_EL2, 0);
    guest(PMR_WRITE, 0xff);
    guest(ICV_WRITE(8, 3), 5);
    guest(ICV_WRITE(12, 3), 6);
    guest(ICV_WRITE(12, 6), 1);
    guest(ICV_WRITE(12, 4), 2);
    show("VMCR", ICH(ICH_VMCR_EL2));
    show("PMR", guest(PMR_READ, 0));
    show("BPR0", guest(ICV_READ(8, 3), 0));
    show("BPR1", guest(ICV_READ(12, 3), 0));
    show("IGRPEN0", guest(ICV_READ(12, 6), 0));
    show("IGRPEN1", guest(ICV_READ(12, 7), 0));
    show("CTLR", guest(ICV_READ(12, 4), 0));
    guest(ICV_WRITE(12, 4), 1);
    show("BPR1 with CBPR", guest(ICV_READ(12, 3), 0));
    show("EL2's PMR", icc_read(ICC_PMR_EL1));
    clear();
    SET(ICH_LR0_EL2, LR(PENDING, 1, 0xa0, 40));
    guest(PMR_WRITE, 0xa0);
    level_try("masked by PMR", OPEN, NOP);
    guest(PMR_WRITE, 0xa8);
    level_try("not masked", OPEN, NOP);
    guest(ICV_WRITE(12, 7), 0);
    level_try("group off", OPEN, NOP);
}

static uint32_t dist_bit(unsigned reg)
{
    return io_read32(gic_place.dist + reg + SPI / 32 * 4) >> SPI % 32 & 1;
}

static void set_dist_bit(unsigned reg)
{
    io_write32(gic_place.dist + reg + SPI / 32 * 4, 1u << SPI % 32);
    barrier_dsb();
}

static void prepare_spi(void)
{
    uint64_t group = gic_place.dist + GICD_IGROUPR + SPI / 32 * 4;

    io_write32(group, io_read32(group) | 1u << SPI % 32);
    io_write64(gic_place.dist + GICD_IROUTER + 8 * SPI,
               sysreg_read(mpidr_el1) & 0xffffff);
    set_dist_bit(GICD_ISENABLER);
}

/* A physical interrupt that the guest ends. */
static void test_hardware(void)
{
    test_part("with a physical interrupt");
    clear();
    prepare_spi();
    icc_write(ICC_CTLR_EL1, 2); /* EOImode */
    set_dist_bit(GICD_ISPENDR);
    test_equal("acknowledged at EL2", gic_acknowledge(), SPI);
    gic_end(SPI);
    test_equal("is active", dist_bit(GICD_ISACTIVER), 1);
    SET(ICH_LR1_EL2, LR(PENDING, 1, 0xa0, 200) | LR_HW(SPI));
    show("IAR1", guest(ICV_READ(12, 0), 0));
    test_equal("still active", dist_bit(GICD_ISACTIVER), 1);
    guest(ICV_WRITE(12, 1), 200);
    test_equal("ended by the guest", dist_bit(GICD_ISACTIVER), 0);
    show("LR1", ICH(ICH_LR1_EL2));
    /* Split: EOIR leaves it active, DIR does not. */
    set_dist_bit(GICD_ISPENDR);
    test_equal("acknowledged at EL2", gic_acknowledge(), SPI);
    gic_end(SPI);
    guest(ICV_WRITE(12, 4), 2);
    SET(ICH_LR1_EL2, LR(PENDING, 1, 0xa0, 200) | LR_HW(SPI));
    show("IAR1", guest(ICV_READ(12, 0), 0));
    guest(ICV_WRITE(12, 1), 200);
    test_equal("active after EOIR", dist_bit(GICD_ISACTIVER), 1);
    show("LR1", ICH(ICH_LR1_EL2));
    guest(ICV_WRITE(11, 1), 200);
    test_equal("not after DIR", dist_bit(GICD_ISACTIVER), 0);
    show("LR1", ICH(ICH_LR1_EL2));
    icc_write(ICC_CTLR_EL1, 0);
}

/* PPI 25 and its reasons. */
static void test_maintenance(void)
{
    static const struct {
        const char *what;
        uint64_t hcr, vmcr, lr0, lr1;
    } rows[] = {
        {"nothing asked for", 0x01, VMCR_ALL, 0, 0},
        {"underflow", 0x03, VMCR_ALL, 0, 0},
        {"underflow, one", 0x03, VMCR_ALL, LR(ACTIVE, 1, 0, 40), 0},
        {"no underflow", 0x03, VMCR_ALL, LR(ACTIVE, 1, 0, 40),
         LR(PENDING, 1, 0, 41)},
        {"none pending", 0x09, VMCR_ALL, LR(ACTIVE, 1, 0, 40), 0},
        {"one pending", 0x09, VMCR_ALL, LR(PENDING, 1, 0, 40), 0},
        {"groups on", 0x51, VMCR_ALL, 0, 0},
        {"groups not off", 0xa1, VMCR_ALL, 0, 0},
        {"groups off", 0xa1, VMCR_ALL & ~3ull, 0, 0},
        {"ended", 0x01, VMCR_ALL, LR(0, 1, 0, 40) | LR_EOI, 0},
        {"not yet", 0x01, VMCR_ALL, LR(PENDING, 1, 0, 40) | LR_EOI, 0},
        {"ends lost", 0x18000005, VMCR_ALL, 0, 0},
        {"off", 0x02, VMCR_ALL, 0, 0},
    };
    uint64_t sgi = gic_place.redist[0] + 0x30000; /* of CPU 1 */

    test_part("maintenance interrupt");
    gic_enable(MAINTENANCE);
    for (unsigned n = 0; n < ARRAY_SIZE(rows); n++) {
        clear();
        SET(ICH_VMCR_EL2, rows[n].vmcr);
        SET(ICH_LR0_EL2, rows[n].lr0);
        SET(ICH_LR1_EL2, rows[n].lr1);
        SET(ICH_HCR_EL2, rows[n].hcr);
        print("%s: MISR %02lx EISR %lx ELRSR %lx pending %u\n", rows[n].what,
              ICH(ICH_MISR_EL2), ICH(ICH_EISR_EL2), ICH(ICH_ELRSR_EL2),
              io_read32(sgi + GICD_ISPENDR) >> MAINTENANCE & 1);
    }
    clear();
    SET(ICH_HCR_EL2, 3);
    set_hcr(0);
    level_try("to EL1", OPEN, NOP);
    set_hcr(IMO | FMO);
    guest(NOP, 0);
    print("to EL2: vector %lu\n", level_vector);
    test_equal("acknowledged", gic_acknowledge(), MAINTENANCE);
    clear();
    gic_end(MAINTENANCE);
    test_equal("gone", gic_acknowledge(), SPURIOUS);
}

/* EOIcount. */
static void test_lost_ends(void)
{
    test_part("ends without list registers");
    clear();
    SET(ICH_LR0_EL2, LR(PENDING, 1, 0xa0, 40));
    show("IAR1", guest(ICV_READ(12, 0), 0));
    SET(ICH_LR0_EL2, 0);
    guest(ICV_WRITE(12, 1), 40);
    show("HCR", ICH(ICH_HCR_EL2));
    show("AP1R", ICH(ICH_AP1R0_EL2));
    guest(ICV_WRITE(12, 1), 40);
    show("HCR, nothing running", ICH(ICH_HCR_EL2));
    guest(ICV_WRITE(12, 1), SPURIOUS);
    show("HCR, spurious", ICH(ICH_HCR_EL2));
}

static void test_traps(void)
{
    static const struct {
        const char *what;
        uint64_t hcr, ich;
        uint32_t insn;
    } rows[] = {
        {"IAR0, TALL0", IMO | FMO, 1 << 11, ICV_READ(8, 0)},
        {"IAR1, TALL0", IMO | FMO, 1 << 11, ICV_READ(12, 0)},
        {"IAR1, TALL1", IMO | FMO, 1 << 12, ICV_READ(12, 0)},
        {"IGRPEN1, TALL1", IMO | FMO, 1 << 12, ICV_WRITE(12, 7)},
        {"PMR, TC", IMO | FMO, 1 << 10, PMR_READ},
        {"CTLR, TC", IMO | FMO, 1 << 10, ICV_WRITE(12, 4)},
        {"SGI1R, TC", 0, 1 << 10, ICV_WRITE(11, 5)},
        {"RPR, TDIR", IMO | FMO, 1 << 14, ICV_READ(11, 3)},
        {"DIR, TDIR", IMO | FMO, 1 << 14, ICV_WRITE(11, 1)},
        {"SGI1R, IMO", IMO, 0, ICV_WRITE(11, 5)},
        {"SGI1R, FMO", FMO, 0, ICV_WRITE(11, 5)},
        {"SGI0R, IMO", IMO, 0, ICV_WRITE(11, 7)},
        {"SRE", IMO | FMO, 0, ICV_READ(12, 5)},
    };

    test_part("traps");
    clear();
    for (unsigned n = 0; n < ARRAY_SIZE(rows); n++) {
        set_hcr(rows[n].hcr);
        SET(ICH_HCR_EL2, 1 | rows[n].ich);
        level_try(rows[n].what, LEVEL_EL1, rows[n].insn);
    }
    clear();
    set_hcr(0);
}

void level_main(void)
{
    sysreg_write(tpidr_el1, 1);
    set_hcr(IMO | FMO);
    gic_init_cpu();
    test_registers();
    test_delivery();
    test_masks();
    test_hardware();
    test_maintenance();
    test_lost_ends();
    test_traps();
    level_done();
}

void test_main(void)
{
    level_run();
}
