/* hw/misc/smbios: the structures hang together. */
#include <check.h>
#include <string.h>

#include "hw/misc/smbios.h"
#include "util/bits.h"

Suite *smbios_suite(void);

static struct bytes tables, anchor;

static void build(const struct smbios_config *config)
{
    smbios_build(&tables, &anchor, config);
}

static void release(void)
{
    bytes_free(&tables);
    bytes_free(&anchor);
}

/* The structure behind `p`; NULL behind the last. */
static const uint8_t *next(const uint8_t *p)
{
    const uint8_t *end = tables.data + tables.size;

    ck_assert_uint_ge(p[1], 4);
    for (p += p[1]; p[0] || p[1]; p++) {
        ck_assert(p + 2 < end);
    }
    return p + 2 == end ? NULL : p + 2;
}

static unsigned count(uint8_t type)
{
    unsigned found = 0;

    for (const uint8_t *p = tables.data; p; p = next(p)) {
        found += p[0] == type;
    }
    return found;
}

static const uint8_t *find(uint8_t type)
{
    const uint8_t *p = tables.data;

    while (p && p[0] != type) {
        p = next(p);
    }
    return p;
}

static const char *string(const uint8_t *p, uint8_t n)
{
    const char *s = (const char *)p + p[1];

    while (--n) {
        s += strlen(s) + 1;
    }
    return s;
}

START_TEST(test_usual)
{
    struct smbios_user user = {0};
    struct smbios_config c = {
        .user = &user,
        .maker = "QEMU",
        .product = "QEMU Virtual Machine",
        .version = "virt",
        .uuid = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 8, 9},
        .sockets = 2,
        .cores = 2,
        .threads = 4,
        .ram_base = 0x40000000,
        .ram_size = UINT64_C(128) << 20,
    };
    static const uint8_t uuid[] = {0x67, 0x45, 0x23, 0x01, 0xab, 0x89, 0xef,
                                   0xcd, 8, 9};
    uint8_t sum = 0;

    build(&c);
    ck_assert_uint_eq(count(4), 2);
    ck_assert_uint_eq(count(11), 0);
    ck_assert_uint_eq(count(17), 1);
    ck_assert_uint_eq(count(127), 1);
    ck_assert_uint_eq(find(1)[1], 27);
    ck_assert_uint_eq(find(3)[1], 22);
    ck_assert_uint_eq(find(4)[1], 48);
    ck_assert_uint_eq(find(16)[1], 23);
    ck_assert_uint_eq(find(17)[1], 40);
    ck_assert_uint_eq(find(19)[1], 31);
    ck_assert_uint_eq(find(32)[1], 11);
    ck_assert_str_eq(string(find(1), find(1)[5]), "QEMU Virtual Machine");
    ck_assert(!memcmp(find(1) + 8, uuid, sizeof(uuid)));
    ck_assert_uint_eq(load_le32(find(16) + 7), 128 << 10);
    ck_assert_uint_eq(load_le32(find(19) + 4), 0x100000);
    ck_assert_uint_eq(load_le32(find(19) + 8), 0x11ffff);
    ck_assert_uint_eq(load_le32(anchor.data + 12), tables.size);
    for (size_t i = 0; i < anchor.size; i++) {
        sum += anchor.data[i];
    }
    ck_assert_uint_eq(sum, 0);
    release();
}
END_TEST

START_TEST(test_large)
{
    /* The empty one would end the structure: it is left out. */
    static const char *strings[] = {"io.systemd.credential:a=b", "",
                                          "x"};
    struct smbios_user user = {
        .system.serial = "ds=nocloud",
        .oem_strings = strings,
        .oem_string_count = 3,
    };
    struct smbios_config c = {
        .user = &user,
        .sockets = 1,
        .cores = 8,
        .threads = 8,
        .ram_base = 0x40000000,
        .ram_size = (UINT64_C(255) << 30) + (1 << 20),
    };

    build(&c);
    ck_assert_uint_eq(count(17), 16);
    ck_assert_str_eq(string(find(1), find(1)[7]), "ds=nocloud");
    ck_assert_uint_eq(find(11)[4], 2);
    ck_assert_str_eq(string(find(11), 1), strings[0]);
    ck_assert_str_eq(string(find(11), 2), strings[2]);
    release();
}
END_TEST

/* All that the user may say, and a structure of his own. */
START_TEST(test_told)
{
    uint8_t own[] = {3, 5, 0, 9, 1, 'X', 0, 0};
    struct smbios_file file = {own, sizeof(own)};
    struct smbios_port port = {"in", "out", 4, 5};
    struct smbios_user user = {
        .bios = {.given = true, .uefi = true, .has_release = true,
                 .vendor = "V", .date = "D", .major = 6, .minor = 7},
        .board = {.given = true, .location = "L"},
        .processor = {.socket = "S", .id = 0x1122334455667788,
                      .max_speed = 3000},
        .memory = {.bank = "B", .speed = 2666},
        .ports = &port, .port_count = 1,
        .files = &file, .file_count = 1,
    };
    struct smbios_config c = {
        .user = &user, .maker = "M", .product = "P", .version = "W",
        .sockets = 1, .cores = 1, .threads = 1,
        .ram_base = 0x40000000, .ram_size = 1 << 30,
    };

    build(&c);
    ck_assert_str_eq(string(find(0), find(0)[4]), "V");
    ck_assert_uint_eq(find(0)[0x13], 0x1c);
    ck_assert_uint_eq(find(0)[0x14], 6);
    ck_assert_uint_eq(find(0)[0x15], 7);
    ck_assert_uint_eq(find(2)[1], 15);
    ck_assert_str_eq(string(find(2), find(2)[10]), "L");
    ck_assert_uint_eq(count(3), 1);
    ck_assert_str_eq(string(find(3), 1), "X");
    ck_assert_str_eq(string(find(4), find(4)[4]), "S 0");
    ck_assert_uint_eq(load_le32(find(4) + 8), 0x55667788);
    ck_assert_uint_eq(find(4)[0x14] | find(4)[0x15] << 8, 3000);
    ck_assert_uint_eq(find(4)[0x16] | find(4)[0x17] << 8, 2000);
    ck_assert_uint_eq(find(8)[1], 9);
    ck_assert_uint_eq(find(8)[7], 4);
    ck_assert_str_eq(string(find(17), find(17)[0x11]), "B");
    ck_assert_uint_eq(find(17)[0x20] | find(17)[0x21] << 8, 2666);
    release();
}
END_TEST

Suite *smbios_suite(void)
{
    Suite *s = suite_create("smbios");
    TCase *tc = tcase_create("smbios");

    tcase_add_test(tc, test_usual);
    tcase_add_test(tc, test_large);
    tcase_add_test(tc, test_told);
    suite_add_tcase(s, tc);
    return s;
}
