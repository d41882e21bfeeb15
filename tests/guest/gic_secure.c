/*
 * A board with EL3 from its reset: Secure memory and devices, the groups of
 * GICv3 and how each is signalled where, the copies of its registers, what
 * SCR_EL3 traps, the Secure timer.  Runs at EL3, and single instructions at
 * EL1 of both Security states.  It ends by the Secure GPIO port.
 *
 * at-reset: yes
 * run: -M virt,secure=on,gic-version=3 -cpu cortex-a72
 * run: -M virt,secure=on,gic-version=3 -cpu max
 * armature: -M virt,secure=on,gic-version=3 -cpu max -accel interp
 */
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/io.h"
#include "pc-bios/guest/timer.h"
#include "tests/guest/lib/level.h"

#define ICC_CTLR_EL3 S3_6_C12_C12_4
#define ICC_SRE_EL3 S3_6_C12_C12_5
#define ICC_IGRPEN1_EL3 S3_6_C12_C12_7
#define ICC_IAR0_EL1 S3_0_C12_C8_0
#define ICC_EOIR0_EL1 S3_0_C12_C8_1
#define ICC_BPR0_EL1 S3_0_C12_C8_3
#define ICC_IGRPEN0_EL1 S3_0_C12_C12_6

enum { GICD_CTLR = 0x000, GICD_TYPER = 0x004, GICD_IGROUPR = 0x080,
       GICD_ISENABLER = 0x100, GICD_ISPENDR = 0x200, GICD_ICPENDR = 0x280,
       GICD_ISACTIVER = 0x300, GICD_IPRIORITYR = 0x400, GICD_IGRPMODR = 0xd00,
       GICD_NSACR = 0xe00 };
/* An SPI of each group. */
enum { G0 = 64, G1NS = 65, G1S = 66 };
enum { SGI_G0 = 1, SGI_G1NS = 2, SGI_G1S = 3 };
enum { SECURE_TIMER = 29, SPURIOUS = 1023 };

/* SCR_EL3 */
#define SCR_NS 1u
#define SCR_IRQ 2u
#define SCR_FIQ 4u
#define SCR_ST (1u << 11)
#define SCR_FIXED (1u << 10 | 3u << 4) /* RW */

/* EL3 and single instructions at EL1: secure_enter() is as level_enter(). */
__asm__(
    "    .text\n"
    "    .globl secure_enter, secure_vectors, secure_vectors_el1\n"
    "secure_enter:\n"
    "    stp x29, x30, [sp, #-96]!\n"
    "    stp x19, x20, [sp, #16]\n"
    "    stp x21, x22, [sp, #32]\n"
    "    stp x23, x24, [sp, #48]\n"
    "    stp x25, x26, [sp, #64]\n"
    "    stp x27, x28, [sp, #80]\n"
    "    msr spsr_el3, x0\n"
    "    msr elr_el3, x1\n"
    "    isb\n"
    "    eret\n"
    "    .balign 2048\n"
    "secure_vectors:\n"
    "    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
    "    .balign 128\n"
    "    mov x1, #\\number\n"
    "    b secure_leave\n"
    "    .endr\n"
    "secure_leave:\n"
    "    adrp x2, secure_vector\n"
    "    add x2, x2, :lo12:secure_vector\n"
    "    str x1, [x2]\n"
    "    ldp x27, x28, [sp, #80]\n"
    "    ldp x25, x26, [sp, #64]\n"
    "    ldp x23, x24, [sp, #48]\n"
    "    ldp x21, x22, [sp, #32]\n"
    "    ldp x19, x20, [sp, #16]\n"
    "    ldp x29, x30, [sp], #96\n"
    "    ret\n"
    "    .balign 2048\n"
    "secure_vectors_el1:\n"
    "    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
    "    .balign 128\n"
    "    smc #(0x100 + \\number)\n"
    "    .endr\n");
extern const char secure_vectors[], secure_vectors_el1[];
uint64_t secure_vector;

static uint32_t scr = SCR_FIXED;

