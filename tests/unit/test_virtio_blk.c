/* hw/virtio: the block device, on a temporary file. */
#include "tests/unit/virtio_driver.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block/block.h"
#include "hw/virtio/virtio_blk.h"
#include "tests/unit/disk_file.h"

Suite *virtio_blk_suite(void);

#define V1 VIRTIO_F_VERSION_1
#define SEG_MAX BIT(2)
#define RO BIT(5)
#define FLUSH BIT(9)
#define CONFIG_WCE BIT(11)
#define MQ BIT(12)
#define DISCARD BIT(13)
#define WRITE_ZEROES BIT(14)
#define ALL (V1 | SEG_MAX | RO | FLUSH | CONFIG_WCE | MQ | DISCARD | \
             WRITE_ZEROES | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC)

enum { T_IN, T_OUT, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11,
       T_WRITE_ZEROES = 13 };
enum { OK, IOERR, UNSUPP };

#define DISK_SIZE (1 << 20)
#define SECTORS (DISK_SIZE / 512)

static struct guest g;
static struct queue q;
static struct block_backend *backend;
static struct block_config disk;
static struct virtio_blk_config blk;
static char path[DISK_FILE_PATH];
static uint64_t header, status, data;

/* Kind of ring and engine of looped tests. */
static uint64_t ring_of(int i)
{
    return i & 1 ? VIRTIO_F_RING_PACKED : 0;
}

static void make_disk(uint64_t size)
{
    disk_file_make(path, size);
    disk = (struct block_config){.file = path};
    blk = (struct virtio_blk_config){.serial = "serial-number-4711-x"};
}

static void plug(bool legacy, int engine)
{
    struct error *err = NULL;

    guest_init(&g, legacy);
    disk.aio = engine & 2 ? BLOCK_AIO_AUTO : BLOCK_AIO_THREADS;
    backend = block_open(&disk, g.loop, &err);
    ck_assert_msg(backend != NULL, "%s", err ? err->message : "");
    blk.backend = backend;
    struct virtio_host host = guest_host(&g, VIRTIO_F_RING_PACKED);
    struct virtio_device *dev = virtio_blk_create(&blk, &host, &err);
    ck_assert_msg(dev != NULL, "%s", err ? err->message : "");
    virtio_mmio_plug(g.slot, dev);
    guest_start(&g);
}

static void drive(uint64_t features)
{
    guest_negotiate(&g, features);
    queue_setup(&q, &g, 0, 64);
    guest_driver_ok(&g);
    header = alloc(&g, 16, 16);
    status = alloc(&g, 1, 1);
    data = alloc(&g, 0x20000, 4096);
}

static void begin(int i)
{
    make_disk(DISK_SIZE);
    plug(false, i);
    drive(ALL | ring_of(i));
}

static void end(void)
{
    guest_stop(&g);
    block_close(backend);
    guest_free(&g);
    unlink(path);
}

static void put_header(uint64_t pa, uint32_t type, uint64_t sector)
{
    put32(&g, pa, type);
    put32(&g, pa + 4, 0);
    put64(&g, pa + 8, sector);
}

/* One request with `length` bytes at `data`; returns its status. */
static uint8_t request(uint32_t type, uint64_t sector, uint32_t length,
                       bool in)
{
    struct segment s[3] = {{header, 16, false}, {data, length, in},
                           {status, 1, true}};

    put_header(header, type, sector);
    *at(&g, status) = 0xee;
    if (!length) {
        s[1] = s[2];
    }
    uint32_t written = queue_do(&q, s, length ? 3 : 2, sector & 1);
    if (in && *at(&g, status) == OK && type == T_IN) {
        ck_assert_uint_eq(written, length + 1);
    }
    return *at(&g, status);
}

/* Config --------------------------------------------------------------- */

