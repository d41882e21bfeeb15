/*
 * Random operations on images of the formats that are tables of blocks, and
 * raw ones, against a plain copy in memory, with qemu-img as the judge.
 *
 *   table_random DIRECTORY ARMATURE-IMG FORMAT FIRST-SEED COUNT [kill|child]
 *
 *   table_random dirty-log IMAGE
 *
 * The second makes a VHDX image that QEMU wrote and closed look as if it had
 * been killed before the log's changes got to the table of blocks.
 *
 * By turns qemu-img and armature-img make the image.  With "kill" a child
 * writes and is killed at a random moment: qemu-img must then read what the
 * child had written, and find nothing to complain about once the image has
 * been opened for writing.  With "child" the image only says how it differs
 * from another one; of vpc and vhdx, where QEMU does not know such images,
 * armature-img is the judge.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "block/vhdx.h"
#include "util/bits.h"

#define MAX_SIZE (9u << 20)
#define ROOM (10u << 20) /* VHD rounds sizes up */
#define OPERATIONS 60

static const struct variant {
    const char *format, *options;
    bool no_check;    /* qemu-img has none */
    bool no_rewrite;  /* nor writes what has a place */
} variants[] = {
    {"raw", "preallocation=off", true, false},
    {"raw", "preallocation=full", true, false},
    {"vdi", "static=off", false, false},
    {"vdi", "static=on", false, false},
    {"vpc", "subformat=dynamic", true, false},
    {"vpc", "subformat=fixed", true, false},
    {"vpc", "subformat=dynamic,force_size=on", true, false},
    {"vmdk", "subformat=monolithicSparse", false, false},
    {"vmdk", "subformat=monolithicFlat", false, false},
    {"vmdk", "subformat=monolithicSparse,zeroed_grain=on", false, false},
    {"vmdk", "subformat=twoGbMaxExtentSparse", false, false},
    {"vmdk", "subformat=twoGbMaxExtentFlat", false, false},
    {"vmdk", "subformat=streamOptimized", false, true},
    {"vhdx", "subformat=dynamic,block_size=1M", false, false},
    {"vhdx", "subformat=fixed,block_size=1M", false, false},
    {"vhdx", "subformat=dynamic,block_size=2M,log_size=2M", false, false},
};

struct world {
    uint64_t seed, state;
    const char *tool, *judge;
    const struct variant *variant;
    char image[256], copy[256];
    struct block_image *opened;
    uint8_t *model;
    uint64_t size;
    const char *last; /* the operation, for messages */
};

static uint64_t below(struct world *w, uint64_t n)
{
    w->state ^= w->state << 13;
    w->state ^= w->state >> 7;
    w->state ^= w->state << 17;
    return (w->state * UINT64_C(0x2545f4914f6cdd1d) >> 16) % n;
}

static void die(struct world *w, const char *format, ...)
{
    va_list args;

    printf("table_random: %s, %s, seed %llu: after %s: ",
           w->variant->format, w->variant->options,
           (unsigned long long)w->seed, w->last);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf(" (kept: %s)\n", w->image);
    fflush(stdout);
    _exit(1);
}

static void must(struct world *w, int error)
{
    if (error) {
        die(w, "%s", strerror(error));
    }
}

