/* softmmu: ram, bus and dma. */
#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "softmmu/bus.h"
#include "softmmu/dma.h"
#include "util/bits.h"

Suite *bus_suite(void);

#define RAM_BASE UINT64_C(0x40000000)
#define DEV_BASE UINT64_C(0x09000000)

/* A device that remembers its last access and answers with its offset. */
struct probe {
    unsigned reads, writes;
    struct bus_access last;
    uint64_t value;
};

static uint64_t probe_read(void *device, struct bus_access access)
{
    struct probe *p = device;

    p->reads++;
    p->last = access;
    return UINT64_C(0xffeeddccbbaa0000) | access.offset;
}

static void probe_write(void *device, struct bus_access access,
                        uint64_t value)
{
    struct probe *p = device;

    p->writes++;
    p->last = access;
    p->value = value;
}

static const struct mmio_ops any_size = {.read = probe_read,
                                         .write = probe_write};
static const struct mmio_ops words = {
    .read = probe_read, .write = probe_write, .min_size = 4, .max_size = 4};

static struct bus *bus;
static struct ram *ram;
static struct probe probe;

static void setup(void)
{
    memset(&probe, 0, sizeof(probe));
    bus = bus_new();
    ram = ram_new("ram", 1 << 20, NULL);
    ck_assert_ptr_nonnull(ram);
    bus_map_ram(bus, RAM_BASE, ram);
    bus_map_mmio(bus, DEV_BASE, 0x1000, "any", &any_size, &probe);
    bus_map_mmio(bus, DEV_BASE + 0x1000, 0x1000, "words", &words, &probe);
}

static void teardown(void)
{
    bus_free(bus);
    ram_free(ram);
}

START_TEST(test_ram_is_lazy)
{
    struct ram *huge = ram_new("huge", UINT64_C(255) << 30, NULL);

    ck_assert_ptr_nonnull(huge);
    ck_assert_uint_eq(huge->host[huge->size - 1], 0);
    ck_assert_uint_eq(huge->flags[(huge->size >> RAM_PAGE_BITS) - 1], 0);
    ram_free(huge);
}
END_TEST

/* The size of the process's mapping that begins at `start`. */
static uint64_t mapping_size(const void *start)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    uint64_t low, high, size = 0;
    char line[512];

    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64, &low, &high) == 2 &&
            low == (uintptr_t)start) {
            size = high - low;
        }
    }
    fclose(maps);
    return size;
}

