/* block/: requests on raw images, engines, holes, snapshots, lost data, lists
 * of buffers. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block/engine.h"
#include "block/file.h"
#include "block/image.h"
#include "block/iov.h"
#include "tests/unit/block_rig.h"
#include "util/bits.h"

Suite *block_suite(void);

/* Reading and writing -------------------------------------------------- */

START_TEST(test_read_write)
{
    br_open((struct block_config){0}, _i);
    ck_assert_uint_eq(block_size(br.b), SIZE);
    ck_assert(!block_readonly(br.b) && block_write_cache(br.b));
    br_expect(0, SIZE, 0);
    ck_assert_int_eq(br_write(512, 1024, 7), 0);
    ck_assert_int_eq(br_write(SIZE - 512, 512, 9), 0);
    ck_assert_int_eq(br_range(BLOCK_FLUSH, 0, 0, 0), 0);
    br_expect(512, 1024, 7);
    br_expect(SIZE - 512, 512, 9);
    ck_assert_int_eq(br_io(BLOCK_READ, 0, NULL, 0), 0);
}
END_TEST

START_TEST(test_vectors)
{
    uint8_t a[300], c[212], d[512], back[1024];
    struct iovec out[3] = {{a, 300}, {c, 212}, {d, 512}};
    struct iovec in[2] = {{back, 1000}, {back + 1000, 24}};

    br_open((struct block_config){0}, _i);
    memset(a, 1, sizeof(a));
    memset(c, 2, sizeof(c));
    memset(d, 3, sizeof(d));
    ck_assert_int_eq(br_request((struct block_request){
        .op = BLOCK_WRITE, .offset = 4096, .length = 1024, .iov = out,
        .iov_count = 3, .flags = BLOCK_FUA}), 0);
    ck_assert_int_eq(br_request((struct block_request){
        .op = BLOCK_READ, .offset = 4096, .length = 1024, .iov = in,
        .iov_count = 2}), 0);
    ck_assert(!memcmp(back, a, 300) && !memcmp(back + 300, c, 212) &&
              !memcmp(back + 512, d, 512));
}
END_TEST

/* The file ends within the last sector; afterwards it has grown to it. */
START_TEST(test_odd_size)
{
    ck_assert_int_eq(truncate(br.path, 1000), 0);
    br_open((struct block_config){0}, _i);
    ck_assert_uint_eq(block_size(br.b), 1024);
    br_expect(512, 512, 0);
    ck_assert_int_eq(br_write(512, 512, 5), 0);
    br_expect(512, 512, 5);
    ck_assert_int_eq(truncate(br.path, 100), 0); /* behind our back */
    br_expect(512, 512, 0);
}
END_TEST

START_TEST(test_bounds)
{
    uint8_t buffer[1024];

    br_open((struct block_config){0}, _i);
    ck_assert_int_eq(br_io(BLOCK_READ, SIZE - 512, buffer, 1024), EINVAL);
    ck_assert_int_eq(br_io(BLOCK_WRITE, SIZE, buffer, 512), EINVAL);
    ck_assert_int_eq(br_io(BLOCK_READ, 100, buffer, 512), EINVAL);
    ck_assert_int_eq(br_io(BLOCK_READ, 0, buffer, 100), EINVAL);
    ck_assert_int_eq(br_range(BLOCK_ZERO, UINT64_MAX - 511, 1024, 0), EINVAL);
    ck_assert_int_eq(br_range(BLOCK_DISCARD, 0, SIZE + 512, 0), EINVAL);
}
END_TEST

