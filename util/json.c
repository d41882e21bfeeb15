#include "util/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

struct reader {
    const char *start, *p, *end;
    const char *problem; /* the first one met, and where */
    const char *where;
};

static void *checked(void *p)
{
    if (!p) {
        abort();
    }
    return p;
}

static bool fail(struct reader *r, const char *problem)
{
    if (!r->problem) {
        r->problem = problem;
        r->where = r->p;
    }
    return false;
}

static int peek(const struct reader *r)
{
    return r->p < r->end ? (unsigned char)*r->p : -1;
}

static void skip_space(struct reader *r)
{
    while (r->p < r->end && memchr(" \t\r\n", *r->p, 4)) {
        r->p++;
    }
}

/* Skip `c` and the white space around it; false when something else is
 * next. */
static bool accept(struct reader *r, char c)
{
    skip_space(r);
    if (peek(r) != c) {
        return false;
    }
    r->p++;
    skip_space(r);
    return true;
}

static bool read_hex4(struct reader *r, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(r);
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            return fail(r, "\\u needs four hexadecimal digits");
        }
        *code = *code << 4 | (uint32_t)digit;
        r->p++;
    }
    return true;
}

static char *put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *out++ = (char)(0xff00 >> (more + 1) | code >> (6 * more));
    while (more--) {
        *out++ = (char)(0x80 | (code >> (6 * more) & 0x3f));
    }
    return out;
}

/* What follows a backslash. */
static bool read_escape(struct reader *r, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = peek(r);
    const char *simple = c > 0 ? strchr(from, c) : NULL;
    if (simple) {
        *(*out)++ = to[simple - from];
        r->p++;
        return true;
    }
    if (c != 'u') {
        return fail(r, "unknown escape in a string");
    }
    r->p++;
    uint32_t code, low;
    if (!read_hex4(r, &code)) {
        return false;
    }
    if (code >= 0xd800 && code < 0xdc00) {
        if (r->end - r->p < 2 || memcmp(r->p, "\\u", 2) != 0) {
            return fail(r, "half a surrogate pair");
        }
        r->p += 2;
        if (!read_hex4(r, &low)) {
            return false;
        }
        if (low < 0xdc00 || low > 0xdfff) {
            return fail(r, "half a surrogate pair");
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
        return fail(r, "half a surrogate pair");
    }
    if (code == 0) {
        return fail(r, "\\u0000 is not accepted");
    }
    *out = put_utf8(*out, code);
    return true;
}

/* Length of the well-formed UTF-8 sequence at r->p, or 0. */
static size_t utf8_length(const struct reader *r)
{
    static const struct { uint8_t lead, mask, more; uint32_t least; } rows[] = {
        {0x00, 0x80, 0, 0},
        {0xc0, 0xe0, 1, 0x80},
        {0xe0, 0xf0, 2, 0x800},
        {0xf0, 0xf8, 3, 0x10000},
    };
    const uint8_t *s = (const uint8_t *)r->p;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if ((s[0] & rows[i].mask) != rows[i].lead) {
            continue;
        }
        if (r->end - r->p <= rows[i].more) {
            return 0;
        }
        uint32_t code = s[0] & (uint8_t)~rows[i].mask;
        for (int k = 1; k <= rows[i].more; k++) {
            if ((s[k] & 0xc0) != 0x80) {
                return 0;
            }
            code = code << 6 | (s[k] & 0x3f);
        }
        bool bad = code < rows[i].least || code > 0x10ffff ||
                   (code >= 0xd800 && code < 0xe000);
        return bad ? 0 : rows[i].more + 1u;
    }
    return 0;
}

/* A quoted string into fresh memory; no escape grows. */
static char *read_string(struct reader *r)
{
    if (peek(r) != '"') {
        fail(r, "expected a string in double quotes");
        return NULL;
    }
    r->p++;
    char *text = checked(malloc((size_t)(r->end - r->p) + 1)), *out = text;
    bool ok = true;
    while (ok && peek(r) != '"') {
        int c = peek(r);
        size_t n = 0;
        if (c < 0) {
            ok = fail(r, "unterminated string");
        } else if (c < 0x20) {
            ok = fail(r, "control character in a string");
        } else if (c == '\\') {
            r->p++;
            ok = read_escape(r, &out);
        } else if ((n = utf8_length(r)) == 0) {
            ok = fail(r, "a string is not UTF-8");
        }
        memcpy(out, r->p, n);
        out += n;
        r->p += n;
    }
    if (!ok) {
        free(text);
        return NULL;
    }
    r->p++;
    *out++ = '\0';
    return checked(realloc(text, (size_t)(out - text)));
}

