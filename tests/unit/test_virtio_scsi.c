/* hw/virtio: the SCSI host device, with a disk and a CD-ROM drive on
 * temporary files. */
#include "tests/unit/test_virtio_driver.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "block/block.h"
#include "hw/virtio/virtio_scsi.h"

Suite *virtio_scsi_suite(void);

#define V1 VIRTIO_F_VERSION_1
#define HOTPLUG BIT(1)
#define CHANGE BIT(2)
#define ALL (V1 | HOTPLUG | CHANGE | VIRTIO_F_EVENT_IDX | \
             VIRTIO_F_INDIRECT_DESC)

enum { OK, OVERRUN, ABORTED, BAD_TARGET, RESET, FAILURE = 9, SUCCEEDED,
       REJECTED, INCORRECT_LUN };
enum { TMF, AN_QUERY, AN_SUBSCRIBE };
enum { ABORT_TASK, ABORT_TASK_SET, CLEAR_ACA, CLEAR_TASK_SET,
       I_T_NEXUS_RESET, LOGICAL_UNIT_RESET, QUERY_TASK, QUERY_TASK_SET };

#define DISK_SIZE (1 << 20)
#define HEADER (19 + 32)
#define RESPONSE (12 + 96)
#define IN_SIZE 0x8000

static struct guest g;
static struct queue control, events, requests;
static struct block_backend *backend;
static struct block_config image;
static struct virtio_scsi_config scsi;
static struct scsi_bus *bus;
static char path[64];
static uint64_t header, response, data;

static uint64_t ring_of(int i)
{
    return i & 1 ? VIRTIO_F_RING_PACKED : 0;
}

