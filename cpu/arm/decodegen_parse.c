/*
 * decodegen's parser: table text to struct dg_row, and the checks.
 *
 * The language is described in DECODE.md. Formats and alternatives are
 * global to all tables, so they are collected in a first pass.
 */
#include "cpu/arm/decodegen.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/arm/features.h"
#include "util/bits.h"

enum { MAX_TOKENS = 64, MAX_LINES = 4096, MAX_SEGMENTS = 3, MAX_ROWS = 4096 };

struct line {
    const char *file;
    int number;
    char *text;
};

/* One alternative: bit segments, then constants, rejects and tags. */
struct alt {
    const struct line *line;
    char *name;
    char *token[MAX_TOKENS];
    int ntokens;
    struct alt *next;
};

struct parser {
    struct dg_table *table;
    struct line line[MAX_LINES];
    int nlines;
    struct alt *alts;
    const struct line *cur;
    char *group;
    int overlap, noverlaps;
    int first_of_row; /* first encoding the last row line produced */
};

/* A row being assembled from its tokens. */
struct build {
    struct dg_row row;
    int pos;        /* bits still to place */
    bool dropped;   /* a reject always holds: no such encoding */
    struct alt *choice[4];
    int nchoices, segment[4];
    /* conditions wait until all fields are placed */
    char *late[32];
    int nlate;
};

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

#define FAIL(p, ...) dg_die((p)->cur->file, (p)->cur->number, __VA_ARGS__)

static void *xalloc(size_t size)
{
    void *mem = calloc(1, size);

    if (!mem) {
        fprintf(stderr, "decodegen: out of memory\n");
        exit(1);
    }
    return mem;
}

static char *xstrdup(const char *s)
{
    return strcpy(xalloc(strlen(s) + 1), s);
}

static int split(char *text, char **token)
{
    int n = 0;

    for (char *t = strtok(text, " \t"); t; t = strtok(NULL, " \t")) {
        if (n < MAX_TOKENS) {
            token[n++] = t;
        }
    }
    return n;
}

static void read_file(struct parser *p, const char *name)
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
        if (p->nlines == MAX_LINES) {
            dg_die(name, number, "too many lines");
        }
        p->line[p->nlines++] =
            (struct line){.file = name, .number = number, .text = xstrdup(s)};
    }
    fclose(in);
}

static struct dg_format *find_format(const struct parser *p, const char *name)
{
    struct dg_format *f = p->table->formats;

    while (f && strcmp(f->name, name)) {
        f = f->next;
    }
    return f;
}

static int find_field(const struct dg_format *f, const char *name, size_t len)
{
    for (int i = 0; i < f->nfields; i++) {
        if (strlen(f->fields[i]) == len && !strncmp(f->fields[i], name, len)) {
            return i;
        }
    }
    return -1;
}

static void parse_format(struct parser *p, char **token, int n)
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

static void parse_alt(struct parser *p, char **token, int n)
{
    struct alt *a = xalloc(sizeof(*a)), **tail = &p->alts;

    if (n < 3) {
        FAIL(p, "bad alternative");
    }
    a->line = p->cur;
    a->name = token[1];
    a->ntokens = n - 2;
    memcpy(a->token, token + 2, (n - 2) * sizeof(token[0]));
    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = a;
}

static const char *find_feature(const char *tag, size_t len)
{
#define MATCH(name, t)                                                   \
    if (strlen(t) == len && !strncmp(t, tag, len)) {                     \
        return #name;                                                    \
    }
    A64_FEATURES(MATCH)
#undef MATCH
    return NULL;
}

static int take_bits(struct parser *p, struct build *b, int n)
{
    b->pos -= n;
    if (b->pos < 0) {
        FAIL(p, "%s has more than 32 bits", b->row.name);
    }
    return b->pos;
}

/* "01-": fixed and ignored bits; "(01)": should-be bits. */
static void place_bits(struct parser *p, struct build *b, const char *t)
{
    bool should = *t == '(';

    for (t += should; *t && *t != ')'; t++) {
        uint32_t bit = UINT32_C(1) << take_bits(p, b, 1);
        if (should) {
            b->row.should_mask |= bit;
            b->row.should_value |= *t == '1' ? bit : 0;
        } else if (*t != '-') {
            b->row.mask |= bit;
            b->row.value |= *t == '1' ? bit : 0;
        }
    }
}

/* "name:width", "name:swidth", "name[lsb]:width". */
static void place_field(struct parser *p, struct build *b, const char *t)
{
    size_t len = strcspn(t, "[:");
    struct dg_piece *piece = &b->row.piece[b->row.npieces];
    const char *colon = strchr(t, ':');

    if (b->row.npieces++ == DG_PIECES) {
        FAIL(p, "too many fields");
    }
    piece->field = find_field(b->row.format, t, len);
    if (piece->field < 0) {
        FAIL(p, "%s: format %s has no field %.*s", b->row.name,
             b->row.format->name, (int)len, t);
    }
    piece->lsb = t[len] == '[' ? atoi(t + len + 1) : 0;
    piece->sign = colon[1] == 's';
    piece->width = atoi(colon + 1 + piece->sign);
    if (piece->width < 1 || piece->width > 26) {
        FAIL(p, "%s: bad width in %s", b->row.name, t);
    }
    piece->pos = take_bits(p, b, piece->width);
}

