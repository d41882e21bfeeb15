/* hw/arm/acpi*, hw/core/aml: tables as firmware would install them.  With
 * iasl at hand each is also disassembled. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/arm/acpi.h"
#include "hw/core/aml.h"
#include "util/bits.h"

Suite *acpi_suite(void);

/* Where the pretended firmware puts the files. */
#define TABLES_PA UINT64_C(0x7f000000)
#define RSDP_PA UINT64_C(0x7e000000)

static struct acpi_tables t;

static const struct acpi_board small = {
    .cpus = 1,
    .mpidr = {0x80000000},
    .topology = {1, 1, 1, 1},
    .oem_id = "BOCHS",
    .oem_table_id = "BXPC",
    .psci = true,
    .psci_hvc = true,
    .gic_version = 2,
    .gic_dist = {0x08000000, 0x10000, 0},
    .gic_cpu = {0x08010000, 0x10000, 0},
    .gic_msi = {0x08020000, 0x1000, 80},
    .gic_msi_spis = 64,
    .timer_secure = 29,
    .timer_physical = 30,
    .timer_virtual = 27,
    .timer_hypervisor = 26,
    .uart = {{0x09000000, 0x1000, 33}},
    .fw_cfg = {0x09020000, 0x18, 0},
};

static struct acpi_board large(void)
{
    struct acpi_board b = small;

    b.cpus = 8;
    for (unsigned i = 0; i < 8; i++) {
        b.mpidr[i] = 0x80000000 | i;
    }
    b.topology = (struct cpu_topology){2, 1, 2, 2};
    b.gic_version = 3;
    b.gic_cpu = b.gic_msi = (struct acpi_region){0};
    b.gic_redist = (struct acpi_region){0x080a0000, 0xf60000, 0};
    b.its = (struct acpi_region){0x08080000, 0x20000, 0};
    b.maintenance_intid = 25;
    b.uart[1] = (struct acpi_region){0x09040000, 0x1000, 40};
    b.ged = (struct acpi_region){0x09080000, 4, 41};
    b.virtio_mmio = (struct acpi_region){0x0a000000, 0x200, 48};
    b.virtio_mmio_slots = 32;
    b.ecam = (struct acpi_region){UINT64_C(0x4010000000), 0x10000000, 35};
    b.pci_io = (struct acpi_region){0x3eff0000, 0x10000, 0};
    b.pci_memory32 = (struct acpi_region){0x10000000, 0x2eff0000, 0};
    b.pci_memory64 = (struct acpi_region){UINT64_C(0x8000000000),
                                          UINT64_C(0x8000000000), 0};
    return b;
}

/* A loader -------------------------------------------------------------- */

static uint64_t load64(const uint8_t *p)
{
    return load_le32(p) | (uint64_t)load_le32(p + 4) << 32;
}

static struct bytes *file(const void *name, uint64_t *pa)
{
    bool rsdp = strcmp(name, "etc/acpi/rsdp") == 0;

    ck_assert(rsdp || strcmp(name, "etc/acpi/tables") == 0);
    *pa = rsdp ? RSDP_PA : TABLES_PA;
    return rsdp ? &t.rsdp : &t.tables;
}

static uint8_t sum(const uint8_t *data, size_t size)
{
    uint8_t total = 0;

    while (size--) {
        total += *data++;
    }
    return total;
}

static void run_command(const uint8_t *c)
{
    const uint8_t *rest = c + 4 + 56;
    uint64_t pa, source_pa;
    struct bytes *b = file(c + 4, &pa);
    uint32_t at, start, size;

    switch (load_le32(c)) {
    case 1:
        ck_assert(is_power_of_2(load_le32(rest)));
        ck_assert(rest[4] == 1 || rest[4] == 2);
        break;
    case 2:
        file(rest, &source_pa);
        at = load_le32(rest + 56);
        ck_assert_uint_eq(rest[60], 8);
        ck_assert_uint_le(at + 8, b->size);
        ck_assert_uint_lt(load64(b->data + at), t.tables.size);
        bytes_set_u32(b, at, (uint32_t)(load64(b->data + at) + source_pa));
        break;
    case 3:
        at = load_le32(rest);
        start = load_le32(rest + 4);
        size = load_le32(rest + 8);
        ck_assert_uint_le(start + size, b->size);
        ck_assert(at >= start && at < start + size);
        ck_assert_uint_eq(b->data[at], 0);
        bytes_set_u8(b, at, (uint8_t)-sum(b->data + start, size));
        break;
    default:
        ck_abort_msg("command %u", load_le32(c));
    }
}

