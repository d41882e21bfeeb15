/* Between the files of decodegen's parser. */
#ifndef CPU_ARM_DECODEGEN_PARSE_H
#define CPU_ARM_DECODEGEN_PARSE_H

#include <stddef.h>

#include "cpu/arm/decodegen.h"

enum { DG_TOKENS = 64, DG_LINES = 4096, DG_ROWS = 4096 };

struct dg_line {
    const char *file;
    int number;
    char *text;
};

/* One alternative: bit segments, then constants, exclusions and tags. */
struct dg_alt {
    char *name;
    char *token[DG_TOKENS];
    int ntokens;
    struct dg_alt *next;
};

struct dg_parser {
    struct dg_table *table;
    struct dg_line line[DG_LINES];
    int nlines;
    struct dg_alt *alts;
    const struct dg_line *cur;
    char *group;
    int overlap, noverlaps;
    int first_of_row; /* first encoding the last row line produced */
};

#define FAIL(p, ...) dg_die((p)->cur->file, (p)->cur->number, __VA_ARGS__)

/* The index of a field in the format, or -1. */
int dg_find_field(const struct dg_format *f, const char *name, size_t len);

/*
 * Turn "a=1,b=b0x" into instruction bits of a row whose fields are all
 * placed. False when a constant part of a field already excludes it.
 */
bool dg_condition(struct dg_parser *p, const struct dg_row *row,
                  const char *t, uint32_t *mask, uint32_t *value);

/* Add the encodings of a row; `row` has everything but its bits. */
void dg_add_rows(struct dg_parser *p, const struct dg_row *row,
                 char **token, int n);

/* Report overlaps and formats that differ; the number of mistakes. */
int dg_check(const struct dg_table *t);

#endif
