/*
 * Accesses that cross a page: every size, the two pages far apart in
 * memory, and a fault on either page with nothing written.
 *
 * run: -M virt -cpu cortex-a53
 * run: -M virt,gic-version=3 -cpu cortex-a72
 * run: -M virt -cpu max
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define WINDOW 0x5500000000ull
#define EDGE (WINDOW + 4096)
enum { TRANSLATION_3 = 7, PERMISSION_3 = 15, WRITE = 0x40, AROUND = 64 };

static struct space space;
/* Mapped in the other order, so the pages are not neighbours. */
static uint8_t memory[3][4096] __attribute__((aligned(4096)));
static uint8_t *const low = memory[2], *const high = memory[0];

/* One instruction with x0 = address; data goes through buffer, 32 bytes. */
typedef void access(uint64_t address, uint8_t *buffer);

#define SCALAR_LOAD(name, text, reg) \
    static void name(uint64_t address, uint8_t *buffer) \
    { \
        __asm__ volatile(text " " reg "2, [%0]\n str x2, [%1]" ::"r"( \
                             address), \
                         "r"(buffer) \
                         : "x2", "memory"); \
    }
#define SCALAR_STORE(name, text, reg) \
    static void name(uint64_t address, uint8_t *buffer) \
    { \
        __asm__ volatile("ldr x2, [%1]\n" text " " reg "2, [%0]" ::"r"( \
                             address), \
                         "r"(buffer) \
                         : "x2", "memory"); \
    }
#define PAIR_LOAD(name, a, b, save) \
    static void name(uint64_t address, uint8_t *buffer) \
    { \
        __asm__ volatile("ldp " a ", " b ", [%0]\n" save ::"r"(address), \
                         "r"(buffer) \
                         : "x2", "x3", "memory"); \
    }
#define PAIR_STORE(name, a, b, fetch) \
    static void name(uint64_t address, uint8_t *buffer) \
    { \
        __asm__ volatile(fetch "\n stp " a ", " b ", [%0]" ::"r"(address), \
                         "r"(buffer) \
                         : "x2", "x3", "memory"); \
    }

SCALAR_LOAD(load_16, "ldrh", "w")
SCALAR_LOAD(load_32, "ldr", "w")
SCALAR_LOAD(load_64, "ldr", "x")
SCALAR_STORE(store_16, "strh", "w")
SCALAR_STORE(store_32, "str", "w")
SCALAR_STORE(store_64, "str", "x")
PAIR_LOAD(load_pair_32, "w2", "w3", "stp w2, w3, [%1]")
PAIR_LOAD(load_pair_64, "x2", "x3", "stp x2, x3, [%1]")
PAIR_STORE(store_pair_32, "w2", "w3", "ldp w2, w3, [%1]")
PAIR_STORE(store_pair_64, "x2", "x3", "ldp x2, x3, [%1]")
PAIR_LOAD(load_pair_d, "d2", "d3", "stp d2, d3, [%1]")
PAIR_STORE(store_pair_d, "d2", "d3", "ldp d2, d3, [%1]")
PAIR_LOAD(load_pair_q, "q2", "q3", "stp q2, q3, [%1]")
PAIR_STORE(store_pair_q, "q2", "q3", "ldp q2, q3, [%1]")

static void load_q(uint64_t address, uint8_t *buffer)
{
    __asm__ volatile("ldr q2, [%0]\n str q2, [%1]" ::"r"(address),
                     "r"(buffer)
                     : "memory");
}

static void store_q(uint64_t address, uint8_t *buffer)
{
    __asm__ volatile("ldr q2, [%1]\n str q2, [%0]" ::"r"(address),
                     "r"(buffer)
                     : "memory");
}

static void load_s(uint64_t address, uint8_t *buffer)
{
    __asm__ volatile("ldr s2, [%0]\n str s2, [%1]" ::"r"(address),
                     "r"(buffer)
                     : "memory");
}

static void store_s(uint64_t address, uint8_t *buffer)
{
    __asm__ volatile("ldr s2, [%1]\n str s2, [%0]" ::"r"(address),
                     "r"(buffer)
                     : "memory");
}

static void load_ld1(uint64_t address, uint8_t *buffer)
{
    __asm__ volatile("ld1 {v2.16b, v3.16b}, [%0]\n"
                     "st1 {v2.16b, v3.16b}, [%1]" ::"r"(address),
                     "r"(buffer)
                     : "memory");
}

static void store_st1(uint64_t address, uint8_t *buffer)
{
    __asm__ volatile("ld1 {v2.16b, v3.16b}, [%1]\n"
                     "st1 {v2.16b, v3.16b}, [%0]" ::"r"(address),
                     "r"(buffer)
                     : "memory");
}

static const struct {
    const char *name;
    unsigned size;  /* bytes in all */
    unsigned unit;  /* bytes of one access (Arm ARM B2.2.1) */
    access *load, *store;
} accesses[] = {
    {"16 bits", 2, 2, load_16, store_16},
    {"32 bits", 4, 4, load_32, store_32},
    {"64 bits", 8, 8, load_64, store_64},
    {"pair of 32", 8, 4, load_pair_32, store_pair_32},
    {"pair of 64", 16, 8, load_pair_64, store_pair_64},
    {"S register", 4, 4, load_s, store_s},
    {"Q register", 16, 8, load_q, store_q},
    {"pair of D", 16, 8, load_pair_d, store_pair_d},
    {"pair of Q", 32, 8, load_pair_q, store_pair_q},
    {"LD1 and ST1", 32, 1, load_ld1, store_st1},
};