START_TEST(test_caches)
{
    enum block_cache cache = (enum block_cache)(_i / 2);
    uint8_t *aligned = aligned_alloc(4096, 8192);

    br_open((struct block_config){.cache = cache}, _i % 2);
    memset(aligned, 4, 8192);
    ck_assert_int_eq(br_io(BLOCK_WRITE, 4096, aligned, 8192), 0);
    ck_assert_int_eq(br_write(4096 + 512, 512, 6), 0);
    ck_assert_int_eq(br_io(BLOCK_READ, 4096, aligned, 4096), 0);
    ck_assert_uint_eq(aligned[511], 4);
    ck_assert_uint_eq(aligned[512], 6);
    ck_assert_uint_eq(aligned[1024], 4);
    ck_assert_int_eq(br_range(BLOCK_FLUSH, 0, 0, 0), 0);
    ck_assert_int_eq(br_range(BLOCK_ZERO, 0, 512, BLOCK_FUA), 0);
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

    br_open((struct block_config){0}, _i);
    atomic_store(&completed, 0);
    for (unsigned i = 0; i < N; i++) {
        memset(buffers[i], (int)i, 512);
        iov[i] = (struct iovec){buffers[i], 512};
        reqs[i] = (struct block_request){
            .op = i % 50 == 49 ? BLOCK_FLUSH : BLOCK_WRITE,
            .offset = 512 * i, .length = 512, .iov = &iov[i],
            .iov_count = 1, .done = count_done};
        block_submit(br.b, &reqs[i]);
        if (i % 100 == 0) {
            block_unplug(br.b);
        }
    }
    block_drain(br.b);
    ck_assert_uint_eq(atomic_load(&completed), N);
    for (unsigned i = 0; i < N; i++) {
        br_expect(512 * i, 512, i % 50 == 49 ? 0 : (uint8_t)i);
    }
}
END_TEST

START_TEST(test_synchronous)
{
    uint8_t buffer[512] = {1, 2, 3};
    struct iovec iov = {buffer, 512};
    struct block_request req = {.op = BLOCK_WRITE, .offset = 1024,
                                .length = 512, .iov = &iov, .iov_count = 1};

    br_open((struct block_config){0}, 0);
    ck_assert_int_eq(block_run(br.b, &req), 0);
    memset(buffer, 0, 512);
    req.op = BLOCK_READ;
    ck_assert_int_eq(block_run(br.b, &req), 0);
    ck_assert_uint_eq(buffer[2], 3);
    req.offset = SIZE;
    ck_assert_int_eq(block_run(br.b, &req), EINVAL);
}
END_TEST

/* Zeroes and holes ----------------------------------------------------- */

START_TEST(test_zero_and_discard)
{
    br_open((struct block_config){0}, _i);
    ck_assert_int_eq(br_write(0, SIZE, 0xcc), 0);
    ck_assert_int_eq(br_range(BLOCK_FLUSH, 0, 0, 0), 0);
    uint64_t full = br_used();
    ck_assert_int_eq(br_range(BLOCK_ZERO, 0, SIZE / 4, 0), 0);
    br_expect(0, SIZE / 4, 0);
    ck_assert_int_eq(br_range(BLOCK_ZERO, SIZE / 4, SIZE / 4,
                           BLOCK_MAY_UNMAP), 0);
    br_expect(SIZE / 4, SIZE / 4, 0);
    br_expect(SIZE / 2, SIZE / 2, 0xcc);
    ck_assert_uint_le(br_used(), full - SIZE / 4 / 512);
    ck_assert_int_eq(br_range(BLOCK_DISCARD, SIZE / 2, SIZE / 2, 0), 0);
    ck_assert_uint_le(br_used(), full - SIZE * 3 / 4 / 512);
}
END_TEST

START_TEST(test_ignore_discard)
{
    br_open((struct block_config){.ignore_discard = true}, _i);
    ck_assert_int_eq(br_write(0, SIZE, 0xcc), 0);
    ck_assert_int_eq(br_range(BLOCK_FLUSH, 0, 0, 0), 0);
    uint64_t full = br_used();
    ck_assert_int_eq(br_range(BLOCK_DISCARD, 0, SIZE, 0), 0);
    br_expect(0, SIZE, 0xcc);
    ck_assert_int_eq(br_range(BLOCK_ZERO, 0, SIZE, BLOCK_MAY_UNMAP), 0);
    br_expect(0, SIZE, 0);
    ck_assert_uint_ge(br_used(), full);
}
END_TEST

