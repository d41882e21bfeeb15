/* hw/misc/fw_cfg: items, the directory, hostile DMA. */
#include <check.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/misc/fw_cfg.h"
#include "util/bits.h"

Suite *fw_cfg_suite(void);

#define BASE UINT64_C(0x09020000)
#define RAM UINT64_C(0x40000000)
#define RAM_SIZE 0x10000
#define DESC (RAM + 0x100)

enum { ERROR = 1, READ = 2, SKIP = 4, SELECT = 8, WRITE = 16 };

static struct bus *bus;
static struct ram *ram;
static struct dma dma;
static struct fw_cfg *fw;

static void setup(void)
{
    bus = bus_new();
    ram = ram_new("ram", RAM_SIZE, NULL);
    ck_assert_ptr_nonnull(ram);
    bus_map_ram(bus, RAM, ram);
    dma = (struct dma){.bus = bus};
    fw = fw_cfg_create(bus, BASE, &dma);
}

static void teardown(void)
{
    fw_cfg_free(fw);
    bus_free(bus);
    ram_free(ram);
}

static uint64_t get(uint64_t offset, unsigned size)
{
    uint64_t value = 0;

    ck_assert(bus_read(bus, BASE + offset, size, 0, &value));
    return value;
}

static void put(uint64_t offset, unsigned size, uint64_t value)
{
    ck_assert(bus_write(bus, BASE + offset, size, 0, value));
}

static void choose(uint16_t key)
{
    put(8, 2, htobe16(key));
}

/* The control word afterwards. */
static uint32_t transfer(uint32_t control, uint32_t length, uint64_t address)
{
    uint32_t head[2] = {htobe32(control), htobe32(length)};
    uint32_t result;

    address = htobe64(address);
    ck_assert(dma_write(&dma, DESC, head, 8));
    ck_assert(dma_write(&dma, DESC + 8, &address, 8));
    put(16, 8, htobe64(DESC));
    ck_assert(dma_read(&dma, DESC, &result, 4));
    return be32toh(result);
}

START_TEST(test_registers)
{
    ck_assert_uint_eq(get(16, 8), htobe64(UINT64_C(0x51454d5520434647)));
    ck_assert_uint_eq(get(20, 4), 0x47464320);
    ck_assert_uint_eq(get(16, 1), 'Q');
    choose(FW_CFG_SIGNATURE);
    ck_assert_uint_eq(get(0, 1), 'Q');
    ck_assert_uint_eq(get(0, 2), 'E' | 'M' << 8);
    ck_assert_uint_eq(get(0, 8), 'U');
    ck_assert_uint_eq(get(0, 8), 0);
    choose(FW_CFG_ID);
    ck_assert_uint_eq(get(0, 4), 3);
    choose(0x3ff0);
    ck_assert_uint_eq(get(0, 8), 0);
    put(0, 8, 1);
    put(8, 4, 1);
    put(18, 2, 1);
    ck_assert_uint_eq(get(8, 2), 0);
}
END_TEST

START_TEST(test_directory)
{
    struct {
        uint32_t size;
        uint16_t key, reserved;
        char name[56];
    } entry[3];
    uint32_t count;

    ck_assert(fw_cfg_add_file(fw, "opt/b", "bbb", 3, NULL));
    ck_assert(fw_cfg_add_file_copy(fw, "opt/c", "cc", 2, NULL));
    fw_cfg_set_file(fw, "etc/a", "a", 1);
    ck_assert_uint_eq(transfer(FW_CFG_FILE_DIR << 16 | SELECT | READ, 4,
                               RAM), 0);
    ck_assert_uint_eq(transfer(READ, sizeof(entry), RAM + 0x200), 0);
    dma_read(&dma, RAM, &count, 4);
    dma_read(&dma, RAM + 0x200, entry, sizeof(entry));
    ck_assert_uint_eq(be32toh(count), 3);
    ck_assert_str_eq(entry[0].name, "etc/a");
    ck_assert_str_eq(entry[1].name, "opt/b");
    ck_assert_uint_eq(be32toh(entry[1].size), 3);
    ck_assert_uint_eq(be16toh(entry[2].key), 0x22);
    choose(0x21);
    ck_assert_uint_eq(get(0, 4), 'b' | 'b' << 8 | 'b' << 16);
    fw_cfg_set_file(fw, "opt/b", "new", 3);
    choose(0x21);
    ck_assert_uint_eq(get(0, 1), 'n');
}
END_TEST

