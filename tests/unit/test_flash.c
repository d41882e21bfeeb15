/* hw/flash: the Intel command set, the ROM device, the image. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/flash/cfi01.h"
#include "hw/flash/flash_image.h"
#include "softmmu/dma.h"
#include "util/bits.h"

Suite *flash_suite(void);

#define BASE UINT64_C(0x04000000)
#define SECTOR CFI01_SECTOR_SIZE

static struct bus *bus;
static struct ram *ram;
static struct cfi01 *flash;
static unsigned remaps;
static char path[] = "/tmp/armature-flash-XXXXXX";
static bool fail_writes;

static void on_remapped(void *opaque, uint64_t pa, uint64_t size)
{
    (void)opaque;
    ck_assert_uint_eq(pa, BASE);
    ck_assert_uint_eq(size, CFI01_SIZE);
    remaps++;
}

static const struct cfi01_listener listener = {on_remapped, NULL};

static void create(const struct cfi01_store *store)
{
    bus = bus_new();
    ram = ram_new("flash1", CFI01_SIZE, NULL);
    ck_assert_ptr_nonnull(ram);
    ram->readonly = true;
    flash = cfi01_create(bus, BASE, ram, store, &listener, NULL);
    ck_assert_ptr_nonnull(flash);
    remaps = 0;
}

static void destroy(void)
{
    cfi01_free(flash);
    bus_free(bus);
    ram_free(ram);
}

static void setup(void)
{
    create(NULL);
}

/* The same 16 bits to both devices, as drivers send commands. */
static void command(uint64_t offset, uint32_t code)
{
    ck_assert(bus_write(bus, BASE + offset, 4, 0, code << 16 | code));
}

static void put(uint64_t offset, unsigned size, uint64_t value)
{
    ck_assert(bus_write(bus, BASE + offset, size, 0, value));
}

static uint64_t get(uint64_t offset, unsigned size)
{
    uint64_t value = 0;

    ck_assert(bus_read(bus, BASE + offset, size, 0, &value));
    return value;
}

static bool direct(void)
{
    uint64_t offset;

    return bus_ram(bus, BASE, 4, &offset) == ram;
}

static void erase_sector(uint64_t offset)
{
    command(offset, 0x20);
    command(offset, 0xd0);
}

static void program(uint64_t offset, uint32_t value)
{
    command(offset, 0x40);
    put(offset, 4, value);
}

static uint32_t status(void)
{
    command(0, 0x70);
    return (uint32_t)get(0, 4);
}

START_TEST(test_query)
{
    command(0x55 * 4, 0x98);
    ck_assert_uint_eq(get(0x10 * 4, 4), 0x00510051);
    ck_assert_uint_eq(get(0x11 * 4, 4), 0x00520052);
    ck_assert_uint_eq(get(0x12 * 4, 4), 0x00590059);
    ck_assert_uint_eq(get(0x13 * 4, 4), 0x00010001);
    ck_assert_uint_eq(get(0x27 * 4, 4), 0x00190019);
    ck_assert_uint_eq(get(0x2d * 4, 4), 0x00ff00ff);
    ck_assert_uint_eq(get(0x30 * 4, 4), 0x00020002);
    ck_assert_uint_eq(get(0x31 * 4, 2), 'P');
    ck_assert_uint_eq(get(0x31 * 4, 1), 'P');
    ck_assert_uint_eq(get(0x31 * 4 + 1, 1), 0);
    ck_assert_uint_eq(get(0x200, 4), 0);
    ck_assert_uint_eq(get(SECTOR - 4, 4), 0);
    command(0, 0x90);
    ck_assert_uint_eq(get(0, 8), UINT64_C(0x0018001800890089));
    command(0, 0xff);
    ck_assert_uint_eq(get(0x40, 4), 0);
}
END_TEST

START_TEST(test_erase_and_program)
{
    program(SECTOR + 8, 0x12345678); /* from 0: no bit can be set */
    ck_assert_uint_eq(get(0, 4), 0x00800080);
    erase_sector(SECTOR + 0x1234);
    ck_assert_uint_eq(get(0, 4), 0x00800080);
    program(SECTOR + 8, 0x12345678);
    command(0, 0xff);
    ck_assert_uint_eq(get(SECTOR - 4, 4), 0);
    ck_assert_uint_eq(get(SECTOR + 4, 4), 0xffffffff);
    ck_assert_uint_eq(get(SECTOR + 8, 4), 0x12345678);
    ck_assert_uint_eq(get(2 * SECTOR - 4, 4), 0xffffffff);
    ck_assert_uint_eq(get(2 * SECTOR, 4), 0);
    program(SECTOR + 8, 0xff00ff00);
    command(0, 0xff);
    ck_assert_uint_eq(get(SECTOR + 8, 4), 0x12005600);
    put(SECTOR + 17, 1, 0x10);
    put(SECTOR + 17, 1, 0x5a);
    command(0, 0xff);
    ck_assert_uint_eq(get(SECTOR + 16, 4), 0xffff5aff);
}
END_TEST