START_TEST(test_detect_zeroes)
{
    br_open((struct block_config){.detect_zeroes = BLOCK_DETECT_UNMAP},
              _i);
    ck_assert_int_eq(br_write(0, SIZE, 0xcc), 0);
    ck_assert_int_eq(br_range(BLOCK_FLUSH, 0, 0, 0), 0);
    uint64_t full = br_used();
    ck_assert_int_eq(br_write(0, SIZE / 2, 0), 0);
    br_expect(0, SIZE / 2, 0);
    ck_assert_uint_le(br_used(), full - SIZE / 2 / 512);
}
END_TEST

/* A file system without fallocate() gets zeroes written. */
START_TEST(test_zero_fallback)
{
    struct block_file_config c = {.path = br.path};
    struct block_file *file = block_file_open(&c, &br.err);
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
    int fd = open(br.path, O_RDWR);

    for (unsigned i = 0; i < SIZE; i++) {
        model[i] = (uint8_t)(i / 512 * 7);
    }
    ck_assert_int_eq(pwrite(fd, model, SIZE, 0), SIZE);
    br_open((struct block_config){.snapshot = true}, _i);
    for (unsigned i = 0; i < 300; i++) {
        uint64_t at = (uint64_t)(rand_r(&seed) % (SIZE / 512)) * 512;
        uint64_t n = (1 + rand_r(&seed) % 40) * 512u;
        n = n < SIZE - at ? n : SIZE - at;
        bool zero = i % 5 == 4;
        memset(model + at, zero ? 0 : (int)i, n);
        ck_assert_int_eq(zero ? br_range(BLOCK_ZERO, at, n, BLOCK_MAY_UNMAP)
                              : br_write(at, n, (uint8_t)i), 0);
    }
    ck_assert_int_eq(br_range(BLOCK_FLUSH, 0, 0, 0), 0);
    ck_assert_int_eq(br_io(BLOCK_READ, 0, back, SIZE), 0);
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
    ck_assert_int_eq(truncate(br.path, 4096 * 3 + 1000), 0);
    ck_assert_int_eq(chmod(br.path, 0400), 0);
    br_open((struct block_config){.snapshot = true}, 0);
    ck_assert_uint_eq(block_size(br.b), 4096 * 3 + 1024);
    ck_assert_int_eq(br_write(4096 * 3 + 512, 512, 3), 0);
    br_expect(4096 * 3, 512, 0);
    br_expect(4096 * 3 + 512, 512, 3);
}
END_TEST

/* Failures ------------------------------------------------------------- */

/* After one failed flush no other may claim that the data are safe. */
START_TEST(test_lost_data)
{
    struct block_file_config c = {.path = br.path};
    struct block_file *file = block_file_open(&c, &br.err);

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
    struct block_config c = {.file = file, .aio = br_engines[engine]};
    br.b = block_open(&c, br.loop, &br.err);
    struct iovec iov = {calloc(1, SIZE), SIZE};
    memset(iov.iov_base, 1, SIZE);
    struct br_waiter w = {.req = {.op = BLOCK_WRITE, .length = SIZE,
                               .iov = &iov, .iov_count = 1,
                               .done = br_done}};
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.cond, NULL);
    block_submit(br.b, &w.req);
    block_drain(br.b);
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

    tcase_add_checked_fixture(t, br_setup, br_teardown);
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
    tcase_add_test(t, test_lost_data);
    tcase_add_loop_test(t, test_no_space, 0, 2);
    tcase_add_test(t, test_what_formats_see);
    tcase_add_test(t, test_iov);
    suite_add_tcase(s, t);
    return s;
}
