/*
 * Random A64 instructions from the decode tables, made safe: addresses lie
 * in the data window, branches go forward, a few words of set-up in front.
 */
#ifndef TESTS_FUZZ_INSN_GEN_H
#define TESTS_FUZZ_INSN_GEN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "cpu/arm/disas.h"
#include "tests/fuzz/insn_case.h"
#include "tests/fuzz/insn_random.h"
#include "tests/fuzz/insn_rows.h"
#include "util/bits.h"

/* Bytes of an SVE vector; 0: there is no SVE. */
static unsigned insn_vl;

/* QEMU 7.2 executes it, on no matrix, with vectors too short for one. */
static bool has_no_matrix(const struct a64_row *row)
{
    return !strcmp(row->name, "FMMLA_d") && insn_vl < 32;
}

/* -- one instruction ----------------------------------------------------- */

/* A generated instruction with what it needs around it. */
struct insn_step {
    const struct a64_row *row;
    unsigned count;
    uint32_t words[8];
};

static const struct a64_field *find_field(const struct a64_row *row,
                                          const char *name)
{
    for (int n = 0; n < row->nfields; n++) {
        if (!strcmp(row->field[n].name, name)) {
            return &row->field[n];
        }
    }
    return NULL;
}

static int field_of(const struct a64_row *row, const char *name,
                    uint32_t word)
{
    const struct a64_field *f = find_field(row, name);

    return f ? a64_field_value(f, word) : 0;
}

static uint32_t set_field(const struct a64_row *row, const char *name,
                          uint32_t word, uint32_t value)
{
    const struct a64_field *f = find_field(row, name);

    for (int n = 0; f && n < A64_ROW_PIECES; n++) {
        const struct a64_piece *p = &f->piece[n];

        if (p->width) {
            word = (uint32_t)deposit64(word, p->pos, p->width,
                                       value >> p->lsb);
        }
    }
    return word;
}

static const char *const register_fields[] = {
    "rn", "rt", "rt2", "rs", "rm", "rd", "ra", "zd", "zn", "zm", "za", "zt",
};

/* Registers from a few, so that instructions meet. */
static uint32_t choose_registers(const struct a64_row *row, uint32_t word)
{
    for (unsigned n = 0; n < ARRAY_SIZE(register_fields); n++) {
        if (random_below(4)) {
            uint32_t r = random_below(16);

            word = set_field(row, register_fields[n], word,
                             r < 6 ? r : r == 6 ? 31 : r + 20);
        }
    }
    return word;
}

static bool row_accepts(const struct a64_row *row, uint32_t word)
{
    if ((word & row->mask) != row->value) {
        return false;
    }
    for (int n = 0; n < row->nrejects; n++) {
        if ((word & row->reject[n].mask) == row->reject[n].value) {
            return false;
        }
    }
    return a64_row_find(word) == row;
}

static bool is_load_store(const struct a64_row *row)
{
    return find_field(row, "rt") &&
           (find_field(row, "rn") || !strncmp(row->format, "ldlit", 5));
}

/* Overlapping registers of loads and stores are unpredictable. */
static bool registers_distinct(const struct a64_row *row, uint32_t word)
{
    uint32_t seen = 0;

    for (unsigned n = 0; n < ARRAY_SIZE(register_fields); n++) {
        const struct a64_field *f = find_field(row, register_fields[n]);

        if (f && f->piece[0].width) {
            uint32_t bit = 1u << a64_field_value(f, word);

            if (seen & bit) {
                return false;
            }
            seen |= bit;
        }
    }
    return true;
}

static bool is_sve_access(const struct a64_row *row)
{
    return !strncmp(row->format, "svem_", 5);
}

/* The base is not the index as well. */
static bool is_sve_suitable(const struct a64_row *row, uint32_t word)
{
    return strcmp(row->format, "svem_ss") != 0 ||
           field_of(row, "rn", word) != field_of(row, "rm", word);
}

static uint32_t random_word(const struct a64_row *row)
{
    uint32_t word;

    do {
        word = row->value | ((uint32_t)random64() & ~row->mask);
        word = (word & ~row->should_mask) | row->should_value;
        word = choose_registers(row, word);
    } while (!row_accepts(row, word) || !is_sve_suitable(row, word) ||
             (is_load_store(row) && !registers_distinct(row, word)));
    return word;
}

