/* Help: one page for the program, one for each command. */
#include <stdio.h>
#include <string.h>

#include "block/img/img.h"

/* Where a usage has `word`, and the command is `only` or that is NULL. */
static const struct {
    const char *word, *only, *label, *help;
} meanings[] = {
    {"filename", NULL, "filename",
     "an image, a block device, or nbd://HOST/EXPORT"},
    {" [size]", NULL, "size", "of the disk: bytes, or with a suffix of k, M, "
     "G, T, P, E (powers of 1024); that of the backing file when not given"},
    {"size", "resize", "size", "as for create; with + or - so much more or "
     "less than now"},
    {" bitmap", "bitmap", "bitmap", "its name"},
    {"-f fmt", "create", "-f fmt", "the image's format [raw]"},
    {"-f fmt", NULL, "-f fmt", "the format; what the contents say when not "
     "given"},
    {"-F fmt", NULL, "-F fmt", "that of the second image"},
    {"-O output_fmt", NULL, "-O output_fmt", "the new image's format [raw]"},
    {"-o options", NULL, "-o options",
     "name=value,...; '-o help' lists those of a format"},
    {"-b backing_file", "rebase", "-b backing_file",
     "the new one; '' for an image that needs none"},
    {"-b backing_file", NULL, "-b backing_file",
     "what is read where the image has nothing"},
    {"-B backing_file", NULL, "-B backing_file",
     "what the copy need not contain, as this file does"},
    {"-F backing_fmt", NULL, "-F backing_fmt", "the format of that"},
    {"-b base", NULL, "-b base",
     "into this one of the images below, and keep the image as it is"},
    {"-b source_file", NULL, "-b source_file", "where the bitmap to merge is"},
    {"-F source_fmt", NULL, "-F source_fmt", "the format of that"},
    {"-t cache", NULL, "-t cache",
     "writeback, none, writethrough, directsync or unsafe"},
    {"-T src_cache", NULL, "-T src_cache", "the same for what is only read"},
    {"-U", NULL, "-U", "read it although others may be writing to it"},
    {"[-p]", NULL, "-p", "show how far it is, in percent"},
    {"[-q]", NULL, "-q", "print nothing but errors"},
    {"--output", NULL, "--output=...", "what to print: text, or JSON as "
     "qemu-img has it"},
    {"--backing-chain", NULL, "--backing-chain", "and all images below"},

    {"-r leaks", NULL, "-r leaks", "free what is counted as used and is not"},
    {"leaks|all", NULL, "-r all", "and repair what is wrong"},
    {"-r rate", NULL, "-r rate", "at most so many bytes a second"},
    {"[-d]", "commit", "-d", "do not empty the image afterwards"},
    {"[-s]", "compare", "-s", "strict: sizes and what is allocated count, too"},

    {"[-c]", "convert", "-c", "compress (qcow2, streamOptimized vmdk)"},
    {"[-C]", NULL, "-C", "accepted; copying takes the host's fastest way"},
    {"[-n]", "convert", "-n", "write into an image that exists"},
    {"-l snapshot", NULL, "-l snapshot", "the disk as it was then; a name or "
     "id, snapshot.name=X or snapshot.id=X or both"},
    {"-S sparse_size", NULL, "-S sparse_size",
     "bytes of zeroes that become a hole; 0 makes none [4k]"},
    {"-m threads", NULL, "-m threads", "how many copy at once [8]"},
    {"[-W]", NULL, "-W", "accepted; they always write out of order"},
    {"--salvage", NULL, "--salvage",
     "what cannot be read becomes zero, and is told"},
    {"--target-is-zero", NULL, "--target-is-zero",
     "with -n: zeroes need not be written"},
    {"--target-image-opts", NULL, "--target-image-opts",
     "output_filename is like that of --image-opts"},
    {"--bitmaps", NULL, "--bitmaps", "copy the dirty bitmaps, too"},
    {"--skip-broken", NULL, "--skip-broken-bitmaps",
     "but those that were in use in a crash"},

    {"[-u]", "create", "-u", "do not look at the backing file"},
    {"[-u]", "rebase", "-u",
     "change only the name: the new backing file has the same contents"},
    {"--preallocation", NULL, "--preallocation=mode",
     "of what is new: off, metadata, falloc, full"},
    {"--shrink", NULL, "--shrink", "what is behind the new end may go"},
    {"[-l |", NULL, "-l", "list the snapshots (what it does without options)"},
    {"-a snapshot", NULL, "-a snapshot", "make the disk what it was then"},
    {"-c snapshot", NULL, "-c snapshot", "make one of this name"},
    {"-d snapshot", NULL, "-d snapshot", "delete it"},
    {"--start-offset", NULL, "--start-offset=offset, -s", "from here on [0]"},
    {"--max-length", NULL, "--max-length=len, -l", "so much of it [all]"},
    {"--size", "measure", "--size N", "for a disk of so many bytes"},
    {"bs=", "dd", "bs=block_size", "bytes that count and skip count in [512]"},
    {"count=", "dd", "count=blocks", "how many to copy [all]"},
    {"skip=", "dd", "skip=blocks", "how many of the input to leave out [0]"},
    {"--force", NULL, "--force", "also what makes the contents unreadable"},

    {"--add", NULL, "--add", "make it"},
    {"--remove", NULL, "--remove", "delete it"},
    {"--clear", NULL, "--clear", "say that nothing is dirty"},
    {"--enable", NULL, "--enable", "follow what is written from now on"},
    {"--disable", NULL, "--disable", "do not follow"},
    {"--merge", NULL, "--merge source", "add what another bitmap says"},
    {"-g granularity", NULL, "-g granularity",
     "bytes that one bit stands for [64k, or a smaller cluster size]"},

    {"-c count", NULL, "-c count", "requests [75000]"},
    {"-d depth", NULL, "-d depth", "how many at once [64]"},
    {"-s buffer_size", NULL, "-s buffer_size", "bytes of a request [4096]"},
    {"-S step_size", NULL, "-S step_size",
     "bytes from one request to the next [as -s]"},
    {"-o offset", NULL, "-o offset", "where the first one is [0]"},
    {"[-w]", NULL, "-w", "write rather than read"},
    {"--pattern", NULL, "--pattern=byte", "what to write [0]"},
    {"--flush-interval", NULL, "--flush-interval=n",
     "flush after so many writes"},
    {"--no-drain", NULL, "--no-drain", "do not wait for others before that"},
    {"-i aio", NULL, "-i aio",
     "threads, native or io_uring [io_uring if there is one]"},
    {"[-n]", "bench", "-n", "as -i native"},
};

