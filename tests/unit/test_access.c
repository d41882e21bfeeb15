/* What formats say of requests that are one access to a file, and the gate
 * that keeps a place as it is meanwhile. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/formats.h"
#include "block/qcow2_bitmap.h"
#include "tests/unit/block_job.h"
#include "tests/unit/block_rig.h"

Suite *access_suite(void);

#define CLUSTER 4096

static struct block_image *image;
static char base[80];

/* br.path is a qcow2 image of SIZE bytes on `backing`, or none. */
static void make_qcow2(const char *backing)
{
    struct block_file_config config = {.path = br.path};
    struct block_config open = {.file = br.path, .format = "qcow2"};
    struct block_opening how = {.config = &open, .no_backing = true};
    struct qcow2_options o = qcow2_defaults;

    o.cluster_size = CLUSTER;
    ck_assert(block_file_create(br.path, &br.err));
    struct block_file *f = block_file_open(&config, &br.err);
    ck_assert(qcow2_create(f, &o, &br.err));
    block_file_close(f);
    image = block_image_open_as(&how, &br.err);
    ck_assert(qcow2_resize(image, SIZE, &br.err));
    ck_assert(!backing || qcow2_header_rebase(qcow2_of(image), backing, "raw",
                                              &br.err));
    block_image_close(image);
}

static void open_image(const char *format)
{
    struct block_config config = {.file = br.path, .format = format};

    image = block_image_open(&config, &br.err);
    ck_assert_msg(image != NULL, "%s", br.err ? br.err->message : "");
}

static void fill(uint64_t offset, uint64_t length, int value)
{
    struct iovec iov = {malloc(length), length};

    memset(iov.iov_base, value, length);
    ck_assert_int_eq(image->ops->write(image, &iov, 1, offset, length, false),
                     0);
    free(iov.iov_base);
}

static bool enter(enum block_op op, unsigned flags, uint64_t offset,
                  uint64_t length, struct block_access *a)
{
    struct block_request req = {
        .op = op, .flags = flags, .offset = offset, .length = length,
    };
    return block_image_enter(image, &req, a);
}

/* For the engine to wait for nobody; afterwards nobody is inside. */
static void expect_refusal(enum block_op op, unsigned flags, uint64_t offset,
                           uint64_t length)
{
    struct block_access a;

    ck_assert(!enter(op, flags, offset, length, &a));
    ck_assert_ptr_null(a.image);
}

/* A read finds `value` there, and all of it in that file; NULL: zeroes. */
static void expect_place(uint64_t offset, uint64_t length,
                         const struct block_file *file, int value)
{
    uint8_t *back = malloc(length);
    struct block_access a;

    ck_assert(enter(BLOCK_READ, 0, offset, length, &a));
    ck_assert_ptr_eq(a.file, file);
    if (file) {
        ck_assert_int_eq(pread(file->fd, back, length, (off_t)a.offset),
                         (ssize_t)length);
        for (uint64_t i = 0; i < length; i++) {
            ck_assert_int_eq(back[i], value);
        }
    }
    if (a.image) {
        a.image->ops->leave(a.image);
    }
    free(back);
}

START_TEST(test_qcow2)
{
    struct block_access a;

    make_qcow2(NULL);
    open_image("qcow2");
    struct qcow2 *q = qcow2_of(image);
    expect_place(0, SIZE, NULL, 0);
    expect_refusal(BLOCK_WRITE, 0, 0, CLUSTER);
    fill(0, 2 * CLUSTER, 7);
    expect_place(512, CLUSTER, q->file, 7);
    expect_refusal(BLOCK_READ, 0, CLUSTER, 2 * CLUSTER);
    ck_assert(enter(BLOCK_WRITE, 0, 1024, 512, &a));
    ck_assert_uint_eq(a.offset % CLUSTER, 1024);
    ck_assert_uint_eq(q->use.inside, 1);
    a.image->ops->leave(a.image);
    ck_assert_uint_eq(q->use.inside, 0);
    expect_refusal(BLOCK_WRITE, BLOCK_FUA, 0, 512);
    expect_refusal(BLOCK_FLUSH, 0, 0, 0);
    expect_refusal(BLOCK_DISCARD, 0, 0, CLUSTER);

    struct qcow2_busy busy = {.first = 1, .last = 1};
    pthread_mutex_lock(&q->meta);
    qcow2_busy_begin(q, &busy);
    expect_refusal(BLOCK_READ, 0, 0, 512); /* somebody has the lock */
    pthread_mutex_unlock(&q->meta);
    expect_refusal(BLOCK_WRITE, 0, 0, 2 * CLUSTER);
    ck_assert(enter(BLOCK_WRITE, 0, 0, CLUSTER, &a));
    a.image->ops->leave(a.image);
    qcow2_busy_end(q, &busy);
    block_gate_close(&q->use);
    expect_refusal(BLOCK_READ, 0, 0, 512);
    block_gate_open(&q->use);
    ck_assert_uint_eq(q->use.inside, 0);

    ck_assert(qcow2_bitmap_add(q, "b", 65536, &br.err));
    expect_refusal(BLOCK_WRITE, 0, 0, 512);
    expect_place(0, 512, q->file, 7);
    block_image_close(image);
}
END_TEST

