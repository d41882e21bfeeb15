/* armature-img: the table of commands, help, options. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/img/img.h"

#define VERSION "armature-img version 7.2.0 (Armature)"

static const struct img_command commands[] = {
    {"check", "f:qr:T:Uh", {IMG_OUTPUT, IMG_IMAGE_OPTS, IMG_OBJECT}, 1, 1,
     img_check,
     "[-q] [-f fmt] [--output=human|json] [-r leaks|all] [-U] filename"},
    {"commit", "f:qt:b:r:dph", {IMG_IMAGE_OPTS, IMG_OBJECT}, 1, 1, img_commit,
     "[-q] [-f fmt] [-t cache] [-b base] [-d] [-p] filename"},
    {"compare", "f:F:T:pqsUh", {IMG_IMAGE_OPTS, IMG_OBJECT}, 2, 2,
     img_compare, "[-f fmt] [-F fmt] [-p] [-q] [-s] [-U] filename1 "
                  "filename2"},
    {"convert", "f:O:B:F:o:l:S:r:m:t:T:cCpqnUWh",
     {IMG_IMAGE_OPTS, IMG_OBJECT, IMG_TARGET_IS_ZERO}, 2, 1 << 16,
     img_convert,
     "[-U] [-c] [-p] [-q] [-n] [-f fmt] [-t cache] [-O output_fmt]\n"
     "          [-B backing_file [-F backing_fmt]] [-o options] "
     "[-l snapshot]\n"
     "          [-S sparse_size] [-m threads] [-W] [--target-is-zero]\n"
     "          filename [filename2 [...]] output_filename"},
    {"create", "f:b:F:o:uqh", {IMG_OBJECT}, 1, 2, img_create_command,
     "[-q] [-f fmt] [-b backing_file [-F backing_fmt]] [-u] [-o options]\n"
     "         filename [size]"},
    {"dd", "f:O:Uh", {IMG_IMAGE_OPTS, IMG_OBJECT}, 0, 16, img_dd,
     "[-U] [-f fmt] [-O output_fmt] [bs=block_size] [count=blocks]\n"
     "     [skip=blocks] if=input of=output"},
    {"info", "f:Uh", {IMG_OUTPUT, IMG_IMAGE_OPTS, IMG_OBJECT,
                      IMG_BACKING_CHAIN}, 1, 1, img_info,
     "[-f fmt] [--output=human|json] [--backing-chain] [-U] filename"},
    {"map", "f:s:l:Uh", {IMG_OUTPUT, IMG_IMAGE_OPTS, IMG_OBJECT,
                         IMG_START_OFFSET, IMG_MAX_LENGTH}, 1, 1, img_map,
     "[-f fmt] [--start-offset=offset] [--max-length=len]\n"
     "      [--output=human|json] [-U] filename"},
    {"measure", "f:O:o:l:Uh", {IMG_OUTPUT, IMG_IMAGE_OPTS, IMG_OBJECT,
                               IMG_SIZE}, 0, 1, img_measure,
     "[--output=human|json] [-O output_fmt] [-o options]\n"
     "          [--size N | [-f fmt] [-l snapshot] filename]"},
    {"rebase", "f:t:T:pqub:F:Uh", {IMG_IMAGE_OPTS, IMG_OBJECT}, 1, 1,
     img_rebase, "[-U] [-q] [-f fmt] [-t cache] [-p] [-u] -b backing_file\n"
                 "         [-F backing_fmt] filename"},
    {"resize", "f:qh", {IMG_IMAGE_OPTS, IMG_OBJECT, IMG_SHRINK,
                        IMG_PREALLOCATION}, 2, 2, img_resize,
     "[-f fmt] [--preallocation=mode] [-q] [--shrink] filename [+|-]size"},
    {"snapshot", "f:la:c:d:qUh", {IMG_IMAGE_OPTS, IMG_OBJECT}, 1, 1,
     img_snapshot, "[-U] [-q] [-f fmt] [-l | -a snapshot | -c snapshot |\n"
                   "           -d snapshot] filename"},
};

static const struct option all_longs[IMG_LONGS] = {
    [IMG_OUTPUT] = {"output", required_argument, NULL, IMG_OUTPUT},
    [IMG_IMAGE_OPTS] = {"image-opts", no_argument, NULL, IMG_IMAGE_OPTS},
    [IMG_OBJECT] = {"object", required_argument, NULL, IMG_OBJECT},
    [IMG_BACKING_CHAIN] = {"backing-chain", no_argument, NULL,
                           IMG_BACKING_CHAIN},
    [IMG_SHRINK] = {"shrink", no_argument, NULL, IMG_SHRINK},
    [IMG_PREALLOCATION] = {"preallocation", required_argument, NULL,
                           IMG_PREALLOCATION},
    [IMG_SIZE] = {"size", required_argument, NULL, IMG_SIZE},
    [IMG_START_OFFSET] = {"start-offset", required_argument, NULL,
                          IMG_START_OFFSET},
    [IMG_MAX_LENGTH] = {"max-length", required_argument, NULL,
                        IMG_MAX_LENGTH},
    [IMG_TARGET_IS_ZERO] = {"target-is-zero", no_argument, NULL,
                            IMG_TARGET_IS_ZERO},
};

/* The fixed part of the help page; the commands come between. */
static const char help_end[] =
    "\n"
    "  filename      a disk image, or a block device\n"
    "  fmt           raw or qcow2; found out from the contents when not "
    "given\n"
    "  size          bytes, or with a suffix: k, M, G, T, P, E (powers of "
    "1024)\n"
    "  cache         writeback, none, writethrough, directsync, unsafe\n"
    "  options       name=value,...; '-o help' lists those of a format\n"
    "  snapshot      the name or id of an internal snapshot\n"
    "  -c            compress (convert), create (snapshot)\n"
    "  -p, -q        show progress; print nothing but errors\n"
    "  -S            bytes of zeroes that become a hole; 0 makes none [4k]\n"
    "  -n            write into an image that exists\n"
    "  -u            do not look at the backing file: it is known to match\n"
    "  -U            the image may be in use by others\n"
    "\n"
    "Exit status: 0 done, 1 failed; check: 2 corrupt, 3 leaks, 63 the format "
    "has no\nchecks; compare: 1 different, 2 failed.\n";

