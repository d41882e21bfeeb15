/*
 * A SCSI bus with a disk (target 0) and a CD-ROM drive (target 1) on disk
 * files, without an adapter: commands are given to the bus and waited for.
 *
 * There is one, made and taken down by the fixtures.
 */
#ifndef TESTS_UNIT_SCSI_RIG_H
#define TESTS_UNIT_SCSI_RIG_H

#include <check.h>

#include "hw/scsi/scsi.h"
#include "tests/unit/disk_file.h"
#include "util/bits.h"

#define BLOCKS 2048

struct scsi_rig {
    pthread_mutex_t lock; /* the adapter's */
    struct scsi_bus bus;
    struct block_backend *backend, *medium;
    struct scsi_unit *disk, *cd;
    char disk_path[DISK_FILE_PATH], cd_path[DISK_FILE_PATH];

    /* What the bus has told its adapter. */
    bool kicked;
    unsigned changes;
    enum scsi_change last_change;
    struct scsi_sense last_sense;

    /* The one command that is tried, with room for its data. */
    struct scsi_command cmd;
    struct iovec out, in;
    uint8_t data[1 << 17];
    unsigned done; /* commands that have ended */
};
extern struct scsi_rig scsi_rig;

/* Fixtures. */
void scsi_rig_setup(void);
void scsi_rig_teardown(void);

/* A disk file, and what reads and writes it. */
struct block_backend *scsi_rig_open_image(char path[DISK_FILE_PATH],
                                          bool read_only,
                                          struct block_config config);
struct scsi_unit *scsi_rig_create(const struct scsi_kind *kind,
                                  struct scsi_unit_config config);

/* Start a command from hexadecimal, with bytes of data out and in.  Lock
 * held, as it is by scsi_rig_wait() for so many of them to end. */
void scsi_rig_begin(struct scsi_command *c, uint32_t target, uint32_t lun,
                    const char *cdb, uint64_t out_size, uint64_t in_size);
void scsi_rig_wait(unsigned count);

/* What a command came to: key and codes of its sense data, 0 for good
 * status; or else 0xf0000000 | enum scsi_result. */
uint32_t scsi_rig_sense(const struct scsi_command *c);

/* Run scsi_rig.cmd on a unit, on the disk, on the CD-ROM drive; they return
 * its scsi_rig_sense(). */
uint32_t scsi_rig_run(uint32_t target, uint32_t lun, const char *cdb,
                      uint64_t out_size, uint64_t in_size);

static inline uint32_t run(const char *cdb, uint64_t out_size,
                           uint64_t in_size)
{
    return scsi_rig_run(0, 0, cdb, out_size, in_size);
}

static inline uint32_t run_cd(const char *cdb, uint64_t in_size)
{
    return scsi_rig_run(1, 0, cdb, 0, in_size);
}

/* The same with data out that begin with `list`, in hexadecimal. */
uint32_t scsi_rig_run_list(const char *list, const char *cdb, uint64_t size);

/* Take the attention that power-on leaves. */
void scsi_rig_settle(void);

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

void scsi_rig_expect(uint32_t target, const struct expectation *rows,
                     size_t count);

/* Blocks of the disk's file are full of `value`. */
static inline void expect_blocks(uint64_t block, uint64_t count,
                                 uint8_t value)
{
    disk_file_expect(scsi_rig.disk_path, block * 512, count * 512, value);
}

#endif
