/*
 * GICv2 virtualization: GICH and its list registers, GICV as a guest finds
 * it, the end of interrupts that have a physical one, the maintenance
 * interrupt.
 *
 * run: -M virt,virtualization=on,gic-version=2 -cpu cortex-a72 -smp 2
 * armature: -M virt,virtualization=on -smp 2 -accel interp
 */
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/io.h"
#include "tests/guest/lib/level.h"

#define GICH 0x08030000ull
#define GICV 0x08040000ull
enum { H_HCR = 0x0, H_VTR = 0x4, H_VMCR = 0x8, H_MISR = 0x10, H_EISR = 0x20,
       H_ELRSR = 0x30, H_APR = 0xf0, H_LR = 0x100 };
enum { CTLR = 0x0, PMR = 0x4, BPR = 0x8, IAR = 0xc, EOIR = 0x10, RPR = 0x14,
       HPPIR = 0x18, ABPR = 0x1c, AIAR = 0x20, AEOIR = 0x24, APR = 0xd0,
       IIDR = 0xfc, DIR = 0x1000 };
enum { GICD_ISENABLER = 0x100, GICD_ISPENDR = 0x200, GICD_ISACTIVER = 0x300,
       GICD_ITARGETSR = 0x800 };
enum { PENDING = 1, ACTIVE = 2 };
enum { SPI = 70, MAINTENANCE = 25, SPURIOUS = 1023, NOP = 0xd503201f };
#define LR(state, group, priority, physical, vintid) \
    ((uint32_t)(state) << 28 | (group) << 30 | (priority) >> 3 << 23 | \
     (physical) << 10 | (vintid))
#define LR_HW (1u << 31)
#define LR_EOI (1u << 9) /* in place of a physical interrupt */

#define HCR_RW (1ull << 31)
#define FMO (1ull << 3)
#define IMO (1ull << 4)
#define OPEN (LEVEL_EL1 & ~0xc0u)

static uint32_t hyp(unsigned offset)
{
    return io_read32(GICH + offset);
}

static void set_hyp(unsigned offset, uint32_t value)
{
    io_write32(GICH + offset, value);
    barrier_dsb();
}

static uint32_t vcpu(unsigned offset)
{
    return io_read32(GICV + offset);
}

static void set_vcpu(unsigned offset, uint32_t value)
{
    io_write32(GICV + offset, value);
    barrier_dsb();
}

static void show(const char *what, uint32_t value)
{
    print("%s %08x\n", what, value);
}

static void clear(void)
{
    set_hyp(H_HCR, 0);
    for (unsigned n = 0; n < 4; n++) {
        set_hyp(H_LR + 4 * n, 0);
    }
    set_hyp(H_APR, 0);
    set_hyp(H_VMCR, 0xf84c0001);
    set_hyp(H_HCR, 1);
}

static void test_registers(void)
{
    test_part("registers");
    show("VTR", hyp(H_VTR));
    show("HCR", hyp(H_HCR));
    show("ELRSR", hyp(H_ELRSR));
    show("EISR", hyp(H_EISR));
    show("MISR", hyp(H_MISR));
    show("IIDR", vcpu(IIDR));
    set_vcpu(CTLR, 9);
    set_vcpu(PMR, 0xff);
    set_vcpu(BPR, 5);
    set_vcpu(ABPR, 6);
    show("VMCR", hyp(H_VMCR));
    show("PMR", vcpu(PMR));
    show("BPR", vcpu(BPR));
    set_hyp(H_LR + 12, LR(0, 1, 0xff, 0x3ff, 0x3ff));
    show("LR", hyp(H_LR + 12));
}

static void test_delivery(void)
{
    test_part("delivery");
    clear();
    sysreg_write(hcr_el2, HCR_RW | IMO | FMO);
    barrier_isb();
    set_hyp(H_LR + 4, LR(PENDING, 0, 0xa0, 1, 5)); /* an SGI of CPU 1 */
    level_try("group 0", OPEN, NOP);
    set_vcpu(CTLR, 9);
    level_try("group 0 with FIQEn", OPEN, NOP);
    set_vcpu(CTLR, 1);
    show("HPPIR", vcpu(HPPIR) & 0x3ff); /* the sender is not told by all */
    show("IAR", vcpu(IAR));
    show("RPR", vcpu(RPR));
    show("APR", vcpu(APR));
    show("GICH_APR", hyp(H_APR));
    show("LR", hyp(H_LR + 4));
    level_try("it runs", OPEN, NOP);
    set_hyp(H_LR, LR(PENDING, 0, 0xa0, 0, 60));
    level_try("the same priority", OPEN, NOP);
    set_hyp(H_LR, LR(PENDING, 0, 0x20, 0, 60));
    level_try("a higher one", OPEN, NOP);
    show("IAR", vcpu(IAR));
    set_vcpu(EOIR, 60);
    set_vcpu(EOIR, 1 << 10 | 5);
    show("LR", hyp(H_LR + 4));
    show("RPR", vcpu(RPR));
    show("IAR", vcpu(IAR));
    set_hyp(H_LR, LR(PENDING, 0, 0xa0, 0, 60));
    set_vcpu(PMR, 0xa0);
    level_try("masked by PMR", OPEN, NOP);
    set_vcpu(PMR, 0xa8);
    level_try("not masked", OPEN, NOP);
}

