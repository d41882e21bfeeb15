/*
 * FEAT_LSE2 (Arm ARM B2.2.1, B2.5.2): what lies in sixteen aligned bytes is
 * accessed in one piece, aligned or not, a pair of registers too; ordered
 * and atomic accesses need be aligned no better, and with SCTLR_EL1.nAA
 * ordered ones not at all.  QEMU 7.2 has it not.
 *
 * armature: -M virt -cpu max -smp 2
 * armature: -M virt -cpu max -smp 2 -accel jit,region-threshold=0
 * armature: -M virt -cpu max -smp 2 -accel interp
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

enum { ROUNDS = 20000 };
#define SCTLR_A (1ull << 1)
#define SCTLR_NAA (1ull << 6)
#define ALIGNMENT 0x21
#define TCR (TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40)
#define DEVICE 0x5500000000ull

static struct space space;
static volatile uint64_t page[512] __attribute__((aligned(4096)));
static volatile uint64_t step, ended;

/* -- alignment ----------------------------------------------------------- */

/* One instruction with x0 the address, x1 and x2 data: 0, or the fault's
 * status. */
#define TRY(text, va) \
    ({ \
        exception_expect(); \
        register uint64_t x0 __asm__("x0") = (va); \
        register uint64_t x1 __asm__("x1") = 1; \
        register uint64_t x2 __asm__("x2") = 2; \
        __asm__ volatile(".arch armv8.4-a\n" text \
                         : "+r"(x1), "+r"(x2) : "r"(x0) \
                         : "x3", "x4", "x5", "memory"); \
        uint64_t esr = esr_of(exception_caught()); \
        esr == NO_FAULT ? 0 : esr & 0x3f; \
    })

static void set_sctlr(uint64_t bits)
{
    sysreg_write(sctlr_el1,
                 (sysreg_read(sctlr_el1) & ~(SCTLR_A | SCTLR_NAA)) | bits);
    barrier_isb();
}

/* Eight bytes at each offset: in sixteen aligned bytes, or in two of them, or
 * in two pages. */
#define EACH(text, inside, across) \
    do { \
        test_equal(text ", inside", TRY(text, (uint64_t)page + 20), inside); \
        test_equal(text ", across", TRY(text, (uint64_t)page + 28), across); \
        test_equal(text ", two pages", \
                   TRY(text, (uint64_t)(page + 512) - 4), across); \
    } while (0)

static void test_alignment(const char *what, uint64_t sctlr, uint64_t inside,
                           uint64_t ordered, uint64_t atomic)
{
    test_part(what);
    set_sctlr(sctlr);
    EACH("ldr x1, [x0]", inside, inside);
    EACH("ldar x1, [x0]", inside, ordered);
    EACH("stlr x1, [x0]", inside, ordered);
    EACH("ldapr x1, [x0]", inside, ordered);
    EACH("ldapur x1, [x0]", inside, ordered);
    EACH("ldadd x1, x2, [x0]", inside, atomic);
    EACH("swpal x1, x2, [x0]", inside, atomic);
    EACH("cas x1, x2, [x0]", inside, atomic);
    EACH("ldaxr x1, [x0]", inside, atomic);
    EACH("ldxp w1, w2, [x0]", inside, atomic);
    test_equal("of four bytes", TRY("ldar w1, [x0]", (uint64_t)page + 25),
               inside);
    test_equal("of two bytes", TRY("stlrh w1, [x0]", (uint64_t)page + 15),
               ordered);
    test_equal("ldxp x1, x2, [x0]",
               TRY("ldxp x1, x2, [x0]", (uint64_t)page + 8), ALIGNMENT);
    test_equal("casp x2, x3, x4, x5, [x0]",
               TRY("casp x2, x3, x4, x5, [x0]", (uint64_t)page + 8),
               ALIGNMENT);
    test_equal("Device memory", TRY("ldar x1, [x0]", DEVICE + 20), ALIGNMENT);
    test_equal("Device memory, atomic",
               TRY("ldadd x1, x2, [x0]", DEVICE + 20), ALIGNMENT);
    set_sctlr(0);
}