static bool skip_digits(struct reader *r)
{
    const char *start = r->p;
    while (peek(r) >= '0' && peek(r) <= '9') {
        r->p++;
    }
    return r->p > start || fail(r, "expected a digit");
}

static bool read_number(struct reader *r, struct json *value)
{
    const char *start = r->p;
    r->p += peek(r) == '-';
    if (peek(r) == '0') {
        r->p++;
    } else if (!skip_digits(r)) {
        return false;
    }
    if (peek(r) == '.') {
        r->p++;
        if (!skip_digits(r)) {
            return false;
        }
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->p++;
        r->p += peek(r) == '+' || peek(r) == '-';
        if (!skip_digits(r)) {
            return false;
        }
    }
    value->kind = JSON_NUMBER;
    value->text = checked(strndup(start, (size_t)(r->p - start)));
    return true;
}

static bool read_word(struct reader *r, struct json *value)
{
    static const struct { const char *word; enum json_kind kind; } rows[] = {
        {"null", JSON_NULL}, {"false", JSON_FALSE}, {"true", JSON_TRUE},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t n = strlen(rows[i].word);
        if ((size_t)(r->end - r->p) >= n &&
            memcmp(r->p, rows[i].word, n) == 0) {
            value->kind = rows[i].kind;
            r->p += n;
            return true;
        }
    }
    return fail(r, "expected a value");
}

static bool read_value(struct reader *r, struct json *value, int depth);

/* Elements up to `close`, the opening bracket being behind us. */
static bool read_elements(struct reader *r, struct json *value, int depth,
                          char close)
{
    struct json **tail = &value->first;
    if (depth >= JSON_MAX_DEPTH) {
        return fail(r, "nested too deeply");
    }
    if (accept(r, close)) {
        return true;
    }
    do {
        struct json *item = checked(calloc(1, sizeof(*item)));
        char *key = NULL;
        if (value->kind == JSON_OBJECT) {
            skip_space(r);
            key = read_string(r);
            if (key && json_get(value, key)) {
                fail(r, "the key is there already");
            } else if (key && !accept(r, ':')) {
                fail(r, "expected ':'");
            }
        }
        item->key = key;
        *tail = item;
        tail = &item->next;
        if (r->problem || !read_value(r, item, depth + 1)) {
            return false;
        }
    } while (accept(r, ','));
    return accept(r, close) ||
           fail(r, close == '}' ? "expected ',' or '}'"
                                : "expected ',' or ']'");
}

static bool read_value(struct reader *r, struct json *value, int depth)
{
    skip_space(r);
    int c = peek(r);
    if (c == '{' || c == '[') {
        r->p++;
        value->kind = c == '{' ? JSON_OBJECT : JSON_ARRAY;
        return read_elements(r, value, depth, c == '{' ? '}' : ']');
    }
    if (c == '"') {
        value->kind = JSON_STRING;
        value->text = read_string(r);
        return value->text != NULL;
    }
    return c == '-' || (c >= '0' && c <= '9') ? read_number(r, value)
                                              : read_word(r, value);
}

struct json *json_parse(const char *text, size_t length, struct error **err)
{
    struct reader r = {.start = text, .p = text, .end = text + length};
    struct json *value = checked(calloc(1, sizeof(*value)));
    if (read_value(&r, value, 0)) {
        skip_space(&r);
        if (r.p != r.end) {
            fail(&r, "something follows the value");
        }
    }
    if (r.problem) {
        error_set(err, "bad JSON at offset %zu: %s",
                  (size_t)(r.where - r.start), r.problem);
        json_free(value);
        return NULL;
    }
    return value;
}

/* Depth is bounded by JSON_MAX_DEPTH. */
void json_free(struct json *value)
{
    while (value) {
        struct json *next = value->next;
        json_free(value->first);
        free(value->key);
        free(value->text);
        free(value);
        value = next;
    }
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (!object || object->kind != JSON_OBJECT) {
        return NULL;
    }
    for (const struct json *m = object->first; m; m = m->next) {
        if (m->key && strcmp(m->key, key) == 0) {
            return m;
        }
    }
    return NULL;
}

const char *json_string(const struct json *value)
{
    return value && value->kind == JSON_STRING ? value->text : NULL;
}

bool json_int(const struct json *value, int64_t *result)
{
    if (!value || value->kind != JSON_NUMBER) {
        return false;
    }
    char *end;
    errno = 0;
    *result = strtoll(value->text, &end, 10);
    return errno == 0 && *end == '\0';
}

bool json_uint(const struct json *value, uint64_t *result)
{
    if (!value || value->kind != JSON_NUMBER || value->text[0] == '-') {
        return false;
    }
    char *end;
    errno = 0;
    *result = strtoull(value->text, &end, 10);
    return errno == 0 && *end == '\0';
}
