/* hw/scsi: the command layer, without an adapter's queues. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hw/scsi/scsi.h"
#include "util/bits.h"

Suite *scsi_suite(void);

#define BLOCKS 2048
#define DISK_SIZE (BLOCKS * 512)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct scsi_bus bus;
static bool kicked;
static unsigned changes;
static enum scsi_change last_change;
static struct scsi_sense last_sense;
static struct block_backend *backend, *medium;
static struct scsi_unit *disk, *cd;
static char disk_path[64], cd_path[64];

/* The one command that is tried, with room for its data. */
static struct scsi_command cmd;
static struct iovec out, in;
static uint8_t data[1 << 17];
static unsigned done;

static void kick(void *adapter)
{
    (void)adapter;
    __atomic_store_n(&kicked, true, __ATOMIC_RELEASE);
}

static void on_change(void *adapter, const struct scsi_unit *unit,
                      enum scsi_change change, struct scsi_sense sense)
{
    (void)adapter;
    (void)unit;
    changes++;
    last_change = change;
    last_sense = sense;
}

static const struct scsi_bus_ops ops = {kick, on_change};

static void on_done(struct scsi_command *c)
{
    (void)c;
    done++;
    pthread_cond_signal(&changed);
}

/* Block n is full of n. */
static struct block_backend *open_image(char *path, bool read_only,
                                        struct block_config config)
{
    struct error *err = NULL;
    uint8_t block[512];

    strcpy(path, "/tmp/armature-scsi-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, DISK_SIZE), 0);
    for (unsigned i = 0; i < 64; i++) {
        memset(block, (int)i, sizeof(block));
        ck_assert_int_eq(pwrite(fd, block, 512, 512 * i), 512);
    }
    close(fd);
    config.file = path;
    config.format = "raw";
    config.read_only = read_only;
    config.aio = BLOCK_AIO_THREADS;
    struct block_backend *b = block_open(&config, NULL, &err);
    ck_assert_msg(b != NULL, "%s", err ? err->message : "");
    return b;
}

static struct scsi_unit *create(const struct scsi_kind *kind,
                                struct scsi_unit_config config)
{
    struct error *err = NULL;
    struct scsi_unit *unit = scsi_unit_create(&bus, kind, &config, &err);

    ck_assert_msg(unit != NULL, "%s", err ? err->message : "");
    return unit;
}

static void setup(void)
{
    backend = open_image(disk_path, false, (struct block_config){0});
    medium = open_image(cd_path, true, (struct block_config){0});
    scsi_bus_init(&bus, &ops, NULL, &lock);
    disk = create(&scsi_disk, (struct scsi_unit_config){
        .backend = backend, .serial = "serial", .name = "drive",
        .wwn = 0x5000c50015ea71aa, .rotation_rate = 1});
    cd = create(&scsi_cd, (struct scsi_unit_config){
        .target = 1, .backend = medium, .name = "cdrom"});
    changes = 0;
}

static void teardown(void)
{
    scsi_bus_drain(&bus);
    scsi_bus_free(&bus);
    scsi_command_free(&cmd);
    cmd = (struct scsi_command){0};
    block_close(backend);
    block_close(medium);
    unlink(disk_path);
    unlink(cd_path);
}

static void wait_done(unsigned count)
{
    while (done < count) {
        if (__atomic_exchange_n(&kicked, false, __ATOMIC_ACQ_REL)) {
            pthread_mutex_unlock(&lock);
            scsi_bus_unplug(&bus);
            pthread_mutex_lock(&lock);
            continue;
        }
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 2000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&changed, &lock, &until);
    }
}

/* Start a command from hexadecimal, with bytes of data out and in. */
static void begin(struct scsi_command *c, uint32_t target, uint32_t lun,
                  const char *cdb, uint64_t out_size, uint64_t in_size)
{
    unsigned byte, n = 0;

    memset(c->cdb, 0, sizeof(c->cdb));
    for (; *cdb; cdb += 2) {
        cdb += *cdb == ' ';
        ck_assert_int_eq(sscanf(cdb, "%2x", &byte), 1);
        c->cdb[n++] = (uint8_t)byte;
    }
    c->cdb_size = n;
    out = (struct iovec){data, out_size};
    in = (struct iovec){data, in_size};
    c->out = &out;
    c->in = &in;
    c->out_count = out_size != 0;
    c->in_count = in_size != 0;
    c->out_size = out_size;
    c->in_size = in_size;
    c->done = on_done;
    scsi_submit(&bus, c, target, lun);
}

static uint32_t sense_of(const struct scsi_command *c)
{
    if (c->result != SCSI_DONE) {
        return 0xf0000000 | c->result;
    }
    if (c->status == SCSI_GOOD) {
        return 0;
    }
    ck_assert_uint_eq(c->sense[0], 0x70);
    return (uint32_t)c->sense[2] << 16 | (uint32_t)c->sense[12] << 8 |
           c->sense[13];
}

static uint32_t run_at(uint32_t target, uint32_t lun, const char *cdb,
                       uint64_t out_size, uint64_t in_size)
{
    pthread_mutex_lock(&lock);
    done = 0;
    begin(&cmd, target, lun, cdb, out_size, in_size);
    pthread_mutex_unlock(&lock);
    scsi_bus_unplug(&bus);
    pthread_mutex_lock(&lock);
    wait_done(1);
    pthread_mutex_unlock(&lock);
    ck_assert_uint_eq(done, 1);
    ck_assert_ptr_null(bus.running);
    ck_assert_ptr_null(cmd.buffer);
    ck_assert_uint_le(cmd.moved, out_size + in_size);
    ck_assert_uint_le(cmd.touched, in_size);
    return sense_of(&cmd);
}