/* What takes the table to know waits for it on a worker. */
START_TEST(test_table_not_read)
{
    uint8_t back[512];
    struct iovec iov = {back, 512};

    make_qcow2(NULL);
    open_image("qcow2");
    fill(0, CLUSTER, 7);
    block_image_close(image);
    open_image("qcow2");
    expect_refusal(BLOCK_READ, 0, 0, 512);
    ck_assert_int_eq(image->ops->read(image, &iov, 1, 0, 512), 0);
    expect_place(0, 512, image->file, 7);
    block_image_close(image);
}
END_TEST

/* An image that says its data are where its tables are. */
START_TEST(test_hostile)
{
    make_qcow2(NULL);
    open_image("qcow2");
    struct qcow2 *q = qcow2_of(image);
    struct qcow2_table *l2;
    fill(0, CLUSTER, 7);
    ck_assert_int_eq(qcow2_l2_get(q, 0, &l2), 0);
    struct qcow2_entry good = qcow2_get(q, l2, 0);
    qcow2_put(q, l2, 0, (struct qcow2_entry){
        q->header.l1_offset | QCOW2_COPIED, 0});
    expect_refusal(BLOCK_WRITE, 0, 0, 512);
    qcow2_put(q, l2, 0, (struct qcow2_entry){512 | QCOW2_COPIED, 0});
    expect_refusal(BLOCK_READ, 0, 0, 512);
    qcow2_put(q, l2, 0, good);
    expect_place(0, 512, q->file, 7);
    block_image_close(image);
}
END_TEST

/* A raw file below that ends before the disk does. */
static void make_base(uint64_t size)
{
    uint8_t data[CLUSTER];

    snprintf(base, sizeof(base), "%s.base", br.path);
    FILE *f = fopen(base, "w");
    memset(data, 9, sizeof(data));
    ck_assert_uint_eq(fwrite(data, 1, sizeof(data), f), sizeof(data));
    fclose(f);
    ck_assert_int_eq(truncate(base, (off_t)size), 0);
}

START_TEST(test_backing)
{
    make_base(3 * CLUSTER);
    make_qcow2(base);
    open_image("qcow2");
    expect_place(0, CLUSTER, image->backing->file, 9);
    expect_place(3 * CLUSTER, CLUSTER, NULL, 0);
    expect_refusal(BLOCK_READ, 0, 2 * CLUSTER, 2 * CLUSTER);
    expect_refusal(BLOCK_WRITE, 0, 0, CLUSTER);
    fill(0, CLUSTER, 7);
    expect_place(0, CLUSTER, image->file, 7);
    ck_assert_uint_eq(qcow2_of(image)->use.inside, 0);
    block_image_close(image);
    unlink(base);
}
END_TEST

START_TEST(test_snapshot)
{
    struct block_config config = {.file = br.path, .format = "raw",
                                  .snapshot = true};
    struct block_access a;

    image = block_image_open(&config, &br.err);
    ck_assert(enter(BLOCK_READ, 0, 0, 8192, &a));
    ck_assert_ptr_eq(a.file, image->backing->file);
    expect_refusal(BLOCK_WRITE, 0, 0, 8192);
    fill(0, 4096, 7);
    expect_refusal(BLOCK_READ, 0, 0, 8192);
    ck_assert(enter(BLOCK_WRITE, BLOCK_FUA, 0, 4096, &a));
    ck_assert_ptr_ne(a.file, image->backing->file);
    ck_assert(!a.sync);
    block_image_close(image);
}
END_TEST

START_TEST(test_sparse)
{
    static const struct {
        const char *format;
        bool (*create)(const struct block_new *how, struct error **err);
        unsigned subformat;
    } rows[] = {
        {"vdi", vdi_create, 0}, {"vpc", vpc_create, 0},
        {"vhdx", vhdx_create, 0}, {"vmdk", vmdk_create, 0},
    };
    struct block_new how = {.path = br.path, .size = SIZE};
    uint8_t back[512];
    struct iovec iov = {back, 512};

    ck_assert(rows[_i].create(&how, &br.err));
    open_image(rows[_i].format);
    expect_refusal(BLOCK_WRITE, 0, 0, 512);
    ck_assert_int_eq(image->ops->read(image, &iov, 1, 0, 512), 0);
    expect_place(0, 65536, NULL, 0);
    fill(0, 65536, 7);
    expect_place(512, 4096, image->file, 7);
    expect_refusal(BLOCK_WRITE, BLOCK_FUA, 0, 512);
    expect_refusal(BLOCK_FLUSH, 0, 0, 0);
    struct block_access a;
    ck_assert(enter(BLOCK_WRITE, 0, 0, 512, &a));
    ck_assert_ptr_eq(a.file, image->file);
    block_image_close(image);
}
END_TEST

