/* hw/arm: what a kernel or initrd file is, and whether it is whole. */
#include <check.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "hw/arm/image.h"
#include "hw/arm/initrd.h"

Suite *image_suite(void);

static uint8_t buffer[0x4000];
static struct image image;

static void setup(void)
{
    memset(buffer, 0, sizeof(buffer));
}

static void put32(unsigned at, uint32_t value)
{
    memcpy(buffer + at, &value, 4);
}

static void put64(unsigned at, uint64_t value)
{
    memcpy(buffer + at, &value, 8);
}

/* Recognise the first `size` bytes of the buffer. */
static bool recognise(size_t size, struct error **err)
{
    struct boot_file file;

    boot_file_from_memory(&file, "-kernel", "K", buffer, size);
    return image_from_file(&image, &file, err);
}

/* It fails, and the message has `part` in it. */
static void refused(size_t size, const char *part)
{
    struct error *err = NULL;

    ck_assert(!recognise(size, &err));
    ck_assert_ptr_nonnull(err);
    ck_assert_msg(strstr(err->message, part) != NULL, "%s", err->message);
    error_free(err);
}

static void make_linux(void)
{
    put32(0, 0x14000010);
    put64(8, 0);          /* text_offset */
    put64(16, 0x200000);  /* image_size */
    put64(24, 2);         /* 4 KiB pages */
    memcpy(buffer + 56, "ARM\x64", 4);
}

START_TEST(test_linux)
{
    static const unsigned sizes[] = {0, 0x1000, 0x4000, 0x10000};

    make_linux();
    for (unsigned i = 0; i < 4; i++) {
        put64(24, i << 1);
        ck_assert(recognise(0x1000, NULL));
        ck_assert_int_eq(image.kind, IMAGE_LINUX);
        ck_assert_uint_eq(image.text_offset, 0);
        ck_assert_uint_eq(image.memory_size, 0x200000);
        ck_assert_uint_eq(image.page_size, sizes[i]);
        image_close(&image);
    }
}
END_TEST

/* Before 3.17 the header had no size and the offset was fixed. */
START_TEST(test_linux_old)
{
    make_linux();
    put64(8, 0x12345);
    put64(16, 0);
    ck_assert(recognise(0x1000, NULL));
    ck_assert_uint_eq(image.text_offset, 0x80000);
    ck_assert_uint_eq(image.page_size, 0);
}
END_TEST

/* A PE section table behind the header, as the EFI stub has. */
static void make_pe(uint32_t section_end)
{
    make_linux();
    memcpy(buffer, "MZ", 2);
    put32(0x3c, 0x40);
    memcpy(buffer + 0x40, "PE\0", 4);
    put32(0x46, 1);       /* sections */
    put32(0x54, 0x20);    /* optional header */
    put32(0x78 + 16, section_end - 0x1000);
    put32(0x78 + 20, 0x1000);
}

START_TEST(test_linux_truncated)
{
    make_pe(0x2000);
    ck_assert(recognise(0x2000, NULL));
    refused(0x1fff, "8192: the file is truncated");
    refused(60, "truncated");
    make_pe(0xffffffff);
    refused(0x2000, "truncated");
}
END_TEST

START_TEST(test_raw)
{
    put32(0, 0x14000000);
    ck_assert(recognise(4, NULL));
    ck_assert_int_eq(image.kind, IMAGE_RAW);
    ck_assert(recognise(1, NULL));
    ck_assert_int_eq(image.kind, IMAGE_RAW);
}
END_TEST

START_TEST(test_foreign)
{
    static const struct {
        unsigned at;
        const char *bytes;
        unsigned length;
        const char *what;
    } rows[] = {
        {0x202, "HdrS", 4, "x86 bzImage"},
        {0, "070701", 6, "cpio"},
        {0, "\xd0\x0d\xfe\xed", 4, "device tree"},
        {0, "\x28\xb5\x2f\xfd", 4, "zstd"},
        {0, "MZ", 2, "EFI application"},
        {0, "\x27\x05\x19\x56", 4, "uImage"},
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        setup();
        memcpy(buffer + rows[i].at, rows[i].bytes, rows[i].length);
        ck_assert(recognise(0x1000, NULL));
        ck_assert_int_eq(image.kind, IMAGE_FOREIGN);
        ck_assert_ptr_nonnull(strstr(image.what, rows[i].what));
        ck_assert_ptr_nonnull(image.advice);
    }
}
END_TEST

