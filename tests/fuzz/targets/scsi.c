/* The SCSI layer: commands to a disk, a CD-ROM drive, a disk of large
 * blocks that can be taken out, an empty drive, and units that are absent. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/scsi/scsi.h"
#include "tests/fuzz/shared/board.h"
#include "util/bits.h"

#define DISK_SIZE 0x40000
#define ROOM 0x10000
#define CANARY 0xee

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct scsi_bus bus;
static struct block_backend *backends[2];
static struct scsi_unit *cd, *large;
static int files[2];
static unsigned done;

static void kick(void *adapter)
{
    (void)adapter; /* each command is drained */
}

static void changed(void *adapter, const struct scsi_unit *unit,
                    enum scsi_change change, struct scsi_sense sense)
{
    (void)adapter;
    (void)unit;
    (void)change;
    (void)sense;
}

static const struct scsi_bus_ops ops = {kick, changed};

static void on_done(struct scsi_command *cmd)
{
    (void)cmd;
    done++;
}

static struct scsi_unit *add(const struct scsi_kind *kind,
                             struct scsi_unit_config config)
{
    struct scsi_unit *unit = scsi_unit_create(&bus, kind, &config, NULL);

    return unit ? unit : (abort(), NULL);
}

static void start(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct block_config config = {
            .file = board_file(DISK_SIZE, &files[i]), .format = "raw",
            .aio = BLOCK_AIO_THREADS, .no_lock = true};
        backends[i] = block_open(&config, NULL, NULL);
        if (!backends[i]) {
            abort();
        }
    }
    scsi_bus_init(&bus, &ops, NULL, &lock);
    add(&scsi_disk, (struct scsi_unit_config){
        .backend = backends[0], .serial = "1", .wwn = 2, .port_wwn = 3,
        .port_index = 4, .dpofua = true});
    cd = add(&scsi_cd, (struct scsi_unit_config){
        .target = 1, .backend = backends[1]});
    large = add(&scsi_disk, (struct scsi_unit_config){
        .target = 2, .backend = backends[1], .removable = true,
        .logical_block_size = 4096, .name = "large"});
    add(&scsi_cd, (struct scsi_unit_config){.target = 3});
}

static void check(const struct scsi_command *cmd, const uint8_t *data)
{
    uint64_t size = cmd->in_size + cmd->out_size;
    bool good = done == 1 && !bus.running && !cmd->buffer &&
                cmd->moved <= size && cmd->touched <= cmd->in_size;

    if (cmd->result == SCSI_DONE && cmd->status == SCSI_CHECK_CONDITION) {
        good = good && cmd->sense[0] == 0x70 && cmd->sense[2] && !cmd->moved;
    }
    for (uint64_t i = cmd->touched; good && i < cmd->in_size; i++) {
        good = data[i] == CANARY;
    }
    if (!good) {
        abort();
    }
}

/* A byte: target in 2..0, LUN 1 in 3, data in 4, out 5, in two pieces in 6;
 * length of the CDB, CDB; 16 bits of size; with data out, length and bytes
 * of their beginning. */
static void run(struct scsi_command *cmd, struct input *in)
{
    static uint8_t data[ROOM];
    unsigned form = in_u8(in);
    size_t cdb_size = in_u8(in) % (SCSI_CDB_SIZE + 1);
    const uint8_t *cdb = in_bytes(in, &cdb_size);
    uint64_t size = in_u16(in), half = form & 0x40 ? size / 3 : size;
    struct iovec pieces[2] = {{data, half}, {data + half, size - half}};
    unsigned count = !size ? 0 : half == size || !half ? 1 : 2;
    bool to = form & 0x20, from = !to && form & 0x10;

    if (!half) {
        pieces[0] = pieces[1];
    }
    memset(data, to ? 0 : CANARY, sizeof(data));
    if (to) {
        size_t length = in_u8(in);
        const uint8_t *bytes = in_bytes(in, &length);
        memcpy(data, bytes, length);
    }
    memset(cmd->cdb, 0, sizeof(cmd->cdb));
    memcpy(cmd->cdb, cdb, cdb_size);
    cmd->cdb_size = (unsigned)cdb_size;
    cmd->out = cmd->in = pieces;
    cmd->out_count = to ? count : 0;
    cmd->out_size = to ? size : 0;
    cmd->in_count = from ? count : 0;
    cmd->in_size = from ? size : 0;
    cmd->done = on_done;
    done = 0;
    pthread_mutex_lock(&lock);
    scsi_submit(&bus, cmd, form & 7, form >> 3 & 1);
    if (form & 0x80) {
        scsi_abort(&bus, form & 7, SCSI_ANY, NULL, SCSI_ABORTED);
    }
    pthread_mutex_unlock(&lock);
    scsi_bus_drain(&bus);
    check(cmd, data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    struct scsi_command cmd = {0};

    if (!cd) {
        start();
    }
    for (unsigned i = 0; i < 64 && in.at < in.end; i++) {
        run(&cmd, &in);
    }
    scsi_command_free(&cmd);
    scsi_unit_change_medium(cd, backends[1]);
    scsi_unit_change_medium(large, backends[1]);
    scsi_bus_reset(&bus);
    for (unsigned i = 0; i < 2; i++) {
        if (ftruncate(files[i], 0) || ftruncate(files[i], DISK_SIZE)) {
            abort();
        }
    }
    return 0;
}
