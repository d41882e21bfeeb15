#include "util/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define MAX_NAME 63

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edit distance with neighbour swaps (optimal string alignment): three rows
 * of the table, `now` for the first i letters of a. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
    unsigned rows[3][MAX_NAME + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= nb; j++) {
        last[j] = j;
    }
    for (size_t i = 1; i <= na; i++) {
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned change = !same(a[i - 1], b[j - 1]);
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + change);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
                same(a[i - 2], b[j - 1]) && before[j - 2] + 1 < now[j]) {
                now[j] = before[j - 2] + 1;
            }
        }
        unsigned *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[nb];
}

const char *nearest_in_table(const char *name, const void *candidates,
                             size_t count, size_t stride)
{
    size_t length = strlen(name);
    if (length == 0 || length > MAX_NAME) {
        return NULL;
    }
    const char *best = NULL, *prefixed = NULL;
    unsigned best_distance = (length + 2) / 3, prefixes = 0;
    for (size_t i = 0; i < count; i++) {
        const char *c;
        memcpy(&c, (const char *)candidates + i * stride, sizeof(c));
        if (!c || strlen(c) > MAX_NAME) {
            continue;
        }
        if (strncasecmp(name, c, length) == 0) {
            prefixed = c;
            prefixes++;
        }
        unsigned d = distance(name, length, c, strlen(c));
        if (d < best_distance || (d == best_distance && !best)) {
            best = c;
            best_distance = d;
        }
    }
    return !best && prefixes == 1 ? prefixed : best;
}

const char *nearest_name(const char *name, const char *const *candidates)
{
    size_t count = 0;
    while (candidates[count]) {
        count++;
    }
    return nearest_in_table(name, candidates, count, sizeof(*candidates));
}
