/*
 * The decode tables: decoder, row search and disassembler against each
 * other, against a list of known words, and against the tables' own
 * promises.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/arm/disas.h"
#include "tests/unit/suites.h"
#include "util/bits.h"

/* The generated decoder, every row replaced by a note of its name. */
static const char *decoded;
static bool all_features;

#define A64_RUN(row, nth) ((void)s, (void)insn, decoded = #row, true)
#define a64_feature(s, feat) ((void)(s), (void)(feat), all_features)
#include "cpu/arm/a64_decode.inc"
#undef a64_feature
#undef A64_RUN

static const struct {
    uint32_t insn;
    const char *text;
} known[] = {
    {0x000049cd, "udf #18893"},
    {0x880846cf, "stxr w8, w15, [x22]"},
    {0xd4090e81, "svc #0x4874"},
    {0xd5031008, "wfet x8"},
    {0xf15c3b57, "subs x23, x26, #0x70e, lsl #12"},
    {0xd51022a4, "msr s2_0_c2_c2_5, x4"},
    {0xd53be040, "mrs x0, cntvct_el0"},
    {0xd50323bf, "autiasp"},
    {0xd503231f, "paciaz"},
    {0xd503209f, "sev"},
    {0xd503203f, "yield"},
    {0xd50330ff, "sb"},
    {0xd50040bf, "msr spsel, #0"},
    {0xd503413f, "msr ssbs, #1"},
    {0xd5233167, "ttest x7"},
    {0xd61f09df, "braaz x14"},
    {0xd69f03e0, "eret"},
    {0xd65f0bff, "retaa"},
    {0xb228c2a1, "orr x1, x21, #0x101010101010101"},
    {0x52900cad, "mov w13, #0x8065"},
    {0x4e2869db, "aesmc v27.16b, v14.16b"},
    {0x6e608a65, "cmge v5.8h, v19.8h, #0"},
    {0x0e201b2c, "rev16 v12.8b, v25.8b"},
    {0x4e214b4b, "sqxtn2 v11.16b, v26.8h"},
    {0x2e21d88b, "ucvtf v11.2s, v4.2s"},
    {0xce080568, "eor3 v8.16b, v11.16b, v8.16b, v1.16b"},
    {0x0e6a429e, "addhn v30.4h, v20.4s, v10.4s"},
    {0x4e759261, "sqdmlal2 v1.4s, v19.8h, v21.8h"},
    {0x4eaf623e, "subhn2 v30.4s, v17.2d, v15.2d"},
    {0x2e2aa157, "umlsl v23.8h, v10.8b, v10.8b"},
    {0x5e06520e, "sha256h2 q14, q16, v6.4s"},
    {0x5f3c59c7, "fmls h7, h14, v12.h[7]"},
    {0x7f64da18, "sqrdmlah h24, h16, v4.h[6]"},
    {0x0e0c73aa, "tbx v10.8b, {v29.16b, v30.16b, v31.16b, v0.16b}, v12.8b"},
    {0x5e282bb2, "sha256su0 v18.4s, v29.4s"},
    {0xce5b8416, "sm3tt1b v22.4s, v0.4s, v27.s[0]"},
    {0xce7c8ccf, "rax1 v15.2d, v6.2d, v28.2d"},
    {0x8a36a291, "bic x17, x20, x22, lsl #40"},
    {0xcec087b1, "sm4e v17.4s, v29.4s"},
    {0xf9913647, "prfm #0x7, [x18, #8808]"},
    {0xd1b91747, "subg x7, x26, #912, #5"},
    {0x11c6bbc8, "umax w8, w30, #174"},
    {0x139b1c2f, "extr w15, w1, w27, #7"},
    {0x53003ce4, "uxth w4, w7"},
    {0x9bb63c24, "umaddl x4, w1, w22, x15"},
    {0x9ad72843, "asr x3, x2, x23"},
    {0x9ace0cd6, "sdiv x22, x6, x14"},
    {0xbad00193, "subps x19, x12, x16"},
    {0x9a9764b0, "csinc x16, x5, x23, vs"},
    {0xdac11a24, "autda x4, x17"},
    {0xdac012ae, "clz x14, x21"},
    {0xdac01f93, "cnt x19, x28"},
    {0xdac143e5, "xpaci x5"},
    {0x6d52120d, "ldp d13, d4, [x16, #288]"},
    {0x2b9b719b, "adds w27, w12, w27, asr #28"},
    {0x0b3a86f7, "add w23, w23, w26, sxtb #1"},
    {0x6f48fe82, "fcvtzu v2.2d, v20.2d, #56"},
    {0x0f16e745, "scvtf v5.4h, v26.4h, #10"},
    {0x6f0d9dee, "uqrshrn2 v14.16b, v15.8h, #3"},
    {0x6f0c96a5, "uqshrn2 v5.16b, v21.8h, #4"},
    {0x3a1e0235, "adcs w21, w17, w30"},
    {0xba0f86ee, "rmif x23, #31, #14"},
    {0x38573d70, "ldrb w16, [x11, #-141]!"},
    {0x3a000a2d, "setf8 w17"},
    {0x7a5fc06b, "ccmp w3, wzr, #0xb, gt"},
    {0xba5b8be5, "ccmn xzr, #0x1b, #0x5, hi"},
    {0x9ed86bb2, "fcvtzs x18, h29, #38"},
    {0x1eeff5a6, "fccmp h13, h15, #0x6, nv"},
    {0x1f481c4b, "fmadd d11, d2, d8, d7"},
    {0x1e7e02ed, "fjcvtzs w13, d23"},
    {0x9eaf0277, "fmov v23.d[1], x19"},
    {0x9eae0203, "fmov x3, v16.d[1]"},
    {0x1ee62af7, "fadd h23, h23, h6"},
    {0x1e7d2170, "fcmpe d11, d29"},
    {0x1e604152, "fmov d18, d10"},
    {0x1e644389, "frintn d9, d28"},
    {0x1e24c255, "frintp s21, s18"},
    {0x1e379012, "fmov s18, #-28.0"},
    {0x1eefff94, "fcsel h20, h28, h15, nv"},
    {0x08327cf0, "casp w18, w19, w16, w17, [x7]"},
    {0x0c40a51c, "ld1 {v28.4h, v29.4h}, [x8]"},
    {0x4d60e919, "ld4r {v25.4s, v26.4s, v27.4s, v28.4s}, [x8]"},
    {0x4e513be7, "zip1 v7.8h, v31.8h, v17.8h"},
    {0xc8df5732, "ldlar x18, [x25]"},
    {0x1d1805c2, "cpyp [x2]!, [x24]!, x14!"},
    {0x19cb8462, "sete [x2]!, x3!, x11"},
    {0xd92003fe, "stzgm x30, [sp]"},
    {0x1906b0d1, "stlurb w17, [x6, #107]"},
    {0x48f77f02, "casah w23, w2, [x24]"},
    {0x78df5bfa, "ldtrsh w26, [sp, #-11]"},
    {0xf8b67a7b, "prfm #0x1b, [x19, x22, lsl #3]"},
    {0xb8300263, "ldadd w16, w3, [x19]"},
    {0xf8e62085, "ldeoral x6, x5, [x4]"},
    {0xf8724e12, "ldraa x18, [x16, #-1760]!"},
    {0x6e054804, "ext v4.16b, v0.16b, v5.16b, #9"},
    {0x6fbb8a7e, "fmlal2 v30.4s, v19.4h, v11.h[7]"},
    {0x4fb80289, "fmlal v9.4s, v20.4h, v8.h[3]"},
    {0x0fbbdb49, "sqrdmulh v9.2s, v26.2s, v27.s[3]"},
    {0x0f22f021, "sudot v1.2s, v1.8b, v2.4b[1]"},
    {0x4e070d92, "dup v18.16b, w12"},
    {0x0e6f1c67, "bic v7.8b, v3.8b, v15.8b"},
    {0x6e462f42, "facge v2.8h, v26.8h, v6.8h"},
    {0x0e4d0e4b, "fmla v11.4h, v18.4h, v13.4h"},
    {0x4eba052f, "shadd v15.4s, v9.4s, v26.4s"},
    {0x5e62dc76, "fmulx d22, d3, d2"},
    {0x5e7dfff3, "frecps d19, d31, d29"},
    {0x7ea05c33, "uqrshl s19, s1, s0"},
    {0x7e772c81, "uqsub h1, h4, h23"},
    {0x6ed6fcad, "bfmlalt v13.4s, v5.8h, v22.8h"},
    {0x4e89acc6, "usmmla v6.4s, v6.16b, v9.16b"},
    {0x4e31bb75, "addv b21, v27.16b"},
    {0x6eb03862, "uaddlv d2, v3.4s"},
    {0x5ea0cb86, "fcmgt s6, s28, #0.0"},
    {0x7e79a952, "fcvtnu h18, h10"},
    {0x5ef9ba4d, "fcvtzs h13, h18"},
    {0x5e6079d6, "sqabs h22, h14"},
    {0x5eb0cb17, "fminnmp h23, v24.2h"},
    {0x6f0697da, "bic v26.8h, #0xde"},
    {0x7f3f846a, "sqshrun s10, d3, #1"},
    {0x7f4547e8, "sri d8, d31, #59"},
    {0x7f7f2777, "urshr d23, d27, #1"},
    {0x7f6004d3, "ushr d19, d6, #32"},
    {0x5e1e04f7, "mov h23, v7.h[7]"},
    {0x7e828c1f, "sqrdmlsh s31, s0, s2"},
    {0x5ea9d251, "sqdmull d17, s18, s9"},
};

