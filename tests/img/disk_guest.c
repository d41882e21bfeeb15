/*
 * A guest that uses a disk: random requests to virtio-blk, several at a time,
 * their data in up to three pieces; what it reads must be what it wrote.
 * Built as the programs of tests/guest are; tests/img/guest runs it with
 * "SEED COUNT FIRST" behind -append, FIRST the number of what the disk has
 * (DISK_BASE or 0).  It prints "flushed N" as soon as a flush is answered
 * before which all requests up to N were, and at the end "ok".
 *
 * Virtio 1.1: 4.2.2 (MMIO), 2.6 (split queues), 5.2 (block device).
 */
#include "pc-bios/guest/board.h"
#include "pc-bios/guest/fdt.h"
#include "pc-bios/guest/io.h"
#include "pc-bios/guest/string.h"
#include "tests/guest/lib/test.h"
#include "tests/img/disk_script.h"

#define SLOTS 8
#define PER_SLOT 5 /* descriptors: header, three pieces, status */
#define QUEUE 64

enum {
    R_MAGIC = 0x00, R_VERSION = 0x04, R_DEVICE = 0x08,
    R_FEATURES = 0x10, R_FEATURES_SEL = 0x14,
    R_ACCEPTED = 0x20, R_ACCEPTED_SEL = 0x24,
    R_QUEUE_SEL = 0x30, R_QUEUE_MAX = 0x34, R_QUEUE_SIZE = 0x38,
    R_QUEUE_READY = 0x44, R_NOTIFY = 0x50, R_STATUS = 0x70,
    R_DESCRIPTORS = 0x80, R_AVAILABLE = 0x90, R_USED = 0xa0,
};
enum { F_FLUSH = 9, F_DISCARD = 13, F_ZERO = 14 };
enum { T_READ, T_WRITE, T_FLUSH = 4, T_DISCARD = 11, T_ZERO = 13 };
enum { D_NEXT = 1, D_WRITE = 2 };

static struct {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
} descriptors[QUEUE] __attribute__((aligned(16)));
static struct {
    uint16_t flags, index, ring[QUEUE];
} available __attribute__((aligned(4096)));
static struct {
    uint16_t flags, index;
    struct {
        uint32_t id, length;
    } ring[QUEUE];
} used __attribute__((aligned(4096)));

static struct slot {
    bool busy;
    struct disk_request request;
    struct {
        uint32_t type, reserved;
        uint64_t sector;
    } head;
    struct {
        uint64_t sector;
        uint32_t count, flags;
    } range;
    uint64_t data[DISK_MOST * 64];
    uint8_t status;
} slots[SLOTS] __attribute__((aligned(16)));

static uint64_t device, seed;
static uint32_t disk[DISK_SECTORS]; /* the request that wrote each */
static uint16_t seen;
static bool failed;

static bool find_device(void)
{
    struct fdt_node node = {0};

    while (fdt_next(&node)) {
        uint64_t size;
        if (fdt_compatible(&node, "virtio,mmio") &&
            fdt_reg(&node, 0, &device, &size) &&
            io_read32(device + R_VERSION) == 2 &&
            io_read32(device + R_DEVICE) == 2) {
            return true;
        }
    }
    return false;
}

static void set_address(unsigned reg, const volatile void *at)
{
    io_write32(device + reg, (uint32_t)(uint64_t)at);
    io_write32(device + reg + 4, (uint32_t)((uint64_t)at >> 32));
}

/* Section 3.1.1.  False when the device cannot what the script needs. */
static bool start_device(void)
{
    uint32_t wanted = 1u << F_FLUSH | 1u << F_DISCARD | 1u << F_ZERO;

    io_write32(device + R_STATUS, 0);
    io_write32(device + R_STATUS, 1);
    io_write32(device + R_STATUS, 3);
    io_write32(device + R_FEATURES_SEL, 0);
    wanted &= io_read32(device + R_FEATURES);
    io_write32(device + R_ACCEPTED_SEL, 0);
    io_write32(device + R_ACCEPTED, wanted);
    io_write32(device + R_ACCEPTED_SEL, 1);
    io_write32(device + R_ACCEPTED, 1); /* VIRTIO_F_VERSION_1 */
    io_write32(device + R_STATUS, 11);
    io_write32(device + R_QUEUE_SEL, 0);
    if (!(io_read32(device + R_STATUS) & 8) ||
        io_read32(device + R_QUEUE_MAX) < QUEUE) {
        return false;
    }
    io_write32(device + R_QUEUE_SIZE, QUEUE);
    set_address(R_DESCRIPTORS, descriptors);
    set_address(R_AVAILABLE, &available);
    set_address(R_USED, &used);
    io_write32(device + R_QUEUE_READY, 1);
    io_write32(device + R_STATUS, 15);
    return wanted == (1u << F_FLUSH | 1u << F_DISCARD | 1u << F_ZERO);
}

/* Requests ---------------------------------------------------------------- */

static void add(unsigned *n, const volatile void *at, uint32_t length,
                uint16_t flags)
{
    descriptors[*n].address = (uint64_t)at;
    descriptors[*n].length = length;
    descriptors[*n].flags = flags | D_NEXT;
    descriptors[*n].next = (uint16_t)(*n + 1);
    ++*n;
}