START_TEST(test_arm32)
{
    put32(0x24, 0x016f2818);
    ck_assert(recognise(0x1000, NULL));
    ck_assert_int_eq(image.kind, IMAGE_ARM32);
    setup();
    put32(0, 0xea0000b8);
    for (unsigned at = 4; at < 0x20; at += 4) {
        put32(at, 0xe59ff014);
    }
    ck_assert(recognise(0x1000, NULL));
    ck_assert_int_eq(image.kind, IMAGE_ARM32);
    put32(8, 0xd503201f);
    ck_assert(recognise(0x1000, NULL));
    ck_assert_int_eq(image.kind, IMAGE_RAW);
}
END_TEST

static Elf64_Phdr *make_elf(unsigned machine, unsigned segments)
{
    Elf64_Ehdr *eh = (Elf64_Ehdr *)buffer;
    Elf64_Phdr *ph = (Elf64_Phdr *)(buffer + sizeof(*eh));

    setup();
    memcpy(eh->e_ident, ELFMAG, SELFMAG);
    eh->e_ident[EI_CLASS] = ELFCLASS64;
    eh->e_ident[EI_DATA] = ELFDATA2LSB;
    eh->e_machine = (Elf64_Half)machine;
    eh->e_entry = 0x40100010;
    eh->e_phoff = sizeof(*eh);
    eh->e_phentsize = sizeof(*ph);
    eh->e_phnum = (Elf64_Half)segments;
    for (unsigned i = 0; i < segments; i++) {
        ph[i] = (Elf64_Phdr){
            .p_type = PT_LOAD,
            .p_flags = PF_R | PF_X,
            .p_offset = 0x1000 * (i + 1),
            .p_vaddr = 0x40100000 + 0x10000 * i,
            .p_paddr = 0x40100000 + 0x10000 * i,
            .p_filesz = 0x1000,
            .p_memsz = 0x2000,
        };
    }
    return ph;
}

START_TEST(test_elf)
{
    make_elf(EM_AARCH64, 2);
    ck_assert(recognise(0x3000, NULL));
    ck_assert_int_eq(image.kind, IMAGE_ELF);
    ck_assert_uint_eq(image.segment_count, 2);
    ck_assert_uint_eq(image.entry, 0x40100010);
    ck_assert_uint_eq(image.low, 0x40100000);
    ck_assert_uint_eq(image.high, 0x40112000);
    ck_assert_uint_eq(image.segments[1].offset, 0x2000);
}
END_TEST

START_TEST(test_elf_virtual_entry)
{
    Elf64_Phdr *ph = make_elf(EM_AARCH64, 1);

    ph->p_vaddr = 0xffffff8000000000;
    ((Elf64_Ehdr *)buffer)->e_entry = ph->p_vaddr + 0x40;
    ck_assert(recognise(0x2000, NULL));
    ck_assert_uint_eq(image.entry, 0x40100040);
}
END_TEST

START_TEST(test_elf_bad)
{
    Elf64_Phdr *ph = make_elf(EM_AARCH64, 2);

    refused(0x2fff, "truncated");
    refused(70, "truncated");
    refused(20, "truncated");
    ph[1].p_offset = UINT64_MAX - 10;
    refused(0x3000, "truncated");
    make_elf(EM_AARCH64, 1)->p_memsz = 0;
    refused(0x3000, "nothing to load");
    make_elf(EM_AARCH64, 1)->p_paddr = UINT64_MAX - 0x1000;
    refused(0x3000, "no sense");
    make_elf(EM_AARCH64, 1);
    ((Elf64_Ehdr *)buffer)->e_phoff = UINT64_MAX;
    refused(0x3000, "truncated");
    make_elf(EM_AARCH64, 1);
    ((Elf64_Ehdr *)buffer)->e_phnum = 0xffff;
    refused(0x3000, "");
}
END_TEST

START_TEST(test_elf_machines)
{
    make_elf(EM_X86_64, 1);
    ck_assert(recognise(0x2000, NULL));
    ck_assert_int_eq(image.kind, IMAGE_FOREIGN);
    ck_assert_str_eq(image.what, "an x86-64 ELF");
    make_elf(EM_ARM, 1);
    ck_assert(recognise(0x2000, NULL));
    ck_assert_int_eq(image.kind, IMAGE_ARM32);
    make_elf(0x7777, 1);
    ck_assert(recognise(0x2000, NULL));
    ck_assert_int_eq(image.kind, IMAGE_FOREIGN);
}
END_TEST

