#include "tests/guest/lib/level.h"

#include "pc-bios/guest/board.h"
#include "pc-bios/guest/psci.h"
#include "pc-bios/guest/timer.h"

#define CPU_ON 0xc4000003u
#define HVC_DONE 0xd4000aa2u /* HVC #0x55 */
#define DONE 0x55
#define HCR_E2H (1ull << 34)

extern const char level_start[];
extern uint64_t level_vector;

/* The vector that the last exception to EL2 came by. */
uint64_t level_vector;

static uint64_t stack[1024] __attribute__((aligned(16)));
static volatile uint64_t done;
static uint32_t code[16] __attribute__((aligned(64)));

/* Programs without a second level. */
__attribute__((weak)) void level_main(void)
{
    level_done();
}

void level_run(void)
{
    int64_t status = psci_call(CPU_ON, board.cpus[1].mpidr,
                               (uint64_t)level_start,
                               (uint64_t)(stack + ARRAY_SIZE(stack)));

    test_true("CPU 1 ran at EL2",
              status == PSCI_SUCCESS && wait_until(&done, 1));
}

void level_done(void)
{
    done = 1;
    barrier_dsb();
    for (;;) {
        cpu_wfi();
    }
}

static void write_code(uint32_t insn)
{
    code[0] = insn;
    code[1] = HVC_DONE;
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
                     ::"r"(code) : "memory");
}

void level_try(const char *what, uint32_t spsr, uint32_t insn)
{
    uint64_t hcr = sysreg_read(hcr_el2), esr, behind;

    write_code(insn);
    level_enter(spsr, (uint64_t)code);
    esr = sysreg_read(esr_el2);
    behind = sysreg_read(elr_el2) - (uint64_t)code;
    sysreg_write(hcr_el2, sysreg_read(hcr_el2) & ~HCR_E2H);
    barrier_isb(); /* EL1's registers by their own names */
    if (esr == ESR(0x16, DONE)) {
        print("%s: done\n", what);
    } else if ((esr & ~0xfull) == ESR(0x16, 0x100)) {
        print("%s: EL1 vector %lu ESR %08lx ELR +%lu SPSR %08lx\n", what,
              esr & 15, sysreg_read(esr_el1),
              sysreg_read(elr_el1) - (uint64_t)code, sysreg_read(spsr_el1));
    } else {
        print("%s: EL2 vector %lu ESR %08lx ELR +%lu SPSR %08lx\n", what,
              level_vector, esr, behind, sysreg_read(spsr_el2));
    }
    sysreg_write(hcr_el2, (hcr & HCR_E2H) | sysreg_read(hcr_el2));
    barrier_isb();
}