/* Branches and PC-relative addresses, at PC 0x40001000. */
static const struct {
    uint32_t insn;
    const char *text;
} relative[] = {
    {0x14000000, "b 0x40001000"},
    {0x97ffffff, "bl 0x40000ffc"},
    {0x54ffffe1, "b.ne 0x40000ffc"},
    {0xb4000043, "cbz x3, 0x40001008"},
    {0xb6f80024, "tbz x4, #63, 0x40001004"},
    {0x10000001, "adr x1, 0x40001000"},
    {0xf0ffffe2, "adrp x2, 0x40000000"},
    {0x58000060, "ldr x0, 0x4000100c"},
};

/* No row may match these. */
static const uint32_t unallocated[] = {
    0x8b400000 | 3u << 22, /* ADD (shifted register), ROR */
    0x0b008000,            /* 32-bit ADD, shift by 32 */
    0x12400000,            /* 32-bit AND (immediate), N = 1 */
    0x52c00000,            /* 32-bit MOVZ, LSL 32 */
    0x0ee28420,            /* ADD Vd.1D */
    0x4ee29c20,            /* MUL Vd.2D */
    0x0e200800 | 3u << 22, /* REV64 Vd.1D */
    0x08217c20,            /* CASP of an odd register pair */
    0xffffffff,
};