START_TEST(test_config)
{
    make_disk(DISK_SIZE);
    blk.queues = 3;
    blk.logical_block_size = 1024;
    blk.physical_block_size = 4096;
    blk.min_io_size = 8192;
    plug(false, 0);
    drive(ALL);
    ck_assert_uint_eq(rd(&g, 8), 2);
    ck_assert_uint_eq(config(&g, 0, 8), SECTORS);
    ck_assert_uint_eq(config(&g, 12, 4), 254); /* seg_max */
    ck_assert_uint_eq(config(&g, 18, 1), 16);  /* heads */
    ck_assert_uint_eq(config(&g, 20, 4), 1024);
    ck_assert_uint_eq(config(&g, 24, 1), 2);   /* exponent */
    ck_assert_uint_eq(config(&g, 26, 2), 8);
    ck_assert_uint_eq(config(&g, 32, 1), 1);   /* writeback */
    ck_assert_uint_eq(config(&g, 34, 2), 3);   /* queues */
    ck_assert_uint_eq(config(&g, 36, 4), 0x3fffff);
    ck_assert_uint_eq(config(&g, 40, 4), 1);
    ck_assert_uint_eq(config(&g, 44, 4), 2);
    ck_assert_uint_eq(config(&g, 48, 4), 0x3fffff);
    ck_assert_uint_eq(config(&g, 56, 1), 1);
    ck_assert(bus_write(g.bus, SLOT + 0x100 + 32, 1, 0, 0));
    ck_assert_uint_eq(config(&g, 32, 1), 0);
    ck_assert(bus_write(g.bus, SLOT + 0x100, 8, 0, 1));
    ck_assert_uint_eq(config(&g, 0, 8), SECTORS);
    wr(&g, 0x70, 0);
    ck_assert_uint_eq(config(&g, 32, 1), 1);
    end();
}
END_TEST

START_TEST(test_bad_config)
{
    static const struct virtio_blk_config bad[] = {
        {.logical_block_size = 513},
        {.logical_block_size = 256},
        {.logical_block_size = 4096, .physical_block_size = 512},
        {.queues = 129},
        {.queue_size = 100},
        {.queue_size = 2048},
        {.max_discard_sectors = 0x400000},
    };

    make_disk(DISK_SIZE);
    plug(false, 0);
    struct virtio_host host = guest_host(&g, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        struct virtio_blk_config c = bad[i];
        struct error *err = NULL;
        c.backend = backend;
        ck_assert_ptr_null(virtio_blk_create(&c, &host, &err));
        ck_assert_ptr_nonnull(err);
        error_free(err);
    }
    end();
}
END_TEST

/* Requests ------------------------------------------------------------- */

START_TEST(test_read_write)
{
    begin(_i);
    ck_assert_uint_eq(request(T_IN, 5, 512 * 3, true), OK);
    ck_assert_uint_eq(at(&g, data)[0], 5);
    ck_assert_uint_eq(at(&g, data)[512 * 3 - 1], 7);
    memset(at(&g, data), 0xab, 0x20000);
    ck_assert_uint_eq(request(T_OUT, 10, 0x20000, false), OK);
    disk_file_expect(path, 512 * 10, 0x20000, 0xab);
    memset(at(&g, data), 0, 0x20000);
    ck_assert_uint_eq(request(T_IN, 11, 4096, true), OK);
    ck_assert_uint_eq(at(&g, data)[4095], 0xab);
    ck_assert_uint_eq(request(T_IN, SECTORS - 1, 512, true), OK);
    ck_assert_uint_eq(request(T_FLUSH, 0, 0, false), OK);
    end();
}
END_TEST

