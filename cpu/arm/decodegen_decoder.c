/*
 * decodegen's C decoder: argument structs, prototypes, nested switches.
 *
 * The first switch is on bits 28:25, the manual's own first division.
 * Below it each set of rows is divided by the window of up to six bits
 * that leaves the fewest candidates per case, until at most three are
 * left; those are tested in order, most specific first.
 */
#include "cpu/arm/decodegen.h"

#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

enum { LEAF_ROWS = 3, MAX_WINDOW = 6, MAX_SET = 4096 };

struct set {
    int n;
    int row[MAX_SET];
};

static bool first_of_name(const struct dg_table *t, int row)
{
    for (int i = 0; i < row; i++) {
        if (t->rows[i].state == DG_IMPLEMENTED &&
            !strcmp(t->rows[i].name, t->rows[row].name)) {
            return false;
        }
    }
    return t->rows[row].state == DG_IMPLEMENTED;
}

void dg_emit_header(FILE *out, const struct dg_table *t)
{
    const char *group = "";

    fprintf(out, "/* Generated from the decode tables. */\n"
                 "#ifndef A64_TRANS_H\n#define A64_TRANS_H\n\n"
                 "#include <stdbool.h>\n#include <stdint.h>\n\n"
                 "struct a64_ctx;\n");
    for (const struct dg_format *f = t->formats; f; f = f->next) {
        fprintf(out, "\nstruct a64_arg_%s {\n", f->name);
        for (int i = 0; i < f->nfields; i++) {
            fprintf(out, "    int %s;\n", f->fields[i]);
        }
        if (f->nfields == 0) {
            fprintf(out, "    int unused;\n");
        }
        fprintf(out, "};\n");
    }
    for (int i = 0; i < t->nrows; i++) {
        const struct dg_row *r = &t->rows[i];
        if (!first_of_name(t, i)) {
            continue;
        }
        if (strcmp(group, r->group)) {
            fprintf(out, "\n/* %s */\n", r->group);
            group = r->group;
        }
        fprintf(out,
                "bool a64_trans_%s(struct a64_ctx *s, "
                "const struct a64_arg_%s *a);\n",
                r->name, r->format->name);
    }
    fprintf(out, "\n#endif\n");
}

static void emit_field(FILE *out, const struct dg_row *r, int field)
{
    const char *sep = "";

    fprintf(out, "        .%s = ", r->format->fields[field]);
    if (r->fixed[field] || r->fixed_set >> field & 1) {
        fprintf(out, "%d", r->fixed[field]);
        sep = " | ";
    }
    for (int i = 0; i < r->npieces; i++) {
        const struct dg_piece *p = &r->piece[i];
        if (p->field != field) {
            continue;
        }
        fprintf(out, "%s%sextract32(insn, %d, %d)", sep, p->sign ? "s" : "",
                p->pos, p->width);
        if (p->lsb) {
            /* Multiplied: a negative value must not be shifted. */
            fprintf(out, " * %d", 1 << p->lsb);
        }
        sep = " | ";
    }
    fprintf(out, ",\n");
}

/* One function per encoding: features, arguments, the translator. */
static void emit_row(FILE *out, const struct dg_table *t, int index)
{
    const struct dg_row *r = &t->rows[index];

    fprintf(out,
            "\nstatic bool row_%d(struct a64_ctx *s, uint32_t insn)\n"
            "{\n    const struct a64_arg_%s a = {\n",
            index, r->format->name);
    for (int i = 0; i < r->format->nfields; i++) {
        emit_field(out, r, i);
    }
    fprintf(out, "%s    };\n",
            r->format->nfields ? "" : "        .unused = 0,\n");
    if (r->npieces == 0) {
        fprintf(out, "    (void)insn;\n");
    }
    fprintf(out, "    return A64_TRANS(%s)(s, &a);\n}\n", r->name);
}

static void indent(FILE *out, int depth)
{
    fprintf(out, "%*s", depth * 4, "");
}

static void emit_test(FILE *out, const struct dg_row *r, int index,
                      uint32_t known, int depth)
{
    uint32_t mask = r->mask & ~known;
    const char *sep = "";

    indent(out, depth);
    if (mask || r->nrejects || r->nfeats) {
        fprintf(out, "if (");
        if (mask) {
            fprintf(out, "(insn & 0x%08x) == 0x%08x", mask,
                    r->value & mask);
            sep = " && ";
        }
        for (int i = 0; i < r->nrejects; i++) {
            fprintf(out, "%s(insn & 0x%08x) != 0x%08x", sep,
                    r->reject[i].mask, r->reject[i].value);
            sep = " && ";
        }
        for (int i = 0; i < r->nfeats; i++) {
            fprintf(out, "%sa64_feature(s, A64_FEAT_%s)", sep, r->feat[i]);
            sep = " && ";
        }
        fprintf(out, ") {\n");
        indent(out, depth + 1);
        fprintf(out, "return row_%d(s, insn); /* %s */\n", index, r->name);
        indent(out, depth);
        fprintf(out, "}\n");
    } else {
        fprintf(out, "return row_%d(s, insn); /* %s */\n", index, r->name);
    }
}

/* An unconditional row ends its case. */
static bool always(const struct dg_row *r, uint32_t known)
{
    return !(r->mask & ~known) && !r->nrejects && !r->nfeats;
}

static void select_rows(const struct dg_table *t, const struct set *in,
                        uint32_t mask, uint32_t value, struct set *out)
{
    out->n = 0;
    for (int i = 0; i < in->n; i++) {
        const struct dg_row *r = &t->rows[in->row[i]];
        if (!((r->value ^ value) & r->mask & mask)) {
            out->row[out->n++] = in->row[i];
        }
    }
}