/* One instruction at EL1 with x3, which is returned, and x4. */
static uint64_t at_el1(uint32_t world, uint32_t insn, uint64_t value,
                       uint64_t other)
{
    static uint32_t code[2] __attribute__((aligned(64)));
    register uint64_t x0 __asm__("x0") = LEVEL_EL1;
    register uint64_t x1 __asm__("x1") = (uint64_t)code;
    register uint64_t x3 __asm__("x3") = value;
    register uint64_t x4 __asm__("x4") = other;

    code[0] = insn;
    code[1] = 0xd4000003; /* SMC #0 */
    __asm__ volatile("dc cvau, %0\n dsb sy\n ic ivau, %0\n dsb sy\n isb"
                     ::"r"(code) : "memory");
    sysreg_write(scr_el3, scr | world);
    barrier_isb();
    __asm__ volatile("bl secure_enter" : "+r"(x0), "+r"(x1), "+r"(x3),
                     "+r"(x4)::"x2", "x5", "x6", "x7", "x8", "x9", "x10",
                     "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18",
                     "x30", "memory", "cc");
    sysreg_write(scr_el3, scr);
    barrier_isb();
    return x3;
}

/* The same, and what became of it. */
static void try(const char *what, uint32_t world, uint32_t insn, uint64_t x4)
{
    uint64_t value = at_el1(world, insn, 0, x4);
    uint64_t esr = sysreg_read(esr_el3);

    if (esr == ESR(0x17, 0)) {
        print("%s: %lx\n", what, value);
    } else if ((esr & ~0xfull) == ESR(0x17, 0x100)) {
        print("%s: EL1 vector %lu ESR %08lx\n", what, esr & 15,
              sysreg_read(esr_el1));
    } else {
        print("%s: EL3 vector %lu ESR %08lx\n", what, secure_vector, esr);
    }
}

#define LOAD 0xb9400083u  /* LDR W3, [X4] */
#define STORE 0xb9000083u /* STR W3, [X4] */
#define ICC_READ(crm, op2) LEVEL_MRS(3, 0, 12, crm, op2)
#define ICC_WRITE(crm, op2) LEVEL_MSR(3, 0, 12, crm, op2)
#define PMR_READ LEVEL_MRS(3, 0, 4, 6, 0)
#define PMR_WRITE LEVEL_MSR(3, 0, 4, 6, 0)
#define ISR_READ LEVEL_MRS(3, 0, 12, 1, 0)

static uint32_t dist(unsigned offset)
{
    return io_read32(gic_place.dist + offset);
}

static void set_dist(unsigned offset, uint32_t value)
{
    io_write32(gic_place.dist + offset, value);
    barrier_dsb();
}

static void set_bit(unsigned reg, unsigned intid)
{
    set_dist(reg + intid / 32 * 4, 1u << intid % 32);
}

static uint64_t sgi_page(void)
{
    return gic_place.redist[0] + 0x10000;
}

static void test_memory(void)
{
    const uint64_t ram = 0x0e000000, uart = 0x09040fe0, gpio = 0x090b0fe0;

    test_part("Secure memory and devices");
    io_write32(ram, 0x12345678);
    io_write32(ram + 0xfffffc, 0x87654321);
    test_equal("memory", io_read32(ram), 0x12345678);
    test_equal("its end", io_read32(ram + 0xfffffc), 0x87654321);
    test_equal("UART", io_read32(uart), 0x11);
    test_equal("GPIO", io_read32(gpio), 0x61);
    try("memory of Secure EL1", 0, LOAD, ram);
    try("memory of Non-secure EL1", SCR_NS, LOAD, ram);
    try("UART of Secure EL1", 0, LOAD, uart);
    try("UART of Non-secure EL1", SCR_NS, LOAD, uart);
    try("flash of Non-secure EL1", SCR_NS, LOAD, 0);
}