static void test_results(void)
{
    uint64_t at = (uint64_t)page + 20, old, status, value;

    test_part("what they do");
    page[2] = 0x1111111122222222;
    page[3] = 0x3333333344444444;
    __asm__ volatile(".arch armv8.4-a\n ldaddal %1, %0, [%2]"
                     : "=r"(old) : "r"(0x100000001), "r"(at) : "memory");
    test_equal("ldaddal", old, 0x4444444411111111);
    test_equal("memory", page[2], 0x1111111222222222);
    test_equal("memory", page[3], 0x3333333344444445);
    __asm__ volatile("1: ldaxr %0, [%3]\n add %1, %0, #1\n"
                     "stlxr %w2, %1, [%3]\n cbnz %w2, 1b"
                     : "=&r"(old), "=&r"(value), "=&r"(status)
                     : "r"(at) : "memory");
    test_equal("ldaxr", old, 0x4444444511111112);
    test_equal("memory", page[2], 0x1111111322222222);
    value = 0x4444444511111113;
    __asm__ volatile(".arch armv8.4-a\n casal %0, %1, [%2]"
                     : "+r"(value) : "r"(5ull), "r"(at) : "memory");
    test_equal("casal", value, 0x4444444511111113);
    test_equal("memory", page[2], 0x0000000522222222);
    test_equal("memory", page[3], 0x3333333300000000);
}

/* -- one piece ----------------------------------------------------------- */

#define WRITER(name, text) \
    static void name(unsigned cpu) \
    { \
        (void)cpu; \
        mmu_on(&space, TCR); \
        while (!ended) { \
            __asm__ volatile("mov x1, xzr\n mov x2, xzr\n" text \
                             "mvn x1, xzr\n mvn x2, xzr\n" text \
                             ::"r"((uint64_t)page + 64) \
                             : "x1", "x2", "memory"); \
            step++; \
        } \
    }

WRITER(write_pair, "stp x1, x2, [%0]\n")
WRITER(write_words, "stp w1, w2, [%0, #4]\n")
WRITER(write_across, "stur x1, [%0, #3]\n")

/* How often the two differ that are written together. */
#define READ(text) \
    ({ \
        uint64_t first, second, torn = 0; \
        for (unsigned n = 0; n < ROUNDS; n++) { \
            __asm__ volatile(text : "=&r"(first), "=&r"(second) \
                             : "r"((uint64_t)page + 64) : "memory"); \
            torn += (uint32_t)first != (uint32_t)second || \
                    (uint32_t)first != (uint32_t)(first >> 32); \
        } \
        torn; \
    })

static uint64_t read_pair(void)
{
    return READ("ldp %0, %1, [%2]");
}

static uint64_t read_words(void)
{
    return READ("ldp %w0, %w1, [%2, #4]\n"
                "orr %0, %0, %0, lsl #32");
}

static uint64_t read_signed(void)
{
    return READ("ldpsw %0, %1, [%2, #4]");
}

static uint64_t read_across(void)
{
    return READ("ldur %0, [%2, #3]\n lsr %1, %0, #32");
}

static void test_piece(const char *what, cpu_function *writer,
                       uint64_t (*reader)(void))
{
    uint64_t torn = 0, first;

    page[8] = page[9] = 0;
    ended = step = 0;
    test_part(what);
    test_true("second cpu", cpu_start(1, writer));
    for (unsigned n = 0; n < 10; n++) {
        first = step;
        torn += reader();
        while (step == first) {
        }
    }
    ended = 1;
    test_true("is off again", cpu_join(1));
    test_equal("half of it", torn, 0);
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    *tables_entry(&space, DEVICE, 3) =
        (uint64_t)page | D_PAGE | D_DEVICE | D_AF | D_UXN;
    mmu_on(&space, TCR);
    test_equal("ID_AA64MMFR2_EL1.AT",
               sysreg_read(id_aa64mmfr2_el1) >> 32 & 15, 1);
    test_alignment("sixteen bytes", 0, 0, ALIGNMENT, ALIGNMENT);
    test_alignment("SCTLR_EL1.nAA", SCTLR_NAA, 0, 0, ALIGNMENT);
    test_alignment("SCTLR_EL1.A", SCTLR_A | SCTLR_NAA, ALIGNMENT, ALIGNMENT,
                   ALIGNMENT);
    test_results();
    test_piece("LDP and STP", write_pair, read_pair);
    test_piece("LDP and STP of words", write_words, read_words);
    test_piece("LDPSW", write_words, read_signed);
    test_piece("LDUR and STUR", write_across, read_across);
}