static void make_disk(void)
{
    snprintf(path, sizeof(path), "/tmp/armature-vscsi-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, DISK_SIZE), 0);
    for (unsigned i = 0; i < 64; i++) { /* block n is full of n */
        uint8_t block[512];
        memset(block, (int)i, sizeof(block));
        ck_assert_int_eq(pwrite(fd, block, 512, 512 * i), 512);
    }
    close(fd);
    image = (struct block_config){.file = path, .format = "raw"};
    scsi = (struct virtio_scsi_config){0};
}

static struct scsi_unit *add_unit(const struct scsi_kind *kind,
                                  uint32_t target, uint32_t lun,
                                  struct block_backend *b)
{
    struct scsi_unit_config config = {.target = target, .lun = lun,
                                      .backend = b};
    struct error *err = NULL;
    struct scsi_unit *unit = scsi_unit_create(bus, kind, &config, &err);

    ck_assert_msg(unit != NULL, "%s", err ? err->message : "");
    return unit;
}

static void plug(bool legacy, int engine)
{
    struct error *err = NULL;

    guest_init(&g, legacy);
    image.aio = engine & 2 ? BLOCK_AIO_AUTO : BLOCK_AIO_THREADS;
    backend = block_open(&image, g.loop, &err);
    ck_assert_msg(backend != NULL, "%s", err ? err->message : "");
    struct virtio_host host = guest_host(&g, VIRTIO_F_RING_PACKED);
    struct virtio_device *dev = virtio_scsi_create(&scsi, &host, &err);
    ck_assert_msg(dev != NULL, "%s", err ? err->message : "");
    virtio_mmio_plug(g.slot, dev);
    bus = virtio_scsi_bus(dev);
    add_unit(&scsi_disk, 0, 0, backend);
    guest_start(&g);
}

static void drive(uint64_t features)
{
    guest_negotiate(&g, features);
    queue_setup(&control, &g, 0, 64);
    queue_setup(&events, &g, 1, 64);
    queue_setup(&requests, &g, 2, 64);
    guest_driver_ok(&g);
    header = alloc(&g, 4096, 16);
    response = alloc(&g, 4096, 16);
    data = alloc(&g, 0x20000, 4096);
}

static void begin(int i)
{
    make_disk();
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

static void put_lun(uint64_t pa, unsigned target, unsigned lun)
{
    const uint8_t bytes[8] = {1, (uint8_t)target, (uint8_t)(0x40 | lun >> 8),
                              (uint8_t)lun};

    memcpy(at(&g, pa), bytes, 8);
}

static void put_header(uint64_t pa, unsigned target, unsigned lun,
                       uint64_t id, const char *cdb)
{
    unsigned byte;

    memset(at(&g, pa), 0, HEADER);
    put_lun(pa, target, lun);
    put64(&g, pa + 8, id);
    for (unsigned n = 0; cdb[2 * n]; n++) {
        ck_assert_int_eq(sscanf(cdb + 2 * n, "%2x", &byte), 1);
        *at(&g, pa + 19 + n) = (uint8_t)byte;
    }
}

static uint32_t get32(uint64_t pa)
{
    uint32_t v;

    memcpy(&v, at(&g, pa), 4);
    return v;
}

static uint8_t response_of(uint64_t pa)
{
    return *at(&g, pa + 11);
}

static uint8_t status_of(uint64_t pa)
{
    return *at(&g, pa + 10);
}

/* Key and codes of the sense data, or 0 for good status. */
static uint32_t sense_of(uint64_t pa)
{
    if (status_of(pa) == 0) {
        ck_assert_uint_eq(get32(pa), 0);
        return 0;
    }
    ck_assert_uint_eq(status_of(pa), 2);
    ck_assert_uint_eq(get32(pa), 18);
    ck_assert_uint_eq(*at(&g, pa + 12), 0x70);
    return (uint32_t)*at(&g, pa + 14) << 16 |
           (uint32_t)*at(&g, pa + 24) << 8 | *at(&g, pa + 25);
}

/* One request to a unit; returns the response's code. */
static uint8_t request_to(unsigned target, unsigned lun, const char *cdb,
                          uint32_t out, uint32_t in)
{
    struct segment s[4] = {{header, HEADER, false}};
    unsigned n = 1;

    put_header(header, target, lun, 1, cdb);
    memset(at(&g, response), 0xee, RESPONSE + 16);
    if (out) {
        s[n++] = (struct segment){data, out, false};
    }
    s[n++] = (struct segment){response, RESPONSE, true};
    if (in) {
        s[n++] = (struct segment){data, in, true};
    }
    uint32_t written = queue_do(&requests, s, n, out & 1);
    ck_assert_uint_ge(written, 12);
    ck_assert_uint_le(written, RESPONSE + in);
    ck_assert_uint_eq(at(&g, response)[RESPONSE], 0xee);
    return response_of(response);
}

static uint8_t request(const char *cdb, uint32_t out, uint32_t in)
{
    return request_to(0, 0, cdb, out, in);
}

static void settle(void)
{
    ck_assert_uint_eq(request("000000000000", 0, 0), OK);
    ck_assert_uint_eq(sense_of(response), 0x62900);
}

static void expect_file(uint64_t offset, uint64_t length, uint8_t value)
{
    uint8_t byte;
    int fd = open(path, O_RDONLY);

    for (uint64_t i = offset; i < offset + length; i += 97) {
        ck_assert_int_eq(pread(fd, &byte, 1, (off_t)i), 1);
        ck_assert_uint_eq(byte, value);
    }
    close(fd);
}

/* Config ----------------------------------------------------------------- */

START_TEST(test_config)
{
    make_disk();
    scsi.queues = 3;
    scsi.queue_size = 128;
    scsi.max_sectors = 1000;
    plug(false, 0);
    drive(ALL);
    ck_assert_uint_eq(rd(&g, 8), 8);
    ck_assert_uint_eq(config(&g, 0, 4), 3);
    ck_assert_uint_eq(config(&g, 4, 4), 126);   /* seg_max */
    ck_assert_uint_eq(config(&g, 8, 4), 1000);  /* max_sectors */
    ck_assert_uint_eq(config(&g, 12, 4), 128);  /* cmd_per_lun */
    ck_assert_uint_eq(config(&g, 16, 4), 16);   /* event_info_size */
    ck_assert_uint_eq(config(&g, 20, 4), 96);   /* sense_size */
    ck_assert_uint_eq(config(&g, 24, 4), 32);   /* cdb_size */
    ck_assert_uint_eq(config(&g, 28, 2), 0);    /* max_channel */
    ck_assert_uint_eq(config(&g, 30, 2), 255);  /* max_target */
    ck_assert_uint_eq(config(&g, 32, 4), 16383); /* max_lun */
    ck_assert(bus_write(g.bus, SLOT + 0x100 + 20, 4, 0, 252));
    ck_assert_uint_eq(config(&g, 20, 4), 252);
    ck_assert(bus_write(g.bus, SLOT + 0x100 + 24, 4, 0, 0x10000));
    ck_assert_uint_eq(config(&g, 24, 4), 32);
    ck_assert(bus_write(g.bus, SLOT + 0x100, 4, 0, 1));
    ck_assert_uint_eq(config(&g, 0, 4), 3);
    wr(&g, 0x70, 0);
    ck_assert_uint_eq(config(&g, 20, 4), 96);
    wr(&g, 0x30, 4);
    ck_assert_uint_eq(rd(&g, 0x34), 128);
    wr(&g, 0x30, 5);
    ck_assert_uint_eq(rd(&g, 0x34), 0);
    end();
}
END_TEST

START_TEST(test_bad_config)
{
    static const struct virtio_scsi_config bad[] = {
        {.queues = 127},
        {.queue_size = 2},
        {.queue_size = 100},
        {.queue_size = 2048},
    };

    guest_init(&g, false);
    struct virtio_host host = guest_host(&g, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error *err = NULL;
        ck_assert_ptr_null(virtio_scsi_create(&bad[i], &host, &err));
        ck_assert_ptr_nonnull(err);
        error_free(err);
    }
    virtio_mmio_free(g.slot);
    guest_free(&g);
}
END_TEST

/* Requests --------------------------------------------------------------- */

START_TEST(test_read_write)
{
    begin(_i);
    settle();
    ck_assert_uint_eq(request("28000000000500000300", 0, 1536), OK);
    ck_assert_uint_eq(sense_of(response), 0);
    ck_assert_uint_eq(get32(response + 4), 0); /* residual */
    ck_assert(at(&g, data)[0] == 5 && at(&g, data)[1535] == 7);
    memset(at(&g, data), 0xab, 0x20000);
    ck_assert_uint_eq(request("2a000000000a00010000", 0x20000, 0), OK);
    ck_assert_uint_eq(sense_of(response), 0);
    expect_file(5120, 0x20000, 0xab);
    ck_assert_uint_eq(request("35000000000000000000", 0, 0), OK);
    ck_assert_uint_eq(sense_of(response), 0);
    ck_assert_uint_eq(request("2800000007ff00000200", 0, 1024), OK);
    ck_assert_uint_eq(sense_of(response), 0x52100);
    ck_assert_uint_eq(get32(response + 4), 1024);
    /* A chain of several steps. */
    memset(at(&g, data), 0x3c, 512);
    ck_assert_uint_eq(request("93000000000000000000000008000000", 512, 0),
                      OK);
    ck_assert_uint_eq(sense_of(response), 0);
    expect_file(0, DISK_SIZE, 0x3c);
    end();
}
END_TEST

START_TEST(test_residual)
{
    begin(_i);
    settle();
    ck_assert_uint_eq(request("12000000ff00", 0, 255), OK);
    ck_assert_uint_eq(get32(response + 4), 255 - 36);
    ck_assert_uint_eq(request("28000000000500000100", 0, 4096), OK);
    ck_assert_uint_eq(get32(response + 4), 4096 - 512);
    ck_assert_uint_eq(request("28000000000500000300", 0, 1024), OVERRUN);
    ck_assert_uint_eq(request("12000000ff00", 0, 36), OVERRUN);
    ck_assert_uint_eq(request("2a000000000500000300", 512, 0), OVERRUN);
    ck_assert_uint_eq(request("2a000000000500000100", 2048, 0), OK);
    ck_assert_uint_eq(get32(response + 4), 1536);
    end();
}
END_TEST

/* Header, response and data cut and joined anyhow (2.6.4). */
START_TEST(test_framing)
{
    struct segment s[6];

    begin(_i);
    settle();
    put_header(data, 0, 0, 1, "2a000000001400000200");
    memset(at(&g, data + HEADER), 0x77, 1024);
    s[0] = (struct segment){data, HEADER + 1024, false};
    s[1] = (struct segment){response, 3, true};
    s[2] = (struct segment){response + 3, RESPONSE - 3, true};
    queue_do(&requests, s, 3, false);
    ck_assert_uint_eq(response_of(response), OK);
    expect_file(512 * 20, 1024, 0x77);

    put_header(header, 0, 0, 1, "28000000001400000200");
    s[0] = (struct segment){header, 7, false};
    s[1] = (struct segment){header + 7, HEADER - 7, false};
    s[2] = (struct segment){data, RESPONSE + 100, true};
    s[3] = (struct segment){data + 4096, 1, true};
    s[4] = (struct segment){data + 8192, 1024 - 101, true};
    ck_assert_uint_eq(queue_do(&requests, s, 5, true), RESPONSE + 1024);
    ck_assert_uint_eq(response_of(data), OK);
    ck_assert_uint_eq(at(&g, data)[RESPONSE + 99], 0x77);
    ck_assert_uint_eq(at(&g, data)[4096], 0x77);
    ck_assert_uint_eq(at(&g, data)[8192 + 922], 0x77);
    end();
}
END_TEST

/* What cannot be right comes back; what follows works. */
START_TEST(test_malformed)
{
    struct segment s[4];

    begin(_i);
    settle();
    put_header(header, 0, 0, 1, "28000000001400000200");
    s[0] = (struct segment){header, HEADER - 1, false};
    s[1] = (struct segment){response, RESPONSE, true};
    queue_do(&requests, s, 2, false);
    ck_assert_uint_eq(response_of(response), FAILURE);
    s[0] = (struct segment){header, HEADER, false};
    s[1] = (struct segment){response, RESPONSE - 1, true};
    *at(&g, response + 11) = 0xee;
    queue_do(&requests, s, 2, false);
    ck_assert_uint_eq(response_of(response), FAILURE);
    s[1] = (struct segment){response, 5, true};
    ck_assert_uint_eq(queue_do(&requests, s, 2, false), 5);
    ck_assert_uint_eq(queue_do(&requests, s, 1, false), 0);
    ck_assert_uint_eq(queue_do(&requests, s + 1, 1, false), 5);
    s[1] = (struct segment){data, 512, false};
    s[2] = (struct segment){response, RESPONSE, true};
    s[3] = (struct segment){data, 512, true};
    *at(&g, response + 11) = 0xee;
    queue_do(&requests, s, 4, true); /* both directions */
    ck_assert_uint_eq(response_of(response), FAILURE);
    ck_assert_uint_eq(request("28000000000500000100", 0, 512), OK);
    ck_assert_uint_eq(sense_of(response), 0);
    end();
}
END_TEST

START_TEST(test_addresses)
{
    static const struct {
        uint8_t lun[8];
        uint8_t response;
        uint32_t sense;
    } rows[] = {
        {{1, 0, 0, 0}, OK, 0},
        {{1, 0, 0x40, 0}, OK, 0},
        {{1, 0, 0x40, 1}, OK, 0x52500},
        {{1, 0, 0, 255}, OK, 0x52500},
        {{1, 0, 0x7f, 255}, OK, 0x52500},
        {{1, 1, 0, 0}, BAD_TARGET, 0},
        {{1, 0, 0x80, 0}, BAD_TARGET, 0},
        {{1, 0, 0x3f, 0}, BAD_TARGET, 0},
        {{0, 0, 0, 0}, BAD_TARGET, 0},
        {{2, 0, 0, 0}, BAD_TARGET, 0},
        {{1, 0, 0, 0, 1}, BAD_TARGET, 0},
        {{1, 0, 0, 0, 0, 0, 0, 1}, BAD_TARGET, 0},
        {{0xc1, 1}, BAD_TARGET, 0},
    };

    begin(_i);
    settle();
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct segment s[2] = {{header, HEADER, false},
                               {response, RESPONSE, true}};
        put_header(header, 0, 0, 1, "000000000000");
        memcpy(at(&g, header), rows[i].lun, 8);
        queue_do(&requests, s, 2, false);
        ck_assert_uint_eq(response_of(response), rows[i].response);
        if (rows[i].response == OK) {
            ck_assert_uint_eq(sense_of(response), rows[i].sense);
        }
    }
    end();
}
END_TEST

/* The driver's own sizes of CDB and sense data. */
START_TEST(test_sizes)
{
    static const unsigned sizes[][2] = {{0, 6}, {4, 10}, {18, 16}, {252, 260},
                                        {96, 5}, {96, 0}};

    begin(_i);
    settle();
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        unsigned sense = sizes[i][0], cdb = sizes[i][1];
        ck_assert(bus_write(g.bus, SLOT + 0x100 + 20, 4, 0, sense));
        ck_assert(bus_write(g.bus, SLOT + 0x100 + 24, 4, 0, cdb));
        put_header(header, 0, 0, 1, "080000050100");
        memset(at(&g, response), 0xee, 400);
        struct segment s[3] = {{header, 19 + cdb, false},
                               {response, 12 + sense, true},
                               {data, 512, true}};
        queue_do(&requests, s, 3, false);
        ck_assert_uint_eq(response_of(response), OK);
        ck_assert_uint_eq(status_of(response), cdb < 6 ? 2 : 0);
        put_header(header, 0, 0, 1, "ff0000000000");
        queue_do(&requests, s, 3, false);
        ck_assert_uint_eq(status_of(response), 2);
        ck_assert_uint_eq(get32(response), sense < 18 ? sense : 18);
        ck_assert_uint_eq(at(&g, response)[12 + sense], 0xee);
    }
    end();
}
END_TEST

