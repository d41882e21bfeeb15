/* block/: raw images, engines, snapshots, locks, holes, error policies. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block/block.h"
#include "block/engine.h"
#include "block/file.h"
#include "block/image.h"
#include "block/iov.h"
#include "util/bits.h"

Suite *block_suite(void);

#define SIZE (1 << 20)

static char path[64];
static struct loop *loop;
static pthread_t loop_thread;
static bool loop_runs;
static struct block_backend *b;
static struct error *err;

static void *run_loop(void *opaque)
{
    loop_run(opaque);
    return NULL;
}

static void make_file(uint64_t size)
{
    snprintf(path, sizeof(path), "/tmp/armature-block-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    close(fd);
}

static void setup(void)
{
    err = NULL;
    b = NULL;
    make_file(SIZE);
    loop = loop_new();
    loop_runs = false;
}

static void teardown(void)
{
    if (loop_runs) {
        loop_stop(loop, 0);
        pthread_join(loop_thread, NULL);
    }
    block_close(b);
    loop_free(loop);
    unlink(path);
    error_free(err);
}

static const enum block_aio engines[] = {
    BLOCK_AIO_THREADS, BLOCK_AIO_AUTO,
};

/* The loop runs from now on: images are opened before. */
static void open_with(struct block_config c, int engine)
{
    c.file = c.file ? c.file : path;
    c.aio = engines[engine];
    b = block_open(&c, loop, &err);
    ck_assert_msg(b != NULL, "%s", err ? err->message : "");
    loop_runs = pthread_create(&loop_thread, NULL, run_loop, loop) == 0;
}

/* One request at a time; returns its error. */
struct waiter {
    struct block_request req;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
    int error;
};

static void waiter_done(struct block_request *req, int error)
{
    struct waiter *w = container_of(req, struct waiter, req);

    pthread_mutex_lock(&w->lock);
    ck_assert(!w->done);
    w->done = true;
    w->error = error;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

static int do_request(struct block_request req)
{
    struct waiter w = {.req = req};

    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.cond, NULL);
    w.req.done = waiter_done;
    block_submit(b, &w.req);
    block_unplug(b);
    pthread_mutex_lock(&w.lock);
    while (!w.done) {
        pthread_cond_wait(&w.cond, &w.lock);
    }
    pthread_mutex_unlock(&w.lock);
    block_drain(b); /* nobody looks at w any more */
    return w.error;
}

static int io(enum block_op op, uint64_t offset, void *buffer,
              uint64_t length)
{
    struct iovec iov = {buffer, length};

    return do_request((struct block_request){
        .op = op, .offset = offset, .length = length, .iov = &iov,
        .iov_count = 1});
}

static int range(enum block_op op, uint64_t offset, uint64_t length,
                 unsigned flags)
{
    return do_request((struct block_request){
        .op = op, .offset = offset, .length = length, .flags = flags});
}

static int write_byte(uint64_t offset, uint64_t length, uint8_t value)
{
    uint8_t *buffer = malloc(length);

    memset(buffer, value, length);
    int error = io(BLOCK_WRITE, offset, buffer, length);
    free(buffer);
    return error;
}

static void expect(uint64_t offset, uint64_t length, uint8_t value)
{
    uint8_t *buffer = malloc(length);

    memset(buffer, ~value, length);
    ck_assert_int_eq(io(BLOCK_READ, offset, buffer, length), 0);
    ck_assert_uint_eq(buffer[0], value);
    ck_assert(!memcmp(buffer, buffer + 1, length - 1));
    free(buffer);
}

static uint64_t blocks_used(void)
{
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    return (uint64_t)st.st_blocks;
}

/* Reading and writing -------------------------------------------------- */

