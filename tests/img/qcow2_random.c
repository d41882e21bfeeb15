/*
 * Random operations on a qcow2 image, against a plain copy in memory, with
 * qemu-img as the judge of every state on the disk.
 *
 *   qcow2_random DIRECTORY ARMATURE-IMG FIRST-SEED COUNT [kill]
 *
 * Each seed chooses the geometry, extended L2 entries, a data file, LUKS, a
 * dirty bitmap, a backing file and the operations; the seed of a failure is
 * printed.  With "kill" a child operates and is killed
 * at a random moment: the image must then check without corruption, and hold
 * what the child had flushed.
 */
#include "tests/img/qcow2_world.h"

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
    memset(w->touched + *offset, 1, *length);
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
    static uint8_t before[MAX_SIZE / 512];
    uint64_t offset, length;

    memcpy(before, w->touched, sizeof(before));
    range(w, &offset, &length);
    /* Less than a cluster is left alone, and so is the bitmap. */
    for (uint64_t i = offset / 512; i < (offset + length) / 512; i++) {
        w->touched[i] = before[i] == 1 ? 1 : 2;
    }
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
    memset(w->touched + offset / 512, 1, length / 512);
    fill_random(w, w->model + offset, length);
    w->compressed = true;
    must(w, qcow2_write_compressed(w->opened, w->model + offset, offset,
                                   length));
}

static void op_flush(struct world *w)
{
    must(w, qcow2_flush(qcow2_of(w->opened)));
}

/* The next one, under a name of its own. */
static void remember_snapshot(struct world *w)
{
    unsigned i = w->snapshot_count++;

    snprintf(w->snapshots[i].name, sizeof(w->snapshots[i].name), "s%u",
             w->names++);
    w->snapshots[i].model = malloc(MAX_SIZE);
    memcpy(w->snapshots[i].model, w->model, MAX_SIZE);
    w->snapshots[i].size = w->size;
}

static void op_snapshot(struct world *w)
{
    struct error *err = NULL;
    unsigned i = w->snapshot_count;

    if (i == MAX_SNAPSHOTS || w->options.data_file) {
        return;
    }
    remember_snapshot(w);
    must_be(w, qcow2_snapshot_create(qcow2_of(w->opened),
                                     w->snapshots[i].name, &err), err);
}

