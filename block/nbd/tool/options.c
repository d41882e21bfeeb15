/* armature-nbd: the table of options and its help. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/nbd/protocol.h"
#include "block/nbd/tool/tool.h"
#include "block/options.h"
#include "util/bits.h"
#include "util/keyval.h"

#define VERSION "armature-nbd 7.2.0 (Armature)"

/* Options without a letter */
enum {
    LONG_FORK = 256, LONG_PID_FILE, LONG_CACHE, LONG_AIO, LONG_DISCARD,
    LONG_DETECT_ZEROES, LONG_IMAGE_OPTS, LONG_OBJECT, LONG_TLS_CREDS,
    LONG_TLS_HOSTNAME, LONG_TLS_AUTHZ, LONG_SELINUX,
};

/* `argument` NULL: none; `help` NULL: refused, for `why`; a row without a
 * name is a heading. */
static const struct row {
    const char *name;
    int letter;
    const char *argument, *help, *why;
} rows[] = {
    {"help", 'h', NULL, "display this help and exit", NULL},
    {"version", 'V', NULL, "output version information and exit", NULL},
    {NULL, 0, NULL, "Connection properties:", NULL},
    {"port", 'p', "PORT", "port to listen on (default 10809)", NULL},
    {"bind", 'b', "IFACE", "address to bind to (default 0.0.0.0, which is "
                           "every\ninterface: anyone who reaches it gets the "
                           "disk;\n127.0.0.1 is this host alone)", NULL},
    {"socket", 'k', "PATH", "listen on a unix socket instead", NULL},
    {"shared", 'e', "NUM", "clients at a time; 0: any number (default 1)",
     NULL},
    {"persistent", 't', NULL, "don't exit on the last connection", NULL},
    {"verbose", 'v', NULL, "tell of connections", NULL},
    {"export-name", 'x', "NAME", "name of the export (default is the empty "
                                 "string)", NULL},
    {"description", 'D', "TEXT", "what -L shows of the export", NULL},
    {NULL, 0, NULL, "Exposing part of the image:", NULL},
    {"offset", 'o', "OFFSET", "offset into the image", NULL},
    {"allocation-depth", 'A', NULL, "expose the allocation depth", NULL},
    {"bitmap", 'B', "NAME", "expose a dirty bitmap of the image's", NULL},
    {NULL, 0, NULL, "General purpose options:", NULL},
    {"list", 'L', NULL, "list exports available from another NBD server",
     NULL},
    {"fork", LONG_FORK, NULL, "exit once the server runs in the background",
     NULL},
    {"pid-file", LONG_PID_FILE, "PATH", "store the server's process ID in "
                                        "the given file", NULL},
    {NULL, 0, NULL, "Block device options:", NULL},
    {"format", 'f', "FORMAT", "set image format (raw, qcow2, ...)", NULL},
    {"read-only", 'r', NULL, "export read-only", NULL},
    {"snapshot", 's', NULL, "keep what is written in a temporary file that "
                            "is\ngone at the end; FILE stays as it is", NULL},
    {"load-snapshot", 'l', "NAME", "export an internal snapshot, read-only: "
                                   "its id or\nname, or snapshot.id=ID, "
                                   "snapshot.name=NAME",
     NULL},
    {"nocache", 'n', NULL, "disable host cache, as --cache=none", NULL},
    {"cache", LONG_CACHE, "MODE", "set cache mode: none, writeback "
                                  "(default),\nwritethrough, directsync, "
                                  "unsafe", NULL},
    {"aio", LONG_AIO, "MODE", "set AIO mode: native, io_uring, threads",
     NULL},
    {"discard", LONG_DISCARD, "MODE", "set discard mode: ignore, unmap",
     NULL},
    {"detect-zeroes", LONG_DETECT_ZEROES, "MODE", "set detect-zeroes mode: "
                                                  "off, on, unmap", NULL},
    {"image-opts", LONG_IMAGE_OPTS, NULL,
     "treat FILE as a full set of image options", NULL},
    {"connect", 'c', "DEV", NULL,
     "the kernel's client is not supported; nbd-client connects it"},
    {"disconnect", 'd', NULL, NULL,
     "the kernel's client is not supported; 'nbd-client -d' disconnects it"},
    {"partition", 'P', "NUM", NULL, "gone from qemu-nbd, too; use -o"},
    {"object", LONG_OBJECT, "TYPE", NULL, "not supported"},
    {"tls-creds", LONG_TLS_CREDS, "ID", NULL,
     "TLS is not supported; use a tunnel"},
    {"tls-hostname", LONG_TLS_HOSTNAME, "NAME", NULL,
     "TLS is not supported; use a tunnel"},
    {"tls-authz", LONG_TLS_AUTHZ, "ID", NULL,
     "TLS is not supported; use a tunnel"},
    {"trace", 'T', "PATTERN", NULL, "not supported; -v tells of connections"},
    {"selinux-label", LONG_SELINUX, "LABEL", NULL, "not supported"},
};