/* Many at once, through the page cache and past it: whole clusters that are
 * written, read and discarded, and whose places change hands with a flush in
 * the middle. */

static struct block_request random_request(const struct iovec *iov,
                                           unsigned clusters)
{
    static const enum block_op ops[] = {
        BLOCK_WRITE, BLOCK_WRITE, BLOCK_WRITE, BLOCK_READ, BLOCK_READ,
        BLOCK_READ, BLOCK_DISCARD, BLOCK_ZERO,
    };
    uint64_t cluster = (uint64_t)rand() % clusters;

    memset(iov->iov_base, (int)cluster + 1, CLUSTER);
    return (struct block_request){
        .op = ops[rand() % 8], .offset = cluster * CLUSTER,
        .length = CLUSTER, .iov = iov, .iov_count = 1, .done = job_done,
    };
}

static void expect_own(const uint8_t *data, uint64_t cluster)
{
    for (unsigned i = 0; i < CLUSTER; i++) {
        ck_assert(!data[i] || data[i] == cluster + 1);
    }
}

START_TEST(test_many)
{
    enum { N = 128, ROUNDS = 6, CLUSTERS = 32 };
    struct block_config config = {
        .format = "qcow2",
        .cache = _i & 2 ? BLOCK_CACHE_NONE : BLOCK_CACHE_WRITEBACK,
    };
    struct job *jobs = calloc(N, sizeof(*jobs));
    uint8_t *data = block_file_buffer(N * CLUSTER);

    make_qcow2(NULL);
    br_open(config, _i & 1);
    srand((unsigned)_i);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < N; i++) {
            struct job *job = &jobs[i];
            job->iov = (struct iovec){data + i * CLUSTER, CLUSTER};
            job->req = random_request(&job->iov, CLUSTERS);
            if (i == N / 2) {
                job->req.op = BLOCK_FLUSH;
            }
            job->error = -1;
            block_submit(br.b, &job->req);
            if (rand() % 16 == 0) {
                block_unplug(br.b);
            }
        }
        block_unplug(br.b);
        block_drain(br.b);
        for (unsigned i = 0; i < N; i++) {
            ck_assert_int_eq(jobs[i].error, 0);
            expect_own(data + i * CLUSTER, jobs[i].req.offset / CLUSTER);
        }
    }
    free(jobs);
    block_file_buffer_free(data);
}
END_TEST

/* The gate ---------------------------------------------------------------- */

static struct block_gate gate;
static bool closed;

static void *close_gate(void *opaque)
{
    block_gate_close(&gate);
    closed = true;
    block_gate_open(&gate);
    return opaque;
}

static void *leave_gate(void *opaque)
{
    block_gate_leave(&gate);
    return opaque;
}

/* Two are inside, one of whom another thread lets out; who wants to be alone
 * comes before who is later. */
START_TEST(test_gate)
{
    pthread_t closer, leaver;

    block_gate_init(&gate);
    block_gate_enter(&gate);
    ck_assert(block_gate_try(&gate));
    pthread_create(&closer, NULL, close_gate, NULL);
    while (block_gate_try(&gate)) {
        block_gate_leave(&gate);
    }
    pthread_create(&leaver, NULL, leave_gate, NULL);
    pthread_join(leaver, NULL);
    ck_assert(!closed);
    block_gate_leave(&gate);
    block_gate_enter(&gate);
    ck_assert(closed);
    pthread_join(closer, NULL);
    block_gate_leave(&gate);
    ck_assert_uint_eq(gate.inside, 0);
    block_gate_destroy(&gate);
}
END_TEST

Suite *access_suite(void)
{
    Suite *s = suite_create("access");
    TCase *t = tcase_create("access");

    tcase_add_checked_fixture(t, br_setup, br_teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_qcow2);
    tcase_add_test(t, test_table_not_read);
    tcase_add_test(t, test_hostile);
    tcase_add_test(t, test_backing);
    tcase_add_test(t, test_snapshot);
    tcase_add_loop_test(t, test_sparse, 0, 4);
    tcase_add_loop_test(t, test_many, 0, 4);
    tcase_add_test(t, test_gate);
    suite_add_tcase(s, t);
    return s;
}