START_TEST(test_write_buffer)
{
    erase_sector(0);
    command(0, 0xe8);
    ck_assert_uint_eq(get(0, 4), 0x00800080);
    command(0, 1023);
    for (unsigned i = 0; i < 1024; i++) {
        put(0x1000 + 4 * i, 4, i);
    }
    command(0, 0xd0);
    ck_assert_uint_eq(status(), 0x00800080);
    command(0, 0xff);
    for (unsigned i = 0; i < 1024; i++) {
        ck_assert_uint_eq(get(0x1000 + 4 * i, 4), i);
    }
    ck_assert_uint_eq(get(0xffc, 4), 0xffffffff);
    ck_assert_uint_eq(get(0x2000, 4), 0xffffffff);
}
END_TEST

START_TEST(test_sequence_errors)
{
    erase_sector(0);
    command(0, 0xe8);
    command(0, 1024); /* more than the buffer */
    ck_assert_uint_eq(get(0, 4), 0x00b000b0);
    command(0, 0x50);
    ck_assert_uint_eq(status(), 0x00800080);
    command(0, 0xe8);
    command(0, 1);
    put(0, 4, 1);
    put(0x1000, 4, 2); /* another block */
    ck_assert_uint_eq(get(0, 4), 0x00b000b0);
    command(0, 0x50);
    command(0, 0xe8);
    command(0, 0);
    put(0, 4, 1);
    command(0, 0x12); /* no confirmation */
    ck_assert_uint_eq(get(0, 4), 0x00b000b0);
    command(0, 0x50);
    command(0, 0x20);
    command(0, 0xff); /* changed its mind */
    ck_assert_uint_eq(get(0, 4), 0xffffffff);
    ck_assert_uint_eq(status(), 0x00b000b0);
    command(0, 0x50);
    command(0, 0x60);
    command(0, 0x01);
    ck_assert_uint_eq(get(0, 4), 0x00800080);
    command(0, 0x33); /* nothing such: the array */
    ck_assert_uint_eq(get(0, 4), 0xffffffff);
}
END_TEST

START_TEST(test_direct)
{
    ck_assert(direct());
    command(0, 0xff);
    ck_assert(direct());
    ck_assert_uint_eq(remaps, 0);
    command(0, 0x70);
    ck_assert(!direct());
    ck_assert_uint_eq(remaps, 1);
    for (int i = 0; i < 1000; i++) {
        get(0, 4);
    }
    ck_assert(!direct());
    erase_sector(0);
    program(0, 7);
    command(0, 0xff);
    for (int i = 0; i < 1000; i++) {
        ck_assert_uint_eq(get(0, 8), UINT64_C(0xffffffff00000007));
    }
    ck_assert(direct());
    ck_assert_uint_eq(remaps, 2);
    command(0, 0x90);
    ck_assert(!direct());
    cfi01_reset(flash);
    ck_assert(direct());
    ck_assert_uint_eq(get(0, 4), 7);
    ck_assert_uint_eq(remaps, 4);
}
END_TEST

START_TEST(test_wide_access)
{
    erase_sector(0);
    command(0, 0xe8);
    command(0, 1);
    put(8, 8, UINT64_C(0x1122334455667788)); /* two words */
    command(0, 0xd0);
    command(0, 0xff);
    ck_assert_uint_eq(get(8, 8), UINT64_C(0x1122334455667788));
}
END_TEST

/* A store in the test ---------------------------------------------------- */

static bool store_read(void *opaque, void *data, uint64_t size,
                       struct error **err)
{
    (void)opaque;
    (void)err;
    memset(data, 0xff, size);
    return true;
}

static bool store_write(void *opaque, uint64_t offset, const void *data,
                        uint64_t size, struct error **err)
{
    (void)opaque;
    (void)offset;
    (void)data;
    (void)size;
    if (fail_writes) {
        error_set(err, "out of luck");
    }
    return !fail_writes;
}

START_TEST(test_host_failure)
{
    struct cfi01_store store = {.size = SECTOR, .read = store_read,
                                .write = store_write};

    create(&store);
    fail_writes = true;
    program(0, 1);
    ck_assert_uint_eq(status(), 0x00900090);
    command(0, 0x50);
    erase_sector(0);
    ck_assert_uint_eq(status(), 0x00a000a0);
    command(0, 0xff);
    ck_assert_uint_eq(get(0, 4), 0xffffffff);
    fail_writes = false;
    command(0, 0x50);
    program(0, 1);
    ck_assert_uint_eq(status(), 0x00800080);
    destroy();
}
END_TEST

