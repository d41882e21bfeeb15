/* block: the formats that are tables of blocks; hostile images, many threads,
 * sizes. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block/formats.h"
#include "block/vhdx.h"
#include "util/bits.h"

Suite *formats_suite(void);

#define SIZE (UINT64_C(6) << 20)

static const struct format {
    const char *name;
    bool (*create)(const struct block_new *how, struct error **err);
    struct block_new how;
    /* Where numbers are that an image could lie with; bytes. */
    struct { unsigned from, to; } fields[4];
} formats[] = {
    {"vdi", vdi_create, {0}, {{64, 0x1c8}, {512, 540}}},
    {"vdi", vdi_create, {.is_static = true}, {{64, 0x1c8}, {512, 540}}},
    {"vpc", vpc_create, {0}, {{0, 84}, {512, 560}, {1536, 1552}}},
    {"vpc", vpc_create, {.subformat = 1, .force_size = true},
     {{SIZE, SIZE + 84}}},
    {"vmdk", vmdk_create, {0},
     {{0, 80}, {10752, 10760}, {13312, 13320}, {13824 + 64, 13824 + 72}}},
    {"vmdk", vmdk_create, {.subformat = 4},
     {{0, 80}, {512, 640}, {13824 + 64, 13824 + 72}, {65536, 65600}}},
    {"vmdk", vmdk_create, {.subformat = 1}, {{0, 200}}},
    {"vhdx", vhdx_create, {.block_size = 1 << 20},
     {{131072 + 8, 131072 + 80}, {196608 + 8, 196608 + 80},
      {3 << 20, (3 << 20) + 96}, {(3 << 20) + 65536, (3 << 20) + 65600}}},
    {"vhdx", vhdx_create, {.block_size = 1 << 20},
     {{0, 8}, {2 << 20, (2 << 20) + 24}}},
};

static char directory[64], path[96];
static struct error *err;

static void setup(void)
{
    struct rlimit limit = {UINT64_C(64) << 20, RLIM_INFINITY};

    err = NULL;
    snprintf(directory, sizeof(directory), "/tmp/armature-formats-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/disk", directory);
    signal(SIGXFSZ, SIG_IGN);
    /* No image may fill the disk. */
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void teardown(void)
{
    char command[128];

    error_free(err);
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    ck_assert_int_eq(system(command), 0);
}

static void make(const struct format *f, uint64_t size)
{
    struct block_new how = f->how;

    how.path = path;
    how.size = size;
    ck_assert_msg(f->create(&how, &err), "%s", err ? err->message : "?");
}

static struct block_image *open_image(const struct format *f, bool read_only)
{
    struct block_config config = {
        .file = path, .format = f->name, .read_only = read_only,
        .no_lock = true, .cache = BLOCK_CACHE_UNSAFE,
    };

    error_free(err);
    err = NULL;
    return block_image_open(&config, &err);
}

static int write_at(struct block_image *image, uint64_t offset,
                    const void *data, uint64_t length)
{
    struct iovec iov = {(void *)data, length};

    return image->ops->write(image, &iov, 1, offset, length, false);
}

static int read_at(struct block_image *image, uint64_t offset, void *data,
                   uint64_t length)
{
    struct iovec iov = {data, length};

    return image->ops->read(image, &iov, 1, offset, length);
}

/* Whatever the results are; all that matters is that they come. */
static void exercise(struct block_image *image, bool writable)
{
    static uint8_t data[65536];
    const uint64_t places[] = {0, 1 << 20, image->size / 2,
                               image->size - 512};
    struct block_check check = {0};
    struct block_extent extent;

    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        uint64_t at = align_down(places[i], 512), n = sizeof(data);
        if (at >= image->size) {
            continue;
        }
        n = n < image->size - at ? n : image->size - at;
        read_at(image, at, data, n);
        image->ops->status(image, at, image->size - at < SIZE
                                          ? image->size - at : SIZE, &extent);
        if (writable) {
            write_at(image, at, data, n);
            image->ops->zero(image, at, n, i & 1);
            image->ops->discard(image, at, n);
        }
    }
    if (image->ops->check && image->size <= 16 * SIZE) {
        image->ops->check(image, &check);
    }
}

static void poke(unsigned at, uint8_t value)
{
    int fd = open(path, O_WRONLY);

    ck_assert_int_eq(pwrite(fd, &value, 1, at), 1);
    close(fd);
}