/* -- set-up -------------------------------------------------------------- */

static void append(struct insn_step *step, uint32_t word)
{
    step->words[step->count++] = word;
}

/* MOVZ and MOVK: reg = value. */
static void append_move(struct insn_step *step, unsigned reg, uint32_t value)
{
    append(step, 0xd2800000 | (value & 0xffff) << 5 | reg);
    if (value >> 16) {
        append(step, 0xf2a00000 | value >> 16 << 5 | reg);
    }
}

/* A register from `r` on that the word does not use. */
static unsigned free_register(const struct a64_row *row, uint32_t word,
                              unsigned r)
{
    for (;; r++) {
        bool used = false;

        for (unsigned n = 0; n < ARRAY_SIZE(register_fields); n++) {
            const struct a64_field *f = find_field(row, register_fields[n]);

            used |= f && a64_field_value(f, word) == (int)r;
        }
        if (!used) {
            return r;
        }
    }
}

/* What a load or store adds to its base; sets up the index register. */
static int64_t access_offset(struct insn_step *step, uint32_t word)
{
    const struct a64_row *row = step->row;
    const char *format = row->format;
    int64_t imm = field_of(row, "imm", word);
    int esz = field_of(row, "esz", word);

    if (field_of(row, "mode", word) == 1) {
        return 0; /* post-index */
    }
    if (!strcmp(format, "ldst_uimm") || !strcmp(format, "lds_uimm") ||
        !strcmp(format, "ldpair")) {
        return imm * (1 << esz);
    }
    if (!strcmp(format, "ldst_reg") || !strcmp(format, "lds_reg")) {
        unsigned rm = (unsigned)field_of(row, "rm", word);
        unsigned scale = field_of(row, "s", word) ? (unsigned)esz : 0;
        uint32_t index = random_below(256);
        bool negative = field_of(row, "option", word) != 2 &&
                        random_below(2);

        if (rm == 31) {
            return 0;
        }
        append(step, (negative ? 0x92800000 : 0xd2800000) | index << 5 | rm);
        return (negative ? ~(int64_t)index : (int64_t)index) *
               ((int64_t)1 << scale);
    }
    return imm;
}

/* Atomics and ordered accesses want natural alignment. */
static bool wants_alignment(const struct a64_row *row)
{
    static const char *const formats[] = {"excl", "ord", "cas", "atomic",
                                          "ldapu"};

    for (unsigned n = 0; n < ARRAY_SIZE(formats); n++) {
        if (!strcmp(row->format, formats[n])) {
            return true;
        }
    }
    return false;
}

/* A store-exclusive of another size than the load's is unpredictable:
 * before each comes its own load, or CLREX. */
static void append_monitor(struct insn_step *step, uint32_t word)
{
    const struct a64_row *row = step->row;
    unsigned r = free_register(row, word, 7);

    if (random_below(4) == 0) {
        append(step, 0xd5033f5f); /* clrex */
        return;
    }
    word = set_field(row, "rs", word, 31) | 1 << 22;
    word = set_field(row, "rt2", word, free_register(row, word, r + 1));
    append(step, set_field(row, "rt", word, r));
}

static void append_access(struct insn_step *step, uint32_t word)
{
    const struct a64_row *row = step->row;
    unsigned rn = (unsigned)field_of(row, "rn", word);
    int64_t offset = access_offset(step, word);
    uint64_t target = INSN_WINDOW + random_below(INSN_WINDOW_SIZE - 64);

    if (wants_alignment(row) || random_below(4) == 0) {
        target = align_down(target, 16);
    }
    target -= (uint64_t)offset;
    if (rn == 31) {
        unsigned r = free_register(row, word, 7);

        append_move(step, r, (uint32_t)target);
        append(step, 0x9100001f | r << 5); /* mov sp, r */
    } else {
        append_move(step, rn, (uint32_t)target);
    }
    if (!strcmp(row->name, "STXR") || !strcmp(row->name, "STXP")) {
        append_monitor(step, word);
    }
    append(step, word);
}

/* -- SVE loads and stores ------------------------------------------------ */