START_TEST(test_names)
{
    char name[64];
    struct error *err = NULL;

    ck_assert(!fw_cfg_add_file(fw, "", "", 0, &err));
    error_free(err);
    memset(name, 'x', sizeof(name));
    name[56] = '\0';
    ck_assert(!fw_cfg_add_file(fw, name, "", 0, &err));
    error_free(err);
    name[55] = '\0';
    ck_assert(fw_cfg_add_file(fw, name, "", 0, NULL));
    ck_assert(!fw_cfg_add_file(fw, name, "", 0, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "taken"));
    error_free(err);
    for (unsigned i = 1; i < FW_CFG_MAX_FILES; i++) {
        snprintf(name, sizeof(name), "%u", i);
        ck_assert(fw_cfg_add_file(fw, name, "", 0, NULL));
    }
    ck_assert(!fw_cfg_add_file(fw, "more", "", 0, &err));
    error_free(err);
}
END_TEST

START_TEST(test_dma_read)
{
    char text[16];

    ck_assert(fw_cfg_add_file(fw, "f", "0123456789", 10, NULL));
    dma_fill(&dma, RAM, 0xee, 32);
    ck_assert_uint_eq(transfer(0x20 << 16 | SELECT | SKIP, 3, 0), 0);
    ck_assert_uint_eq(transfer(READ, 16, RAM), 0);
    dma_read(&dma, RAM, text, 16);
    ck_assert(!memcmp(text, "3456789\0\0\0\0\0\0\0\0\0", 16));
    ck_assert_uint_eq(ram->host[16], 0xee);
    ck_assert_uint_eq(transfer(READ, 1, RAM), 0);
    ck_assert_uint_eq(ram->host[0], 0);
    ck_assert_uint_eq(transfer(SELECT, 0, 0), 0);
    ck_assert_uint_eq(get(0, 1), 'Q'); /* key 0 */
    /* in two halves */
    choose(0x20);
    uint32_t words[4] = {htobe32(READ), htobe32(2), 0, htobe32(RAM)};
    dma_write(&dma, DESC, words, 16);
    put(16, 4, 0);
    put(20, 4, htobe32(DESC));
    ck_assert(!memcmp(ram->host, "01", 2));
}
END_TEST

START_TEST(test_dma_hostile)
{
    ck_assert(fw_cfg_add_file(fw, "f", "0123456789", 10, NULL));
    choose(0x20);
    ck_assert_uint_eq(transfer(READ, 4, 0x1000), ERROR);
    ck_assert_uint_eq(transfer(READ, 0x1000, RAM + RAM_SIZE - 8), ERROR);
    ck_assert_uint_eq(transfer(READ, UINT32_MAX, RAM), ERROR);
    ck_assert_uint_eq(transfer(READ, 4, UINT64_MAX - 1), ERROR);
    ck_assert_uint_eq(transfer(WRITE, 4, RAM), ERROR);
    ck_assert_uint_eq(transfer(0x3fff << 16 | SELECT | WRITE, 4, RAM), ERROR);
    ck_assert_uint_eq(transfer(0xffffu << 16 | SELECT | READ, 4, RAM), 0);
    put(16, 8, htobe64(0x10));
    put(16, 8, htobe64(RAM + RAM_SIZE - 8));
    put(16, 8, UINT64_MAX);
    for (unsigned i = 0; i < 8; i++) { /* the offset cannot wrap soon */
        ck_assert_uint_eq(transfer(SKIP, UINT32_MAX, 0), 0);
    }
    ck_assert_uint_eq(get(0, 8), 0);
}
END_TEST

static size_t written_at, written_size;

static void on_written(void *opaque, size_t offset, size_t size)
{
    *(unsigned *)opaque += 1;
    written_at = offset;
    written_size = size;
}

START_TEST(test_dma_write)
{
    uint8_t data[8] = {0};
    unsigned calls = 0;

    fw_cfg_add_writable(fw, "w", data, sizeof(data), on_written, &calls);
    dma_write(&dma, RAM, "abcdefgh", 8);
    ck_assert_uint_eq(transfer(0x20 << 16 | SELECT | SKIP, 2, 0), 0);
    ck_assert_uint_eq(transfer(WRITE, 4, RAM), 0);
    ck_assert(!memcmp(data, "\0\0abcd\0\0", 8));
    ck_assert_uint_eq(calls, 1);
    ck_assert_uint_eq(written_at, 2);
    ck_assert_uint_eq(written_size, 4);
    ck_assert_uint_eq(transfer(WRITE, 3, RAM), ERROR);
    ck_assert_uint_eq(transfer(0x20 << 16 | SELECT | WRITE, 8, RAM + RAM_SIZE),
                      ERROR);
    ck_assert_uint_eq(calls, 1);
}
END_TEST

Suite *fw_cfg_suite(void)
{
    Suite *s = suite_create("fw_cfg");
    TCase *t = tcase_create("fw_cfg");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_registers);
    tcase_add_test(t, test_directory);
    tcase_add_test(t, test_names);
    tcase_add_test(t, test_dma_read);
    tcase_add_test(t, test_dma_hostile);
    tcase_add_test(t, test_dma_write);
    suite_add_tcase(s, t);
    return s;
}