static void submit(unsigned number, uint32_t type)
{
    struct slot *s = &slots[number];
    const struct disk_request *r = &s->request;
    unsigned n = number * PER_SLOT;

    s->head.type = type;
    s->head.sector = type <= T_WRITE ? r->sector : 0;
    s->status = 0xff;
    add(&n, &s->head, 16, 0);
    if (type <= T_WRITE) {
        uint32_t from[] = {0, r->split[0], r->split[1], r->count * 512};
        for (unsigned i = 0; i < 3; i++) {
            if (from[i + 1] > from[i]) {
                add(&n, (char *)s->data + from[i], from[i + 1] - from[i],
                    type == T_READ ? D_WRITE : 0);
            }
        }
    } else if (type != T_FLUSH) {
        s->range.sector = r->sector;
        s->range.count = r->count;
        s->range.flags = type == T_ZERO && r->unmap;
        add(&n, &s->range, 16, 0);
    }
    add(&n, &s->status, 1, D_WRITE);
    descriptors[n - 1].flags = D_WRITE;
    s->busy = true;
    available.ring[available.index % QUEUE] = (uint16_t)(number * PER_SLOT);
    barrier_dsb();
    ((volatile uint16_t *)&available.index)[0]++;
    barrier_dsb();
    io_write32(device + R_NOTIFY, 0);
}

static void check_data(const struct slot *s)
{
    const struct disk_request *r = &s->request;

    for (uint32_t i = 0; i < r->count && !failed; i++) {
        for (unsigned word = 0; word < 64; word++) {
            uint64_t want = disk_word(seed, disk[r->sector + i],
                                      r->sector + i, word);
            if (s->data[i * 64 + word] != want) {
                print("FAILED request %u: sector %u, word %u is %lx, not "
                      "%lx of request %u\n", r->number, r->sector + i, word,
                      s->data[i * 64 + word], want, disk[r->sector + i]);
                failed = true;
                break;
            }
        }
    }
}

/* Take what is done; it waits for nothing. */
static void reap(void)
{
    while (seen != *(volatile uint16_t *)&used.index) {
        barrier_dsb();
        struct slot *s = &slots[used.ring[seen++ % QUEUE].id / PER_SLOT];
        if (s->status) {
            print("FAILED request %u (%u): status %u\n", s->request.number,
                  s->head.type, s->status);
            failed = true;
        } else if (s->head.type == T_READ) {
            check_data(s);
        }
        s->busy = false;
    }
}

static void drain(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        while (slots[i].busy) {
            reap();
        }
    }
}

static bool overlaps(const struct disk_request *r)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct disk_request *o = &slots[i].request;
        if (slots[i].busy && r->sector < o->sector + o->count &&
            o->sector < r->sector + r->count) {
            return true;
        }
    }
    return false;
}

static unsigned free_slot(void)
{
    for (unsigned i = 0;; i = (i + 1) % SLOTS) {
        reap();
        if (!slots[i].busy) {
            return i;
        }
    }
}

static void mark(const struct disk_request *r, uint32_t number)
{
    for (uint32_t i = 0; i < r->count; i++) {
        disk[r->sector + i] = number;
    }
}

static void run(const struct disk_request *r)
{
    if (r->kind == DISK_FLUSH || overlaps(r)) {
        drain();
    }
    unsigned n = free_slot();
    struct slot *s = &slots[n];
    s->request = *r;
    switch (r->kind) {
    case DISK_READ:
        submit(n, T_READ);
        break;
    case DISK_WRITE:
        mark(r, r->number);
        for (uint32_t i = 0; i < r->count * 64; i++) {
            s->data[i] = disk_word(seed, r->number, r->sector + i / 64,
                                   i % 64);
        }
        submit(n, T_WRITE);
        break;
    case DISK_DISCARD: /* it reads as anything until it is zeroed */
        submit(n, T_DISCARD);
        drain();
        /* fall through */
    case DISK_ZERO:
        mark(r, 0);
        submit(n, T_ZERO);
        break;
    case DISK_FLUSH:
        submit(n, T_FLUSH);
        drain();
        print("flushed %u\n", r->number);
    }
}

static uint32_t number_of(const char **text)
{
    uint32_t n = 0;

    while (**text == ' ') {
        ++*text;
    }
    while (**text >= '0' && **text <= '9') {
        n = n * 10 + (uint32_t)(*(*text)++ - '0');
    }
    return n;
}

void test_main(void)
{
    const char *text = board.arguments;
    struct disk_script script;
    struct disk_request r;

    seed = number_of(&text);
    uint32_t count = number_of(&text), first = number_of(&text);
    if (!find_device() || !start_device()) {
        print("FAILED: no disk with flush, discard and zeroes\n");
        return;
    }
    for (uint32_t i = 0; i < DISK_SECTORS; i++) {
        disk[i] = first;
    }
    disk_start(&script, seed);
    for (uint32_t i = 0; i < count && !failed; i++) {
        disk_next(&script, &r);
        run(&r);
    }
    drain();
    /* All of it once more. */
    r = (struct disk_request){.kind = DISK_READ, .count = DISK_MOST};
    for (; r.sector < DISK_SECTORS && !failed; r.sector += r.count) {
        run(&r);
    }
    drain();
    r = (struct disk_request){.kind = DISK_FLUSH, .number = count + DISK_BASE};
    run(&r);
    print("%s\n", failed ? "FAILED" : "ok");
}
