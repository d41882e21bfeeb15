/* block/luks, block/crypt, block/secret: encrypted images through the block
 * layer, passwords, and headers that make no sense. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "block/luks.h"
#include "block/qcow2.h"
#include "block/secret.h"

Suite *luks_suite(void);

#define SIZE (1u << 20)

static char path[64];
static struct loop *loop;
static struct error *err;
static struct secrets *secrets;
static const struct luks_password right = {(const uint8_t *)"right", 5};

static void add_secret(const char *text)
{
    struct keyval *kv = keyval_parse(text, NULL, NULL);

    ck_assert(secrets_add(secrets, kv, &err));
    keyval_free(kv);
}

static struct luks_options quick(void)
{
    struct luks_options o = luks_defaults;

    o.iter_time = 1;
    return o;
}

static void setup(void)
{
    err = NULL;
    loop = loop_new();
    snprintf(path, sizeof(path), "/tmp/armature-luks-XXXXXX");
    close(mkstemp(path));
    secrets = secrets_new();
    add_secret("id=right,data=cmlnaHQ=,format=base64");
    add_secret("id=wrong,data=wrong");
}

static void teardown(void)
{
    loop_free(loop);
    secrets_free(secrets);
    unlink(path);
    error_free(err);
}

static struct block_file *open_file(void)
{
    struct block_file_config config = {.path = path};
    struct block_file *file = block_file_open(&config, &err);

    ck_assert_ptr_nonnull(file);
    return file;
}

static void make(const char *format)
{
    struct luks_options o = quick();
    struct block_file *file = open_file();

    if (strcmp(format, "luks") == 0) {
        ck_assert(luks_create(file, 0, &o, &right, &err));
        block_file_resize(file, luks_room(&o) + SIZE);
        block_file_close(file);
        return;
    }
    ck_assert(qcow2_create(file, &qcow2_defaults, &err));
    block_file_close(file);
    struct block_config config = {.file = path, .format = "qcow2"};
    struct block_opening how = {.config = &config};
    struct block_image *image = block_image_open_as(&how, &err);
    ck_assert_ptr_nonnull(image);
    ck_assert(qcow2_resize(image, SIZE, &err));
    ck_assert(qcow2_encrypt(qcow2_of(image), &o, &right, &err));
    block_image_close(image);
}

static struct block_backend *open_disk(const char *key)
{
    struct block_config config = {
        .file = path, .secrets = secrets, .key_secret = key,
        .cache = BLOCK_CACHE_UNSAFE,
    };
    return block_open(&config, loop, &err);
}

static int run(struct block_backend *b, enum block_op op, void *data,
               uint64_t offset, uint64_t length)
{
    struct iovec iov = {data, length};
    struct block_request req = {
        .op = op, .offset = offset, .length = length, .iov = &iov,
        .iov_count = 1,
    };
    return block_run(b, &req);
}

static const char *const formats[] = {"luks", "qcow2"};

/* What is written comes back, and is not in the file as it is. */
START_TEST(test_disk)
{
    static uint8_t data[SIZE], back[SIZE];
    struct block_backend *b;

    make(formats[_i]);
    for (unsigned i = 0; i < SIZE; i++) {
        data[i] = (uint8_t)(i / 512 * 3 + i % 7);
    }
    b = open_disk("right");
    ck_assert_msg(b != NULL, "%s", err ? err->message : "");
    ck_assert_int_eq(run(b, BLOCK_WRITE, data, 512, SIZE - 1024), 0);
    ck_assert_int_eq(run(b, BLOCK_ZERO, NULL, 65536, 66048), 0);
    memset(data + 65536, 0, 66048);
    ck_assert_int_eq(run(b, BLOCK_READ, back, 512, SIZE - 1024), 0);
    ck_assert_mem_eq(data, back, 65024);
    block_close(b);
    b = open_disk("right");
    ck_assert_ptr_nonnull(b);
    ck_assert_int_eq(run(b, BLOCK_READ, back, 512, 512), 0);
    ck_assert_mem_eq(data, back, 512);
    ck_assert_int_eq(run(b, BLOCK_READ, back, 65536, 512), 0);
    ck_assert_mem_eq(data + 65536, back, 512);
    block_close(b);

    FILE *f = fopen(path, "r");
    uint8_t sector[512];
    ck_assert_ptr_nonnull(f);
    while (fread(sector, sizeof(sector), 1, f) == 1) {
        ck_assert_mem_ne(sector, data, sizeof(sector));
    }
    fclose(f);
}
END_TEST