static void prepare(void)
{
    set_dist(GICD_CTLR, 0x37);
    set_dist(GICD_IGROUPR + 8, 1u << G1NS % 32);
    set_dist(GICD_IGRPMODR + 8, 1u << G1S % 32);
    set_dist(GICD_IPRIORITYR + G0, 0xa0a0a0);
    for (unsigned intid = G0; intid <= G1S; intid++) {
        set_bit(GICD_ISENABLER, intid);
    }
    io_write32(sgi_page() + GICD_IGROUPR, 1u << SGI_G1NS);
    io_write32(sgi_page() + GICD_IGRPMODR, 1u << SGI_G1S);
    io_write32(sgi_page() + GICD_ISENABLER, 0xe);
    icc_write(ICC_SRE_EL3, 0xf);
    barrier_isb();
    icc_write(ICC_PMR_EL1, 0xff);
    icc_write(ICC_IGRPEN0_EL1, 1);
    icc_write(ICC_IGRPEN1_EL3, 3);
    icc_write(ICC_CTLR_EL3, 0);
    barrier_isb();
}

static void test_views(void)
{
    uint64_t d = gic_place.dist;

    test_part("views of the distributor");
    print("CTLR %x\n", dist(GICD_CTLR));
    test_equal("two Security states", dist(GICD_TYPER) >> 10 & 1, 1);
    try("CTLR of Secure EL1", 0, LOAD, d + GICD_CTLR);
    try("CTLR of Non-secure EL1", SCR_NS, LOAD, d + GICD_CTLR);
    try("ISENABLER", SCR_NS, LOAD, d + GICD_ISENABLER + 8);
    try("IGROUPR", SCR_NS, LOAD, d + GICD_IGROUPR + 8);
    try("IGRPMODR", SCR_NS, LOAD, d + GICD_IGRPMODR + 8);
    try("IPRIORITYR", SCR_NS, LOAD, d + GICD_IPRIORITYR + G0);
    at_el1(SCR_NS, STORE, 0x80808080, d + GICD_IPRIORITYR + G0);
    print("IPRIORITYR written by Non-secure %x\n",
          dist(GICD_IPRIORITYR + G0));
    set_dist(GICD_IPRIORITYR + G0, 0xa0a0a0);
    try("private ISENABLER", SCR_NS, LOAD, sgi_page() + GICD_ISENABLER);
    for (unsigned access = 0; access < 4; access++) {
        set_dist(GICD_NSACR + G0 / 16 * 4, access);
        at_el1(SCR_NS, STORE, 1, d + GICD_ISPENDR + 8);
        print("NSACR %u: pending %x", access, dist(GICD_ISPENDR + 8));
        set_bit(GICD_ISPENDR, G0);
        at_el1(SCR_NS, STORE, 1, d + GICD_ICPENDR + 8);
        print(", not cleared %x\n", dist(GICD_ISPENDR + 8));
        set_bit(GICD_ICPENDR, G0);
    }
    set_dist(GICD_NSACR + G0 / 16 * 4, 0);
}

/* F is 0x40, I is 0x80. */
static void test_signals(void)
{
    static const char *const names[] = {"group 0", "Non-secure group 1",
                                        "Secure group 1"};

    test_part("FIQ or IRQ");
    for (unsigned n = 0; n < 3; n++) {
        set_bit(GICD_ISPENDR, G0 + n);
        print("%s: EL3 %02lx", names[n], sysreg_read(isr_el1));
        print(" Secure %02lx", at_el1(0, ISR_READ, 0, 0));
        print(" Non-secure %02lx\n", at_el1(SCR_NS, ISR_READ, 0, 0));
        set_bit(GICD_ICPENDR, G0 + n);
    }
}

