/*
 * A monitor at EL3 with two worlds at EL1: it serves calls of the normal one
 * (as PSCI does), hands others to the secure one and back, and keeps the
 * registers of each.  From reset; it ends by the Secure GPIO port.
 *
 * at-reset: yes
 * run: -M virt,secure=on -cpu cortex-a72
 * run: -M virt,secure=on,virtualization=on -cpu max
 * run: -M virt,secure=on,gic-version=3 -cpu cortex-a53
 * armature: -M virt,secure=on -cpu max -accel interp
 * armature: -M virt,secure=on -cpu max -accel jit,region-threshold=0
 */
#include "pc-bios/guest/io.h"
#include "tests/guest/lib/test.h"

#define SECURE_RAM 0x0e000000ull
#define GPIO 0x090b0000ull
#define SCR_FIXED 0x530u /* RW, HCE, RES1 */
#define SCR_NS 1u
#define EL1H 0x3c5u
#define SCTLR 0x30d00980u

enum { CLASS_SMC = 0x17, SYNC_LOWER = 8 };
/* Functions of the SMC calling convention: x0. */
#define PSCI_VERSION 0x84000000ull
#define SYSTEM_OFF 0x84000008ull
#define TO_SECURE 0xb2000001ull
#define TO_NORMAL 0xbe000000ull

struct world {
    uint64_t x[31]; /* ORDER monitor_entry */
    uint64_t pc, pstate;
    uint64_t el1[10];
    const char *name;
    uint32_t scr;
};

enum { NORMAL, SECURE };
static struct world worlds[2];
static uint64_t stacks[2][512] __attribute__((aligned(16)));
uint64_t monitor_stack[512] __attribute__((aligned(16)));

/* SP_EL3 is the world that runs. */
__asm__(
    "    .text\n"
    "    .globl monitor_vectors, monitor_resume\n"
    "    .balign 2048\n"
    "monitor_vectors:\n"
    "    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
    "    .balign 128\n"
    "    stp x0, x1, [sp]\n"
    "    mov x1, #\\number\n"
    "    b monitor_entry\n"
    "    .endr\n"
    "monitor_entry:\n"
    "    .irp n, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28\n"
    "    str x\\n, [sp, #8 * \\n]\n"
    "    .endr\n"
    "    .irp n, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 30\n"
    "    str x\\n, [sp, #8 * \\n]\n"
    "    .endr\n"
    "    mov x0, sp\n"
    "    adrp x2, monitor_stack + 4096\n"
    "    add x2, x2, :lo12:monitor_stack + 4096\n"
    "    mov sp, x2\n"
    "    bl monitor\n"
    "monitor_resume:\n"
    "    mov sp, x0\n"
    "    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16\n"
    "    ldr x\\n, [sp, #8 * \\n]\n"
    "    .endr\n"
    "    .irp n, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30\n"
    "    ldr x\\n, [sp, #8 * \\n]\n"
    "    .endr\n"
    "    ldr x0, [sp]\n"
    "    eret\n");
extern const char monitor_vectors[], vectors[];
struct world *monitor(struct world *w, uint64_t vector);
void monitor_resume(struct world *w) __attribute__((noreturn));

/* -- EL3 ----------------------------------------------------------------- */

#define EL1_REGISTERS(DO)                                                 \
    DO(0, sp_el0) DO(1, sp_el1) DO(2, vbar_el1) DO(3, tpidr_el1)          \
    DO(4, sctlr_el1) DO(5, elr_el1) DO(6, spsr_el1) DO(7, tpidr_el0)      \
    DO(8, ttbr0_el1) DO(9, mair_el1)

static void save(struct world *w)
{
    w->pc = sysreg_read(elr_el3);
    w->pstate = sysreg_read(spsr_el3);
#define SAVE(n, name) w->el1[n] = sysreg_read(name);
    EL1_REGISTERS(SAVE)
}

static struct world *restore(struct world *w)
{
#define RESTORE(n, name) sysreg_write(name, w->el1[n]);
    EL1_REGISTERS(RESTORE)
    sysreg_write(elr_el3, w->pc);
    sysreg_write(spsr_el3, w->pstate);
    sysreg_write(scr_el3, w->scr);
    barrier_isb();
    return w;
}

static void power_off(void)
{
    print("end\n");
    io_write32(GPIO + 0x400, 1);    /* direction of pin 0 */
    io_write32(GPIO + (1 << 2), 1); /* its level */
    for (;;) {
        cpu_wfi();
    }
}