/* Header, data and status cut and joined anyhow (2.6.4). */
START_TEST(test_framing)
{
    struct segment s[6];

    begin(_i);
    put_header(data, T_OUT, 20);
    memset(at(&g, data + 16), 0x77, 1024);
    s[0] = (struct segment){data, 16 + 1024, false};
    s[1] = (struct segment){status, 1, true};
    *at(&g, status) = 0xee;
    ck_assert_uint_eq(queue_do(&q, s, 2, false), 1);
    ck_assert_uint_eq(*at(&g, status), OK);
    disk_file_expect(path, 512 * 20, 1024, 0x77);

    put_header(header, T_IN, 20);
    s[0] = (struct segment){header, 7, false};
    s[1] = (struct segment){header + 7, 9, false};
    s[2] = (struct segment){data + 4096, 700, true};
    s[3] = (struct segment){data + 8192, 1, true};
    s[4] = (struct segment){data + 12288, 1024 - 701 + 1, true};
    ck_assert_uint_eq(queue_do(&q, s, 5, true), 1025);
    ck_assert_uint_eq(at(&g, data + 4096)[699], 0x77);
    ck_assert_uint_eq(at(&g, data + 8192)[0], 0x77);
    ck_assert_uint_eq(at(&g, data + 12288)[1024 - 702], 0x77);
    ck_assert_uint_eq(at(&g, data + 12288)[1024 - 701], OK);
    end();
}
END_TEST

START_TEST(test_id)
{
    begin(_i);
    memset(at(&g, data), 0xff, 64);
    ck_assert_uint_eq(request(T_GET_ID, 0, 20, true), OK);
    ck_assert(!memcmp(at(&g, data), "serial-number-4711-x", 20));
    ck_assert_uint_eq(at(&g, data)[20], 0xff);
    ck_assert_uint_eq(request(T_GET_ID, 0, 4, true), OK);
    ck_assert_uint_eq(request(T_GET_ID, 0, 64, true), OK);
    end();
}
END_TEST

START_TEST(test_errors)
{
    static const struct {
        uint32_t type;
        uint64_t sector;
        uint32_t length;
        bool in;
        uint8_t status;
    } rows[] = {
        {T_IN, SECTORS, 512, true, IOERR},
        {T_IN, SECTORS - 1, 1024, true, IOERR},
        {T_OUT, SECTORS - 1, 1024, false, IOERR},
        {T_IN, UINT64_MAX, 512, true, IOERR},
        {T_OUT, UINT64_MAX / 512 + 2, 512, false, IOERR},
        {T_IN, 0, 511, true, IOERR},
        {T_OUT, 0, 513, false, IOERR},
        {2, 0, 512, true, UNSUPP},        /* SCSI command */
        {14, 0, 16, false, UNSUPP},       /* secure erase */
        {0x80000000, 0, 512, true, UNSUPP},
        {T_DISCARD, 0, 15, false, IOERR},
        {T_DISCARD, 0, 32, false, IOERR},
        {T_IN, 0, 512, true, OK},
    };

    begin(_i);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        ck_assert_uint_eq(request(rows[i].type, rows[i].sector,
                                  rows[i].length, rows[i].in),
                          rows[i].status);
    }
    end();
}
END_TEST

/* No header, no status, nothing at all: each comes back. */
START_TEST(test_malformed)
{
    begin(_i);
    put_header(header, T_IN, 0);
    *at(&g, status) = 0xee;
    struct segment only_status = {status, 1, true};
    ck_assert_uint_eq(queue_do(&q, &only_status, 1, false), 1);
    ck_assert_uint_eq(*at(&g, status), IOERR);
    struct segment only_header = {header, 16, false};
    ck_assert_uint_eq(queue_do(&q, &only_header, 1, true), 0);
    struct segment empty = {header, 0, false};
    ck_assert_uint_eq(queue_do(&q, &empty, 1, false), 0);
    struct segment no_data[2] = {{header, 16, false}, {status, 1, true}};
    ck_assert_uint_eq(queue_do(&q, no_data, 2, false), 1);
    ck_assert_uint_eq(*at(&g, status), OK);
    ck_assert_uint_eq(request(T_IN, 1, 512, true), OK);
    end();
}
END_TEST

