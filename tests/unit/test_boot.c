/* hw/arm: where things go in memory, the device tree's fix-ups, loading,
 * and what is refused before the start. */
#include <check.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/arm/boot.h"
#include "hw/core/fdt.h"

Suite *boot_suite(void);

#define MIB (UINT64_C(1) << 20)
#define RAM_BASE UINT64_C(0x40000000)

static struct machine_config config;
static struct boot *boot;
static struct fdt_builder *fdt;
static char kernel_path[64], initrd_path[64], dtb_path[64];

/* A file of `size` bytes that starts with `data`. */
static const char *make_file(char *path, const void *data, size_t length,
                             uint64_t size)
{
    strcpy(path, "/tmp/armature-test-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, data, length), (ssize_t)length);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    close(fd);
    return path;
}

/* An arm64 Image of `size` bytes that wants `memory` bytes. */
static void give_kernel(uint64_t text_offset, uint64_t size, uint64_t memory,
                        uint64_t flags)
{
    uint64_t header[8] = {0x14000000, text_offset, memory, flags};

    memcpy((char *)header + 56, "ARM\x64", 4);
    config.kernel = make_file(kernel_path, header, sizeof(header), size);
}

static void give_initrd(uint64_t size)
{
    config.initrd = make_file(initrd_path, "initrd!", 7, size);
}

static void setup(void)
{
    config = (struct machine_config){
        .cpus = 1,
        .ram_size = 1024 * MIB,
        .highmem = true,
        .dtb_randomness = true,
    };
    kernel_path[0] = initrd_path[0] = dtb_path[0] = '\0';
    fdt = fdt_builder_new();
    fdt_prop_cells(fdt, "/", "#address-cells", 2);
    fdt_prop_cells(fdt, "/", "#size-cells", 2);
    fdt_node(fdt, "/chosen");
    boot = NULL;
}

static void teardown(void)
{
    boot_free(boot);
    fdt_builder_free(fdt);
    unlink(kernel_path);
    unlink(initrd_path);
    unlink(dtb_path);
}

static bool open_boot(struct error **err)
{
    struct boot_memory memory = {RAM_BASE, config.ram_size, 0, 64 * MIB,
                                 0, 0};

    boot_free(boot);
    boot = boot_open(&config, &memory, err);
    return boot != NULL;
}

static bool place(struct error **err)
{
    struct boot_cpu cpu = {"cortex-a72", 0x11000};

    return open_boot(err) && boot_check(boot, &cpu, err) &&
           boot_place(boot, fdt, BOOT_PSCI_HVC, err);
}

static void refused(const char *part)
{
    struct error *err = NULL;

    ck_assert(!place(&err));
    ck_assert_ptr_nonnull(err);
    ck_assert_msg(strstr(err->message, part) != NULL, "%s", err->message);
    ck_assert_ptr_null(strchr(err->message, '\n'));
    error_free(err);
}

/* Places ---------------------------------------------------------------- */

START_TEST(test_place_linux)
{
    give_kernel(0, 4096, 30 * MIB, 2);
    give_initrd(10000);
    ck_assert(place(NULL));
    const struct boot_plan *p = &boot->plan;
    ck_assert_uint_eq(p->entry, RAM_BASE + 2 * MIB);
    ck_assert_uint_eq(p->initrd_pa, RAM_BASE + 128 * MIB);
    ck_assert_uint_eq(p->initrd_size, 10000);
    ck_assert_uint_eq(p->dtb_pa, RAM_BASE + 130 * MIB);
    ck_assert_uint_eq(p->x0, p->dtb_pa);
    ck_assert_uint_eq(p->el, 1);
    ck_assert_str_eq(boot_default_cpu(boot), "cortex-a72");
}
END_TEST

START_TEST(test_place_small)
{
    config.ram_size = 64 * MIB;
    config.virtualization = true;
    give_kernel(0x80000, 4096, 40 * MIB, 2);
    ck_assert(place(NULL));
    ck_assert_uint_eq(boot->plan.entry, RAM_BASE + 0x80000);
    /* Behind the kernel, which reaches past the middle of RAM. */
    ck_assert_uint_eq(boot->plan.dtb_pa, RAM_BASE + 42 * MIB);
    ck_assert_uint_eq(boot->plan.el, 2);
}
END_TEST

START_TEST(test_place_raw)
{
    config.kernel = make_file(kernel_path, "\x1f\x20\x03\xd5", 4, 5000);
    ck_assert(place(NULL));
    ck_assert_uint_eq(boot->plan.entry, RAM_BASE + 0x80000);
    ck_assert_uint_eq(boot->plan.x0, RAM_BASE + 128 * MIB);
}
END_TEST

START_TEST(test_place_firmware)
{
    config.bios = make_file(kernel_path, "\x1f\x20\x03\xd5", 4, 5000);
    ck_assert(place(NULL));
    ck_assert_uint_eq(boot->plan.entry, 0);
    ck_assert_uint_eq(boot->plan.el, 0);
    ck_assert_uint_eq(boot->plan.dtb_pa, RAM_BASE);
    ck_assert_uint_gt(boot->plan.dtb_size, 0);
    config.bios = make_file(initrd_path, "\x1f\x20\x03\xd5", 4, 65 * MIB);
    refused("holds 64 MiB");
}
END_TEST

START_TEST(test_place_pflash)
{
    struct block_config drive = {.file = "z"};

    config.pflash[0] = &drive;
    give_kernel(0, 4096, 30 * MIB, 2); /* for the firmware to start */
    give_initrd(10000);
    ck_assert(place(NULL));
    ck_assert_uint_eq(boot->image.file.size, 0);
    ck_assert_uint_gt(boot->payload.file.size, 0);
    ck_assert_uint_eq(boot->plan.entry, 0);
    ck_assert_uint_eq(boot->plan.initrd_size, 0);
    ck_assert_uint_eq(boot->plan.dtb_pa, RAM_BASE);
}
END_TEST

/* An ELF as image_read_elf leaves it; the files are of no interest. */
static bool plan_elf(struct boot_plan *plan, uint64_t pa, uint64_t size,
                     struct error **err)
{
    struct boot b = {
        .config = &config,
        .memory = {.ram_base = RAM_BASE, .ram_size = 64 * MIB,
                   .rom_size = 64 * MIB},
        .image = {
            .file = {.option = "-kernel", .path = "E", .fd = -1},
            .kind = IMAGE_ELF,
            .entry = pa,
            .segments = {{.pa = pa, .memory_size = size}},
            .segment_count = 1,
        },
    };

    return boot_plan_make(plan, &b, 10000, err);
}

START_TEST(test_place_elf)
{
    struct boot_plan p;

    ck_assert(plan_elf(&p, RAM_BASE + MIB, MIB, NULL));
    ck_assert_uint_eq(p.dtb_pa, RAM_BASE);
    ck_assert_uint_eq(p.dtb_size, 10000);
    ck_assert_uint_eq(p.entry, RAM_BASE + MIB);
    ck_assert_uint_eq(p.x0, 0);
    ck_assert(plan_elf(&p, RAM_BASE + 5000, MIB, NULL));
    ck_assert_uint_eq(p.dtb_size, 0);
    ck_assert(plan_elf(&p, RAM_BASE, MIB, NULL));
    ck_assert_uint_eq(p.dtb_size, 0);
    ck_assert(plan_elf(&p, 0x1000, MIB, NULL)); /* in flash */
    ck_assert_uint_eq(p.dtb_size, 10000);
}
END_TEST

START_TEST(test_place_elf_outside)
{
    static const struct {
        uint64_t pa, size;
        const char *part;
    } rows[] = {
        {0x8000000, 1, "no memory"},
        {0xffff800000000000, MIB, "no memory"},
        {RAM_BASE + 63 * MIB, 2 * MIB, "-m 128M is enough"},
        {RAM_BASE + MIB, UINT64_MAX, "needs"},
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct boot_plan p;
        struct error *err = NULL;
        ck_assert(!plan_elf(&p, rows[i].pa, rows[i].size, &err));
        ck_assert_msg(strstr(err->message, rows[i].part) != NULL, "%s",
                      err->message);
        error_free(err);
    }
}
END_TEST

START_TEST(test_too_small)
{
    config.ram_size = 64 * MIB;
    give_kernel(0, 4096, 70 * MIB, 2);
    refused("-m 128M is enough");
    unlink(kernel_path);
    give_kernel(0, 70 * MIB, 0, 2); /* no size in the header */
    refused("needs 70 MiB");
    unlink(kernel_path);
    give_kernel(0, 4096, UINT64_MAX, 2);
    refused("needs");
    unlink(kernel_path);
    give_kernel(UINT64_MAX - 100, 4096, 4096, 2);
    refused("needs");
    unlink(kernel_path);
    give_kernel(0, 4096, 10 * MIB, 2);
    give_initrd(33 * MIB);
    refused("-initrd");
    config.initrd = NULL;
    config.ram_size = 12 * MIB;
    refused("-m 16M is enough");
}
END_TEST

/* Checks ---------------------------------------------------------------- */

START_TEST(test_refused)
{
    config.initrd = "x";
    refused("only goes with -kernel");
    config.initrd = NULL;
    config.kernel = "/nonexistent";
    refused("-kernel /nonexistent: no such file");
    struct block_config drive = {.file = "z"};
    config.bios = "y";
    config.pflash[0] = &drive;
    refused("-bios y: the first pflash drive, z, is the firmware");
}
END_TEST

START_TEST(test_refused_images)
{
    config.kernel = make_file(kernel_path, "070701", 6, 1000);
    refused("cpio archive, which this board cannot start; it goes to "
            "-initrd");
    unlink(kernel_path);
    uint32_t zimage[16] = {[9] = 0x016f2818};
    config.kernel = make_file(kernel_path, zimage, sizeof(zimage), 1000);
    refused("32-bit Arm zImage, and -cpu cortex-a72");
}
END_TEST

START_TEST(test_page_size)
{
    give_kernel(0, 4096, MIB, 2 << 1);
    refused("16 KiB pages, which cortex-a72 lacks");
    ck_assert_str_eq(boot_default_cpu(boot), "max");
    unlink(kernel_path);
    give_kernel(0, 4096, MIB, 3 << 1);
    ck_assert(place(NULL));
}
END_TEST

/* What the checks print on stderr for this command line. */
static void warned(const char *args, const char *part)
{
    char text[512] = "";
    int saved = dup(2);
    FILE *f = tmpfile();

    config.append = args;
    fflush(stderr);
    dup2(fileno(f), 2);
    bool good = place(NULL);
    dup2(saved, 2);
    close(saved);
    rewind(f);
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    ck_assert(good);
    if (part) {
        ck_assert_msg(strstr(text, part) != NULL, "%s: '%s'", args, text);
    } else {
        ck_assert_msg(n == 0, "%s: '%s'", args, text);
    }
}

START_TEST(test_consoles)
{
    give_kernel(0, 4096, MIB, 2);
    warned("console=ttyS0", "warning: console=ttyS0: this board's UART is "
           "ttyAMA0");
    warned("quiet console=ttyS1,115200n8 ro", "console=ttyS1:");
    warned("console=ttyAMA1", "console=ttyAMA1:");
    warned("console=hvc0", "console=hvc0:");
    warned("console=ttyAMA0", NULL);
    warned("console=ttyAMA0,38400 keep_bootcon", NULL);
    warned("console=ttyS0 console=ttyAMA0", NULL);
    warned("console=tty0", NULL);
    warned("console=dtuart dtuart=serial0", NULL);
    warned("root=/dev/vda -- console=ttyS0", NULL);
    warned("a=\"x console=ttyS0 y\"", NULL);
    warned("noconsole=ttyS0", NULL);
    warned("console=", NULL);
    warned("", NULL);
    config.serials = 2;
    warned("console=ttyAMA1", NULL);
}
END_TEST

/* Device tree ------------------------------------------------------------ */

static const void *prop(const char *path, const char *name, int length)
{
    int found;
    int node = fdt_path_offset(boot->dtb, path);
    const void *value = fdt_getprop(boot->dtb, node, name, &found);

    ck_assert_msg(value && found == length, "%s %s", path, name);
    return value;
}

START_TEST(test_dtb_generated)
{
    give_kernel(0, 4096, MIB, 2);
    give_initrd(10000);
    config.append = "console=ttyAMA0";
    ck_assert(place(NULL));
    ck_assert_str_eq(prop("/chosen", "bootargs", 16), "console=ttyAMA0");
    ck_assert_uint_eq(fdt64_ld(prop("/chosen", "linux,initrd-start", 8)),
                      RAM_BASE + 128 * MIB);
    ck_assert_uint_eq(fdt64_ld(prop("/chosen", "linux,initrd-end", 8)),
                      RAM_BASE + 128 * MIB + 10000);
    const uint8_t *reg = prop("/memory@40000000", "reg", 16);
    ck_assert_uint_eq(fdt64_ld((const void *)reg), RAM_BASE);
    ck_assert_uint_eq(fdt64_ld((const void *)(reg + 8)), 1024 * MIB);
    ck_assert_str_eq(prop("/psci", "method", 4), "hvc");
    ck_assert_uint_eq(boot->plan.dtb_size, fdt_totalsize(boot->dtb));
}
END_TEST

START_TEST(test_dtb_seeds)
{
    uint8_t seed[32];

    give_kernel(0, 4096, MIB, 2);
    ck_assert(place(NULL));
    memcpy(seed, prop("/chosen", "rng-seed", 32), 32);
    prop("/chosen", "kaslr-seed", 8);
    uint32_t size = fdt_totalsize(boot->dtb);
    boot_seed_dtb(boot);
    ck_assert_mem_ne(seed, prop("/chosen", "rng-seed", 32), 32);
    ck_assert_uint_eq(fdt_totalsize(boot->dtb), size);
    config.dtb_randomness = false;
    ck_assert(place(NULL));
    int node = fdt_path_offset(boot->dtb, "/chosen");
    ck_assert_ptr_null(fdt_getprop(boot->dtb, node, "rng-seed", NULL));
}
END_TEST

/* A tree of the user's, with old memory nodes and its own words. */
static struct fdt_builder *user_tree(unsigned address_cells,
                                     unsigned size_cells)
{
    struct fdt_builder *tree = fdt_builder_new();

    fdt_prop_cells(tree, "/", "#address-cells", address_cells);
    fdt_prop_cells(tree, "/", "#size-cells", size_cells);
    fdt_node(tree, "/memory@80000000");
    fdt_prop_string(tree, "/memory@80000000", "device_type", "memory");
    fdt_node(tree, "/memory");
    fdt_node(tree, "/psci");
    fdt_prop_string(tree, "/psci", "method", "smc");
    fdt_node(tree, "/chosen");
    fdt_prop_string(tree, "/chosen", "bootargs", "theirs");
    fdt_pack(tree->blob);
    return tree;
}

static void give_tree(struct fdt_builder *tree)
{
    uint32_t size = fdt_totalsize(tree->blob);

    config.dtb = make_file(dtb_path, tree->blob, size, size);
    fdt_builder_free(tree);
}

START_TEST(test_dtb_user)
{
    give_kernel(0, 4096, MIB, 2);
    give_tree(user_tree(1, 1));
    ck_assert(place(NULL));
    ck_assert_str_eq(prop("/chosen", "bootargs", 7), "theirs");
    ck_assert_str_eq(prop("/psci", "method", 4), "smc");
    const uint32_t *reg = prop("/memory@40000000", "reg", 8);
    ck_assert_uint_eq(fdt32_ld(reg), RAM_BASE);
    ck_assert_uint_eq(fdt32_ld(reg + 1), 1024 * MIB);
    ck_assert_int_lt(fdt_path_offset(boot->dtb, "/memory@80000000"), 0);
    int node = fdt_path_offset(boot->dtb, "/chosen");
    ck_assert_ptr_null(fdt_getprop(boot->dtb, node, "rng-seed", NULL));
    config.append = "ours";
    ck_assert(place(NULL));
    ck_assert_str_eq(prop("/chosen", "bootargs", 5), "ours");
    config.ram_size = 4096 * MIB;
    refused("less than -m 4G");
}
END_TEST

START_TEST(test_dtb_bad)
{
    struct fdt_builder *tree = user_tree(3, 2);

    give_kernel(0, 4096, MIB, 2);
    give_tree(tree);
    refused("-dtb");
    unlink(dtb_path);
    tree = user_tree(2, 2);
    uint32_t size = fdt_totalsize(tree->blob);
    config.dtb = make_file(dtb_path, tree->blob, size - 1, size - 1);
    refused("truncated");
    unlink(dtb_path);
    config.dtb = make_file(dtb_path, tree->blob, 20, 20);
    refused("truncated");
    unlink(dtb_path);
    fdt_set_off_dt_struct(tree->blob, size - 4);
    config.dtb = make_file(dtb_path, tree->blob, size, size);
    refused("damaged");
    unlink(dtb_path);
    config.dtb = make_file(dtb_path, "/dts-v1/; / { };", 16, 100);
    refused("dtc -O dtb");
    unlink(dtb_path);
    config.dtb = make_file(dtb_path, "what?", 5, 100);
    refused("not a device tree");
    fdt_builder_free(tree);
}
END_TEST

/* Loading ---------------------------------------------------------------- */

START_TEST(test_load)
{
    struct bus *bus = bus_new();
    struct ram *ram = ram_new("ram", config.ram_size, NULL);
    struct dma dma = {.bus = bus};

    bus_map_ram(bus, RAM_BASE, ram);
    give_kernel(0, 4096, MIB, 2);
    give_initrd(10000);
    ck_assert(place(NULL));
    for (int i = 0; i < 2; i++) { /* again, as at a reset */
        ck_assert(boot_load(boot, &dma, NULL));
        ck_assert_mem_eq(ram->host + 2 * MIB + 56, "ARM\x64", 4);
        ck_assert_mem_eq(ram->host + 128 * MIB, "initrd!", 8);
        uint64_t dtb = boot->plan.dtb_pa - RAM_BASE;
        ck_assert_int_eq(fdt_check_full(ram->host + dtb, 2 * MIB), 0);
        memset(ram->host + 2 * MIB, 0xff, 4096);
        memset(ram->host + 128 * MIB, 0xff, 10000);
    }
    /* The file shrank under us: an error, no crash. */
    ck_assert_int_eq(truncate(initrd_path, 5000), 0);
    ck_assert(!boot_load(boot, &dma, NULL));
    bus_free(bus);
    ram_free(ram);
}
END_TEST

/* A large file, in pieces, to where neither end is a page's. */
START_TEST(test_load_large)
{
    enum { SIZE = 5 * MIB + 4321 };
    struct bus *bus = bus_new();
    struct ram *ram = ram_new("ram", 16 * MIB, NULL);
    struct dma dma = {.bus = bus};
    uint8_t *data = malloc(SIZE);
    struct boot_file file;
    struct error *err = NULL;

    bus_map_ram(bus, RAM_BASE, ram);
    for (unsigned i = 0; i < SIZE; i++) {
        data[i] = (uint8_t)(i * 2654435761u >> 24);
    }
    make_file(kernel_path, data, SIZE, SIZE);
    ck_assert(boot_file_open(&file, "-kernel", kernel_path, NULL));
    memset(ram->host, 0xee, 7 * MIB);
    ck_assert(boot_load_file(&dma, &file, 21, SIZE - 21, RAM_BASE + 4099,
                             SIZE, NULL));
    ck_assert_mem_eq(ram->host + 4098, "\xee", 1);
    ck_assert_mem_eq(ram->host + 4099, data + 21, SIZE - 21);
    for (unsigned i = SIZE - 21; i < SIZE; i++) {
        ck_assert_uint_eq(ram->host[4099 + i], 0);
    }
    ck_assert_mem_eq(ram->host + 4099 + SIZE, "\xee", 1);
    ck_assert_int_eq(truncate(kernel_path, SIZE - 1), 0);
    ck_assert(!boot_load_file(&dma, &file, 0, SIZE, RAM_BASE, SIZE, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "became shorter"));
    error_free(err);
    boot_file_close(&file);
    free(data);
    bus_free(bus);
    ram_free(ram);
}
END_TEST

/* What an ELF's segment does not fill is zero, at a reset too. */
START_TEST(test_load_elf)
{
    struct bus *bus = bus_new();
    struct ram *ram = ram_new("ram", 64 * MIB, NULL);
    struct dma dma = {.bus = bus};
    struct boot b = {
        .config = &config,
        .image = {
            .kind = IMAGE_ELF,
            .segments = {{.pa = RAM_BASE + 100, .offset = 2,
                          .file_size = 6, .memory_size = 20000}},
            .segment_count = 1,
        },
        .user_dtb = true,
    };

    bus_map_ram(bus, RAM_BASE, ram);
    boot_file_from_memory(&b.image.file, "-kernel", "E", "..abcdef", 8);
    memset(ram->host, 0xff, 65536);
    ck_assert(boot_load(&b, &dma, NULL));
    ck_assert_mem_eq(ram->host + 99, "\xff" "abcdef\0", 8);
    for (unsigned i = 106; i < 20100; i++) {
        ck_assert_uint_eq(ram->host[i], 0);
    }
    ck_assert_uint_eq(ram->host[20100], 0xff);
    bus_free(bus);
    ram_free(ram);
}
END_TEST

Suite *boot_suite(void)
{
    Suite *suite = suite_create("boot");
    TCase *tc = tcase_create("boot");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_place_linux);
    tcase_add_test(tc, test_place_small);
    tcase_add_test(tc, test_place_raw);
    tcase_add_test(tc, test_place_firmware);
    tcase_add_test(tc, test_place_pflash);
    tcase_add_test(tc, test_place_elf);
    tcase_add_test(tc, test_place_elf_outside);
    tcase_add_test(tc, test_too_small);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_refused_images);
    tcase_add_test(tc, test_page_size);
    tcase_add_test(tc, test_consoles);
    tcase_add_test(tc, test_dtb_generated);
    tcase_add_test(tc, test_dtb_seeds);
    tcase_add_test(tc, test_dtb_user);
    tcase_add_test(tc, test_dtb_bad);
    tcase_add_test(tc, test_load);
    tcase_add_test(tc, test_load_large);
    tcase_add_test(tc, test_load_elf);
    suite_add_tcase(suite, tc);
    return suite;
}