static uint32_t run(const char *cdb, uint64_t out_size, uint64_t in_size)
{
    return run_at(0, 0, cdb, out_size, in_size);
}

static uint32_t run_cd(const char *cdb, uint64_t in_size)
{
    return run_at(1, 0, cdb, 0, in_size);
}

/* Take the attention that power-on leaves. */
static void settle(void)
{
    ck_assert_uint_eq(run("000000000000", 0, 0), 0x62900);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x62900);
}

#define OVERRUN (0xf0000000 | SCSI_OVERRUN)
#define BAD_OPCODE 0x52000
#define BAD_CDB 0x52400
#define BAD_LIST 0x52600
#define LIST_LENGTH 0x51a00
#define RANGE 0x52100

/* One line for each command and what it must come to. */
struct expectation {
    const char *cdb;
    uint64_t out, in;
    uint32_t sense;
    uint64_t moved;
};

static void expect(uint32_t target, const struct expectation *rows,
                   size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct expectation *r = &rows[i];
        uint32_t sense = run_at(target, 0, r->cdb, r->out, r->in);
        ck_assert_msg(sense == r->sense && cmd.moved == r->moved,
                      "%s: %x, moved %llu", r->cdb, sense,
                      (unsigned long long)cmd.moved);
    }
}

/* CDBs ------------------------------------------------------------------- */

START_TEST(test_attention)
{
    ck_assert_uint_eq(run("120000002400", 0, 36), 0);
    ck_assert_uint_eq(run("a00000000000000000100000", 0, 16), 0);
    ck_assert_uint_eq(run("ff0000000000", 0, 0), 0x62900);
    ck_assert_uint_eq(run("000000000000", 0, 0), 0);
    pthread_mutex_lock(&lock);
    scsi_reset(&bus, 0, SCSI_ANY);
    pthread_mutex_unlock(&lock);
    ck_assert_uint_eq(run("030000001200", 0, 18), 0);
    ck_assert_uint_eq(data[2], 6);
    ck_assert_uint_eq(data[12], 0x29);
    ck_assert_uint_eq(data[13], 3);
    ck_assert_uint_eq(run("000000000000", 0, 0), 0);
    ck_assert_uint_eq(run_cd("4a0100001000 0000 0800", 8), 0);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x62900);
}
END_TEST

/* Every operation code, at every length that the adapter may pass. */
START_TEST(test_all_opcodes)
{
    static const unsigned sizes[] = {1, 5, 6, 10, 11, 12, 16, 32};
    char cdb[65];

    settle();
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
            unsigned size = sizes[i];
            snprintf(cdb, sizeof(cdb), "%02x%0*d", opcode, 2 * (int)size - 2,
                     0);
            cdb[2 * size] = '\0';
            run(cdb, 0, 0);
            run_cd(cdb, 0);
            run_at(0, 7, cdb, 0, 0);
            if (opcode == 0x1b || opcode == 0x28) {
                continue;
            }
            memset(cdb + 2, 'f', 2 * size - 2);
            run(cdb, 0, 0);
            run(cdb, 512, 0);
            run(cdb, 0, 512);
            run_cd(cdb, 512);
            run_at(0, 7, cdb, 0, 512);
        }
    }
}
END_TEST

/* Any bytes at all: each command ends, and once. */
START_TEST(test_random)
{
    char cdb[65];

    srand((unsigned)_i);
    for (unsigned i = 0; i < 3000; i++) {
        static const uint64_t sizes[] = {0, 1, 8, 24, 512, 4096, 65536};
        unsigned length = 1 + (unsigned)rand() % 32;
        for (unsigned n = 0; n < length; n++) {
            unsigned byte = rand() % 3 ? 0 : (unsigned)rand() % 256;
            snprintf(cdb + 2 * n, 3, "%02x", n ? byte : rand() % 256u);
        }
        uint64_t size = sizes[(unsigned)rand() % ARRAY_SIZE(sizes)];
        for (unsigned n = 0; n < 64; n++) {
            data[n] = rand() % 3 ? 0 : (uint8_t)rand();
        }
        bool is_out = rand() & 1;
        run_at((uint32_t)(rand() & 1), rand() % 8 ? 0 : 3, cdb,
               is_out ? size : 0, is_out ? 0 : size);
    }
}
END_TEST