/* With a right checksum, lies of a VHDX image get further. */
static void seal(unsigned at)
{
    static uint8_t data[VHDX_TABLE_SIZE];
    unsigned start = at >= 196608 ? 196608 : 131072;
    size_t length = at >= 196608 ? VHDX_TABLE_SIZE : VHDX_HEADER_SIZE;
    int fd = open(path, O_RDWR);

    if (at >= start && at < start + length) {
        ck_assert_int_eq(pread(fd, data, length, start), (ssize_t)length);
        vhdx_store(data, VHDX_AT_CHECKSUM, 4, vhdx_checksum(data, length));
        ck_assert_int_eq(pwrite(fd, data, length, start), (ssize_t)length);
    }
    close(fd);
}

static uint8_t peek(unsigned at)
{
    uint8_t value = 0;
    int fd = open(path, O_RDONLY);

    ck_assert_int_ge(pread(fd, &value, 1, at), 0);
    close(fd);
    return value;
}

static void fresh(const struct format *f)
{
    make(f, SIZE);
    struct block_image *image = open_image(f, false);
    ck_assert_msg(image, "%s: %s", f->name, err ? err->message : "?");
    uint8_t sector[512];
    memset(sector, 0x5a, sizeof(sector));
    ck_assert_int_eq(write_at(image, 1 << 20, sector, sizeof(sector)), 0);
    block_image_close(image);
}

/* Each byte of the headers and of the table's start, changed. */
START_TEST(test_hostile)
{
    const struct format *f = &formats[_i];
    static const uint8_t masks[] = {0xff, 0x80, 0x01};

    fresh(f);
    for (unsigned r = 0; r < ARRAY_SIZE(f->fields); r++) {
        for (unsigned at = f->fields[r].from; at < f->fields[r].to; at++) {
            for (unsigned m = 0; m < ARRAY_SIZE(masks); m++) {
                uint8_t old = peek(at);
                bool writable = m != 0;
                poke(at, old ^ masks[m]);
                if (f->create == vhdx_create) {
                    seal(at);
                }
                struct block_image *image = open_image(f, !writable);
                ck_assert(image || (err && strstr(err->message, directory)));
                if (image) {
                    exercise(image, writable);
                    block_image_close(image);
                }
                if (writable) {
                    fresh(f);
                } else {
                    poke(at, old);
                }
            }
        }
    }
}
END_TEST

START_TEST(test_truncated)
{
    const struct format *f = &formats[_i];
    struct stat st;

    fresh(f);
    ck_assert_int_eq(stat(path, &st), 0);
    for (off_t size = st.st_size; size > 0;
         size = size > 4096 ? size / 2 : size - 256) {
        ck_assert_int_eq(truncate(path, size), 0);
        struct block_image *image = open_image(f, true);
        ck_assert(image || (err && strstr(err->message, directory)));
        if (image) {
            exercise(image, false);
            block_image_close(image);
        }
    }
}
END_TEST

/* Many threads ---------------------------------------------------------- */

struct writer {
    struct block_image *image;
    unsigned number;
    int error;
};
#define THREADS 4

/* Every fourth sector, in an order that meets the others in each block. */
static void *write_mine(void *opaque)
{
    struct writer *w = opaque;
    uint8_t sector[512];

    for (uint64_t i = w->number; i < SIZE / 512 && !w->error;
         i += THREADS * 5) {
        memset(sector, (int)(i % 251) + 1, sizeof(sector));
        w->error = write_at(w->image, i * 512, sector, sizeof(sector));
    }
    return NULL;
}

