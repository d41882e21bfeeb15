/* Words that a comparison leaves out, from its list: a line MASK VALUE for
 * each, or a comment that says why. */
#ifndef TESTS_FUZZ_INSN_KNOWN_H
#define TESTS_FUZZ_INSN_KNOWN_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_KNOWN = 128 };

struct known_words {
    struct {
        uint32_t mask, value;
    } of[MAX_KNOWN];
    unsigned count;
};

/* Ends the program when it cannot be read. */
static void known_read(struct known_words *known, const char *path)
{
    char line[256];
    FILE *f = fopen(path, "r");

    if (!f) {
        perror(path);
        exit(1);
    }
    while (fgets(line, sizeof(line), f)) {
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        if (known->count == MAX_KNOWN ||
            sscanf(line, "%" SCNx32 " %" SCNx32,
                   &known->of[known->count].mask,
                   &known->of[known->count].value) != 2) {
            fprintf(stderr, "%s: not understood: %s", path, line);
            exit(1);
        }
        known->count++;
    }
    fclose(f);
}

/* Are all words that are `value` in the bits of `mask` left out? */
static bool known_has(const struct known_words *known, uint32_t value,
                      uint32_t mask)
{
    for (unsigned n = 0; n < known->count; n++) {
        uint32_t bits = known->of[n].mask;

        if ((mask & bits) == bits && (value & bits) == known->of[n].value) {
            return true;
        }
    }
    return false;
}

#endif