/* What an address by immediate adds to its base. */
static int64_t sve_offset(const struct a64_row *row, uint32_t word)
{
    int64_t imm = field_of(row, "imm", word);
    int esz = field_of(row, "esz", word), msz = field_of(row, "msz", word);

    if (!strcmp(row->format, "svem_ldrp")) {
        return imm * (int64_t)(insn_vl / 8);
    }
    if (!strcmp(row->format, "svem_ldr")) {
        return imm * (int64_t)insn_vl;
    }
    if (!strncmp(row->name, "LD1RQ", 5)) {
        return imm * 16;
    }
    if (!strncmp(row->name, "LD1RO", 5)) {
        return imm * 32;
    }
    if (!strcmp(row->format, "svem_si")) {
        return imm * field_of(row, "n", word) *
               (int64_t)(insn_vl >> (esz - msz));
    }
    return imm * (1 << msz);
}

/* A vector of offsets that stays in the window, mostly. */
static void append_offsets(struct insn_step *step, uint32_t word)
{
    const struct a64_row *row = step->row;
    uint32_t esz = (uint32_t)field_of(row, "esz", word);
    bool far = field_of(row, "scaled", word) && field_of(row, "msz", word) > 1;

    append(step, 0x04204000 | esz << 22 | random_below(far ? 2 : 14) << 16 |
                     random_below(far ? 4 : 16) << 5 |
                     (uint32_t)field_of(row, "zm", word));
}

/* Move `value` to the base, which may be SP. */
static void append_base(struct insn_step *step, uint32_t word, unsigned rn,
                        uint64_t value)
{
    unsigned r = rn == 31 ? free_register(step->row, word, 7) : rn;

    append_move(step, r, (uint32_t)value);
    if (rn == 31) {
        append(step, 0x9100001f | r << 5); /* mov sp, r */
    }
}

/* For contiguous first-fault and non-fault loads QEMU 7.2 takes other elements
 * than the active ones unless these are the first ones: PTRUE of some. */
static void append_prefix(struct insn_step *step, uint32_t word)
{
    const char *name = step->row->name;

    if (!strncmp(name, "LDFF1", 5) || !strncmp(name, "LDNF1", 5)) {
        uint32_t pattern = random_below(2) ? 31 : 1 + random_below(8);
        uint32_t esz = (uint32_t)field_of(step->row, "esz", word);

        append(step, 0x2518e000 | esz << 22 | pattern << 5 |
                         (uint32_t)field_of(step->row, "pg", word));
    }
}

static void append_sve_access(struct insn_step *step, uint32_t word)
{
    const struct a64_row *row = step->row;
    uint64_t target = INSN_WINDOW + random_below(INSN_WINDOW_SIZE / 2);
    int64_t offset = sve_offset(row, word);
    uint32_t esz = (uint32_t)field_of(row, "esz", word);

    if (find_field(row, "rm")) {
        unsigned rm = (unsigned)field_of(row, "rm", word);
        bool scaled = !strcmp(row->format, "svem_ss");
        uint32_t index = rm == 31 ? 0 : random_below(64);

        append(step, 0xd2800000 | index << 5 | rm);
        offset = index << (scaled ? field_of(row, "msz", word) : 0);
    }
    target -= (uint64_t)offset;
    if (find_field(row, "rn")) {
        append_base(step, word, (unsigned)field_of(row, "rn", word), target);
    }
    if (!strcmp(row->format, "svem_gs") && random_below(8)) {
        append_offsets(step, word);
    }
    if (find_field(row, "zn") && random_below(8)) { /* index zn, r, #step */
        unsigned r = free_register(row, word, 7);

        append_move(step, r, (uint32_t)target);
        append(step, 0x04204400 | esz << 22 | random_below(15) << 16 |
                         r << 5 | (uint32_t)field_of(row, "zn", word));
    }
    append_prefix(step, word);
    append(step, word);
}

/* Pointers whole elements apart: QEMU 7.2 has no element at all within the
 * first, where DIV rounds to none. */
static void append_pointers(struct insn_step *step, uint32_t word)
{
    unsigned rn = (unsigned)field_of(step->row, "rn", word);
    unsigned rm = (unsigned)field_of(step->row, "rm", word);

    append(step, 0xd2800000 | random_below(16) << 8 | rn % 31);
    append(step, 0xd2800000 | random_below(16) << 8 | rm % 31);
    word = set_field(step->row, "rn", word, rn % 31);
    append(step, set_field(step->row, "rm", word, rm % 31));
}