START_TEST(test_read_write)
{
    open_with((struct block_config){0}, _i);
    ck_assert_uint_eq(block_size(b), SIZE);
    ck_assert(!block_readonly(b) && block_write_cache(b));
    expect(0, SIZE, 0);
    ck_assert_int_eq(write_byte(512, 1024, 7), 0);
    ck_assert_int_eq(write_byte(SIZE - 512, 512, 9), 0);
    ck_assert_int_eq(range(BLOCK_FLUSH, 0, 0, 0), 0);
    expect(512, 1024, 7);
    expect(SIZE - 512, 512, 9);
    ck_assert_int_eq(io(BLOCK_READ, 0, NULL, 0), 0);
}
END_TEST

START_TEST(test_vectors)
{
    uint8_t a[300], c[212], d[512], back[1024];
    struct iovec out[3] = {{a, 300}, {c, 212}, {d, 512}};
    struct iovec in[2] = {{back, 1000}, {back + 1000, 24}};

    open_with((struct block_config){0}, _i);
    memset(a, 1, sizeof(a));
    memset(c, 2, sizeof(c));
    memset(d, 3, sizeof(d));
    ck_assert_int_eq(do_request((struct block_request){
        .op = BLOCK_WRITE, .offset = 4096, .length = 1024, .iov = out,
        .iov_count = 3, .flags = BLOCK_FUA}), 0);
    ck_assert_int_eq(do_request((struct block_request){
        .op = BLOCK_READ, .offset = 4096, .length = 1024, .iov = in,
        .iov_count = 2}), 0);
    ck_assert(!memcmp(back, a, 300) && !memcmp(back + 300, c, 212) &&
              !memcmp(back + 512, d, 512));
}
END_TEST

/* The file ends within the last sector; afterwards it has grown to it. */
START_TEST(test_odd_size)
{
    ck_assert_int_eq(truncate(path, 1000), 0);
    open_with((struct block_config){0}, _i);
    ck_assert_uint_eq(block_size(b), 1024);
    expect(512, 512, 0);
    ck_assert_int_eq(write_byte(512, 512, 5), 0);
    expect(512, 512, 5);
    ck_assert_int_eq(truncate(path, 100), 0); /* behind our back */
    expect(512, 512, 0);
}
END_TEST

START_TEST(test_bounds)
{
    uint8_t buffer[1024];

    open_with((struct block_config){0}, _i);
    ck_assert_int_eq(io(BLOCK_READ, SIZE - 512, buffer, 1024), EINVAL);
    ck_assert_int_eq(io(BLOCK_WRITE, SIZE, buffer, 512), EINVAL);
    ck_assert_int_eq(io(BLOCK_READ, 100, buffer, 512), EINVAL);
    ck_assert_int_eq(io(BLOCK_READ, 0, buffer, 100), EINVAL);
    ck_assert_int_eq(range(BLOCK_ZERO, UINT64_MAX - 511, 1024, 0), EINVAL);
    ck_assert_int_eq(range(BLOCK_DISCARD, 0, SIZE + 512, 0), EINVAL);
}
END_TEST

START_TEST(test_caches)
{
    enum block_cache cache = (enum block_cache)(_i / 2);
    uint8_t *aligned = aligned_alloc(4096, 8192);

    open_with((struct block_config){.cache = cache}, _i % 2);
    memset(aligned, 4, 8192);
    ck_assert_int_eq(io(BLOCK_WRITE, 4096, aligned, 8192), 0);
    ck_assert_int_eq(write_byte(4096 + 512, 512, 6), 0);
    ck_assert_int_eq(io(BLOCK_READ, 4096, aligned, 4096), 0);
    ck_assert_uint_eq(aligned[511], 4);
    ck_assert_uint_eq(aligned[512], 6);
    ck_assert_uint_eq(aligned[1024], 4);
    ck_assert_int_eq(range(BLOCK_FLUSH, 0, 0, 0), 0);
    ck_assert_int_eq(range(BLOCK_ZERO, 0, 512, BLOCK_FUA), 0);
    free(aligned);
}
END_TEST

/* Several threads, many requests, one at a time checked. */
static atomic_uint completed;