static int parse_value(struct parser *p, const char *t, uint32_t *care)
{
    char *end;
    int value = 0;

    *care = ~UINT32_C(0);
    if (*t == 'b') {
        for (t++; *t == '0' || *t == '1' || *t == 'x'; t++) {
            value = value << 1 | (*t == '1');
            *care = *care << 1 | (*t != 'x');
        }
        end = (char *)t;
    } else {
        value = strtol(t, &end, 0);
    }
    if (*end && *end != ',') {
        FAIL(p, "bad value at %s", t);
    }
    return value;
}

/*
 * Turn "a=1,b=b0x" into instruction bits. Returns false when a constant
 * field already excludes it.
 */
static bool condition_bits(struct parser *p, const struct dg_row *row,
                           const char *t, uint32_t *mask, uint32_t *value)
{
    *mask = *value = 0;
    while (*t) {
        size_t len = strcspn(t, "=");
        int field = find_field(row->format, t, len);
        uint32_t care, want, rest;

        if (field < 0 || t[len] != '=') {
            FAIL(p, "%s: bad condition %s", row->name, t);
        }
        want = parse_value(p, t + len + 1, &care);
        rest = care;
        for (int i = 0; i < row->npieces; i++) {
            const struct dg_piece *x = &row->piece[i];
            uint32_t m = mask64(x->width);
            if (x->field == field) {
                *mask |= (care >> x->lsb & m) << x->pos;
                *value |= (want & care) >> x->lsb << (32 - x->width)
                          >> (32 - x->width) << x->pos;
                rest &= ~(m << x->lsb);
            }
        }
        if ((want ^ row->fixed[field]) & rest) {
            return false;
        }
        t += strcspn(t, ",");
        t += *t == ',';
    }
    return true;
}

static void apply_constant(struct parser *p, struct build *b, const char *t)
{
    size_t len = strcspn(t, "=");
    int field = find_field(b->row.format, t, len);
    uint32_t care;

    if (field < 0) {
        FAIL(p, "%s: format %s has no field in %s", b->row.name,
             b->row.format->name, t);
    }
    b->row.fixed[field] |= parse_value(p, t + len + 1, &care);
    b->row.fixed_set |= UINT32_C(1) << field;
}

static void apply_reject(struct parser *p, struct build *b, const char *t)
{
    struct dg_reject r;

    if (!condition_bits(p, &b->row, t, &r.mask, &r.value)) {
        return;
    }
    if (!r.mask) {
        b->dropped = true;
        return;
    }
    if (b->row.nrejects == DG_REJECTS) {
        FAIL(p, "too many exclusions");
    }
    b->row.reject[b->row.nrejects++] = r;
}

static void apply_feature(struct parser *p, struct build *b, const char *t)
{
    size_t len = strcspn(t + 1, "}");
    const char *feat = find_feature(t + 1, len);

    if (!feat || b->row.nfeats == DG_FEATS) {
        FAIL(p, "%s: unknown feature or too many: %s", b->row.name, t);
    }
    b->row.feat[b->row.nfeats++] = feat;
}

/* Constants, exclusions, features and marks, after all the bits. */
static void apply_late(struct parser *p, struct build *b)
{
    for (int i = 0; i < b->nlate; i++) {
        const char *t = b->late[i];
        if (!strcmp(t, "!")) {
            b->row.state = DG_MISSING;
        } else if (!strcmp(t, "undef")) {
            b->row.state = DG_UNDEFINED;
        } else if (*t == '{') {
            apply_feature(p, b, t);
        } else if (*t != '/') {
            apply_constant(p, b, t);
        }
    }
    for (int i = 0; i < b->nlate; i++) {
        if (b->late[i][0] == '/') {
            apply_reject(p, b, b->late[i] + 1);
        }
    }
}

static void place_token(struct parser *p, struct build *b, char *t);

/* The next bit segment of the alternative chosen for <name>. */
static void place_choice(struct parser *p, struct build *b, const char *t)
{
    size_t len = strcspn(t + 1, ">");
    int segment = 0, k = 0;

    while (k < b->nchoices && (strlen(b->choice[k]->name) != len ||
                               strncmp(b->choice[k]->name, t + 1, len))) {
        k++;
    }
    if (k == b->nchoices) {
        FAIL(p, "%s: unknown alternative %s", b->row.name, t);
    }
    for (int i = 0; i < b->choice[k]->ntokens; i++) {
        char *x = b->choice[k]->token[i];
        bool late = strchr("{/!", *x) || strchr(x, '=');
        if (!strcmp(x, "..")) {
            segment++;
        } else if (late ? b->segment[k] == 0 : segment == b->segment[k]) {
            place_token(p, b, x);
        }
    }
    b->segment[k]++;
}

