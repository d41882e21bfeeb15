/* convert and dd: one image from others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/img/crypt.h"
#include "block/img/img.h"
#include "util/keyval.h"

#define DEFAULT_SPARSE 4096
#define DEFAULT_THREADS 8

struct convert {
    struct img_args *args;
    struct img_copy copy;
    const char *to; /* the target's name */
    uint64_t size;  /* bytes, of all sources */
    uint64_t threads;
    char *key_secret; /* of an encrypted target, or NULL */
    char *backing;    /* the target's, as named; or NULL */
};

static bool parse(struct convert *c)
{
    struct img_args *args = c->args;

    c->copy.sparse = DEFAULT_SPARSE;
    c->threads = DEFAULT_THREADS;
    if (args->option['S'] &&
        !img_size(args->option['S'], "-S", &c->copy.sparse)) {
        return false;
    }
    if (c->copy.sparse % BLOCK_SECTOR || c->copy.sparse > (1u << 30)) {
        img_fail("-S %s: not a multiple of 512 bytes up to 1G",
                 args->option['S']);
        return false;
    }
    if (args->option['m'] &&
        (!parse_uint(args->option['m'], &c->threads) || !c->threads ||
         c->threads > 16)) {
        img_fail("-m %s: there can be 1 to 16 threads", args->option['m']);
        return false;
    }
    if (args->option[IMG_TARGET_IS_ZERO] && !args->option['n']) {
        img_fail("--target-is-zero requires use of -n");
        return false;
    }
    if (args->option[IMG_TARGET_IMAGE_OPTS] && !args->option['n']) {
        img_fail("--target-image-opts requires use of -n");
        return false;
    }
    if (args->option['n'] && (args->option['o'] || args->option['B'])) {
        img_fail("-n creates nothing, so there is no use for -%c",
                 args->option['o'] ? 'o' : 'B');
        return false;
    }
    if (args->option[IMG_SKIP_BROKEN] && !args->option[IMG_BITMAPS]) {
        img_fail("Use of --skip-broken-bitmaps requires --bitmaps");
        return false;
    }
    /* Otherwise a hint: our copying takes what is fastest. */
    if (args->option['C'] && (args->option['S'] || args->option['c'])) {
        img_fail("Cannot enable copy offloading when -%c is used",
                 args->option['S'] ? 'S' : 'c');
        return false;
    }
    c->copy.salvage = args->option[IMG_SALVAGE];
    return img_pace_parse(args, &c->copy.pace);
}

static bool open_sources(struct convert *c)
{
    unsigned n = (unsigned)c->args->words - 1;
    const char *snapshot = c->args->option['l'];

    c->copy.from = calloc(n, sizeof(*c->copy.from));
    for (unsigned i = 0; i < n && c->copy.from; i++) {
        struct img_open open = {
            .file = c->args->word[i],
            .format = c->args->option['f'],
            .cache = c->args->option['T'],
            .opts = c->args->option[IMG_IMAGE_OPTS],
            .share = c->args->option['U'],
        };
        c->copy.from[i] = img_open(&open);
        if (!c->copy.from[i]) {
            return false;
        }
        c->copy.from_count++;
        if (snapshot && !img_load_snapshot(c->copy.from[i], snapshot)) {
            return false;
        }
        c->size += c->copy.from[i]->size;
    }
    return c->copy.from != NULL;
}

static bool create_target(struct convert *c)
{
    struct img_args *args = c->args;
    struct img_create create = {
        .file = c->to,
        .format = args->option['O'] ? args->option['O'] : "raw",
        .options = args->option['o'],
        .backing = args->option['B'],
        .backing_format = args->option['F'],
        .has_size = true,
        .size = c->size,
        .quiet = true,
    };

    return args->option['n'] || img_create_image(&create) == 0;
}

/* How far down a source has the file; what it has not is taken for what is
 * right below it. */
