/*
 * A LUKS header, in front of a raw disk and inside qcow2: read, unlocked with
 * the right password, its key slots amended.  An image with one slot of few
 * stripes is made once; the input is a byte of flags, the length of a script,
 * the script, and pieces that replace parts of the header.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "block/luks.h"
#include "block/qcow2.h"
#include "block/secret.h"
#include "tests/fuzz/shared/file.h"
#include "tests/fuzz/shared/image_use.h"

#define DISK (64u << 10)
#define MOST_ITERATIONS 2000u /* or one input takes minutes */

static const struct luks_password password = {(const uint8_t *)"abc", 3};
static const struct luks_options quick = {
    .spec = {CRYPT_AES_128, CRYPT_CBC, CRYPT_ESSIV, CRYPT_SHA256},
    .hash = CRYPT_SHA256,
};

/* An image without a fault. */
struct base {
    const char *format;
    uint8_t *bytes;
    size_t size;
    uint64_t header; /* of LUKS, bytes */
};

static struct secrets *secrets;

static void must(bool good)
{
    if (!good) {
        abort();
    }
}

static struct block_file *open_file(const char *path, bool read_only)
{
    struct block_file_config config = {.path = path, .read_only = read_only};

    return block_file_open(&config, NULL);
}

static struct block_image *open_image(const char *path, const char *format,
                                      bool read_only, const char *key,
                                      struct error **err)
{
    struct block_config config = {
        .file = path, .format = format, .read_only = read_only,
        .cache = BLOCK_CACHE_UNSAFE, .secrets = secrets, .key_secret = key,
    };
    struct block_opening how = {.config = &config, .no_backing = true};

    return block_image_open_as(&how, err);
}

/* The only slot again, of eight stripes: a guess is quick. */
static void make_quick(const char *path, uint64_t header)
{
    struct block_file *file = open_file(path, false);
    uint8_t master[CRYPT_MAX_KEY];
    struct luks luks;
    unsigned slot = 0;

    must(file && luks_read(&luks, file, header, NULL) &&
         luks_unlock(&luks, &password, master, &slot, NULL));
    luks.slots[slot].stripes = 8;
    must(luks_set_slot(&luks, slot, master, &password, 0, NULL));
    block_file_close(file);
}

static void take(struct base *base, const char *path)
{
    FILE *f = fopen(path, "r");

    must(f && fseek(f, 0, SEEK_END) == 0);
    base->size = (size_t)ftell(f);
    rewind(f);
    base->bytes = malloc(base->size);
    must(base->bytes && fread(base->bytes, 1, base->size, f) == base->size);
    fclose(f);
}

static void make_raw(struct base *base)
{
    must(block_file_create("base", NULL) &&
         truncate("base", (off_t)luks_room(&quick) + DISK) == 0);
    struct block_file *file = open_file("base", false);
    must(file && luks_create(file, 0, &quick, &password, NULL));
    block_file_close(file);
    base->format = "luks";
    make_quick("base", 0);
    take(base, "base");
}

static void make_qcow2(struct base *base)
{
    struct qcow2_options o = qcow2_defaults;

    o.cluster_size = 4096;
    must(block_file_create("base", NULL));
    struct block_file *file = open_file("base", false);
    must(file && qcow2_create(file, &o, NULL));
    block_file_close(file);
    struct block_image *image = open_image("base", "qcow2", false, NULL,
                                           NULL);
    must(image && qcow2_resize(image, DISK, NULL) &&
         qcow2_encrypt(qcow2_of(image), &quick, &password, NULL));
    base->header = qcow2_of(image)->luks_offset;
    block_image_close(image);
    base->format = "qcow2";
    make_quick("base", base->header);
    take(base, "base");
}

static void limit(uint8_t *number)
{
    uint32_t n = (uint32_t)number[0] << 24 | number[1] << 16 |
                 number[2] << 8 | number[3];

    if (n > MOST_ITERATIONS) {
        n %= MOST_ITERATIONS;
        number[0] = number[1] = 0;
        number[2] = (uint8_t)(n >> 8);
        number[3] = (uint8_t)n;
    }
}

/* Pieces are a place, a length and as many bytes: of the LUKS header, or of
 * the file's beginning. */
static void change(const struct base *base, struct input *in, uint8_t *file)
{
    while (in_more(in)) {
        unsigned place = in_u16(in);
        size_t length = in_u8(in);
        uint64_t at = place & 0x8000 ? place & 0x7fff
                                     : base->header + place % LUKS_HEADER;
        const uint8_t *bytes = in_bytes(in, &length);
        if (at + length <= base->size) {
            memcpy(file + at, bytes, length);
        }
    }
    uint8_t *header = file + base->header;
    limit(header + 164);
    for (unsigned i = 0; i < LUKS_SLOTS; i++) {
        limit(header + 208 + i * 48 + 4);
    }
}

static void use(const char *path, const char *format, bool read_only,
                const char *key, struct input script, uint8_t *buffer)
{
    struct error *err = NULL;
    struct block_image *image = open_image(path, format, read_only, key, &err);

    must(!image == !!err);
    while (image && in_more(&script)) {
        unsigned what = in_u8(&script);
        uint64_t offset = (uint64_t)in_u16(&script) * BLOCK_SECTOR, length;
        if (image_use_range(image, &script, &offset, &length)) {
            image_use(image, what & 7, what & 8, offset, length, buffer);
        }
    }
    block_image_close(image);
    error_free(err);
}

/* Slots come rarely: that takes a measurement of the processor. */
static void amend(const char *path, uint64_t header, unsigned how)
{
    static const struct luks_password other = {(const uint8_t *)"more", 4};
    struct block_file *file = open_file(path, false);
    struct luks luks;
    struct luks_amend a = {
        .activate = how == 0xff, .slot = (int)(how >> 4 & 7) - 1,
        .key = &password, .force = how & 8,
    };

    a.new_password = a.activate ? &other : NULL;
    a.old_password = !a.activate && a.slot < 0 ? &password : NULL;
    must(file);
    if (luks_read(&luks, file, header, NULL)) {
        luks_amend(&luks, &a, NULL);
    }
    block_file_close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct base bases[2];
    static uint8_t *buffer, *file;
    struct input in = {data, data + size};
    unsigned flags = in_u8(&in), how = in_u8(&in);
    size_t length = in_u8(&in) % 32;

    if (!buffer) {
        struct keyval *kv = keyval_parse("id=s,data=abc", NULL, NULL);
        file_enter_sandbox();
        secrets = secrets_new();
        must(secrets_add(secrets, kv, NULL));
        keyval_free(kv);
        make_raw(&bases[0]);
        make_qcow2(&bases[1]);
        buffer = malloc(IMAGE_USE_BUFFER);
        memset(buffer, 0x5a, IMAGE_USE_BUFFER);
        file = malloc(bases[bases[0].size < bases[1].size].size);
    }
    const struct base *base = &bases[flags & 1];
    const uint8_t *bytes = in_bytes(&in, &length);
    struct input script = {bytes, bytes + length};
    memcpy(file, base->bytes, base->size);
    change(base, &in, file);
    const char *path = file_with(0, file, base->size);
    use(path, base->format, flags & 2, flags & 4 ? NULL : "s", script,
        buffer);
    if (flags & 8) {
        amend(path, base->header, how);
    }
    return 0;
}
