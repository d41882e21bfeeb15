/* Data model shared by the parser and the emitters of decodegen. */
#ifndef CPU_ARM_DECODEGEN_H
#define CPU_ARM_DECODEGEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    DG_FIELDS = 12,
    DG_PIECES = 12,
    DG_REJECTS = 8,
    DG_ALIASES = 8,
    DG_FEATS = 2,
};

/* A shared argument format: becomes struct a64_arg_<name>. */
struct dg_format {
    char *name;
    char *fields[DG_FIELDS];
    int nfields;
    struct dg_format *next;
};

/* `width` instruction bits from `pos` = bits `lsb` up of a field. */
struct dg_piece {
    int field; /* index into the format */
    int pos, width, lsb;
    bool sign; /* the field's top piece, sign-extended */
};

struct dg_reject {
    uint32_t mask, value;
};

struct dg_alias {
    uint32_t mask, value; /* fixed conditions, field=number */
    int same_a, same_b;   /* two equal fields, or -1 */
    char *text;
};

enum dg_state { DG_MISSING, DG_IMPLEMENTED, DG_UNDEFINED };

/* One encoding. Rows may have several, under one name. */
struct dg_row {
    char *name, *group, *text;
    const char *file;
    int line;
    uint32_t mask, value;               /* fixed bits */
    uint32_t should_mask, should_value; /* (0)/(1) bits, not decoded */
    struct dg_format *format;
    struct dg_piece piece[DG_PIECES];
    int npieces;
    int fixed[DG_FIELDS]; /* constant part of each field */
    uint32_t fixed_set;   /* fields given by a constant */
    struct dg_reject reject[DG_REJECTS];
    int nrejects;
    struct dg_alias alias[DG_ALIASES];
    int naliases;
    const char *feat[DG_FEATS]; /* enum suffixes, "LSE" */
    int nfeats;
    enum dg_state state;
    int overlap; /* overlap group, 0 = none */
};

struct dg_table {
    struct dg_format *formats;
    struct dg_row *rows;
    int nrows;
};

/* Print "file:line: ..." and exit with status 1. */
_Noreturn void dg_die(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Read every file, expand alternatives, check fields and overlaps. */
void dg_parse(struct dg_table *t, char **files, int nfiles);
/* Everything dg_parse() made. */
void dg_free(void);

/* How many implemented rows of the same name come before: their functions
 * have this number. */
int dg_ordinal(const struct dg_table *t, int row);

void dg_emit_header(FILE *out, const struct dg_table *t);
void dg_emit_decoder(FILE *out, const struct dg_table *t);
void dg_emit_disas(FILE *out, const struct dg_table *t);
void dg_emit_generator(FILE *out, const struct dg_table *t);
void dg_emit_report(FILE *out, const struct dg_table *t);

#endif
