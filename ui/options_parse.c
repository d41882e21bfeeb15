/* What the files of the option parser share. */
#include "ui/options_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/nearest.h"

void parse_usage(struct parse *p)
{
    printf("-%s %s\n", p->option, p->usage);
    p->done = true;
}

bool parse_unsupported(struct error **err, const char *what)
{
    error_set(err, "%s: not supported yet", what);
    return false;
}

bool parse_list_add(struct parse_list *list, const char *text,
                    struct error **err)
{
    if (list->count == PARSE_MAX_LIST) {
        error_set(err, "%s: this option is given too often", text);
        return false;
    }
    list->items[list->count++] = text;
    return true;
}

struct keyval *parse_keep(struct parse *p, struct keyval *kv)
{
    struct options *options = p->out;
    size_t size = (options->kept_count + 1) * sizeof(*options->kept);
    struct keyval **grown = realloc(options->kept, size);

    if (!grown) {
        abort();
    }
    options->kept = grown;
    options->kept[options->kept_count++] = kv;
    return kv;
}

void parse_unknown(const char *name, const char *what, const char *option,
                   const char *const *missing, const void *candidates,
                   size_t count, size_t stride, struct error **err)
{
    for (; *missing; missing++) {
        if (strcmp(*missing, name) == 0) {
            error_set(err, "'%s' is not supported yet", name);
            return;
        }
    }
    const char *near = nearest_in_table(name, candidates, count, stride);
    if (near) {
        error_set(err, "'%s' is not %s; did you mean '%s'?", name, what,
                  near);
    } else {
        error_set(err, "'%s' is not %s ('%s help' lists them)", name, what,
                  option);
    }
}

void *parse_grow(void *array, unsigned count, size_t size)
{
    void *grown = realloc(array, (count + 1) * size);

    if (!grown) {
        abort();
    }
    memset((char *)grown + count * size, 0, size);
    return grown;
}

const char *parse_format(struct parse *p, const char *format, ...)
{
    char *text;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        abort();
    }
    va_end(args);
    return keyval_keep(parse_keep(p, keyval_new()), text);
}

const char *parse_copy(struct parse *p, const char *text, size_t length)
{
    struct keyval *kv = parse_keep(p, keyval_new());
    char copy[4096];

    snprintf(copy, sizeof(copy), "%.*s", (int)length, text);
    keyval_set(kv, "text", copy);
    return keyval_get(kv, "text");
}

struct keyval *parse_keyval(struct parse *p, const char *text,
                            const char *implied_key, struct error **err)
{
    struct keyval *kv = keyval_parse(text, implied_key, err);

    return kv ? parse_keep(p, kv) : NULL;
}
