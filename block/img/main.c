/* armature-img: the table of commands, help, options. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/img/img.h"
#include "util/keyval.h"

#define OPENS IMG_IMAGE_OPTS, IMG_OBJECT

static const struct img_command commands[] = {
    {"amend", "f:o:t:pqh", {OPENS, IMG_FORCE}, 1, 1, img_amend,
     "[-p] [-q] [-f fmt] [-t cache] [--force] -o options filename",
     "change what an image says of itself"},
    {"bench", "c:d:f:i:no:qs:S:t:wUh",
     {OPENS, IMG_FLUSH_INTERVAL, IMG_NO_DRAIN, IMG_PATTERN}, 1, 1, img_bench,
     "[-c count] [-d depth] [-f fmt] [--flush-interval=n] [-i aio] "
     "[-n] [--no-drain] [-o offset] [--pattern=byte] [-q] "
     "[-s buffer_size] [-S step_size] [-t cache] [-w] [-U] filename",
     "time requests to an image"},
    {"bitmap", "b:F:g:f:h",
     {OPENS, IMG_ADD, IMG_REMOVE, IMG_CLEAR, IMG_ENABLE, IMG_DISABLE,
      IMG_MERGE}, 2, 2, img_bitmap,
     "(--merge source | --add | --remove | --clear | --enable | "
     "--disable)... [-b source_file [-F source_fmt]] "
     "[-g granularity] [-f fmt] filename bitmap",
     "change the dirty bitmaps of an image"},
    {"check", "f:qr:T:Uh", {IMG_OUTPUT, OPENS}, 1, 1,
     img_check,
     "[-q] [-f fmt] [--output=human|json] [-r leaks|all] [-T src_cache] [-U] "
     "filename",
     "look for inconsistencies, and repair them"},
    {"commit", "f:qt:b:r:dph", {OPENS}, 1, 1, img_commit,
     "[-q] [-f fmt] [-t cache] [-b base] [-r rate] [-d] [-p] filename",
     "write an image's contents into its backing file"},
    {"compare", "f:F:T:pqsUh", {OPENS}, 2, 2,
     img_compare, "[-f fmt] [-F fmt] [-T src_cache] [-p] [-q] [-s] [-U] "
     "filename1 filename2",
     "say whether two images have the same contents"},
    {"convert", "f:O:B:F:o:l:S:r:m:t:T:cCpqnUWh",
     {OPENS, IMG_TARGET_IMAGE_OPTS, IMG_TARGET_IS_ZERO, IMG_BITMAPS,
      IMG_SKIP_BROKEN, IMG_SALVAGE}, 2, 1 << 16,
     img_convert,
     "[-U] [-C] [-c] [-p] [-q] [-n] [-f fmt] [-t cache] [-T src_cache] "
     "[-O output_fmt] [-o options] [-l snapshot] [-S sparse_size] "
     "[-B backing_file [-F backing_fmt]] [-r rate] [-m threads] "
     "[-W] [--salvage] [--target-is-zero] [--target-image-opts] "
     "[--bitmaps [--skip-broken-bitmaps]] "
     "filename [filename2 [...]] output_filename",
     "copy images into one, of any format"},
    {"create", "f:b:F:o:uqh", {IMG_OBJECT}, 1, 2, img_create_command,
     "[-q] [-f fmt] [-b backing_file [-F backing_fmt]] [-u] [-o options] "
     "filename [size]", "make a new image"},
    {"dd", "f:O:Uh", {OPENS}, 0, 16, img_dd,
     "[-U] [-f fmt] [-O output_fmt] [bs=block_size] [count=blocks] "
     "[skip=blocks] if=input of=output", "copy a part of an image"},
    {"info", "f:Uh", {IMG_OUTPUT, OPENS, IMG_BACKING_CHAIN}, 1, 1, img_info,
     "[-f fmt] [--output=human|json] [--backing-chain] [-U] filename",
     "say what an image is"},
    {"map", "f:s:l:Uh", {IMG_OUTPUT, OPENS, IMG_START_OFFSET,
                         IMG_MAX_LENGTH}, 1, 1, img_map,
     "[-f fmt] [--start-offset=offset] [--max-length=len] "
     "[--output=human|json] [-U] filename",
     "say where an image has its data"},
    {"measure", "f:O:o:l:Uh", {IMG_OUTPUT, OPENS, IMG_SIZE}, 0, 1,
     img_measure,
     "[--output=human|json] [-O output_fmt] [-o options] "
     "[--size N | [-f fmt] [-l snapshot] filename]",
     "say how large a new image would be"},
    {"rebase", "f:t:T:pqub:F:Uh", {OPENS}, 1, 1, img_rebase,
     "[-U] [-q] [-f fmt] [-t cache] [-T src_cache] [-p] [-u] -b backing_file "
     "[-F backing_fmt] filename",
     "give an image another backing file"},
    {"resize", "f:qh", {OPENS, IMG_SHRINK, IMG_PREALLOCATION}, 2, 2,
     img_resize,
     "[-f fmt] [--preallocation=mode] [-q] [--shrink] filename [+|-]size",
     "make an image larger or smaller"},
    {"snapshot", "f:la:c:d:qUh", {OPENS}, 1, 1,
     img_snapshot, "[-U] [-q] [-f fmt] [-l | -a snapshot | -c snapshot | "
     "-d snapshot] filename",
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
    FLAG(IMG_SALVAGE, "salvage"),
};

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

/* One element of it asks for help. */
static bool asks_for_help(const char *options)
{
    struct keyval *kv = options ? keyval_parse(options, NULL, NULL) : NULL;
    bool help = kv && keyval_help(kv);

    keyval_free(kv);
    return help;
}

