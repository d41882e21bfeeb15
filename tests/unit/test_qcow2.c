/* block/qcow2: through the block layer, concurrently, and hostile images. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "block/qcow2.h"
#include "tests/unit/block_job.h"
#include "util/bits.h"

Suite *qcow2_suite(void);

#define SIZE (4u << 20)
#define CLUSTER 4096

static char path[64], base[64];
static struct loop *loop;
static struct error *err;

static void name_file(char *name, size_t room)
{
    snprintf(name, room, "/tmp/armature-qcow2-XXXXXX");
    close(mkstemp(name));
}

static void make(const char *file, uint64_t size)
{
    struct block_file_config config = {.path = file};
    struct block_config open = {.file = file, .format = "qcow2"};
    struct block_opening how = {.config = &open};
    struct qcow2_options o = qcow2_defaults;

    o.cluster_size = CLUSTER;
    struct block_file *f = block_file_open(&config, &err);
    ck_assert_ptr_nonnull(f);
    ck_assert(qcow2_create(f, &o, &err));
    block_file_close(f);
    struct block_image *image = block_image_open_as(&how, &err);
    ck_assert_ptr_nonnull(image);
    ck_assert(qcow2_resize(image, size, &err));
    block_image_close(image);
}

static void setup(void)
{
    err = NULL;
    loop = loop_new();
    name_file(path, sizeof(path));
    name_file(base, sizeof(base));
    make(path, SIZE);
}

static void teardown(void)
{
    loop_free(loop);
    unlink(path);
    unlink(base);
    error_free(err);
}

/* Opened for check: as it is, no backing file. */
static struct qcow2 *open_raw(bool writable)
{
    struct block_config config = {
        .file = path, .format = "qcow2", .read_only = !writable,
        .cache = BLOCK_CACHE_UNSAFE,
    };
    struct block_opening how = {
        .config = &config, .no_backing = true, .checking = true,
    };
    struct error *ignored = NULL;
    struct block_image *image = block_image_open_as(&how, &ignored);

    error_free(ignored);
    return image ? qcow2_of(image) : NULL;
}

static void expect_clean(void)
{
    struct qcow2_check check = {0};
    struct qcow2 *q = open_raw(false);

    ck_assert_ptr_nonnull(q);
    ck_assert(qcow2_check(q, &check, &err));
    ck_assert_uint_eq(check.corruptions, 0);
    ck_assert_uint_eq(check.leaks, 0);
    ck_assert_uint_eq(check.errors, 0);
    block_image_close(&q->image);
}

static int run(struct block_backend *b, enum block_op op, void *data,
               uint64_t offset, uint64_t length)
{
    struct iovec iov = {data, length};
    struct block_request req = {
        .op = op, .offset = offset, .length = length, .iov = &iov,
        .iov_count = 1,
    };
    return block_run(b, &req);
}

/* Many requests at once ------------------------------------------------- */

/* By turns: both engines, through the page cache and past it. */
static struct block_config config_of(int turn)
{
    return (struct block_config){
        .file = path,
        .cache = turn & 2 ? BLOCK_CACHE_NONE : BLOCK_CACHE_UNSAFE,
        .aio = turn & 1 ? BLOCK_AIO_AUTO : BLOCK_AIO_THREADS,
    };
}

/* Every sector is written by its own request, in a random order, so that
 * many first writes meet in one cluster; discards and flushes between. */