START_TEST(test_bad_cdbs)
{
    static const struct expectation rows[] = {
        {"00", 0, 0, BAD_CDB, 0},
        {"0000000000", 0, 0, BAD_CDB, 0},
        {"000000000004", 0, 0, BAD_CDB, 0}, /* NACA */
        {"280000000000000000", 0, 0, BAD_CDB, 0},
        {"2820 00000000 00 0001 00", 0, 512, BAD_CDB, 0}, /* RDPROTECT */
        {"120002000000", 0, 0, BAD_CDB, 0},
        {"1201ff00ff00", 0, 255, BAD_CDB, 0},
        {"12008000ff00", 0, 255, BAD_CDB, 0},
        {"7f0000000000001800090000000000000000000000000000"
         "0000000000000000", 0, 0, BAD_OPCODE, 0},
        {"c00000000000", 0, 0, BAD_OPCODE, 0},
        {"430000000000000040 00", 0, 64, BAD_OPCODE, 0}, /* of CD-ROMs */
        {"a000000000000000000f0000", 0, 64, BAD_CDB, 0},
        {"a000030000000000 0040 0000", 0, 64, BAD_CDB, 0},
        {"25000000010000000000", 0, 8, BAD_CDB, 0},
        {"9e110000000000000000000000200000", 0, 32, BAD_CDB, 0},
        {"2f020000000000000100", 0, 512, BAD_CDB, 0}, /* BYTCHK */
    };

    settle();
    expect(0, rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_lengths)
{
    static const struct expectation rows[] = {
        {"120000000500", 0, 5, 0, 5},
        {"12000000ffff", 0, 255, BAD_CDB, 0},
        {"1200ffff0000", 0, 36, BAD_CDB, 0},
        {"12000000ff00", 0, 36, OVERRUN, 0},
        {"12000000ff00", 0, 300, 0, 36},
        {"120000000000", 0, 0, 0, 0},
        {"120000002400", 36, 0, OVERRUN, 0},
        {"25000000000000000000", 0, 7, OVERRUN, 0},
        {"030000000000", 0, 0, 0, 0},
        {"2800 00000000 00 0001 00", 0, 511, OVERRUN, 0},
        {"2800 00000000 00 0001 00", 512, 0, OVERRUN, 0},
        {"2800 00000000 00 0000 00", 0, 0, 0, 0},
        {"2800 00000000 00 0002 00", 0, 4096, 0, 1024},
        {"2a00 00000000 00 0001 00", 511, 0, OVERRUN, 0},
        {"2a00 00000000 00 0001 00", 0, 512, OVERRUN, 0},
        {"0800 0000 00 00", 0, 131072, 0, 131072}, /* 0: 256 blocks */
        {"0800 0000 00 00", 0, 131071, OVERRUN, 0},
        {"8800 0000000000000000 ffffffff 0000", 0, 512, RANGE, 0},
    };

    settle();
    expect(0, rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_ranges)
{
    static const struct expectation rows[] = {
        {"2800 00000800 00 0001 00", 0, 512, RANGE, 0},
        {"2800 00000800 00 0000 00", 0, 0, 0, 0},
        {"2800 00000801 00 0000 00", 0, 0, RANGE, 0},
        {"2800 000007ff 00 0002 00", 0, 1024, RANGE, 0},
        {"2800 000007ff 00 0001 00", 0, 512, 0, 512},
        {"2a00 ffffffff 00 0001 00", 512, 0, RANGE, 0},
        {"a800 ffffffff ffffffff 0000", 0, 512, RANGE, 0},
        {"8800 ffffffffffffffff 00000001 0000", 0, 512, RANGE, 0},
        {"8800 ffffffffffffffff 00000000 0000", 0, 0, RANGE, 0},
        {"8a00 ffffffffffffffff 00000001 0000", 512, 0, RANGE, 0},
        {"8800 007fffffffffffff 00000001 0000", 0, 512, RANGE, 0},
        {"081f ffff 01 00", 0, 512, RANGE, 0},
        {"2f00 00000800 00 0001 00", 0, 0, RANGE, 0},
        {"2b00 000007ff 00 0000 00", 0, 0, 0, 0},
        {"2b00 00000800 00 0000 00", 0, 0, RANGE, 0},
        {"3500 00000801 00 0000 00", 0, 0, RANGE, 0},
        {"9100 0000000000000000 00000000 0000", 0, 0, 0, 0},
        {"9300 0000000000000000 00000801 0000", 512, 0, RANGE, 0},
        {"9301 00000000000007ff 00000002 0000", 0, 0, RANGE, 0},
    };

    settle();
    expect(0, rows, ARRAY_SIZE(rows));
}
END_TEST

/* Data ------------------------------------------------------------------- */

static void expect_file(uint64_t block, uint64_t count, uint8_t value)
{
    int fd = open(disk_path, O_RDONLY);
    uint8_t byte;

    for (uint64_t i = block * 512; i < (block + count) * 512; i += 73) {
        ck_assert_int_eq(pread(fd, &byte, 1, (off_t)i), 1);
        ck_assert_uint_eq(byte, value);
    }
    close(fd);
}

START_TEST(test_read_write)
{
    static const char *const reads[] = {
        "0800 0005 0100", "2800 00000005 00 0001 00",
        "a800 00000005 00000001 0000",
        "8800 0000000000000005 00000001 0000",
        "2808 00000005 00 0001 00",
    };
    static const char *const writes[] = {
        "0a00 0064 0200", "2a00 00000064 00 0002 00",
        "aa00 00000064 00000002 0000",
        "8a00 0000000000000064 00000002 0000",
        "2a08 00000064 00 0002 00", "2e00 00000064 00 0002 00",
        "ae00 00000064 00000002 0000",
        "8e00 0000000000000064 00000002 0000",
    };

    settle();
    for (unsigned i = 0; i < ARRAY_SIZE(reads); i++) {
        memset(data, 0xee, 1024);
        ck_assert_uint_eq(run(reads[i], 0, 512), 0);
        ck_assert(data[0] == 5 && data[511] == 5 && data[512] == 0xee);
        ck_assert_uint_eq(cmd.touched, 512);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(writes); i++) {
        memset(data, 0x40 + (int)i, 1024);
        ck_assert_uint_eq(run(writes[i], 1024, 0), 0);
        ck_assert_uint_eq(cmd.moved, 1024);
        expect_file(0x64, 2, (uint8_t)(0x40 + i));
    }
    ck_assert_uint_eq(run("3500 00000000 00 0000 00", 0, 0), 0);
}
END_TEST

/* Data in many pieces. */
START_TEST(test_pieces)
{
    struct iovec pieces[9];

    settle();
    memset(data, 0xee, 4096);
    for (unsigned i = 0; i < 9; i++) {
        pieces[i] = (struct iovec){data + 300 * i, 200};
    }
    pthread_mutex_lock(&lock);
    done = 0;
    memset(cmd.cdb, 0, sizeof(cmd.cdb));
    memcpy(cmd.cdb, "\x28\0\0\0\0\x07\0\0\x03\0", 10);
    cmd.cdb_size = 10;
    cmd.out_count = 0;
    cmd.out_size = 0;
    cmd.in = pieces;
    cmd.in_count = 9;
    cmd.in_size = 1800;
    scsi_submit(&bus, &cmd, 0, 0);
    wait_done(1);
    pthread_mutex_unlock(&lock);
    ck_assert_uint_eq(sense_of(&cmd), 0);
    ck_assert_uint_eq(cmd.moved, 1536);
    ck_assert_uint_eq(data[0], 7);
    ck_assert_uint_eq(data[200], 0xee);
    ck_assert_uint_eq(data[300 * 2 + 111], 7);
    ck_assert_uint_eq(data[300 * 2 + 112], 8);
    ck_assert_uint_eq(data[300 * 7 + 135], 9);
    ck_assert_uint_eq(data[300 * 7 + 136], 0xee);
}
END_TEST

START_TEST(test_write_same)
{
    static const struct expectation rows[] = {
        {"4110 00000010 00 0008 00", 512, 0, BAD_CDB, 0},
        {"4102 00000010 00 0008 00", 512, 0, BAD_CDB, 0},
        {"4104 00000010 00 0008 00", 512, 0, BAD_CDB, 0},
        {"4101 00000010 00 0008 00", 512, 0, BAD_CDB, 0},
        {"4100 00000010 00 0000 00", 512, 0, BAD_CDB, 0},
        {"4100 00000010 00 0008 00", 511, 0, OVERRUN, 0},
        {"4100 00000010 00 0008 00", 0, 0, OVERRUN, 0},
        {"9301 0000000000000000 ffffffff 0000", 0, 0, BAD_CDB, 0},
    };

    settle();
    memset(data, 0xa5, 512);
    data[511] = 0xa5;
    ck_assert_uint_eq(run("9300 0000000000000011 000007ef 0000", 512, 0), 0);
    ck_assert_uint_eq(cmd.moved, 512);
    expect_file(0x10, 1, 0x10);
    expect_file(0x11, 0x7ef, 0xa5);
    ck_assert_uint_eq(run("9301 0000000000000020 00000010 0000", 0, 0), 0);
    expect_file(0x1f, 1, 0xa5);
    expect_file(0x20, 16, 0);
    expect_file(0x30, 1, 0xa5);
    memset(data, 0, 512);
    ck_assert_uint_eq(run("4108 00000040 00 0010 00", 512, 0), 0);
    expect_file(0x40, 16, 0);
    expect(0, rows, ARRAY_SIZE(rows));
}
END_TEST

static uint32_t unmap(const char *list, const char *cdb, uint64_t size)
{
    unsigned byte;

    memset(data, 0, sizeof(data));
    for (unsigned n = 0; list[2 * n]; n++) {
        ck_assert_int_eq(sscanf(list + 2 * n, "%2x", &byte), 1);
        data[n] = (uint8_t)byte;
    }
    return run(cdb, size, 0);
}

START_TEST(test_unmap)
{
    static const char one[] = "0016001000000000"
                              "00000000000000640000000800000000";
    static const char two[] = "0026002000000000"
                              "00000000000000100000000000000000"
                              "00000000000000200000000800000000";
    static const char beyond[] = "0026002000000000"
                                 "00000000000000100000000100000000"
                                 "00000000000007fc0000000800000000";

    settle();
    ck_assert_uint_eq(unmap(one, "42000000000000001800", 24), 0);
    ck_assert_uint_eq(unmap(two, "42000000000000002800", 40), 0);
    ck_assert_uint_eq(unmap(beyond, "42000000000000002800", 40), RANGE);
    expect_file(0x10, 1, 0x10); /* nothing of it was done */
    ck_assert_uint_eq(unmap("", "42000000000000000000", 0), 0);
    ck_assert_uint_eq(unmap("", "42000000000000000700", 8), LIST_LENGTH);
    ck_assert_uint_eq(unmap(one, "42000000000000001700", 24), LIST_LENGTH);
    ck_assert_uint_eq(unmap(one, "42000000000000001800", 23), OVERRUN);
    ck_assert_uint_eq(unmap(one, "42010000000000001800", 24), BAD_CDB);
    ck_assert_uint_eq(unmap("000e000800000000",
                            "42000000000000001000", 16), LIST_LENGTH);
    ck_assert_uint_eq(unmap("1006100000000000",
                            "42000000000000100800", 0x1008), BAD_LIST);
    ck_assert_uint_eq(unmap("0ff60ff000000000",
                            "420000000000000ff800", 0xff8), 0);
}
END_TEST

/* Pages ------------------------------------------------------------------ */

START_TEST(test_inquiry)
{
    settle();
    ck_assert_uint_eq(run("120000002400", 0, 36), 0);
    ck_assert(!memcmp(data, "\0\0\5\x12\x1f\0\0\x12QEMU    QEMU HARDDISK   "
                            "2.5+", 36));
    ck_assert_uint_eq(run_cd("120000002400", 36), 0);
    ck_assert(!memcmp(data, "\5\x80\5\x12\x1f\0\0\x12QEMU    QEMU CD-ROM     "
                            "2.5+", 36));
    ck_assert_uint_eq(run("12010000ff00", 0, 255), 0);
    ck_assert(!memcmp(data, "\0\0\0\6\0\x80\x83\xb0\xb1\xb2", 10));
    ck_assert_uint_eq(run_cd("12010000ff00", 255), 0);
    ck_assert(!memcmp(data, "\5\0\0\2\0\x83", 6));
    ck_assert_uint_eq(run_cd("12018000ff00", 255), BAD_CDB);
    ck_assert_uint_eq(run("12018000ff00", 0, 255), 0);
    ck_assert(!memcmp(data, "\0\x80\0\6serial", 10));
    ck_assert_uint_eq(run("12018300ff00", 0, 255), 0);
    ck_assert(!memcmp(data, "\0\x83\0\x16\2\0\0\6serial\1\3\0\x8\x50\0\xc5\0"
                            "\x15\xea\x71\xaa", 26));
    ck_assert_uint_eq(cmd.moved, 26);
    ck_assert_uint_eq(run("1201b000ff00", 0, 255), 0);
    ck_assert_uint_eq(cmd.moved, 64);
    ck_assert(!memcmp(data + 8, "\0\x3f\xff\xff", 4));
    ck_assert(!memcmp(data + 20, "\0\x20\0\0\0\0\0\xff\0\0\0\x8", 12));
    ck_assert_uint_eq(run("1201b100ff00", 0, 255), 0);
    ck_assert_uint_eq(data[5], 1);
    ck_assert_uint_eq(run("1201b200ff00", 0, 255), 0);
    ck_assert(!memcmp(data, "\0\xb2\0\4\0\xe0\2\0", 8));
}
END_TEST

START_TEST(test_mode_sense)
{
    settle();
    ck_assert_uint_eq(run("1a003f00ff00", 0, 255), 0);
    ck_assert_uint_eq(cmd.moved, 0x64);
    ck_assert(!memcmp(data, "\x63\0\0\x8\0\0\x8\0\0\0\x2\0\1\xa\x80", 15));
    ck_assert_uint_eq(run("5a083f0000000000ff00", 0, 255), 0);
    ck_assert(!memcmp(data, "\0\x5e\0\0\0\0\0\0\1\xa\x80", 11));
    ck_assert_uint_eq(run("1a0808000400", 0, 4), 0);
    ck_assert(!memcmp(data, "\x17\0\0\0", 4));
    ck_assert_uint_eq(run("1a084800ff00", 0, 255), 0);
    ck_assert(!memcmp(data + 4, "\x8\x12\4\0", 4));
    ck_assert_uint_eq(run("1a08c800ff00", 0, 255), 0x53900);
    ck_assert_uint_eq(run("1a080a00ff00", 0, 255), BAD_CDB);
    ck_assert_uint_eq(run("1a080801ff00", 0, 255), BAD_CDB);
    ck_assert_uint_eq(run_cd("1a002a00ff00", 255), 0);
    ck_assert(!memcmp(data, "\x19\0\0\0\x2a\x14\x3b\0\x7f\xff\x2d", 11));
}
END_TEST

static uint32_t mode_select(const char *cdb, const char *list, unsigned size)
{
    unsigned byte;

    memset(data, 0, 256);
    for (unsigned n = 0; list[2 * n]; n++) {
        ck_assert_int_eq(sscanf(list + 2 * n, "%2x", &byte), 1);
        data[n] = (uint8_t)byte;
    }
    return run(cdb, size, 0);
}

START_TEST(test_mode_select)
{
    static const struct {
        const char *cdb, *list;
        unsigned size;
        uint32_t sense;
        int cached;
    } rows[] = {
        {"151000001800", "000000000812", 24, 0, 0},
        {"151000001800", "00000000081204", 24, 0, 1},
        {"55100000000000001c00", "00000000000000000812", 28, 0, 0},
        {"151000002000", "0000000800000000000002000812", 32, LIST_LENGTH, 0},
        {"151000002000", "000000080000080000000200081204", 32, 0, 1},
        {"151000000c00", "000000080000080000000400", 12, BAD_LIST, 1},
        {"151000000800", "00000004", 8, BAD_LIST, 1},
        {"151000000400", "00000008", 4, LIST_LENGTH, 1},
        {"55100000000000001000", "000000000000ffff", 16, LIST_LENGTH, 1},
        {"151000001800", "000000000812050000", 24, BAD_LIST, 1},
        {"151000001800", "000000000812000001", 24, BAD_LIST, 1},
        {"151000001700", "000000000811", 23, BAD_LIST, 1},
        {"151000000700", "00000000081204", 7, LIST_LENGTH, 1},
        {"151000000500", "0000000008", 5, LIST_LENGTH, 1},
        {"151000001800", "000000000a0a", 24, BAD_LIST, 1},
        {"151000001800", "000000008812", 24, BAD_LIST, 1},
        {"150000001800", "000000000812", 24, BAD_CDB, 1},
        {"151100001800", "000000000812", 24, BAD_CDB, 1},
        {"151000001800", "000000000812", 23, OVERRUN, 1},
        {"151000000300", "000000", 3, LIST_LENGTH, 1},
        {"151000000400", "00000000", 4, 0, 1},
        {"151000000000", "", 0, 0, 1},
    };

    settle();
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        uint32_t sense =
            mode_select(rows[i].cdb, rows[i].list, rows[i].size);
        ck_assert_msg(sense == rows[i].sense || i == 3, "%u: %x", i, sense);
        ck_assert_uint_eq(run("1a0808001800", 0, 24), 0);
        ck_assert_msg(!!(data[6] & 4) == rows[i].cached, "row %u", i);
    }
    mode_select("151000001800", "000000000812", 24);
    pthread_mutex_lock(&lock);
    scsi_bus_reset(&bus);
    pthread_mutex_unlock(&lock);
    settle();
    ck_assert_uint_eq(run("1a0808001800", 0, 24), 0);
    ck_assert_uint_eq(data[6], 4);
}
END_TEST

START_TEST(test_capacity)
{
    settle();
    ck_assert_uint_eq(run("25000000000000000000", 0, 8), 0);
    ck_assert(!memcmp(data, "\0\0\7\xff\0\0\2\0", 8));
    ck_assert_uint_eq(run("9e100000000000000000000000200000", 0, 32), 0);
    ck_assert(!memcmp(data, "\0\0\0\0\0\0\7\xff\0\0\2\0\0\0\x80\0", 16));
    ck_assert_uint_eq(run("9e1000000000000000000000000c0000", 0, 12), 0);
    ck_assert_uint_eq(cmd.moved, 12);
    ck_assert_uint_eq(run_cd("25000000000000000000", 8), 0);
    ck_assert(!memcmp(data, "\0\0\1\xff\0\0\x8\0", 8));
}
END_TEST

/* Units ------------------------------------------------------------------ */

START_TEST(test_places)
{
    static const struct {
        uint32_t channel, target, lun, got_target, got_lun;
    } rows[] = {
        {0, SCSI_ANY, SCSI_ANY, 2, 0}, {0, 1, SCSI_ANY, 1, 1},
        {0, SCSI_ANY, 3, 0, 3},        {0, SCSI_ANY, 3, 1, 3},
        {0, 255, 16383, 255, 16383},   {1, 0, 0, SCSI_ANY, 0},
        {0, 256, 0, SCSI_ANY, 0},      {0, 0, 16384, SCSI_ANY, 0},
        {0, 0, 0, SCSI_ANY, 0},        {0, 1, SCSI_ANY, 1, 2},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct scsi_unit_config c = {.channel = rows[i].channel,
                                     .target = rows[i].target,
                                     .lun = rows[i].lun};
        struct error *err = NULL;
        struct scsi_unit *unit = scsi_unit_create(&bus, &scsi_cd, &c, &err);
        ck_assert_msg(!unit == (rows[i].got_target == SCSI_ANY), "%u", i);
        if (unit) {
            ck_assert_uint_eq(scsi_unit_target(unit), rows[i].got_target);
            ck_assert_uint_eq(scsi_unit_lun(unit), rows[i].got_lun);
        } else {
            ck_assert_ptr_nonnull(err);
            error_free(err);
        }
    }
    ck_assert_uint_eq(run_at(1, 0, "a00000000000000000ff0000", 0, 255), 0);
    ck_assert_uint_eq(cmd.moved, 8 + 4 * 8);
    ck_assert_uint_eq(data[3], 4 * 8);
    ck_assert_uint_eq(run_at(255, 0, "a00000000000000000200000", 0, 32), 0);
    ck_assert(!memcmp(data, "\0\0\0\x8\0\0\0\0\x7f\xff", 10));
}
END_TEST

START_TEST(test_absent)
{
    settle();
    ck_assert_uint_eq(run_at(7, 0, "000000000000", 0, 0),
                      0xf0000000 | SCSI_NO_TARGET);
    ck_assert_uint_eq(run_at(0, 7, "000000000000", 0, 0), 0x52500);
    ck_assert_uint_eq(run_at(0, 7, "280000000000000001 00", 0, 512), 0x52500);
    ck_assert_uint_eq(run_at(0, 7, "120000002400", 0, 36), 0);
    ck_assert_uint_eq(data[0], 0x7f);
    ck_assert_uint_eq(run_at(0, 7, "030000001200", 0, 18), 0);
    ck_assert_uint_eq(data[12], 0x25);
    ck_assert_uint_eq(run_at(0, 7, "a00000000000000000200000", 0, 32), 0);
    ck_assert_uint_eq(cmd.moved, 16);
}
END_TEST

START_TEST(test_bad_units)
{
    static const struct scsi_unit_config bad[] = {
        {.target = 9, .logical_block_size = 513},
        {.target = 9, .logical_block_size = 256},
        {.target = 9, .logical_block_size = 4096, .physical_block_size = 512},
        {.target = 9, .logical_block_size = 4 << 20},
        {.target = 9, .max_io_size = 511},
        {.target = 9, .max_unmap_size = 1},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error *err = NULL;
        ck_assert_ptr_null(scsi_unit_create(&bus, &scsi_disk, &bad[i], &err));
        ck_assert_ptr_nonnull(err);
        error_free(err);
    }
}
END_TEST

START_TEST(test_large_blocks)
{
    create(&scsi_disk, (struct scsi_unit_config){
        .target = 5, .backend = backend, .logical_block_size = 4096});
    run_at(5, 0, "000000000000", 0, 0);
    ck_assert_uint_eq(run_at(5, 0, "25000000000000000000", 0, 8), 0);
    ck_assert(!memcmp(data, "\0\0\0\xff\0\0\x10\0", 8));
    ck_assert_uint_eq(run_at(5, 0, "2800 00000001 00 0001 00", 0, 4096), 0);
    ck_assert(data[0] == 8 && data[4095] == 15);
    ck_assert_uint_eq(run_at(5, 0, "2800 00000001 00 0001 00", 0, 512),
                      OVERRUN);
}
END_TEST

/* CD-ROMs ---------------------------------------------------------------- */

START_TEST(test_cd)
{
    static const struct expectation rows[] = {
        {"2800 00000001 00 0001 00", 0, 2048, 0, 2048},
        {"2800 00000200 00 0001 00", 0, 2048, RANGE, 0},
        {"2a00 00000000 00 0001 00", 2048, 0, BAD_OPCODE, 0},
        {"4100 00000000 00 0001 00", 2048, 0, BAD_OPCODE, 0},
        {"4300 00000000 00 0040 00", 0, 64, 0, 20},
        {"4302 00000000 00 0004 00", 0, 4, 0, 4},
        {"4300 01000000 00 0040 00", 0, 64, 0, 12},
        {"4300 02000000 00 0040 00", 0, 64, 0, 48},
        {"4300 03000000 00 0040 00", 0, 64, BAD_CDB, 0},
        {"4300 0f000000 00 0040 00", 0, 64, BAD_CDB, 0},
        {"4300 00000000 02 0040 00", 0, 64, BAD_CDB, 0},
        {"4300 00000000 00 0040 c0", 0, 64, BAD_CDB, 0},
        {"4300 00000000 aa 0040 00", 0, 64, 0, 12},
        {"4300 00000000 00 ffff 00", 0, 64, OVERRUN, 0},
        {"4600 0000 000000 0040 00", 0, 64, 0, 40},
        {"4602 0003 000000 0040 00", 0, 64, 0, 16},
        {"4602 ffff 000000 0040 00", 0, 64, 0, 8},
        {"4603 0000 000000 0040 00", 0, 64, BAD_CDB, 0},
        {"4a00 0000 10 0000 0040 00", 0, 64, BAD_CDB, 0},
        {"4a01 0000 10 0000 0008 00", 0, 64, 0, 8},
        {"4a01 0000 04 0000 0008 00", 0, 64, 0, 4},
        {"5100 0000 0000 00 0040 00", 0, 64, 0, 34},
        {"5101 0000 0000 00 0040 00", 0, 64, BAD_CDB, 0},
        {"bd00 000000000000 0040 0000", 0, 64, 0, 8},
    };

    settle();
    expect(1, rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_tray)
{
    settle();
    ck_assert_uint_eq(run_cd("1e0000000100", 0), 0);
    ck_assert(scsi_unit_is_locked(cd));
    ck_assert_uint_eq(run_cd("1b0000000200", 0), 0x55302);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0);
    ck_assert_uint_eq(run_cd("1e0000000000", 0), 0);
    ck_assert_uint_eq(run_cd("1b0000000200", 0), 0);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x23a02);
    ck_assert_uint_eq(run_cd("280000000000 00000100", 2048), 0x23a02);
    ck_assert_uint_eq(run_cd("4a0100001000 0000 0800", 8), 0);
    ck_assert(data[4] == 3 && data[5] == 1);
    ck_assert_uint_eq(run_cd("bd00 000000000000 0008 0000", 8), 0);
    ck_assert_uint_eq(data[1], 0x10);
    ck_assert_uint_eq(run_cd("1b0000000300", 0), 0);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x62800);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0);
    ck_assert_uint_eq(run_cd("4a0100001000 0000 0800", 8), 0);
    ck_assert(data[4] == 2 && data[5] == 2);
    ck_assert_uint_eq(run_cd("4a0100001000 0000 0800", 8), 0);
    ck_assert(data[4] == 0 && data[5] == 2);
    /* A disk's stays where it is. */
    ck_assert_uint_eq(run("1b0000000200", 0, 0), 0);
    ck_assert_uint_eq(run("000000000000", 0, 0), 0);
}
END_TEST