START_TEST(test_legacy)
{
    make_disk();
    plug(true, _i);
    drive(ALL);
    settle();
    ck_assert_uint_eq(request("28000000000500000100", 0, 512), OK);
    ck_assert_uint_eq(*at(&g, data), 5);
    end();
}
END_TEST

/* Any bytes: whatever the driver sends, the device lives. */
START_TEST(test_random)
{
    begin(_i);
    srand((unsigned)_i);
    uint64_t heap = g.heap;
    for (unsigned i = 0; i < 2000; i++) {
        g.heap = heap; /* indirect tables of before are not used again */
        struct queue *q = rand() % 4 ? &requests : &control;
        struct segment s[3];
        unsigned n = 1 + (unsigned)rand() % 3;
        for (unsigned k = 0; k < 96; k++) {
            at(&g, header)[k] = rand() % 2 ? 0 : (uint8_t)rand();
        }
        if (rand() % 4) {
            put_lun(header + (q == &control ? 8 : 0), 0, 0);
        }
        if (q == &control && rand() % 4) {
            put32(&g, header, (uint32_t)rand() % 3);
            put32(&g, header + 4, (uint32_t)rand() % 8);
        }
        for (unsigned k = 0; k < n; k++) {
            s[k] = (struct segment){
                k ? data : header, 1 + (uint32_t)rand() % (k ? 4000 : 90),
                k && (k == 2 || rand() & 1)};
        }
        queue_do(q, s, n, rand() & 1);
    }
    drive(ALL | ring_of(_i));
    settle();
    ck_assert_uint_eq(request("120000002400", 0, 36), OK);
    end();
}
END_TEST

