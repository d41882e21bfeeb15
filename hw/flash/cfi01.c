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

static void report_once(struct cfi01 *s, struct error *err)
{
    if (s->store_failed) {
        error_free(err);
        return;
    }
    s->store_failed = true;
    error_prepend(&err, "%s: what the guest writes is lost", s->ram->name);
    error_report_free(err);
}

/* Keep new contents, which do not leave an aligned BUFFER_SIZE bytes; false
 * when the host cannot. */
static bool store_write(struct cfi01 *s, uint64_t offset,
                        const uint8_t *data, uint64_t size)
{
    uint8_t units[BUFFER_SIZE];
    uint64_t start = align_down(offset, CFI01_STORE_UNIT);
    uint64_t end = align_up(offset + size, CFI01_STORE_UNIT);
    struct error *err = NULL;

    if (!s->store.write) {
        return true;
    }
    memcpy(units, s->ram->host + start, end - start);
    memcpy(units + (offset - start), data, size);
    if (s->store.write(s->store.opaque, start, units, end - start, &err)) {
        return true;
    }
    report_once(s, err);
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

/* What could not be kept stays as it was. */
static void erase(struct cfi01 *s, uint64_t offset)
{
    uint64_t start = align_down(offset, CFI01_SECTOR_SIZE);
    uint8_t erased[BUFFER_SIZE];

    memset(erased, 0xff, sizeof(erased));
    for (uint64_t done = 0; done < CFI01_SECTOR_SIZE; done += BUFFER_SIZE) {
        replace(s, start + done, erased, BUFFER_SIZE, SR_ERASE_ERROR);
    }
}

/* Writes --------------------------------------------------------------- */

static void sequence_error(struct cfi01 *s, const char *what, uint32_t value)
{
    guest_error("%s: %s 0x%x", s->ram->name, what, value);
    s->status |= SR_SEQUENCE_ERROR;
    s->mode = MODE_STATUS;
    s->step = STEP_COMMAND;
}

static void start_command(struct cfi01 *s, uint8_t code)
{
    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
        const struct command *row = &commands[i];
        if (row->code == code) {
            s->mode = row->mode;
            s->step = row->step;
            if (row->clear_status) {
                s->status = 0;
            }
            return;
        }
    }
    guest_error("%s: unknown command 0x%02x", s->ram->name, code);
    s->mode = MODE_ARRAY;
}

static void start_buffer(struct cfi01 *s, uint16_t count)
{
    if (count >= BUFFER_WORDS) {
        sequence_error(s, "write buffer too small for words", count + 1u);
        return;
    }
    s->left = count + 1;
    s->low = BUFFER_SIZE;
    s->high = 0;
    memset(s->buffer, 0xff, sizeof(s->buffer));
    s->step = STEP_FILL;
}

static void fill_buffer(struct cfi01 *s, uint64_t offset, unsigned size,
                        uint32_t value)
{
    uint64_t block = align_down(offset, BUFFER_SIZE);
    uint32_t at = (uint32_t)(offset - block);

    if (s->high && block != s->block) {
        sequence_error(s, "write buffer left at", (uint32_t)offset);
        return;
    }
    s->block = block;
    memcpy(s->buffer + at, &value, size);
    s->low = at < s->low ? at : s->low;
    s->high = at + size > s->high ? at + size : s->high;
    if (--s->left == 0) {
        s->step = STEP_CONFIRM;
    }
}

/* The second write of a two-write command has to be the confirmation. */
static bool confirmed(struct cfi01 *s, uint8_t code)
{
    s->step = STEP_COMMAND;
    if (code == CONFIRM) {
        return true;
    }
    sequence_error(s, "command not confirmed but", code);
    if (code == READ_ARRAY) {
        s->mode = MODE_ARRAY;
    }
    return false;
}

static void write_step(struct cfi01 *s, uint64_t offset, unsigned size,
                       uint32_t value)
{
    switch (s->step) {
    case STEP_COMMAND:
        start_command(s, (uint8_t)value);
        break;
    case STEP_PROGRAM:
        s->step = STEP_COMMAND;
        program(s, offset, (const uint8_t *)&value, size);
        break;
    case STEP_ERASE:
        if (confirmed(s, (uint8_t)value)) {
            erase(s, offset);
        }
        break;
    case STEP_LOCK: /* the devices have no locks: nothing to do */
        s->step = STEP_COMMAND;
        s->mode = (uint8_t)value == READ_ARRAY ? MODE_ARRAY : MODE_STATUS;
        break;
    case STEP_COUNT:
        start_buffer(s, (uint16_t)value);
        break;
    case STEP_FILL:
        fill_buffer(s, offset, size, value);
        break;
    case STEP_CONFIRM:
        if (confirmed(s, (uint8_t)value)) {
            program(s, s->block + s->low, s->buffer + s->low,
                    s->high - s->low);
        }
        break;
    }
}

