/*
 * A SCSI bus with disks and CD-ROM drives: the device servers behind any
 * host adapter (SAM-5, SPC-4, SBC-3, MMC-6).
 *
 * The adapter owns a bus and gives it commands; the bus finds the logical
 * unit, which runs the command and calls done(), at once or when the disk
 * has answered.  One lock, the adapter's, is held around every call here
 * unless a comment says otherwise, and it is held when done() is called, on
 * any thread.
 *
 * Commands, parameter lists and the sizes of buffers are the guest's and may
 * say anything.  Every command has its done() exactly once.
 */
#ifndef HW_SCSI_SCSI_H
#define HW_SCSI_SCSI_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "block/block.h"
#include "util/error.h"

#define SCSI_MAX_TARGETS 256
#define SCSI_MAX_LUNS 16384
#define SCSI_CDB_SIZE 32
#define SCSI_SENSE_SIZE 18

/* Place of a unit: not chosen by the user. */
#define SCSI_ANY UINT32_MAX

enum scsi_status {
    SCSI_GOOD = 0x00,
    SCSI_CHECK_CONDITION = 0x02,
};

/* What became of a command; `status` counts only for SCSI_DONE. */
enum scsi_result {
    SCSI_DONE,
    SCSI_OVERRUN,    /* it asks for more data than there is room for */
    SCSI_NO_TARGET,
    SCSI_ABORTED,
    SCSI_RESET,
};

struct scsi_sense {
    uint8_t key, asc, ascq; /* SPC-4 4.5.6, annex D */
};

struct scsi_unit;
struct scsi_row;

struct scsi_command {
    /* The adapter's, until done(). */
    uint8_t cdb[SCSI_CDB_SIZE]; /* zero beyond cdb_size */
    unsigned cdb_size;
    uint64_t tag;
    const struct iovec *out, *in; /* data from and to the guest */
    unsigned out_count, in_count; /* elements, at most BLOCK_MAX_IOV */
    uint64_t out_size, in_size;   /* bytes */
    void (*done)(struct scsi_command *cmd);

    /* What came of it. */
    enum scsi_result result;
    uint8_t status;
    uint8_t sense[SCSI_SENSE_SIZE]; /* with SCSI_CHECK_CONDITION */
    uint64_t moved;   /* bytes of data transferred */
    uint64_t touched; /* bytes of `in` that may have changed */

    /* The layer's. */
    struct scsi_bus *bus;
    struct scsi_unit *unit; /* NULL: no such unit */
    struct block_backend *backend; /* the medium it began with */
    uint32_t target, lun;
    const struct scsi_row *row;
    uint64_t lba, count; /* of the CDB: blocks, or the allocation length */
    struct block_request io;
    struct iovec *iov;   /* of io; kept from command to command */
    unsigned iov_room;
    uint8_t *buffer;     /* while it runs, or NULL */
    uint64_t position, end; /* progress of those with several steps */
    void (*step)(struct scsi_command *cmd); /* after io; NULL: that's all */
    struct scsi_command *next, **link; /* running, see bus.c */
    bool aborting;       /* `result` is decided */
};

/* Free what a command keeps.  No lock. */
void scsi_command_free(struct scsi_command *cmd);

/* The bus ---------------------------------------------------------------- */

enum scsi_change { SCSI_ADDED, SCSI_REMOVED, SCSI_CHANGED };

/* What the bus asks of its adapter. */
struct scsi_bus_ops {
    /* scsi_bus_unplug() is due soon.  [any] */
    void (*kick)(void *adapter);
    /* A unit has come, will go, or has `sense` to say.  Lock held. */
    void (*changed)(void *adapter, const struct scsi_unit *unit,
                    enum scsi_change change, struct scsi_sense sense);
};

struct scsi_bus {
    const struct scsi_bus_ops *ops;
    void *adapter;
    pthread_mutex_t *lock;
    pthread_mutex_t members;      /* units come and go; before `lock` */
    struct scsi_unit *units;      /* by target */
    struct scsi_command *running; /* wait for a disk */
};

