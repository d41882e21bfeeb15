/*
 * The list of all A64 instructions: of which group, of which features,
 * implemented or not, tested by what; as Markdown.
 *
 *   isa_report KNOWN EL1-KNOWN TEST...
 *
 * The rows are those of the decode tables.  "random" are those that
 * insn_fuzz draws and compares with qemu-aarch64, "EL1" those that el1_words
 * does at EL1 and EL0 with qemu-system-aarch64, by its list EL1-KNOWN.  TEST:
 * instruction tests (tests/insn) are named where their program holds such a
 * word, guest tests (tests/guest) where a line `instructions:` in the head of
 * their source says so.  KNOWN is insn_probe's list of the differences to QEMU,
 * which ends the report.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/arm/disas.h"
#include "cpu/arm/features.h"
#include "tests/fuzz/insn_known.h"
#include "tests/fuzz/insn_rows.h"
#include "tests/insn/image.h"

enum { MAX_ROWS = 4096, MAX_SHOWN = 3, NAME = 40 };

static const char *const feature_names[] = {
#define NAME_OF(name, tag) #name,
    A64_FEATURES(NAME_OF)
#undef NAME_OF
};

static struct known_words el1_known;

/* Which tests have the row. */
static struct tested {
    unsigned count;
    char names[MAX_SHOWN][NAME];
} tested[MAX_ROWS];

static void note(struct tested *t, const char *name)
{
    for (unsigned n = 0; n < t->count && n < MAX_SHOWN; n++) {
        if (!strcmp(t->names[n], name)) {
            return;
        }
    }
    if (t->count < MAX_SHOWN) {
        snprintf(t->names[t->count], NAME, "%s", name);
    }
    t->count++;
}

/* By the names after `instructions:`, all on one line. */
static bool read_guest_test(const char *path, const char *name,
                            const struct a64_row *rows, size_t count)
{
    static const char mark[] = " * instructions:";
    FILE *f = fopen(path, "r");
    char line[256];

    if (!f) {
        return false;
    }
    while (fgets(line, sizeof(line), f)) {
        if (strncmp(line, mark, sizeof(mark) - 1) != 0) {
            continue;
        }
        for (char *word = strtok(line + sizeof(mark) - 1, " \n"); word;
             word = strtok(NULL, " \n")) {
            for (size_t n = 0; n < count; n++) {
                if (!strcmp(rows[n].name, word)) {
                    note(&tested[n], name);
                }
            }
        }
    }
    fclose(f);
    return true;
}

static bool read_test(const char *path, const struct a64_row *rows,
                      size_t count)
{
    static struct image image;
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    char name[NAME];

    snprintf(name, sizeof(name), "%.*s",
             (int)strcspn(slash ? slash + 1 : path, "."),
             slash ? slash + 1 : path);
    if (dot && !strcmp(dot, ".c")) {
        return read_guest_test(path, name, rows, count);
    }
    if (!image_load(&image, path)) {
        return false;
    }
    for (unsigned n = 0; n < image.slots * INSN_SLOT_WORDS; n++) {
        const struct a64_row *row = a64_row_find(image.code[n]);

        if (row) {
            note(&tested[row - rows], name);
        }
    }
    image_free(&image);
    return true;
}

static const char *state(const struct a64_row *row)
{
    return row->state == A64_ROW_IMPLEMENTED ? "yes"
           : row->state == A64_ROW_UNDEFINED ? "UNDEFINED" : "no";
}

/* The encodings of one instruction, `count` of them, as one line. */
static void print_row(const struct a64_row *row, size_t count,
                      const struct a64_row *rows)
{
    struct tested all = {0};
    bool random = false, el1 = false;

    for (size_t n = 0; n < count; n++) {
        const struct tested *t = &tested[row + n - rows];

        random |= row_suits(row + n);
        el1 |= row_suits_el1(row + n) &&
               !known_has(&el1_known, row[n].value, row[n].mask);
        for (unsigned k = 0; k < t->count && k < MAX_SHOWN; k++) {
            note(&all, t->names[k]);
        }
    }
    printf("| %s |", row->name);
    for (unsigned n = 0; n < 2 && row->feat[n] != A64_FEAT_COUNT; n++) {
        printf(" %s", feature_names[row->feat[n]]);
    }
    printf(" | %s |%s%s", state(row), random ? " random" : "",
           el1 ? " EL1" : "");
    for (unsigned n = 0; n < all.count && n < MAX_SHOWN; n++) {
        printf(" %s", all.names[n]);
    }
    printf("%s |\n", all.count > MAX_SHOWN ? " ..." : "");
}

static void print_rows(const struct a64_row *rows, size_t count)
{
    unsigned instructions[3] = {0}, encodings[3] = {0};
    const char *group = "";

    printf("# A64 instructions\n");
    for (size_t n = 0, next; n < count; n = next) {
        const struct a64_row *row = &rows[n];

        for (next = n; next < count && !strcmp(rows[next].name, row->name);
             next++) {
            encodings[row->state]++;
        }
        instructions[row->state]++;
        if (strcmp(row->group, group) != 0) {
            group = row->group;
            printf("\n## %s\n\n| instruction | feature | implemented | "
                   "tested by |\n|---|---|---|---|\n", group);
        }
        print_row(row, next - n, rows);
    }
    printf("\nImplemented: %u instructions in %u encodings; not: %u in %u; "
           "UNDEFINED by the architecture: %u.\n",
           instructions[A64_ROW_IMPLEMENTED], encodings[A64_ROW_IMPLEMENTED],
           instructions[A64_ROW_MISSING], encodings[A64_ROW_MISSING],
           instructions[A64_ROW_UNDEFINED]);
}

static bool print_known(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[256];

    if (!f) {
        return false;
    }
    printf("\n## Differences to QEMU's `max` (`insn_probe`)\n\n"
           "`there`: only QEMU executes it; `here`: only Armature.\n\n```\n");
    while (fgets(line, sizeof(line), f)) {
        fputs(line, stdout);
    }
    printf("```\n");
    fclose(f);
    return true;
}

int main(int argc, char **argv)
{
    size_t count;
    const struct a64_row *rows = a64_rows(&count);

    if (argc < 3) {
        fprintf(stderr, "usage: see the head of isa_report.c\n");
        return 2;
    }
    known_read(&el1_known, argv[2]);
    for (int n = 3; n < argc; n++) {
        if (count > MAX_ROWS || !read_test(argv[n], rows, count)) {
            fprintf(stderr, "isa_report: %s: no test of instructions\n",
                    argv[n]);
            return 1;
        }
    }
    print_rows(rows, count);
    if (!print_known(argv[1])) {
        perror(argv[1]);
        return 1;
    }
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