START_TEST(test_readonly)
{
    struct cfi01_store store = {.size = SECTOR, .readonly = true,
                                .read = store_read, .write = store_write};

    create(&store);
    program(0, 1);
    ck_assert_uint_eq(status(), 0x00920092);
    command(0, 0xff);
    ck_assert_uint_eq(get(0, 4), 0xffffffff);
    destroy();
}
END_TEST

/* Images ----------------------------------------------------------------- */

static struct loop *loop;
static struct block_backend *image;

static void make_file(uint64_t size)
{
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    close(fd);
}

static struct cfi01_store open_image(bool readonly)
{
    struct block_config config = {
        .file = path,
        .format = "raw",
        .read_only = readonly,
    };

    loop = loop_new();
    image = block_open(&config, loop, NULL);
    ck_assert_ptr_nonnull(image);
    return flash_image_store(image);
}

static void close_image(void)
{
    destroy();
    block_close(image);
    loop_free(loop);
}

static void create_on_image(bool readonly)
{
    struct cfi01_store store = open_image(readonly);

    create(&store);
}

START_TEST(test_image)
{
    make_file(5 * SECTOR + 4608); /* no size that a flash has */
    create_on_image(false);
    ck_assert_uint_eq(get(5 * SECTOR + 4604, 8),
                      UINT64_C(0xffffffff00000000));
    ck_assert_uint_eq(get(CFI01_SIZE - 8, 8), UINT64_MAX);
    erase_sector(5 * SECTOR);
    erase_sector(7 * SECTOR);
    erase_sector(2 * SECTOR);
    program(2 * SECTOR + 508, 0x12345678);
    ck_assert_uint_eq(status(), 0x00800080);
    program(6 * SECTOR, 1); /* no room for it */
    ck_assert_uint_eq(status(), 0x00900090);
    close_image();
    create_on_image(true);
    ck_assert_uint_eq(get(2 * SECTOR - 8, 8), 0);
    ck_assert_uint_eq(get(2 * SECTOR + 504, 8),
                      UINT64_C(0x12345678ffffffff));
    ck_assert_uint_eq(get(5 * SECTOR, 8), UINT64_MAX);
    ck_assert_uint_eq(get(5 * SECTOR + 4600, 8), UINT64_MAX);
    program(2 * SECTOR, 1);
    ck_assert_uint_eq(status(), 0x00920092);
    close_image();
    unlink(path);
}
END_TEST

/* Bytes of the bank that the host keeps. */
static uint64_t resident(void)
{
    static unsigned char in_core[CFI01_SIZE / 4096];
    uint64_t bytes = 0;

    ck_assert_int_eq(mincore(ram->host, CFI01_SIZE, in_core), 0);
    for (unsigned n = 0; n < sizeof(in_core); n++) {
        bytes += (in_core[n] & 1) * UINT64_C(4096);
    }
    return bytes;
}

/* Firmware of a few pages in an image as long as the bank. */
START_TEST(test_image_of_zeroes)
{
    make_file(CFI01_SIZE);
    create_on_image(false);
    erase_sector(3 * SECTOR);
    program(CFI01_SIZE - 4, 0);
    close_image();
    create_on_image(false);
    ck_assert_uint_le(resident(), 2 * SECTOR);
    ck_assert_uint_eq(get(3 * SECTOR - 8, 8), 0);
    ck_assert_uint_eq(get(3 * SECTOR, 8), UINT64_MAX);
    ck_assert_uint_eq(get(4 * SECTOR - 8, 8), UINT64_MAX);
    ck_assert_uint_eq(get(4 * SECTOR, 8), 0);
    close_image();
    unlink(path);
}
END_TEST

START_TEST(test_image_too_large)
{
    struct error *err = NULL;

    make_file(CFI01_SIZE + 512);
    struct cfi01_store store = open_image(false);
    bus = bus_new();
    ram = ram_new("flash1", CFI01_SIZE, NULL);
    flash = cfi01_create(bus, BASE, ram, &store, NULL, &err);
    ck_assert_ptr_null(flash);
    ck_assert_ptr_nonnull(strstr(err->message, "do not fit"));
    error_free(err);
    close_image();
    unlink(path);
}
END_TEST

Suite *flash_suite(void)
{
    Suite *s = suite_create("flash");
    TCase *commands = tcase_create("commands");
    TCase *store = tcase_create("store");

    tcase_add_checked_fixture(commands, setup, destroy);
    tcase_add_test(commands, test_query);
    tcase_add_test(commands, test_erase_and_program);
    tcase_add_test(commands, test_write_buffer);
    tcase_add_test(commands, test_sequence_errors);
    tcase_add_test(commands, test_direct);
    tcase_add_test(commands, test_wide_access);
    suite_add_tcase(s, commands);
    tcase_add_test(store, test_host_failure);
    tcase_add_test(store, test_readonly);
    tcase_add_test(store, test_image);
    tcase_add_test(store, test_image_of_zeroes);
    tcase_add_test(store, test_image_too_large);
    suite_add_tcase(s, store);
    return s;
}