static uint8_t pattern(unsigned i)
{
    return (uint8_t)(i * 37 + 11);
}

/* The byte at an offset from the edge, -AROUND to AROUND - 1. */
static volatile uint8_t *byte_at(int offset)
{
    return offset < 0 ? low + 4096 + offset : high + offset;
}

static void fill(void)
{
    for (int i = -AROUND; i < AROUND; i++) {
        *byte_at(i) = pattern((unsigned)(i + AROUND));
    }
}

static void map(uint64_t va, uint8_t *page, uint64_t attributes)
{
    *tables_entry(&space, va, 3) = 0;
    tlbi_va(vaae1is, va >> 12);
    *tables_entry(&space, va, 3) =
        attributes ? (uint64_t)page | D_PAGE | attributes : 0;
    tlbi_va(vaae1is, va >> 12);
}

static void test_values(unsigned index)
{
    struct test_many many = {.what = accesses[index].name};
    unsigned size = accesses[index].size;
    uint8_t buffer[32] __attribute__((aligned(16)));

    for (unsigned before = 0; before <= size; before++) {
        fill();
        accesses[index].load(EDGE - before, buffer);
        for (unsigned i = 0; i < size; i++) {
            test_many(&many, before, buffer[i],
                      pattern(AROUND - before + i));
        }
        for (unsigned i = 0; i < size; i++) {
            buffer[i] = (uint8_t)(0x80 + i + before);
        }
        accesses[index].store(EDGE - before, buffer);
        for (int i = -AROUND; i < AROUND; i++) {
            unsigned at = (unsigned)(i + (int)before);

            test_many(&many, before, *byte_at(i),
                      at < size ? (uint8_t)(0x80 + at + before)
                                : pattern((unsigned)(i + AROUND)));
        }
    }
    test_many_end(&many);
}

/* With one page missing: the fault, its address, memory as it was. */
static void test_faults(unsigned index, bool high_missing, struct test_many *m)
{
    unsigned size = accesses[index].size, unit = accesses[index].unit;
    uint8_t buffer[32] __attribute__((aligned(16))) = {0};

    for (unsigned before = 1; before < size; before++) {
        uint64_t address = EDGE - before, far;
        const struct exception_frame *frame;

        /* The first byte that cannot be had, or the first of all. */
        far = high_missing ? EDGE : address;
        exception_expect();
        accesses[index].load(address, buffer);
        frame = exception_caught();
        test_many(m, before, esr_of(frame), ESR(EC_DATA, TRANSLATION_3));
        test_many(m, before, frame ? frame->far : 0, far);
        fill();
        exception_expect();
        accesses[index].store(address, buffer);
        frame = exception_caught();
        test_many(m, before, esr_of(frame),
                  ESR(EC_DATA, TRANSLATION_3 | WRITE));
        test_many(m, before, frame ? frame->far : 0, far);
        /* Units wholly before the edge may have been written, no other. */
        for (int i = -AROUND; i < AROUND; i++) {
            int at = i + (int)before;
            bool may = high_missing && unit < size && at >= 0 &&
                       at / (int)unit * (int)unit + (int)unit <= (int)before;

            if (!may) {
                test_many(m, before, *byte_at(i),
                          pattern((unsigned)(i + AROUND)));
            }
        }
    }
}

static void test_all_faults(bool high_missing, const char *what)
{
    test_part(what);
    for (unsigned i = 0; i < ARRAY_SIZE(accesses); i++) {
        struct test_many many = {.what = accesses[i].name};

        test_faults(i, high_missing, &many);
        test_many_end(&many);
    }
}

/* Read-only second page: loads work, stores do not and change nothing. */
static void test_read_only(void)
{
    struct test_many many = {.what = "read-only second page"};
    uint8_t buffer[32] __attribute__((aligned(16)));

    for (unsigned i = 0; i < ARRAY_SIZE(accesses); i++) {
        const struct exception_frame *frame;

        if (accesses[i].unit != accesses[i].size) {
            continue;
        }
        fill();
        accesses[i].load(EDGE - 1, buffer);
        test_many(&many, i, buffer[1], pattern(AROUND));
        exception_expect();
        accesses[i].store(EDGE - 1, buffer);
        frame = exception_caught();
        test_many(&many, i, esr_of(frame),
                  ESR(EC_DATA, PERMISSION_3 | WRITE));
        test_many(&many, i, frame ? frame->far : 0, EDGE);
        test_many(&many, i, *byte_at(-1), pattern(AROUND - 1));
    }
    test_many_end(&many);
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
    test_part("values");
    map(WINDOW, low, D_RAM);
    map(EDGE, high, D_RAM);
    for (unsigned i = 0; i < ARRAY_SIZE(accesses); i++) {
        test_values(i);
    }
    map(EDGE, high, 0);
    test_all_faults(true, "second page missing");
    map(EDGE, high, D_RAM);
    map(WINDOW, low, 0);
    test_all_faults(false, "first page missing");
    map(WINDOW, low, D_RAM);
    map(EDGE, high, D_RAM | D_READ_ONLY);
    test_part("rights");
    test_read_only();
}