static void shell(struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void shell(struct world *w, const char *format, ...)
{
    char command[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    if (system(command)) {
        die(w, "fails: %s", command);
    }
}

/* The image ------------------------------------------------------------- */

static void reopen(struct world *w)
{
    struct block_config config = {
        .file = w->image, .format = w->variant->format,
    };
    struct error *err = NULL;

    w->opened = block_image_open(&config, &err);
    if (!w->opened) {
        die(w, "%s", err->message);
    }
}

static void make_image(struct world *w)
{
    w->judge = "qemu-img";
    shell(w, "%s create -q -f %s -o %s %s %llu",
          below(w, 2) ? w->tool : "qemu-img", w->variant->format,
          w->variant->options, w->image,
          (unsigned long long)(128 + below(w, MAX_SIZE / 512 - 128)) * 512);
}

/* The parent is "tSEEDp.FORMAT"; *copy gets the contents. */
static void make_child(struct world *w)
{
    const char *format = w->variant->format;
    bool vmdk = strcmp(format, "vmdk") == 0;
    int stem = (int)(strrchr(w->image, '.') - w->image);
    int programs = (int)(strrchr(w->tool, '/') - w->tool);
    uint64_t size = (2048 + below(w, MAX_SIZE / 512 - 2048)) * 512;
    char parent[300];

    snprintf(parent, sizeof(parent), "%.*sp.%s", stem, w->image, format);
    w->judge = vmdk ? "qemu-img" : w->tool;
    shell(w, "%.*s/tests/img/make_disk %s %llu %llu", programs, w->tool,
          w->copy, (unsigned long long)size, (unsigned long long)w->seed);
    shell(w, "%s convert -f raw -O %s%s %s %s", below(w, 2) ? w->tool
          : "qemu-img", format, strcmp(format, "vpc") ? ""
          : " -o force_size=on", w->copy, parent);
    if (vmdk) {
        shell(w, "%s create -q -f vmdk -F vmdk -b %s -o subformat=%s %s",
              below(w, 2) ? w->tool : "qemu-img", strrchr(parent, '/') + 1,
              below(w, 2) ? "monolithicSparse" : "twoGbMaxExtentSparse",
              w->image);
    } else {
        shell(w, "%.*s/tests/img/make_child %s %s %s %s %llu", programs,
              w->tool, format, parent, w->image, w->copy,
              (unsigned long long)w->seed);
    }
}

static void load_model(struct world *w)
{
    FILE *f = fopen(w->copy, "r");

    if (!f || fread(w->model, 1, w->size, f) != w->size) {
        die(w, "cannot read %s", w->copy);
    }
    fclose(f);
}

static void start(struct world *w, const char *directory, const char *tool,
                  const char *format, uint64_t seed, bool is_child)
{
    unsigned of_format = 0;

    *w = (struct world){.seed = seed, .tool = tool, .last = "creation"};
    w->state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
        of_format += strcmp(variants[i].format, format) == 0;
    }
    uint64_t chosen = seed % (of_format ? of_format : 1);
    for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
        if (strcmp(variants[i].format, format) == 0 && !chosen--) {
            w->variant = &variants[i];
        }
    }
    if (!w->variant) {
        printf("table_random: no format '%s'\n", format);
        _exit(2);
    }
    snprintf(w->image, sizeof(w->image), "%s/t%llu.%s", directory,
             (unsigned long long)seed, format);
    snprintf(w->copy, sizeof(w->copy), "%s/t%llu.raw", directory,
             (unsigned long long)seed);
    (is_child ? make_child : make_image)(w);
    reopen(w);
    w->size = w->opened->size;
    w->model = calloc(1, ROOM);
    if (w->size > ROOM) {
        die(w, "the image has %llu bytes", (unsigned long long)w->size);
    }
    if (is_child) {
        load_model(w);
    }
}

static void clean_up(struct world *w)
{
    char command[600];

    free(w->model);
    /* Extents, too. */
    snprintf(command, sizeof(command), "rm -f '%.*s'*",
             (int)(strrchr(w->image, '.') - w->image), w->image);
    if (system(command)) {
        die(w, "fails: %s", command);
    }
}

/* Operations ------------------------------------------------------------ */

static void range(struct world *w, uint64_t *offset, uint64_t *length)
{
    uint64_t sectors = w->size / 512, most = below(w, 6) ? 64 : 8192;

    *offset = below(w, sectors);
    if (below(w, 3) == 0) {
        *offset = align_down(*offset, 2048);
    }
    *length = 1 + below(w, most);
    if (below(w, 6) == 0) {
        *length = align_up(*length, 2048);
    }
    if (*length > sectors - *offset) {
        *length = sectors - *offset;
    }
    *offset *= 512;
    *length *= 512;
}

static void op_write(struct world *w)
{
    uint64_t offset, length, value = below(w, UINT64_MAX), split;

    range(w, &offset, &length);
    for (uint64_t i = 0; i < length; i++) {
        w->model[offset + i] = (uint8_t)(value * (i / 3 + 1) >> 24);
    }
    split = below(w, length);
    struct iovec iov[] = {{w->model + offset, split},
                          {w->model + offset + split, length - split}};
    must(w, w->opened->ops->write(w->opened, iov, 2, offset, length,
                                  below(w, 16) == 0));
}

static void op_zero(struct world *w)
{
    uint64_t offset, length;

    range(w, &offset, &length);
    memset(w->model + offset, 0, length);
    must(w, w->opened->ops->zero(w->opened, offset, length, below(w, 2)));
}

static void read_all(struct world *w, uint8_t *now)
{
    struct iovec iov = {now, w->size};

    must(w, w->opened->ops->read(w->opened, &iov, 1, 0, w->size));
}