/* Errors ----------------------------------------------------------------- */

int tool_fail(const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fputs("armature-nbd: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return 1;
}

int tool_fail_error(struct error *err)
{
    fflush(stdout);
    error_report_free(err);
    return 1;
}

static int try_help(void)
{
    fputs("Try 'armature-nbd --help' for more information.\n", stderr);
    return 1;
}

/* Help ------------------------------------------------------------------- */

#define HELP_COLUMN 28

static void print_row(const struct row *row)
{
    char left[64];

    if (!row->name) {
        printf("\n%s\n", row->help);
        return;
    }
    int n = row->letter < LONG_FORK
                ? snprintf(left, sizeof(left), "  -%c, --%s", row->letter,
                           row->name)
                : snprintf(left, sizeof(left), "      --%s", row->name);
    if (row->argument) {
        snprintf(left + n, sizeof(left) - (size_t)n, "=%s", row->argument);
    }
    printf("%-*s", HELP_COLUMN - 1, left);
    putchar(' ');
    for (const char *c = row->help; *c; c++) {
        putchar(*c);
        if (*c == '\n') {
            printf("%*s", HELP_COLUMN, "");
        }
    }
    putchar('\n');
}

static void help(void)
{
    puts("Usage: armature-nbd [OPTIONS] FILE\n"
         "  or:  armature-nbd -L [OPTIONS]\n"
         "Serve a disk image to clients of the NBD protocol.\n");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].help) {
            print_row(&rows[i]);
        }
    }
    puts("\nFILE is an image of any format that armature reads, a block "
         "device or another\nNBD server's export (nbd://HOST/EXPORT).  "
         "Clients name this one\n  nbd://HOST[:PORT]/NAME   or   "
         "nbd+unix:///NAME?socket=PATH\n");
    puts("Exit status: 0 done, 1 failed.");
}

/* Values ----------------------------------------------------------------- */

static bool take_name(int letter, const char *value, const char **to)
{
    if (strlen(value) > NBD_MAX_NAME) {
        tool_fail("-%c: has more than %u bytes", letter, NBD_MAX_NAME);
        return false;
    }
    *to = value;
    return true;
}

static bool take_number(const char *what, const char *value, uint64_t max,
                        unsigned *to)
{
    uint64_t number;

    if (!parse_uint(value, &number) || number > max) {
        tool_fail("%s %s: is not a number from 0 to %llu", what, value,
                  (unsigned long long)max);
        return false;
    }
    *to = (unsigned)number;
    return true;
}

static bool take_offset(const char *value, uint64_t *to)
{
    if (!parse_size(value, 1, to) || *to > INT64_MAX) {
        tool_fail("-o %s: is not a number of bytes", value);
        return false;
    }
    return true;
}

/* One of a list's names; the enum's number into *to. */
static bool take_word(const char *option, const char *value,
                      const char *const *names, unsigned *to)
{
    for (unsigned i = 0; names[i]; i++) {
        if (strcmp(names[i], value) == 0) {
            *to = i;
            return true;
        }
    }
    tool_fail("--%s=%s: there is no such mode; see --help", option, value);
    return false;
}

static const char *snapshot_name(const char *text)
{
    const char *value = strncmp(text, "snapshot.", 9) == 0
                            ? strchr(text, '=') : NULL;

    return value ? value + 1 : text;
}

static bool take_mode(struct tool_options *o, int option, const char *value)
{
    unsigned n = 0;
    bool good;

    switch (option) {
    case LONG_CACHE:
        good = take_word("cache", value, block_cache_names, &n);
        o->image.cache = (enum block_cache)n;
        return good;
    case LONG_AIO:
        good = take_word("aio", value, block_aio_names, &n);
        o->image.aio = (enum block_aio)n;
        return good;
    case LONG_DISCARD:
        good = take_word("discard", value, block_options_discards, &n);
        o->image.ignore_discard = n < 2;
        return good;
    default:
        good = take_word("detect-zeroes", value, block_detect_zeroes_names,
                         &n);
        o->image.detect_zeroes = (enum block_detect_zeroes)n;
        return good;
    }
}