/* Many at once, on several queues. */
START_TEST(test_queues)
{
    struct queue more[3];
    uint32_t length;

    make_disk();
    scsi.queues = 4;
    plug(false, _i);
    drive(ALL | ring_of(_i));
    for (unsigned i = 0; i < 3; i++) {
        queue_setup(&more[i], &g, 3 + i, 64);
    }
    settle();
    for (unsigned n = 0; n < 16; n++) {
        for (unsigned i = 0; i < 3; i++) {
            uint64_t h = alloc(&g, HEADER, 16);
            uint64_t r = alloc(&g, RESPONSE + 512, 16);
            struct segment s[2] = {{h, HEADER, false},
                                   {r, RESPONSE + 512, true}};
            char cdb[32];
            snprintf(cdb, sizeof(cdb), "2800000000%02x00000100", 3 * n + i);
            put_header(h, 0, 0, n, cdb);
            *at(&g, r + RESPONSE) = 0xee;
            queue_add(&more[i], s, 2, n & 1);
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        queue_kick(&more[i]);
    }
    for (unsigned n = 0; n < 48; n++) {
        queue_wait(&more[n % 3], &length);
        ck_assert_uint_eq(length, RESPONSE + 512);
    }
    end();
}
END_TEST

/* Task management -------------------------------------------------------- */

static uint8_t tmf(uint32_t subtype, unsigned target, unsigned lun,
                   uint64_t id)
{
    uint64_t pa = header + 1024;
    struct segment s[2] = {{pa, 24, false}, {pa + 64, 1, true}};

    put32(&g, pa, TMF);
    put32(&g, pa + 4, subtype);
    put_lun(pa + 8, target, lun);
    put64(&g, pa + 16, id);
    *at(&g, pa + 64) = 0xee;
    ck_assert_uint_eq(queue_do(&control, s, 2, subtype & 1), 1);
    return *at(&g, pa + 64);
}

START_TEST(test_tmf)
{
    begin(_i);
    settle();
    for (unsigned subtype = 0; subtype < 10; subtype++) {
        bool known = subtype < 8 && subtype != CLEAR_ACA;
        ck_assert_uint_eq(tmf(subtype, 0, 0, 5), known ? OK : REJECTED);
        ck_assert_uint_eq(tmf(subtype, 9, 0, 5), BAD_TARGET);
        ck_assert_uint_eq(tmf(subtype, 0, 9, 5),
                          subtype != I_T_NEXUS_RESET ? INCORRECT_LUN : OK);
    }
    ck_assert_uint_eq(request("000000000000", 0, 0), OK);
    ck_assert_uint_eq(sense_of(response), 0x62903);
    ck_assert_uint_eq(request("000000000000", 0, 0), OK);
    ck_assert_uint_eq(sense_of(response), 0);
    end();
}
END_TEST

START_TEST(test_control)
{
    begin(_i);
    uint64_t pa = header + 1024;
    struct segment s[2] = {{pa, 16, false}, {pa + 64, 5, true}};
    for (uint32_t type = 0; type < 5; type++) {
        put32(&g, pa, type);
        put_lun(pa + 4, 0, 0);
        memset(at(&g, pa + 64), 0xee, 5);
        bool known = type == AN_QUERY || type == AN_SUBSCRIBE;
        ck_assert_uint_eq(queue_do(&control, s, 2, false), known ? 5 : 1);
        ck_assert_uint_eq(at(&g, pa + 64)[known ? 4 : 0],
                          known ? OK : FAILURE);
        put_lun(pa + 4, 4, 0);
        queue_do(&control, s, 2, false);
        ck_assert_uint_eq(at(&g, pa + 64)[known ? 4 : 0],
                          known ? BAD_TARGET : FAILURE);
    }
    ck_assert_uint_eq(queue_do(&control, s, 1, false), 0);
    ck_assert_uint_eq(queue_do(&control, s + 1, 1, false), 1);
    end();
}
END_TEST

/* The host's disk is full, and the machine is to stop: the command stays
 * there and can be found, and what is behind it goes on. */
static atomic_int stops;

static void stop(void *opaque, int error)
{
    (void)opaque;
    (void)error;
    atomic_fetch_add(&stops, 1);
}

static void limit_files(rlim_t size)
{
    struct rlimit limit = {size, RLIM_INFINITY};

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void begin_held(int i, uint64_t id)
{
    make_disk();
    image.werror = BLOCK_ERROR_STOP;
    image.stop = stop;
    plug(false, i);
    drive(ALL | ring_of(i));
    settle();
    limit_files(256 * 1024);
    struct segment s[3] = {{header, HEADER, false}, {data, 512, false},
                           {response, RESPONSE, true}};
    put_header(header, 0, 0, id, "2a000000040000000100");
    memset(at(&g, data), 0x99, 512);
    queue_add(&requests, s, 3, false);
    queue_kick(&requests);
    for (unsigned n = 0; !atomic_load(&stops) && n < 100000; n++) {
        usleep(100);
    }
    guest_settle(&g);
    ck_assert_int_eq(atomic_load(&stops), 1);
    ck_assert(!queue_has_used(&requests));
}

/* Aborting waits for the command; a second function for the first. */
START_TEST(test_abort)
{
    uint32_t length;

    begin_held(_i, 77);
    uint64_t pa = header + 1024;
    ck_assert_uint_eq(tmf(QUERY_TASK, 0, 0, 77), SUCCEEDED);
    ck_assert_uint_eq(tmf(QUERY_TASK, 0, 0, 78), OK);
    ck_assert_uint_eq(tmf(QUERY_TASK_SET, 0, 0, 0), SUCCEEDED);
    ck_assert_uint_eq(tmf(ABORT_TASK, 0, 0, 78), OK);
    for (unsigned n = 0; n < 3; n++) {
        struct segment s[2] = {{pa + 128 * n, 24, false},
                               {pa + 128 * n + 64, 1, true}};
        put32(&g, pa + 128 * n, TMF);
        put32(&g, pa + 128 * n + 4,
              n ? QUERY_TASK : _i & 1 ? ABORT_TASK : LOGICAL_UNIT_RESET);
        put_lun(pa + 128 * n + 8, 0, 0);
        put64(&g, pa + 128 * n + 16, 77);
        *at(&g, pa + 128 * n + 64) = 0xee;
        queue_add(&control, s, 2, false);
        queue_kick(&control);
    }
    guest_settle(&g);
    ck_assert(!queue_has_used(&control));
    limit_files(RLIM_INFINITY);
    block_resume(backend);
    queue_wait(&requests, &length);
    ck_assert_uint_eq(response_of(response), _i & 1 ? ABORTED : RESET);
    for (unsigned n = 0; n < 3; n++) {
        queue_wait(&control, &length);
        ck_assert_uint_eq(*at(&g, pa + 128 * n + 64), OK);
    }
    end();
}
END_TEST

START_TEST(test_resume)
{
    uint32_t length;

    begin_held(_i, 77);
    limit_files(RLIM_INFINITY);
    block_resume(backend);
    queue_wait(&requests, &length);
    ck_assert_uint_eq(response_of(response), OK);
    ck_assert_uint_eq(sense_of(response), 0);
    expect_file(512 * 1024, 512, 0x99);
    end();
}
END_TEST

/* A reset of the device with a function that waits for a held command. */
START_TEST(test_reset_while_held)
{
    begin_held(_i, 77);
    uint64_t pa = header + 1024;
    struct segment s[2] = {{pa, 24, false}, {pa + 64, 1, true}};
    put32(&g, pa, TMF);
    put32(&g, pa + 4, ABORT_TASK_SET);
    put_lun(pa + 8, 0, 0);
    queue_add(&control, s, 2, false);
    queue_kick(&control);
    guest_settle(&g);
    drive(ALL | ring_of(_i));
    settle();
    ck_assert_uint_eq(request("28000000000500000100", 0, 512), OK);
    ck_assert_uint_eq(*at(&g, data), 5);
    ck_assert_uint_eq(tmf(ABORT_TASK_SET, 0, 0, 0), OK);
    end();
}
END_TEST

/* What a host without space, or with a bad disk, makes of a write. */
START_TEST(test_no_space)
{
    begin(_i);
    settle();
    limit_files(256 * 1024);
    ck_assert_uint_eq(request("2a000000040000000100", 512, 0), OK);
    ck_assert_uint_eq(sense_of(response), 0x72707);
    ck_assert_uint_eq(request("2a080000040000000100", 512, 0), OK);
    ck_assert_uint_eq(sense_of(response), 0x72707);
    memset(at(&g, data), 0x11, 512);
    ck_assert_uint_eq(request("93000000000000000000000008000000", 512, 0),
                      OK);
    ck_assert_uint_eq(sense_of(response), 0x72707);
    ck_assert_uint_eq(request("2a000000000000000100", 512, 0), OK);
    ck_assert_uint_eq(sense_of(response), 0);
    ck_assert_uint_eq(request("28000000040000000100", 0, 512), OK);
    ck_assert_uint_eq(sense_of(response), 0);
    ck_assert_uint_eq(truncate(path, 4096), 0);
    limit_files(RLIM_INFINITY);
    end();
}
END_TEST

/* Events ----------------------------------------------------------------- */

static uint64_t give_buffer(uint32_t size)
{
    uint64_t pa = alloc(&g, 32, 16);
    struct segment s = {pa, size, true};

    memset(at(&g, pa), 0xee, 32);
    queue_add(&events, &s, 1, false);
    queue_kick(&events);
    return pa;
}

static void expect_event(uint64_t pa, uint32_t event, uint8_t target,
                         uint8_t lun, uint32_t reason)
{
    uint32_t length;

    queue_wait(&events, &length);
    ck_assert_uint_eq(length, 16);
    ck_assert_uint_eq(get32(pa), event);
    ck_assert_uint_eq(*at(&g, pa + 5), target);
    ck_assert_uint_eq(*at(&g, pa + 7), lun);
    ck_assert_uint_eq(get32(pa + 12), reason);
}

#define MISSED UINT32_C(0x80000000)

START_TEST(test_events)
{
    begin(_i);
    settle();
    uint64_t first = give_buffer(16), second = give_buffer(16);
    guest_settle(&g);
    struct scsi_unit *cd = add_unit(&scsi_cd, 3, 7, NULL);
    expect_event(first, 1, 3, 7, 1); /* a rescan */
    ck_assert_uint_eq(request_to(3, 7, "000000000000", 0, 0), OK);
    ck_assert_uint_eq(sense_of(response), 0x62900);
    scsi_unit_change_medium(cd, NULL);
    expect_event(second, 3, 3, 7, 0x28);
    /* Nobody has room for this one; the next buffer says so. */
    scsi_unit_remove(cd);
    guest_settle(&g);
    ck_assert(!queue_has_used(&events));
    expect_event(give_buffer(16), MISSED, 0, 0, 0);
    ck_assert_uint_eq(request_to(3, 7, "000000000000", 0, 0), BAD_TARGET);
    uint64_t last = give_buffer(16);
    guest_settle(&g);
    ck_assert(!queue_has_used(&events));
    add_unit(&scsi_cd, 0, 1, NULL);
    expect_event(last, 1, 0, 1, 1);
    end();
}
END_TEST

/* A buffer that is too small is used up, and the event is missed. */
START_TEST(test_small_event)
{
    uint32_t length;

    begin(_i);
    uint64_t small = give_buffer(4);
    guest_settle(&g);
    add_unit(&scsi_cd, 1, 0, NULL);
    queue_wait(&events, &length);
    ck_assert_uint_eq(length, 4);
    ck_assert_uint_eq(*at(&g, small + 4), 0xee);
    expect_event(give_buffer(16), MISSED, 0, 0, 0);
    end();
}
END_TEST

/* Without the features there are no events. */
START_TEST(test_no_events)
{
    make_disk();
    plug(false, _i);
    drive(V1);
    give_buffer(16);
    struct scsi_unit *cd = add_unit(&scsi_cd, 1, 0, NULL);
    scsi_unit_change_medium(cd, NULL);
    guest_settle(&g);
    ck_assert(!queue_has_used(&events));
    end();
}
END_TEST

/* Reset with commands on their way. */
START_TEST(test_reset)
{
    begin(_i);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned n = 0; n < 16; n++) {
            uint64_t pa = data + 0x1000 * n;
            struct segment s[2] = {{pa, HEADER, false},
                                   {pa + 128, RESPONSE + 1024, true}};
            put_header(pa, 0, 0, n, "28080000000000000200");
            queue_add(&requests, s, 2, false);
        }
        queue_kick(&requests);
        g.heap = RAM_BASE + 0x100000;
        drive(ALL | ring_of(_i));
    }
    settle();
    end();
}
END_TEST