/* A literal of this slot; `at` is the step's place in it. */
static void append_literal(struct insn_step *step, uint32_t word, unsigned at)
{
    int imm = (int)random_below(INSN_SLOT_WORDS - 4) - (int)at;

    append(step, set_field(step->row, "imm", word, (uint32_t)imm));
}

/* Over the next word, or to it. */
static void append_branch(struct insn_step *step, uint32_t word)
{
    append(step, set_field(step->row, "imm", word, 1 + random_below(2)));
    append(step, 0x91000400); /* add x0, x0, #1 */
}

static void append_branch_register(struct insn_step *step, uint32_t word)
{
    unsigned rn = random_below(31);

    append(step, 0x10000060 | rn); /* adr rn, .+12 */
    append(step, set_field(step->row, "rn", word, rn));
    append(step, 0x91000400);
}

/* MRS and MSR of what user mode has a well-defined copy of. */
static void append_system(struct insn_step *step, uint32_t word)
{
    static const uint32_t registers[] = {
        0xd51b4200, 0xd51b4400, 0xd51b4420, /* NZCV, FPCR, FPSR */
    };
    unsigned which = random_below(ARRAY_SIZE(registers)), rt = word & 31;
    bool is_read = word & 1 << 21;

    if (!is_read && rt == 31) {
        rt = 0;
    }
    if (!is_read && which == 1) { /* AHP, DN, FZ, RMode, FZ16 */
        append(step, 0xd2a00000 | ((uint32_t)random64() & 0x07c8) << 5 | rt);
    } else if (!is_read && which == 2) { /* QC, IDC, IXC..IOC */
        append(step, 0xd2800000 | ((uint32_t)random64() & 0x9f) << 5 | rt);
        append(step, 0xf2a00000 | random_below(2) << 16 | rt);
    }
    append(step, registers[which] | (is_read ? 1u << 21 : 0) | rt);
}

/* A step for `row`, to be placed at word `at` of the slot. */
static void make_step(struct insn_step *step, const struct a64_row *row,
                      unsigned at)
{
    uint32_t word = random_word(row);

    *step = (struct insn_step){.row = row};
    if (is_sve_access(row) && strcmp(row->format, "svem_none") != 0) {
        append_sve_access(step, word);
    } else if (!strncmp(row->name, "WHILERW", 7) ||
               !strncmp(row->name, "WHILEWR", 7)) {
        append_pointers(step, word);
    } else if (!strncmp(row->format, "ldlit", 5)) {
        append_literal(step, word, at);
    } else if (is_load_store(row)) {
        append_access(step, word);
    } else if (!strcmp(row->format, "bcond") ||
               !strcmp(row->format, "branch") ||
               !strcmp(row->format, "cbz") || !strcmp(row->format, "tbz")) {
        append_branch(step, word);
    } else if (!strcmp(row->format, "reg_n")) {
        append_branch_register(step, word);
    } else if (!strcmp(row->format, "sysreg")) {
        append_system(step, word);
    } else if (!strcmp(row->name, "FJCVTZS")) {
        /* QEMU 7.2 sets Z for an input that FPCR.FZ flushes. */
        append(step, 0xd51b441f); /* msr fpcr, xzr */
        append(step, word);
    } else {
        append(step, word);
    }
}

/* -- states -------------------------------------------------------------- */

/* Values where FP and integer arithmetic have corners, by element size. */
static uint64_t special_element(unsigned log2)
{
    static const uint16_t half[] = {
        0x0000, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0xfe00,
        0x7d01, 0xfd01, 0x0001, 0x8001, 0x03ff, 0x0400, 0x7bff, 0x7fff,
        0x4000, 0x3800, 0x3801, 0x5800,
    };
    static const uint32_t single[] = {
        0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000,
        0xff800000, 0x7fc00000, 0xffc12345, 0x7f800001, 0xffa00000,
        0x00000001, 0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff,
        0x7fffffff, 0x40000000, 0x3f000000, 0x4b000001, 0x4f000000,
        0x5f000000, 0x33800000, 0x477ff000, 0x38800000,
    };
    static const uint64_t wide[] = {
        0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000,
        0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000,
        0x7ff8000000000000, 0xfff8123456789abc, 0x7ff0000000000001,
        0xfff4000000000000, 0x0000000000000001, 0x8000000000000001,
        0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff,
        0x7fffffffffffffff, 0x4000000000000000, 0x3fe0000000000000,
        0x4330000000000001, 0x41e0000000000000, 0x43e0000000000000,
        0x36a0000000000000, 0x47efffffe0000000, 0x3810000000000000,
    };

    switch (log2) {
    case 1:
        return half[random_below(ARRAY_SIZE(half))];
    case 2:
        return single[random_below(ARRAY_SIZE(single))];
    default:
        return wide[random_below(ARRAY_SIZE(wide))];
    }
}