START_TEST(test_concurrent)
{
    struct block_config config = config_of(_i);
    struct block_backend *b = block_open(&config, loop, &err);
    unsigned n = SIZE / 512;
    struct job *jobs = calloc(n, sizeof(*jobs));
    uint8_t *data = malloc(SIZE), *back = malloc(SIZE);

    ck_assert_msg(b != NULL, "%s", err ? err->message : "");
    srand((unsigned)_i);
    for (unsigned i = 0; i < SIZE; i++) {
        data[i] = (uint8_t)(i / 512 * 7 + i);
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned j = i * 5 % n; /* coprime: every sector once */
        struct job *job = &jobs[i];
        job->iov = (struct iovec){data + j * 512, 512};
        job->req = (struct block_request){
            .op = BLOCK_WRITE, .offset = j * 512ull, .length = 512,
            .iov = &job->iov, .iov_count = 1, .done = job_done,
        };
        job->error = -1;
        block_submit(b, &job->req);
        if (rand() % 64 == 0) {
            block_unplug(b);
        }
    }
    block_unplug(b);
    block_drain(b);
    for (unsigned i = 0; i < n; i++) {
        ck_assert_int_eq(jobs[i].error, 0);
    }
    ck_assert_int_eq(run(b, BLOCK_READ, back, 0, SIZE), 0);
    ck_assert_mem_eq(data, back, SIZE);
    ck_assert_int_eq(run(b, BLOCK_DISCARD, NULL, 0, SIZE / 2), 0);
    ck_assert_int_eq(run(b, BLOCK_FLUSH, NULL, 0, 0), 0);
    ck_assert_int_eq(run(b, BLOCK_READ, back, 0, SIZE), 0);
    memset(data, 0, SIZE / 2);
    ck_assert_mem_eq(data, back, SIZE);
    block_close(b);
    expect_clean();
    free(jobs);
    free(data);
    free(back);
}
END_TEST

/* Discards and writes of the same clusters race: clusters change hands, but
 * no sector may hold what was never written to it. */
START_TEST(test_races)
{
    struct block_config config = config_of(_i);
    struct block_backend *b = block_open(&config, loop, &err);
    enum { N = 2000, SPAN = 16 * CLUSTER };
    struct job *jobs = calloc(N, sizeof(*jobs));
    uint32_t (*data)[128] = calloc(N, sizeof(*data));
    uint32_t back[128];

    ck_assert_ptr_nonnull(b);
    srand((unsigned)_i + 100);
    for (unsigned i = 0; i < N; i++) {
        uint32_t sector = (uint32_t)rand() % (SPAN / 512);
        struct job *job = &jobs[i];
        for (unsigned k = 0; k < 128; k++) {
            data[i][k] = sector + 1;
        }
        job->iov = (struct iovec){data[i], 512};
        job->req = (struct block_request){
            .op = BLOCK_WRITE, .offset = sector * 512ull, .length = 512,
            .iov = &job->iov, .iov_count = 1, .done = job_done,
        };
        if (i % 5 == 0) {
            job->req.op = BLOCK_DISCARD;
            job->req.offset = align_down(sector * 512, CLUSTER);
            job->req.length = CLUSTER;
        } else if (i % 50 == 1) {
            job->req.op = BLOCK_FLUSH;
        }
        block_submit(b, &job->req);
    }
    block_unplug(b);
    block_drain(b);
    for (unsigned s = 0; s < SPAN / 512; s++) {
        ck_assert_int_eq(run(b, BLOCK_READ, back, s * 512, 512), 0);
        for (unsigned k = 0; k < 128; k++) {
            ck_assert(back[k] == 0 || back[k] == s + 1);
        }
    }
    block_close(b);
    expect_clean();
    free(jobs);
    free(data);
}
END_TEST

/* Formats --------------------------------------------------------------- */

/* A guest that writes a qcow2 header into a disk nobody called raw. */
START_TEST(test_disguise)
{
    uint8_t sector[512] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3};
    struct block_config config = {.file = base};

    ck_assert_int_eq(truncate(base, 1 << 20), 0);
    struct block_backend *b = block_open(&config, loop, &err);
    ck_assert_ptr_nonnull(b);
    ck_assert_int_eq(run(b, BLOCK_WRITE, sector, 0, 512), EPERM);
    memcpy(sector, "KDMV", 4);
    ck_assert_int_eq(run(b, BLOCK_WRITE, sector, 0, 512), EPERM);
    memcpy(sector, "boot", 4);
    ck_assert_int_eq(run(b, BLOCK_WRITE, sector, 0, 512), 0);
    block_close(b);
    config.format = "raw";
    memcpy(sector, "QFI\xfb", 4);
    b = block_open(&config, loop, &err);
    ck_assert_int_eq(run(b, BLOCK_WRITE, sector, 0, 512), 0);
    block_close(b);
}
END_TEST

