/* What the row "gcc" compiles: containers, strings, loops, floating point. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    char *word;
    unsigned count;
};

static struct entry *table[1024];

static unsigned hash(const char *word)
{
    unsigned h = 2166136261u;

    while (*word) {
        h = (h ^ (unsigned char)*word++) * 16777619u;
    }
    return h & 1023;
}

static struct entry *look_up(const char *word)
{
    struct entry **at = &table[hash(word)];

    while (*at && strcmp((*at)->word, word) != 0) {
        at = &(*at)->next;
    }
    if (!*at && (*at = calloc(1, sizeof(**at)))) {
        (*at)->word = strdup(word);
    }
    return *at;
}

static int by_count(const void *a, const void *b)
{
    const struct entry *p = *(struct entry *const *)a;
    const struct entry *q = *(struct entry *const *)b;

    return p->count != q->count ? (p->count < q->count) - (p->count > q->count)
                                : strcmp(p->word, q->word);
}

double entropy(struct entry *const *list, size_t size)
{
    double total = 0, bits = 0;

    for (size_t n = 0; n < size; n++) {
        total += list[n]->count;
    }
    for (size_t n = 0; n < size; n++) {
        double p = list[n]->count / total;
        bits -= p * log2(p);
    }
    return bits;
}

int main(void)
{
    static struct entry *list[65536];
    char word[256];
    size_t size = 0;

    while (scanf("%255s", word) == 1) {
        for (char *c = word; *c; c++) {
            *c = (char)tolower((unsigned char)*c);
        }
        struct entry *e = look_up(word);
        if (e && e->count++ == 0 && size < 65536) {
            list[size++] = e;
        }
    }
    qsort(list, size, sizeof(*list), by_count);
    for (size_t n = 0; n < size && n < 20; n++) {
        printf("%8u %s\n", list[n]->count, list[n]->word);
    }
    printf("%.6f bits\n", entropy(list, size));
    return ferror(stdin) ? errno : 0;
}
