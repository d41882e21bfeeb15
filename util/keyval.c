#include "util/keyval.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/bits.h"
#include "util/json.h"
#include "util/nearest.h"

struct pair {
    char *key, *value; /* value NULL: null */
    bool negated; /* the user wrote "noKEY" */
    bool used;
};

struct keyval {
    struct pair *pairs;
    size_t count, room;
    char **asked; /* keys that were asked for, for keyval_check() */
    size_t asked_count;
    void **kept; /* other memory that lives as long */
    size_t kept_count;
    struct keyval **below; /* of keyval_below() */
    size_t below_count;
    bool help;
};

static void *checked(void *p)
{
    if (!p) {
        abort();
    }
    return p;
}

struct keyval *keyval_new(void)
{
    return checked(calloc(1, sizeof(struct keyval)));
}

void keyval_free(struct keyval *kv)
{
    if (!kv) {
        return;
    }
    for (size_t i = 0; i < kv->count; i++) {
        free(kv->pairs[i].key);
        free(kv->pairs[i].value);
    }
    for (size_t i = 0; i < kv->asked_count; i++) {
        free(kv->asked[i]);
    }
    for (size_t i = 0; i < kv->kept_count; i++) {
        free(kv->kept[i]);
    }
    for (size_t i = 0; i < kv->below_count; i++) {
        keyval_free(kv->below[i]);
    }
    free(kv->pairs);
    free(kv->asked);
    free(kv->kept);
    free(kv->below);
    free(kv);
}

static struct pair *append(struct keyval *kv, const char *key,
                           const char *value)
{
    if (kv->count == kv->room) {
        kv->room = kv->room ? kv->room * 2 : 8;
        kv->pairs =
            checked(realloc(kv->pairs, kv->room * sizeof(*kv->pairs)));
    }
    struct pair *p = &kv->pairs[kv->count++];
    *p = (struct pair){.key = checked(strdup(key)),
                       .value = value ? checked(strdup(value)) : NULL};
    return p;
}

void keyval_set(struct keyval *kv, const char *key, const char *value)
{
    append(kv, key, value);
}

void *keyval_keep(struct keyval *kv, void *memory)
{
    size_t size = (kv->kept_count + 1) * sizeof(*kv->kept);

    kv->kept = checked(realloc(kv->kept, size));
    return kv->kept[kv->kept_count++] = memory;
}

void keyval_merge(struct keyval *kv, const struct keyval *from)
{
    for (size_t i = 0; i < from->count; i++) {
        struct pair *p =
            append(kv, from->pairs[i].key, from->pairs[i].value);
        p->negated = from->pairs[i].negated;
    }
    kv->help |= from->help;
}

/* ---- Parsing ---- */

/* The element at *p into fresh memory, ",," made one; *p moves behind its
 * comma. */
static char *take_element(const char **p)
{
    char *text = checked(malloc(strlen(*p) + 1)), *out = text;
    const char *s = *p;
    while (*s && (*s != ',' || s[1] == ',')) {
        s += *s == ',';
        *out++ = *s++;
    }
    *out = '\0';
    *p = *s ? s + 1 : s;
    return text;
}

static void add_bare_word(struct keyval *kv, const char *word)
{
    if (!strcmp(word, "help") || !strcmp(word, "?")) {
        kv->help = true;
    } else if (!strncmp(word, "no", 2) && word[2]) {
        append(kv, word + 2, "off")->negated = true;
    } else {
        append(kv, word, "on");
    }
}

static bool add_elements(struct keyval *kv, const char *text,
                         const char *implied_key, struct error **err)
{
    const char *p = text;
    bool ok = true;
    for (bool first = true; ok && *p; first = false) {
        char *element = take_element(&p);
        char *equals = strchr(element, '=');
        bool help = !strcmp(element, "help") || !strcmp(element, "?");
        if (equals == element || (!*element && (*p || first))) {
            error_set(err, "'%s': there is no option name before '%s'",
                      text, equals ? equals : ",");
            ok = false;
        } else if (equals) {
            *equals = '\0';
            append(kv, element, equals + 1);
        } else if (first && implied_key && !help) {
            append(kv, implied_key, element);
        } else if (*element) {
            add_bare_word(kv, element);
        }
        free(element);
    }
    return ok;
}

static void add_json(struct keyval *kv, const char *key,
                     const struct json *value);

