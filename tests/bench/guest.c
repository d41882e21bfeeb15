/*
 * The kernels on bare metal: EL1, one processor, MMU and caches on; and
 * system events, which have no native twin.  Prints "NAME KIND NANOSECONDS
 * CHECKSUM" per line, the best of three.
 */
#include "tests/bench/kernels.h"
#include "pc-bios/guest/print.h"
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

static uint64_t frequency;

static uint64_t now(void)
{
    uint64_t v;

    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(v));
    return v;
}

static uint64_t nanoseconds(uint64_t ticks)
{
    return ticks * 1000 / (frequency / 1000000);
}

static void report(const char *name, const char *kind, uint64_t ns,
                   uint64_t sum)
{
    print("%s %s %lu %016lx\n", name, kind, ns, sum);
}

static void time_it(const char *name, const char *kind, uint64_t per,
                    uint64_t (*run)(void))
{
    uint64_t best = UINT64_MAX, sum = 0;

    for (int round = 0; round < 3; round++) {
        __asm__ volatile("tlbi vmalle1\n dsb sy\n isb"); /* QEMU's TLB grows
                                                            at a flush only */
        uint64_t start = now();
        sum = run();
        uint64_t took = now() - start;
        best = took < best ? took : best;
    }
    report(name, kind, nanoseconds(best) / per, sum);
}

/* -- system events -------------------------------------------------------- */

#define SPACE_PAGES 64
#define SPACE_VA 0x80000000ull

static struct space user_space[2];
static uint64_t user_pages[SPACE_PAGES * 512]
    __attribute__((aligned(4096)));

/* A vector table that returns at once. */
__asm__(".balign 2048\n"
        "eret_vectors:\n"
        ".rept 16\n eret\n .balign 128\n .endr\n");
extern char eret_vectors[];

static uint64_t svc(void)
{
    uint64_t vectors;

    __asm__ volatile("mrs %0, vbar_el1\n msr vbar_el1, %1\n isb"
                     : "=&r"(vectors)
                     : "r"(eret_vectors));
    for (int n = 0; n < 100000; n++) {
        __asm__ volatile("svc #0" ::: "memory");
    }
    __asm__ volatile("msr vbar_el1, %0\n isb" ::"r"(vectors));
    return 0;
}

static uint64_t counter(void)
{
    uint64_t sum = 0, v;

    for (int n = 0; n < 200000; n++) {
        __asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
        sum |= v == 0;
    }
    return sum;
}

static uint64_t daif(void)
{
    for (int n = 0; n < 500000; n++) {
        __asm__ volatile("msr daifset, #2\n msr daifclr, #8");
    }
    return 0;
}

static uint64_t mmio(void)
{
    volatile uint32_t *uart_flags = (volatile uint32_t *)0x9000018;
    uint64_t sum = 0;

    for (int n = 0; n < 100000; n++) {
        sum |= *uart_flags & 0x20;
    }
    return sum;
}

static uint64_t touch(void)
{
    uint64_t sum = 0;

    for (unsigned n = 0; n < SPACE_PAGES; n++) {
        sum += *(volatile uint64_t *)(SPACE_VA + n * 4096);
    }
    return sum;
}

static void set_space(unsigned n, uint64_t asid)
{
    uint64_t ttbr = (uint64_t)user_space[n].root | asid << 48;

    __asm__ volatile("msr ttbr0_el1, %0\n isb" ::"r"(ttbr));
}

static uint64_t asid_flip(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 4000; n++) {
        set_space(n & 1, 1 + (n & 1));
        sum += touch();
    }
    set_space(0, 1);
    return sum;
}

static uint64_t same_asid(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 4000; n++) {
        set_space(0, 1);
        sum += touch();
    }
    return sum;
}

static uint64_t tlbi_one(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 20000; n++) {
        __asm__ volatile("tlbi vae1, %0\n dsb nsh\n isb" ::"r"(
                             (SPACE_VA >> 12) | 1ull << 48)
                         : "memory");
        sum += *(volatile uint64_t *)SPACE_VA;
    }
    return sum;
}