START_TEST(test_refused)
{
    make(formats[_i]);
    ck_assert_ptr_null(open_disk("wrong"));
    ck_assert_ptr_nonnull(strstr(err->message, "Invalid password"));
    error_free(err);
    err = NULL;
    ck_assert_ptr_null(open_disk("none"));
    ck_assert_ptr_nonnull(strstr(err->message, "No secret with id 'none'"));
    error_free(err);
    err = NULL;
    ck_assert_ptr_null(open_disk(NULL));
    ck_assert_ptr_nonnull(strstr(err->message, "key-secret"));
}
END_TEST

/* Slots are filled and emptied; the last one stays. */
START_TEST(test_slots)
{
    static const struct luks_password other = {(const uint8_t *)"other", 5};
    struct luks_amend add = {
        .activate = true, .slot = -1, .key = &right, .new_password = &other,
        .iter_time = 1,
    };
    struct luks_amend drop = {.slot = -1, .old_password = &right};
    struct luks l;

    make("luks");
    struct block_file *file = open_file();
    ck_assert(luks_read(&l, file, 0, &err));
    for (unsigned i = 1; i < LUKS_SLOTS; i++) {
        ck_assert(luks_amend(&l, &add, &err));
        ck_assert_uint_eq(luks_active(&l), i + 1);
    }
    ck_assert(!luks_amend(&l, &add, NULL)); /* no slot is left */
    ck_assert(luks_amend(&l, &drop, &err));
    ck_assert(!luks_amend(&l, &drop, NULL)); /* nobody's password now */
    drop.old_password = &other;
    ck_assert(!luks_amend(&l, &drop, NULL)); /* all that there are */
    drop.slot = 3;
    drop.old_password = NULL;
    ck_assert(luks_amend(&l, &drop, &err));
    ck_assert(luks_read(&l, file, 0, &err));
    ck_assert_uint_eq(luks_active(&l), LUKS_SLOTS - 2);
    block_file_close(file);
}
END_TEST

/* Every byte of the header, changed: a sentence, or it is looked at. */
START_TEST(test_hostile)
{
    static const uint8_t values[] = {0, 1, 0x7f, 0xff};
    uint8_t header[LUKS_HEADER];

    make("luks");
    FILE *f = fopen(path, "r+");
    ck_assert(f && fread(header, sizeof(header), 1, f) == 1);
    struct block_config config = {.file = path, .format = "luks"};
    struct block_opening how = {.config = &config, .checking = true};
    for (unsigned i = 0; i < sizeof(header) * 4; i++) {
        uint8_t byte = values[i % 4];
        struct error *wrong = NULL;
        fseek(f, i / 4, SEEK_SET);
        fwrite(&byte, 1, 1, f);
        fflush(f);
        struct block_image *image = block_image_open_as(&how, &wrong);
        ck_assert(image || wrong);
        if (image) {
            block_image_close(image);
        }
        error_free(wrong);
        fseek(f, i / 4, SEEK_SET);
        fwrite(header + i / 4, 1, 1, f);
    }
    fclose(f);
}
END_TEST

static const char *const bad_secrets[] = {
    "data=x", "id=x", "id=x,data=y,file=z", "id=right,data=x",
    "id=x,file=/nowhere", "id=x,data=a,format=base64",
    "id=x,data=a===,format=base64", "id=x,data=YQ==YQ==,format=base64",
    "id=x,data=x,format=hex", "id=x,data=x,keyid=none",
    "id=x,data=x,keyid=right,iv=AAAA",
};

START_TEST(test_bad_secrets)
{
    struct keyval *kv = keyval_parse(bad_secrets[_i], NULL, NULL);

    ck_assert(!secrets_add(secrets, kv, &err));
    ck_assert_ptr_nonnull(err);
    keyval_free(kv);
}
END_TEST

Suite *luks_suite(void)
{
    Suite *s = suite_create("luks");
    TCase *t = tcase_create("images");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    if (crypt_available(NULL)) {
        tcase_add_loop_test(t, test_disk, 0, ARRAY_SIZE(formats));
        tcase_add_loop_test(t, test_refused, 0, ARRAY_SIZE(formats));
        tcase_add_test(t, test_slots);
        tcase_add_test(t, test_hostile);
    }
    tcase_add_loop_test(t, test_bad_secrets, 0, ARRAY_SIZE(bad_secrets));
    suite_add_tcase(s, t);
    return s;
}
