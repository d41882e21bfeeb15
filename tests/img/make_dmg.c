/*
 * A UDIF image of a disk, for no tool of Debian's writes them: two tables of
 * chunks of all kinds.
 *
 *   make_dmg RAW DMG raw|zlib|bzip2|xz
 *
 * Status 3: this build has no such compression.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#ifdef CONFIG_BZIP2
#include <bzlib.h>
#endif
#ifdef CONFIG_LZMA
#include <lzma.h>
#endif

#include "block/dmg.h"
#include "block/sparse.h"

#define CHUNK (96u << 10) /* bytes; not a divisor of the disk's size */
#define MAX_CHUNKS 4096

static FILE *out;
static uint8_t table[204 + 40 * MAX_CHUNKS];

static void put(uint8_t *to, unsigned bytes, uint64_t value)
{
    sparse_store(to, bytes, true, value);
}

/* Bytes of the result, or 0. */
static size_t pack(const char *how, const uint8_t *from, size_t length,
                   uint8_t *to, size_t room, uint32_t *type)
{
    uLongf n = room;

    if (strcmp(how, "zlib") == 0) {
        *type = DMG_ZLIB;
        return compress(to, &n, from, length) == Z_OK ? n : 0;
    }
#ifdef CONFIG_BZIP2
    unsigned m = (unsigned)room;
    if (strcmp(how, "bzip2") == 0) {
        *type = DMG_BZIP2;
        return BZ2_bzBuffToBuffCompress((char *)to, &m, (char *)from,
                                        (unsigned)length, 9, 0, 0) == BZ_OK
                   ? m : 0;
    }
#endif
#ifdef CONFIG_LZMA
    size_t at = 0;
    if (strcmp(how, "xz") == 0) {
        *type = DMG_LZMA;
        return lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, from,
                                       length, to, &at, room) == LZMA_OK
                   ? at : 0;
    }
#endif
    return 0;
}

/* One chunk's entry, its data at the end of the file; `sector` of the part. */
static void add(uint8_t *entry, const char *how, const uint8_t *data,
                size_t length, uint64_t sector)
{
    static uint8_t packed[2 * CHUNK];
    uint32_t type = DMG_RAW;
    bool zero = !data[0] && !memcmp(data, data + 1, length - 1);
    size_t n = zero ? 0 : pack(how, data, length, packed, length - 1, &type);

    put(entry, 4, zero ? (sector / 7 % 2 ? DMG_IGNORE : DMG_ZERO)
                       : n ? type : DMG_RAW);
    put(entry + 8, 8, sector);
    put(entry + 16, 8, length / BLOCK_SECTOR);
    put(entry + 24, 8, (uint64_t)ftell(out));
    put(entry + 32, 8, zero ? 0 : n ? n : length);
    if (!zero) {
        fwrite(n ? packed : data, 1, n ? n : length, out);
    }
}

/* The table of [start, end) of the disk, in base64. */
static void make_table(FILE *list, FILE *in, const char *how, uint64_t start,
                       uint64_t end)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static uint8_t data[CHUNK];
    uint32_t count = 0;

    memset(table, 0, sizeof(table));
    memcpy(table, "mish", 4);
    put(table + 4, 4, 1);
    put(table + 8, 8, start / BLOCK_SECTOR);
    put(table + 16, 8, (end - start) / BLOCK_SECTOR);
    put(table + 204 + 40 * count++, 4, DMG_COMMENT);
    fseek(in, (long)start, SEEK_SET);
    for (uint64_t at = start; at < end; at += CHUNK) {
        size_t n = end - at < CHUNK ? end - at : CHUNK;
        if (fread(data, 1, n, in) != n || count + 2 > MAX_CHUNKS) {
            exit(1);
        }
        add(table + 204 + 40 * count++, how, data, n,
            (at - start) / BLOCK_SECTOR);
    }
    put(table + 204 + 40 * count++, 4, DMG_END);
    put(table + 200, 4, count);
    fputs("<dict><key>Data</key><data>", list);
    size_t size = 204 + 40 * count;
    for (size_t i = 0; i < size; i += 3) {
        uint32_t v = table[i] << 16 | table[i + 1] << 8 | table[i + 2];
        fprintf(list, "%s%c%c%c%c", i % 39 ? "" : "\n\t", digits[v >> 18],
                digits[v >> 12 & 63], i + 1 < size ? digits[v >> 6 & 63] : '=',
                i + 2 < size ? digits[v & 63] : '=');
    }
    fputs("\n</data></dict>", list);
}

int main(int argc, char **argv)
{
    uint8_t trailer[512] = "koly", probe[512], packed[1024];
    uint32_t type;
    char *text;
    size_t length;

    if (argc != 4) {
        fprintf(stderr, "usage: make_dmg RAW DMG raw|zlib|bzip2|xz\n");
        return 2;
    }
    memset(probe, 'x', sizeof(probe));
    if (strcmp(argv[3], "raw") != 0 &&
        !pack(argv[3], probe, sizeof(probe), packed, sizeof(packed), &type)) {
        return 3;
    }
    FILE *in = fopen(argv[1], "re"), *list = open_memstream(&text, &length);
    out = fopen(argv[2], "we");
    if (!in || !out || fseek(in, 0, SEEK_END)) {
        return 1;
    }
    uint64_t size = (uint64_t)ftell(in);
    uint64_t middle = size / 3 / BLOCK_SECTOR * BLOCK_SECTOR;
    fputs("<?xml version=\"1.0\"?><plist><dict><key>resource-fork</key>"
          "<dict><key>blkx</key><array>", list);
    make_table(list, in, argv[3], 0, middle);
    make_table(list, in, argv[3], middle, size);
    fputs("</array><key>plst</key><array><dict><data>AAAA</data></dict>"
          "</array></dict></dict></plist>", list);
    fclose(list);
    put(trailer + 4, 4, 4);
    put(trailer + 8, 4, sizeof(trailer));
    put(trailer + 32, 8, (uint64_t)ftell(out));
    put(trailer + 216, 8, (uint64_t)ftell(out));
    put(trailer + 224, 8, length);
    put(trailer + 492, 8, size / BLOCK_SECTOR);
    fwrite(text, 1, length, out);
    fwrite(trailer, 1, sizeof(trailer), out);
    free(text);
    fclose(in);
    return fclose(out) != 0;
}