START_TEST(test_medium)
{
    settle();
    scsi_unit_change_medium(cd, NULL);
    ck_assert_uint_eq(changes, 1);
    ck_assert(last_change == SCSI_CHANGED && last_sense.asc == 0x28);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x23a01);
    ck_assert_uint_eq(run_cd("25000000000000000000", 8), 0x23a01);
    ck_assert_uint_eq(run_cd("1a003f00ff00", 255), 0);
    ck_assert_uint_eq(run_cd("4600 0000 000000 0040 00", 64), 0);
    ck_assert_uint_eq(data[7], 0);
    scsi_unit_change_medium(cd, medium);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x62800);
    ck_assert_uint_eq(run_cd("25000000000000000000", 8), 0);
}
END_TEST

START_TEST(test_hotplug)
{
    settle();
    struct scsi_unit *unit = create(&scsi_disk, (struct scsi_unit_config){
        .lun = 4, .backend = backend});
    ck_assert(changes == 1 && last_change == SCSI_ADDED);
    ck_assert_uint_eq(run("000000000000", 0, 0), 0x63f0e);
    ck_assert_uint_eq(run_at(0, 4, "000000000000", 0, 0), 0x62900);
    scsi_unit_remove(unit);
    ck_assert(changes == 2 && last_change == SCSI_REMOVED);
    ck_assert_uint_eq(run_at(0, 4, "000000000000", 0, 0), 0x52500);
    /* REPORT LUNS tells, so there is nothing left to say. */
    ck_assert_uint_eq(run("a00000000000000000200000", 0, 32), 0);
    ck_assert_uint_eq(run("000000000000", 0, 0), 0);
}
END_TEST