static void op_apply(struct world *w)
{
    struct error *err = NULL;

    if (!w->snapshot_count || w->bitmap) {
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

/* The bit of which a shrinking takes a part may be set for that part, which
 * is discarded. */
static void cut_bit(struct world *w, uint64_t size)
{
    uint64_t from = align_down(size, LARGEST_BIT) / 512;

    for (uint64_t i = from; i < size / 512; i++) {
        w->touched[i] = w->touched[i] ? w->touched[i] : 2;
    }
}

static void resized(struct world *w, uint64_t size)
{
    if (size < w->size) {
        cut_bit(w, size);
        memset(w->model + size, 0, w->size - size);
        memset(w->touched + size / 512, 0, (w->size - size) / 512);
    } else if (size > w->size) {
        memset(w->touched + w->size / 512, 2, (size - w->size) / 512);
    }
    w->size = size;
}

static void op_resize(struct world *w)
{
    struct error *err = NULL;
    uint64_t size = (1 + below(w, MAX_SIZE / 1024)) * 512;

    if (w->options.version == 2 && w->snapshot_count) {
        return;
    }
    must_be(w, qcow2_resize(w->opened, size, &err), err);
    resized(w, size);
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

/* A bit is set if and only if the guest touched what it stands for; what
 * came with another size (2) may be. */
static void verify_bitmap(struct world *w)
{
    struct qcow2 *q = qcow2_of(w->opened);
    struct qcow2_bitmap *b = qcow2_bitmap_find(q, "b");
    uint64_t sectors = w->size / 512;

    if (!w->bitmap) {
        return;
    }
    if (!b || b->inconsistent) {
        die(w, "the bitmap is %s", b ? "inconsistent" : "lost");
    }
    must(w, qcow2_bitmap_load(q, b));
    uint64_t per_bit = BIT(b->granularity_bits) / 512;
    for (uint64_t i = 0; i < sectors; i += per_bit) {
        uint64_t bit = i / per_bit;
        bool set = b->bits[bit / 8] & 1u << bit % 8, want = false, may = false;
        for (uint64_t j = i; j < i + per_bit && j < sectors; j++) {
            want |= w->touched[j] == 1;
            may |= w->touched[j];
        }
        if (set ? !may : want) {
            die(w, "bit %llu of the bitmap is %d", (unsigned long long)bit,
                set);
        }
    }
}

/* What QEMU does to it ---------------------------------------------------- */

static void theirs(struct world *w, const char *program, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));

/* A program of theirs on the image, which is closed. */
static void theirs(struct world *w, const char *program, const char *format,
                   ...)
{
    char more[256];
    va_list args;

    va_start(args, format);
    vsnprintf(more, sizeof(more), format, args);
    va_end(args);
    if (shell(w, program, more)) {
        die(w, "fails: %s ... %s", program, more);
    }
}

static void their_write(struct world *w)
{
    uint64_t offset, length;

    range(w, &offset, &length);
    memset(w->model + offset, 0x5a, length);
    theirs(w, "qemu-io", "-c 'write -P 0x5a %llu %llu' >/dev/null",
           (unsigned long long)offset, (unsigned long long)length);
}

static void their_zero(struct world *w)
{
    uint64_t offset, length;

    range(w, &offset, &length);
    memset(w->model + offset, 0, length);
    theirs(w, "qemu-io", "-c 'write -z %s %llu %llu' >/dev/null",
           below(w, 2) ? "-u" : "", (unsigned long long)offset,
           (unsigned long long)length);
}

/* Of snapshots, images of another size are left alone: qemu-img cannot. */
static void their_snapshot(struct world *w)
{
    unsigned i = w->snapshot_count;

    if (w->options.data_file) {
        return;
    }
    if (i && below(w, 2)) {
        i = (unsigned)below(w, i);
        theirs(w, "qemu-img snapshot", "-d %s", w->snapshots[i].name);
        free(w->snapshots[i].model);
        w->snapshots[i] = w->snapshots[--w->snapshot_count];
    } else if (i < MAX_SNAPSHOTS) {
        remember_snapshot(w);
        theirs(w, "qemu-img snapshot", "-c %s", w->snapshots[i].name);
    }
}

/* Not all that we can, QEMU can: what grows over a backing file it makes
 * zero, which it cannot do to a part of a compressed cluster. */
static void their_resize(struct world *w)
{
    uint64_t size = (1 + below(w, MAX_SIZE / 1024)) * 512;
    bool partly = w->options.extended_l2 && w->compressed && size > w->size;

    if (w->snapshot_count ||
        (w->base_size && (w->options.version == 2 || partly))) {
        return;
    }
    theirs(w, "qemu-img resize -q --shrink", "%llu",
           (unsigned long long)size);
    w->stale = size > w->size ? w->size : 0;
    resized(w, size);
}

/* When an image grows, QEMU shows again what the rest of its last cluster
 * had before it shrank; we do not. */
static void take_stale(struct world *w)
{
    uint64_t end = align_up(w->stale, w->options.cluster_size);
    uint64_t length = (end < w->size ? end : w->size) - w->stale;
    struct iovec iov = {w->model + w->stale, length};

    if (w->stale && length) {
        must(w, qcow2_read(w->opened, &iov, 1, w->stale, length));
    }
    w->stale = 0;
}

static void (*const their_operations[])(struct world *w) = {
    their_write, their_write, their_zero, their_snapshot, their_resize,
};

/* Closed, the image must please qemu-img; sometimes QEMU then works on it. */
static void op_judge(struct world *w)
{
    block_image_close(w->opened);
    write_file(w, w->copy, w->model, w->size);
    char copy[1024];
    snprintf(copy, sizeof(copy), "driver=raw,file.filename=%s >&2", w->copy);
    if (shell(w, "qemu-img check -q", ">&2")) {
        die(w, "qemu-img check complains");
    }
    if (shell(w, "qemu-img compare -q", copy)) {
        die(w, "qemu-img compare finds a difference");
    }
    if (w->options.data_file_raw) {
        snprintf(copy, sizeof(copy), "cmp -n %llu %s %s >&2",
                 (unsigned long long)w->size, w->data, w->copy);
        if (system(copy)) {
            die(w, "the data file is not the raw image");
        }
    }
    if (below(w, 2)) {
        their_operations[below(w, ARRAY_SIZE(their_operations))](w);
    }
    reopen(w, true);
    take_stale(w);
    verify(w);
    verify_bitmap(w);
}

/* Theirs or ours, into the backing file, which then is the disk.  What a
 * snapshot has from there would change. */
static void op_commit(struct world *w)
{
    char command[1024];

    if (!w->base_size || w->snapshot_count || w->bitmap) {
        return;
    }
    block_image_close(w->opened);
    snprintf(command, sizeof(command), "%s commit -q",
             below(w, 2) ? "qemu-img" : w->tool);
    if (shell(w, command, ">&2")) {
        die(w, "fails: %s", command);
    }
    write_file(w, w->copy, w->model, w->size);
    snprintf(command, sizeof(command), "cmp -n %llu %s %s >&2",
             (unsigned long long)w->size, w->base, w->copy);
    if (system(command)) {
        die(w, "the backing file does not have what was committed");
    }
    w->base_size = w->base_size < w->size ? w->size : w->base_size;
    reopen(w, true);
    verify(w);
}

static const struct {
    const char *name;
    void (*run)(struct world *w);
    unsigned weight;
} operations[] = {
    {"write", op_write, 39},       {"zero", op_zero, 12},
    {"discard", op_discard, 12},   {"compressed write", op_compressed, 8},
    {"flush", op_flush, 6},        {"snapshot", op_snapshot, 4},
    {"apply", op_apply, 3},        {"delete", op_delete, 4},
    {"resize", op_resize, 3},      {"verification", verify, 6},
    {"judgement", op_judge, 2},    {"commit", op_commit, 1},
};
#define WEIGHTS 100

static void one_operation(struct world *w)
{
    uint64_t n = below(w, WEIGHTS);
    size_t i = 0;

    while (n >= operations[i].weight) {
        n -= operations[i++].weight;
    }
    w->last = operations[i].name;
    operations[i].run(w);
}

static void clean_up(struct world *w)
{
    for (unsigned i = 0; i < w->snapshot_count; i++) {
        free(w->snapshots[i].model);
    }
    free(w->model);
    free(w->touched);
    secrets_free(w->secrets);
    unlink(w->data);
    unlink(w->image);
    unlink(w->base);
    unlink(w->copy);
}

static void start(struct world *w, const char *directory, const char *tool,
                  uint64_t seed)
{
    memset(w, 0, sizeof(*w));
    w->tool = tool;
    w->seed = seed;
    w->state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    snprintf(w->image, sizeof(w->image), "%s/r%llu.qcow2", directory,
             (unsigned long long)seed);
    snprintf(w->base, sizeof(w->base), "%s/r%llu.base", directory,
             (unsigned long long)seed);
    snprintf(w->copy, sizeof(w->copy), "%s/r%llu.raw", directory,
             (unsigned long long)seed);
    snprintf(w->data, sizeof(w->data), "%s/r%llu.data", directory,
             (unsigned long long)seed);
    make(w);
}

static void run_seed(const char *directory, const char *tool, uint64_t seed)
{
    struct world w;

    start(&w, directory, tool, seed);
    for (int i = 0; i < 100; i++) {
        one_operation(&w);
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
        if (w->options.data_file) {
            continue;
        }
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

static void kill_seed(const char *directory, const char *tool, uint64_t seed)
{
    struct world w;
    struct progress *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    start(&w, directory, tool, seed);
    while (w.size < 64 * 512) {
        clean_up(&w);
        seed += 1000003;
        start(&w, directory, tool, seed);
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
    int status = shell(&w, "qemu-img check -q", ">&2");
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
    if (argc < 5) {
        fprintf(stderr, "usage: qcow2_random DIRECTORY ARMATURE-IMG "
                        "FIRST-SEED COUNT [kill]\n");
        return 2;
    }
    uint64_t first = strtoull(argv[3], NULL, 0);
    uint64_t count = strtoull(argv[4], NULL, 0);
    for (uint64_t seed = first; seed < first + count; seed++) {
        (argc > 5 ? kill_seed : run_seed)(argv[1], argv[2], seed);
    }
    printf("%llu seeds from %llu\n", (unsigned long long)count,
           (unsigned long long)first);
    return 0;
}
