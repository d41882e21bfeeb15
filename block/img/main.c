/* armature-img: the table of commands, help, options. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/img/img.h"

#define VERSION "armature-img version 7.2.0 (Armature)"

#define OPENS IMG_IMAGE_OPTS, IMG_OBJECT

static const struct img_command commands[] = {
    {"amend", "f:o:t:pqh", {OPENS, IMG_FORCE}, 1, 1, img_amend,
     "[-p] [-q] [-f fmt] [-t cache] [--force] -o options filename",
     "change what an image says of itself"},
    {"bench", "c:d:f:i:no:qs:S:t:wUh",
     {OPENS, IMG_FLUSH_INTERVAL, IMG_NO_DRAIN, IMG_PATTERN}, 1, 1, img_bench,
     "[-c count] [-d depth] [-f fmt] [--flush-interval=n] [-i aio]\n"
     "        [-n] [--no-drain] [-o offset] [--pattern=byte] [-q]\n"
     "        [-s buffer_size] [-S step_size] [-t cache] [-w] [-U] filename",
     "time requests to an image"},
    {"bitmap", "b:F:g:f:h",
     {OPENS, IMG_ADD, IMG_REMOVE, IMG_CLEAR, IMG_ENABLE, IMG_DISABLE,
      IMG_MERGE}, 2, 2, img_bitmap,
     "(--merge source | --add | --remove | --clear | --enable |\n"
     "         --disable)... [-b source_file [-F source_fmt]]\n"
     "         [-g granularity] [-f fmt] filename bitmap",
     "change the dirty bitmaps of an image"},
    {"check", "f:qr:T:Uh", {IMG_OUTPUT, OPENS}, 1, 1,
     img_check,
     "[-q] [-f fmt] [--output=human|json] [-r leaks|all] [-U] filename",
     "look for inconsistencies, and repair them"},
    {"commit", "f:qt:b:r:dph", {OPENS}, 1, 1, img_commit,
     "[-q] [-f fmt] [-t cache] [-b base] [-d] [-p] filename",
     "write an image's contents into its backing file"},
    {"compare", "f:F:T:pqsUh", {OPENS}, 2, 2,
     img_compare, "[-f fmt] [-F fmt] [-p] [-q] [-s] [-U] filename1 "
                  "filename2", "say whether two images have the same "
                  "contents"},
    {"convert", "f:O:B:F:o:l:S:r:m:t:T:cCpqnUWh",
     {OPENS, IMG_TARGET_IMAGE_OPTS, IMG_TARGET_IS_ZERO, IMG_BITMAPS,
      IMG_SKIP_BROKEN}, 2, 1 << 16,
     img_convert,
     "[-U] [-c] [-p] [-q] [-n] [-f fmt] [-t cache] [-O output_fmt]\n"
     "          [-B backing_file [-F backing_fmt]] [-o options] "
     "[-l snapshot]\n"
     "          [-S sparse_size] [-m threads] [-W] [--target-is-zero]\n"
     "          [--target-image-opts] [--bitmaps "
     "[--skip-broken-bitmaps]]\n"
     "          filename [filename2 [...]] output_filename",
     "copy images into one, of any format"},
    {"create", "f:b:F:o:uqh", {IMG_OBJECT}, 1, 2, img_create_command,
     "[-q] [-f fmt] [-b backing_file [-F backing_fmt]] [-u] [-o options]\n"
     "         filename [size]", "make a new image"},
    {"dd", "f:O:Uh", {OPENS}, 0, 16, img_dd,
     "[-U] [-f fmt] [-O output_fmt] [bs=block_size] [count=blocks]\n"
     "     [skip=blocks] if=input of=output", "copy a part of an image"},
    {"info", "f:Uh", {IMG_OUTPUT, OPENS, IMG_BACKING_CHAIN}, 1, 1, img_info,
     "[-f fmt] [--output=human|json] [--backing-chain] [-U] filename",
     "say what an image is"},
    {"map", "f:s:l:Uh", {IMG_OUTPUT, OPENS, IMG_START_OFFSET,
                         IMG_MAX_LENGTH}, 1, 1, img_map,
     "[-f fmt] [--start-offset=offset] [--max-length=len]\n"
     "      [--output=human|json] [-U] filename",
     "say where an image has its data"},
    {"measure", "f:O:o:l:Uh", {IMG_OUTPUT, OPENS, IMG_SIZE}, 0, 1,
     img_measure,
     "[--output=human|json] [-O output_fmt] [-o options]\n"
     "          [--size N | [-f fmt] [-l snapshot] filename]",
     "say how large a new image would be"},
    {"rebase", "f:t:T:pqub:F:Uh", {OPENS}, 1, 1, img_rebase,
     "[-U] [-q] [-f fmt] [-t cache] [-p] [-u] -b backing_file\n"
     "         [-F backing_fmt] filename",
     "give an image another backing file"},
    {"resize", "f:qh", {OPENS, IMG_SHRINK, IMG_PREALLOCATION}, 2, 2,
     img_resize,
     "[-f fmt] [--preallocation=mode] [-q] [--shrink] filename [+|-]size",
     "make an image larger or smaller"},
    {"snapshot", "f:la:c:d:qUh", {OPENS}, 1, 1,
     img_snapshot, "[-U] [-q] [-f fmt] [-l | -a snapshot | -c snapshot |\n"
                   "           -d snapshot] filename",
     "list, apply, create and delete internal snapshots"},
};

#define FLAG(number, name) [number] = {name, no_argument, NULL, number}
#define VALUE(number, name) [number] = {name, required_argument, NULL, number}
static const struct option all_longs[IMG_LONGS] = {
    VALUE(IMG_OUTPUT, "output"),
    FLAG(IMG_IMAGE_OPTS, "image-opts"),
    VALUE(IMG_OBJECT, "object"),
    FLAG(IMG_BACKING_CHAIN, "backing-chain"),
    FLAG(IMG_SHRINK, "shrink"),
    VALUE(IMG_PREALLOCATION, "preallocation"),
    VALUE(IMG_SIZE, "size"),
    VALUE(IMG_START_OFFSET, "start-offset"),
    VALUE(IMG_MAX_LENGTH, "max-length"),
    FLAG(IMG_TARGET_IS_ZERO, "target-is-zero"),
    FLAG(IMG_TARGET_IMAGE_OPTS, "target-image-opts"),
    FLAG(IMG_FORCE, "force"),
    VALUE(IMG_FLUSH_INTERVAL, "flush-interval"),
    FLAG(IMG_NO_DRAIN, "no-drain"),
    VALUE(IMG_PATTERN, "pattern"),
    FLAG(IMG_ADD, "add"),
    FLAG(IMG_REMOVE, "remove"),
    FLAG(IMG_CLEAR, "clear"),
    FLAG(IMG_ENABLE, "enable"),
    FLAG(IMG_DISABLE, "disable"),
    VALUE(IMG_MERGE, "merge"),
    FLAG(IMG_BITMAPS, "bitmaps"),
    FLAG(IMG_SKIP_BROKEN, "skip-broken-bitmaps"),
};

/* What the words of the commands mean, for the help pages. */
static const struct {
    const char *word; /* as in a usage */
    const char *help;
} meanings[] = {
    {"filename", "a disk image, or a block device"},
    {"fmt", "the format; found out from the contents when not given"},
    {"output_fmt", "the new image's format: raw when not given"},
    {"size", "bytes, or with a suffix: k, M, G, T, P, E (powers of 1024);\n"
             "                with + or - (resize) more or less than now"},
    {"-t cache", "writeback, none, writethrough, directsync, unsafe"},
    {"-i aio", "threads, native or io_uring"},
    {"options", "name=value,...; '-o help' lists those of a format"},
    {"snapshot", "the name or id of an internal snapshot"},
    {"[-c]", "compress"},
    {"[-c count]", "requests [75000]"},
    {"[-d depth]", "requests at once [64]"},
    {"[-n]", "(convert) write into an image that exists; (bench) -t none"},
    {"[-o offset]", "where the first request is"},
    {"buffer_size", "bytes of a request [4096]"},
    {"step_size", "bytes from one request to the next [as -s]"},
    {"--flush-interval", "flush after so many writes"},
    {"--no-drain", "do not wait for other requests before a flush"},
    {"--pattern", "the byte to write"},
    {"[-w]", "write rather than read"},
    {"[-p]", "show progress"},
    {"[-q]", "print nothing but errors"},
    {"[-S sparse_size]", "bytes of zeroes that become a hole; 0 makes none "
                         "[4k]"},
    {"[-m threads]", "how many copy at once [8]"},
    {"[-u]", "do not look at the backing file: it is known to match"},
    {"[-U]", "the image may be in use by others"},
    {"[-d] [-p]", "leave the image as it is, do not empty it"},
    {"[-s]", "strict: sizes and allocation must be the same as well"},
    {"--force", "also what makes the contents unreadable"},
    {"--merge", "add the bits of another bitmap"},
    {"-g gran", "bytes that one bit stands for [64k, or the cluster size]"},
    {"--bitmaps", "copy the dirty bitmaps, too"},
    {"--target-image-opts", "output_filename is like that of --image-opts"},
};

