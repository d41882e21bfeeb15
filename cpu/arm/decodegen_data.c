/*
 * decodegen's data outputs: encodings as tables for the disassembler,
 * the random-instruction generator and the coverage list.
 */
#include "cpu/arm/decodegen.h"

#include <string.h>

static const char *const state_name[] = {
    [DG_MISSING] = "A64_ROW_MISSING",
    [DG_IMPLEMENTED] = "A64_ROW_IMPLEMENTED",
    [DG_UNDEFINED] = "A64_ROW_UNDEFINED",
};

static void emit_string(FILE *out, const char *s)
{
    size_t len = s ? strlen(s) : 0;

    while (len && s[len - 1] == ' ') {
        len--;
    }
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '"' || s[i] == '\\') {
            fputc('\\', out);
        }
        fputc(s[i], out);
    }
    fputc('"', out);
}

static void emit_fields(FILE *out, const struct dg_row *r)
{
    for (int f = 0; f < r->format->nfields; f++) {
        fprintf(out, "{\"%s\", %d, {", r->format->fields[f], r->fixed[f]);
        for (int i = 0; i < r->npieces; i++) {
            const struct dg_piece *p = &r->piece[i];
            if (p->field == f) {
                fprintf(out, "{%d, %d, %d, %d},", p->pos, p->width, p->lsb,
                        p->sign);
            }
        }
        fprintf(out, "}},");
    }
}

/* struct a64_row a64_row_table[], ORDER as struct a64_text a64_texts[]. */
void dg_emit_generator(FILE *out, const struct dg_table *t)
{
    fprintf(out, "/* Generated from the decode tables. */\n"
                 "static const struct a64_row a64_row_table[] = {\n");
    for (int i = 0; i < t->nrows; i++) {
        const struct dg_row *r = &t->rows[i];
        fprintf(out, "{\"%s\", \"%s\", \"%s\", 0x%08x, 0x%08x, ", r->name,
                r->group, r->format->name, r->mask, r->value);
        fprintf(out, "0x%08x, 0x%08x, %s,\n {", r->should_mask,
                r->should_value, state_name[r->state]);
        for (int k = 0; k < DG_FEATS; k++) {
            if (k < r->nfeats) {
                fprintf(out, "A64_FEAT_%s,", r->feat[k]);
            } else {
                fprintf(out, "A64_FEAT_COUNT,");
            }
        }
        fprintf(out, "}, %d, {", r->nrejects);
        for (int k = 0; k < r->nrejects; k++) {
            fprintf(out, "{0x%08x, 0x%08x},", r->reject[k].mask,
                    r->reject[k].value);
        }
        fprintf(out, "}, %d, {", r->format->nfields);
        emit_fields(out, r);
        fprintf(out, "}},\n");
    }
    fprintf(out, "};\n");
}

void dg_emit_disas(FILE *out, const struct dg_table *t)
{
    fprintf(out, "/* Generated from the decode tables. */\n"
                 "static const struct a64_text a64_texts[] = {\n");
    for (int i = 0; i < t->nrows; i++) {
        const struct dg_row *r = &t->rows[i];
        fprintf(out, "{");
        emit_string(out, r->text);
        fprintf(out, ", %d, {", r->naliases);
        for (int k = 0; k < r->naliases; k++) {
            const struct dg_alias *a = &r->alias[k];
            fprintf(out, "{0x%08x, 0x%08x, %d, %d, ", a->mask, a->value,
                    a->same_a, a->same_b);
            emit_string(out, a->text);
            fprintf(out, "},");
        }
        fprintf(out, "}},\n");
    }
    fprintf(out, "};\n");
}

static const char *report_state(const struct dg_row *r)
{
    static const char *const word[] = {
        [DG_MISSING] = "no", [DG_IMPLEMENTED] = "yes",
        [DG_UNDEFINED] = "UNDEFINED by the architecture",
    };
    return word[r->state];
}

void dg_emit_report(FILE *out, const struct dg_table *t)
{
    int encodings[3] = {0}, rows[3] = {0};
    const char *group = "", *name = "";

    fprintf(out, "# A64 instruction coverage\n");
    for (int i = 0; i < t->nrows; i++) {
        const struct dg_row *r = &t->rows[i];
        encodings[r->state]++;
        if (strcmp(group, r->group)) {
            fprintf(out, "\n## %s\n\n| row | feature | implemented |\n"
                         "|---|---|---|\n", r->group);
            group = r->group;
            name = "";
        }
        if (!strcmp(name, r->name)) {
            continue;
        }
        name = r->name;
        rows[r->state]++;
        fprintf(out, "| %s |", r->name);
        for (int k = 0; k < r->nfeats; k++) {
            fprintf(out, " %s", r->feat[k]);
        }
        fprintf(out, " | %s |\n", report_state(r));
    }
    fprintf(out, "\nImplemented: %d rows, %d encodings; not implemented: "
                 "%d rows, %d encodings.\n",
            rows[DG_IMPLEMENTED], encodings[DG_IMPLEMENTED],
            rows[DG_MISSING], encodings[DG_MISSING]);
}
