/*
 * Pointer authentication by QARMA5: what every instruction gives for random
 * pointers and keys, under each layout of addresses.
 *
 * instructions: ERETAA ERETAB
 * run: -M virt -cpu max,pauth-impdef=off
 * armature: -M virt-9.2 -cpu max
 * armature: -M virt -cpu max,pauth-qarma5=on -accel interp
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define TCR (TCR_TG0_4K | TCR_WALK0 | TCR_IPS_40 | TCR_TG1_4K | \
             TCR_WALK1 | TCR_EPD1)
#define TBI0 (1ull << 37)
#define TBI1 (1ull << 38)
#define TBID0 (1ull << 51)
#define TBID1 (1ull << 52)
#define ENABLE_ALL (1ull << 31 | 1ull << 30 | 1ull << 27 | 1ull << 13)

static uint64_t seed = 1;

static uint64_t random64(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint64_t hash;
static bool enabled;

static void note(uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
    hash ^= hash >> 29;
}

/* An address, with its code or without, or anything but what QEMU takes for
 * an address of the other half: it looks at bit 63 where the one half has
 * tags (AddPAC: bit 55). */
static uint64_t pointer(unsigned n)
{
    uint64_t value = random64();

    value = (value & ~(1ull << 63)) | (value >> 55 & 1) << 63;

    switch (n & 3) {
    case 0:
        return value >> 20;
    case 1:
        return value | 0xffffff0000000000ull;
    case 2:
        return value & 0x007fffffffffffffull;
    default:
        return value;
    }
}

/* add with a modifier; check what that gave, and what it did not; strip. */
#define EACH(add, check, strip, ptr, modifier) \
    do { \
        uint64_t p_ = ptr; \
        __asm__ volatile(".arch_extension pauth\n" add " %0, %1" \
                         : "+r"(p_) : "r"(modifier)); \
        note(p_); \
        uint64_t wrong_ = p_ ^ 1ull << (n & 63), plain_ = p_; \
        __asm__ volatile(".arch_extension pauth\n" check " %0, %1" \
                         : "+r"(p_) : "r"(modifier)); \
        note(p_); \
        __asm__ volatile(".arch_extension pauth\n" check " %0, %1" \
                         : "+r"(wrong_) : "r"(modifier)); \
        note(wrong_); \
        __asm__ volatile(".arch_extension pauth\n" strip " %0" \
                         : "+r"(plain_)); \
        note(enabled ? plain_ : 0); /* else QEMU's XPAC does nothing */ \
    } while (0)

static void generic(uint64_t a, uint64_t b)
{
    uint64_t code;

    __asm__ volatile(".arch_extension pauth\n pacga %0, %1, %2"
                     : "=r"(code) : "r"(a), "r"(b));
    note(code);
}

#define SET_KEY(lo, hi) \
    do { \
        sysreg_write(lo, random64()); \
        sysreg_write(hi, random64()); \
    } while (0)

static void set_keys(void)
{
    SET_KEY(s3_0_c2_c1_0, s3_0_c2_c1_1);
    SET_KEY(s3_0_c2_c1_2, s3_0_c2_c1_3);
    SET_KEY(s3_0_c2_c2_0, s3_0_c2_c2_1);
    SET_KEY(s3_0_c2_c2_2, s3_0_c2_c2_3);
    SET_KEY(s3_0_c2_c3_0, s3_0_c2_c3_1);
    barrier_isb();
}

static uint64_t known(void)
{
    uint64_t code;

    sysreg_write(s3_0_c2_c3_1, 0x84be85ce9804e94bull);
    sysreg_write(s3_0_c2_c3_0, 0xec2802d4e0a488e9ull);
    barrier_isb();
    __asm__ volatile(".arch_extension pauth\n pacga %0, %1, %2"
                     : "=r"(code)
                     : "r"(0xfb623599da6e8127ull),
                       "r"(0x477d469dec0b8762ull));
    return code;
}

static void run(const char *what)
{
    hash = 0;
    for (unsigned n = 0; n < 256; n++) {
        uint64_t modifier = random64();

        if (n % 64 == 0) {
            set_keys();
        }
        EACH("pacia", "autia", "xpaci", pointer(n), modifier);
        EACH("pacib", "autib", "xpaci", pointer(n >> 1), modifier);
        EACH("pacda", "autda", "xpacd", pointer(n >> 2), modifier);
        EACH("pacdb", "autdb", "xpacd", pointer(n >> 3), modifier);
        generic(random64(), modifier);
    }
    print("%s: %lx\n", what, hash);
}

/* An exception return by a signed ELR. */
#define RETURN(sign, how) \
    ({ \
        uint64_t reached; \
        __asm__ volatile(".arch armv8.3-a\n" \
                         "adr x0, 1f\n" sign " x0, sp\n" \
                         "msr elr_el1, x0\n" \
                         "mov x0, #0x3c5\n msr spsr_el1, x0\n" \
                         "isb\n" how "\n mov %0, #0\n b 2f\n" \
                         "1: mov %0, #1\n 2:\n" \
                         : "=&r"(reached) :: "x0", "memory"); \
        reached; \
    })

static void test_returns(void)
{
    test_part("exception returns");
    sysreg_write(sctlr_el1, sysreg_read(sctlr_el1) | ENABLE_ALL);
    barrier_isb();
    test_equal("ERETAA", RETURN("pacia", "eretaa"), 1);
    test_equal("ERETAB", RETURN("pacib", "eretab"), 1);
}

void test_main(void)
{
    static const struct {
        const char *what;
        unsigned va_bits;
        uint64_t tcr;
    } layouts[] = {
        {"48 bits", 48, 0},
        {"48 bits, TBI0", 48, TBI0},
        {"48 bits, TBI1 and TBID1", 48, TBI1 | TBID1},
        {"39 bits, TBI0 and TBI1, TBID0", 39, TBI0 | TBI1 | TBID0},
        {"36 bits", 36, 0},
    };

    test_part("identification");
    print("APA %x, API %x\n", (unsigned)sysreg_read(s3_0_c0_c6_1) >> 4 & 15,
          (unsigned)sysreg_read(s3_0_c0_c6_1) >> 8 & 15);
    test_equal("the example of the cipher's paper", known(),
               0xc003b93900000000ull);
    test_part("codes");
    sysreg_write(sctlr_el1, sysreg_read(sctlr_el1) | ENABLE_ALL);
    enabled = true;
    for (unsigned n = 0; n < ARRAY_SIZE(layouts); n++) {
        struct space space;

        tables_reset();
        space = tables_new(12, layouts[n].va_bits);
        tables_identity(&space);
        mmu_on(&space, TCR | layouts[n].tcr |
                           (uint64_t)(64 - layouts[n].va_bits) << 16);
        run(layouts[n].what);
        mmu_off();
    }
    sysreg_write(sctlr_el1, sysreg_read(sctlr_el1) & ~ENABLE_ALL);
    enabled = false;
    barrier_isb();
    run("no key enabled");
    test_returns();
}