static int help(void)
{
    printf("%s\nusage: armature-img command [options]\n\n", VERSION);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        printf("  %-10s %s\n", commands[i].name, commands[i].about);
    }
    fputs("\n'armature-img COMMAND --help' says more of each.  Formats that "
          "can be made: raw,\nqcow2, luks, vdi, vpc, vmdk, vhdx; 'create -f "
          "FORMAT -o help' lists the options.\n"
          "\nExit status: 0 done, 1 failed; check: 2 corrupt, 3 leaks, 63 "
          "the format has no\nchecks; compare: 1 different, 2 failed.\n",
          stdout);
    return 0;
}

static bool has_long(const struct img_command *c, int which)
{
    for (unsigned i = 0; c->longs[i]; i++) {
        if (c->longs[i] == which) {
            return true;
        }
    }
    return false;
}

static int help_command(const struct img_command *c)
{
    printf("usage: armature-img %s %s\n\n%s: %s\n\n", c->name, c->usage,
           c->name, c->about);
    for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
        if (strstr(c->usage, meanings[i].word)) {
            printf("  %-14s%s%s\n", meanings[i].word,
                   strlen(meanings[i].word) > 13 ? "  " : "",
                   meanings[i].help);
        }
    }
    if (has_long(c, IMG_IMAGE_OPTS)) {
        puts("  --image-opts  a filename is "
             "'driver=fmt,file.filename=name,option=value,...'");
    }
    if (has_long(c, IMG_OBJECT)) {
        puts("  --object secret,id=id,data=text|file=name[,format=raw|base64]"
             "\n                a password, which encrypt.key-secret=id "
             "names");
    }
    return 0;
}