/* Exponents near each other, so that sums do not just round away. */
static uint64_t moderate_element(unsigned log2)
{
    switch (log2) {
    case 1:
        return ((uint64_t)(11 + random_below(10)) << 10 |
                (random64() & 0x83ff));
    case 2:
        return ((uint64_t)(120 + random_below(16)) << 23 |
                (random64() & 0x807fffff));
    default:
        return ((uint64_t)(1015 + random_below(20)) << 52 |
                (random64() & 0x800fffffffffffff));
    }
}

static uint64_t random_half_register(void)
{
    unsigned kind = random_below(8), log2 = 1 + random_below(3);
    uint64_t v = 0;

    if (kind == 0) {
        return random64();
    }
    for (unsigned at = 0; at < 64; at += 8u << log2) {
        uint64_t e = kind < 4 || random_below(4) == 0 ? special_element(log2)
                                                       : moderate_element(log2);
        v |= e << at;
    }
    return v;
}

static uint64_t random_general(void)
{
    static const uint64_t corner[] = {
        0, 1, UINT64_MAX, 0x7fffffffffffffff, 0x8000000000000000,
        0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0xffffffff80000000,
    };

    switch (random_below(4)) {
    case 0:
        return corner[random_below(ARRAY_SIZE(corner))];
    case 1:
        return random_below(256) - 128ull;
    default:
        return random64() >> random_below(64);
    }
}

/* Predicates of some elements, of all, of none. */
static uint64_t random_predicate(void)
{
    static const uint64_t each[] = {
        UINT64_MAX, 0x5555555555555555, 0x1111111111111111,
        0x0101010101010101,
    };
    uint64_t p = each[random_below(4)];

    switch (random_below(8)) {
    case 0:
        return 0;
    case 1:
    case 2:
        return p;
    case 3:
        return random64() & random64() & random64();
    case 4:
        return p & mask64((int)random_below(65));
    default:
        return random64();
    }
}

static void random_sve(struct insn_state *s)
{
    for (unsigned n = 0; n < 32; n++) {
        for (unsigned k = 0; k < (insn_vl - 16) / 8; k++) {
            s->z[n][k] = random_half_register();
        }
    }
    for (unsigned n = 0; n < 16; n++) {
        s->p[n] = random_predicate() & mask64((int)insn_vl);
    }
    s->p[16] = mask64((int)(random_below(2) ? insn_vl
                                            : random_below(insn_vl + 1)));
}

static void random_case(struct insn_case *c, unsigned slot)
{
    struct insn_state *s = &c->state;

    memset(c, 0, sizeof(*c));
    c->slot = slot;
    for (unsigned n = 0; n < 31; n++) {
        s->x[n] = random_general();
    }
    s->sp = INSN_WINDOW + 16 * random_below(16);
    for (unsigned n = 0; n < 32; n++) {
        s->v[n][0] = random_half_register();
        s->v[n][1] = random_half_register();
    }
    if (insn_vl) {
        random_sve(s);
    }
    s->nzcv = (uint32_t)random_below(16) << 28;
    if (random_below(2)) { /* AHP, DN, FZ, RMode, FZ16 */
        s->fpcr = (uint32_t)random64() & 0x07c80000;
    }
    if (random_below(4) == 0) { /* QC, IDC, IXC..IOC */
        s->fpsr = (uint32_t)random64() & 0x0800009f;
    }
    for (unsigned n = 0; n < INSN_WINDOW_SIZE; n++) {
        s->window[n] = (uint8_t)random64();
    }
}

#endif