static void count_done(struct block_request *req, int error)
{
    (void)req;
    ck_assert_int_eq(error, 0);
    atomic_fetch_add(&completed, 1);
}

START_TEST(test_many)
{
    enum { N = 600 };
    static struct block_request reqs[N];
    static struct iovec iov[N];
    static uint8_t buffers[N][512];

    open_with((struct block_config){0}, _i);
    atomic_store(&completed, 0);
    for (unsigned i = 0; i < N; i++) {
        memset(buffers[i], (int)i, 512);
        iov[i] = (struct iovec){buffers[i], 512};
        reqs[i] = (struct block_request){
            .op = i % 50 == 49 ? BLOCK_FLUSH : BLOCK_WRITE,
            .offset = 512 * i, .length = 512, .iov = &iov[i],
            .iov_count = 1, .done = count_done};
        block_submit(b, &reqs[i]);
        if (i % 100 == 0) {
            block_unplug(b);
        }
    }
    block_drain(b);
    ck_assert_uint_eq(atomic_load(&completed), N);
    for (unsigned i = 0; i < N; i++) {
        expect(512 * i, 512, i % 50 == 49 ? 0 : (uint8_t)i);
    }
}
END_TEST

START_TEST(test_synchronous)
{
    uint8_t buffer[512] = {1, 2, 3};
    struct iovec iov = {buffer, 512};
    struct block_request req = {.op = BLOCK_WRITE, .offset = 1024,
                                .length = 512, .iov = &iov, .iov_count = 1};

    open_with((struct block_config){0}, 0);
    ck_assert_int_eq(block_run(b, &req), 0);
    memset(buffer, 0, 512);
    req.op = BLOCK_READ;
    ck_assert_int_eq(block_run(b, &req), 0);
    ck_assert_uint_eq(buffer[2], 3);
    req.offset = SIZE;
    ck_assert_int_eq(block_run(b, &req), EINVAL);
}
END_TEST

/* Zeroes and holes ----------------------------------------------------- */

START_TEST(test_zero_and_discard)
{
    open_with((struct block_config){0}, _i);
    ck_assert_int_eq(write_byte(0, SIZE, 0xcc), 0);
    ck_assert_int_eq(range(BLOCK_FLUSH, 0, 0, 0), 0);
    uint64_t full = blocks_used();
    ck_assert_int_eq(range(BLOCK_ZERO, 0, SIZE / 4, 0), 0);
    expect(0, SIZE / 4, 0);
    ck_assert_int_eq(range(BLOCK_ZERO, SIZE / 4, SIZE / 4,
                           BLOCK_MAY_UNMAP), 0);
    expect(SIZE / 4, SIZE / 4, 0);
    expect(SIZE / 2, SIZE / 2, 0xcc);
    ck_assert_uint_le(blocks_used(), full - SIZE / 4 / 512);
    ck_assert_int_eq(range(BLOCK_DISCARD, SIZE / 2, SIZE / 2, 0), 0);
    ck_assert_uint_le(blocks_used(), full - SIZE * 3 / 4 / 512);
}
END_TEST

START_TEST(test_ignore_discard)
{
    open_with((struct block_config){.ignore_discard = true}, _i);
    ck_assert_int_eq(write_byte(0, SIZE, 0xcc), 0);
    ck_assert_int_eq(range(BLOCK_FLUSH, 0, 0, 0), 0);
    uint64_t full = blocks_used();
    ck_assert_int_eq(range(BLOCK_DISCARD, 0, SIZE, 0), 0);
    expect(0, SIZE, 0xcc);
    ck_assert_int_eq(range(BLOCK_ZERO, 0, SIZE, BLOCK_MAY_UNMAP), 0);
    expect(0, SIZE, 0);
    ck_assert_uint_ge(blocks_used(), full);
}
END_TEST

