/*
 * decodegen: one row line to encodings.
 *
 * Bits are placed from bit 31 down; conditions (constants, exclusions,
 * features, marks) wait until every field has its place. A row naming
 * alternatives gives one encoding for each combination of them.
 */
#include "cpu/arm/decodegen_parse.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/arm/features.h"
#include "util/bits.h"

/* A row being assembled from its tokens. */
struct build {
    struct dg_row row;
    int pos;      /* bits still to place */
    bool dropped; /* an exclusion always holds: no such encoding */
    struct dg_alt *choice[4];
    int nchoices, segment[4];
    char *late[32]; /* conditions */
    int nlate;
};

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

static int take_bits(struct dg_parser *p, struct build *b, int n)
{
    b->pos -= n;
    if (b->pos < 0) {
        FAIL(p, "%s has more than 32 bits", b->row.name);
    }
    return b->pos;
}

/* "01-": fixed and ignored bits; "(01)": should-be bits. */
static void place_bits(struct dg_parser *p, struct build *b, const char *t)
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
static void place_field(struct dg_parser *p, struct build *b, const char *t)
{
    size_t len = strcspn(t, "[:");
    struct dg_piece *piece = &b->row.piece[b->row.npieces];
    const char *colon = strchr(t, ':');

    if (b->row.npieces++ == DG_PIECES) {
        FAIL(p, "too many fields");
    }
    piece->field = dg_find_field(b->row.format, t, len);
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

static int parse_value(struct dg_parser *p, const char *t, uint32_t *care)
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

bool dg_condition(struct dg_parser *p, const struct dg_row *row,
                           const char *t, uint32_t *mask, uint32_t *value)
{
    *mask = *value = 0;
    while (*t) {
        size_t len = strcspn(t, "=");
        int field = dg_find_field(row->format, t, len);
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

static void apply_constant(struct dg_parser *p, struct build *b, const char *t)
{
    size_t len = strcspn(t, "=");
    int field = dg_find_field(b->row.format, t, len);
    uint32_t care;

    if (field < 0) {
        FAIL(p, "%s: format %s has no field in %s", b->row.name,
             b->row.format->name, t);
    }
    b->row.fixed[field] |= parse_value(p, t + len + 1, &care);
    b->row.fixed_set |= UINT32_C(1) << field;
}

static void apply_reject(struct dg_parser *p, struct build *b, const char *t)
{
    struct dg_reject r;

    if (!dg_condition(p, &b->row, t, &r.mask, &r.value)) {
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

static void apply_feature(struct dg_parser *p, struct build *b, const char *t)
{
    size_t len = strcspn(t + 1, "}");
    const char *feat = find_feature(t + 1, len);

    if (!feat || b->row.nfeats == DG_FEATS) {
        FAIL(p, "%s: unknown feature or too many: %s", b->row.name, t);
    }
    b->row.feat[b->row.nfeats++] = feat;
}

/* Constants, exclusions, features and marks, after all the bits. */
static void apply_late(struct dg_parser *p, struct build *b)
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

static void place_token(struct dg_parser *p, struct build *b, char *t);

/* The next bit segment of the alternative chosen for <name>. */
static void place_choice(struct dg_parser *p, struct build *b, const char *t)
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

static void place_token(struct dg_parser *p, struct build *b, char *t)
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

static void check_fields(struct dg_parser *p, const struct dg_row *row)
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

static void add_row(struct dg_parser *p, const struct build *b)
{
    struct dg_table *t = p->table;

    if (t->nrows == DG_ROWS) {
        FAIL(p, "too many encodings");
    }
    t->rows[t->nrows++] = b->row;
}

/* Expand the alternatives a row names, one build per combination. */
static void expand(struct dg_parser *p, struct build *b, char **token, int n,
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
        for (struct dg_alt *a = p->alts; a; a = a->next) {
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

void dg_add_rows(struct dg_parser *p, const struct dg_row *row,
                 char **token, int n)
{
    struct build b = {.row = *row, .pos = 32};

    expand(p, &b, token, n, 1);
}