static uint32_t random32(void)
{
    static uint64_t x = 88172645463325252;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x >> 16;
}

/* A word of the row, other bits random, parenthesised bits as printed. */
static uint32_t random_word(const struct a64_row *row)
{
    uint32_t w = (random32() & ~row->mask) | row->value;

    return (w & ~row->should_mask) | row->should_value;
}

static bool rejected(const struct a64_row *row, uint32_t w)
{
    for (int i = 0; i < row->nrejects; i++) {
        if ((w & row->reject[i].mask) == row->reject[i].value) {
            return true;
        }
    }
    return false;
}

static const char *decode(uint32_t w)
{
    decoded = NULL;
    return a64_decoder(w)(NULL, w) ? decoded : NULL;
}

START_TEST(test_known_words)
{
    char line[A64_TEXT_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        a64_disas(known[i].insn, 0, line, sizeof(line));
        ck_assert_str_eq(line, known[i].text);
    }
    for (size_t i = 0; i < ARRAY_SIZE(relative); i++) {
        a64_disas(relative[i].insn, 0x40001000, line, sizeof(line));
        ck_assert_str_eq(line, relative[i].text);
    }
}
END_TEST

START_TEST(test_unallocated)
{
    char line[A64_TEXT_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(unallocated); i++) {
        ck_assert_ptr_null(a64_row_find(unallocated[i]));
        ck_assert_ptr_null(decode(unallocated[i]));
        a64_disas(unallocated[i], 0, line, sizeof(line));
        ck_assert_int_eq(strncmp(line, ".inst 0x", 8), 0);
    }
}
END_TEST