START_TEST(test_write_protect)
{
    static const char *const writes[] = {
        "2a00 00000000 00 0001 00", "9301 0000000000000000 00000001 0000",
        "42000000000000000000",
    };

    create(&scsi_disk, (struct scsi_unit_config){.target = 6,
                                                 .backend = medium});
    run_at(6, 0, "000000000000", 0, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(writes); i++) {
        ck_assert_uint_eq(run_at(6, 0, writes[i], 512, 0), 0x72700);
    }
    ck_assert_uint_eq(run_at(6, 0, "1a003f00ff00", 0, 255), 0);
    ck_assert_uint_eq(data[2], 0x80);
    ck_assert_uint_eq(run_at(6, 0, "2800 00000003 00 0001 00", 0, 512), 0);
    ck_assert_uint_eq(data[0], 3);
}
END_TEST

/* Task management -------------------------------------------------------- */

/* Commands that run when they are aborted end as told, and only those. */
START_TEST(test_abort)
{
    static struct scsi_command many[8];

    settle();
    pthread_mutex_lock(&lock);
    done = 0;
    for (unsigned i = 0; i < 8; i++) {
        many[i].tag = i;
        begin(&many[i], i & 1, 0,
              i & 1 ? "2800 00000000 00 0001 00" : "2800 00000000 00 0004 00",
              0, 2048);
    }
    /* They cannot have ended: that takes the lock. */
    uint64_t tag = 2;
    ck_assert(scsi_is_running(&bus, 0, 0, &tag));
    ck_assert_uint_eq(scsi_abort(&bus, 0, 0, &tag, SCSI_ABORTED), 1);
    ck_assert(!scsi_is_running(&bus, 0, 0, &tag));
    ck_assert_uint_eq(scsi_abort(&bus, 0, 0, &tag, SCSI_ABORTED), 0);
    ck_assert_uint_eq(scsi_abort(&bus, 1, SCSI_ANY, NULL, SCSI_RESET), 4);
    pthread_mutex_unlock(&lock);
    scsi_bus_unplug(&bus);
    pthread_mutex_lock(&lock);
    wait_done(8);
    pthread_mutex_unlock(&lock);
    for (unsigned i = 0; i < 8; i++) {
        enum scsi_result result = i == 2  ? SCSI_ABORTED
                                  : i & 1 ? SCSI_RESET : SCSI_DONE;
        ck_assert_uint_eq(many[i].result, result);
        scsi_command_free(&many[i]);
    }
    ck_assert_ptr_null(bus.running);
}
END_TEST

