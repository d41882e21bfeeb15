/*
 * The command line: the whole table of options.  Arguments end with a
 * newline; there are files "disk.img", "text" and "code".  None outside a
 * directory of ours is named: absolute paths and ways up become something
 * else.
 */
#include "ui/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/fuzz/shared/file.h"
#include "tests/fuzz/targets/input.h"
#include "util/log.h"

#define MAX_WORDS 64

/* A slash only where it does not begin a path, no "..". */
static void tame(char *text)
{
    for (char *p = text; *p; p++) {
        bool after_word = p > text && !strchr("=:,\"' \\/", p[-1]);
        if (*p == '/' && !after_word) {
            *p = '_';
        } else if (*p == '.' && p[1] == '.') {
            *p = '_';
        }
    }
}

static void put_file(const char *name, const char *text, off_t size)
{
    FILE *f = fopen(name, "w");

    if (!f || fputs(text, f) < 0 || fflush(f) ||
        ftruncate(fileno(f), size)) {
        abort();
    }
    fclose(f);
}

/* Files that options made are gone, those they may name are there. */
static void sweep(void)
{
    if (system("rm -rf ./* 2>/dev/null")) {
        abort();
    }
    put_file("disk.img", "", 65536);
    put_file("text", "some text\n", 10);
    put_file("code", "\x7f" "ELF", 4096);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool inside;
    static unsigned runs;
    struct options options;
    struct error *err = NULL;
    char *text = malloc(size + 1), *rest = text, *word;
    char *argv[MAX_WORDS + 2] = {(char *)"armature"};
    int argc = 1;

    if (!inside) {
        file_enter_sandbox();
        inside = true;
    }
    if (runs++ % 4096 == 0) {
        sweep();
    }
    memcpy(text, data, size);
    text[size] = '\0';
    tame(text);
    while (argc <= MAX_WORDS && (word = strsep(&rest, "\n"))) {
        if (rest || *word) {
            argv[argc++] = word;
        }
    }
    enum options_result result = options_parse(&options, argc, argv, &err);
    if ((result == OPTIONS_ERROR) != (err != NULL)) {
        abort(); /* a failure without a reason, or both */
    }
    options_free(&options);
    error_free(err);
    log_mask = 0;
    free(text);
    return 0;
}
