/*
 * Disassembly from the decode tables: find the row, choose the template
 * (an alias whose conditions hold, else the row's own), expand it.
 *
 * A template is literal text with {kind argument...} operands; arguments
 * are field names or numbers. The kinds are in disas_operand.c.
 */
#include "cpu/arm/disas.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/arm/disas_operand.h"
#include "util/bits.h"

enum { MAX_ALIASES = 8 };

/* ORDER as a64_row_table. */
struct a64_text {
    const char *text;
    int naliases;
    struct {
        uint32_t mask, value;
        int same_a, same_b; /* equal fields, or -1 */
        const char *text;
    } alias[MAX_ALIASES];
};

#include "cpu/arm/a64_generator.inc"
#include "cpu/arm/a64_disas.inc"

_Static_assert(ARRAY_SIZE(a64_row_table) == ARRAY_SIZE(a64_texts),
               "both generated from the same rows");

const struct a64_row *a64_rows(size_t *count)
{
    *count = ARRAY_SIZE(a64_row_table);
    return a64_row_table;
}

static bool row_matches(const struct a64_row *row, uint32_t insn)
{
    if ((insn & row->mask) != row->value) {
        return false;
    }
    for (int i = 0; i < row->nrejects; i++) {
        if ((insn & row->reject[i].mask) == row->reject[i].value) {
            return false;
        }
    }
    return true;
}

const struct a64_row *a64_row_find(uint32_t insn)
{
    for (size_t i = 0; i < ARRAY_SIZE(a64_row_table); i++) {
        if (row_matches(&a64_row_table[i], insn)) {
            return &a64_row_table[i];
        }
    }
    return NULL;
}

int a64_field_value(const struct a64_field *field, uint32_t insn)
{
    int value = field->fixed;

    for (int i = 0; i < A64_ROW_PIECES && field->piece[i].width; i++) {
        const struct a64_piece *p = &field->piece[i];
        int bits = p->sign ? sextract32(insn, p->pos, p->width)
                           : (int)extract32(insn, p->pos, p->width);
        value |= bits * (1 << p->lsb);
    }
    return value;
}

void disas_printf(struct disas *d, const char *fmt, ...)
{
    size_t room = d->len < d->size ? d->size - d->len : 0;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(room ? d->out + d->len : NULL, room, fmt, ap);
    va_end(ap);
    d->len += n > 0 ? n : 0;
}

static int field_by_name(const struct disas *d, const char *name, size_t len)
{
    for (int i = 0; i < d->row->nfields; i++) {
        const struct a64_field *f = &d->row->field[i];
        if (!strncmp(f->name, name, len) && !f->name[len]) {
            return a64_field_value(f, d->insn);
        }
    }
    return 0;
}

int disas_field(const struct disas *d, const char *name)
{
    return field_by_name(d, name, strlen(name));
}

/* Expand "{kind arg...}", `text` after the brace; returns its end. */
static const char *expand_operand(struct disas *d, const char *text)
{
    const char *end = text + strcspn(text, "}");
    size_t len = strcspn(text, " }");
    disas_operand_fn *fn = disas_operand_find(text, len);
    int arg[DISAS_ARGS] = {0};

    text += len;
    for (int i = 0; text < end && i < DISAS_ARGS; i++) {
        text += strspn(text, " ");
        len = strcspn(text, " }");
        arg[i] = isdigit((unsigned char)*text)
                     ? atoi(text)
                     : field_by_name(d, text, len);
        text += len;
    }
    if (fn) {
        fn(d, arg);
    } else {
        d->bad = true;
    }
    return *end ? end + 1 : end;
}

static void expand(struct disas *d, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "{\\");
        disas_printf(d, "%.*s", (int)len, text);
        text += len;
        if (*text == '\\') { /* \{ and \} are the braces themselves */
            disas_printf(d, "%c", text[1]);
            text += 2;
        } else if (*text == '{') {
            text = expand_operand(d, text + 1);
        }
    }
}

static const char *choose_text(const struct disas *d)
{
    const struct a64_text *t = &a64_texts[d->row - a64_row_table];

    for (int i = 0; i < t->naliases; i++) {
        int a = t->alias[i].same_a, b = t->alias[i].same_b;
        if ((d->insn & t->alias[i].mask) != t->alias[i].value) {
            continue;
        }
        if (a < 0 || a64_field_value(&d->row->field[a], d->insn) ==
                         a64_field_value(&d->row->field[b], d->insn)) {
            return t->alias[i].text;
        }
    }
    return t->text;
}

int a64_disas(uint32_t insn, uint64_t pc, char *out, size_t size)
{
    struct disas d = {.out = out, .size = size, .insn = insn, .pc = pc};

    d.row = a64_row_find(insn);
    if (d.row) {
        expand(&d, choose_text(&d));
    }
    if (!d.row || d.bad) {
        d.len = 0;
        disas_printf(&d, ".inst 0x%08x", insn);
    }
    return d.len;
}