/* Other formats' images keep their sizes, here as in QEMU. */
static void op_resize(struct world *w)
{
    uint64_t size = (128 + below(w, MAX_SIZE / 512 - 128)) * 512;
    struct error *err = NULL;

    if (strcmp(w->variant->format, "raw") != 0) {
        return;
    }
    if (!w->opened->ops->resize(w->opened, size, &err)) {
        die(w, "%s", err->message);
    }
    if (size < w->size) {
        memset(w->model + size, 0, w->size - size);
    }
    w->size = size;
}

/* Each sector is what it was or zero; then it stays that. */
static void op_discard(struct world *w)
{
    static const uint8_t zeroes[512];
    uint8_t *now = malloc(w->size);
    uint64_t offset, length;

    range(w, &offset, &length);
    must(w, w->opened->ops->discard(w->opened, offset, length));
    read_all(w, now);
    for (uint64_t i = offset; i < offset + length; i += 512) {
        if (memcmp(now + i, w->model + i, 512) != 0 &&
            memcmp(now + i, zeroes, 512) != 0) {
            die(w, "sector %llu has strange contents",
                (unsigned long long)i / 512);
        }
    }
    memcpy(w->model + offset, now + offset, length);
    free(now);
}

static void verify(struct world *w)
{
    uint8_t *now = malloc(w->size);

    read_all(w, now);
    for (uint64_t i = 0; i < w->size; i++) {
        if (now[i] != w->model[i]) {
            die(w, "byte %#llx is %02x, not %02x", (unsigned long long)i,
                now[i], w->model[i]);
        }
    }
    free(now);
}

/* Closed, the image must please qemu-img; sometimes QEMU then works on it. */
static void op_judge(struct world *w)
{
    const char *format = w->variant->format;
    FILE *f = fopen(w->copy, "w");

    block_image_close(w->opened);
    if (!f || fwrite(w->model, 1, w->size, f) != w->size || fclose(f)) {
        die(w, "cannot write %s", w->copy);
    }
    bool theirs = strcmp(w->judge, "qemu-img") == 0;
    if (!theirs || !w->variant->no_check) {
        shell(w, "%s check -q -f %s %s >&2", w->judge, format, w->image);
    }
    shell(w, "%s compare -q -f %s -F raw %s %s >&2", w->judge, format,
          w->image, w->copy);
    if (theirs && !w->variant->no_rewrite && below(w, 2)) {
        uint64_t offset, length;
        range(w, &offset, &length);
        memset(w->model + offset, 0x5a, length);
        shell(w, "qemu-io -f %s %s -c 'write -P 0x5a %llu %llu' >/dev/null",
              format, w->image, (unsigned long long)offset,
              (unsigned long long)length);
    }
    reopen(w);
    verify(w);
}

static const struct {
    const char *name;
    void (*run)(struct world *w);
    unsigned weight;
} operations[] = {
    {"write", op_write, 58},          {"zero", op_zero, 14},
    {"discard", op_discard, 14},      {"verification", verify, 10},
    {"judgement", op_judge, 2},       {"resizing", op_resize, 2},
};

static void one_operation(struct world *w)
{
    uint64_t n = below(w, 100);
    size_t i = 0;

    while (n >= operations[i].weight) {
        n -= operations[i++].weight;
    }
    w->last = operations[i].name;
    operations[i].run(w);
}

static void run_seed(struct world *w)
{
    for (int i = 0; i < OPERATIONS; i++) {
        one_operation(w);
    }
    verify(w);
    w->last = "the end";
    op_judge(w);
    block_image_close(w->opened);
    clean_up(w);
}

/* Killing --------------------------------------------------------------- */

/* Write N has its number in one sector, chosen by N alone. */
static uint64_t sector_of(struct world *w, uint64_t n)
{
    return n * UINT64_C(0x9e3779b97f4a7c15) % (w->size / 512);
}

/* `done` is shared with the parent. */
static void child(struct world *w, volatile uint64_t *done)
{
    uint64_t sector[64];
    struct iovec iov = {sector, sizeof(sector)};

    for (uint64_t n = 1; n < 40000; n++) {
        for (int i = 0; i < 64; i++) {
            sector[i] = n;
        }
        must(w, w->opened->ops->write(w->opened, &iov, 1,
                                      sector_of(w, n) * 512, 512, false));
        *done = n;
    }
    pause();
}