START_TEST(test_threads)
{
    const struct format *f = &formats[_i];
    struct writer writers[THREADS];
    pthread_t threads[THREADS];

    make(f, SIZE);
    struct block_image *image = open_image(f, false);
    ck_assert_ptr_nonnull(image);
    for (unsigned i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){image, i, 0};
        pthread_create(&threads[i], NULL, write_mine, &writers[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(writers[i].error, 0);
    }
    ck_assert_int_eq(image->ops->flush(image), 0);
    block_image_close(image);
    image = open_image(f, true);
    for (uint64_t i = 0; i < SIZE / 512; i++) {
        uint8_t sector[512], wanted = i % (THREADS * 5) < THREADS
                                          ? (uint8_t)(i % 251 + 1) : 0;
        ck_assert_int_eq(read_at(image, i * 512, sector, 512), 0);
        ck_assert_uint_eq(sector[0], wanted);
        ck_assert_uint_eq(sector[511], wanted);
    }
    struct block_check check = {0};
    if (image->ops->check) {
        ck_assert_int_eq(image->ops->check(image, &check), 0);
        ck_assert_uint_eq(check.corruptions, 0);
    }
    block_image_close(image);
}
END_TEST

/* Details ---------------------------------------------------------------- */

/* Two entries of the map name one block. */
START_TEST(test_overlap)
{
    struct block_check check = {0};

    make(&formats[1], SIZE);
    poke(512 + 4, 0);
    struct block_image *image = open_image(&formats[1], true);
    ck_assert_ptr_nonnull(image);
    ck_assert_int_eq(image->ops->check(image, &check), 0);
    ck_assert_uint_eq(check.corruptions, 1);
    block_image_close(image);
    /* And one that is not in the file. */
    make(&formats[0], SIZE);
    poke(512 + 4, 5), poke(513 + 4, 0), poke(514 + 4, 0), poke(515 + 4, 0);
    image = open_image(&formats[0], true);
    uint8_t sector[512];
    ck_assert_int_eq(read_at(image, 1 << 20, sector, 512), EIO);
    ck_assert_int_eq(read_at(image, 0, sector, 512), 0);
    block_image_close(image);
}
END_TEST

/* An extent is a file beside its descriptor, and nothing else. */
START_TEST(test_vmdk_extents)
{
    static const char *const lines[] = {
        "RW 16 FLAT \"/etc/passwd\" 0", "RW 16 FLAT \"../x\" 0",
        "RW 16 FLAT \"..\" 0", "RW 16 FLAT \"\" 0", "RW 0 FLAT \"disk\" 0",
        "RW 99999999999999999999 ZERO", "RW 16 VMFSSPARSE \"disk\"",
        "RW 16 SPARSE \"disk\"", "RW 16 FLAT \"disk\" 99999999",
        "NOACCESS 16 FLAT \"disk\"", "RW", "", "RW 16 FLAT \"none\" 0",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(lines); i++) {
        FILE *f = fopen(path, "w");
        fprintf(f, "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID="
                "ffffffff\ncreateType=\"custom\"\n%s\n", lines[i]);
        fclose(f);
        ck_assert_msg(!open_image(&formats[4], true), "%s", lines[i]);
        ck_assert_ptr_nonnull(err);
    }
}
END_TEST

/* Formats that qemu-img makes and we only read, changed byte by byte. */
START_TEST(test_hostile_read_only)
{
    static const char *const names[] = {"qcow", "qed", "parallels"};
    const struct format f = {.name = names[_i]};
    char command[512];

    snprintf(command, sizeof(command), "qemu-img create -q -f %s %s 6M && "
             "qemu-io -f %s -c 'write -P 5 1M 64k' %s >%s/out", names[_i],
             path, names[_i], path, directory);
    if (system(command)) {
        return; /* there is no qemu-img here */
    }
    for (unsigned at = 0; at < 600; at++) {
        uint8_t old = peek(at);
        for (unsigned m = 0; m < 3; m++) {
            poke(at, old ^ (uint8_t)(0xff81 >> m * 7));
            struct block_image *image = open_image(&f, true);
            ck_assert(image || (err && strstr(err->message, directory)));
            if (image) {
                exercise(image, false);
                block_image_close(image);
            }
        }
        poke(at, old);
    }
}
END_TEST

/* The counter of a VDI image gets right when a killed process left it. */
START_TEST(test_vdi_counter)
{
    fresh(&formats[0]);
    poke(0x184, 4);
    block_image_close(open_image(&formats[0], true));
    ck_assert_uint_eq(peek(0x184), 4);
    block_image_close(open_image(&formats[0], false));
    ck_assert_uint_eq(peek(0x184), 1);
}
END_TEST

Suite *formats_suite(void)
{
    Suite *suite = suite_create("formats");
    TCase *tcase = tcase_create("formats");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_hostile, 0, ARRAY_SIZE(formats));
    tcase_add_loop_test(tcase, test_truncated, 0, ARRAY_SIZE(formats));
    tcase_add_loop_test(tcase, test_threads, 0, ARRAY_SIZE(formats));
    tcase_add_loop_test(tcase, test_hostile_read_only, 0, 3);
    tcase_add_test(tcase, test_overlap);
    tcase_add_test(tcase, test_vmdk_extents);
    tcase_add_test(tcase, test_vdi_counter);
    suite_add_tcase(suite, tcase);
    return suite;
}
