/*
 * decodegen: the A64 decode tables (*.decode) turned into C.
 *
 *   decodegen --header    TABLE...   argument structs, rows' functions
 *   decodegen --decoder   TABLE...   a64_decoder(): a table, then switches
 *   decodegen --disas     TABLE...   assembler templates, per encoding
 *   decodegen --generator TABLE...   the encodings as data
 *   decodegen --report    TABLE...   coverage list, markdown
 *
 * A build-time tool for the host. It writes to standard output and exits
 * with status 1, naming file and line, on any mistake in the tables:
 * unknown names, rows that are not 32 bits, fields left without a value,
 * and two rows matching one word outside an overlap group.
 *
 * The table language is described in DECODE.md. In short, a row is
 *
 *   NAME bits... ->format [field=value] [/exclusion] [{feature}] [!] | text
 */
#include "cpu/arm/decodegen.h"

#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

static const struct {
    const char *option;
    void (*emit)(FILE *out, const struct dg_table *t);
} outputs[] = {
    {"--header", dg_emit_header},       {"--decoder", dg_emit_decoder},
    {"--disas", dg_emit_disas},         {"--generator", dg_emit_generator},
    {"--report", dg_emit_report},
};

int main(int argc, char **argv)
{
    struct dg_table table = {0};

    for (size_t i = 0; argc > 2 && i < ARRAY_SIZE(outputs); i++) {
        if (!strcmp(argv[1], outputs[i].option)) {
            dg_parse(&table, argv + 2, argc - 2);
            outputs[i].emit(stdout, &table);
            dg_free();
            return fflush(stdout) || ferror(stdout) ? 1 : 0;
        }
    }
    fprintf(stderr, "usage: decodegen --header|--decoder|--disas|"
                    "--generator|--report TABLE...\n");
    return 1;
}
