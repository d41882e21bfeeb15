/*
 * decodegen's C decoder: what leads from an instruction to its row.
 *
 * The bits that tell most instructions from each other are the index into a
 * table: it leads to the function for the rows that have these bits.  Nearly
 * always that is one row, or the manual's next instruction class.  There,
 * each set of rows is divided by the window of up to six bits that leaves
 * the fewest candidates per case, until at most three are left; those are
 * tested in order, most specific first.
 */
#include "cpu/arm/decodegen.h"

#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

enum { LEAF_ROWS = 3, MAX_WINDOW = 6, MAX_SET = 4096 };

/* The index: bits 31..21, the opcode and size of most classes, and bits
 * 11..10, by which those of the others differ that are frequent (addressing
 * modes, conditional selects). */
enum { INDEX_HIGH = 21, INDEX_LOW = 10, INDEX_BITS = 13 };

struct set {
    int n;
    int row[MAX_SET];
};

static void indent(FILE *out, int depth)
{
    fprintf(out, "%*s", depth * 4, "");
}

static void emit_test(FILE *out, const struct dg_table *t, int index,
                      uint32_t known, int depth)
{
    const struct dg_row *r = &t->rows[index];
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
        fprintf(out, "return A64_RUN(%s, %d);\n", r->name,
                dg_ordinal(t, index));
        indent(out, depth);
        fprintf(out, "}\n");
    } else {
        fprintf(out, "return A64_RUN(%s, %d);\n", r->name,
                dg_ordinal(t, index));
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
        emit_test(out, t, set->row[i], known, depth);
        if (always(r, known)) {
            return;
        }
    }
    indent(out, depth);
    fprintf(out, "break;\n");
}

/* -- the table ----------------------------------------------------------- */

/* The instruction bits that the index `cell` stands for. */
static uint32_t bits_of(int cell)
{
    return (uint32_t)cell << INDEX_HIGH |
           ((uint32_t)cell >> (32 - INDEX_HIGH)) << INDEX_LOW;
}

/* What the table leads to from each value of the index, a cell. */
struct cells {
    int of[1 << INDEX_BITS];         /* each one's set */
    struct set *set[1 << INDEX_BITS]; /* distinct ones */
    uint32_t known[1 << INDEX_BITS]; /* bits that all cells of a set share */
    uint32_t value[1 << INDEX_BITS]; /* ... and their values */
    int nsets;
};

static int find_set(const struct cells *c, const struct set *set)
{
    int k = 0;

    while (k < c->nsets &&
           (c->set[k]->n != set->n ||
            memcmp(c->set[k]->row, set->row, set->n * sizeof(int)))) {
        k++;
    }
    return k;
}

static void add_cell(struct cells *c, const struct dg_table *t,
                     const struct set *all, int cell)
{
    uint32_t mask = bits_of((1 << INDEX_BITS) - 1), value = bits_of(cell);
    struct set *set = malloc(sizeof(*set));

    if (!set) {
        exit(1);
    }
    select_rows(t, all, mask, value, set);
    int k = c->of[cell] = find_set(c, set);
    if (k < c->nsets) {
        c->known[k] &= ~(c->value[k] ^ value);
        free(set);
        return;
    }
    c->set[k] = set;
    c->known[k] = mask;
    c->value[k] = value;
    c->nsets++;
}

static void emit_sets(FILE *out, const struct dg_table *t,
                      const struct cells *c)
{
    for (int k = 0; k < c->nsets; k++) {
        fprintf(out,
                "\nstatic bool set_%d(struct a64_ctx *s, uint32_t insn)\n"
                "{\n    (void)s, (void)insn;\n    do {\n",
                k);
        emit_set(out, t, c->set[k], c->known[k], 2);
        fprintf(out, "    } while (0);\n    return false;\n}\n");
    }
}

static void emit_table(FILE *out, const struct cells *c)
{
    fprintf(out, "\nstatic a64_decode_fn *const a64_set[] = {\n");
    for (int k = 0; k < c->nsets; k++) {
        fprintf(out, "    set_%d,\n", k);
    }
    fprintf(out, "};\n\nstatic const uint16_t a64_set_of[] = {");
    for (int cell = 0; cell < 1 << INDEX_BITS; cell++) {
        fprintf(out, "%s%d,", cell % 16 ? " " : "\n    ", c->of[cell]);
    }
    fprintf(out, "\n};\n");
}

void dg_emit_decoder(FILE *out, const struct dg_table *t)
{
    struct set *all = calloc(1, sizeof(*all));
    struct cells *c = calloc(1, sizeof(*c));

    if (!all || !c) {
        exit(1);
    }
    for (int i = 0; i < t->nrows; i++) {
        if (t->rows[i].state == DG_IMPLEMENTED) {
            all->row[all->n++] = i;
        }
    }
    for (int cell = 0; cell < 1 << INDEX_BITS; cell++) {
        add_cell(c, t, all, cell);
    }
    fprintf(out, "/* Generated from the decode tables. */\n"
                 "#include \"cpu/arm/a64_trans.h\"\n"
                 "#include \"cpu/arm/features.h\"\n\n"
                 "/* False: UNDEFINED, by the tables or by the row. */\n"
                 "typedef bool a64_decode_fn(struct a64_ctx *s, "
                 "uint32_t insn);\n\n"
                 "/* A test may do something else with the row. */\n"
                 "#ifndef A64_RUN\n"
                 "#define A64_RUN(row, nth) a64_row_##row##_##nth(s, insn)\n"
                 "#endif\n");
    emit_sets(out, t, c);
    emit_table(out, c);
    fprintf(out, "\n/* By what `insn` is decoded and translated. */\n"
                 "static a64_decode_fn *a64_decoder(uint32_t insn)\n"
                 "{\n"
                 "    unsigned low = insn & UINT32_C(3) << %d;\n\n"
                 "    return a64_set[a64_set_of[(insn >> %d) + (low << %d)]];"
                 "\n}\n",
            INDEX_LOW, INDEX_HIGH, 32 - INDEX_HIGH - INDEX_LOW);
    for (int k = 0; k < c->nsets; k++) {
        free(c->set[k]);
    }
    free(c);
    free(all);
}