START_TEST(test_detect_zeroes)
{
    open_with((struct block_config){.detect_zeroes = BLOCK_DETECT_UNMAP},
              _i);
    ck_assert_int_eq(write_byte(0, SIZE, 0xcc), 0);
    ck_assert_int_eq(range(BLOCK_FLUSH, 0, 0, 0), 0);
    uint64_t full = blocks_used();
    ck_assert_int_eq(write_byte(0, SIZE / 2, 0), 0);
    expect(0, SIZE / 2, 0);
    ck_assert_uint_le(blocks_used(), full - SIZE / 2 / 512);
}
END_TEST

/* A file system without fallocate() gets zeroes written. */
START_TEST(test_zero_fallback)
{
    struct block_file_config c = {.path = path};
    struct block_file *file = block_file_open(&c, &err);
    uint8_t buffer[4096];
    struct iovec iov = {buffer, sizeof(buffer)};

    ck_assert_ptr_nonnull(file);
    memset(buffer, 1, sizeof(buffer));
    ck_assert_int_eq(block_file_write(file, &iov, 1, 65536, false), 0);
    file->no_punch = true;
    file->no_zero_range = true;
    ck_assert_int_eq(block_file_discard(file, 65536, 4096), 0);
    ck_assert_int_eq(block_file_read(file, &iov, 1, 65536), 0);
    ck_assert_uint_eq(buffer[0], 1);
    ck_assert_int_eq(block_file_zero(file, 512, 200000, true), 0);
    ck_assert_int_eq(block_file_read(file, &iov, 1, 65536), 0);
    ck_assert(iov_is_zero(&iov, 1));
    block_file_close(file);
}
END_TEST

/* Snapshot ------------------------------------------------------------- */

START_TEST(test_snapshot)
{
    static uint8_t model[SIZE], back[SIZE];
    unsigned seed = 1;
    int fd = open(path, O_RDWR);

    for (unsigned i = 0; i < SIZE; i++) {
        model[i] = (uint8_t)(i / 512 * 7);
    }
    ck_assert_int_eq(pwrite(fd, model, SIZE, 0), SIZE);
    open_with((struct block_config){.snapshot = true}, _i);
    ck_assert_str_eq(block_engine_name(b), "threads");
    for (unsigned i = 0; i < 300; i++) {
        uint64_t at = (uint64_t)(rand_r(&seed) % (SIZE / 512)) * 512;
        uint64_t n = (1 + rand_r(&seed) % 40) * 512u;
        n = n < SIZE - at ? n : SIZE - at;
        bool zero = i % 5 == 4;
        memset(model + at, zero ? 0 : (int)i, n);
        ck_assert_int_eq(zero ? range(BLOCK_ZERO, at, n, BLOCK_MAY_UNMAP)
                              : write_byte(at, n, (uint8_t)i), 0);
    }
    ck_assert_int_eq(range(BLOCK_FLUSH, 0, 0, 0), 0);
    ck_assert_int_eq(io(BLOCK_READ, 0, back, SIZE), 0);
    ck_assert(!memcmp(model, back, SIZE));
    ck_assert_int_eq(pread(fd, back, SIZE, 0), SIZE);
    for (unsigned i = 0; i < SIZE; i += 512) {
        ck_assert_uint_eq(back[i], (uint8_t)(i / 512 * 7));
    }
    close(fd);
}
END_TEST

START_TEST(test_snapshot_odd_size)
{
    ck_assert_int_eq(truncate(path, 4096 * 3 + 1000), 0);
    ck_assert_int_eq(chmod(path, 0400), 0);
    open_with((struct block_config){.snapshot = true}, 0);
    ck_assert_uint_eq(block_size(b), 4096 * 3 + 1024);
    ck_assert_int_eq(write_byte(4096 * 3 + 512, 512, 3), 0);
    expect(4096 * 3, 512, 0);
    expect(4096 * 3 + 512, 512, 3);
}
END_TEST

/* Opening -------------------------------------------------------------- */

static void expect_refusal(struct block_config c, const char *words)
{
    c.file = c.file ? c.file : path;
    struct block_backend *refused = block_open(&c, loop, &err);
    ck_assert_ptr_null(refused);
    ck_assert_ptr_nonnull(err);
    ck_assert_msg(strstr(err->message, words) != NULL, "%s", err->message);
    error_free(err);
    err = NULL;
}

