/*
 * A bank of NOR flash: two 16-bit devices of 32 MiB side by side, Common
 * Flash Interface, Intel/Sharp extended command set (0x0001).
 *
 * Manuals: JEDEC JESD68.01 (CFI), JEP137 (command set numbers); Intel
 * 290606 (28F320J3..., command definitions and status register), Intel
 * 290737 (write buffer).
 * Exposes: one ROM device of 64 MiB, no interrupt.
 *
 * The two devices are driven alike: a bus word of 32 bits carries a 16-bit
 * word of each, device 0 in bits 15..0, and what the guest writes to device
 * 0's half is the command of both.  Every operation is over when its last
 * write returns, so status is always "ready".
 *
 * While the guest reads the array, reads are plain memory (bus.h, ROM
 * device).  A command takes the bank to register accesses; it goes back
 * once the guest has read the array READS_UNTIL_DIRECT times in a row, so
 * that a driver that alternates commands and reads does not make every
 * processor drop its TLB for each word it programs.
 *
 * Threads: any vCPU; one lock, not held while the listener is called.
 */
#include "hw/flash/cfi01.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "util/bits.h"
#include "util/log.h"

#define DEVICES 2
#define DEVICE_BITS 25             /* 32 MiB */
#define DEVICE_SECTOR (CFI01_SECTOR_SIZE / DEVICES)
#define SECTORS (CFI01_SIZE / CFI01_SECTOR_SIZE)
#define DEVICE_BUFFER_BITS 11      /* write buffer of a device: 2 KiB */
#define BUFFER_SIZE (DEVICES << DEVICE_BUFFER_BITS)
#define BUFFER_WORDS (BUFFER_SIZE / 4)
#define READS_UNTIL_DIRECT 256

/* Status register (290606, table 17). */
enum {
    SR_LOCKED = 1 << 1,
    SR_PROGRAM_ERROR = 1 << 4,
    SR_ERASE_ERROR = 1 << 5,
    SR_READY = 1 << 7,
    SR_SEQUENCE_ERROR = SR_PROGRAM_ERROR | SR_ERASE_ERROR,
};

/* What reads give. */
enum mode { MODE_ARRAY, MODE_STATUS, MODE_ID, MODE_QUERY };

/* What the next write is. */
enum step {
    STEP_COMMAND,
    STEP_PROGRAM, /* the data of a word */
    STEP_ERASE,   /* confirmation */
    STEP_LOCK,    /* which block lock command */
    STEP_COUNT,   /* words that follow, less one */
    STEP_FILL,    /* data for the write buffer */
    STEP_CONFIRM, /* of the write buffer */
};

/* Commands (290606, table 4). */
static const struct command {
    uint8_t code;
    uint8_t mode;
    uint8_t step;
    bool clear_status;
} commands[] = {
    {0x10, MODE_STATUS, STEP_PROGRAM, false}, /* Word Program, old code */
    {0x20, MODE_STATUS, STEP_ERASE, false},   /* Block Erase */
    {0x28, MODE_STATUS, STEP_ERASE, false},   /* Block Erase, old code */
    {0x40, MODE_STATUS, STEP_PROGRAM, false}, /* Word Program */
    {0x50, MODE_ARRAY, STEP_COMMAND, true},   /* Clear Status */
    {0x60, MODE_STATUS, STEP_LOCK, false},    /* Block Lock Setup */
    {0x70, MODE_STATUS, STEP_COMMAND, false}, /* Read Status */
    {0x90, MODE_ID, STEP_COMMAND, false},     /* Read Identifier */
    {0x98, MODE_QUERY, STEP_COMMAND, false},  /* Read Query */
    {0xb0, MODE_STATUS, STEP_COMMAND, false}, /* Suspend */
    {0xd0, MODE_STATUS, STEP_COMMAND, false}, /* Resume */
    {0xe8, MODE_STATUS, STEP_COUNT, false},   /* Write to Buffer */
    {0xf0, MODE_ARRAY, STEP_COMMAND, false},  /* AMD's reset, in probes */
    {0xff, MODE_ARRAY, STEP_COMMAND, false},  /* Read Array */
};

#define CONFIRM 0xd0
#define READ_ARRAY 0xff

/* Identifier: manufacturer Intel, device; block lock status at 2 is 0. */
static const uint8_t identifier[] = {0x89, 0x18};

