/*
 * decodegen's header: argument structs, and of each row the function that
 * makes the struct of an instruction and calls the translator.  That is
 * defined beside the translator (A64_ROW), where the compiler can put the
 * fields to use without a struct in between.
 */
#include "cpu/arm/decodegen.h"

#include <string.h>

int dg_ordinal(const struct dg_table *t, int row)
{
    int nth = 0;

    for (int i = 0; i < row; i++) {
        nth += t->rows[i].state == DG_IMPLEMENTED &&
               !strcmp(t->rows[i].name, t->rows[row].name);
    }
    return nth;
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
    fprintf(out, ", \\\n");
}

/* The function of one encoding: arguments, the translator. */
static void emit_row(FILE *out, const struct dg_row *r, int nth)
{
    fprintf(out,
            "bool a64_row_%s_%d(struct a64_ctx *s, uint32_t insn) \\\n"
            "{ \\\n"
            "    const struct a64_arg_%s a = { \\\n",
            r->name, nth, r->format->name);
    for (int i = 0; i < r->format->nfields; i++) {
        emit_field(out, r, i);
    }
    fprintf(out, "%s    }; \\\n"
                 "    (void)insn; \\\n"
                 "    return a64_trans_%s(s, &a); \\\n"
                 "} \\\n",
            r->format->nfields ? "" : "        .unused = 0, \\\n", r->name);
}

/* All of a name, for the file in which their translator is. */
static void emit_rows(FILE *out, const struct dg_table *t, int first)
{
    const char *name = t->rows[first].name;

    fprintf(out, "#define A64_ROWS_%s \\\n", name);
    for (int i = first, nth = 0; i < t->nrows; i++) {
        if (t->rows[i].state == DG_IMPLEMENTED &&
            !strcmp(t->rows[i].name, name)) {
            emit_row(out, &t->rows[i], nth++);
        }
    }
    fprintf(out, "\n");
}

static void emit_formats(FILE *out, const struct dg_table *t)
{
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
}

void dg_emit_header(FILE *out, const struct dg_table *t)
{
    const char *group = "";

    fprintf(out, "/* Generated from the decode tables. */\n"
                 "#ifndef A64_TRANS_H\n#define A64_TRANS_H\n\n"
                 "#include <stdbool.h>\n#include <stdint.h>\n\n"
                 "#include \"util/bits.h\"\n\n"
                 "struct a64_ctx;\n");
    emit_formats(out, t);
    for (int i = 0; i < t->nrows; i++) {
        const struct dg_row *r = &t->rows[i];
        if (r->state != DG_IMPLEMENTED) {
            continue;
        }
        int nth = dg_ordinal(t, i);
        if (strcmp(group, r->group)) {
            fprintf(out, "\n/* %s */\n", r->group);
            group = r->group;
        }
        fprintf(out,
                "bool a64_row_%s_%d(struct a64_ctx *s, uint32_t insn);\n",
                r->name, nth);
        if (nth == 0) {
            emit_rows(out, t, i);
        }
    }
    fprintf(out,
            "\n/* Before the body of a row's translator: its head, and the "
            "functions of\n * its encodings. */\n"
            "#define A64_ROW(row, args) \\\n"
            "    static bool a64_trans_##row(struct a64_ctx *s, \\\n"
            "        const struct a64_arg_##args *a); \\\n"
            "    A64_ROWS_##row \\\n"
            "    static bool a64_trans_##row(struct a64_ctx *s, \\\n"
            "        const struct a64_arg_##args *a)\n"
            "\n#endif\n");
}