/* No lock; the lock outlives the bus. */
void scsi_bus_init(struct scsi_bus *bus, const struct scsi_bus_ops *ops,
                   void *adapter, pthread_mutex_t *lock);
/* Free the units; nothing runs.  No lock. */
void scsi_bus_free(struct scsi_bus *bus);

/* Run a command.  A disk starts on it with scsi_bus_unplug(). */
void scsi_submit(struct scsi_bus *bus, struct scsi_command *cmd,
                 uint32_t target, uint32_t lun);
/* Start what was submitted.  No lock.  [loop] */
void scsi_bus_unplug(struct scsi_bus *bus);
/* Return when no command runs any more.  No lock.  [any] */
void scsi_bus_drain(struct scsi_bus *bus);

/*
 * Have the commands that run end with `result`, soon: those of a target, of
 * one LUN of it unless that is SCSI_ANY, and with one tag if `tag` is not
 * NULL.  Returns how many.
 */
unsigned scsi_abort(struct scsi_bus *bus, uint32_t target, uint32_t lun,
                    const uint64_t *tag, enum scsi_result result);
/* Is there one that scsi_abort() would end? */
bool scsi_is_running(const struct scsi_bus *bus, uint32_t target,
                     uint32_t lun, const uint64_t *tag);

bool scsi_has_target(const struct scsi_bus *bus, uint32_t target);
bool scsi_has_unit(const struct scsi_bus *bus, uint32_t target,
                   uint32_t lun);
/* Reset units as scsi_abort() names them, and tell the guest so. */
void scsi_reset(struct scsi_bus *bus, uint32_t target, uint32_t lun);
/* All units as at power-on; nothing runs. */
void scsi_bus_reset(struct scsi_bus *bus);

/* Units ------------------------------------------------------------------ */

/* Zero-initialised it is the default, but for target, lun and name.
 * Strings outlive the unit. */
struct scsi_unit_config {
    uint32_t channel, target, lun; /* or SCSI_ANY */
    struct block_backend *backend; /* outlives the unit; NULL: no medium */
    const char *name;              /* of the drive, or NULL */
    const char *serial;            /* or NULL */
    const char *vendor, *product, *version, *device_id; /* NULL: QEMU's */
    uint64_t wwn, port_wwn;        /* 0: none */
    uint16_t port_index;           /* 0: none */
    bool removable, dpofua;        /* disks */
    uint16_t rotation_rate;        /* 0: not said, 1: none, else rpm */
    uint32_t logical_block_size;   /* 0: 512; CDs have 2048 */
    uint32_t physical_block_size;  /* 0: the logical one */
    uint32_t min_io_size, opt_io_size;   /* bytes, hints */
    uint32_t discard_granularity;        /* bytes; 0: chosen */
    uint64_t max_io_size, max_unmap_size; /* bytes; 0: QEMU's */
    bool write_cache_off, write_cache_on; /* else as the backend has it */
    int version_code;              /* scsi_version; 0: 5, which is SPC-3 */
};

struct scsi_kind;
extern const struct scsi_kind scsi_disk; /* disk.c */
extern const struct scsi_kind scsi_cd;   /* cd.c */

/* Make a unit and put it on the bus, while the guest runs or before; NULL
 * when it cannot be.  No lock. */
struct scsi_unit *scsi_unit_create(struct scsi_bus *bus,
                                   const struct scsi_kind *kind,
                                   const struct scsi_unit_config *config,
                                   struct error **err);
/* Take it off and free it; its backend is idle afterwards.  No lock.
 * [loop] */
void scsi_unit_remove(struct scsi_unit *unit);

uint32_t scsi_unit_target(const struct scsi_unit *unit);
uint32_t scsi_unit_lun(const struct scsi_unit *unit);

/*
 * Another medium for a drive with removable ones, or none.  The old one is
 * idle afterwards and still the caller's.  What the guest has locked is not
 * asked: see scsi_unit_is_locked().  No lock.  [loop]
 */
void scsi_unit_change_medium(struct scsi_unit *unit,
                             struct block_backend *backend);
bool scsi_unit_is_locked(const struct scsi_unit *unit);

#endif
