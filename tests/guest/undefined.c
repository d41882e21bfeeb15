/*
 * Words that are no instructions, by the groups of the manual's C4.1: each
 * raises the exception of unknown reason, with IL set and no more said, and
 * does nothing else.
 *
 * run: -M virt -cpu cortex-a53
 * run: -M virt -cpu max,sve=off
 * armature: -M virt -cpu cortex-a72 -accel interp
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define TCR (TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40)
#define TRIES 60

static struct space space;
static uint32_t code[1024] __attribute__((aligned(4096)));

/* Of the bits outside `mask`, any. */
static const struct {
    const char *what;
    uint32_t mask, value;
} groups[] = {
    {"reserved, but UDF", 0x9e010000, 0x00010000},
    {"28..25 = 0001", 0x1e000000, 0x02000000},
    {"28..25 = 0011", 0x1e000000, 0x06000000},
    {"add or subtract, 32 bits by tags", 0xffc00000, 0x11800000},
    {"logical immediate, N for 32 bits", 0xffc00000, 0x12400000},
    {"move wide, opc 01", 0x7f800000, 0x32800000},
    {"move wide, 32 bits by 32", 0xffc00000, 0x52c00000},
    {"bitfield, opc 11", 0x7f800000, 0x73000000},
    {"bitfield, N is not sf", 0xffc00000, 0x93000000},
    {"extract, op 01", 0x7f800000, 0x33800000},
    {"conditional branch, o1", 0xff000010, 0x55000010},
    {"exceptions, opc 100", 0xffe00000, 0xd4800000},
    {"exceptions, op2", 0xff000004, 0xd4000004},
    {"register branches, opc 0011", 0xffe00000, 0xd6600000},
    {"register branches, op2", 0xfe1f0000, 0xd6000000},
    {"two sources, opcode 0", 0x7fe0fc00, 0x1ac00000},
    {"two sources with S", 0x7fe00000, 0x3ac00000},
    {"one source, opcode2 2", 0x7fff0000, 0x5ac20000},
    {"add with extended register, opt", 0x7fe00000, 0x0b600000},
    {"add with extended register, shift 5", 0x1fe01c00, 0x0b201400},
    {"add with shifted register, ROR", 0x7fe00000, 0x0bc00000},
    {"logical, 32 bits shifted by 32", 0x9f008000, 0x0a008000},
    {"conditional compare, o3", 0x3fe00010, 0x3a400010},
    {"conditional compare without S", 0x3fe00400, 0x1a400000},
    {"conditional select, S", 0x3fe00000, 0x3a800000},
    {"conditional select, op2 bit 1", 0x3fe00800, 0x1a800800},
    {"three sources, op54", 0x7fe00000, 0x3b000000},
    {"three sources, 32 bits, long", 0xffe00000, 0x1b200000},
    {"floating-point, type 10", 0xffe0fc00, 0x1ea04000},
    {"floating-point, M", 0xff200000, 0x9e200000},
    {"vectors, 1D of three the same", 0xffe0fc00, 0x0ee08400},
    {"vectors, copy without a size", 0xffff8400, 0x0e000400},
};

static uint32_t seed = 1;

static uint32_t random32(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static uint64_t run(uint32_t word)
{
    code[0] = word;
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
                     ::"r"(code) : "memory");
    exception_expect();
    __asm__ volatile("blr %0" ::"r"(code)
                     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8",
                       "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "x30", "cc", "memory");
    return esr_of(exception_caught());
}

void test_main(void)
{
    space = tables_new(12, 48);
    tables_identity(&space);
    mmu_on(&space, TCR);
    code[1] = 0xd65f03c0; /* ret */
    for (unsigned n = 0; n < ARRAY_SIZE(groups); n++) {
        struct test_many many = {.what = groups[n].what};

        for (unsigned i = 0; i < TRIES; i++) {
            uint32_t word = (random32() & ~groups[n].mask) | groups[n].value;

            test_many(&many, word, run(word), ESR(EC_UNKNOWN, 0));
        }
        test_many_end(&many);
    }
    test_equal("UDF", run(0x00001234), ESR(EC_UNKNOWN, 0));
}
