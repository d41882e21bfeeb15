/*
 * decodegen: what the tables must not contain. Two rows that match one
 * word, unless one group of overlapping rows says in which order they
 * are tried; one name with two formats.
 */
#include "cpu/arm/decodegen_parse.h"

#include <string.h>

/* True when some exclusion of `row` removes the whole intersection. */
static bool excluded(const struct dg_row *row, uint32_t mask, uint32_t value)
{
    for (int i = 0; i < row->nrejects; i++) {
        const struct dg_reject *r = &row->reject[i];
        if (!(r->mask & ~mask) && (value & r->mask) == r->value) {
            return true;
        }
    }
    return false;
}

static int check_overlaps(const struct dg_table *t)
{
    int bad = 0;

    for (int i = 0; i < t->nrows; i++) {
        for (int j = i + 1; j < t->nrows; j++) {
            const struct dg_row *a = &t->rows[i], *b = &t->rows[j];
            uint32_t mask = a->mask | b->mask, value = a->value | b->value;
            if (((a->value ^ b->value) & a->mask & b->mask) ||
                (a->overlap && a->overlap == b->overlap) ||
                excluded(a, mask, value) || excluded(b, mask, value)) {
                continue;
            }
            fprintf(stderr, "%s:%d: %s overlaps %s (%s:%d) at %08x\n",
                    a->file, a->line, a->name, b->name, b->file, b->line,
                    value);
            bad++;
        }
    }
    return bad;
}

static int check_names(const struct dg_table *t)
{
    int bad = 0;

    for (int i = 0; i < t->nrows; i++) {
        for (int j = i + 1; j < t->nrows; j++) {
            const struct dg_row *a = &t->rows[i], *b = &t->rows[j];
            if (!strcmp(a->name, b->name) && a->format != b->format) {
                fprintf(stderr, "%s:%d: %s has two formats\n", b->file,
                        b->line, b->name);
                bad++;
            }
        }
    }
    return bad;
}

int dg_check(const struct dg_table *t)
{
    return check_overlaps(t) + check_names(t);
}