static uint8_t range_request(uint32_t type, uint64_t sector, uint32_t count,
                             uint32_t flags)
{
    put64(&g, data, sector);
    put32(&g, data + 8, count);
    put32(&g, data + 12, flags);
    return request(type, 0, 16, false);
}

START_TEST(test_ranges)
{
    struct stat before, after;

    begin(_i);
    ck_assert_int_eq(stat(path, &before), 0);
    ck_assert_uint_eq(range_request(T_WRITE_ZEROES, 8, 8, 0), OK);
    disk_file_expect(path, 8 * 512, 8 * 512, 0);
    ck_assert_uint_eq(range_request(T_WRITE_ZEROES, 16, 8, 1), OK);
    disk_file_expect(path, 16 * 512, 8 * 512, 0);
    ck_assert_uint_eq(range_request(T_DISCARD, 0, SECTORS, 0), OK);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_int_lt(after.st_blocks, before.st_blocks);
    ck_assert_int_eq(after.st_size, before.st_size);
    ck_assert_uint_eq(range_request(T_DISCARD, 8, 8, 1), UNSUPP);
    ck_assert_uint_eq(range_request(T_WRITE_ZEROES, 8, 8, 2), UNSUPP);
    ck_assert_uint_eq(range_request(T_DISCARD, SECTORS, 1, 0), IOERR);
    ck_assert_uint_eq(range_request(T_WRITE_ZEROES, UINT64_MAX, 8, 0),
                      IOERR);
    ck_assert_uint_eq(range_request(T_DISCARD, 0, UINT32_MAX, 0), IOERR);
    ck_assert_uint_eq(range_request(T_DISCARD, 5, 0, 0), OK);
    end();
}
END_TEST

START_TEST(test_read_only)
{
    make_disk(DISK_SIZE);
    disk.read_only = true;
    plug(false, _i);
    drive(ALL | ring_of(_i));
    ck_assert(g.features & RO);
    ck_assert(!(g.features & (DISCARD | WRITE_ZEROES)));
    ck_assert_uint_eq(request(T_OUT, 0, 512, false), IOERR);
    ck_assert_uint_eq(request(T_DISCARD, 0, 16, false), IOERR);
    ck_assert_uint_eq(request(T_FLUSH, 0, 0, false), OK);
    ck_assert_uint_eq(request(T_IN, 3, 512, true), OK);
    ck_assert_uint_eq(*at(&g, data), 3);
    end();
}
END_TEST

START_TEST(test_logical_blocks)
{
    make_disk(DISK_SIZE - 512); /* the last block is not whole */
    blk.logical_block_size = 4096;
    plug(false, _i);
    drive(ALL);
    ck_assert_uint_eq(config(&g, 0, 8), SECTORS - 8);
    ck_assert_uint_eq(request(T_IN, 8, 4096, true), OK);
    ck_assert_uint_eq(request(T_IN, 1, 4096, true), IOERR);
    ck_assert_uint_eq(request(T_IN, 0, 512, true), IOERR);
    end();
}
END_TEST

START_TEST(test_legacy)
{
    make_disk(DISK_SIZE);
    plug(true, _i);
    drive(ALL);
    ck_assert_uint_eq(config(&g, 0, 4), SECTORS);
    memset(at(&g, data), 0x42, 4096);
    ck_assert_uint_eq(request(T_OUT, 30, 4096, false), OK);
    disk_file_expect(path, 512 * 30, 4096, 0x42);
    ck_assert_uint_eq(request(T_IN, 2, 512, true), OK);
    ck_assert_uint_eq(*at(&g, data), 2);
    ck_assert_uint_eq(rd(&g, 0x60), 1);
    end();
}
END_TEST