Suite *virtio_scsi_suite(void)
{
    Suite *suite = suite_create("virtio_scsi");
    TCase *t = tcase_create("scsi");

    /* Loop index: bit 0 packed ring, bit 1 the fast engine. */
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_config);
    tcase_add_test(t, test_bad_config);
    tcase_add_loop_test(t, test_read_write, 0, 4);
    tcase_add_loop_test(t, test_residual, 0, 2);
    tcase_add_loop_test(t, test_framing, 0, 4);
    tcase_add_loop_test(t, test_malformed, 0, 2);
    tcase_add_loop_test(t, test_addresses, 0, 2);
    tcase_add_loop_test(t, test_sizes, 0, 2);
    tcase_add_loop_test(t, test_legacy, 0, 1);
    tcase_add_loop_test(t, test_random, 0, 4);
    tcase_add_loop_test(t, test_queues, 0, 4);
    tcase_add_loop_test(t, test_tmf, 0, 2);
    tcase_add_loop_test(t, test_control, 0, 2);
    tcase_add_loop_test(t, test_abort, 0, 4);
    tcase_add_loop_test(t, test_resume, 0, 2);
    tcase_add_loop_test(t, test_reset_while_held, 0, 2);
    tcase_add_loop_test(t, test_no_space, 0, 4);
    tcase_add_loop_test(t, test_events, 0, 2);
    tcase_add_loop_test(t, test_small_event, 0, 2);
    tcase_add_loop_test(t, test_no_events, 0, 2);
    tcase_add_loop_test(t, test_reset, 0, 4);
    suite_add_tcase(suite, t);
    return suite;
}