START_TEST(test_refusals)
{
    expect_refusal((struct block_config){.file = "/tmp/armature-not-there"},
                   "create it with");
    expect_refusal((struct block_config){.file = "/tmp"}, "directory");
    expect_refusal((struct block_config){.file = "/dev/null"},
                   "block device");
    expect_refusal((struct block_config){.file = "/dev/null",
                                         .read_only = true},
                   "block device");
    expect_refusal((struct block_config){.format = "floppy"}, "floppy");
}
END_TEST

/* What aio= says is about speed: a format's code runs in our threads. */
START_TEST(test_engine_of_format)
{
    struct block_config c = {.file = path, .snapshot = true,
                             .aio = BLOCK_AIO_IO_URING};

    b = block_open(&c, loop, &err);
    ck_assert_msg(b != NULL, "%s", err ? err->message : "");
    ck_assert_str_eq(block_engine_name(b), "threads");
    ck_assert_int_eq(write_byte(0, 512, 8), 0);
    expect(0, 512, 8);
}
END_TEST

START_TEST(test_open_descriptor)
{
    char name[32];
    int fd = open(path, O_RDWR);

    snprintf(name, sizeof(name), "/dev/fd/%d", fd);
    open_with((struct block_config){.file = name}, _i);
    ck_assert_int_eq(write_byte(0, 512, 8), 0);
    expect(0, 512, 8);
    close(fd);
}
END_TEST

START_TEST(test_read_only)
{
    open_with((struct block_config){.read_only = true}, _i);
    ck_assert(block_readonly(b));
    expect(0, 4096, 0);
    ck_assert_int_eq(write_byte(0, 512, 1), EROFS);
    ck_assert_int_eq(range(BLOCK_ZERO, 0, 512, 0), EROFS);
    ck_assert_int_eq(range(BLOCK_FLUSH, 0, 0, 0), 0);
}
END_TEST

/* Locks work between descriptors, so one process is enough to see them. */
START_TEST(test_locks)
{
    struct block_config rw = {.file = path};
    struct block_config ro = {.file = path, .read_only = true};
    struct block_config shared = {.file = path, .share_rw = true};
    struct block_config any = {.file = path, .no_lock = true};
    struct block_config snapshot = {.file = path, .snapshot = true};

    b = block_open(&rw, loop, &err);
    ck_assert_ptr_nonnull(b);
    expect_refusal(rw, "Failed to get \"write\" lock");
    expect_refusal(ro, "Failed to get shared \"write\" lock");
    expect_refusal(snapshot, "Is another process using the image");
    expect_refusal(shared, "\"write\" lock");
    struct block_backend *other = block_open(&any, loop, &err);
    ck_assert_ptr_nonnull(other);
    block_close(other);
    block_close(b);

    b = block_open(&ro, loop, &err);
    other = block_open(&ro, loop, &err);
    ck_assert(b && other);
    expect_refusal(rw, "\"write\" lock");
    block_close(other);
    other = block_open(&snapshot, loop, &err);
    ck_assert_ptr_nonnull(other);
    block_close(other);
    block_close(b);

    b = block_open(&shared, loop, &err);
    other = block_open(&shared, loop, &err);
    ck_assert(b && other);
    block_close(other);
}
END_TEST

/* The bytes that QEMU's tools look at. */
START_TEST(test_lock_bytes)
{
    static const struct {
        off_t byte;
        bool held;
    } rows[] = {{100, true}, {101, true}, {200, false}, {201, true},
                {203, false}};

    open_with((struct block_config){0}, 0);
    int fd = open(path, O_RDWR);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct flock lock = {.l_type = F_WRLCK, .l_start = rows[i].byte,
                             .l_len = 1};
        ck_assert_int_eq(fcntl(fd, F_OFD_GETLK, &lock), 0);
        ck_assert_int_eq(lock.l_type != F_UNLCK, rows[i].held);
    }
    close(fd);
}
END_TEST