static void test_acknowledge(void)
{
    static const struct {
        const char *what;
        uint32_t world;
    } worlds[] = {{"Secure EL1", 0}, {"Non-secure EL1", SCR_NS}};

    test_part("acknowledge");
    for (unsigned n = 0; n < 3; n++) {
        for (unsigned w = 0; w < 2; w++) {
            uint32_t world = worlds[w].world;

            set_bit(GICD_ISPENDR, G0 + n);
            print("%s: HPPIR0 %lu HPPIR1 %lu", worlds[w].what,
                  at_el1(world, ICC_READ(8, 2), 0, 0),
                  at_el1(world, ICC_READ(12, 2), 0, 0));
            print(" IAR0 %lu", at_el1(world, ICC_READ(8, 0), 0, 0));
            print(" IAR1 %lu\n", at_el1(world, ICC_READ(12, 0), 0, 0));
            at_el1(world, ICC_WRITE(8, 1), G0 + n, 0);
            at_el1(world, ICC_WRITE(12, 1), G0 + n, 0);
            set_bit(GICD_ICPENDR, G0 + n);
            test_equal("nothing runs", icc_read(ICC_RPR_EL1), 0xff);
        }
        set_bit(GICD_ISPENDR, G0 + n);
        print("EL3: IAR0 %lu", icc_read(ICC_IAR0_EL1));
        print(" IAR1 %lu\n", icc_read(ICC_IAR1_EL1));
        icc_write(ICC_EOIR0_EL1, G0 + n);
        icc_write(ICC_EOIR1_EL1, G0 + n);
        barrier_isb();
        test_equal("nothing runs", icc_read(ICC_RPR_EL1), 0xff);
    }
}

static void test_copies(void)
{
    test_part("copies");
    at_el1(0, ICC_WRITE(12, 3), 5, 0);
    at_el1(SCR_NS, ICC_WRITE(12, 3), 6, 0);
    at_el1(0, ICC_WRITE(12, 7), 0, 0);
    at_el1(0, ICC_WRITE(12, 4), 2, 0);
    try("BPR1, Secure", 0, ICC_READ(12, 3), 0);
    try("BPR1, Non-secure", SCR_NS, ICC_READ(12, 3), 0);
    try("CTLR, Secure", 0, ICC_READ(12, 4), 0);
    try("CTLR, Non-secure", SCR_NS, ICC_READ(12, 4), 0);
    print("IGRPEN1_EL3 %lx CTLR_EL3 %lx\n", icc_read(ICC_IGRPEN1_EL3),
          icc_read(ICC_CTLR_EL3) & 0xff17);
    icc_write(ICC_CTLR_EL3, 3); /* CBPR for both */
    icc_write(ICC_BPR0_EL1, 4);
    barrier_isb();
    try("BPR1 with CBPR, Secure", 0, ICC_READ(12, 3), 0);
    try("BPR1 with CBPR, Non-secure", SCR_NS, ICC_READ(12, 3), 0);
    icc_write(ICC_CTLR_EL3, 0);
    icc_write(ICC_IGRPEN1_EL3, 3);
    icc_write(ICC_BPR0_EL1, 2);
    barrier_isb();
}

static void test_routing(void)
{
    test_part("SCR_EL3");
    scr = SCR_FIXED | SCR_FIQ;
    icc_write(ICC_PMR_EL1, 0xc0);
    barrier_isb();
    try("FIQ: IAR0", SCR_NS, ICC_READ(8, 0), 0);
    try("FIQ: IAR1", SCR_NS, ICC_READ(12, 0), 0);
    try("FIQ: PMR", SCR_NS, PMR_READ, 0);
    at_el1(SCR_NS, PMR_WRITE, 0x40, 0);
    print("  written %lx\n", icc_read(ICC_PMR_EL1));
    icc_write(ICC_PMR_EL1, 0x70);
    barrier_isb();
    at_el1(SCR_NS, PMR_WRITE, 0xf0, 0);
    print("  kept %lx\n", icc_read(ICC_PMR_EL1));
    scr = SCR_FIXED | SCR_IRQ;
    try("IRQ: IAR0", SCR_NS, ICC_READ(8, 0), 0);
    try("IRQ: IAR1", SCR_NS, ICC_READ(12, 0), 0);
    try("IRQ: PMR", SCR_NS, PMR_READ, 0);
    scr = SCR_FIXED | SCR_IRQ | SCR_FIQ;
    try("both: PMR", SCR_NS, PMR_READ, 0);
    try("both: SGI1R", SCR_NS, ICC_WRITE(11, 5), 0);
    try("both: SRE", SCR_NS, ICC_READ(12, 5), 0);
    scr = SCR_FIXED;
    icc_write(ICC_PMR_EL1, 0xff);
    barrier_isb();
}

