/*
 * The list of all A64 instructions: of which group, of which features,
 * implemented or not, tested by what; as Markdown.
 *
 *   isa_report [-k KNOWN] ELF...
 *
 * The rows are those of the decode tables.  "random" are those that
 * insn_fuzz draws and compares with qemu-aarch64; the instruction tests
 * (tests/insn) are named by the programs ELF that hold such a word.  KNOWN is
 * insn_probe's list of the differences to QEMU, which ends the report.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/arm/disas.h"
#include "cpu/arm/features.h"
#include "tests/fuzz/insn_rows.h"
#include "tests/insn/image.h"

enum { MAX_ROWS = 4096, MAX_SHOWN = 3, NAME = 40 };

static const char *const feature_names[] = {
#define NAME_OF(name, tag) #name,
    A64_FEATURES(NAME_OF)
#undef NAME_OF
};

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

static bool read_test(const char *path, const struct a64_row *rows)
{
    static struct image image;
    const char *slash = strrchr(path, '/');
    char name[NAME];

    snprintf(name, sizeof(name), "%.*s",
             (int)strcspn(slash ? slash + 1 : path, "."),
             slash ? slash + 1 : path);
    if (!image_load(&image, path)) {
        return false;
    }
    for (unsigned n = 0; n < image.slots; n++) {
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
    bool random = false;

    for (size_t n = 0; n < count; n++) {
        const struct tested *t = &tested[row + n - rows];

        random |= row_suits(row + n);
        for (unsigned k = 0; k < t->count && k < MAX_SHOWN; k++) {
            note(&all, t->names[k]);
        }
    }
    printf("| %s |", row->name);
    for (unsigned n = 0; n < 2 && row->feat[n] != A64_FEAT_COUNT; n++) {
        printf(" %s", feature_names[row->feat[n]]);
    }
    printf(" | %s |%s", state(row), random ? " random" : "");
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
    const char *known = NULL;
    int first = 1;

    if (argc > 2 && !strcmp(argv[1], "-k")) {
        known = argv[2];
        first = 3;
    }
    for (int n = first; n < argc; n++) {
        if (count > MAX_ROWS || !read_test(argv[n], rows)) {
            fprintf(stderr, "isa_report: %s: no instruction test\n",
                    argv[n]);
            return 1;
        }
    }
    print_rows(rows, count);
    if (known && !print_known(known)) {
        perror(known);
        return 1;
    }
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