static int help(void)
{
    printf("%s\nusage: armature-img command [options]\n\n", VERSION);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        printf("  %s %s\n", commands[i].name, commands[i].usage);
    }
    fputs(help_end, stdout);
    return 0;
}

static int help_command(const struct img_command *c)
{
    printf("usage: armature-img %s %s\n\n'armature-img --help' says what the "
           "words mean.\n", c->name, c->usage);
    return 0;
}

/* Options of one command: 0, or a status to end with. */
static void take(struct img_args *args, int c, const char *value)
{
    static char *joined;

    if (c == 'o' && args->option['o']) {
        char *more;
        if (asprintf(&more, "%s,%s", args->option['o'], value) >= 0) {
            free(joined);
            joined = more;
            value = more;
        }
    }
    args->option[c] = value ? value : "";
}

static int try_help(const struct img_command *c)
{
    fprintf(stderr, "Try 'armature-img %s --help' for more information\n",
            c->name);
    return 1;
}

static int run(const struct img_command *command, int argc, char **argv)
{
    struct option longs[IMG_LONGS + 3] = {
        {"help", no_argument, NULL, 'h'},
        {"force-share", no_argument, NULL, 'U'},
    };
    struct img_args args = {0};
    bool bad;
    int c;

    for (int i = 0; command->longs[i]; i++) {
        longs[2 + i] = all_longs[command->longs[i]];
    }
    argv[0] = (char *)"armature-img";
    while ((c = getopt_long(argc, argv, command->letters, longs, NULL)) !=
           -1) {
        if (c == '?' || c == ':') {
            return try_help(command);
        }
        if (c == 'h') {
            return help_command(command);
        }
        take(&args, c, optarg);
    }
    args.word = argv + optind;
    args.words = argc - optind;
    img_json(&args, &bad);
    if (bad) {
        return img_fail("--output=%s: there are human and json",
                        args.option[IMG_OUTPUT]);
    }
    if (args.option[IMG_IMAGE_OPTS] || args.option[IMG_OBJECT]) {
        return img_fail("--%s is not supported; name the file, and its "
                        "format with -f", args.option[IMG_OBJECT]
                                              ? "object" : "image-opts");
    }
    if (args.option['o'] && strcmp(args.option['o'], "help") == 0) {
        const char *format = args.option[command->run == img_create_command
                                             ? 'f' : 'O'];
        return img_option_help(format ? format : "raw") ? 0 : 1;
    }
    if (args.words < command->min_words || args.words > command->max_words) {
        img_fail("%s: expecting %s", command->name,
                 args.words < command->min_words
                     ? command->min_words == 2 ? "two names" : "a file name"
                     : "fewer names");
        return try_help(command);
    }
    return command->run(&args);
}

int main(int argc, char **argv)
{
    static const char *const later[] = {"amend", "bench", "bitmap"};

    signal(SIGXFSZ, SIG_IGN); /* an error like others */
    if (argc < 2) {
        img_fail("not enough arguments");
        fprintf(stderr, "Try 'armature-img --help' for more information\n");
        return 1;
    }
    const char *name = argv[1];
    if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0 ||
        strcmp(name, "help") == 0) {
        return help();
    }
    if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0) {
        puts(VERSION);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (strcmp(name, commands[i].name) == 0) {
            int status = run(&commands[i], argc - 1, argv + 1);
            if (fflush(stdout) || ferror(stdout)) {
                return img_fail("cannot write the output");
            }
            return status;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(later); i++) {
        if (strcmp(name, later[i]) == 0) {
            return img_fail("%s: this command is not supported; 'qemu-img "
                            "%s' does it", name, name);
        }
    }
    img_fail("command not found: %s", name);
    fprintf(stderr, "Try 'armature-img --help' for more information\n");
    return 1;
}
