/*
 * Differencing VHD and VHDX images, which nothing of Debian's writes: a
 * child of an image of the same format, and what it should read as.
 *
 *   make_child vpc|vhdx PARENT CHILD RAW SEED
 *
 * RAW begins as the parent's contents.  Some blocks of the child have some
 * sectors, some have all, the rest none.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/vhdx.h"
#include "block/vpc.h"

#define BLOCK (1u << 20)     /* vhdx */
#define VPC_BLOCK (2u << 20) /* what vpc_create() makes */

static uint64_t state;
static int child, raw, parent;
static uint64_t size; /* of the disk, bytes */

static uint64_t next(void)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return state >> 33;
}

static void put(int fd, const void *from, size_t length, uint64_t offset)
{
    if (pwrite(fd, from, length, (off_t)offset) != (ssize_t)length) {
        perror("make_child: write");
        exit(1);
    }
}

static void get(int fd, void *to, size_t length, uint64_t offset)
{
    if (pread(fd, to, length, (off_t)offset) != (ssize_t)length) {
        perror("make_child: read");
        exit(1);
    }
}

/* New contents of a part of a block, and their bits. */
static void change(uint8_t *data, uint8_t *bits, uint64_t block,
                   uint64_t block_size, bool from_top, bool all)
{
    uint64_t sectors = block_size / BLOCK_SECTOR;

    memset(bits, 0, sectors / 8);
    for (uint64_t i = 0; i < sectors;) {
        uint64_t run = 1 + next() % 300;
        bool ours = all || next() % 2;
        for (; run && i < sectors; run--, i++) {
            uint64_t at = block * block_size + i * BLOCK_SECTOR;
            memset(data + i * BLOCK_SECTOR, (int)next(), BLOCK_SECTOR);
            if (ours) {
                bits[i / 8] |= (uint8_t)(from_top ? 0x80 >> i % 8
                                                  : 1 << i % 8);
            }
            if (ours && at < size) {
                put(raw, data + i * BLOCK_SECTOR, BLOCK_SECTOR, at);
            }
        }
    }
}

/* In UTF-16; returns the bytes. */
static unsigned wide(const char *from, bool big, uint8_t *to)
{
    unsigned n = 0;

    for (; *from; from++, n += 2) {
        sparse_store(to + n, 2, big, (uint8_t)*from);
    }
    return n;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* VHD ------------------------------------------------------------------- */

static void sum(uint8_t *p, unsigned length, unsigned field)
{
    vpc_store(p, field, 4, vpc_checksum(p, length, field));
}

static void make_vpc(const char *parent_path)
{
    static uint8_t data[VPC_BLOCK];
    uint8_t footer[VPC_FOOTER_SIZE], h[VPC_HEADER_SIZE], theirs[512];
    uint8_t bits[VPC_BLOCK / BLOCK_SECTOR / 8], entry[4];
    uint8_t name[1024];
    char windows[512];
    uint64_t end = (uint64_t)lseek(parent, -512, SEEK_END);

    get(parent, theirs, sizeof(theirs), end);
    get(child, footer, sizeof(footer), 0);
    get(child, h, sizeof(h), VPC_FOOTER_SIZE);
    vpc_store(footer, VPC_AT_TYPE, 4, VPC_TYPE_DIFFERENCING);
    sum(footer, sizeof(footer), VPC_AT_CHECKSUM);
    memcpy(h + VPC_AT_DYN_PARENT, theirs + VPC_AT_UUID, 16);
    wide(base_of(parent_path), true, h + VPC_AT_DYN_PARENT_NAME);
    end = align_down((uint64_t)lseek(child, 0, SEEK_END), BLOCK_SECTOR);
    /* A place that there is not, and one relative to the image. */
    snprintf(windows, sizeof(windows), ".\\%s", base_of(parent_path));
    const char *const names[][2] = {{"W2ku", "C:\\nowhere\\x.vhd"},
                                    {"W2ru", windows}};
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *l = h + VPC_AT_DYN_LOCATORS + i * 24;
        unsigned length = wide(names[i][1], false, name);
        memcpy(l, names[i][0], 4);
        vpc_store(l, 4, 4, BLOCK_SECTOR);
        vpc_store(l, 8, 4, length);
        vpc_store(l, 16, 8, end);
        put(child, name, length, end);
        end += BLOCK_SECTOR;
    }
    sum(h, sizeof(h), VPC_AT_DYN_CHECKSUM);
    put(child, footer, sizeof(footer), 0);
    put(child, h, sizeof(h), VPC_FOOTER_SIZE);
    for (uint64_t b = 0; b * VPC_BLOCK < size; b++) {
        if (next() % 3 == 0) {
            continue;
        }
        change(data, bits, b, VPC_BLOCK, true, next() % 4 == 0);
        put(child, bits, sizeof(bits), end);
        put(child, data, sizeof(data), end + sizeof(bits));
        vpc_store(entry, 0, 4, end / BLOCK_SECTOR);
        put(child, entry, 4, vpc_load(h, VPC_AT_DYN_TABLE, 8) + b * 4);
        end += sizeof(bits) + sizeof(data);
    }
    put(child, footer, sizeof(footer), end);
}

/* VHDX ------------------------------------------------------------------ */

