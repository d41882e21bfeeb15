/*
 * Self-modifying code without maintenance while a cache is off: what is in
 * memory is what runs (Arm ARM B2.4.4, SCTLR_EL1.C and I).  Every kind of
 * store, code that changes itself, data among code; and what was stored while
 * the caches were on, once they are off.
 *
 * run: -M virt -cpu cortex-a53
 * run: -M virt,gic-version=3 -cpu max
 * armature: -M virt -cpu cortex-a72 -accel interp
 * armature: -M virt -cpu cortex-a72 -accel jit,one-insn-per-tb=on
 * armature: -M virt -cpu cortex-a72 -accel jit,smc-strict=on
 * armature: -M virt -cpu cortex-a72 -accel jit,region-threshold=0
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define WINDOW 0x5500000000ull
#define RET 0xd65f03c0u
#define MOVZ_W0(imm) (0x52800000u | (uint32_t)(imm) << 5)
#define ADD_W0(imm) (0x11000000u | (uint32_t)(imm) << 10)
#define SCTLR_C (1ull << 2)
#define SCTLR_I (1ull << 12)

typedef uint64_t function(uint64_t x0, uint64_t x1, uint64_t x2);

static struct space space;
static uint32_t page[2048] __attribute__((aligned(8192)));

static void put(unsigned word, uint32_t instruction)
{
    ((volatile uint32_t *)page)[word] = instruction;
}

static void put_all(const uint32_t *code, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        put(i, code[i]);
    }
    barrier_dsb();
    barrier_isb();
}

static uint64_t call(uint64_t x0, uint64_t x1)
{
    return ((function *)(uint64_t)page)(x0, x1, 0);
}

static void test_one(void)
{
    struct test_many many = {.what = "one instruction"};

    put(1, RET);
    for (uint32_t i = 0; i < 500; i++) {
        put(0, MOVZ_W0(i));
        barrier_isb();
        test_many(&many, i, call(0, 0), i);
    }
    test_many_end(&many);
}

/* Code on two pages, changed on both sides. */
static void test_crossing(void)
{
    struct test_many many = {.what = "code on two pages"};
    function *code = (function *)(uint64_t)&page[1022];

    put(1022, MOVZ_W0(0));
    put(1023, ADD_W0(0));
    put(1024, ADD_W0(0));
    put(1025, RET);
    for (uint32_t i = 1; i < 200; i++) {
        put(1022, MOVZ_W0(i));
        put(1024, ADD_W0(i));
        barrier_isb();
        test_many(&many, i, code(0, 0, 0), 3 * i - 1);
        put(1023, ADD_W0(i));
        barrier_isb();
        test_many(&many, i, code(0, 0, 0), 3 * i);
    }
    test_many_end(&many);
}

/* A loop that counts in its own page, and a function called from it. */
static void test_data_beside(void)
{
    static const uint32_t code[] = {
        0xd503201f,
        0xb9404002, /* 1: ldr w2, [x0, #64] */
        0x11000442, /* add w2, w2, #1 */
        0xb9004002, /* str w2, [x0, #64] */
        0xf1000421, /* subs x1, x1, #1 */
        0x54ffff81, /* b.ne 1b */
        0xaa0203e0, /* mov x0, x2 */
        RET,
    };
    struct test_many many = {.what = "data beside code"};

    put_all(code, ARRAY_SIZE(code));
    put(16, 0);
    for (uint32_t i = 1; i <= 20; i++) {
        test_many(&many, i, call((uint64_t)page, 1000), i * 1000);
    }
    test_many_end(&many);
}

/* What comes next is changed, by each kind of store; here behind an ISB. */
static void test_next(const char *what, uint32_t store)
{
    const uint32_t code[] = {
        0x4e081c20, /* mov v0.d[0], x1 */
        0xc85f7c05, /* ldxr x5, [x0] */
        store,
#ifdef AT_ONCE
        0xd503201f,
#else
        0xd5033fdf, /* isb */
#endif
        MOVZ_W0(0xffff), ADD_W0(0xfff), /* changed to what x1 is */
        RET,
    };
    struct test_many many = {.what = what};

    for (uint32_t i = 0; i < 100; i++) {
        put_all(code, ARRAY_SIZE(code));
        test_many(&many, i,
                  call((uint64_t)&page[4],
                       MOVZ_W0(i) | (uint64_t)ADD_W0(i) << 32),
                  2 * i);
    }
    test_many_end(&many);
}

static void test_stores(void)
{
    test_next("str", 0xf9000001);         /* str x1, [x0] */
    test_next("str, indexed", 0xf8008401); /* str x1, [x0], #8 */
    test_next("str of a vector", 0xfd000000); /* str d0, [x0] */
    test_next("stlr", 0xc89ffc01);        /* stlr x1, [x0] */
    test_next("st1", 0x0c007c00);         /* st1 {v0.1d}, [x0] */
    test_next("stxr", 0xc8057c01);        /* stxr w5, x1, [x0] */
}