START_TEST(test_ram_is_apart)
{
    struct ram *two[2];

    for (unsigned i = 0; i < 2; i++) {
        two[i] = ram_new("one of two", 1 << 20, NULL);
        ck_assert_ptr_nonnull(two[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_uint_eq(mapping_size(two[i]->host), two[i]->size);
    }
    for (unsigned i = 0; i < 2; i++) {
        ram_free(two[i]);
    }
}
END_TEST

START_TEST(test_ram_lookup)
{
    uint64_t offset;

    ck_assert_ptr_eq(bus_ram(bus, RAM_BASE, 1, &offset), ram);
    ck_assert_uint_eq(offset, 0);
    ck_assert_ptr_eq(bus_ram(bus, RAM_BASE + 0xffff8, 8, &offset), ram);
    ck_assert_uint_eq(offset, 0xffff8);
    ck_assert_ptr_null(bus_ram(bus, RAM_BASE + 0xffff9, 8, &offset));
    ck_assert_ptr_null(bus_ram(bus, RAM_BASE - 1, 1, &offset));
    ck_assert_ptr_null(bus_ram(bus, RAM_BASE + 0x100000, 1, &offset));
    ck_assert_ptr_null(bus_ram(bus, RAM_BASE, UINT64_MAX, &offset));
    ck_assert_ptr_null(bus_ram(bus, UINT64_MAX, 8, &offset));
}
END_TEST

START_TEST(test_ram_access)
{
    uint64_t value;

    for (unsigned size = 1; size <= 8; size *= 2) {
        for (unsigned at = 0; at < 8; at++) {
            uint64_t want = UINT64_C(0x8877665544332211) + at;
            ck_assert(bus_write(bus, RAM_BASE + at, size, 0, want));
            ck_assert(bus_read(bus, RAM_BASE + at, size, 0, &value));
            ck_assert_uint_eq(value, want & mask64(8 * (int)size));
            ck_assert_uint_eq(ram->host[at], want & 0xff);
        }
    }
}
END_TEST

START_TEST(test_rom_ignores_writes)
{
    uint64_t value;

    ram->host[0] = 0x5a;
    ram->readonly = true;
    ck_assert(bus_write(bus, RAM_BASE, 1, 0, 0));
    ck_assert(bus_read(bus, RAM_BASE, 1, 0, &value));
    ck_assert_uint_eq(value, 0x5a);
}
END_TEST

START_TEST(test_device_access)
{
    uint64_t value;

    ck_assert(bus_read(bus, DEV_BASE + 8, 4, 3, &value));
    ck_assert_uint_eq(value, 0xbbaa0008);
    ck_assert_uint_eq(probe.last.cpu, 3);
    ck_assert_uint_eq(probe.last.size, 4);
    ck_assert(bus_write(bus, DEV_BASE + 0xff8, 8, BUS_DMA, UINT64_MAX));
    ck_assert_uint_eq(probe.last.offset, 0xff8);
    ck_assert_uint_eq(probe.value, UINT64_MAX);
    /* A narrow write brings no more than its bytes. */
    ck_assert(bus_write(bus, DEV_BASE, 2, 0, 0xabcd1234));
    ck_assert_uint_eq(probe.value, 0x1234);
}
END_TEST

START_TEST(test_device_unaligned)
{
    uint64_t value;

    ck_assert(bus_read(bus, DEV_BASE + 2, 4, 0, &value));
    ck_assert_uint_eq(probe.reads, 4);
    ck_assert_uint_eq(probe.last.size, 1);
    ck_assert_uint_eq(value, 0x05040302);
    ck_assert(bus_write(bus, DEV_BASE + 1, 2, 0, 0xbeef));
    ck_assert_uint_eq(probe.writes, 2);
    ck_assert_uint_eq(probe.value, 0xbe);
    /* A device that wants words does not get bytes. */
    ck_assert(!bus_read(bus, DEV_BASE + 0x1002, 4, 0, &value));
}
END_TEST

START_TEST(test_device_sizes)
{
    uint64_t value;

    ck_assert(bus_read(bus, DEV_BASE + 0x1000, 4, 0, &value));
    ck_assert(!bus_read(bus, DEV_BASE + 0x1000, 2, 0, &value));
    ck_assert(!bus_read(bus, DEV_BASE + 0x1000, 8, 0, &value));
    ck_assert(!bus_write(bus, DEV_BASE + 0x1000, 1, 0, 0));
    ck_assert_uint_eq(probe.reads, 1);
    ck_assert_uint_eq(probe.writes, 0);
}
END_TEST

START_TEST(test_unmapped)
{
    uint64_t value;

    ck_assert(!bus_read(bus, 0, 4, 0, &value));
    ck_assert(!bus_read(bus, UINT64_MAX - 7, 8, 0, &value));
    ck_assert(!bus_write(bus, DEV_BASE + 0x2000, 4, 0, 0));
    /* Half in, half out. */
    ck_assert(!bus_read(bus, DEV_BASE + 0x1ffe, 4, 0, &value));
    ck_assert(!bus_read(bus, RAM_BASE + 0xffffe, 4, 0, &value));
}
END_TEST

START_TEST(test_unmap)
{
    uint64_t value, offset;

    bus_unmap(bus, DEV_BASE);
    ck_assert(!bus_read(bus, DEV_BASE, 4, 0, &value));
    ck_assert(bus_read(bus, DEV_BASE + 0x1000, 4, 0, &value));
    bus_unmap(bus, RAM_BASE);
    ck_assert_ptr_null(bus_ram(bus, RAM_BASE, 1, &offset));
    bus_map_ram(bus, RAM_BASE, ram);
    ck_assert_ptr_eq(bus_ram(bus, RAM_BASE, 1, &offset), ram);
}
END_TEST

static void *remap(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20000; i++) {
        bus_map_mmio(bus, 0x1000, 0x1000, "low", &any_size, &probe);
        bus_unmap(bus, 0x1000);
    }
    return NULL;
}

/* Secure accesses find what is theirs and what is everybody's, others only
 * the latter; devices are told. */
START_TEST(test_secure_view)
{
    struct bus *view = bus_new_secure(bus);
    struct ram *secret = ram_new("secret", 1 << 16, NULL);
    const uint64_t base = 0x0e000000;
    uint64_t value, offset;
    struct bus_window w;

    ck_assert_ptr_eq(bus_secure(bus), view);
    ck_assert_ptr_eq(bus_secure(view), view);
    bus_map_ram(view, base, secret);
    bus_map_mmio(view, DEV_BASE + 0x10000, 0x1000, "uart", &words, &probe);
    ck_assert_ptr_null(bus_ram(bus, base, 8, &offset));
    ck_assert_ptr_eq(bus_ram(view, base + 8, 8, &offset), secret);
    ck_assert_uint_eq(offset, 8);
    ck_assert_ptr_eq(bus_ram(view, RAM_BASE, 8, &offset), ram);
    ck_assert_ptr_eq(bus_ram_of(bus, secret->host + 9, &offset), secret);
    ck_assert_uint_eq(offset, 9);
    ck_assert_ptr_eq(bus_ram_of(bus, ram->host + 7, &offset), ram);
    ck_assert_uint_eq(offset, 7);
    ck_assert_ptr_null(bus_ram_of(bus, (const uint8_t *)&w, &offset));
    ck_assert(!bus_read(bus, base, 8, 0, &value));
    ck_assert(bus_write(view, base, 8, 0, 5));
    ck_assert(bus_read(view, base, 8, 0, &value));
    ck_assert_uint_eq(value, 5);
    ck_assert(!bus_read(bus, DEV_BASE + 0x10000, 4, 0, &value));
    ck_assert(!bus_find_window(bus, DEV_BASE + 0x10000, &w));
    ck_assert(bus_read(view, DEV_BASE + 0x10000, 4, 0, &value));
    ck_assert(probe.last.secure);
    ck_assert(bus_read(bus, DEV_BASE, 4, 0, &value));
    ck_assert(!probe.last.secure);
    ck_assert(bus_write(view, DEV_BASE, 4, 0, value));
    ck_assert(probe.last.secure);

    for (unsigned n = 0; n < 2; n++) {
        ck_assert(bus_find_window(n ? view : bus, DEV_BASE, &w));
        ck_assert(bus_window_read(&w, DEV_BASE, 4, 0, &value));
        ck_assert_uint_eq(probe.last.secure, n);
    }
    bus_map_mmio(bus, 0x1000, 0x1000, "new", &any_size, &probe);
    ck_assert(!bus_window_read(&w, DEV_BASE, 4, 0, &value));
    ck_assert(bus_find_window(view, DEV_BASE + 0x10000, &w));
    ck_assert(bus_window_write(&w, DEV_BASE + 0x10000, 4, 0, 1));
    ck_assert(probe.last.secure);
    bus_unmap(view, base);
    ram_free(secret);
}
END_TEST

/* What a window takes is what the bus would have passed on as it is. */
START_TEST(test_window)
{
    struct bus_window w;
    uint64_t value;

    ck_assert(!bus_find_window(bus, RAM_BASE, &w));
    ck_assert(!bus_find_window(bus, DEV_BASE + 0x100000, &w));
    ck_assert(bus_find_window(bus, DEV_BASE + 0x1000, &w));
    ck_assert(bus_window_read(&w, DEV_BASE + 0x1ffc, 4, 3, &value));
    ck_assert_uint_eq(value, 0xbbaa0ffc);
    ck_assert_uint_eq(probe.last.cpu, 3);
    ck_assert(bus_window_write(&w, DEV_BASE + 0x1004, 4, 0,
                               UINT64_C(0x1122334455)));
    ck_assert_uint_eq(probe.value, 0x22334455);
    ck_assert(!bus_window_read(&w, DEV_BASE + 0x1002, 4, 0, &value));
    ck_assert(!bus_window_read(&w, DEV_BASE + 0x1004, 8, 0, &value));
    ck_assert(!bus_window_read(&w, DEV_BASE + 0x1004, 2, 0, &value));
    ck_assert(!bus_window_read(&w, DEV_BASE + 0xffc, 4, 0, &value));
    ck_assert(!bus_window_read(&w, DEV_BASE + 0x2000, 4, 0, &value));
    ck_assert_uint_eq(probe.reads + probe.writes, 2);
    bus_unmap(bus, DEV_BASE);
    ck_assert(!bus_window_read(&w, DEV_BASE + 0x1004, 4, 0, &value));
    ck_assert(bus_find_window(bus, DEV_BASE + 0x1000, &w));
    ck_assert(bus_window_read(&w, DEV_BASE + 0x1004, 4, 0, &value));
}
END_TEST

/* What stays mapped is found whatever a writer does meanwhile. */
START_TEST(test_lookup_while_remapping)
{
    pthread_t writer;

    ck_assert_int_eq(pthread_create(&writer, NULL, remap, NULL), 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t value;
        ck_assert(bus_read(bus, DEV_BASE + 0x10, 2, 0, &value));
        ck_assert_uint_eq(value, 0x10);
        ck_assert(bus_read(bus, RAM_BASE + 0x10, 4, 0, &value));
    }
    pthread_join(writer, NULL);
}
END_TEST

struct code_log {
    unsigned calls;
    uint64_t pa, size;
};

static void code_written(void *opaque, uint64_t pa, uint64_t size)
{
    struct code_log *log = opaque;

    log->calls++;
    log->pa = pa;
    log->size = size;
    for (uint64_t page = 0; page < ram->size >> RAM_PAGE_BITS; page++) {
        ram->flags[page] &= (uint8_t)~RAM_PAGE_CODE;
    }
}

START_TEST(test_dma)
{
    struct dma dma = {.bus = bus};
    uint8_t out[32], in[32];

    for (unsigned i = 0; i < sizeof(out); i++) {
        out[i] = (uint8_t)(i + 1);
    }
    for (unsigned size = 0; size <= sizeof(out); size++) {
        for (unsigned at = 0; at < 8; at++) {
            memset(in, 0, sizeof(in));
            ck_assert(dma_fill(&dma, RAM_BASE, 0, 64));
            ck_assert(dma_write(&dma, RAM_BASE + at, out, size));
            ck_assert(dma_read(&dma, RAM_BASE + at, in, size));
            ck_assert_mem_eq(in, out, size);
            ck_assert_uint_eq(ram->host[at + size], 0);
        }
    }
}
END_TEST

START_TEST(test_dma_bounds)
{
    struct dma dma = {.bus = bus};
    struct ram *next = ram_new("next", RAM_PAGE_SIZE, NULL);
    uint8_t buffer[16] = {1};

    /* Two ranges side by side are one to a device. */
    bus_map_ram(bus, RAM_BASE + ram->size, next);
    ck_assert(dma_write(&dma, RAM_BASE + ram->size - 8, buffer, 16));
    ck_assert(dma_read(&dma, RAM_BASE + ram->size - 8, buffer, 16));
    uint64_t end = RAM_BASE + ram->size + next->size;
    ck_assert(!dma_write(&dma, end - 8, buffer, 16));
    ck_assert(!dma_read(&dma, DEV_BASE, buffer, 4));
    ck_assert(!dma_fill(&dma, UINT64_MAX - 1, 0, 16));
    ck_assert(!dma_fill(&dma, end - 1, 0, UINT64_MAX));
    next->readonly = true;
    ck_assert(!dma_write(&dma, RAM_BASE + ram->size, buffer, 4));
    ck_assert_uint_eq(probe.reads + probe.writes, 0);
    bus_unmap(bus, RAM_BASE + ram->size);
    ram_free(next);
}
END_TEST

START_TEST(test_dma_drops_code)
{
    struct code_log log = {0};
    struct dma dma = {bus, code_written, &log};

    ck_assert(dma_fill(&dma, RAM_BASE, 1, 2 * RAM_PAGE_SIZE));
    ck_assert_uint_eq(log.calls, 0);
    ck_assert_uint_eq(ram->flags[0], RAM_PAGE_DIRTY);
    ck_assert_uint_eq(ram->flags[1], RAM_PAGE_DIRTY);
    ck_assert_uint_eq(ram->flags[2], 0);
    ram->flags[3] = RAM_PAGE_CODE;
    ck_assert(dma_fill(&dma, RAM_BASE + RAM_PAGE_SIZE, 1,
                       2 * RAM_PAGE_SIZE + 1));
    ck_assert_uint_eq(log.calls, 1);
    ck_assert_uint_eq(log.pa, RAM_BASE + RAM_PAGE_SIZE);
    ck_assert_uint_eq(log.size, 2 * RAM_PAGE_SIZE + 1);
}
END_TEST

Suite *bus_suite(void)
{
    Suite *suite = suite_create("bus");
    TCase *tc = tcase_create("bus");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_ram_is_lazy);
    tcase_add_test(tc, test_ram_is_apart);
    tcase_add_test(tc, test_ram_lookup);
    tcase_add_test(tc, test_ram_access);
    tcase_add_test(tc, test_rom_ignores_writes);
    tcase_add_test(tc, test_device_access);
    tcase_add_test(tc, test_device_unaligned);
    tcase_add_test(tc, test_device_sizes);
    tcase_add_test(tc, test_unmapped);
    tcase_add_test(tc, test_unmap);
    tcase_add_test(tc, test_window);
    tcase_add_test(tc, test_secure_view);
    tcase_add_test(tc, test_lookup_while_remapping);
    tcase_add_test(tc, test_dma);
    tcase_add_test(tc, test_dma_bounds);
    tcase_add_test(tc, test_dma_drops_code);
    suite_add_tcase(suite, tc);
    return suite;
}