/* All kinds of write cache take the same requests. */
START_TEST(test_caches)
{
    make_disk(DISK_SIZE);
    disk.cache = (enum block_cache)(_i / 2);
    plug(false, _i << 1);
    drive(V1 | CONFIG_WCE | FLUSH);
    bool through = disk.cache == BLOCK_CACHE_WRITETHROUGH ||
                   disk.cache == BLOCK_CACHE_DIRECTSYNC;
    ck_assert_uint_eq(config(&g, 32, 1), !through);
    memset(at(&g, data), 0x21, 0x4000);
    ck_assert_uint_eq(request(T_OUT, 8, 0x4000, false), OK);
    memset(at(&g, data), 0x22, 512);
    ck_assert_uint_eq(request(T_OUT, 9, 512, false), OK);
    ck_assert_uint_eq(request(T_FLUSH, 0, 0, false), OK);
    ck_assert_uint_eq(request(T_IN, 8, 0x4000, true), OK);
    ck_assert_uint_eq(at(&g, data)[511], 0x21);
    ck_assert_uint_eq(at(&g, data)[512], 0x22);
    ck_assert_uint_eq(at(&g, data)[1024], 0x21);
    disk_file_expect(path, 9 * 512, 512, 0x22);
    end();
}
END_TEST

START_TEST(test_multiqueue)
{
    struct queue queues[4];
    struct segment s[4][3];
    uint32_t length;

    make_disk(DISK_SIZE);
    blk.queues = 4;
    plug(false, _i);
    guest_negotiate(&g, ALL | ring_of(_i));
    ck_assert(g.features & MQ);
    for (unsigned n = 0; n < 4; n++) {
        queue_setup(&queues[n], &g, n, 16);
        s[n][0] = (struct segment){alloc(&g, 16, 16), 16, false};
        s[n][1] = (struct segment){alloc(&g, 512, 16), 512, true};
        s[n][2] = (struct segment){alloc(&g, 1, 1), 1, true};
    }
    guest_driver_ok(&g);
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned n = 0; n < 4; n++) {
            put_header(s[n][0].pa, T_IN, (round + n) % 64);
            queue_add(&queues[n], s[n], 3, false);
            queue_kick(&queues[n]);
        }
        for (unsigned n = 0; n < 4; n++) {
            queue_wait(&queues[n], &length);
            ck_assert_uint_eq(*at(&g, s[n][1].pa), (round + n) % 64);
        }
    }
    end();
}
END_TEST

/* Load and failure ----------------------------------------------------- */

/* Make `count` writes of 4 KiB available from sector 0 on. */
static void add_writes(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t h = alloc(&g, 16, 16);
        struct segment s[3] = {{h, 16, false}, {data + 4096 * i, 4096, false},
                               {h + 16, 1, true}};
        alloc(&g, 1, 1);
        put_header(h, T_OUT, 8 * i);
        queue_add(&q, s, 3, true);
    }
}

START_TEST(test_many)
{
    uint32_t length;

    begin(_i);
    uint64_t heap = g.heap;
    for (unsigned round = 0; round < 40; round++) {
        memset(at(&g, data), (int)round, 4096 * 32);
        add_writes(32);
        queue_kick(&q);
        for (unsigned i = 0; i < 32; i++) {
            queue_wait(&q, &length);
        }
        disk_file_expect(path, 0, 4096 * 32, (uint8_t)round);
        g.heap = heap;
    }
    end();
}
END_TEST

/* Reset with requests in flight: afterwards guest memory is left alone. */
START_TEST(test_reset_in_flight)
{
    begin(_i);
    for (unsigned round = 0; round < 30; round++) {
        for (unsigned i = 0; i < 32; i++) {
            uint64_t h = alloc(&g, 17, 16);
            struct segment s[3] = {{h, 16, false},
                                   {data + 4096 * i, 4096, true},
                                   {h + 16, 1, true}};
            put_header(h, T_IN, 8 * (i % 8));
            queue_add(&q, s, 3, true);
        }
        queue_kick(&q);
        usleep(round * 20);
        wr(&g, 0x70, 0);
        ck_assert_uint_eq(rd(&g, 0x70), 0);
        memset(at(&g, data), 0x5a, 0x20000);
        usleep(500);
        const uint8_t *p = at(&g, data);
        ck_assert(p[0] == 0x5a && !memcmp(p, p + 1, 0x1ffff));
        g.heap = RAM_BASE + 0x1000;
        drive(ALL | ring_of(_i));
    }
    ck_assert_uint_eq(request(T_IN, 4, 512, true), OK);
    ck_assert_uint_eq(*at(&g, data), 4);
    end();
}
END_TEST

