/*
 * Two BARs, memory and I/O, each of which offers tests.  The guest selects
 * one by number, learns where, how wide and what it is to write, does so
 * some times, and compares its count with ours.
 *
 * 0x00 test    W   number of the test; starts it, its count at 0
 * 0x01 width   RO  bytes of each write; 0: there is no such test
 * 0x04 offset  RO  where in this BAR
 * 0x08 data    RO  what to write
 * 0x0c count   RO  writes seen
 * 0x10 name    RO  text
 *
 * One device-wide test is selected at a time; threads: any, one lock.
 */
#include "hw/pci/testdev.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

#define TESTDEV_ID 0x0005
#define TESTDEV_CLASS 0x00ff00
#define MEMORY_SIZE 4096
#define IO_SIZE 256
#define TESTS 3
#define NO_TEST TESTS

enum {
    REG_TEST = 0x00,
    REG_WIDTH = 0x01,
    REG_OFFSET = 0x04,
    REG_DATA = 0x08,
    REG_COUNT = 0x0c,
    REG_NAME = 0x10,
    REG_END = 0x30,
};

struct test {
    const char *name;
    uint8_t data;
    bool any_data; /* counts whatever is written */
};

struct space {
    struct testdev *device;
    unsigned base; /* of the places that tests write to */
    unsigned first; /* number of its first test, over both spaces */
    const struct test *tests;
};

struct testdev {
    struct pci_function pci;
    pthread_mutex_t lock;
    struct space memory, io;
    const struct space *selected;
    unsigned test; /* in `selected` */
    uint32_t count;
};

/* QEMU's names tell how it detects the write. */
static const struct test memory_tests[TESTS] = {
    {"mmio-no-eventfd", 0xfa, true},
    {"mmio-wildcard-eventfd", 0xce, true},
    {"mmio-datamatch-eventfd", 0xfa, false},
};

static const struct test io_tests[TESTS] = {
    {"portio-no-eventfd", 0xfa, true},
    {"portio-wildcard-eventfd", 0xce, true},
    {"portio-datamatch-eventfd", 0xfa, false},
};

static void put32(uint8_t *bytes, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

/* The registers as bytes: all zero without a test. */
static void fill(const struct testdev *s, const struct space *space,
                 uint8_t bytes[REG_END])
{
    memset(bytes, 0, REG_END);
    if (s->selected != space || s->test >= TESTS) {
        return;
    }
    const struct test *t = &space->tests[s->test];
    bytes[REG_TEST] = (uint8_t)(space->first + s->test);
    bytes[REG_WIDTH] = 1;
    put32(bytes + REG_OFFSET, space->base + s->test);
    put32(bytes + REG_DATA, t->data);
    put32(bytes + REG_COUNT, s->count);
    memcpy(bytes + REG_NAME, t->name, strlen(t->name));
}

static uint64_t space_read(void *opaque, struct bus_access access)
{
    struct space *space = opaque;
    struct testdev *s = space->device;
    uint8_t bytes[REG_END];
    uint64_t value = 0;

    pthread_mutex_lock(&s->lock);
    fill(s, space, bytes);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < access.size; i++) {
        uint64_t at = access.offset + i;
        value |= (uint64_t)(at < REG_END ? bytes[at] : 0) << (8 * i);
    }
    return value;
}

static void count_write(struct testdev *s, const struct space *space,
                        struct bus_access access, uint64_t value)
{
    if (s->selected != space || s->test >= TESTS) {
        return;
    }
    const struct test *t = &space->tests[s->test];
    if (access.offset == space->base + s->test && access.size == 1 &&
        (t->any_data || value == t->data)) {
        s->count++;
    }
}

static void space_write(void *opaque, struct bus_access access,
                        uint64_t value)
{
    struct space *space = opaque;
    struct testdev *s = space->device;

    pthread_mutex_lock(&s->lock);
    if (access.offset == REG_TEST) {
        s->selected = space;
        s->test = (uint8_t)value;
        s->count = 0;
    } else {
        count_write(s, space, access, value);
    }
    pthread_mutex_unlock(&s->lock);
}

static const struct mmio_ops space_ops = {
    .read = space_read, .write = space_write, .max_size = 4};

/* The optional BAR: memory that is not there. */
static uint64_t empty_read(void *opaque, struct bus_access access)
{
    (void)opaque;
    return mask64(8 * (int)access.size);
}

static void empty_write(void *opaque, struct bus_access access,
                        uint64_t value)
{
    (void)opaque;
    (void)access;
    (void)value;
}

static const struct mmio_ops empty_ops = {.read = empty_read,
                                          .write = empty_write};

static void testdev_reset(struct pci_function *f)
{
    struct testdev *s = container_of(f, struct testdev, pci);

    pthread_mutex_lock(&s->lock);
    s->selected = NULL;
    s->test = NO_TEST;
    s->count = 0;
    pthread_mutex_unlock(&s->lock);
}

static void testdev_free(struct pci_function *f)
{
    struct testdev *s = container_of(f, struct testdev, pci);

    pci_function_destroy(f);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static const struct pci_function_ops testdev_ops = {
    .reset = testdev_reset,
    .free = testdev_free,
};

static const struct pci_ids testdev_ids = {
    PCI_VENDOR_REDHAT, TESTDEV_ID, PCI_VENDOR_QUMRANET, PCI_SUBSYSTEM_QEMU,
    TESTDEV_CLASS, 0};

bool pci_testdev_create(struct pci_bus *bus, int devfn, uint64_t membar,
                        struct error **err)
{
    if (membar && (!is_power_of_2(membar) || membar < 4096)) {
        error_set(err, "pci-testdev: membar=%llu is not a power of two from "
                  "4096", (unsigned long long)membar);
        return false;
    }
    struct testdev *s = calloc(1, sizeof(*s));
    assert(s);
    pthread_mutex_init(&s->lock, NULL);
    s->memory = (struct space){s, MEMORY_SIZE / 2, 0, memory_tests};
    s->io = (struct space){s, IO_SIZE / 2, TESTS, io_tests};
    s->test = NO_TEST;

    pci_function_init(&s->pci, "pci-testdev", &testdev_ids, &testdev_ops);
    pci_add_bar(&s->pci, 0, 0, MEMORY_SIZE, &space_ops, &s->memory);
    pci_add_bar(&s->pci, 1, PCI_BAR_IO, IO_SIZE, &space_ops, &s->io);
    if (membar) {
        pci_add_bar(&s->pci, 2, PCI_BAR_64 | PCI_BAR_PREFETCH, membar,
                    &empty_ops, NULL);
    }
    if (!pci_plug(bus, &s->pci, devfn, err)) {
        testdev_free(&s->pci);
        return false;
    }
    return true;
}