static void test_sgis(void)
{
    static const struct {
        const char *what;
        uint32_t world, op2, nsacr;
    } rows[] = {
        {"Secure SGI0R", 0, 7, 0},
        {"Secure SGI1R", 0, 5, 0},
        {"Secure ASGI1R", 0, 6, 0},
        {"Non-secure SGI0R", SCR_NS, 7, 0},
        {"Non-secure SGI1R", SCR_NS, 5, 0},
        {"Non-secure ASGI1R", SCR_NS, 6, 0},
        {"Non-secure SGI0R, NSACR 1", SCR_NS, 7, 0x55},
        {"Non-secure ASGI1R, NSACR 2", SCR_NS, 6, 0xaa},
    };

    test_part("SGIs");
    for (unsigned n = 0; n < ARRAY_SIZE(rows); n++) {
        io_write32(sgi_page() + GICD_NSACR, rows[n].nsacr);
        for (unsigned sgi = SGI_G0; sgi <= SGI_G1S; sgi++) {
            at_el1(rows[n].world, ICC_WRITE(11, rows[n].op2),
                   (uint64_t)sgi << 24 | 1, 0);
        }
        print("%s: %x\n", rows[n].what,
              io_read32(sgi_page() + GICD_ISPENDR) & 0xffff);
        io_write32(sgi_page() + GICD_ICPENDR, 0xffff);
    }
}

static void test_timer(void)
{
    uint64_t end = test_deadline();
    uint64_t ack = SPURIOUS;

    test_part("Secure timer");
    io_write32(sgi_page() + GICD_ISENABLER, 1u << SECURE_TIMER);
    sysreg_write(cntps_tval_el1, 1000);
    sysreg_write(cntps_ctl_el1, 1);
    barrier_isb();
    while (!(sysreg_read(cntps_ctl_el1) & 4) && timer_now() < end) {
    }
    test_equal("condition", sysreg_read(cntps_ctl_el1), 5);
    while (ack == SPURIOUS && timer_now() < end) { /* its line takes a while */
        ack = icc_read(ICC_IAR0_EL1);
    }
    test_equal("interrupt", ack, SECURE_TIMER);
    sysreg_write(cntps_ctl_el1, 2);
    barrier_isb();
    icc_write(ICC_EOIR0_EL1, SECURE_TIMER);
    try("of Secure EL1", 0, LEVEL_MRS(3, 7, 14, 2, 1), 0);
    scr = SCR_FIXED | SCR_ST;
    try("of Secure EL1, ST", 0, LEVEL_MRS(3, 7, 14, 2, 1), 0);
    try("of Non-secure EL1", SCR_NS, LEVEL_MRS(3, 7, 14, 2, 1), 0);
    scr = SCR_FIXED;
}

/* GICD_CTLR.DS, which stays. */
static void test_single_state(void)
{
    test_part("one Security state");
    set_dist(GICD_CTLR, 0x77);
    print("CTLR %x IGRPMODR %x\n", dist(GICD_CTLR), dist(GICD_IGRPMODR + 8));
    try("CTLR of Non-secure EL1", SCR_NS, LOAD, gic_place.dist + GICD_CTLR);
    try("IGROUPR", SCR_NS, LOAD, gic_place.dist + GICD_IGROUPR + 8);
}

static void power_off(void)
{
    const uint64_t gpio = 0x090b0000;

    print("end\n");
    io_write32(gpio + 0x400, 1);    /* direction of pin 0 */
    io_write32(gpio + (1 << 2), 1); /* its level */
    for (;;) {
        cpu_wfi();
    }
}

void test_main(void)
{
    test_equal("at EL3", sysreg_read(currentel) >> 2, 3);
    sysreg_write(vbar_el3, (uint64_t)secure_vectors);
    sysreg_write(vbar_el1, (uint64_t)secure_vectors_el1);
    sysreg_write(scr_el3, scr);
    sysreg_write(sctlr_el1, 0x30d00800);
    barrier_isb();
    prepare();
    test_memory();
    test_views();
    test_signals();
    test_acknowledge();
    test_copies();
    test_routing();
    test_sgis();
    test_timer();
    test_single_state();
    power_off();
}
