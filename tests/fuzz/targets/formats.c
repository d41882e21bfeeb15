/*
 * A disk image of a format that is named: opening, reading, writing, holes,
 * checking.  The input says the format, the length of a script, the script,
 * and the file: as it is, or as pieces of a file with gaps, as some formats
 * spread over megabytes.  Checksums are put right, which no fuzzer guesses.
 * A parent is looked for, or not.
 */
#include <stdlib.h>
#include <string.h>

#include "block/vhdx.h"
#include "tests/fuzz/shared/file.h"
#include "tests/fuzz/shared/image_use.h"

#define MAX_FILE (UINT16_MAX * BLOCK_SECTOR + 4096u)

static const char *const names[] = {
    "vdi", "vpc", "vmdk", "vhdx", "qcow", "qed", "parallels", "dmg",
};

/* Pieces are a place in sectors, a length and as many bytes. */
static size_t lay_out(struct input *in, uint8_t *file)
{
    size_t size = 0;

    while (in_more(in)) {
        size_t at = (size_t)in_u16(in) * BLOCK_SECTOR;
        size_t length = in_u16(in) % 4096;
        const uint8_t *bytes = in_bytes(in, &length);
        memcpy(file + at, bytes, length);
        size = at + length > size ? at + length : size;
    }
    return size;
}

/* The log is where all put it, and has a few entries at most. */
static void sum_vhdx_log(uint8_t *file, size_t size)
{
    for (size_t at = 1 << 20; at + 4096 <= size && at < 17 << 16;
         at += 4096) {
        uint64_t length = vhdx_load(file + at, 8, 4);
        if (memcmp(file + at, "loge", 4) == 0 && length >= 8 &&
            length <= size - at) {
            vhdx_store(file + at, VHDX_AT_CHECKSUM, 4,
                       vhdx_checksum(file + at, length));
        }
    }
}

static void sum_vhdx(uint8_t *file, size_t size)
{
    static const struct { uint32_t at, length; } summed[] = {
        {64 << 10, VHDX_HEADER_SIZE}, {128 << 10, VHDX_HEADER_SIZE},
        {192 << 10, VHDX_TABLE_SIZE}, {256 << 10, VHDX_TABLE_SIZE},
    };

    for (size_t i = 0; i < ARRAY_SIZE(summed); i++) {
        if (size >= summed[i].at + summed[i].length) {
            uint8_t *p = file + summed[i].at;
            vhdx_store(p, VHDX_AT_CHECKSUM, 4,
                       vhdx_checksum(p, summed[i].length));
        }
    }
    sum_vhdx_log(file, size);
}

static void sum_vpc(uint8_t *file, size_t size, size_t at, size_t length,
                    unsigned field)
{
    uint32_t sum = 0;

    if (at > size || length > size - at) {
        return;
    }
    memset(file + at + field, 0, 4);
    for (size_t i = 0; i < length; i++) {
        sum += file[at + i];
    }
    sparse_store(file + at + field, 4, true, ~sum);
}

static void put_sums_right(const char *format, uint8_t *file, size_t size)
{
    if (strcmp(format, "vhdx") == 0) {
        sum_vhdx(file, size);
    } else if (strcmp(format, "vpc") == 0) {
        sum_vpc(file, size, 512, 1024, 36);
        sum_vpc(file, size, 0, 512, 64);
        if (size >= 1024) {
            sum_vpc(file, size, size - 512, 512, 64);
        }
    }
}

static void one(struct block_image *image, struct input *in, uint8_t *buffer)
{
    unsigned what = in_u8(in);
    uint64_t offset = (uint64_t)in_u16(in) * BLOCK_SECTOR << (what >> 3 & 24);
    uint64_t length;

    if (image_use_range(image, in, &offset, &length)) {
        image_use(image, what & 7, what & 8, offset, length, buffer);
    }
}

static void use(const char *path, const char *format, bool read_only,
                bool parent, struct input script, uint8_t *buffer)
{
    struct block_config config = {.file = path, .format = format,
                                  .read_only = read_only,
                                  .cache = BLOCK_CACHE_UNSAFE};
    struct block_opening how = {.config = &config, .no_backing = !parent};
    struct block_check check = {0};
    struct error *err = NULL;
    struct block_image *image = block_image_open_as(&how, &err);

    if (!image != !!err) {
        abort(); /* an error and no sentence, or the other way round */
    }
    while (image && in_more(&script)) {
        one(image, &script, buffer);
    }
    if (image && image->ops->check && image->size < 1u << 30) {
        image->ops->check(image, &check);
    }
    block_image_close(image);
    error_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *buffer;
    struct input in = {data, data + size};
    unsigned first = in_u8(&in);
    const char *format = names[first % ARRAY_SIZE(names)];
    size_t length = in_u8(&in) % 64, used;

    if (!buffer) {
        file_enter_sandbox();
        buffer = malloc(IMAGE_USE_BUFFER);
        memset(buffer, 0x5a, IMAGE_USE_BUFFER);
    }
    const uint8_t *bytes = in_bytes(&in, &length);
    struct input script = {bytes, bytes + length};
    uint8_t *file = file_of_zeroes(0, MAX_FILE);
    if (first & 0x80) {
        used = lay_out(&in, file);
    } else {
        used = in_left(&in) < MAX_FILE ? in_left(&in) : MAX_FILE;
        memcpy(file, in.at, used);
    }
    if (!(first & 0x40)) {
        put_sums_right(format, file, used);
    }
    const char *path = file_cut(0, used);
    use(path, format, true, first & 0x20, script, buffer);
    use(path, format, false, first & 0x20, script, buffer);
    return 0;
}
