/*
 * Self-modifying code, always with the maintenance the architecture asks
 * for (Arm ARM B2.4.4, DC CVAU, IC IVAU): one instruction, code over two
 * pages, data beside code, writes through another address, other code at
 * one address by ASID.
 *
 * run: -M virt -cpu cortex-a53
 * run: -M virt,gic-version=3 -cpu cortex-a72
 * run: -M virt -cpu max
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define WINDOW 0x5500000000ull
#define RET 0xd65f03c0u
#define MOVZ_W0(imm) (0x52800000u | (uint32_t)(imm) << 5)
#define ADD_W0(imm) (0x11000000u | (uint32_t)(imm) << 10)
#define B(from, to) \
    (0x14000000u | ((uint32_t)((int64_t)((to) - (from)) >> 2) & 0x3ffffff))

typedef uint32_t function(uint32_t x);

static struct space space, other;
static uint32_t page[2048] __attribute__((aligned(8192)));
static uint32_t page_b[1024] __attribute__((aligned(4096)));

static void sync_line(uint64_t written, uint64_t executed)
{
    __asm__ volatile("dc cvau, %0\n"
                     "dsb ish\n"
                     "ic ivau, %1\n"
                     "dsb ish\n"
                     "isb" ::"r"(written), "r"(executed)
                     : "memory");
}

static void put(uint32_t *place, uint32_t instruction)
{
    *(volatile uint32_t *)place = instruction;
    sync_line((uint64_t)place, (uint64_t)place);
}

static uint32_t call(uint64_t address, uint32_t x)
{
    return ((function *)address)(x);
}

static void test_one(void)
{
    struct test_many many = {.what = "one instruction, IC IVAU"};
    struct test_many all = {.what = "one instruction, IC IALLU"};
    uint64_t code = (uint64_t)page;

    put(&page[1], RET);
    for (uint32_t i = 0; i < 500; i++) {
        put(&page[0], MOVZ_W0(i));
        test_many(&many, i, call(code, 0), i);
    }
    test_many_end(&many);
    for (uint32_t i = 0; i < 500; i++) {
        *(volatile uint32_t *)&page[0] = MOVZ_W0(i + 7);
        if (i % 2) {
            __asm__ volatile("dc cvau, %0\n dsb ish\n ic iallu\n dsb ish\n"
                             "isb" ::"r"(page) : "memory");
        } else {
            __asm__ volatile("dc cvau, %0\n dsb ish\n ic ialluis\n dsb ish\n"
                             "isb" ::"r"(page) : "memory");
        }
        test_many(&all, i, call(code, 0), i + 7);
    }
    test_many_end(&all);
}

/* The middle of a long run, after it has become hot. */
static void test_hot(void)
{
    struct test_many many = {.what = "hot code changed in the middle"};
    uint64_t code = (uint64_t)page;

    for (unsigned i = 0; i < 64; i++) {
        put(&page[i], ADD_W0(1));
    }
    put(&page[64], RET);
    for (uint32_t round = 0; round < 64; round++) {
        uint32_t got = 0;

        for (unsigned i = 0; i < 2000; i++) {
            got = call(code, i);
            if (got != i + 64 + round) {
                break;
            }
        }
        test_many(&many, round, got, 1999 + 64 + round);
        put(&page[round * 37 % 64], ADD_W0(2));
    }
    test_many_end(&many);
}

/* A function that runs from one page into the next, each side changed. */
static void test_crossing(void)
{
    struct test_many many = {.what = "code on two pages"};
    uint64_t code = (uint64_t)&page[1022];

    put(&page[1022], MOVZ_W0(0));
    put(&page[1023], ADD_W0(0));
    put(&page[1024], ADD_W0(0));
    put(&page[1025], RET);
    for (uint32_t i = 1; i < 200; i++) {
        put(&page[1022], MOVZ_W0(i));
        test_many(&many, i, call(code, 0), i + 2 * (i - 1));
        put(&page[1024], ADD_W0(i));
        test_many(&many, i, call(code, 0), i + (i - 1) + i);
        put(&page[1023], ADD_W0(i));
        test_many(&many, i, call(code, 0), 3 * i);
    }
    test_many_end(&many);
}

/* Data next to code may change without any maintenance. */
static void test_data_beside(void)
{
    struct test_many many = {.what = "data beside code"};
    volatile uint32_t *data = &page[8];

    put(&page[0], 0x18000080u); /* ldr w0, page + 16 */
    put(&page[1], RET);
    for (uint32_t i = 0; i < 2000; i++) {
        page[4] = i;
        *data = i;
        test_many(&many, i, call((uint64_t)page, 0), i);
        test_many(&many, i, *data, i);
    }
    test_many_end(&many);
}

