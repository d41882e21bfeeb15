/*
 * decodegen's parser: files, directives, aliases. The language is
 * described in DECODE.md. Formats and alternatives are
 * global to all tables, so they are collected in a first pass.
 */
#include "cpu/arm/decodegen_parse.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void dg_die(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

/* The table lives until dg_free(), and all of it goes together. */
static struct chunk {
    struct chunk *next;
    max_align_t data[];
} *chunks;

static void *xalloc(size_t size)
{
    struct chunk *chunk = calloc(1, sizeof(*chunk) + size);

    if (!chunk) {
        fprintf(stderr, "decodegen: out of memory\n");
        exit(1);
    }
    chunk->next = chunks;
    chunks = chunk;
    return chunk->data;
}

void dg_free(void)
{
    while (chunks) {
        struct chunk *next = chunks->next;

        free(chunks);
        chunks = next;
    }
}

static char *xstrdup(const char *s)
{
    return strcpy(xalloc(strlen(s) + 1), s);
}

static int split(char *text, char **token)
{
    int n = 0;

    for (char *t = strtok(text, " \t"); t; t = strtok(NULL, " \t")) {
        if (n < DG_TOKENS) {
            token[n++] = t;
        }
    }
    return n;
}

static void read_file(struct dg_parser *p, const char *name)
{
    FILE *in = fopen(name, "r");
    char buf[512];

    if (!in) {
        dg_die(name, 0, "cannot be read");
    }
    for (int number = 1; fgets(buf, sizeof(buf), in); number++) {
        char *s = buf;
        buf[strcspn(buf, "\n")] = 0;
        if (!strchr(buf, '|')) {
            buf[strcspn(buf, "#")] = 0;
        }
        s += strspn(s, " \t");
        if (!*s || *s == '#') { /* a comment may hold a bar */
            continue;
        }
        if (p->nlines == DG_LINES) {
            dg_die(name, number, "too many lines");
        }
        p->line[p->nlines++] = (struct dg_line){
            .file = name, .number = number, .text = xstrdup(s)};
    }
    fclose(in);
}

static struct dg_format *find_format(const struct dg_parser *p,
                                     const char *name)
{
    struct dg_format *f = p->table->formats;

    while (f && strcmp(f->name, name)) {
        f = f->next;
    }
    return f;
}

int dg_find_field(const struct dg_format *f, const char *name, size_t len)
{
    for (int i = 0; i < f->nfields; i++) {
        if (strlen(f->fields[i]) == len && !strncmp(f->fields[i], name, len)) {
            return i;
        }
    }
    return -1;
}

static void parse_format(struct dg_parser *p, char **token, int n)
{
    struct dg_format *f = xalloc(sizeof(*f)), **tail = &p->table->formats;

    if (n < 2 || n - 2 > DG_FIELDS || find_format(p, token[1])) {
        FAIL(p, "bad or repeated format");
    }
    f->name = token[1];
    f->nfields = n - 2;
    memcpy(f->fields, token + 2, (n - 2) * sizeof(token[0]));
    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = f;
}

static void parse_alt(struct dg_parser *p, char **token, int n)
{
    struct dg_alt *a = xalloc(sizeof(*a)), **tail = &p->alts;

    if (n < 3) {
        FAIL(p, "bad alternative");
    }
    a->name = token[1];
    a->ntokens = n - 2;
    memcpy(a->token, token + 2, (n - 2) * sizeof(token[0]));
    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = a;
}

static void parse_row(struct dg_parser *p, char **token, int n, char *text)
{
    struct dg_row row = {
        .name = token[0],
        .group = p->group,
        .text = text,
        .file = p->cur->file,
        .line = p->cur->number,
        .state = DG_IMPLEMENTED,
        .overlap = p->overlap,
    };

    for (int i = 1; i < n; i++) {
        if (!strncmp(token[i], "->", 2)) {
            row.format = find_format(p, token[i] + 2);
        }
    }
    if (!row.format || !p->group || !text) {
        FAIL(p, "%s needs a group, a known ->format and | text", row.name);
    }
    p->first_of_row = p->table->nrows;
    dg_add_rows(p, &row, token, n);
    if (p->first_of_row == p->table->nrows) {
        FAIL(p, "%s has no encoding left", row.name);
    }
}

/* "~ field=value... a==b | text": another spelling of the row above. */
static void parse_alias(struct dg_parser *p, char **token, int n, char *text)
{
    for (int r = p->first_of_row; r < p->table->nrows; r++) {
        struct dg_row *row = &p->table->rows[r];
        struct dg_alias *a = &row->alias[row->naliases];
        bool possible = true;

        if (row->naliases == DG_ALIASES || !text) {
            FAIL(p, "bad alias");
        }
        *a = (struct dg_alias){.same_a = -1, .same_b = -1, .text = text};
        for (int i = 1; i < n; i++) {
            char *eq = strstr(token[i], "==");
            uint32_t mask, value;
            if (eq) {
                a->same_a = dg_find_field(row->format, token[i], eq - token[i]);
                a->same_b = dg_find_field(row->format, eq + 2, strlen(eq + 2));
                if (a->same_a < 0 || a->same_b < 0) {
                    FAIL(p, "bad alias condition %s", token[i]);
                }
                continue;
            }
            possible &= dg_condition(p, row, token[i], &mask, &value);
            a->mask |= mask;
            a->value |= value;
        }
        row->naliases += possible;
    }
}

static void parse_line(struct dg_parser *p, int pass)
{
    char *copy = xstrdup(p->cur->text), *bar = strchr(copy, '|');
    char *token[DG_TOKENS], *text = NULL;
    int n;

    if (bar) {
        *bar = 0;
        text = bar + 1 + strspn(bar + 1, " ");
    }
    if (!strncmp(copy, "group ", 6)) {
        p->group = copy + 6 + strspn(copy + 6, " ");
        return;
    }
    n = split(copy, token);
    if (!strcmp(token[0], "format") || !strcmp(token[0], "alt")) {
        if (pass == 0) {
            (token[0][0] == 'f' ? parse_format : parse_alt)(p, token, n);
        }
    } else if (pass == 0) {
        return;
    } else if (!strcmp(token[0], "overlap")) {
        p->overlap = ++p->noverlaps;
    } else if (!strcmp(token[0], "end")) {
        p->overlap = 0;
    } else if (!strcmp(token[0], "~")) {
        parse_alias(p, token, n, text);
    } else {
        parse_row(p, token, n, text);
    }
}

void dg_parse(struct dg_table *t, char **files, int nfiles)
{
    struct dg_parser *p = xalloc(sizeof(*p));

    p->table = t;
    t->rows = xalloc(DG_ROWS * sizeof(t->rows[0]));
    for (int i = 0; i < nfiles; i++) {
        read_file(p, files[i]);
    }
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < p->nlines; i++) {
            p->cur = &p->line[i];
            parse_line(p, pass);
        }
    }
    if (dg_check(t)) {
        exit(1);
    }
}