#define COLUMN 22
#define WIDTH 79

/* The bytes before the next space that is not in brackets. */
static int word_length(const char *text)
{
    int n = 0, depth = 0;

    for (; text[n] && (text[n] != ' ' || depth); n++) {
        depth += (text[n] == '[') - (text[n] == ']');
    }
    return n;
}

/* From column `at` on, the lines after the first from `indent` on. */
static void print_wrapped(const char *text, int at, int indent)
{
    for (bool first = true; *text; first = false) {
        int n = word_length(text);
        if (!first && at + 1 + n > WIDTH) {
            printf("\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            putchar(' ');
            at++;
        }
        at += printf("%.*s", n, text);
        text += n + (text[n] == ' ');
    }
    putchar('\n');
}

static void print_row(const char *label, const char *text)
{
    printf("  %-*s", COLUMN - 2, label);

    if (strlen(label) > COLUMN - 3) {
        printf("\n%*s", COLUMN, "");
    }
    print_wrapped(text, COLUMN, COLUMN);
}

void img_help(const struct img_command *commands, size_t count)
{
    printf("%s\nusage: armature-img COMMAND [options]\n\n", IMG_VERSION);
    for (size_t i = 0; i < count; i++) {
        printf("  %-10s %s\n", commands[i].name, commands[i].about);
    }
    fputs("\n'armature-img COMMAND --help' says more of each.  Formats that "
          "can be made: raw,\nqcow2, luks, vdi, vpc (VHD), vmdk, vhdx; "
          "'create -f FORMAT -o help' lists the\noptions.  To be read only: "
          "qcow, qed, parallels, dmg.\n"
          "\nExit status: 0 done, 1 failed; check: 2 corrupt, 3 leaks, 63 "
          "the format has no\nchecks; compare: 1 different, 2 failed.\n",
          stdout);
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

/* What is said of a command in particular comes before what is said of any. */
static bool is_shown(const struct img_command *c, size_t i)
{
    if (!strstr(c->usage, meanings[i].word) ||
        (meanings[i].only && strcmp(meanings[i].only, c->name) != 0)) {
        return false;
    }
    for (size_t j = 0; j < i; j++) {
        if (strcmp(meanings[j].label, meanings[i].label) == 0 &&
            is_shown(c, j)) {
            return false;
        }
    }
    return true;
}

void img_help_command(const struct img_command *c)
{
    int at = printf("usage: armature-img %s ", c->name);

    print_wrapped(c->usage, at, 8);
    printf("\n%s: %s\n\n", c->name, c->about);
    for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
        if (is_shown(c, i)) {
            print_row(meanings[i].label, meanings[i].help);
        }
    }
    if (has_long(c, IMG_IMAGE_OPTS)) {
        print_row("--image-opts", "a filename is 'driver=fmt,file.filename="
                  "name,option=value,...', with backing.file.filename= for "
                  "another backing file than it names");
    }
    if (has_long(c, IMG_OBJECT)) {
        print_row("--object secret,...", "id=ID,data=TEXT|file=NAME,"
                  "format=raw|base64: a password that encrypt.key-secret=ID "
                  "(qcow2) or key-secret=ID (luks) names");
    }
}