struct world *monitor(struct world *w, uint64_t vector)
{
    struct world *other = &worlds[w == &worlds[NORMAL]];
    uint64_t esr = sysreg_read(esr_el3);

    save(w);
    print("monitor: vector %lu ESR %08lx PSTATE %03lx of the %s world, %lx\n",
          vector, esr, w->pstate & 0x3ff, w->name, w->x[0]);
    if (vector != SYNC_LOWER || esr >> 26 != CLASS_SMC) {
        print("FAILED: unexpected\n");
        power_off();
    }
    if (w->x[0] == TO_SECURE && w == &worlds[NORMAL]) {
        other->x[0] = w->x[1];
        return restore(other);
    }
    if (w->x[0] == TO_NORMAL && w == &worlds[SECURE]) {
        other->x[0] = w->x[1];
        return restore(other);
    }
    if (w->x[0] == SYSTEM_OFF && w == &worlds[NORMAL]) {
        power_off();
    }
    w->x[0] = w->x[0] == PSCI_VERSION ? 0x10001 : ~0ull;
    return restore(w);
}

/* -- EL1 ----------------------------------------------------------------- */

/* x19 to x28 must be as they were; x18 and below may not. */
static uint64_t smc(uint64_t function, uint64_t argument)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = argument;

    __asm__ volatile("smc #7" : "+r"(x0), "+r"(x1)::"x2", "x3", "x4", "x5",
                     "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                     "x14", "x15", "x16", "x17", "memory");
    return x0;
}

/* Adds up what it is given, in memory that only it sees. */
static void secure_main(void)
{
    uint64_t sum = 0;

    sysreg_write(tpidr_el0, 0x5ec);
    io_write32(SECURE_RAM, 0);
    for (;;) {
        uint64_t value = smc(TO_NORMAL, sum);

        io_write32(SECURE_RAM, io_read32(SECURE_RAM) + (uint32_t)value);
        sum = io_read32(SECURE_RAM);
        test_equal("secure TPIDR_EL0", sysreg_read(tpidr_el0), 0x5ec);
        test_equal("secure PSCI_VERSION", smc(PSCI_VERSION, 0), 0x10001);
        test_equal("secure SYSTEM_OFF", smc(SYSTEM_OFF, 0), ~0ull);
    }
}

static void normal_main(void)
{
    uint32_t value;

    test_equal("normal world at EL1", sysreg_read(currentel) >> 2, 1);
    sysreg_write(tpidr_el0, 0x123);
    test_equal("PSCI_VERSION", smc(PSCI_VERSION, 0), 0x10001);
    test_equal("no such function", smc(0x84001234, 0), ~0ull);
    test_equal("secure sum of 5", smc(TO_SECURE, 5), 5);
    test_equal("and 70", smc(TO_SECURE, 70), 75);
    test_equal("and 600", smc(TO_SECURE, 600), 675);
    test_equal("TPIDR_EL0", sysreg_read(tpidr_el0), 0x123);
    test_equal("SCTLR_EL1", sysreg_read(sctlr_el1), SCTLR);
    test_true("Secure memory aborts",
              !exception_try_read32(SECURE_RAM, &value));
    exception_expect();
    __asm__ volatile("mrs x1, scr_el3" ::: "x1");
    test_equal("SCR_EL3", esr_of(exception_caught()), ESR(EC_UNKNOWN, 0));
    smc(SYSTEM_OFF, 0);
}

static void create(unsigned n, const char *name, void (*entry)(void))
{
    struct world *w = &worlds[n];

    w->name = name;
    w->scr = SCR_FIXED | (n == NORMAL ? SCR_NS : 0);
    w->pc = (uint64_t)entry;
    w->pstate = EL1H;
    w->el1[1] = (uint64_t)(stacks[n] + ARRAY_SIZE(stacks[n]));
    w->el1[2] = (uint64_t)vectors;
    w->el1[4] = SCTLR;
}

void test_main(void)
{
    test_equal("at EL3", sysreg_read(currentel) >> 2, 3);
    sysreg_write(vbar_el3, (uint64_t)monitor_vectors);
    sysreg_write(hcr_el2, 1ull << 31); /* RW */
    sysreg_write(cptr_el3, 0);
    create(NORMAL, "normal", normal_main);
    create(SECURE, "secure", secure_main);
    monitor_resume(restore(&worlds[SECURE]));
}