static void install(const struct acpi_board *board)
{
    acpi_build(&t, board);
    ck_assert_uint_eq(t.loader.size % 128, 0);
    for (size_t i = 0; i < t.loader.size; i += 128) {
        run_command(t.loader.data + i);
    }
}

/* The n-th table of the XSDT, NULL behind the last. */
static const uint8_t *table(unsigned n)
{
    const uint8_t *xsdt = t.tables.data +
                          (load64(t.rsdp.data + 24) - TABLES_PA);

    ck_assert(!memcmp(xsdt, "XSDT", 4));
    if (36 + 8 * n >= load_le32(xsdt + 4)) {
        return NULL;
    }
    return t.tables.data + (load64(xsdt + 36 + 8 * n) - TABLES_PA);
}

static const uint8_t *find(const char *signature)
{
    const uint8_t *found;

    for (unsigned i = 0; (found = table(i)); i++) {
        if (!memcmp(found, signature, 4)) {
            return found;
        }
    }
    return NULL;
}

static const uint8_t *dsdt(void)
{
    const uint8_t *found = t.tables.data +
                           (load64(find("FACP") + 140) - TABLES_PA);

    ck_assert(!memcmp(found, "DSDT", 4));
    return found;
}

/* ------------------------------------------------------------------------- */

static void check_table(const uint8_t *p)
{
    size_t at = (size_t)(p - t.tables.data);
    uint32_t length = load_le32(p + 4);

    ck_assert_uint_le(at + length, t.tables.size);
    ck_assert_msg(sum(p, length) == 0, "checksum of %.4s", (const char *)p);
}

static void check_set(void)
{
    ck_assert(!memcmp(t.rsdp.data, "RSD PTR ", 8));
    ck_assert_uint_eq(t.rsdp.size, 36);
    ck_assert_uint_eq(sum(t.rsdp.data, 20), 0);
    ck_assert_uint_eq(sum(t.rsdp.data, 36), 0);
    check_table(dsdt());
    for (unsigned i = 0; table(i); i++) {
        check_table(table(i));
    }
}

/* Subtables of MADT and PPTT: type and length in the first two bytes. */
static unsigned count_entries(const uint8_t *p, uint32_t from, uint8_t type)
{
    uint32_t length = load_le32(p + 4);
    unsigned count = 0;

    for (; from < length; from += p[from + 1]) {
        ck_assert_uint_ge(p[from + 1], 2);
        count += p[from] == type;
    }
    ck_assert_uint_eq(from, length);
    return count;
}

START_TEST(test_small)
{
    install(&small);
    check_set();
    ck_assert_ptr_null(find("MCFG"));
    ck_assert_ptr_null(find("IORT"));
    ck_assert_uint_eq(count_entries(find("APIC"), 44, 0x0b), 1);
    ck_assert_uint_eq(count_entries(find("APIC"), 44, 0x0d), 1);
    ck_assert_uint_eq(count_entries(find("APIC"), 44, 0x0f), 0);
    ck_assert_uint_eq(find("FACP")[129], 3);
    acpi_tables_free(&t);
}
END_TEST

START_TEST(test_large)
{
    struct acpi_board board = large();

    board.psci_hvc = false;
    install(&board);
    check_set();
    ck_assert_uint_eq(count_entries(find("APIC"), 44, 0x0b), 8);
    ck_assert_uint_eq(count_entries(find("APIC"), 44, 0x0e), 1);
    ck_assert_uint_eq(count_entries(find("APIC"), 44, 0x0f), 1);
    /* sockets, clusters, cores, threads */
    ck_assert_uint_eq(count_entries(find("PPTT"), 36, 0), 2 + 2 + 4 + 8);
    ck_assert_uint_eq(load64(find("MCFG") + 44), board.ecam.base);
    ck_assert_uint_eq(find("MCFG")[55], 255);
    ck_assert_uint_eq(find("FACP")[129], 1);
    acpi_tables_free(&t);
}
END_TEST