static uint32_t is_active(void)
{
    return io_read32(gic_place.dist + GICD_ISACTIVER + SPI / 32 * 4) >>
           SPI % 32 & 1;
}

static void pend(void)
{
    io_write32(gic_place.dist + GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    barrier_dsb();
}

static void test_hardware(void)
{
    uint64_t control = gic_place.cpuif;

    test_part("with a physical interrupt");
    clear();
    io_write8(gic_place.dist + GICD_ITARGETSR + SPI, 2);
    io_write32(gic_place.dist + GICD_ISENABLER + SPI / 32 * 4,
               1u << SPI % 32);
    io_write32(control, io_read32(control) | 1u << 9); /* EOImode */
    pend();
    test_equal("acknowledged at EL2", gic_acknowledge(), SPI);
    gic_end(SPI);
    set_hyp(H_LR + 8, LR(PENDING, 0, 0xa0, SPI, 200) | LR_HW);
    show("IAR", vcpu(IAR));
    test_equal("active", is_active(), 1);
    set_vcpu(EOIR, 200);
    test_equal("ended by the guest", is_active(), 0);
    show("LR", hyp(H_LR + 8));
    pend();
    test_equal("acknowledged at EL2", gic_acknowledge(), SPI);
    gic_end(SPI);
    set_vcpu(CTLR, 0x201);
    set_hyp(H_LR + 8, LR(PENDING, 0, 0xa0, SPI, 200) | LR_HW);
    show("IAR", vcpu(IAR));
    set_vcpu(EOIR, 200);
    test_equal("active after EOIR", is_active(), 1);
    set_vcpu(DIR, 200);
    test_equal("not after DIR", is_active(), 0);
    io_write32(control, 1);
}

static void test_maintenance(void)
{
    static const struct {
        const char *what;
        uint32_t hcr, vmcr, lr0, lr1;
    } rows[] = {
        {"nothing asked for", 0x01, 0xf84c0001, 0, 0},
        {"underflow", 0x03, 0xf84c0001, 0, 0},
        {"no underflow", 0x03, 0xf84c0001, LR(ACTIVE, 0, 0, 0, 40),
         LR(PENDING, 0, 0, 0, 41)},
        {"none pending", 0x09, 0xf84c0001, LR(ACTIVE, 0, 0, 0, 40), 0},
        {"one pending", 0x09, 0xf84c0001, LR(PENDING, 0, 0, 0, 40), 0},
        {"group 0 on", 0x11, 0xf84c0001, 0, 0},
        {"group 1 off", 0x81, 0xf84c0001, 0, 0},
        {"group 1 not on", 0x41, 0xf84c0001, 0, 0},
        {"ended", 0x01, 0xf84c0001, LR(0, 0, 0, LR_EOI, 40), 0},
        {"ends lost", 0x18000005, 0xf84c0001, 0, 0},
        {"off", 0x02, 0xf84c0001, 0, 0},
    };

    test_part("maintenance interrupt");
    gic_enable(MAINTENANCE);
    for (unsigned n = 0; n < ARRAY_SIZE(rows); n++) {
        clear();
        set_hyp(H_VMCR, rows[n].vmcr);
        set_hyp(H_LR, rows[n].lr0);
        set_hyp(H_LR + 4, rows[n].lr1);
        set_hyp(H_HCR, rows[n].hcr);
        print("%s: MISR %02x EISR %x ELRSR %x pending %u\n", rows[n].what,
              hyp(H_MISR), hyp(H_EISR), hyp(H_ELRSR),
              io_read32(gic_place.dist + GICD_ISPENDR) >> MAINTENANCE & 1);
    }
    clear();
    set_hyp(H_LR, LR(PENDING, 0, 0xa0, LR_EOI, 40));
    show("IAR", vcpu(IAR));
    test_equal("none yet", gic_acknowledge(), SPURIOUS);
    set_vcpu(EOIR, 40);
    test_equal("at the end", gic_acknowledge(), MAINTENANCE);
    show("EISR", hyp(H_EISR));
    clear();
    gic_end(MAINTENANCE);
    test_equal("gone", gic_acknowledge(), SPURIOUS);
    sysreg_write(hcr_el2, HCR_RW);
}

void level_main(void)
{
    sysreg_write(tpidr_el1, 1);
    gic_init_cpu();
    test_registers();
    test_delivery();
    test_hardware();
    test_maintenance();
    level_done();
}

void test_main(void)
{
    level_run();
}