/* Members get "key.member" names, elements that are objects "key.0". */
static void add_json_items(struct keyval *kv, const char *key,
                           const struct json *value)
{
    unsigned n = 0;
    for (const struct json *m = value->first; m; m = m->next, n++) {
        const struct json *str = json_get(m, "str");
        const struct json *item = str && !m->key && !m->first->next ? str : m;
        char *name;
        int length;
        if (item->kind != JSON_OBJECT && value->kind == JSON_ARRAY) {
            length = asprintf(&name, "%s", key);
        } else if (value->kind == JSON_ARRAY) {
            length = asprintf(&name, "%s.%u", key, n);
        } else {
            length = asprintf(&name, "%s%s%s", key, *key ? "." : "", m->key);
        }
        if (length < 0) {
            abort();
        }
        add_json(kv, name, item);
        free(name);
    }
}

static void add_json(struct keyval *kv, const char *key,
                     const struct json *value)
{
    switch (value->kind) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        add_json_items(kv, key, value);
        break;
    case JSON_NUMBER:
    case JSON_STRING:
        append(kv, key, value->text);
        break;
    case JSON_FALSE:
    case JSON_TRUE:
        append(kv, key, value->kind == JSON_TRUE ? "on" : "off");
        break;
    case JSON_NULL:
        append(kv, key, NULL);
        break;
    }
}

struct keyval *keyval_parse(const char *text, const char *implied_key,
                            struct error **err)
{
    struct keyval *kv = keyval_new();
    bool ok;
    if (*text == '{') {
        struct json *json = json_parse(text, strlen(text), err);
        ok = json != NULL;
        if (ok) {
            add_json(kv, "", json);
        }
        json_free(json);
    } else {
        ok = add_elements(kv, text, implied_key, err);
    }
    if (!ok) {
        keyval_free(kv);
        return NULL;
    }
    return kv;
}

/* ---- Reading ---- */

bool keyval_help(const struct keyval *kv)
{
    return kv->help;
}

static void remember_asked(struct keyval *kv, const char *key)
{
    for (size_t i = 0; i < kv->asked_count; i++) {
        if (!strcmp(kv->asked[i], key)) {
            return;
        }
    }
    size_t size = (kv->asked_count + 1) * sizeof(*kv->asked);
    kv->asked = checked(realloc(kv->asked, size));
    kv->asked[kv->asked_count++] = checked(strdup(key));
}

const char *keyval_each(struct keyval *kv, const char *key, size_t *position)
{
    remember_asked(kv, key);
    while (*position < kv->count) {
        struct pair *p = &kv->pairs[(*position)++];
        if (p->value && !strcmp(p->key, key)) {
            p->used = true;
            return p->value;
        }
    }
    return NULL;
}

const char *keyval_get(struct keyval *kv, const char *key)
{
    const char *last = NULL, *value;
    size_t position = 0;
    while ((value = keyval_each(kv, key, &position))) {
        last = value;
    }
    return last;
}

bool keyval_null(struct keyval *kv, const char *key)
{
    bool found = false;
    for (size_t i = 0; i < kv->count; i++) {
        struct pair *p = &kv->pairs[i];
        if (!p->value && !strcmp(p->key, key)) {
            found = p->used = true;
        }
    }
    return found;
}

bool keyval_pair(const struct keyval *kv, size_t n, const char **key,
                 const char **value)
{
    if (n >= kv->count) {
        return false;
    }
    *key = kv->pairs[n].key;
    *value = kv->pairs[n].value ? kv->pairs[n].value : "null";
    return true;
}

void keyval_allow_prefix(struct keyval *kv, const char *prefix)
{
    size_t length = strlen(prefix);
    for (size_t i = 0; i < kv->count; i++) {
        const char *key = kv->pairs[i].key;
        if (!strncmp(key, prefix, length) && key[length] == '.') {
            kv->pairs[i].used = true;
        }
    }
}

struct keyval *keyval_below(struct keyval *kv, const char *prefix)
{
    struct keyval *below = NULL;
    size_t length = strlen(prefix);
    for (size_t i = 0; i < kv->count; i++) {
        struct pair *p = &kv->pairs[i];
        if (!strncmp(p->key, prefix, length) && p->key[length] == '.') {
            below = below ? below : keyval_new();
            append(below, p->key + length + 1, p->value);
            p->used = true;
        }
    }
    if (below) {
        size_t size = (kv->below_count + 1) * sizeof(*kv->below);
        kv->below = checked(realloc(kv->below, size));
        kv->below[kv->below_count++] = below;
    }
    return below;
}

bool keyval_bool(struct keyval *kv, const char *key, bool *result,
                 struct error **err)
{
    const char *value = keyval_get(kv, key);
    if (!value || parse_bool(value, result)) {
        return true;
    }
    error_set(err, "%s=%s: expected 'on' or 'off'", key, value);
    return false;
}

