/* New VHD images. */
#include <string.h>
#include <time.h>

#include "block/vpc.h"

#define BLOCK_SIZE (UINT64_C(2) << 20)
#define EPOCH INT64_C(946684800)         /* 2000-01-01, UTC */

const char *const vpc_subformats[] = {"dynamic", "fixed", NULL};

/* As the specification's appendix has it; `total` sectors. */
static struct vpc_chs geometry(uint64_t total)
{
    struct vpc_chs g = {.heads = 16, .sectors = 255};
    uint64_t tracks;

    total = total < VPC_MAX_CHS ? total : VPC_MAX_CHS;
    tracks = total / 255;
    if (total < UINT64_C(65535) * 16 * 63) {
        g.sectors = 17;
        tracks = total / 17;
        g.heads = (unsigned)((tracks + 1023) / 1024);
        g.heads = g.heads < 4 ? 4 : g.heads;
        if (tracks >= g.heads * 1024 || g.heads > 16) {
            g.sectors = 31;
            g.heads = 16;
            tracks = total / 31;
        }
        if (tracks >= g.heads * 1024) {
            g.sectors = 63;
            g.heads = 16;
            tracks = total / 63;
        }
    }
    g.cylinders = (unsigned)(tracks / g.heads);
    return g;
}

/* The geometry, and the size of the disk in sectors. */
static bool choose_size(const struct block_new *how, struct vpc_chs *g,
                        uint64_t *sectors, struct error **err)
{
    *sectors = how->size / BLOCK_SECTOR;
    *g = geometry(*sectors);
    if (!how->force_size) {
        /* The smallest geometry that has room. */
        for (uint64_t more = 0; *sectors > vpc_chs_total(*g) &&
             vpc_chs_total(*g) < VPC_MAX_CHS; more++) {
            *g = geometry(*sectors + more);
        }
        *sectors = vpc_chs_total(*g) < VPC_MAX_CHS ? vpc_chs_total(*g)
                                                   : *sectors;
    }
    if (*sectors > VPC_MAX_SECTORS) {
        error_set(err, "%s: a VHD image has at most 2040 GiB", how->path);
        return false;
    }
    return true;
}

static void make_footer(const struct block_new *how, struct vpc_chs g,
                        uint64_t size, uint8_t *f)
{
    bool fixed = how->subformat == 1;

    memcpy(f, "conectix", 8);
    vpc_store(f, VPC_AT_FEATURES, 4, 2);
    vpc_store(f, VPC_AT_VERSION, 4, 0x00010000);
    vpc_store(f, VPC_AT_HEADER, 8, fixed ? UINT64_MAX : VPC_FOOTER_SIZE);
    vpc_store(f, VPC_AT_TIME, 4, (uint64_t)(time(NULL) - EPOCH));
    /* QEMU's names, which say where the size is. */
    memcpy(f + VPC_AT_CREATOR, how->force_size ? "qem2" : "qemu", 4);
    vpc_store(f, VPC_AT_CREATOR_VERSION, 4, 0x00050003);
    memcpy(f + VPC_AT_CREATOR_OS, "Wi2k", 4);
    vpc_store(f, VPC_AT_ORIGINAL_SIZE, 8, size);
    vpc_store(f, VPC_AT_SIZE, 8, size);
    vpc_store(f, VPC_AT_CYLINDERS, 2, g.cylinders);
    f[VPC_AT_HEADS] = (uint8_t)g.heads;
    f[VPC_AT_SECTORS] = (uint8_t)g.sectors;
    vpc_store(f, VPC_AT_TYPE, 4, fixed ? VPC_TYPE_FIXED : VPC_TYPE_DYNAMIC);
    sparse_uuid(f + VPC_AT_UUID);
    vpc_store(f, VPC_AT_CHECKSUM, 4,
              vpc_checksum(f, VPC_FOOTER_SIZE, VPC_AT_CHECKSUM));
}

static int write_dynamic(struct block_file *file, const uint8_t *footer,
                         uint64_t size)
{
    uint64_t entries = size / BLOCK_SIZE + (size % BLOCK_SIZE != 0);
    uint64_t table = VPC_FOOTER_SIZE + VPC_HEADER_SIZE, at = table;
    uint64_t end = align_up(table + entries * 4, BLOCK_SECTOR);
    uint8_t h[VPC_HEADER_SIZE] = "cxsparse", ones[BLOCK_SECTOR];

    vpc_store(h, VPC_AT_DYN_NEXT, 8, UINT64_MAX);
    vpc_store(h, VPC_AT_DYN_TABLE, 8, table);
    vpc_store(h, VPC_AT_DYN_VERSION, 4, 0x00010000);
    vpc_store(h, VPC_AT_DYN_ENTRIES, 4, entries);
    vpc_store(h, VPC_AT_DYN_BLOCK_SIZE, 4, BLOCK_SIZE);
    vpc_store(h, VPC_AT_DYN_CHECKSUM, 4,
              vpc_checksum(h, VPC_HEADER_SIZE, VPC_AT_DYN_CHECKSUM));
    memset(ones, 0xff, sizeof(ones));
    int error = sparse_write_at(file, 0, footer, VPC_FOOTER_SIZE);
    error = error ? error
                  : sparse_write_at(file, VPC_FOOTER_SIZE, h, sizeof(h));
    for (; at < end && !error; at += sizeof(ones)) {
        error = sparse_write_at(file, at, ones, sizeof(ones));
    }
    return error ? error : sparse_write_at(file, end, footer, VPC_FOOTER_SIZE);
}

bool vpc_create(const struct block_new *how, struct error **err)
{
    uint8_t footer[VPC_FOOTER_SIZE] = {0};
    uint64_t sectors;
    struct vpc_chs g;

    if (!choose_size(how, &g, &sectors, err)) {
        return false;
    }
    make_footer(how, g, sectors * BLOCK_SECTOR, footer);
    struct block_file *file = sparse_create_file(how->path, err);
    if (!file) {
        return false;
    }
    int error = how->subformat == 1
                    ? sparse_write_at(file, sectors * BLOCK_SECTOR, footer,
                                      VPC_FOOTER_SIZE)
                    : write_dynamic(file, footer, sectors * BLOCK_SECTOR);
    return sparse_finish_file(file, error, err);
}