/* Written through one address, executed at another. */
static void test_alias(void)
{
    struct test_many many = {.what = "written through an alias"};

    put(&page[1], RET);
    for (uint32_t i = 0; i < 300; i++) {
        *(volatile uint32_t *)&page[0] = MOVZ_W0(i);
        sync_line((uint64_t)page, WINDOW);
        test_many(&many, i, call(WINDOW, 0), i);
        test_many(&many, i, call((uint64_t)page, 0), i);
    }
    test_many_end(&many);
}

static void use(const struct space *s, uint64_t asid)
{
    sysreg_write(ttbr0_el1, (uint64_t)s->root | asid << 48);
    barrier_isb();
}

/* One address is other code in each address space; nothing is modified. */
static void test_asid(void)
{
    struct test_many many = {.what = "other code by ASID"};

    put(&page[0], MOVZ_W0(111));
    put(&page[1], RET);
    put(&page_b[0], MOVZ_W0(222));
    put(&page_b[1], RET);
    for (unsigned i = 0; i < 500; i++) {
        use(&space, 1);
        test_many(&many, i, call(WINDOW + 4096, 0), 111);
        use(&other, 2);
        test_many(&many, i, call(WINDOW + 4096, 0), 222);
    }
    use(&space, 0);
    test_many_end(&many);
}

/* The page under the code is replaced: TLB maintenance, none of caches. */
static void test_remap(void)
{
    struct test_many many = {.what = "another page under the code"};

    for (unsigned i = 0; i < 200; i++) {
        uint32_t *to = i % 2 ? page : page_b;

        *tables_entry(&space, WINDOW + 8192, 3) = 0;
        tlbi_va(vaae1is, (WINDOW + 8192) >> 12);
        *tables_entry(&space, WINDOW + 8192, 3) =
            (uint64_t)to | D_PAGE | D_RAM;
        barrier_dsb();
        barrier_isb();
        test_many(&many, i, call(WINDOW + 8192, 0), i % 2 ? 111 : 222);
    }
    test_many_end(&many);
}

/* A branch patched between two targets, as code patching does. */
static void test_branch(void)
{
    struct test_many many = {.what = "patched branch"};

    put(&page[0], B(0, 16));
    put(&page[4], MOVZ_W0(1));
    put(&page[5], RET);
    put(&page[1030], MOVZ_W0(2));
    put(&page[1031], RET);
    for (unsigned i = 0; i < 300; i++) {
        put(&page[0], i % 2 ? B(0, 1030 * 4) : B(0, 16));
        test_many(&many, i, call((uint64_t)page, 0), i % 2 ? 2 : 1);
        test_many(&many, i, call((uint64_t)page, 0), i % 2 ? 2 : 1);
    }
    test_many_end(&many);
}

/* A function that changes an instruction of its own, six further on. */
static void test_itself(void)
{
    struct test_many many = {.what = "changes what comes next"};
    static const uint32_t code[] = {
        0xb9001801, /* str w1, [x0, #24] */
        0xd50b7b20, /* dc cvau, x0 */
        0xd5033b9f, /* dsb ish */
        0xd50b7520, /* ic ivau, x0 */
        0xd5033b9f, /* dsb ish */
        0xd5033fdf, /* isb */
        0,          /* changed to mov w0, #i */
        RET,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(code); i++) {
        put(&page[i], code[i]);
    }
    for (uint32_t i = 0; i < 300; i++) {
        uint64_t result;

        __asm__ volatile("mov x0, %1\n mov w1, %w2\n blr %1\n mov %0, x0"
                         : "=r"(result)
                         : "r"(page), "r"(MOVZ_W0(i))
                         : "x0", "x1", "x30", "memory");
        test_many(&many, i, result, i);
    }
    test_many_end(&many);
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 48);
    other = tables_new(12, 48);
    tables_identity(&space);
    tables_identity(&other);
    *tables_entry(&space, WINDOW, 3) = (uint64_t)page | D_PAGE | D_RAM;
    *tables_entry(&space, WINDOW + 4096, 3) =
        (uint64_t)page | D_PAGE | D_RAM | D_NG;
    *tables_entry(&other, WINDOW + 4096, 3) =
        (uint64_t)page_b | D_PAGE | D_RAM | D_NG;
    test_part("mmu off");
    test_one();
    test_crossing();
    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
    test_part("mmu on");
    test_one();
    test_hot();
    test_crossing();
    test_data_beside();
    test_alias();
    test_asid();
    test_remap();
    test_branch();
    test_itself();
}
