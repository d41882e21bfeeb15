/* cpu/arm: where pointer authentication puts its code, and what is left of a
 * pointer whose code is wrong (Arm ARM, AddPAC and Auth). */
#include <check.h>
#include <stdlib.h>

#include "cpu/arm/pauth.h"
#include "cpu/arm/qarma.h"
#include "util/bits.h"

Suite *pauth_suite(void);

#define ENABLE_IA BIT(31)
#define ENABLE_DB BIT(13)
#define TBI0 BIT(37)
#define TBID0 BIT(51)
#define SIZES (25u | 16u << 16) /* 39 and 48 bits of address */

static struct arm_cpu *cpu;

static void setup(void)
{
    cpu = calloc(1, sizeof(*cpu));
    cpu->pauth_level = PAUTH_BASIC;
    for (unsigned key = 0; key < 5; key++) {
        cpu->apkey[key][0] = UINT64_C(0x9e3779b97f4a7c15) * (key + 1);
        cpu->apkey[key][1] = UINT64_C(0xc2b2ae3d27d4eb4f) * (key + 1);
    }
}

static void teardown(void) { free(cpu); }

static void configure(uint64_t tcr)
{
    cpu->mmu_el[1].tcr = SIZES | tcr;
    cpu->mmu_el[1].sctlr = ENABLE_IA | ENABLE_DB;
    pauth_follow(cpu);
}

static uint64_t add(enum pauth_key key, uint64_t ptr)
{
    return pauth_add_helper.call(&cpu->vcpu, ptr, 7, key);
}

static uint64_t check(enum pauth_key key, uint64_t ptr)
{
    return pauth_check_helper.call(&cpu->vcpu, ptr, 7, key);
}

static uint64_t strip(uint64_t ptr)
{
    return pauth_strip_helper.call(&cpu->vcpu, ptr, false, 0);
}

/* `code`: the bits of the code for this pointer. */
static void expect_code(enum pauth_key key, uint64_t ptr, uint64_t code)
{
    uint64_t seen = 0;

    for (uint64_t n = 0; n < 64; n++) {
        uint64_t signed_ptr = add(key, ptr + n * 16);

        seen |= signed_ptr ^ (ptr + n * 16);
        ck_assert_uint_eq(check(key, signed_ptr), ptr + n * 16);
    }
    ck_assert_uint_eq(seen, code);
}

START_TEST(test_places)
{
    uint64_t low = 0x5512345000, high = UINT64_C(0xffff800012345000);

    configure(0);
    expect_code(PAUTH_IA, low, UINT64_C(0xff7fff8000000000));
    expect_code(PAUTH_IA, high, UINT64_C(0xff7f000000000000));
    configure(TBI0);
    expect_code(PAUTH_DB, low | UINT64_C(0xab) << 56,
                UINT64_C(0x007fff8000000000));
    expect_code(PAUTH_DB, high, UINT64_C(0xff7f000000000000));
    configure(TBI0 | TBID0);
    expect_code(PAUTH_IA, low, UINT64_C(0xff7fff8000000000));
    expect_code(PAUTH_DB, low, UINT64_C(0x007fff8000000000));
    /* A disabled key changes nothing. */
    ck_assert_uint_eq(add(PAUTH_IB, low), low);
    ck_assert_uint_eq(check(PAUTH_IB, BIT(60) | low), BIT(60) | low);
}
END_TEST

