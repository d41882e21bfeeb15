/*
 * Random operations on a qcow2 image, against a plain copy in memory, with
 * qemu-img as the judge of every state on the disk.
 *
 *   qcow2_random DIRECTORY FIRST-SEED COUNT [kill]
 *
 * Each seed chooses the geometry, a backing file and the operations; the
 * seed of a failure is printed.  With "kill" a child operates and is killed
 * at a random moment: the image must then check without corruption, and hold
 * what the child had flushed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "block/qcow2.h"

#define MAX_SIZE (3u << 20)
#define MAX_SNAPSHOTS 6

struct world {
    uint64_t seed, state;
    char image[256], base[256], copy[256];
    struct qcow2_options options;
    struct block_image *opened;
    uint8_t *model;
    uint64_t size;
    uint64_t base_size; /* 0: no backing file */
    struct {
        char name[16];
        uint8_t *model;
        uint64_t size;
    } snapshots[MAX_SNAPSHOTS];
    unsigned snapshot_count, names;
    const char *last; /* the operation, for messages */
};

static uint64_t next(struct world *w)
{
    w->state ^= w->state << 13;
    w->state ^= w->state >> 7;
    w->state ^= w->state << 17;
    return w->state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

static uint64_t below(struct world *w, uint64_t n)
{
    return next(w) % n;
}

static void die(struct world *w, const char *format, ...)
{
    va_list args;

    printf("qcow2_random: seed %llu: after %s: ",
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

/* The call sets `err` before it is looked at. */
#define must_be(w, call, err) \
    do { \
        if (!(call)) { \
            die(w, "%s", (err) ? (err)->message : "failed"); \
        } \
    } while (0)

/* A command with '%s' replaced by the image; its status. */
static int shell(struct world *w, const char *format, const char *more)
{
    char command[1024];

    snprintf(command, sizeof(command), format, w->image, more);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* The image ------------------------------------------------------------- */

static void reopen(struct world *w, bool backing)
{
    struct block_config config = {
        .file = w->image, .format = "qcow2",
        /* Barriers are for power cuts; with them all takes ten times longer. */
        .cache = w->seed % 8 ? BLOCK_CACHE_UNSAFE : BLOCK_CACHE_WRITEBACK,
    };
    struct block_opening how = {.config = &config, .no_backing = !backing};
    struct error *err = NULL;

    w->opened = block_image_open_as(&how, &err);
    must_be(w, w->opened, err);
    if (w->seed % 3 == 0) {
        qcow2_of(w->opened)->l2s.limit = 4;
        qcow2_of(w->opened)->refblocks.limit = 4;
    }
}

static void write_file(struct world *w, const char *path, const void *data,
                       uint64_t size)
{
    FILE *f = fopen(path, "w");

    if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
        die(w, "cannot write %s", path);
    }
}

static void fill_random(struct world *w, uint8_t *data, uint64_t size)
{
    uint64_t kind = below(w, 4);

    for (uint64_t i = 0; i < size; i++) {
        data[i] = kind == 0 ? 0 : kind == 1 ? (uint8_t)(i / 7)
                                            : (uint8_t)next(w);
    }
}

static void make_base(struct world *w)
{
    w->base_size = (1 + below(w, MAX_SIZE / 1024)) * 512;
    uint8_t *data = malloc(w->base_size);
    for (uint64_t i = 0; i < w->base_size; i += 512) {
        fill_random(w, data + i, 512);
    }
    write_file(w, w->base, data, w->base_size);
    memcpy(w->model, data,
           w->base_size < w->size ? w->base_size : w->size);
    free(data);
}

static void make(struct world *w)
{
    static const unsigned bits[] = {9, 9, 10, 12, 16, 16, 21};
    struct error *err = NULL;
    struct block_file_config config = {.path = w->image};

    w->last = "creation";
    w->size = (1 + below(w, MAX_SIZE / 1024)) * 512;
    w->model = calloc(1, MAX_SIZE);
    w->options = qcow2_defaults;
    w->options.cluster_size = BIT(bits[below(w, ARRAY_SIZE(bits))]);
    w->options.version = below(w, 4) ? 3 : 2;
    w->options.refcount_bits = w->options.version == 2
                                   ? 16 : 8u << below(w, 4);
    w->options.compression = w->options.version == 3 && below(w, 2) &&
                                     qcow2_can_compress(QCOW2_ZSTD)
                                 ? QCOW2_ZSTD : QCOW2_ZLIB;
    if (below(w, 2)) {
        make_base(w);
    }
    must_be(w, block_file_create(w->image, &err), err);
    struct block_file *file = block_file_open(&config, &err);
    must_be(w, file && qcow2_create(file, &w->options, &err), err);
    block_file_close(file);
    reopen(w, false);
    must_be(w, qcow2_resize(w->opened, w->size, &err), err);
    if (w->base_size) {
        must_be(w, qcow2_header_rebase(qcow2_of(w->opened), w->base, "raw",
                                       &err), err);
    }
    block_image_close(w->opened);
    reopen(w, true);
}

/* Operations ------------------------------------------------------------ */

static void range(struct world *w, uint64_t *offset, uint64_t *length)
{
    uint64_t sectors = w->size / 512;
    uint64_t most = below(w, 4) ? 64 : sectors;

    *offset = below(w, sectors);
    *length = 1 + below(w, most);
    if (below(w, 3) == 0) {
        *offset = align_down(*offset, w->options.cluster_size / 512);
    }
    if (*length > sectors - *offset) {
        *length = sectors - *offset;
    }
    *offset *= 512;
    *length *= 512;
}

static void op_write(struct world *w)
{
    uint64_t offset, length;

    range(w, &offset, &length);
    fill_random(w, w->model + offset, length);
    struct iovec iov = {w->model + offset, length};
    must(w, qcow2_write(w->opened, &iov, 1, offset, length, below(w, 8) == 0));
}

static void op_zero(struct world *w)
{
    uint64_t offset, length;

    range(w, &offset, &length);
    memset(w->model + offset, 0, length);
    must(w, qcow2_zero(w->opened, offset, length, below(w, 2)));
}

/* Each sector is what it was or zero; then it stays that. */
static void op_discard(struct world *w)
{
    static const uint8_t zeroes[512];
    uint64_t offset, length;

    range(w, &offset, &length);
    must(w, qcow2_discard(w->opened, offset, length));
    uint8_t *now = malloc(length);
    struct iovec iov = {now, length};
    must(w, qcow2_read(w->opened, &iov, 1, offset, length));
    for (uint64_t i = 0; i < length; i += 512) {
        if (memcmp(now + i, w->model + offset + i, 512) != 0 &&
            memcmp(now + i, zeroes, 512) != 0) {
            die(w, "sector %llu has strange contents",
                (unsigned long long)(offset + i) / 512);
        }
    }
    memcpy(w->model + offset, now, length);
    free(now);
}

static void op_compressed(struct world *w)
{
    uint64_t cs = w->options.cluster_size;
    uint64_t offset = below(w, (w->size + cs - 1) / cs) * cs;
    uint64_t length = w->size - offset;

    length = length < cs * 3 ? length : cs * (1 + below(w, 3));
    fill_random(w, w->model + offset, length);
    must(w, qcow2_write_compressed(w->opened, w->model + offset, offset,
                                   length));
}

static void op_flush(struct world *w)
{
    must(w, qcow2_flush(qcow2_of(w->opened)));
}

static void op_snapshot(struct world *w)
{
    struct error *err = NULL;
    unsigned i = w->snapshot_count;

    if (i == MAX_SNAPSHOTS) {
        return;
    }
    snprintf(w->snapshots[i].name, sizeof(w->snapshots[i].name), "s%u",
             w->names++);
    w->snapshots[i].model = malloc(MAX_SIZE);
    memcpy(w->snapshots[i].model, w->model, MAX_SIZE);
    w->snapshots[i].size = w->size;
    must_be(w, qcow2_snapshot_create(qcow2_of(w->opened),
                                     w->snapshots[i].name, &err), err);
    w->snapshot_count++;
}

static void op_apply(struct world *w)
{
    struct error *err = NULL;

    if (!w->snapshot_count) {
        return;
    }
    unsigned i = (unsigned)below(w, w->snapshot_count);
    must_be(w, qcow2_snapshot_apply(qcow2_of(w->opened),
                                    w->snapshots[i].name, &err), err);
    memcpy(w->model, w->snapshots[i].model, MAX_SIZE);
    w->size = w->snapshots[i].size;
}

static void op_delete(struct world *w)
{
    struct error *err = NULL;

    if (!w->snapshot_count) {
        return;
    }
    unsigned i = (unsigned)below(w, w->snapshot_count);
    must_be(w, qcow2_snapshot_delete(qcow2_of(w->opened),
                                     w->snapshots[i].name, &err), err);
    free(w->snapshots[i].model);
    w->snapshots[i] = w->snapshots[--w->snapshot_count];
}

static void op_resize(struct world *w)
{
    struct error *err = NULL;
    uint64_t size = (1 + below(w, MAX_SIZE / 1024)) * 512;

    if (w->options.version == 2 && w->snapshot_count) {
        return;
    }
    must_be(w, qcow2_resize(w->opened, size, &err), err);
    if (size < w->size) {
        memset(w->model + size, 0, w->size - size);
    }
    w->size = size;
}

static void verify(struct world *w)
{
    uint8_t *now = malloc(w->size);
    struct iovec iov = {now, w->size};

    must(w, qcow2_read(w->opened, &iov, 1, 0, w->size));
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
    block_image_close(w->opened);
    write_file(w, w->copy, w->model, w->size);
    if (shell(w, "qemu-img check -q -f qcow2 %s >&2", "")) {
        die(w, "qemu-img check complains");
    }
    if (shell(w, "qemu-img compare -q -f qcow2 -F raw %s %s >&2", w->copy)) {
        die(w, "qemu-img compare finds a difference");
    }
    if (below(w, 2)) {
        char io[128];
        uint64_t offset, length;
        range(w, &offset, &length);
        memset(w->model + offset, 0x5a, length);
        snprintf(io, sizeof(io), "write -P 0x5a %llu %llu",
                 (unsigned long long)offset, (unsigned long long)length);
        if (shell(w, "qemu-io -f qcow2 %s -c '%s' >/dev/null", io)) {
            die(w, "qemu-io fails");
        }
    }
    reopen(w, true);
    verify(w);
}

static const struct {
    const char *name;
    void (*run)(struct world *w);
    unsigned weight;
} operations[] = {
    {"write", op_write, 40},       {"zero", op_zero, 12},
    {"discard", op_discard, 12},   {"compressed write", op_compressed, 8},
    {"flush", op_flush, 6},        {"snapshot", op_snapshot, 4},
    {"apply", op_apply, 3},        {"delete", op_delete, 4},
    {"resize", op_resize, 3},      {"verification", verify, 6},
    {"judgement", op_judge, 2},
};
#define WEIGHTS 100

static void one_operation(struct world *w, bool judge)
{
    uint64_t n = below(w, WEIGHTS);
    size_t i = 0;

    while (n >= operations[i].weight) {
        n -= operations[i++].weight;
    }
    if (judge || operations[i].run != op_judge) {
        w->last = operations[i].name;
        operations[i].run(w);
    }
}

static void clean_up(struct world *w)
{
    for (unsigned i = 0; i < w->snapshot_count; i++) {
        free(w->snapshots[i].model);
    }
    free(w->model);
    unlink(w->image);
    unlink(w->base);
    unlink(w->copy);
}

static void start(struct world *w, const char *directory, uint64_t seed)
{
    memset(w, 0, sizeof(*w));
    w->seed = seed;
    w->state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    snprintf(w->image, sizeof(w->image), "%s/r%llu.qcow2", directory,
             (unsigned long long)seed);
    snprintf(w->base, sizeof(w->base), "%s/r%llu.base", directory,
             (unsigned long long)seed);
    snprintf(w->copy, sizeof(w->copy), "%s/r%llu.raw", directory,
             (unsigned long long)seed);
    make(w);
}

static void run_seed(const char *directory, uint64_t seed)
{
    struct world w;

    start(&w, directory, seed);
    for (int i = 0; i < 100; i++) {
        one_operation(&w, true);
    }
    verify(&w);
    w.last = "the end";
    op_judge(&w);
    block_image_close(w.opened);
    clean_up(&w);
}

/* Killing --------------------------------------------------------------- */

/* Each cluster that the child writes holds the number of the round; a round
 * is over when its flush is.  Shared with the parent. */
struct progress {
    volatile uint64_t flushed; /* rounds */
};

static void child(struct world *w, struct progress *p)
{
    uint64_t slots = w->size / 512;
    uint8_t sector[512];
    struct iovec iov = {sector, sizeof(sector)};
    struct error *err = NULL;

    for (uint64_t round = 1;; round++) {
        /* The first half of the disk is for what is checked. */
        for (int i = 0; i < 8; i++) {
            uint64_t slot = (round * 8 + (unsigned)i) % (slots / 2);
            memset(sector, 0, sizeof(sector));
            memcpy(sector, &round, sizeof(round));
            must(w, qcow2_write(w->opened, &iov, 1, slot * 512, 512, false));
        }
        uint64_t high = slots / 2 + below(w, slots - slots / 2);
        uint64_t length = (1 + below(w, slots - high)) * 512;
        if (below(w, 2)) {
            must(w, qcow2_discard(w->opened, high * 512, length));
        } else {
            must(w, qcow2_write(w->opened, &iov, 1, high * 512, 512, false));
        }
        must(w, qcow2_flush(qcow2_of(w->opened)));
        p->flushed = round;
        if (round % 16 == 0) {
            must_be(w, qcow2_snapshot_create(qcow2_of(w->opened), "s", &err),
                    err);
        } else if (round % 16 == 8 &&
                   qcow2_of(w->opened)->snapshot_count) {
            must_be(w, qcow2_snapshot_delete(qcow2_of(w->opened), "s", &err),
                    err);
        }
    }
}

/* A slot's round is the last that wrote it, or a later one. */
static void check_slots(struct world *w, uint64_t flushed)
{
    uint64_t half = w->size / 512 / 2;

    for (uint64_t back = 0; back < flushed * 8 && back < half; back++) {
        uint64_t n = flushed * 8 + 7 - back, value, slot = n % half;
        uint8_t sector[512];
        struct iovec iov = {sector, sizeof(sector)};
        must(w, qcow2_read(w->opened, &iov, 1, slot * 512, 512));
        memcpy(&value, sector, sizeof(value));
        if (n / 8 && value < n / 8) {
            die(w, "flush %llu was acknowledged, but sector %llu is of round "
                "%llu", (unsigned long long)flushed,
                (unsigned long long)slot, (unsigned long long)value);
        }
    }
}

static void kill_seed(const char *directory, uint64_t seed)
{
    struct world w;
    struct progress *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    start(&w, directory, seed);
    while (w.size < 64 * 512) {
        clean_up(&w);
        seed += 1000003;
        start(&w, directory, seed);
    }
    block_image_close(w.opened);
    struct timespec pause = {0, (long)(1000000 + below(&w, 60000000))};
    pid_t pid = fork();
    if (pid == 0) {
        w.last = "kill (in the child)";
        reopen(&w, true);
        child(&w, p);
    }
    nanosleep(&pause, NULL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    w.last = "kill";
    int status = shell(&w, "qemu-img check -q -f qcow2 %s >&2", "");
    if (status != 0 && status != 3) {
        die(&w, "qemu-img check complains (%d)", status);
    }
    reopen(&w, true);
    check_slots(&w, p->flushed);
    must(&w, qcow2_flush(qcow2_of(w.opened)));
    block_image_close(w.opened);
    clean_up(&w);
    munmap(p, sizeof(*p));
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: qcow2_random DIRECTORY FIRST-SEED COUNT "
                        "[kill]\n");
        return 2;
    }
    uint64_t first = strtoull(argv[2], NULL, 0);
    uint64_t count = strtoull(argv[3], NULL, 0);
    for (uint64_t seed = first; seed < first + count; seed++) {
        (argc > 4 ? kill_seed : run_seed)(argv[1], seed);
    }
    printf("%llu seeds from %llu\n", (unsigned long long)count,
           (unsigned long long)first);
    return 0;
}