/* snapshot=on above qcow2 above raw. */
START_TEST(test_layers)
{
    uint8_t data[CLUSTER], back[CLUSTER];
    struct block_config config = {.file = path, .snapshot = true};
    FILE *f = fopen(base, "w");

    memset(data, 0x11, sizeof(data));
    ck_assert_uint_eq(fwrite(data, 1, 512 * 5, f), 512 * 5);
    fclose(f);
    struct qcow2 *q = open_raw(true);
    ck_assert(qcow2_header_rebase(q, base, "raw", &err));
    block_image_close(&q->image);

    struct block_backend *b = block_open(&config, loop, &err);
    ck_assert_msg(b != NULL, "%s", err ? err->message : "");
    ck_assert_int_eq(run(b, BLOCK_READ, back, 0, CLUSTER), 0);
    memset(data + 512 * 5, 0, CLUSTER - 512 * 5);
    ck_assert_mem_eq(data, back, CLUSTER);
    memset(data, 0x22, sizeof(data));
    ck_assert_int_eq(run(b, BLOCK_WRITE, data, 512, 512), 0);
    ck_assert_int_eq(run(b, BLOCK_READ, back, 0, CLUSTER), 0);
    ck_assert_mem_eq(back + 512, data, 512);
    ck_assert_uint_eq(back[1024], 0x11);
    block_close(b);

    config.snapshot = false;
    b = block_open(&config, loop, &err);
    ck_assert_int_eq(run(b, BLOCK_READ, back, 0, CLUSTER), 0);
    ck_assert_uint_eq(back[512], 0x11);
    ck_assert_int_eq(run(b, BLOCK_WRITE, data, 512, 512), 0);
    ck_assert_int_eq(run(b, BLOCK_READ, back, 0, CLUSTER), 0);
    ck_assert_uint_eq(back[511], 0x11);
    ck_assert_uint_eq(back[512], 0x22);
    ck_assert_uint_eq(back[512 * 5], 0);
    block_close(b);
    expect_clean();
}
END_TEST

/* A dirty image (lazy refcounts, killed) is put right when it is opened. */
START_TEST(test_dirty)
{
    uint8_t data[CLUSTER] = {1};
    struct block_config config = {.file = path};
    struct qcow2 *q = open_raw(true);
    uint8_t zero[64] = {0};

    q->header.compatible |= QCOW2_LAZY_REFCOUNTS;
    q->header.incompatible |= QCOW2_DIRTY;
    ck_assert_int_eq(qcow2_header_write(q), 0);
    ck_assert_int_eq(qcow2_write_at(q, q->rt[0], zero, sizeof(zero)), 0);
    q->read_only = true; /* nothing else is written */
    block_image_close(&q->image);
    struct block_backend *b = block_open(&config, loop, &err);
    ck_assert_msg(b != NULL, "%s", err ? err->message : "");
    ck_assert_int_eq(run(b, BLOCK_WRITE, data, 0, CLUSTER), 0);
    block_close(b);
    expect_clean();
}
END_TEST

/* Hostile images -------------------------------------------------------- */

/* Everything one may do with an image, whatever comes of it. */
static void use(void)
{
    struct qcow2_check check = {0};
    uint8_t data[CLUSTER] = {1};
    struct iovec iov = {data, CLUSTER};
    struct error *ignored = NULL;
    struct qcow2 *q = open_raw(true);

    if (!q) {
        return;
    }
    uint64_t size = q->image.size;
    if (qcow2_check(q, &check, &ignored) && size >= CLUSTER) {
        for (uint64_t at = 0; at + CLUSTER <= size && at < SIZE;
             at += SIZE / 16) {
            qcow2_read(&q->image, &iov, 1, at, CLUSTER);
            qcow2_write(&q->image, &iov, 1, at, CLUSTER - 512, false);
        }
        qcow2_discard(&q->image, 0, CLUSTER);
        qcow2_flush(q);
    }
    error_free(ignored);
    ignored = NULL;
    qcow2_snapshot_create(q, "new", &ignored);
    error_free(ignored);
    ignored = NULL;
    qcow2_snapshot_delete(q, "1", &ignored);
    error_free(ignored);
    q->read_only = true; /* no messages from closing */
    block_image_close(&q->image);
}

static uint8_t *read_file(size_t *length)
{
    FILE *f = fopen(path, "r");

    fseek(f, 0, SEEK_END);
    *length = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*length);
    ck_assert_uint_eq(fread(bytes, 1, *length, f), *length);
    fclose(f);
    return bytes;
}