/* Failures ------------------------------------------------------------- */

/* After one failed flush no other may claim that the data are safe. */
START_TEST(test_lost_data)
{
    struct block_file_config c = {.path = path};
    struct block_file *file = block_file_open(&c, &err);

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(block_file_flush(file), 0);
    ck_assert_int_eq(block_file_flushed(file, EIO), EIO);
    ck_assert_int_eq(block_file_flush(file), EIO);
    block_file_close(file);
}
END_TEST

/* A file system of 64 KiB, in a namespace of its own; false: not allowed. */
static bool mount_small(const char *directory)
{
    return unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("small", directory, "tmpfs", 0, "size=64k") == 0;
}

static int fill_small(const char *directory, int engine)
{
    char file[80];

    if (!mount_small(directory)) {
        return 77;
    }
    snprintf(file, sizeof(file), "%s/disk", directory);
    int fd = open(file, O_CREAT | O_RDWR, 0600);
    if (fd < 0 || ftruncate(fd, SIZE)) {
        return 1;
    }
    struct block_config c = {.file = file, .aio = engines[engine]};
    b = block_open(&c, loop, &err);
    struct iovec iov = {calloc(1, SIZE), SIZE};
    memset(iov.iov_base, 1, SIZE);
    struct waiter w = {.req = {.op = BLOCK_WRITE, .length = SIZE,
                               .iov = &iov, .iov_count = 1,
                               .done = waiter_done}};
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.cond, NULL);
    block_submit(b, &w.req);
    block_drain(b);
    return w.done && w.error == ENOSPC ? 0 : 1;
}