static void place_token(struct parser *p, struct build *b, char *t)
{
    if (!strncmp(t, "->", 2)) {
        return;
    }
    if (strchr("01-(", *t)) {
        place_bits(p, b, t);
    } else if (*t == '<') {
        place_choice(p, b, t);
    } else if (strchr(t, ':')) {
        place_field(p, b, t);
    } else if (b->nlate < (int)ARRAY_SIZE(b->late)) {
        b->late[b->nlate++] = t;
    } else {
        FAIL(p, "too many tokens");
    }
}

static void check_fields(struct parser *p, const struct dg_row *row)
{
    uint32_t given = row->fixed_set;

    for (int i = 0; i < row->npieces; i++) {
        given |= UINT32_C(1) << row->piece[i].field;
    }
    for (int i = 0; i < row->format->nfields; i++) {
        if (!(given >> i & 1)) {
            FAIL(p, "%s gives no value to %s.%s", row->name,
                 row->format->name, row->format->fields[i]);
        }
    }
}

static void add_row(struct parser *p, const struct build *b)
{
    struct dg_table *t = p->table;

    if (t->nrows == MAX_ROWS) {
        FAIL(p, "too many encodings");
    }
    t->rows[t->nrows++] = b->row;
}

/* Expand the alternatives a row names, one build per combination. */
static void expand(struct parser *p, struct build *b, char **token, int n,
                   int from)
{
    for (int i = from; i < n; i++) {
        size_t len = strcspn(token[i], ">") - 1;
        bool seen = false;
        if (token[i][0] != '<') {
            continue;
        }
        for (int k = 0; k < b->nchoices; k++) {
            seen |= !strncmp(b->choice[k]->name, token[i] + 1, len) &&
                    strlen(b->choice[k]->name) == len;
        }
        if (seen) {
            continue;
        }
        for (struct alt *a = p->alts; a; a = a->next) {
            if (strlen(a->name) == len &&
                !strncmp(a->name, token[i] + 1, len)) {
                struct build next = *b;
                next.choice[next.nchoices++] = a;
                expand(p, &next, token, n, i + 1);
            }
        }
        return;
    }
    struct build done = *b;
    for (int i = 1; i < n; i++) {
        place_token(p, &done, token[i]);
    }
    if (done.pos != 0) {
        FAIL(p, "%s has %d bits too few", done.row.name, done.pos);
    }
    apply_late(p, &done);
    if (!done.dropped) {
        check_fields(p, &done.row);
        add_row(p, &done);
    }
}

static void parse_row(struct parser *p, char **token, int n, char *text)
{
    struct build b = {.pos = 32};

    b.row.name = token[0];
    b.row.group = p->group;
    b.row.text = text;
    b.row.file = p->cur->file;
    b.row.line = p->cur->number;
    b.row.state = DG_IMPLEMENTED;
    b.row.overlap = p->overlap;
    for (int i = 1; i < n; i++) {
        if (!strncmp(token[i], "->", 2)) {
            b.row.format = find_format(p, token[i] + 2);
        }
    }
    if (!b.row.format || !p->group || !text) {
        FAIL(p, "%s needs a group, a known ->format and | text", b.row.name);
    }
    p->first_of_row = p->table->nrows;
    expand(p, &b, token, n, 1);
    if (p->first_of_row == p->table->nrows) {
        FAIL(p, "%s has no encoding left", b.row.name);
    }
}

/* "~ field=value... a==b | text": another spelling of the row above. */
static void parse_alias(struct parser *p, char **token, int n, char *text)
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
                a->same_a = find_field(row->format, token[i], eq - token[i]);
                a->same_b = find_field(row->format, eq + 2, strlen(eq + 2));
                if (a->same_a < 0 || a->same_b < 0) {
                    FAIL(p, "bad alias condition %s", token[i]);
                }
                continue;
            }
            possible &= condition_bits(p, row, token[i], &mask, &value);
            a->mask |= mask;
            a->value |= value;
        }
        row->naliases += possible;
    }
}

static void parse_line(struct parser *p, int pass)
{
    char *copy = xstrdup(p->cur->text), *bar = strchr(copy, '|');
    char *token[MAX_TOKENS], *text = NULL;
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

void dg_parse(struct dg_table *t, char **files, int nfiles)
{
    struct parser *p = xalloc(sizeof(*p));

    p->table = t;
    t->rows = xalloc(MAX_ROWS * sizeof(t->rows[0]));
    for (int i = 0; i < nfiles; i++) {
        read_file(p, files[i]);
    }
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < p->nlines; i++) {
            p->cur = &p->line[i];
            parse_line(p, pass);
        }
    }
    if (check_overlaps(t) + check_names(t)) {
        exit(1);
    }
}