START_TEST(test_wrong)
{
    uint64_t low = 0x5512345000, high = UINT64_C(0xffff800012345000);

    configure(0);
    ck_assert_uint_eq(check(PAUTH_IA, add(PAUTH_IA, low) ^ BIT(40)),
                      low | UINT64_C(1) << 61);
    ck_assert_uint_eq(check(PAUTH_DB, add(PAUTH_DB, high) ^ BIT(49)),
                      (high & ~(UINT64_C(3) << 61)) | UINT64_C(2) << 61);
    configure(TBI0);
    ck_assert_uint_eq(check(PAUTH_IA, add(PAUTH_IA, low) ^ BIT(40)),
                      low | UINT64_C(1) << 53);
    /* A pointer that was none never becomes one. */
    configure(0);
    uint64_t bad = low | BIT(50);
    ck_assert_uint_ne(check(PAUTH_IA, add(PAUTH_IA, bad)), bad);
    ck_assert_uint_ne(check(PAUTH_IA, add(PAUTH_IA, bad)), low);
    ck_assert_uint_eq((add(PAUTH_IA, bad) ^ add(PAUTH_IA, low)), BIT(62));
    ck_assert_uint_eq(strip(add(PAUTH_IA, low)), low);
    ck_assert_uint_eq(strip(add(PAUTH_IA, high)), high);
}
END_TEST

/* Every level, with the cipher. */
START_TEST(test_levels)
{
    uint64_t low = 0x5512345000, bad = low | BIT(50);
    struct qarma *q = qarma_new(QARMA5, 5);

    configure(0);
    cpu->qarma = q;
    for (unsigned level = PAUTH_BASIC; level <= PAUTH_FPAC_COMBINED;
         level++) {
        cpu->pauth_level = level;
        uint64_t code = add(PAUTH_IA, low);
        uint64_t of_bad = add(PAUTH_IA, bad) ^ low;
        ck_assert_uint_eq(check(PAUTH_IA, code), low);
        ck_assert_uint_eq(of_bad, level >= PAUTH_2 ? code ^ bad
                                  : level == PAUTH_EPAC
                                      ? 0 : code ^ low ^ BIT(62));
        ck_assert_uint_eq(check(PAUTH_IA, code ^ BIT(60)),
                          low | (level >= PAUTH_2 ? BIT(60) : BIT(61)));
    }
    cpu->qarma = NULL;
    qarma_free(q);
}
END_TEST

START_TEST(test_exception)
{
    uint64_t low = 0x5512345000;

    configure(0);
    cpu->pauth_level = PAUTH_FPAC;
    uint64_t good = add(PAUTH_DB, low);
    ck_assert_uint_eq(pauth_check_fault_helper.call(&cpu->vcpu, good, 7,
                                                    PAUTH_DB), low);
    ck_assert_int_eq(cpu->vcpu.exit, VCPU_EXIT_NONE);
    pauth_check_fault_helper.call(&cpu->vcpu, good ^ BIT(60), 7, PAUTH_DB);
    ck_assert_int_eq(cpu->vcpu.exit, VCPU_EXIT_EXCEPTION);
    ck_assert_uint_eq(cpu->vcpu.syndrome, ARM_SYNDROME(0x1c, 3));
}
END_TEST

/* The paper's example, for both S-boxes; Arm's QARMA3 has fewer rounds of the
 * same. */
START_TEST(test_qarma)
{
    static const uint64_t expected[] = {
        [QARMA3] = UINT64_C(0x544b0ab95bda7c3a),
        [QARMA5] = UINT64_C(0xc003b93999b33765),
    };

    for (unsigned kind = QARMA3; kind <= QARMA5; kind++) {
        struct qarma *q = qarma_new(kind, 5);

        ck_assert_uint_eq(qarma_encrypt(q, UINT64_C(0x84be85ce9804e94b),
                                        UINT64_C(0xec2802d4e0a488e9),
                                        UINT64_C(0xfb623599da6e8127),
                                        UINT64_C(0x477d469dec0b8762)),
                          expected[kind]);
        qarma_free(q);
    }
}
END_TEST

Suite *pauth_suite(void)
{
    Suite *s = suite_create("pauth");
    TCase *c = tcase_create("pauth");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, test_places);
    tcase_add_test(c, test_wrong);
    tcase_add_test(c, test_levels);
    tcase_add_test(c, test_exception);
    tcase_add_test(c, test_qarma);
    suite_add_tcase(s, c);
    return s;
}