static unsigned depth_of(struct block_image *from, const char *path)
{
    unsigned depth = 1;

    for (struct block_image *i = from->backing; i; i = i->backing, depth++) {
        if (block_file_is(img_file(i), path)) {
            return depth;
        }
    }
    return 1;
}

static bool find_kept(struct convert *c)
{
    struct error *err = NULL;

    if (!c->backing) {
        return true;
    }
    char *path = block_backing_path(c->to, c->backing, &err);
    if (!path) {
        img_fail_error(err);
        return false;
    }
    c->copy.kept = depth_of(c->copy.from[0], path);
    free(path);
    return true;
}

/* A vmdk image that cannot be compressed is written as it is, as by QEMU. */
static bool choose_compression(struct convert *c)
{
    c->copy.compress = img_qcow2(c->copy.to) || c->copy.to->packed;
    if (!c->copy.compress && strcmp(c->copy.to->ops->format, "vmdk") != 0) {
        img_fail("Compression not supported for this file format");
        return false;
    }
    if (!c->copy.compress) {
        error_report("warning: %s: not compressed, which takes "
                     "subformat=streamOptimized", c->to);
    }
    return true;
}

static bool open_target(struct convert *c)
{
    struct img_args *args = c->args;
    bool opts = args->option[IMG_TARGET_IMAGE_OPTS];
    struct img_open open = {
        .file = c->to,
        .format = opts ? NULL
                  : args->option['O'] || !args->option['n']
                      ? args->option['O'] ? args->option['O'] : "raw" : NULL,
        .opts = opts,
        .key_secret = args->option['n'] ? NULL : c->key_secret,
        .writable = true,
        .cache = args->option['t'] ? args->option['t'] : "unsafe",
    };

    c->copy.to = img_open(&open);
    if (c->copy.to && args->option['c'] && c->key_secret) {
        img_fail("Compression and encryption not supported at the same "
                 "time");
        return false;
    }
    if (!c->copy.to) {
        return false;
    }
    if (c->copy.to->size < c->size) {
        img_fail("%s: the target, of %llu bytes, is smaller than the source, "
                 "of %llu", c->to, (unsigned long long)c->copy.to->size,
                 (unsigned long long)c->size);
        return false;
    }
    if (args->option['c'] && !choose_compression(c)) {
        return false;
    }
    bool device = img_file(c->copy.to)->device;
    c->copy.to_is_zero = args->option['n']
                             ? args->option[IMG_TARGET_IS_ZERO] != NULL
                             : !c->copy.to->noise &&
                                   (!device || !c->copy.to->plain);
    return find_kept(c);
}

/* More threads than processors wait for each other, a few for the disk. */
static unsigned useful_threads(uint64_t wanted)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t useful = cpus < 4 ? 4 : (uint64_t)cpus;

    return (unsigned)(wanted < useful ? wanted : useful);
}

int img_convert(struct img_args *args)
{
    struct convert c = {.args = args, .to = args->word[args->words - 1]};

    c.key_secret = img_find_key_secret(args->option['o']);
    c.backing = args->option['B'] ? strdup(args->option['B'])
                : args->option['n']
                    ? NULL : img_find_option(args->option['o'],
                                             "backing_file");
    c.copy.progress.on = args->option['p'] && !args->option['q'];
    bool good = parse(&c) && open_sources(&c) && create_target(&c) &&
                open_target(&c);
    c.copy.threads = useful_threads(c.threads);
    int status = good ? img_copy(&c.copy) : 1;
    if (!status && args->option[IMG_BITMAPS]) {
        status = img_copy_bitmaps(c.copy.from, c.copy.from_count, c.copy.to,
                                  args->option[IMG_SKIP_BROKEN]);
    }
    free(c.key_secret);
    free(c.backing);
    int closed = img_close(c.copy.to);
    for (unsigned i = 0; i < c.copy.from_count; i++) {
        block_image_close(c.copy.from[i]);
    }
    free(c.copy.from);
    return status ? status : closed;
}