START_TEST(test_no_space)
{
    char directory[64] = "/tmp/armature-small-XXXXXX";
    int status;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    pid_t child = fork();
    if (child == 0) {
        _exit(fill_small(directory, _i));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    rmdir(directory);
    ck_assert(WIFEXITED(status));
    ck_assert_msg(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77,
                  "status %d", WEXITSTATUS(status));
}
END_TEST

/* A format that does as it is told and writes down what that was. */
struct fake {
    struct block_image image;
    int error;
    char log[64];
};

static void note(struct block_image *image, char what)
{
    struct fake *f = container_of(image, struct fake, image);

    f->log[strlen(f->log)] = what;
}

static int fake_result(struct block_image *image)
{
    return container_of(image, struct fake, image)->error;
}

static int fake_write(struct block_image *image, const struct iovec *iov,
                      unsigned count, uint64_t offset, uint64_t length,
                      bool sync)
{
    (void)iov;
    (void)count;
    (void)offset;
    (void)length;
    note(image, sync ? 'W' : 'w');
    return fake_result(image);
}

static int fake_flush(struct block_image *image)
{
    note(image, 'f');
    return fake_result(image);
}

static int fake_discard(struct block_image *image, uint64_t offset,
                        uint64_t length)
{
    (void)offset;
    (void)length;
    note(image, 'd');
    return fake_result(image);
}

static int fake_zero(struct block_image *image, uint64_t offset,
                     uint64_t length, bool unmap)
{
    (void)offset;
    (void)length;
    note(image, unmap ? 'u' : 'z');
    return fake_result(image);
}

static const struct block_image_ops fake_ops = {
    .write = fake_write, .flush = fake_flush, .discard = fake_discard,
    .zero = fake_zero,
};

/* What must not get into the first sector of a raw image that nobody called
 * raw, and a first sector that may. */
static const struct {
    char head[40];
    int error;
} heads[] = {
    {"QFI\xfb\0\0\0\3", EPERM},
    {"KDMV", EPERM},
    {"COWD", EPERM},
    {"# Disk DescriptorFile\n", EPERM},
    {"# anything\n \r\nversion=1\n", EPERM},
    {"conectix", EPERM},
    {"vhdxfile", EPERM},
    {"LUKS\xba\xbe", EPERM},
    {"Bochs Virtual HD Image", EPERM},
    {"#!/bin/sh\n#V2.0 Format\nmodprobe cloop", EPERM},
    {"\353\x63\x90 a boot sector", 0},
    {"#!/bin/sh\necho version=1\n", 0},
    {"version of a file", 0},
};

static void fill_head(uint8_t *sector, int number)
{
    memset(sector, 0x55, BLOCK_SECTOR);
    memcpy(sector, heads[number].head, 40);
}

START_TEST(test_disguise)
{
    uint8_t sectors[3 * BLOCK_SECTOR], back[sizeof(sectors)];
    struct iovec pieces[BLOCK_MAX_IOV];
    struct block_request req = {.op = BLOCK_WRITE, .iov = pieces,
                                .iov_count = BLOCK_MAX_IOV,
                                .length = sizeof(sectors)};

    open_with((struct block_config){0}, _i % 2);
    memset(sectors, 0x55, sizeof(sectors));
    fill_head(sectors, _i / 2);
    for (unsigned i = 0; i < BLOCK_MAX_IOV; i++) {
        bool last = i == BLOCK_MAX_IOV - 1;
        pieces[i] = (struct iovec){sectors + i,
                                   last ? sizeof(sectors) - i : 1};
    }
    int expected = heads[_i / 2].error;
    ck_assert_int_eq(do_request(req), expected);
    ck_assert_int_eq(block_run(b, &req), expected);
    ck_assert_int_eq(io(BLOCK_WRITE, 0, sectors, sizeof(sectors)), expected);
    ck_assert_int_eq(io(BLOCK_READ, 0, back, sizeof(back)), 0);
    ck_assert_int_eq(memcmp(back, sectors, sizeof(back)) == 0, !expected);
    ck_assert_int_eq(io(BLOCK_WRITE, BLOCK_SECTOR, sectors, BLOCK_SECTOR), 0);
}
END_TEST

/* The guest changes its mind after the look. */
START_TEST(test_disguise_late)
{
    uint8_t sector[BLOCK_SECTOR] = {1}, back[BLOCK_SECTOR];
    struct iovec iov = {sector, sizeof(sector)};
    struct waiter w = {.req = {.op = BLOCK_WRITE, .iov = &iov, .iov_count = 1,
                               .length = sizeof(sector),
                               .done = waiter_done}};

    open_with((struct block_config){0}, _i);
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.cond, NULL);
    block_submit(b, &w.req);
    memcpy(sector, "QFI\xfb\0\0\0\3", 8);
    block_unplug(b);
    block_drain(b);
    ck_assert(w.done);
    ck_assert_int_eq(w.error, 0);
    ck_assert_int_eq(io(BLOCK_READ, 0, back, sizeof(back)), 0);
    ck_assert_mem_ne(back, "QFI\xfb", 4);
}
END_TEST

START_TEST(test_disguise_allowed)
{
    uint8_t sector[BLOCK_SECTOR];

    open_with((struct block_config){.format = "raw"}, 0);
    fill_head(sector, _i);
    ck_assert_int_eq(io(BLOCK_WRITE, 0, sector, sizeof(sector)), 0);
}
END_TEST

START_TEST(test_what_formats_see)
{
    static const struct {
        struct block_request req;
        const char *log;
    } rows[] = {
        {{.op = BLOCK_WRITE}, "w"},
        {{.op = BLOCK_WRITE, .flags = BLOCK_FUA}, "W"},
        {{.op = BLOCK_FLUSH}, "f"},
        {{.op = BLOCK_DISCARD}, "d"},
        {{.op = BLOCK_DISCARD, .flags = BLOCK_FUA}, "df"},
        {{.op = BLOCK_ZERO}, "z"},
        {{.op = BLOCK_ZERO, .flags = BLOCK_MAY_UNMAP | BLOCK_FUA}, "uf"},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct fake f = {.image.ops = &fake_ops};
        struct block_request req = rows[i].req;
        ck_assert_int_eq(block_image_run(&f.image, &req), 0);
        ck_assert_str_eq(f.log, rows[i].log);
    }
    struct fake f = {.image.ops = &fake_ops, .error = EIO};
    struct block_request req = {.op = BLOCK_ZERO, .flags = BLOCK_FUA};
    ck_assert_int_eq(block_image_run(&f.image, &req), EIO);
    ck_assert_str_eq(f.log, "z");
}
END_TEST

