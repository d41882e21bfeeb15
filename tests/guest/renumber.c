/*
 * A function whose page comes and goes: at its address lie so many other pages
 * meanwhile that nobody can remember them all.  Its caller stays where it is.
 *
 * run: -M virt -cpu cortex-a72
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 * armature: -M virt -cpu max -accel interp
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

enum { ROUNDS = 3, CALLS = 100, PAGES = 1500 };
#define CALLER 0x5500000000ull
#define CALLED (CALLER + 4096)
#define TCR (TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40)

/* A page that calls the next one. */
extern const uint32_t renumber_program[];
__asm__(".pushsection .text\n"
        ".balign 4096\n"
        "renumber_program:\n"
        "stp x29, x30, [sp, #-16]!\n"
        "bl 2f\n"
        "add x0, x0, #1\n"
        "ldp x29, x30, [sp], #16\n"
        "ret\n"
        ".org renumber_program + 4096\n"
        "2: ldr w0, 1f\n"
        "ret\n"
        "1: .word 0\n"
        ".popsection\n");

static uint32_t page[PAGES][1024] __attribute__((aligned(4096)));
static struct space space;

/* Page n returns n. */
static void write_pages(void)
{
    const uint32_t *called = renumber_program + 1024;

    for (unsigned n = 0; n < PAGES; n++) {
        page[n][0] = called[0];
        page[n][1] = called[1];
        page[n][2] = n;
        __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0" ::"r"(page[n])
                         : "memory");
    }
    __asm__ volatile("dsb ish\n isb" ::: "memory");
}

static void map(uint64_t va, const void *at)
{
    *tables_entry(&space, va, 3) = (uint64_t)at | D_PAGE | D_RAM;
    tlbi_va(vae1, va >> 12);
}

static uint64_t call(uint64_t va)
{
    return ((uint64_t(*)(void))va)();
}

void test_main(void)
{
    uint64_t wrong = 0;

    write_pages();
    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    mmu_on(&space, TCR);
    map(CALLER, renumber_program);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned n = 0; n < PAGES; n++) {
            map(CALLED, page[n]);
            wrong += call(CALLED) != n;
        }
        for (unsigned n = 0; n < 2; n++) {
            map(CALLED, page[n]);
            for (unsigned i = 0; i < CALLS; i++) {
                wrong += call(CALLER) != n + 1;
            }
        }
    }
    test_equal("wrong results", wrong, 0);
}
