/* hw/arm/loader and hw/misc/vmcoreinfo. */
#include <check.h>
#include <elf.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/arm/loader.h"
#include "hw/misc/vmcoreinfo.h"

Suite *loader_suite(void);

#define RAM_BASE UINT64_C(0x40000000)

static struct bus *bus;
static struct ram *ram;
static struct dma dma;
static struct loader_config config;
static char path[] = "/tmp/armature-loader-XXXXXX";

static void setup(void)
{
    bus = bus_new();
    ram = ram_new("ram", 1 << 20, NULL);
    bus_map_ram(bus, RAM_BASE, ram);
    dma = (struct dma){.bus = bus};
    config = (struct loader_config){.cpu_num = -1};
}

static void teardown(void)
{
    bus_free(bus);
    ram_free(ram);
}

static void make_file(const void *data, size_t size)
{
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (int)size);
    close(fd);
    config.file = path;
}

static void run(void)
{
    struct loader *l = loader_open(&config, 4, NULL);
    unsigned cpu = 99;
    uint64_t pc = 0;

    ck_assert_ptr_nonnull(l);
    ck_assert(loader_load(l, &dma, NULL));
    ck_assert(loader_start(l, &cpu, &pc) == (config.cpu_num >= 0));
    if (config.cpu_num >= 0) {
        ck_assert_uint_eq(cpu, (unsigned)config.cpu_num);
        ck_assert_uint_eq(pc, config.has_addr ? config.addr
                                              : RAM_BASE + 0x1000);
    }
    loader_close(l);
}

static void refused(const char *words)
{
    struct error *err = NULL;

    ck_assert_ptr_null(loader_open(&config, 4, &err));
    ck_assert_msg(strstr(err->message, words) != NULL, "%s", err->message);
    error_free(err);
}

START_TEST(test_data)
{
    config.has_addr = true;
    config.addr = RAM_BASE + 8;
    config.data = 0x11223344;
    config.data_len = 4;
    run();
    ck_assert(!memcmp(ram->host + 8, "\x44\x33\x22\x11\0", 5));
    config.data_be = true;
    run();
    ck_assert(!memcmp(ram->host + 8, "\x11\x22\x33\x44\0", 5));
    config.addr = 0x1000;
    struct loader *l = loader_open(&config, 4, NULL);
    struct error *err = NULL;
    ck_assert(!loader_load(l, &dma, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "no memory"));
    error_free(err);
    loader_close(l);
}
END_TEST

START_TEST(test_raw)
{
    make_file("hello", 5);
    config.has_addr = true;
    config.addr = RAM_BASE + 0x1000;
    config.cpu_num = 3;
    run();
    ck_assert(!memcmp(ram->host + 0x1000, "hello", 5));
    config.has_addr = false;
    refused("addr= has to say");
    unlink(path);
    refused("no such file");
}
END_TEST

START_TEST(test_elf)
{
    struct {
        Elf64_Ehdr eh;
        Elf64_Phdr ph;
        char text[4];
    } elf = {
        .eh = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
               .e_type = ET_EXEC,
               .e_machine = EM_AARCH64,
               .e_version = 1,
               .e_entry = RAM_BASE + 0x1000,
               .e_phoff = sizeof(Elf64_Ehdr),
               .e_ehsize = sizeof(Elf64_Ehdr),
               .e_phentsize = sizeof(Elf64_Phdr),
               .e_phnum = 1},
        .ph = {.p_type = PT_LOAD,
               .p_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
               .p_vaddr = RAM_BASE + 0x1000,
               .p_paddr = RAM_BASE + 0x1000,
               .p_filesz = 4,
               .p_memsz = 8},
        .text = "abc",
    };

    memset(ram->host + 0x1000, 0xff, 16);
    make_file(&elf, sizeof(elf));
    config.cpu_num = 0;
    run();
    ck_assert(!memcmp(ram->host + 0x1000, "abc\0\0\0\0\0\xff", 9));
    config.force_raw = true;
    refused("addr= has to say");
    config.has_addr = true;
    config.addr = RAM_BASE + 0x1000;
    run();
    ck_assert(!memcmp(ram->host + 0x1000, "\177ELF", 4));
    unlink(path);
}
END_TEST

START_TEST(test_refused)
{
    refused("give file=");
    config.data_len = 4;
    refused("needs addr=");
    config.has_addr = true;
    config.cpu_num = 0;
    refused("has no cpu-num");
    config.cpu_num = -1;
    config.data_len = 9;
    refused("at most 8");
    config.data_len = 1;
    config.file = "x";
    refused("exclude");
    config.file = NULL;
    config.data_len = 0;
    config.cpu_num = 4;
    refused("numbered from 0");
    config.cpu_num = 3;
    run();
}
END_TEST

START_TEST(test_vmcoreinfo)
{
    struct fw_cfg *fw = fw_cfg_create(bus, 0x09020000, &dma);
    struct vmcoreinfo *info = vmcoreinfo_create(fw);
    /* The transfer, then the file: ELF, 0x40 bytes at 0x40001000. */
    uint32_t words[] = {htobe32(0x20 << 16 | 0x18), htobe32(16), 0,
                        htobe32(RAM_BASE + 16), 1 << 16 | 1, 0x40,
                        RAM_BASE + 0x1000, 0};
    uint64_t pa;
    uint32_t size;

    ck_assert(!vmcoreinfo_note(info, &pa, &size));
    memcpy(ram->host, words, sizeof(words));
    ck_assert(bus_write(bus, 0x09020010, 8, 0, htobe64(RAM_BASE)));
    ck_assert(vmcoreinfo_note(info, &pa, &size));
    ck_assert_uint_eq(pa, RAM_BASE + 0x1000);
    ck_assert_uint_eq(size, 0x40);
    vmcoreinfo_reset(info);
    ck_assert(!vmcoreinfo_note(info, &pa, &size));
    fw_cfg_free(fw);
    vmcoreinfo_free(info);
}
END_TEST

Suite *loader_suite(void)
{
    Suite *s = suite_create("loader");
    TCase *tc = tcase_create("loader");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_data);
    tcase_add_test(tc, test_raw);
    tcase_add_test(tc, test_elf);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_vmcoreinfo);
    suite_add_tcase(s, tc);
    return s;
}