/* A drain ends commands of several steps, too. */
START_TEST(test_drain)
{
    settle();
    memset(data, 0x5a, 512);
    pthread_mutex_lock(&lock);
    done = 0;
    begin(&cmd, 0, 0, "9300 0000000000000000 00000800 0000", 512, 0);
    pthread_mutex_unlock(&lock);
    scsi_bus_drain(&bus);
    ck_assert_uint_eq(done, 1);
    ck_assert_uint_eq(sense_of(&cmd), 0);
    expect_file(0, BLOCKS, 0x5a);
}
END_TEST

Suite *scsi_suite(void)
{
    Suite *suite = suite_create("scsi");
    TCase *tc = tcase_create("scsi");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_attention);
    tcase_add_test(tc, test_all_opcodes);
    tcase_add_loop_test(tc, test_random, 0, 4);
    tcase_add_test(tc, test_bad_cdbs);
    tcase_add_test(tc, test_lengths);
    tcase_add_test(tc, test_ranges);
    tcase_add_test(tc, test_read_write);
    tcase_add_test(tc, test_pieces);
    tcase_add_test(tc, test_write_same);
    tcase_add_test(tc, test_unmap);
    tcase_add_test(tc, test_inquiry);
    tcase_add_test(tc, test_mode_sense);
    tcase_add_test(tc, test_mode_select);
    tcase_add_test(tc, test_capacity);
    tcase_add_test(tc, test_places);
    tcase_add_test(tc, test_absent);
    tcase_add_test(tc, test_bad_units);
    tcase_add_test(tc, test_large_blocks);
    tcase_add_test(tc, test_cd);
    tcase_add_test(tc, test_tray);
    tcase_add_test(tc, test_medium);
    tcase_add_test(tc, test_hotplug);
    tcase_add_test(tc, test_write_protect);
    tcase_add_test(tc, test_abort);
    tcase_add_test(tc, test_drain);
    suite_add_tcase(suite, tc);
    return suite;
}