/* The switches and the linear search name the same row. */
static void compare(uint32_t w)
{
    const struct a64_row *row = a64_row_find(w);
    const char *name = decode(w);

    if (row && row->state == A64_ROW_IMPLEMENTED) {
        ck_assert_msg(name && !strcmp(name, row->name),
                      "%08" PRIx32 " is %s, decoded as %s", w, row->name,
                      name ? name : "UNDEFINED");
    } else if (name) {
        /* A hint that is not implemented is still a hint. */
        ck_assert_msg(!strcmp(name, "HINT"), "%08" PRIx32 " is %s", w,
                      name);
    }
}

START_TEST(test_decoder_agrees)
{
    size_t count;
    const struct a64_row *rows = a64_rows(&count);

    all_features = true;
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < 40; k++) {
            compare(random_word(&rows[i]));
            compare(random_word(&rows[i]) ^ 1u << (random32() & 31));
        }
    }
    for (int i = 0; i < 20000; i++) {
        compare(random32());
    }
}
END_TEST

START_TEST(test_features_gate)
{
    size_t count;
    const struct a64_row *rows = a64_rows(&count);

    all_features = false;
    for (size_t i = 0; i < count; i++) {
        uint32_t w = random_word(&rows[i]);
        const char *name = decode(w);
        if (rows[i].feat[0] != A64_FEAT_COUNT && name) {
            ck_assert_str_eq(name, "HINT");
        }
    }
    all_features = true;
}
END_TEST

START_TEST(test_rows)
{
    size_t count;
    const struct a64_row *rows = a64_rows(&count);

    for (size_t i = 0; i < count; i++) {
        const struct a64_row *row = &rows[i];
        ck_assert_uint_eq(row->value & ~row->mask, 0);
        ck_assert_uint_eq(row->should_mask & row->mask, 0);
        for (int k = 0; k < 20; k++) {
            uint32_t w = random_word(row);
            const struct a64_row *found = a64_row_find(w);
            if (!rejected(row, w)) {
                /* Itself, or a more specific row of its group. */
                ck_assert_ptr_nonnull(found);
                ck_assert_str_eq(found->group, row->group);
                ck_assert(found <= row);
            }
        }
    }
}
END_TEST

START_TEST(test_field_values)
{
    const struct a64_row *row = a64_row_find(0x70ffffe1); /* ADR, -1 */

    ck_assert_str_eq(row->name, "ADR");
    ck_assert_str_eq(row->field[0].name, "imm");
    ck_assert_int_eq(a64_field_value(&row->field[0], 0x70ffffe1), -1);
    ck_assert_int_eq(a64_field_value(&row->field[1], 0x70ffffe1), 1);
    row = a64_row_find(0x4f222820); /* no such: bit 11 of a shift is set */
    ck_assert_ptr_null(row);
}
END_TEST

/* Any word gives a line, which fits; short buffers are respected. */
START_TEST(test_disas_bounds)
{
    char line[A64_TEXT_SIZE], tiny[8];

    for (int i = 0; i < 50000; i++) {
        uint32_t w = random32();
        int len = a64_disas(w, 0xffff000000001000, line, sizeof(line));
        ck_assert_int_gt(len, 0);
        ck_assert_int_lt(len, A64_TEXT_SIZE);
        ck_assert_int_eq(a64_disas(w, 0, tiny, sizeof(tiny)) > 0, 1);
        ck_assert_uint_lt(strlen(tiny), sizeof(tiny));
    }
}
END_TEST

Suite *decode_suite(void)
{
    Suite *suite = suite_create("decode");
    TCase *tc = tcase_create("tables");

    tcase_add_test(tc, test_known_words);
    tcase_add_test(tc, test_unallocated);
    tcase_add_test(tc, test_decoder_agrees);
    tcase_add_test(tc, test_features_gate);
    tcase_add_test(tc, test_rows);
    tcase_add_test(tc, test_field_values);
    tcase_add_test(tc, test_disas_bounds);
    suite_add_tcase(suite, tc);
    return suite;
}
