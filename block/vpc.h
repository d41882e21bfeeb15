/* Virtual PC and Hyper-V disk images: what the files of this format share. */
#ifndef BLOCK_VPC_H
#define BLOCK_VPC_H

#include "block/formats.h"
#include "block/sparse.h"

#define VPC_FOOTER_SIZE 512
#define VPC_HEADER_SIZE 1024
#define VPC_UNALLOCATED UINT32_C(0xffffffff)
#define VPC_MAX_SECTORS UINT64_C(0xff000000) /* 2040 GiB */

/* The footer. */
enum {
    VPC_AT_FEATURES = 8,
    VPC_AT_VERSION = 12,
    VPC_AT_HEADER = 16, /* 64 bits; all ones: none */
    VPC_AT_TIME = 24,
    VPC_AT_CREATOR = 28,
    VPC_AT_CREATOR_VERSION = 32,
    VPC_AT_CREATOR_OS = 36,
    VPC_AT_ORIGINAL_SIZE = 40, /* 64 bits */
    VPC_AT_SIZE = 48,          /* 64 bits */
    VPC_AT_CYLINDERS = 56,     /* 16 bits */
    VPC_AT_HEADS = 58,         /* 8 bits */
    VPC_AT_SECTORS = 59,       /* 8 bits */
    VPC_AT_TYPE = 60,
    VPC_AT_CHECKSUM = 64,
    VPC_AT_UUID = 68,
};
enum { VPC_TYPE_FIXED = 2, VPC_TYPE_DYNAMIC = 3, VPC_TYPE_DIFFERENCING = 4 };

/* The header of a dynamic image. */
enum {
    VPC_AT_DYN_NEXT = 8,   /* 64 bits */
    VPC_AT_DYN_TABLE = 16, /* 64 bits */
    VPC_AT_DYN_VERSION = 24,
    VPC_AT_DYN_ENTRIES = 28,
    VPC_AT_DYN_BLOCK_SIZE = 32,
    VPC_AT_DYN_CHECKSUM = 36,
    /* Of a differencing image. */
    VPC_AT_DYN_PARENT = 40,       /* 16 bytes: its VPC_AT_UUID */
    VPC_AT_DYN_PARENT_NAME = 64,  /* 512 bytes of UTF-16 */
    VPC_AT_DYN_LOCATORS = 576,    /* 8 of 24 bytes */
};

static inline uint64_t vpc_load(const uint8_t *p, unsigned at, unsigned bytes)
{
    return sparse_load(p + at, bytes, true);
}

static inline void vpc_store(uint8_t *p, unsigned at, unsigned bytes,
                             uint64_t value)
{
    sparse_store(p + at, bytes, true, value);
}

static inline uint32_t vpc_checksum(const uint8_t *p, unsigned length,
                                    unsigned skip)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < length; i++) {
        sum += i >= skip && i < skip + 4 ? 0 : p[i];
    }
    return ~sum;
}

struct vpc_chs {
    unsigned cylinders, heads, sectors;
};
#define VPC_MAX_CHS (UINT64_C(65535) * 16 * 255)

static inline uint64_t vpc_chs_total(struct vpc_chs g)
{
    return (uint64_t)g.cylinders * g.heads * g.sectors;
}

#endif