static bool take(struct tool_options *o, int option, const char *value)
{
    unsigned port;

    switch (option) {
    case 'p':
        o->address.port = value;
        return take_number("-p", value, 65535, &port);
    case 'b':
        o->address.host = value;
        return true;
    case 'k':
        o->address.path = value;
        return true;
    case 'e':
        return take_number("-e", value, INT32_MAX, &o->shared);
    case 't':
        o->persistent = true;
        return true;
    case 'v':
        o->verbose = true;
        return true;
    case 'x':
        return take_name(option, value, &o->name);
    case 'D':
        return take_name(option, value, &o->description);
    case 'o':
        return take_offset(value, &o->offset);
    case 'A':
        o->depth = true;
        return true;
    case 'B':
        o->bitmap = value;
        return true;
    case 'L':
        o->list = true;
        return true;
    case LONG_FORK:
        o->fork = true;
        return true;
    case LONG_IMAGE_OPTS:
        o->image_opts = true;
        return true;
    case LONG_PID_FILE:
        o->pid_file = value;
        return true;
    case 'f':
        o->image.format = value;
        return true;
    case 'r':
        o->image.read_only = true;
        return true;
    case 's':
        o->image.snapshot = true;
        return true;
    case 'l':
        o->image.internal_snapshot = snapshot_name(value);
        o->image.read_only = true;
        return true;
    case 'n':
        o->image.cache = BLOCK_CACHE_NONE;
        return true;
    default:
        return take_mode(o, option, value);
    }
}

/* Parsing ---------------------------------------------------------------- */

static const struct row *find_row(int letter)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].name && rows[i].letter == letter) {
            return &rows[i];
        }
    }
    return NULL;
}

static void make_getopt(struct option *longs, char *letters)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct row *row = &rows[i];
        if (!row->name) {
            continue;
        }
        *longs++ = (struct option){row->name, row->argument != NULL, NULL,
                                   row->letter};
        if (row->letter < LONG_FORK) {
            *letters++ = (char)row->letter;
            *letters = ':';
            letters += row->argument != NULL;
        }
    }
    *longs = (struct option){0};
    *letters = '\0';
}

static bool check(const struct tool_options *o, int words)
{
    if (o->address.path && (o->address.host || o->address.port)) {
        tool_fail("-k excludes -p and -b");
        return false;
    }
    if (words != !o->list) {
        tool_fail(words ? o->list ? "-L: no file is expected"
                                  : "one file at a time"
                        : "expecting a file name");
        try_help();
        return false;
    }
    return true;
}

/* Strings of the options live as long as the program. */
static bool read_image_opts(struct tool_options *o, const char *text)
{
    static struct keyval *kv;
    struct error *err = NULL;

    if (o->image.format) {
        tool_fail("--image-opts and --format are mutually exclusive");
        return false;
    }
    keyval_free(kv);
    kv = keyval_parse(text, NULL, &err);
    if (!kv || !block_options_image(kv, &o->image, &err)) {
        tool_fail_error(err);
        return false;
    }
    return true;
}

bool tool_parse(struct tool_options *o, int argc, char **argv, int *status)
{
    struct option longs[ARRAY_SIZE(rows) + 1];
    char letters[2 * ARRAY_SIZE(rows) + 1];
    int c;

    *status = 1;
    *o = (struct tool_options){.name = "", .shared = 1};
    argv[0] = (char *)"armature-nbd";
    make_getopt(longs, letters);
    while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        const struct row *row = find_row(c);
        if (c == 'h' || c == 'V') {
            *status = 0;
            c == 'h' ? help() : (void)puts(VERSION);
            return false;
        }
        if (!row) {
            try_help();
            return false;
        }
        if (!row->help) {
            tool_fail("--%s: %s", row->name, row->why);
            return false;
        }
        if (!take(o, c, optarg)) {
            return false;
        }
    }
    if (!check(o, argc - optind)) {
        return false;
    }
    if (!o->address.path && !o->address.port) {
        o->address.port = NBD_PORT;
    }
    o->image.file = argv[optind];
    return !o->image_opts || o->list || read_image_opts(o, argv[optind]);
}
