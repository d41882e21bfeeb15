#include "util/symbols.h"

#include <stdlib.h>
#include <string.h>

struct symbol {
    uint64_t address;
    size_t order;       /* of several at one address the first is found */
    char *name;
};

struct symbols {
    struct symbol *list;
    size_t count, room;
};

struct symbols *symbols_new(void)
{
    return calloc(1, sizeof(struct symbols));
}

void symbols_free(struct symbols *s)
{
    if (!s) {
        return;
    }
    for (size_t n = 0; n < s->count; n++) {
        free(s->list[n].name);
    }
    free(s->list);
    free(s);
}

void symbols_add(struct symbols *s, uint64_t address, const char *name,
                 size_t length)
{
    if (s->count == s->room) {
        s->room = s->room ? 2 * s->room : 1024;
        s->list = realloc(s->list, s->room * sizeof(*s->list));
        if (!s->list) {
            abort();
        }
    }
    s->list[s->count] =
        (struct symbol){address, s->count, strndup(name, length)};
    s->count++;
}

static int compare(const void *a, const void *b)
{
    const struct symbol *p = a, *q = b;

    return p->address != q->address
               ? (p->address > q->address) - (p->address < q->address)
               : (p->order > q->order) - (p->order < q->order);
}

void symbols_sort(struct symbols *s)
{
    size_t kept = 0;

    if (!s->count) {
        return;
    }
    qsort(s->list, s->count, sizeof(*s->list), compare);
    for (size_t n = 0; n < s->count; n++) {
        if (kept && s->list[kept - 1].address == s->list[n].address) {
            free(s->list[n].name);
        } else {
            s->list[kept++] = s->list[n];
        }
    }
    s->count = kept;
}

size_t symbols_count(const struct symbols *s)
{
    return s->count;
}

const char *symbols_find(const struct symbols *s, uint64_t address,
                         uint64_t *offset)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->list[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0 || address - s->list[low - 1].address > SYMBOLS_REACH) {
        return NULL;
    }
    *offset = address - s->list[low - 1].address;
    return s->list[low - 1].name;
}