/* A hot loop that increments the immediate of one of its own. */
static void test_itself(void)
{
    static const uint32_t code[] = {
        0xd2800002, /* mov x2, #0 */
        0x52800003, /* 1: mov w3, #0 (changed) */
        0x8b030042, /* add x2, x2, x3 */
        0xb9400404, /* ldr w4, [x0, #4] */
        0x11008084, /* add w4, w4, #32: the next immediate */
        0xb9000404, /* str w4, [x0, #4] */
        0xf1000421, /* subs x1, x1, #1 */
        0x54ffff41, /* b.ne 1b */
        0xaa0203e0, /* mov x0, x2 */
        RET,
    };
    struct test_many many = {.what = "a loop that changes itself"};

    for (uint32_t i = 1; i < 40; i++) {
        put_all(code, ARRAY_SIZE(code));
        test_many(&many, i, call((uint64_t)page, i * 10),
                  (uint64_t)i * 10 * (i * 10 - 1) / 2);
    }
    test_many_end(&many);
}

/* A store that overwrites itself, to be met at the next round. */
static void test_overwritten(void)
{
    static const uint32_t code[] = {
        0xb9000001, /* 1: str w1, [x0] (becomes what w1 is) */
        0xf1000442, /* subs x2, x2, #1 */
        0x54ffffc1, /* b.ne 1b */
        0xaa0303e0, /* mov x0, x3 */
        RET,
    };
    struct test_many many = {.what = "a store that replaces itself"};

    for (uint32_t i = 0; i < 50; i++) {
        uint64_t result;

        put_all(code, ARRAY_SIZE(code));
        /* mov w3, #i */
        __asm__ volatile("mov x0, %1\n mov w1, %w2\n mov x2, #2\n"
                         "mov x3, #0\n blr %1\n mov %0, x0"
                         : "=r"(result)
                         : "r"(page), "r"(MOVZ_W0(i) | 3)
                         : "x0", "x1", "x2", "x3", "x30", "memory", "cc");
        test_many(&many, i, result, i);
    }
    test_many_end(&many);
}

/* Other functions copied over one that is in use. */
static void test_copies(void)
{
    struct test_many many = {.what = "functions copied over others"};
    uint32_t code[128];

    for (uint32_t i = 0; i < 100; i++) {
        unsigned length = 1 + i * 7 % 126;

        code[0] = MOVZ_W0(i);
        for (unsigned n = 1; n < length; n++) {
            code[n] = ADD_W0(i % 3);
        }
        code[length] = RET;
        put_all(code, length + 1);
        test_many(&many, i, call(0, 0), i + (length - 1) * (i % 3));
    }
    test_many_end(&many);
}

/* Written at one address, executed at another; not maintained. */
static void test_alias(void)
{
    struct test_many many = {.what = "written through an alias"};

    put(1, RET);
    for (uint32_t i = 0; i < 300; i++) {
        put(0, MOVZ_W0(i));
        barrier_isb();
        test_many(&many, i, ((function *)WINDOW)(0, 0, 0), i);
        *(volatile uint32_t *)WINDOW = MOVZ_W0(i + 1);
        barrier_isb();
        test_many(&many, i, call(0, 0), i + 1);
    }
    test_many_end(&many);
}

static void caches(bool data, bool instructions)
{
    uint64_t sctlr = sysreg_read(sctlr_el1) & ~(SCTLR_C | SCTLR_I);

    sysreg_write(sctlr_el1, sctlr | (data ? SCTLR_C : 0) |
                                (instructions ? SCTLR_I : 0));
    barrier_isb();
}

/* With caches on cleaned only, then run with them off. */
static void test_switch(void)
{
    struct test_many many = {.what = "stored before the caches are off"};

    put(1, RET);
    for (uint32_t i = 0; i < 100; i++) {
        caches(true, true);
        put(0, MOVZ_W0(i));
        __asm__ volatile("dc civac, %0\n dsb sy" ::"r"(page) : "memory");
        caches(i & 1, false);
        test_many(&many, i, call(0, 0), i);
    }
    caches(true, true);
    test_many_end(&many);
}

static void test_maintained(void)
{
    struct test_many many = {.what = "with maintenance"};

    put(1, RET);
    for (uint32_t i = 0; i < 300; i++) {
        put(0, MOVZ_W0(i));
        __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n"
                         "isb" ::"r"(page) : "memory");
        test_many(&many, i, call(0, 0), i);
    }
    test_many_end(&many);
}

static void test_all(const char *part)
{
    test_part(part);
    test_one();
    test_crossing();
    test_data_beside();
    test_stores();
    test_itself();
    test_overwritten();
    test_copies();
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    *tables_entry(&space, WINDOW, 3) = (uint64_t)page | D_PAGE | D_RAM;
    test_all("mmu and caches off");
    caches(false, true);
    test_all("instruction cache on");
    caches(false, false);
    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
    test_part("mmu and caches on");
    test_maintained();
    test_switch();
    caches(false, false);
    test_all("mmu on, caches off");
    test_alias();
    caches(true, false);
    test_all("mmu and data cache on");
    test_alias();
    caches(true, true);
    test_part("mmu and caches on");
    test_maintained();
}