static void cfi01_write(void *device, struct bus_access access,
                        uint64_t value)
{
    struct cfi01 *s = device;

    pthread_mutex_lock(&s->lock);
    s->array_reads = 0;
    for (unsigned done = 0; done < access.size; done += 4) {
        unsigned size = access.size < 4 ? access.size : 4;
        write_step(s, access.offset + done, size,
                   (uint32_t)(value >> 8 * done));
    }
    bool changed = s->mode != MODE_ARRAY && set_direct(s, false);
    pthread_mutex_unlock(&s->lock);
    if (changed) {
        tell_listener(s);
    }
}

/* Reads ---------------------------------------------------------------- */

/* The 16-bit word of each device that bus word `offset` belongs to. */
static uint16_t device_word(const struct cfi01 *s, uint64_t offset)
{
    uint32_t word = (uint32_t)(offset % CFI01_SECTOR_SIZE / 4);

    switch (s->mode) {
    case MODE_QUERY:
        return word < sizeof(query) ? query[word] : 0;
    case MODE_ID:
        return word < sizeof(identifier) ? identifier[word] : 0;
    default:
        return s->status | SR_READY;
    }
}

static uint64_t register_read(const struct cfi01 *s, uint64_t offset,
                              unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        uint16_t word = device_word(s, offset + i);
        value |= (uint64_t)(word >> 8 * ((offset + i) & 1) & 0xff) << 8 * i;
    }
    return value;
}

static uint64_t array_read(const struct cfi01 *s, uint64_t offset,
                           unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, s->ram->host + offset, size);
    return value;
}

static uint64_t cfi01_read(void *device, struct bus_access access)
{
    struct cfi01 *s = device;
    bool changed = false;
    uint64_t value;

    pthread_mutex_lock(&s->lock);
    if (s->mode == MODE_ARRAY) {
        value = array_read(s, access.offset, access.size);
        changed = ++s->array_reads >= READS_UNTIL_DIRECT &&
                  set_direct(s, true);
    } else {
        value = register_read(s, access.offset, access.size);
    }
    pthread_mutex_unlock(&s->lock);
    if (changed) {
        tell_listener(s);
    }
    return value;
}

static const struct mmio_ops cfi01_ops = {
    .read = cfi01_read,
    .write = cfi01_write,
    .min_size = 1,
    .max_size = 8,
};

/* Reset and creation --------------------------------------------------- */

void cfi01_reset(struct cfi01 *s)
{
    pthread_mutex_lock(&s->lock);
    s->mode = MODE_ARRAY;
    s->step = STEP_COMMAND;
    s->status = 0;
    bool changed = set_direct(s, true);
    pthread_mutex_unlock(&s->lock);
    if (changed) {
        tell_listener(s);
    }
}

/* Most of a bank is zero, as firmware is far smaller: that takes no memory. */
static void give_back_zeroes(struct ram *ram)
{
    static const uint8_t zeroes[CFI01_SECTOR_SIZE];
    uint64_t end = 0; /* of what is not zero */

    for (uint64_t at = 0; at < CFI01_SIZE; at += sizeof(zeroes)) {
        if (memcmp(ram->host + at, zeroes, sizeof(zeroes))) {
            ram_zero(ram, end, at - end);
            end = at + sizeof(zeroes);
        }
    }
    ram_zero(ram, end, CFI01_SIZE - end);
}

/* Before the bank is on the bus. */
static bool read_store(struct cfi01 *s, struct error **err)
{
    uint64_t size = s->store.size;

    if (size > CFI01_SIZE) {
        error_set(err, "%llu bytes do not fit a flash bank of %u (64 MiB)",
                  (unsigned long long)size, CFI01_SIZE);
        return false;
    }
    memset(s->ram->host + size, 0xff, CFI01_SIZE - size);
    if (!s->store.read(s->store.opaque, s->ram->host, size, err)) {
        return false;
    }
    give_back_zeroes(s->ram);
    return true;
}

struct cfi01 *cfi01_create(struct bus *bus, uint64_t base, struct ram *ram,
                           const struct cfi01_store *store,
                           const struct cfi01_listener *listener,
                           struct error **err)
{
    struct cfi01 *s = calloc(1, sizeof(*s));

    assert(s && ram->size == CFI01_SIZE);
    pthread_mutex_init(&s->lock, NULL);
    s->bus = bus;
    s->ram = ram;
    s->direct = true;
    if (listener) {
        s->listener = *listener;
    }
    if (store) {
        s->store = *store;
        if (!read_store(s, err)) {
            cfi01_free(s);
            return NULL;
        }
    }
    ram->readonly = true;
    bus_map_rom_device(bus, base, ram, &cfi01_ops, s);
    return s;
}

void cfi01_free(struct cfi01 *s)
{
    if (s) {
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
}