/* "resize IMAGE -1M": the size is none of the options. */
static char *take_negative(const struct img_command *c, int *argc, char **argv)
{
    char *last = argv[*argc - 1];

    if (c->run != img_resize || *argc < 3 || last[0] != '-' ||
        last[1] < '0' || last[1] > '9') {
        return NULL;
    }
    argv[--*argc] = NULL;
    return last;
}

static int try_help(const struct img_command *c)
{
    fprintf(stderr, "Try 'armature-img %s --help' for more information\n",
            c->name);
    return 1;
}

/* Of which format help is wanted; amend's can be that of an image.  NULL after
 * a sentence. */
static const char *help_format(const struct img_command *command,
                               const struct img_args *args)
{
    const char *format = args->option[strchr(command->letters, 'O')
                                          ? 'O' : 'f'];

    if (format || command->run != img_amend || !args->words) {
        return format ? format : "raw";
    }
    struct img_open how = {
        .file = args->word[0], .opts = args->option[IMG_IMAGE_OPTS],
        .no_backing = true, .share = true,
    };
    struct block_image *image = img_open(&how);
    format = image ? image->ops->format : NULL;
    block_image_close(image);
    return format;
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
    char *negative = take_negative(command, &argc, argv);
    while ((c = getopt_long(argc, argv, command->letters, longs, NULL)) !=
           -1) {
        if (c == '?' || c == ':') {
            return try_help(command);
        }
        if (c == 'h') {
            img_help_command(command);
            return 0;
        }
        if (take(&args, c, optarg)) {
            return 1;
        }
    }
    args.word = argv + optind;
    args.words = argc - optind;
    if (negative) {
        args.word[args.words++] = negative;
    }
    img_json(&args, &bad);
    if (bad) {
        return img_fail("--output=%s: there are human and json",
                        args.option[IMG_OUTPUT]);
    }
    if (command->run != img_bench && asks_for_help(args.option['o'])) {
        const char *format = help_format(command, &args);
        return format && img_option_help(format, command->run == img_amend)
                   ? 0 : 1;
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
        img_help(commands, ARRAY_SIZE(commands));
        return 0;
    }
    if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0) {
        puts(IMG_VERSION);
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
