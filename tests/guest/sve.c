/*
 * Scalable vectors: who may use them, how long they are, and that other
 * writes of vector registers clear what lies above 128 bits.
 *
 * run: -M virt -cpu max,sve512=on
 * run: -M virt,gic-version=3 -cpu max,sve512=on
 * armature: -M virt -cpu max,sve512=on -accel interp
 * armature: -M virt -cpu max,sve512=on -accel jit,region-threshold=0
 */
#include "tests/guest/lib/test.h"

__asm__(".arch armv8-a+sve2");

#define ZCR_EL1 s3_0_c1_c2_0
#define ID_AA64ZFR0_EL1 s3_0_c0_c4_4
#define FPEN(n) ((uint64_t)(n) << 20)
#define ZEN(n) ((uint64_t)(n) << 16)

enum { CLASS_UNKNOWN = 0x00, CLASS_FP = 0x07, CLASS_SVE = 0x19 };
enum { CONDITION = 1 << 24 | 14 << 20 };

static uint32_t user[16] __attribute__((aligned(64)));

static void allow(uint64_t cpacr)
{
    sysreg_write(cpacr_el1, cpacr);
    barrier_isb();
}

static void set_length(uint64_t len)
{
    sysreg_write(ZCR_EL1, len);
    barrier_isb();
}

static uint64_t bytes(void)
{
    uint64_t vl;

    __asm__ volatile("rdvl %0, #1" : "=r"(vl));
    return vl;
}

/* What one instruction raises at EL1; all ones for nothing. */
#define TRY(what, text, expected)                                         \
    ({                                                                    \
        exception_expect();                                               \
        __asm__ volatile(text : : : "x1", "memory");                      \
        test_equal(what, esr_of(exception_caught()), expected);           \
    })

static void test_identification(void)
{
    test_part("identification");
    test_equal("ID_AA64PFR0_EL1.SVE",
               sysreg_read(id_aa64pfr0_el1) >> 32 & 15, 1);
    test_equal("ID_AA64ZFR0_EL1", sysreg_read(ID_AA64ZFR0_EL1),
               0x0110110100110021);
}

static void test_traps(void)
{
    test_part("traps");
    allow(FPEN(3));
    TRY("no ZEN", "rdvl x1, #1", ESR(CLASS_SVE, 0));
    TRY("no ZEN, ZCR_EL1", "mrs x1, s3_0_c1_c2_0", ESR(CLASS_SVE, 0));
    allow(ZEN(2) | FPEN(3));
    TRY("ZEN 2", "ptrue p0.b", ESR(CLASS_SVE, 0));
    allow(ZEN(1) | FPEN(3));
    TRY("ZEN 1", "ptrue p0.b", ~0ull);
    allow(ZEN(3));
    TRY("no FPEN", "ptrue p0.b", ESR(CLASS_FP, CONDITION));
    allow(0);
    TRY("neither", "ptrue p0.b", ESR(CLASS_SVE, 0));
    allow(ZEN(3) | FPEN(3));
    TRY("both", "ptrue p0.b", ~0ull);
    TRY("unallocated", ".inst 0x04a0bc00",
        ESR(CLASS_UNKNOWN, 0));
}

static void try_el0(const char *what, uint64_t cpacr, uint64_t expected)
{
    user[0] = 0x2518e000; /* ptrue p0.b, pow2 */
    user[1] = 0xd4000001; /* svc #0 */
    __asm__ volatile("dsb sy\nic iallu\ndsb sy\nisb" : : : "memory");
    allow(cpacr);
    test_equal(what, esr_of(el0_run((uint64_t)user, 0, 0)), expected);
    allow(ZEN(3) | FPEN(3));
}

static void test_el0(void)
{
    test_part("EL0");
    try_el0("no ZEN", FPEN(3), ESR(CLASS_SVE, 0));
    try_el0("ZEN 1", ZEN(1) | FPEN(3), ESR(CLASS_SVE, 0));
    try_el0("ZEN 3", ZEN(3) | FPEN(3), ESR(EC_SVC64, 0));
    try_el0("FPEN 1", ZEN(3) | FPEN(1), ESR(CLASS_FP, CONDITION));
}

static void test_lengths(void)
{
    static const uint8_t expected[] = {16, 32, 32, 64, 64};

    test_part("lengths");
    for (unsigned len = 0; len < sizeof(expected); len++) {
        set_length(len);
        test_equal("bytes", bytes(), expected[len]);
    }
    set_length(15);
    test_equal("bytes, LEN 15", bytes(), 64);
}

/* The sum of z0's doublewords above 128 bits, after `text`, from all ones. */
#define ABOVE(text)                                                       \
    ({                                                                    \
        uint64_t z_[8], sum_ = 0;                                         \
                                                                          \
        __asm__ volatile("ptrue p0.b\n"                                   \
                         "dup z0.b, #-1\n"                                \
                         "dup z1.b, #-1\n" text "\n"                      \
                         "str z0, [%0]"                                   \
                         : : "r"(z_), "r"(0ull)                           \
                         : "x1", "p0", "memory");                         \
        for (unsigned k_ = 2; k_ < 8; k_++) {                             \
            sum_ += z_[k_];                                               \
        }                                                                 \
        sum_;                                                             \
    })

static void test_clearing(void)
{
    test_part("what clears the rest of Z0");
    set_length(3);
    test_equal("nothing", ABOVE("nop"), -6ull);
    test_equal("an instruction of SVE", ABOVE("mov z0.d, z1.d"), -6ull);
    test_equal("vector add", ABOVE("add v0.4s, v0.4s, v1.4s"), 0);
    test_equal("insert", ABOVE("mov v0.b[3], w1"), 0);
    test_equal("scalar move", ABOVE("fmov d0, #1.0"), 0);
    test_equal("from a general register", ABOVE("fmov d0, x1"), 0);
    test_equal("load", ABOVE("ldr q0, [%0]"), 0);
    test_equal("load of a pair", ABOVE("ldp d2, d0, [%0]"), 0);
    test_equal("load of structures", ABOVE("ld2 {v31.4s, v0.4s}, [%0]"), 0);
    test_equal("reduction", ABOVE("uaddv d0, p0, z1.b"), 0);
    test_equal("shorter vectors", ABOVE("msr s3_0_c1_c2_0, %1\n"
                                        "isb\n"
                                        "mov x1, #3\n"
                                        "msr s3_0_c1_c2_0, x1\n"
                                        "isb"), 0);
}

void test_main(void)
{
    test_identification();
    test_traps();
    test_el0();
    test_lengths();
    test_clearing();
}
