#include "tests/unit/scsi_rig.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct scsi_rig scsi_rig = {.lock = PTHREAD_MUTEX_INITIALIZER};
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void kick(void *adapter)
{
    (void)adapter;
    __atomic_store_n(&scsi_rig.kicked, true, __ATOMIC_RELEASE);
}

static void on_change(void *adapter, const struct scsi_unit *unit,
                      enum scsi_change change, struct scsi_sense sense)
{
    (void)adapter;
    (void)unit;
    scsi_rig.changes++;
    scsi_rig.last_change = change;
    scsi_rig.last_sense = sense;
}

static const struct scsi_bus_ops ops = {kick, on_change};

static void on_done(struct scsi_command *c)
{
    (void)c;
    scsi_rig.done++;
    pthread_cond_signal(&changed);
}

struct block_backend *scsi_rig_open_image(char path[DISK_FILE_PATH],
                                          bool read_only,
                                          struct block_config config)
{
    struct error *err = NULL;

    disk_file_make(path, BLOCKS * 512);
    config.file = path;
    config.format = "raw";
    config.read_only = read_only;
    config.aio = BLOCK_AIO_THREADS;
    struct block_backend *b = block_open(&config, NULL, &err);
    ck_assert_msg(b != NULL, "%s", err ? err->message : "");
    return b;
}

struct scsi_unit *scsi_rig_create(const struct scsi_kind *kind,
                                  struct scsi_unit_config config)
{
    struct error *err = NULL;
    struct scsi_unit *unit =
        scsi_unit_create(&scsi_rig.bus, kind, &config, &err);

    ck_assert_msg(unit != NULL, "%s", err ? err->message : "");
    return unit;
}

void scsi_rig_setup(void)
{
    scsi_rig.backend = scsi_rig_open_image(scsi_rig.disk_path, false,
                                           (struct block_config){0});
    scsi_rig.medium =
        scsi_rig_open_image(scsi_rig.cd_path, true, (struct block_config){0});
    scsi_bus_init(&scsi_rig.bus, &ops, NULL, &scsi_rig.lock);
    scsi_rig.disk = scsi_rig_create(&scsi_disk, (struct scsi_unit_config){
        .backend = scsi_rig.backend, .serial = "serial", .name = "drive",
        .wwn = 0x5000c50015ea71aa, .rotation_rate = 1});
    scsi_rig.cd = scsi_rig_create(&scsi_cd, (struct scsi_unit_config){
        .target = 1, .backend = scsi_rig.medium, .name = "cdrom"});
    scsi_rig.changes = 0;
}

void scsi_rig_teardown(void)
{
    scsi_bus_drain(&scsi_rig.bus);
    scsi_bus_free(&scsi_rig.bus);
    scsi_command_free(&scsi_rig.cmd);
    scsi_rig.cmd = (struct scsi_command){0};
    block_close(scsi_rig.backend);
    block_close(scsi_rig.medium);
    unlink(scsi_rig.disk_path);
    unlink(scsi_rig.cd_path);
}

void scsi_rig_wait(unsigned count)
{
    while (scsi_rig.done < count) {
        if (__atomic_exchange_n(&scsi_rig.kicked, false, __ATOMIC_ACQ_REL)) {
            pthread_mutex_unlock(&scsi_rig.lock);
            scsi_bus_unplug(&scsi_rig.bus);
            pthread_mutex_lock(&scsi_rig.lock);
            continue;
        }
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 2000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&changed, &scsi_rig.lock, &until);
    }
}

void scsi_rig_begin(struct scsi_command *c, uint32_t target, uint32_t lun,
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
    scsi_rig.out = (struct iovec){scsi_rig.data, out_size};
    scsi_rig.in = (struct iovec){scsi_rig.data, in_size};
    c->out = &scsi_rig.out;
    c->in = &scsi_rig.in;
    c->out_count = out_size != 0;
    c->in_count = in_size != 0;
    c->out_size = out_size;
    c->in_size = in_size;
    c->done = on_done;
    scsi_submit(&scsi_rig.bus, c, target, lun);
}

uint32_t scsi_rig_sense(const struct scsi_command *c)
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

uint32_t scsi_rig_run(uint32_t target, uint32_t lun, const char *cdb,
                      uint64_t out_size, uint64_t in_size)
{
    pthread_mutex_lock(&scsi_rig.lock);
    scsi_rig.done = 0;
    scsi_rig_begin(&scsi_rig.cmd, target, lun, cdb, out_size, in_size);
    pthread_mutex_unlock(&scsi_rig.lock);
    scsi_bus_unplug(&scsi_rig.bus);
    pthread_mutex_lock(&scsi_rig.lock);
    scsi_rig_wait(1);
    pthread_mutex_unlock(&scsi_rig.lock);
    ck_assert_uint_eq(scsi_rig.done, 1);
    ck_assert_ptr_null(scsi_rig.bus.running);
    ck_assert_ptr_null(scsi_rig.cmd.buffer);
    ck_assert_uint_le(scsi_rig.cmd.moved, out_size + in_size);
    ck_assert_uint_le(scsi_rig.cmd.touched, in_size);
    return scsi_rig_sense(&scsi_rig.cmd);
}

uint32_t scsi_rig_run_list(const char *list, const char *cdb, uint64_t size)
{
    unsigned byte;

    memset(scsi_rig.data, 0, sizeof(scsi_rig.data));
    for (unsigned n = 0; list[2 * n]; n++) {
        ck_assert_int_eq(sscanf(list + 2 * n, "%2x", &byte), 1);
        scsi_rig.data[n] = (uint8_t)byte;
    }
    return run(cdb, size, 0);
}

void scsi_rig_settle(void)
{
    ck_assert_uint_eq(run("000000000000", 0, 0), 0x62900);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x62900);
}

void scsi_rig_expect(uint32_t target, const struct expectation *rows,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct expectation *r = &rows[i];
        uint32_t sense = scsi_rig_run(target, 0, r->cdb, r->out, r->in);
        ck_assert_msg(sense == r->sense && scsi_rig.cmd.moved == r->moved,
                      "%s: %x, moved %llu", r->cdb, sense,
                      (unsigned long long)scsi_rig.cmd.moved);
    }
}