/* Options of one command: 0, or a status to end with. */
static int take(struct img_args *args, int c, const char *value)
{
    static char *joined;
    unsigned n = 0;

    if (c == IMG_OBJECT && img_add_object(value)) {
        return 1;
    }
    while (args->order[n]) {
        n++;
    }
    if (c >= IMG_ADD && c <= IMG_MERGE && n + 1 < ARRAY_SIZE(args->order)) {
        args->order[n] = c;
        args->sources[n] = value;
    }

    if (c == 'o' && args->option['o']) {
        char *more;
        if (asprintf(&more, "%s,%s", args->option['o'], value) >= 0) {
            free(joined);
            joined = more;
            value = more;
        }
    }
    args->option[c] = value ? value : "";
    return 0;
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
        if (take(&args, c, optarg)) {
            return 1;
        }
    }
    args.word = argv + optind;
    args.words = argc - optind;
    img_json(&args, &bad);
    if (bad) {
        return img_fail("--output=%s: there are human and json",
                        args.option[IMG_OUTPUT]);
    }
    if (args.option['o'] && strcmp(args.option['o'], "help") == 0 &&
        command->run != img_bench) {
        const char *format = args.option[strchr(command->letters, 'O')
                                             ? 'O' : 'f'];
        return img_option_help(format ? format : "raw",
                               command->run == img_amend) ? 0 : 1;
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
    error_set_program("armature-img");
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
    img_fail("command not found: %s", name);
    fprintf(stderr, "Try 'armature-img --help' for more information\n");
    return 1;
}