/* dd -------------------------------------------------------------------- */

struct dd {
    const char *in, *out;
    uint64_t bs, count, skip;
    bool has_count;
};

static bool parse_word(struct dd *dd, const char *word)
{
    if (strncmp(word, "if=", 3) == 0) {
        dd->in = word + 3;
    } else if (strncmp(word, "of=", 3) == 0) {
        dd->out = word + 3;
    } else if (strncmp(word, "bs=", 3) == 0) {
        if (!img_size(word + 3, "bs", &dd->bs)) {
            return false;
        }
        if (!dd->bs || dd->bs > (1u << 30)) {
            img_fail("bs=%s: a block has 1 byte to 1G", word + 3);
            return false;
        }
    } else if (strncmp(word, "count=", 6) == 0) {
        dd->has_count = true;
        return img_size(word + 6, "count", &dd->count);
    } else if (strncmp(word, "skip=", 5) == 0) {
        return img_size(word + 5, "skip", &dd->skip);
    } else {
        img_fail("dd: unknown word '%s'; there are if= of= bs= count= skip=",
                 word);
        return false;
    }
    return true;
}

/* Sector by sector where the block size is not of whole sectors: the reads
 * are, whatever bs is. */
static int dd_copy(struct block_image *from, struct block_image *to,
                   uint64_t start, uint64_t length)
{
    size_t piece = 1 << 20;
    uint8_t *buffer = malloc(piece + 2 * BLOCK_SECTOR);
    int status = buffer ? 0 : img_fail("no memory");

    for (uint64_t done = 0; done < length && !status;) {
        uint64_t n = length - done < piece ? length - done : piece;
        uint64_t odd = (start + done) % BLOCK_SECTOR;
        int error = img_read(from, buffer, start + done - odd,
                             align_up(odd + n, BLOCK_SECTOR));
        uint64_t padded = align_up(n, BLOCK_SECTOR);
        memset(buffer + odd + n, 0, padded - n);
        error = error ? error : img_write(to, buffer + odd, done, padded);
        if (error) {
            status = img_fail_errno(error, "error at byte %llu",
                                    (unsigned long long)(start + done));
        }
        done += n;
    }
    free(buffer);
    return status;
}

static int dd_run(struct img_args *args, const struct dd *dd,
                  struct block_image *from)
{
    uint64_t start, length, limit;
    const char *format = args->option['O'] ? args->option['O'] : "raw";

    if (__builtin_mul_overflow(dd->skip, dd->bs, &start) ||
        start > from->size) {
        start = from->size;
        error_report("%s: cannot skip to the specified offset, which is "
                     "behind its end", dd->in);
    }
    length = from->size - start;
    if (dd->has_count && !__builtin_mul_overflow(dd->count, dd->bs, &limit) &&
        limit < length) {
        length = limit;
    }
    struct img_create create = {
        .file = dd->out, .format = format, .has_size = true, .size = length,
        .quiet = true,
    };
    struct img_open open = {.file = dd->out, .format = format,
                            .writable = true, .cache = "unsafe"};
    if (img_create_image(&create)) {
        return 1;
    }
    struct block_image *to = img_open(&open);
    int status = to ? dd_copy(from, to, start, length) : 1;
    int closed = img_close(to);
    return status ? status : closed;
}

int img_dd(struct img_args *args)
{
    struct dd dd = {.bs = 512};

    for (int i = 0; i < args->words; i++) {
        if (!parse_word(&dd, args->word[i])) {
            return 1;
        }
    }
    if (!dd.in || !dd.out) {
        return img_fail("dd: both if= and of= are needed");
    }
    struct img_open open = {.file = dd.in, .format = args->option['f'],
                            .opts = args->option[IMG_IMAGE_OPTS],
                            .share = args->option['U']};
    struct block_image *from = img_open(&open);
    int status = from ? dd_run(args, &dd, from) : 1;
    block_image_close(from);
    return status;
}