/* gzip `size` bytes of the buffer in place; returns the packed size. */
static size_t pack(size_t size, unsigned at)
{
    uint8_t packed[sizeof(buffer)];
    z_stream z = {0};

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8,
                                  Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = buffer;
    z.avail_in = (uInt)size;
    z.next_out = packed;
    z.avail_out = sizeof(packed);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    setup();
    memcpy(buffer + at, packed, z.total_out);
    deflateEnd(&z);
    return z.total_out;
}

START_TEST(test_gzip)
{
    make_linux();
    size_t size = pack(0x3000, 0);
    ck_assert(recognise(size, NULL));
    ck_assert_int_eq(image.kind, IMAGE_LINUX);
    ck_assert_uint_eq(image.file.size, 0x3000);
    image_close(&image);
    for (size_t n = 4; n < size; n++) {
        refused(n, "truncated");
    }
    buffer[size - 5] ^= 1; /* its checksum */
    refused(size, "damaged");
}
END_TEST

START_TEST(test_zboot)
{
    make_linux();
    size_t size = pack(0x3000, 0x1000);
    memcpy(buffer, "MZ\0\0zimg", 8);
    put32(8, 0x1000);
    put32(12, (uint32_t)size);
    memcpy(buffer + 24, "gzip", 5);
    ck_assert(recognise(0x1000 + size, NULL));
    ck_assert_int_eq(image.kind, IMAGE_LINUX);
    image_close(&image);
    refused(0x1000 + size - 1, "truncated");
    memcpy(buffer + 0x1000, "\x28\xb5\x2f\xfd", 4);
    memcpy(buffer + 24, "zstd22", 7);
    refused(0x1000 + size, "zstd22");
}
END_TEST

/* No input makes it crash or hang: each byte of the headers disturbed. */
START_TEST(test_noise)
{
    for (unsigned round = 0; round < 20000; round++) {
        if (round % 2) {
            make_elf(EM_AARCH64, 3);
        } else {
            setup();
            make_pe(0x2000);
        }
        for (int i = 0; i < 6; i++) {
            buffer[(unsigned)rand() % 0x100] = (uint8_t)rand();
        }
        if (recognise((unsigned)rand() % sizeof(buffer) + 1, NULL)) {
            image_close(&image);
        }
    }
}
END_TEST

/* Files ----------------------------------------------------------------- */

static void file_refused(const char *path, const char *part)
{
    struct boot_file file;
    struct error *err = NULL;

    ck_assert(!boot_file_open(&file, "-initrd", path, &err));
    ck_assert_msg(strstr(err->message, part) != NULL, "%s", err->message);
    ck_assert_ptr_nonnull(strstr(err->message, path));
    error_free(err);
}

START_TEST(test_file_errors)
{
    char path[] = "/tmp/armature-test-XXXXXX";
    int fd = mkstemp(path);

    file_refused("/nonexistent/file", "no such file");
    file_refused("/", "is a directory");
    file_refused("/dev/null", "empty");
    file_refused(path, "empty");
    close(fd);
    unlink(path);
}
END_TEST

START_TEST(test_file_read)
{
    char path[] = "/tmp/armature-test-XXXXXX";
    int fd = mkstemp(path);
    struct boot_file file;
    char text[8] = "";

    ck_assert_int_eq(write(fd, "armature", 8), 8);
    close(fd);
    ck_assert(boot_file_open(&file, "-kernel", path, NULL));
    unlink(path);
    ck_assert_uint_eq(file.size, 8);
    ck_assert(boot_file_read(&file, 3, text, 5, NULL));
    ck_assert_mem_eq(text, "ature", 5);
    ck_assert(!boot_file_read(&file, 4, text, 5, NULL));
    ck_assert(!boot_file_read(&file, UINT64_MAX, text, 5, NULL));
    boot_file_close(&file);
}
END_TEST

START_TEST(test_file_pipe)
{
    int ends[2];
    char path[32], big[3000];
    struct boot_file file;

    memset(big, 'x', sizeof(big));
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], big, sizeof(big)), sizeof(big));
    close(ends[1]);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    ck_assert(boot_file_open(&file, "-kernel", path, NULL));
    close(ends[0]);
    ck_assert_uint_eq(file.size, sizeof(big));
    ck_assert_mem_eq(file.data, big, sizeof(big));
    boot_file_close(&file);
}
END_TEST

/* initrd ---------------------------------------------------------------- */