/* How many candidate rows the cases of this window have together. */
static int window_total(const struct dg_table *t, const struct set *set,
                        int pos, int width)
{
    int total = 0;

    for (int i = 0; i < set->n; i++) {
        uint32_t fixed = extract32(t->rows[set->row[i]].mask, pos, width);
        total += 1 << (width - __builtin_popcount(fixed));
    }
    return total;
}

/* The window with the lowest mean number of candidates per case (times 256,
 * and something for its size), of those whose cases have no more than `most`
 * rows together. */
static bool best_window(const struct dg_table *t, const struct set *set,
                        uint32_t known, int most, int *pos, int *width)
{
    int best = (set->n << 8) * 7 / 8;
    bool found = false;

    for (int w = 1; w <= MAX_WINDOW; w++) {
        for (int at = 0; at + w <= 32; at++) {
            int total, cost;
            if (known >> at & mask64(w)) {
                continue;
            }
            total = window_total(t, set, at, w);
            cost = (total << 8) / (1 << w) + w * 8;
            if (total <= most && cost < best) {
                best = cost;
                *pos = at;
                *width = w;
                found = true;
            }
        }
    }
    return found;
}

/* Rows that come into many cases make the decoder grow from level to level:
 * first without. */
static bool choose_window(const struct dg_table *t, const struct set *set,
                          uint32_t known, int *pos, int *width)
{
    return set->n > LEAF_ROWS &&
           (best_window(t, set, known, set->n + set->n / 4, pos, width) ||
            best_window(t, set, known, set->n * 2, pos, width));
}

static void emit_set(FILE *out, const struct dg_table *t,
                     const struct set *set, uint32_t known, int depth);

static void emit_switch(FILE *out, const struct dg_table *t,
                        const struct set *set, uint32_t known, int pos,
                        int width, int depth)
{
    int cases = 1 << width;
    struct set *sub = calloc(cases, sizeof(*sub));
    bool *done = calloc(cases, sizeof(*done));

    if (!sub || !done) {
        exit(1);
    }
    for (int v = 0; v < cases; v++) {
        select_rows(t, set, mask64(width) << pos, (uint32_t)v << pos,
                    &sub[v]);
    }
    indent(out, depth);
    fprintf(out, "switch (extract32(insn, %d, %d)) {\n", pos, width);
    for (int v = 0; v < cases; v++) {
        uint32_t same = mask64(width) << pos;
        if (done[v] || sub[v].n == 0) {
            continue;
        }
        for (int w = v; w < cases; w++) {
            if (sub[w].n == sub[v].n &&
                !memcmp(sub[w].row, sub[v].row, sub[v].n * sizeof(int))) {
                indent(out, depth);
                fprintf(out, "case 0x%x:\n", w);
                done[w] = true;
                same &= ~((uint32_t)(w ^ v) << pos);
            }
        }
        emit_set(out, t, &sub[v], known | same, depth + 1);
    }
    indent(out, depth);
    fprintf(out, "}\n");
    indent(out, depth);
    fprintf(out, "break;\n");
    free(sub);
    free(done);
}

static void emit_set(FILE *out, const struct dg_table *t,
                     const struct set *set, uint32_t known, int depth)
{
    int pos = 0, width = 0;

    if (choose_window(t, set, known, &pos, &width)) {
        emit_switch(out, t, set, known, pos, width, depth);
        return;
    }
    for (int i = 0; i < set->n; i++) {
        const struct dg_row *r = &t->rows[set->row[i]];
        emit_test(out, r, set->row[i], known, depth);
        if (always(r, known)) {
            return;
        }
    }
    indent(out, depth);
    fprintf(out, "break;\n");
}

void dg_emit_decoder(FILE *out, const struct dg_table *t)
{
    struct set *all = calloc(1, sizeof(*all)), *sub = calloc(1, sizeof(*sub));

    if (!all || !sub) {
        exit(1);
    }
    fprintf(out, "/* Generated from the decode tables. */\n"
                 "#include \"cpu/arm/a64_trans.h\"\n"
                 "#include \"cpu/arm/features.h\"\n"
                 "#include \"util/bits.h\"\n\n"
                 "/* A test may put its own function in every row's place. */\n"
                 "#ifndef A64_TRANS\n"
                 "#define A64_TRANS(row) a64_trans_##row\n"
                 "#endif\n");
    for (int i = 0; i < t->nrows; i++) {
        if (t->rows[i].state == DG_IMPLEMENTED) {
            all->row[all->n++] = i;
            emit_row(out, t, i);
        }
    }
    for (uint32_t op0 = 0; op0 < 16; op0++) {
        select_rows(t, all, 0xfu << 25, op0 << 25, sub);
        if (sub->n == 0) {
            continue;
        }
        fprintf(out,
                "\nstatic bool decode_%x(struct a64_ctx *s, uint32_t insn)\n"
                "{\n    do {\n",
                op0);
        emit_set(out, t, sub, 0xfu << 25, 2);
        fprintf(out, "    } while (0);\n    return false;\n}\n");
    }
    fprintf(out, "\n/* False: UNDEFINED, by the tables or by the row. */\n"
                 "static bool a64_decode(struct a64_ctx *s, uint32_t insn)\n"
                 "{\n    switch (extract32(insn, 25, 4)) {\n");
    for (uint32_t op0 = 0; op0 < 16; op0++) {
        select_rows(t, all, 0xfu << 25, op0 << 25, sub);
        if (sub->n) {
            fprintf(out,
                    "    case 0x%x:\n        return decode_%x(s, insn);\n",
                    op0, op0);
        }
    }
    fprintf(out, "    }\n    return false;\n}\n");
    free(all);
    free(sub);
}