/* No space: the file may not grow, as on a full disk. */
START_TEST(test_host_full)
{
    begin(_i);
    disk_file_limit(256 * 1024);
    ck_assert_uint_eq(request(T_OUT, 1024, 512, false), IOERR);
    ck_assert_uint_eq(request(T_OUT, 508, 4096, false), IOERR);
    ck_assert_uint_eq(request(T_OUT, 8, 512, false), OK);
    ck_assert_uint_eq(request(T_IN, 1024, 512, true), OK);
    ck_assert_uint_eq(request(T_FLUSH, 0, 0, false), OK);
    end();
}
END_TEST

/* A write that finds the disk full, with werror=stop. */
static void begin_stopped(int i)
{
    make_disk(DISK_SIZE);
    disk.werror = BLOCK_ERROR_STOP;
    disk.stop = disk_file_stop;
    plug(false, i);
    drive(ALL | ring_of(i));
    disk_file_limit(256 * 1024);
    put_header(header, T_OUT, 1024);
    struct segment s[3] = {{header, 16, false}, {data, 512, false},
                           {status, 1, true}};
    memset(at(&g, data), 0x99, 512);
    queue_add(&q, s, 3, false);
    queue_kick(&q);
    disk_file_wait_stop();
    guest_settle(&g);
}

/* The request waits until the machine runs again. */
START_TEST(test_stop_on_error)
{
    uint32_t length;

    begin_stopped(_i);
    ck_assert_int_eq(atomic_load(&disk_file_stops), 1);
    ck_assert(!queue_has_used(&q));
    disk_file_limit(RLIM_INFINITY);
    block_resume(backend);
    queue_wait(&q, &length);
    ck_assert_uint_eq(*at(&g, status), OK);
    disk_file_expect(path, 512 * 1024, 512, 0x99);
    end();
}
END_TEST

/* A held request does not keep the device from being reset. */
START_TEST(test_reset_while_stopped)
{
    begin_stopped(_i);
    drive(ALL | ring_of(_i));
    ck_assert_uint_eq(request(T_IN, 4, 512, true), OK);
    end();
}
END_TEST

Suite *virtio_blk_suite(void)
{
    Suite *s = suite_create("virtio_blk");
    TCase *t = tcase_create("blk");

    /* Loop index: bit 0 packed ring, bit 1 the fast engine. */
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_config);
    tcase_add_test(t, test_bad_config);
    tcase_add_loop_test(t, test_read_write, 0, 4);
    tcase_add_loop_test(t, test_framing, 0, 4);
    tcase_add_loop_test(t, test_id, 0, 2);
    tcase_add_loop_test(t, test_errors, 0, 4);
    tcase_add_loop_test(t, test_malformed, 0, 2);
    tcase_add_loop_test(t, test_ranges, 0, 4);
    tcase_add_loop_test(t, test_read_only, 0, 4);
    tcase_add_test(t, test_logical_blocks);
    tcase_add_loop_test(t, test_legacy, 0, 1);
    tcase_add_loop_test(t, test_caches, 0, 10);
    tcase_add_loop_test(t, test_multiqueue, 0, 4);
    tcase_add_loop_test(t, test_many, 0, 4);
    tcase_add_loop_test(t, test_reset_in_flight, 0, 4);
    tcase_add_loop_test(t, test_host_full, 0, 4);
    tcase_add_loop_test(t, test_stop_on_error, 0, 4);
    tcase_add_loop_test(t, test_reset_while_stopped, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