static void write_file(const uint8_t *bytes, size_t length)
{
    FILE *f = fopen(path, "w");

    ck_assert_uint_eq(fwrite(bytes, 1, length, f), length);
    fclose(f);
}

/* An image with some of everything. */
static void furnish(void)
{
    static uint8_t data[8 * CLUSTER];
    struct qcow2 *q = open_raw(true);
    struct iovec iov = {data, sizeof(data)};

    memset(data, 3, sizeof(data));
    ck_assert_int_eq(qcow2_write(&q->image, &iov, 1, 0, sizeof(data), true),
                     0);
    ck_assert_int_eq(qcow2_write_compressed(&q->image, data, SIZE / 2,
                                            sizeof(data)), 0);
    ck_assert(qcow2_snapshot_create(q, "one", &err));
    ck_assert_int_eq(qcow2_zero(&q->image, 0, CLUSTER, true), 0);
    block_image_close(&q->image);
    expect_clean();
}

static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};

/* Each byte of the header, with each of some values. */
START_TEST(test_hostile_header)
{
    size_t length;

    furnish();
    uint8_t *good = read_file(&length);
    for (unsigned at = 4; at < QCOW2_HEADER_LENGTH; at++) {
        uint8_t was = good[at];
        good[at] = values[_i];
        write_file(good, length);
        use();
        good[at] = was;
    }
    free(good);
}
END_TEST

/* Some words of the metadata, at random. */
START_TEST(test_hostile_tables)
{
    size_t length;

    furnish();
    uint8_t *good = read_file(&length);
    uint8_t *bad = malloc(length);
    srand((unsigned)_i);
    for (int round = 0; round < 150; round++) {
        memcpy(bad, good, length);
        for (int k = rand() % 4; k >= 0; k--) {
            size_t at = (size_t)rand() % (length / 8) * 8;
            uint64_t word = (uint64_t)rand() << (rand() % 56);
            if (rand() % 2) {
                word = ((uint64_t)rand() % (length / CLUSTER) * CLUSTER) |
                       (rand() % 2 ? QCOW2_COPIED : 0);
            }
            qcow2_store(bad + at, 8, word);
        }
        write_file(bad, length);
        use();
    }
    free(good);
    free(bad);
}
END_TEST

/* The guest's writes never reach the header. */
START_TEST(test_header_is_safe)
{
    uint8_t data[CLUSTER], before[CLUSTER], after[CLUSTER];
    struct iovec iov = {data, CLUSTER};
    struct qcow2 *q = open_raw(true);
    struct qcow2_table *l2;

    memset(data, 0xee, sizeof(data));
    ck_assert_int_eq(qcow2_write(&q->image, &iov, 1, 0, CLUSTER, true), 0);
    ck_assert_int_eq(qcow2_l2_get(q, 0, &l2), 0);
    ck_assert_int_eq(qcow2_read_at(q, 0, before, CLUSTER), 0);
    qcow2_set_word(l2, 1, q->header.l1_offset | QCOW2_COPIED);
    qcow2_set_word(l2, 2, q->header.rt_offset | QCOW2_COPIED);
    ck_assert_int_eq(qcow2_write(&q->image, &iov, 1, CLUSTER, CLUSTER, false),
                     EIO);
    ck_assert_int_eq(qcow2_write(&q->image, &iov, 1, 2 * CLUSTER, CLUSTER,
                                 false), EIO);
    ck_assert_int_eq(qcow2_read_at(q, 0, after, CLUSTER), 0);
    ck_assert_mem_eq(before, after, CLUSTER);
    block_image_close(&q->image);
}
END_TEST

Suite *qcow2_suite(void)
{
    Suite *suite = suite_create("qcow2");
    TCase *tc = tcase_create("qcow2");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_concurrent, 0, 4);
    tcase_add_loop_test(tc, test_races, 0, 4);
    tcase_add_test(tc, test_disguise);
    tcase_add_test(tc, test_layers);
    tcase_add_test(tc, test_dirty);
    tcase_add_loop_test(tc, test_hostile_header, 0, ARRAY_SIZE(values));
    tcase_add_loop_test(tc, test_hostile_tables, 0, 4);
    tcase_add_test(tc, test_header_is_safe);
    suite_add_tcase(suite, tc);
    return suite;
}