bool keyval_uint(struct keyval *kv, const char *key, uint64_t max,
                 uint64_t *result, struct error **err)
{
    const char *value = keyval_get(kv, key);
    uint64_t n;
    if (!value) {
        return true;
    }
    if (!parse_uint(value, &n) || n > max) {
        error_set(err, "%s=%s: expected a number from 0 to %llu", key, value,
                  (unsigned long long)max);
        return false;
    }
    *result = n;
    return true;
}

bool keyval_size(struct keyval *kv, const char *key, uint64_t unit,
                 uint64_t *result, struct error **err)
{
    const char *value = keyval_get(kv, key);
    if (!value || parse_size(value, unit, result)) {
        return true;
    }
    error_set(err, "%s=%s: expected a size such as 512M or 2G", key, value);
    return false;
}

bool keyval_enum(struct keyval *kv, const char *key,
                 const char *const *names, unsigned *result,
                 struct error **err)
{
    const char *value = keyval_get(kv, key);
    if (!value) {
        return true;
    }
    for (unsigned i = 0; names[i]; i++) {
        if (!strcmp(names[i], value)) {
            *result = i;
            return true;
        }
    }
    const char *near = nearest_name(value, names);
    if (near) {
        error_set(err, "%s=%s: no such value; did you mean '%s'?", key,
                  value, near);
        return false;
    }
    char list[256] = "";
    for (unsigned i = 0; names[i]; i++) {
        strncat(list, i ? ", " : "", sizeof(list) - strlen(list) - 1);
        strncat(list, names[i], sizeof(list) - strlen(list) - 1);
    }
    error_set(err, "%s=%s: expected one of %s", key, value, list);
    return false;
}

bool keyval_check(const struct keyval *kv, struct error **err)
{
    for (size_t i = 0; i < kv->count; i++) {
        const struct pair *p = &kv->pairs[i];
        if (p->used) {
            continue;
        }
        if (!p->value) {
            error_set(err, "'%s': null is not a value here; leave it out",
                      p->key);
            return false;
        }
        const char *no = p->negated ? "no" : "";
        const char *near = nearest_in_table(
            p->key, kv->asked, kv->asked_count, sizeof(*kv->asked));
        if (near) {
            error_set(err, "unknown option '%s%s'; did you mean '%s'?", no,
                      p->key, near);
        } else {
            error_set(err, "unknown option '%s%s'", no, p->key);
        }
        return false;
    }
    return true;
}

/* ---- Values ---- */

bool parse_bool(const char *text, bool *result)
{
    static const struct { const char *text; bool value; } rows[] = {
        {"on", true},    {"yes", true}, {"true", true},   {"y", true},
        {"off", false},  {"no", false}, {"false", false}, {"n", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (!strcmp(text, rows[i].text)) {
            *result = rows[i].value;
            return true;
        }
    }
    return false;
}

static bool is_hex(const char *text)
{
    return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

bool parse_uint(const char *text, uint64_t *result)
{
    bool hex = is_hex(text);
    const char *digits = hex ? text + 2 : text;
    if (hex ? !isxdigit((unsigned char)*digits)
            : !isdigit((unsigned char)*digits)) {
        return false;
    }
    char *end;
    errno = 0;
    uint64_t value = strtoull(digits, &end, hex ? 16 : 10);
    if (errno || *end) {
        return false;
    }
    *result = value;
    return true;
}

/* The suffix as a factor; false when it is not one. */
static bool size_factor(const char *suffix, uint64_t unit, uint64_t *factor)
{
    static const char letters[] = "bkmgtpe";
    if (!*suffix) {
        *factor = unit;
        return true;
    }
    const char *at = strchr(letters, tolower((unsigned char)*suffix));
    if (!at || suffix[1]) {
        return false;
    }
    *factor = UINT64_C(1) << (10 * (at - letters));
    return true;
}

bool parse_size(const char *text, uint64_t unit, uint64_t *result)
{
    if (is_hex(text)) {
        uint64_t value;
        return parse_uint(text, &value) &&
               !__builtin_mul_overflow(value, unit, result);
    }
    if (!isdigit((unsigned char)*text)) {
        return false;
    }
    char *end;
    errno = 0;
    uint64_t whole = strtoull(text, &end, 10), factor, size;
    if (errno) {
        return false;
    }
    long double fraction = 0, digit = 1;
    if (*end == '.') {
        for (end++; isdigit((unsigned char)*end); end++) {
            digit /= 10;
            fraction += digit * (*end - '0');
        }
    }
    if (!size_factor(end, unit, &factor) ||
        __builtin_mul_overflow(whole, factor, &size) ||
        __builtin_add_overflow(size, (uint64_t)(fraction * factor + 0.5L),
                               result)) {
        return false;
    }
    return true;
}
