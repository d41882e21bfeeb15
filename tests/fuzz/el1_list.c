/*
 * Words for el1_words.c: instructions of the decode tables, mostly those that
 * mean something to EL1, and any words, but none whose result the manual
 * leaves open or that KNOWN says are different in QEMU.
 *
 *   el1_list SEED COUNT KNOWN >LIST
 *   el1_list -d LIST INDEX          what word that is
 *
 * A line of KNOWN: MASK VALUE, and why.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/arm/disas.h"
#include "cpu/arm/sysregs.h"
#include "tests/fuzz/insn_known.h"
#include "tests/fuzz/insn_random.h"
#include "tests/fuzz/insn_rows.h"
#include "util/bits.h"

static struct known_words known;

/* Registers that overlap, where one is loaded or written back. */
static bool overlaps(const struct a64_row *row, uint32_t word)
{
    static const char *const names[] = {"rn", "rt", "rt2", "rs"};
    uint32_t seen = 0;
    bool twice = false, loads = false;

    for (int n = 0; n < row->nfields; n++) {
        const struct a64_field *f = &row->field[n];

        loads |= !strcmp(f->name, "rt");
        for (unsigned k = 0; k < ARRAY_SIZE(names); k++) {
            if (!strcmp(f->name, names[k]) && f->piece[0].width) {
                uint32_t bit = 1u << (a64_field_value(f, word) & 31);

                twice |= seen & bit;
                seen |= bit;
            }
        }
    }
    return twice && loads;
}

static bool is_defined(uint32_t word)
{
    const struct a64_row *row = a64_row_find(word);

    if (!row) {
        return true;
    }
    return row_suits_el1(row) &&
           (word & row->should_mask) == row->should_value &&
           !overlaps(row, word);
}

/* -- kinds of words ------------------------------------------------------ */

static uint32_t system_register(void)
{
    const struct sysreg *r = &sysregs[random_below(sysreg_count)];

    return 0xd5000000 | random_below(2) << 21 |
           (uint32_t)r->encoding << 5 | random_below(32);
}

static uint32_t of_a_row(void)
{
    size_t count;
    const struct a64_row *rows = a64_rows(&count);
    const struct a64_row *row;

    do { /* SVE, half of all rows, is trapped anyway */
        row = &rows[random_below((unsigned)count)];
    } while (!strncmp(row->group, "SVE", 3) && random_below(16));
    return row->value | ((uint32_t)random64() & ~row->mask);
}

static uint32_t any_kind(void)
{
    switch (random_below(8)) {
    case 0:
    case 1:
        return system_register();
    case 2: /* system instructions, hints, barriers, PSTATE */
        return 0xd5000000 | ((uint32_t)random64() & 0x3fffff);
    case 3: /* exceptions, branches to registers, ERET */
        return random_below(2)
                   ? 0xd4000000 | ((uint32_t)random64() & 0xe0001f)
                   : 0xd6000000 | ((uint32_t)random64() & 0x1fff0ff);
    case 4:
        return (uint32_t)random64();
    default:
        return of_a_row();
    }
}

static uint32_t make_word(void)
{
    uint32_t word;

    do {
        word = any_kind();
    } while (known_has(&known, word, UINT32_MAX) || !is_defined(word));
    return word;
}

/* -- the list ------------------------------------------------------------ */

static int describe(const char *path, unsigned long index)
{
    FILE *f = fopen(path, "rb");
    char text[A64_TEXT_SIZE];
    uint32_t word;

    if (!f || fseek(f, (long)(4 * (index + 1)), SEEK_SET) ||
        fread(&word, sizeof(word), 1, f) != 1) {
        perror(path);
        return 1;
    }
    fclose(f);
    a64_disas(word, 0, text, sizeof(text));
    printf("%08" PRIx32 "  %s\n", word, text);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && !strcmp(argv[1], "-d")) {
        return describe(argv[2], strtoul(argv[3], NULL, 0));
    }
    if (argc != 4) {
        fprintf(stderr, "usage: see the head of el1_list.c\n");
        return 2;
    }
    random_state = strtoull(argv[1], NULL, 0);
    uint32_t count = (uint32_t)strtoul(argv[2], NULL, 0);

    known_read(&known, argv[3]);
    fwrite(&count, sizeof(count), 1, stdout);
    for (uint32_t n = 0; n < count; n++) {
        uint32_t word = make_word();

        fwrite(&word, sizeof(word), 1, stdout);
    }
    return 0;
}