static uint64_t tlbi_broadcast(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 20000; n++) {
        __asm__ volatile("dsb ishst\n tlbi vae1is, %0\n dsb ish\n isb" ::"r"(
                             (SPACE_VA >> 12) | 1ull << 48)
                         : "memory");
        sum += *(volatile uint64_t *)SPACE_VA;
    }
    return sum;
}

static uint32_t code[16384] __attribute__((aligned(4096)));

static void sync_code(void *at)
{
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" ::
                         "r"(at)
                     : "memory");
}

static uint64_t rewrite(void)
{
    uint64_t (*f)(void) = (uint64_t(*)(void))code;
    uint64_t sum = 0;

    code[1] = 0xd65f03c0; /* ret */
    for (uint32_t n = 0; n < 3000; n++) {
        code[0] = 0xd2800000 | (n & 0xffff) << 5; /* mov x0, #n */
        sync_code(code);
        sum += f();
    }
    return sum;
}

/* Blocks of 12 additions and a return, each run once. */
static uint64_t fresh_code(void)
{
    uint64_t sum = 0;

    for (unsigned n = 0; n < 1000; n++) {
        uint32_t *block = code + n * 16;
        for (unsigned k = 0; k < 12; k++) {
            block[k] = 0x91000400 | (k & 3) << 5 | (k & 3); /* add */
        }
        block[12] = 0xd65f03c0;
    }
    for (unsigned n = 0; n < 1000; n++) {
        sync_code(code + n * 16);
    }
    for (unsigned n = 0; n < 1000; n++) {
        uint64_t (*f)(uint64_t) = (uint64_t(*)(uint64_t))(code + n * 16);
        sum += f(n);
    }
    return sum;
}

static uint64_t store_beside_code(void)
{
    uint64_t (*f)(void) = (uint64_t(*)(void))code;
    uint64_t sum = 0;

    code[0] = 0xd2800020; /* mov x0, #1 */
    code[1] = 0xd65f03c0;
    sync_code(code);
    for (uint32_t n = 0; n < 100000; n++) {
        ((volatile uint32_t *)code)[512] = n;
        sum += f();
    }
    return sum;
}

static void prepare_spaces(void)
{
    tables_reset();
    for (unsigned s = 0; s < 2; s++) {
        user_space[s] = tables_new(12, 39);
        tables_identity(&user_space[s]);
        for (unsigned n = 0; n < SPACE_PAGES; n++) {
            *tables_entry(&user_space[s], SPACE_VA + n * 4096, 3) =
                (uint64_t)&user_pages[n * 512] | D_RAM | D_NG | D_PAGE;
        }
    }
    mmu_on(&user_space[0],
           TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_ASID16 | TCR_TG0_4K);
    set_space(0, 1);
}

void test_main(void)
{
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    prepare_spaces();
    __asm__ volatile("msr cpacr_el1, %0\n isb" ::"r"(3ull << 20));
    for (unsigned n = 0; n < kernel_count; n++) {
        time_it(kernels[n].name, kernels[n].kind, 1, kernels[n].run);
    }
    time_it("svc+eret", "system", 100000, svc);
    time_it("counter", "system", 200000, counter);
    time_it("daif", "system", 500000, daif);
    time_it("mmio-read", "system", 100000, mmio);
    time_it("ttbr0-same-asid+64", "system", 4000, same_asid);
    time_it("asid-flip+64", "system", 4000, asid_flip);
    time_it("tlbi-va+1", "system", 20000, tlbi_one);
    time_it("tlbi-va-is+1", "system", 20000, tlbi_broadcast);
    time_it("ic-rewrite", "system", 3000, rewrite);
    time_it("fresh-code", "system", 1000, fresh_code);
    time_it("store-beside-code", "system", 100000, store_beside_code);
}