/* PkgLength of every width. */
START_TEST(test_aml_lengths)
{
    static const struct {
        size_t body;
        unsigned bytes;
    } cases[] = {{62, 1}, {63, 2}, {4093, 2}, {4094, 3}, {1048572, 3},
                 {1048573, 4}};

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        struct bytes b = {0};
        struct aml_mark mark = aml_begin_if(&b);
        bytes_zero(&b, cases[i].body);
        aml_end(&b, mark);
        size_t length = b.data[1];
        if (cases[i].bytes > 1) {
            ck_assert_uint_eq(b.data[1] >> 6, cases[i].bytes - 1);
            length &= 0xf;
        }
        for (unsigned n = 1; n < cases[i].bytes; n++) {
            length |= (size_t)b.data[1 + n] << (8 * n - 4);
        }
        ck_assert_uint_eq(length, cases[i].body + cases[i].bytes);
        ck_assert_uint_eq(b.size, 1 + length);
        bytes_free(&b);
    }
}
END_TEST

START_TEST(test_aml_objects)
{
    static const uint8_t expected[] = {
        0x08, '_', 'H', 'I', 'D', 0x0d, 'P', 'N', 'P', '0', 0,
        '\\', 0x2e, '_', 'S', 'B', '_', 'P', 'C', 'I', '0',
        0x00, 0x01, 0x0a, 0x02, 0x0b, 0x00, 0x01, 0x0c, 0, 0, 1, 0,
        0x0e, 0, 0, 0, 0, 1, 0, 0, 0,
        0x11, 0x02, 0x00, /* an empty buffer: length, size */
    };
    struct bytes b = {0};

    aml_name_string(&b, "_HID", "PNP0");
    aml_path(&b, "\\_SB.PCI0");
    aml_integer(&b, 0);
    aml_integer(&b, 1);
    aml_integer(&b, 2);
    aml_integer(&b, 0x100);
    aml_integer(&b, 0x10000);
    aml_integer(&b, UINT64_C(0x100000000));
    aml_end(&b, aml_begin_buffer(&b));
    ck_assert_uint_eq(b.size, sizeof(expected));
    ck_assert(!memcmp(b.data, expected, sizeof(expected)));
    bytes_free(&b);
}
END_TEST

/* iasl --------------------------------------------------------------------- */

static bool have_iasl(void)
{
    return system("iasl -v >/dev/null 2>&1") == 0;
}

static void disassemble(const char *directory, const uint8_t *p)
{
    char name[64], command[400];
    FILE *f;

    snprintf(name, sizeof(name), "%s/%.4s.aml", directory, (const char *)p);
    f = fopen(name, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(p, load_le32(p + 4), 1, f), 1);
    fclose(f);
    snprintf(command, sizeof(command),
             "cd %s && iasl -d %.4s.aml >out 2>&1 && "
             "! grep -iE 'error|incorrect|unknown|invalid' out %.4s.dsl",
             directory, (const char *)p, (const char *)p);
    ck_assert_msg(system(command) == 0, "iasl -d %.4s", (const char *)p);
    snprintf(command, sizeof(command),
             "cd %s && iasl -p again %.4s.dsl >out 2>&1 && "
             "grep -q ' 0 Errors, 0 Warnings' out || "
             "{ cat out; false; }", directory, (const char *)p);
    ck_assert_msg(memcmp(p, "DSDT", 4) != 0 || system(command) == 0,
                  "iasl DSDT.dsl");
}

START_TEST(test_iasl)
{
    char directory[] = "/tmp/armature-acpi-XXXXXX", command[64];
    struct acpi_board board = large();

    if (!have_iasl()) {
        return;
    }
    ck_assert_ptr_nonnull(mkdtemp(directory));
    install(&board);
    disassemble(directory, dsdt());
    for (unsigned i = 0; table(i); i++) {
        disassemble(directory, table(i));
    }
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    ck_assert_int_eq(system(command), 0);
    acpi_tables_free(&t);
}
END_TEST

Suite *acpi_suite(void)
{
    Suite *s = suite_create("acpi");
    TCase *tc = tcase_create("acpi");

    tcase_add_test(tc, test_small);
    tcase_add_test(tc, test_large);
    tcase_add_test(tc, test_aml_lengths);
    tcase_add_test(tc, test_aml_objects);
    tcase_add_test(tc, test_iasl);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    return s;
}