/* Query structure of one device, by word (JESD68.01 table 1 onwards). */
static const uint8_t query[] = {
    [0x10] = 'Q', 'R', 'Y',
    [0x13] = 0x01, 0x00,               /* command set 0x0001 */
    [0x15] = 0x31, 0x00,               /* its table, below */
    [0x1b] = 0x45, 0x55,               /* supply 4.5 to 5.5 V */
    [0x1f] = 0x07, 0x07, 0x0a,         /* typical: 2^7 us word and buffer,
                                          2^10 ms erase */
    [0x23] = 0x04, 0x04, 0x04,         /* at most 2^4 times that */
    [0x27] = DEVICE_BITS,
    [0x28] = 0x02, 0x00,               /* 8 and 16 bits wide */
    [0x2a] = DEVICE_BUFFER_BITS, 0x00,
    [0x2c] = 1,                        /* one region of equal sectors */
    [0x2d] = (SECTORS - 1) & 0xff, (SECTORS - 1) >> 8,
    [0x2f] = DEVICE_SECTOR / 256 & 0xff, DEVICE_SECTOR / 256 >> 8,
    [0x31] = 'P', 'R', 'I', '1', '0',  /* no optional feature */
    [0x3f] = 0x01,                     /* a protection register field */
};

struct cfi01 {
    pthread_mutex_t lock;
    struct bus *bus;
    struct ram *ram;
    struct cfi01_listener listener;
    struct cfi01_store store;
    bool store_failed; /* and was reported */

    bool direct;
    unsigned array_reads;
    enum mode mode;
    enum step step;
    uint8_t status;

    /* The write buffer: `left` words are still to come, block is the first
     * address of the aligned BUFFER_SIZE bytes, low..high what was filled. */
    unsigned left;
    uint64_t block;
    uint32_t low, high;
    uint8_t buffer[BUFFER_SIZE];
};

/* Reads, direct and not ------------------------------------------------ */

/* True when the listener has to hear of it. */
static bool set_direct(struct cfi01 *s, bool direct)
{
    if (s->direct == direct) {
        return false;
    }
    s->direct = direct;
    s->array_reads = 0;
    bus_set_direct(s->bus, s->ram, direct);
    return true;
}

static void tell_listener(const struct cfi01 *s)
{
    if (s->listener.remapped) {
        s->listener.remapped(s->listener.opaque, s->ram->base, s->ram->size);
    }
}

/* Programming and erasing ---------------------------------------------- */

/* Keep new contents; false when the host cannot. */
static bool store_write(struct cfi01 *s, uint64_t offset, const void *data,
                        uint64_t size)
{
    struct error *err = NULL;

    if (!s->store.write || s->store.write(s->store.opaque, offset, data,
                                          size, &err)) {
        return true;
    }
    if (!s->store_failed) {
        s->store_failed = true;
        error_prepend(&err, "flash at 0x%llx, which the guest writes",
                      (unsigned long long)s->ram->base);
        error_report_free(err);
    } else {
        error_free(err);
    }
    return false;
}

/* The contents of [offset, offset+size) become `data`. */
static void replace(struct cfi01 *s, uint64_t offset, const uint8_t *data,
                    uint64_t size, uint8_t error_bit)
{
    if (s->store.readonly) {
        s->status |= error_bit | SR_LOCKED;
        guest_error("%s: block at 0x%llx is locked (read-only)",
                    s->ram->name, (unsigned long long)offset);
    } else if (!store_write(s, offset, data, size)) {
        s->status |= error_bit;
    } else {
        memcpy(s->ram->host + offset, data, size);
    }
}

/* Bits only go from 1 to 0. */
static void program(struct cfi01 *s, uint64_t offset, const uint8_t *data,
                    uint32_t size)
{
    uint8_t merged[BUFFER_SIZE];

    for (uint32_t i = 0; i < size; i++) {
        merged[i] = s->ram->host[offset + i] & data[i];
    }
    replace(s, offset, merged, size, SR_PROGRAM_ERROR);
}

static void erase(struct cfi01 *s, uint64_t offset)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static uint8_t erased[CFI01_SECTOR_SIZE];
    extern void cfi01_unused(void);

    (void)once;
    memset(erased, 0xff, sizeof(erased));
    replace(s, align_down(offset, CFI01_SECTOR_SIZE), erased,
            CFI01_SECTOR_SIZE, SR_ERASE_ERROR);
}