/* A sector has the last write's number, or that of the one after. */
static void check_sectors(struct world *w, uint64_t done)
{
    uint64_t *expected = calloc(w->size / 512, sizeof(*expected));
    FILE *f = fopen(w->copy, "r");

    for (uint64_t n = 1; n <= done; n++) {
        expected[sector_of(w, n)] = n;
    }
    for (uint64_t i = 0; i < w->size / 512; i++) {
        uint64_t sector[64];
        if (!f || fread(sector, 512, 1, f) != 1) {
            die(w, "cannot read %s", w->copy);
        }
        for (int k = 0; k < 64; k++) {
            if (sector[k] != expected[i] &&
                (sector_of(w, done + 1) != i || sector[k] != done + 1)) {
                die(w, "sector %llu has write %llu, not %llu of %llu",
                    (unsigned long long)i, (unsigned long long)sector[k],
                    (unsigned long long)expected[i],
                    (unsigned long long)done);
            }
        }
    }
    fclose(f);
    free(expected);
}

static void kill_seed(struct world *w)
{
    const char *format = w->variant->format;
    volatile uint64_t *done = mmap(NULL, sizeof(*done),
                                   PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t least = below(w, 200);

    w->last = "kill";
    pid_t pid = fork();
    if (pid == 0) {
        w->last = "kill (in the child)";
        child(w, done);
    }
    while (*done < least && waitpid(pid, NULL, WNOHANG) == 0) {
        nanosleep(&(struct timespec){0, (long)below(w, 300000)}, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    block_image_close(w->opened);
    shell(w, "qemu-img convert -f %s -O raw -S 0 %s %s", format, w->image,
          w->copy);
    check_sectors(w, *done);
    reopen(w);
    must(w, w->opened->ops->flush(w->opened));
    block_image_close(w->opened);
    if (!w->variant->no_check) {
        shell(w, "qemu-img check -q -f %s %s >&2", format, w->image);
    }
    shell(w, "qemu-img compare -q -f %s -F raw %s %s >&2", format,
          w->image, w->copy);
    clean_up(w);
    munmap((void *)done, sizeof(*done));
}

/* Logs ------------------------------------------------------------------ */

static int dirty_log(const char *path)
{
    static uint8_t regions[VHDX_TABLE_SIZE], sector[4096];
    uint8_t header[VHDX_HEADER_SIZE], entry[64];
    FILE *f = fopen(path, "r+");
    bool good = f;

    for (unsigned slot = 0; good && slot < 2; slot++) {
        good = fseek(f, (long)VHDX_HEADER_AT(slot), SEEK_SET) == 0 &&
               fread(header, sizeof(header), 1, f) == 1 &&
               fseek(f, (long)vhdx_load(header, VHDX_AT_LOG, 8),
                     SEEK_SET) == 0 &&
               fread(entry, sizeof(entry), 1, f) == 1 &&
               memcmp(entry, "loge", 4) == 0;
        memcpy(header + VHDX_AT_LOG_GUID, entry + 32, 16);
        vhdx_store(header, VHDX_AT_CHECKSUM, 4,
                   vhdx_checksum(header, sizeof(header)));
        good = good &&
               fseek(f, (long)VHDX_HEADER_AT(slot), SEEK_SET) == 0 &&
               fwrite(header, sizeof(header), 1, f) == 1;
    }
    good = good && fseek(f, (long)VHDX_REGIONS_AT(0), SEEK_SET) == 0 &&
           fread(regions, sizeof(regions), 1, f) == 1 &&
           memcmp(regions + 16, vhdx_guid_bat, 16) == 0 &&
           fseek(f, (long)vhdx_load(regions, 32, 8), SEEK_SET) == 0 &&
           fwrite(sector, sizeof(sector), 1, f) == 1 && fclose(f) == 0;
    if (!good) {
        printf("table_random: %s has no log\n", path);
    }
    return !good;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "dirty-log") == 0) {
        return dirty_log(argv[2]);
    }
    if (argc < 6) {
        fprintf(stderr, "usage: table_random DIRECTORY ARMATURE-IMG FORMAT "
                        "FIRST-SEED COUNT "
                        "[kill|child]\n");
        return 2;
    }
    uint64_t first = strtoull(argv[4], NULL, 0);
    uint64_t count = strtoull(argv[5], NULL, 0);
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct world w;
        bool kills = argc > 6 && strcmp(argv[6], "kill") == 0;
        start(&w, argv[1], argv[2], argv[3], seed, argc > 6 && !kills);
        (kills ? kill_seed : run_seed)(&w);
    }
    printf("%llu seeds from %llu\n", (unsigned long long)count,
           (unsigned long long)first);
    return 0;
}