/* Buffer lists --------------------------------------------------------- */

START_TEST(test_iov)
{
    uint8_t bytes[100];
    struct iovec iov[3] = {{bytes, 10}, {bytes + 10, 0}, {bytes + 20, 30}};
    struct iovec out[3];

    ck_assert_uint_eq(iov_length(iov, 3), 40);
    ck_assert_uint_eq(iov_slice(out, iov, 3, 5, 10), 2);
    ck_assert_ptr_eq(out[0].iov_base, bytes + 5);
    ck_assert_uint_eq(out[0].iov_len, 5);
    ck_assert_ptr_eq(out[1].iov_base, bytes + 20);
    ck_assert_uint_eq(out[1].iov_len, 5);
    ck_assert_uint_eq(iov_slice(out, iov, 3, 40, 10), 0);
    ck_assert_uint_eq(iov_slice(out, iov, 3, 0, 40), 2);
    memset(bytes, 1, sizeof(bytes));
    iov_zero(iov, 3, 8, 5);
    ck_assert_uint_eq(bytes[7], 1);
    ck_assert_uint_eq(bytes[9], 0);
    ck_assert_uint_eq(bytes[10], 1);
    ck_assert_uint_eq(bytes[22], 0);
    ck_assert_uint_eq(bytes[23], 1);
    ck_assert(!iov_is_zero(iov, 3));
    iov_zero(iov, 3, 0, 40);
    ck_assert(iov_is_zero(iov, 3));
    bytes[49] = 1;
    ck_assert(!iov_is_zero(iov, 3));
}
END_TEST

Suite *block_suite(void)
{
    Suite *s = suite_create("block");
    TCase *t = tcase_create("block");

    /* Loop index, or its low bit: the engine. */
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, test_read_write, 0, 2);
    tcase_add_loop_test(t, test_vectors, 0, 2);
    tcase_add_loop_test(t, test_odd_size, 0, 2);
    tcase_add_loop_test(t, test_bounds, 0, 2);
    tcase_add_loop_test(t, test_caches, 0, 10);
    tcase_add_loop_test(t, test_many, 0, 2);
    tcase_add_test(t, test_synchronous);
    tcase_add_loop_test(t, test_zero_and_discard, 0, 2);
    tcase_add_loop_test(t, test_ignore_discard, 0, 2);
    tcase_add_loop_test(t, test_detect_zeroes, 0, 2);
    tcase_add_test(t, test_zero_fallback);
    tcase_add_loop_test(t, test_snapshot, 0, 2);
    tcase_add_test(t, test_snapshot_odd_size);
    tcase_add_test(t, test_refusals);
    tcase_add_test(t, test_engine_of_format);
    tcase_add_loop_test(t, test_open_descriptor, 0, 2);
    tcase_add_loop_test(t, test_read_only, 0, 2);
    tcase_add_test(t, test_locks);
    tcase_add_test(t, test_lock_bytes);
    tcase_add_test(t, test_lost_data);
    tcase_add_loop_test(t, test_no_space, 0, 2);
    tcase_add_loop_test(t, test_disguise, 0, 2 * ARRAY_SIZE(heads));
    tcase_add_loop_test(t, test_disguise_late, 0, 2);
    tcase_add_loop_test(t, test_disguise_allowed, 0, ARRAY_SIZE(heads));
    tcase_add_test(t, test_what_formats_see);
    tcase_add_test(t, test_iov);
    suite_add_tcase(s, t);
    return s;
}