static uint64_t find_region(const uint8_t *guid)
{
    uint8_t entry[32];

    for (unsigned i = 0; i < 2; i++) {
        get(child, entry, sizeof(entry), VHDX_REGIONS_AT(0) + 16 + i * 32);
        if (memcmp(entry, guid, 16) == 0) {
            return vhdx_load(entry, 16, 8);
        }
    }
    exit(1);
}

/* The newer header's. */
static void data_guid(char *text)
{
    uint8_t h[2][VHDX_HEADER_SIZE];

    get(parent, h[0], sizeof(h[0]), VHDX_HEADER_AT(0));
    get(parent, h[1], sizeof(h[1]), VHDX_HEADER_AT(1));
    bool second = vhdx_load(h[1], VHDX_AT_SEQUENCE, 8) >
                  vhdx_load(h[0], VHDX_AT_SEQUENCE, 8);
    const uint8_t *g = h[second] + VHDX_AT_DATA_GUID;
    snprintf(text, 40, "{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}",
             (unsigned)vhdx_load(g, 0, 4), (unsigned)vhdx_load(g, 4, 2),
             (unsigned)vhdx_load(g, 6, 2), g[8], g[9], g[10], g[11], g[12],
             g[13], g[14], g[15]);
}

/* The parameters say that there is a parent, a locator says which. */
static void name_parent(const char *parent_path)
{
    uint64_t metadata = find_region(vhdx_guid_metadata);
    uint8_t table[4096], locator[2048] = {0}, value[8];
    char guid[40], windows[512];
    unsigned at = 20 + 3 * 12;

    data_guid(guid);
    snprintf(windows, sizeof(windows), ".\\%s", base_of(parent_path));
    const char *const pairs[][2] = {
        {"parent_linkage", guid},
        {"absolute_win32_path", "C:\\nowhere\\x.vhdx"},
        {"relative_path", windows},
    };
    vhdx_store(locator, 18, 2, 3);
    for (unsigned i = 0; i < 3; i++) {
        uint8_t *e = locator + 20 + i * 12;
        for (unsigned k = 0; k < 2; k++) {
            unsigned n = wide(pairs[i][k], false, locator + at);
            vhdx_store(e, k * 4, 4, at);
            vhdx_store(e, 8 + k * 2, 2, n);
            at += n;
        }
    }
    get(child, table, sizeof(table), metadata);
    unsigned count = (unsigned)vhdx_load(table, 10, 2);
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *e = table + 32 + i * 32;
        if (memcmp(e, vhdx_guid_parameters, 16) == 0) {
            uint64_t place = metadata + vhdx_load(e, 16, 4);
            get(child, value, sizeof(value), place);
            value[4] |= 2;
            put(child, value, sizeof(value), place);
        }
    }
    uint8_t *e = table + 32 + count * 32;
    memcpy(e, vhdx_guid_locator, 16);
    vhdx_store(e, 16, 4, 512 << 10);
    vhdx_store(e, 20, 4, at);
    vhdx_store(e, 24, 4, 4);
    vhdx_store(table, 10, 2, count + 1);
    put(child, table, sizeof(table), metadata);
    put(child, locator, at, metadata + (512 << 10));
}

static void make_vhdx(const char *parent_path)
{
    static uint8_t data[BLOCK];
    uint8_t bits[BLOCK / BLOCK_SECTOR / 8], entry[8];
    uint64_t bat = find_region(vhdx_guid_bat);
    uint64_t end = align_up((uint64_t)lseek(child, 0, SEEK_END), VHDX_MIB);
    uint64_t bitmap = end, ratio = VHDX_CHUNK * BLOCK_SECTOR / BLOCK;

    name_parent(parent_path);
    end += VHDX_MIB;
    vhdx_store(entry, 0, 8, bitmap | VHDX_PRESENT);
    put(child, entry, 8, bat + ratio * 8);
    for (uint64_t b = 0; b * BLOCK < size; b++) {
        if (next() % 3 == 0) {
            continue;
        }
        bool all = next() % 4 == 0;
        change(data, bits, b, BLOCK, false, all);
        if (!all) {
            put(child, bits, sizeof(bits), bitmap + b * sizeof(bits));
        }
        put(child, data, sizeof(data), end);
        vhdx_store(entry, 0, 8, end | (all ? VHDX_PRESENT : VHDX_PARTIAL));
        put(child, entry, 8, bat + b * 8);
        end += BLOCK;
    }
}

int main(int argc, char **argv)
{
    struct error *err = NULL;

    if (argc != 6) {
        fprintf(stderr, "usage: make_child vpc|vhdx PARENT CHILD RAW SEED\n");
        return 2;
    }
    bool vpc = strcmp(argv[1], "vpc") == 0;
    state = strtoull(argv[5], NULL, 0);
    raw = open(argv[4], O_RDWR | O_CLOEXEC);
    parent = open(argv[2], O_RDONLY | O_CLOEXEC);
    size = (uint64_t)lseek(raw, 0, SEEK_END);
    struct block_new how = {.path = argv[3], .size = size,
                            .force_size = true,
                            .block_size = BLOCK,
                            .block_state_not_present = true};
    if (raw < 0 || parent < 0 ||
        !(vpc ? vpc_create(&how, &err) : vhdx_create(&how, &err))) {
        error_report_free(err);
        return 1;
    }
    child = open(argv[3], O_RDWR | O_CLOEXEC);
    if (vpc) {
        make_vpc(argv[2]);
    } else {
        make_vhdx(argv[2]);
    }
    return 0;
}