static unsigned add_entry(unsigned at, const char *name, unsigned size)
{
    unsigned name_size = (unsigned)strlen(name) + 1;

    sprintf((char *)buffer + at,
            "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
            1, 0100644, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0);
    memcpy(buffer + at + 110, name, name_size);
    at = (at + 110 + name_size + 3) & ~3u;
    return (at + size + 3) & ~3u;
}

static unsigned make_cpio(unsigned at)
{
    at = add_entry(at, "init", 777);
    at = add_entry(at, "empty", 0);
    return add_entry(at, "TRAILER!!!", 0);
}

static bool initrd_is_whole(size_t size)
{
    struct boot_file file;
    struct error *err = NULL;

    boot_file_from_memory(&file, "-initrd", "I", buffer, size);
    bool whole = initrd_check(&file, &err);
    ck_assert(whole == !err);
    if (err) {
        ck_assert_ptr_nonnull(strstr(err->message, "truncated"));
        error_free(err);
    }
    return whole;
}

START_TEST(test_cpio)
{
    unsigned end = make_cpio(0);
    unsigned first_end = 116 + 777; /* header, name, data */

    ck_assert(initrd_is_whole(end));
    ck_assert(initrd_is_whole(end + 100)); /* padding */
    for (unsigned n = 6; n < first_end; n++) {
        ck_assert(!initrd_is_whole(n));
    }
    /* Between two entries nobody can tell. */
    ck_assert(initrd_is_whole(first_end));
    ck_assert(!initrd_is_whole(end - 10));
}
END_TEST

START_TEST(test_cpio_then_gzip)
{
    uint8_t packed[0x1000];

    make_cpio(0);
    size_t size = pack(0x1234, 0); /* not a multiple of 512 */
    memcpy(packed, buffer, size);
    setup();
    unsigned at = (make_cpio(0) + 511) & ~511u;
    memcpy(buffer + at, packed, size);
    ck_assert(initrd_is_whole(at + size));
    ck_assert(initrd_is_whole(at + size + 512));
    ck_assert(!initrd_is_whole(at + size - 3));
    ck_assert(!initrd_is_whole(at + size / 2));
}
END_TEST

START_TEST(test_initrd_unknown)
{
    memset(buffer, 0x55, sizeof(buffer));
    ck_assert(initrd_is_whole(sizeof(buffer)));
    memset(buffer, 0, sizeof(buffer));
    ck_assert(initrd_is_whole(sizeof(buffer)));
    ck_assert(initrd_is_whole(1));
}
END_TEST

START_TEST(test_initrd_noise)
{
    static const char *const magics[] = {
        "070701", "\x1f\x8b\x08", "\xfd\x37zXZ", "\x28\xb5\x2f\xfd",
        "\x02\x21\x4c\x18",
    };

    for (unsigned round = 0; round < 5000; round++) {
        const char *magic = magics[round % 5];
        for (unsigned i = 0; i < 0x200; i++) {
            buffer[i] = (uint8_t)rand();
        }
        if (round % 5 == 0) {
            make_cpio(0);
            buffer[(unsigned)rand() % 256] = (uint8_t)rand();
        }
        memcpy(buffer, magic, strlen(magic));
        (void)initrd_is_whole((unsigned)rand() % 0x800 + 1);
    }
}
END_TEST

Suite *image_suite(void)
{
    Suite *suite = suite_create("image");
    TCase *tc = tcase_create("image");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_linux);
    tcase_add_test(tc, test_linux_old);
    tcase_add_test(tc, test_linux_truncated);
    tcase_add_test(tc, test_raw);
    tcase_add_test(tc, test_foreign);
    tcase_add_test(tc, test_arm32);
    tcase_add_test(tc, test_elf);
    tcase_add_test(tc, test_elf_virtual_entry);
    tcase_add_test(tc, test_elf_bad);
    tcase_add_test(tc, test_elf_machines);
    tcase_add_test(tc, test_gzip);
    tcase_add_test(tc, test_zboot);
    tcase_add_test(tc, test_noise);
    tcase_add_test(tc, test_file_errors);
    tcase_add_test(tc, test_file_read);
    tcase_add_test(tc, test_file_pipe);
    tcase_add_test(tc, test_cpio);
    tcase_add_test(tc, test_cpio_then_gzip);
    tcase_add_test(tc, test_initrd_unknown);
    tcase_add_test(tc, test_initrd_noise);
    suite_add_tcase(suite, tc);
    return suite;
}
