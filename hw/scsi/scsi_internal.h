/* What the files of hw/scsi share. */
#ifndef HW_SCSI_SCSI_INTERNAL_H
#define HW_SCSI_SCSI_INTERNAL_H

#include "hw/scsi/scsi.h"

/* Peripheral device types (SPC-4 6.6) */
enum { SCSI_TYPE_DISK = 0x00, SCSI_TYPE_CD = 0x05, SCSI_TYPE_NONE = 0x1f };

/* Sense keys (SPC-4 4.5.6) */
enum {
    KEY_NONE = 0x0,
    KEY_NOT_READY = 0x2,
    KEY_MEDIUM_ERROR = 0x3,
    KEY_HARDWARE_ERROR = 0x4,
    KEY_ILLEGAL_REQUEST = 0x5,
    KEY_UNIT_ATTENTION = 0x6,
    KEY_DATA_PROTECT = 0x7,
};

extern const struct scsi_sense sense_none, sense_bad_opcode, sense_bad_cdb,
    sense_bad_list, sense_list_length, sense_out_of_range, sense_no_unit,
    sense_no_saving, sense_not_ready, sense_no_medium_closed,
    sense_no_medium_open, sense_prevented, sense_write_protected,
    sense_power_on, sense_unit_reset, sense_new_medium, sense_luns_changed;

/* A row of a table of commands. */
enum scsi_row_flag {
    ROW_NO_MEDIUM = 1 << 0, /* does not need one */
    ROW_FIRST = 1 << 1,     /* comes before a unit attention (SAM-5 5.14) */
    ROW_WRITES = 1 << 2,    /* changes the medium */
};

struct scsi_row {
    uint8_t opcode;
    unsigned flags;
    void (*run)(struct scsi_command *cmd);
};

/* A page of vital product data (SPC-4 7.8) or mode parameters (7.5). */
struct scsi_page {
    uint8_t code;
    /* Store the page behind its header: up to SCSI_MAX_PAGE bytes, zero
     * before.  Returns their number; below 0: there is no such page. */
    int (*fill)(const struct scsi_unit *unit, uint8_t *page);
};
#define SCSI_MAX_PAGE 255

/* What makes a disk or a CD-ROM; lists end with a NULL function. */
struct scsi_kind {
    const char *name;
    uint8_t type;
    const char *product;
    uint32_t block_size; /* 0: as configured */
    const struct scsi_row *commands[4]; /* searched in order */
    const struct scsi_page *vital, *modes;
};

/* Media events of GET EVENT STATUS NOTIFICATION (MMC-6 6.6.2.6) */
enum { EVENT_NONE = 0, EVENT_EJECT = 1, EVENT_NEW = 2, EVENT_REMOVED = 3 };

struct scsi_unit {
    const struct scsi_kind *kind;
    struct scsi_bus *bus;
    struct scsi_unit *next;
    struct scsi_unit_config config;
    uint32_t target, lun;
    struct block_backend *backend; /* NULL: no medium */
    uint32_t block_size;
    uint64_t blocks;
    bool removable, write_cache;
    bool tray_open, locked;
    uint8_t media_event;
    struct scsi_sense attention; /* to be reported; key 0: nothing */
    bool plugged;                /* something waits for scsi_bus_unplug() */
};

/* command.c: what running a command is made of --------------------------- */

void scsi_run(struct scsi_command *cmd);

/* The ends of a command; it is the adapter's again afterwards. */
void scsi_good(struct scsi_command *cmd);
void scsi_check(struct scsi_command *cmd, struct scsi_sense sense);
void scsi_end(struct scsi_command *cmd, enum scsi_result result);

/* Give the guest `size` bytes, but no more than `allocation`, and end. */
void scsi_reply(struct scsi_command *cmd, const void *data, uint64_t size,
                uint64_t allocation);
/* Copy a parameter list of `size` bytes to cmd->buffer; false: it ended. */
bool scsi_take_list(struct scsi_command *cmd, uint32_t size);

/* Start on blocks [lba, lba+count) of the medium, or ends it when they are
 * not there.  With data of the guest: */
void scsi_transfer(struct scsi_command *cmd, enum block_op op);
/* Without, or with cmd->buffer.  `step` follows. */
void scsi_submit_io(struct scsi_command *cmd, enum block_op op,
                    uint64_t lba, uint64_t count, unsigned flags,
                    void (*step)(struct scsi_command *cmd));
void scsi_flush(struct scsi_command *cmd,
                void (*step)(struct scsi_command *cmd));
bool scsi_in_range(struct scsi_command *cmd, uint64_t lba, uint64_t count);
unsigned scsi_write_flags(const struct scsi_unit *unit);
void *scsi_buffer(struct scsi_command *cmd, size_t size);

/* Sense data; the descriptor format has 8 bytes. */
void scsi_put_sense(uint8_t data[SCSI_SENSE_SIZE], struct scsi_sense sense);

/* bus.c ------------------------------------------------------------------ */

void scsi_bus_running(struct scsi_command *cmd);
void scsi_bus_stopped(struct scsi_command *cmd);
void scsi_bus_plug(struct scsi_unit *unit, bool kick);
void scsi_set_attention(struct scsi_unit *unit, struct scsi_sense sense);

/* unit.c ----------------------------------------------------------------- */

/* There is a medium, and the tray is closed. */
bool scsi_is_ready(const struct scsi_unit *unit);
struct scsi_sense scsi_no_medium(const struct scsi_unit *unit);
bool scsi_is_read_only(const struct scsi_unit *unit);
/* The write cache as it is switched at a reset. */
bool scsi_initial_cache(const struct scsi_unit *unit);

/* Tables of commands: of every unit (SPC), of none, of those with blocks
 * (SBC, of which MMC borrows). */
extern const struct scsi_row scsi_primary_rows[], scsi_absent_rows[],
    scsi_block_rows[];

/* What several rows or kinds use. */
void scsi_mode_sense(struct scsi_command *cmd);
void scsi_mode_select(struct scsi_command *cmd);
void scsi_start_stop(struct scsi_command *cmd);
void scsi_prevent_allow(struct scsi_command *cmd);
int scsi_caching_page(const struct scsi_unit *unit, uint8_t *page);
int scsi_vital_supported(const struct scsi_unit *unit, uint8_t *page);
int scsi_vital_serial(const struct scsi_unit *unit, uint8_t *page);
int scsi_vital_device(const struct scsi_unit *unit, uint8_t *page);

/* Big-endian numbers */

static inline uint64_t scsi_get(const uint8_t *p, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        value = value << 8 | p[i];
    }
    return value;
}

static inline void scsi_put(uint8_t *p, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++) {
        p[i] = (uint8_t)(value >> 8 * (size - 1 - i));
    }
}

/* The largest number that `size` bytes hold, if `value` is above it. */
static inline uint64_t scsi_clamp(uint64_t value, unsigned size)
{
    uint64_t most = size >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;

    return value < most ? value : most;
}

#endif
