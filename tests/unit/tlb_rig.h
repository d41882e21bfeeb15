/*
 * Both levels of the TLB over RAM, ROM and a device, with a walker that reads
 * a list of mappings.
 *
 * There is one, made and taken down by the fixtures.
 */
#ifndef TESTS_UNIT_TLB_RIG_H
#define TESTS_UNIT_TLB_RIG_H

#include <check.h>
#include <string.h>

#include "softmmu/tlb.h"
#include "util/bits.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE (4u << 20)
#define ROM_BASE UINT64_C(0x0)
#define DEV_BASE UINT64_C(0x09000000)
#define NOWHERE UINT64_C(0x70000000)
#define PAGE UINT64_C(4096)

#define R TLB_PERM_R
#define W TLB_PERM_W
#define X TLB_PERM_X

enum { CODE_ALIGNMENT = 0x21, CODE_EXTERNAL = 0x10, CODE_WALK = 0x07,
       CODE_PERM = 0x0f };

struct mapping {
    uint64_t va, size, pa;
    uint8_t el0, el1;
    bool device, global;
    int asid; /* -1: any */
};

struct tlb_rig {
    struct bus *bus;
    struct ram *ram, *rom;
    struct page_ids *ids;
    struct tlb *tlb;

    /* The walker's list; how often it was asked; the page it says a debugger
     * watches. */
    struct mapping maps[32];
    unsigned map_count, walks;

    /* The device: what it saw, newest last. */
    struct {
        unsigned count;
        struct bus_access seen[8];
        uint64_t value;
    } device;

    struct mem_fault fault; /* of the last load() or store() */
};
extern struct tlb_rig tlb_rig;

/* Fixtures. */
void tlb_rig_setup(void);
void tlb_rig_teardown(void);

/* What tlb_new() wants beside a walker: a tag's bits are ignored. */
uint64_t tlb_rig_strip(void *cpu, const struct tlb_key *key, uint64_t va);
extern const struct tlb_codes tlb_rig_codes;

/* Short forms ------------------------------------------------------------ */

static inline struct tlb_context *context(unsigned el, unsigned asid)
{
    struct tlb_key key = {.el = (uint8_t)el, .asid = (uint16_t)asid};
    return tlb_context(tlb_rig.tlb, &key);
}

static inline bool hits(const struct tlb_context *ctx, bool write,
                        uint64_t va, unsigned size)
{
    return (tlb_entry_of(ctx, va, write)->tag ^ va) <= PAGE - size;
}

static inline uint8_t *frame(uint64_t pa)
{
    return tlb_rig.ram->host + (pa - RAM_BASE);
}

static inline bool load(struct tlb_context *ctx, uint64_t va, unsigned size,
                        unsigned flags, void *data)
{
    memset(&tlb_rig.fault, 0, sizeof(tlb_rig.fault));
    return tlb_load(tlb_rig.tlb, ctx, va, size, flags, data, &tlb_rig.fault);
}

static inline bool store(struct tlb_context *ctx, uint64_t va, unsigned size,
                         unsigned flags, const void *data)
{
    memset(&tlb_rig.fault, 0, sizeof(tlb_rig.fault));
    return tlb_store(tlb_rig.tlb, ctx, va, size, flags, data, &tlb_rig.fault);
}

static inline uint64_t load64(struct tlb_context *ctx, uint64_t va)
{
    uint64_t value;
    ck_assert(load(ctx, va, 8, 0, &value));
    return value;
}

/* Code at `va` must be that of `pa`; returns the page's id. */
static inline uint32_t fetch(struct tlb_context *ctx, uint64_t va, uint64_t pa)
{
    uint64_t got;
    const uint8_t *host;
    uint32_t id;

    ck_assert(
        tlb_fetch(tlb_rig.tlb, ctx, va, &got, &host, &id, &tlb_rig.fault));
    ck_assert_uint_eq(got, pa);
    ck_assert_ptr_eq(host, frame(pa));
    ck_assert_uint_ne(id, 0);
    ck_assert_uint_eq(ctx->page_id[tlb_index(va)], id);
    return id;
}

static inline void invalidate(int kind, unsigned asid, uint64_t va,
                              uint64_t size)
{
    struct tlb_inval inval = {
        .kind = kind, .all_vmids = true, .asid = (uint16_t)asid, .va = va,
        .size = size};
    tlb_invalidate(tlb_rig.tlb, &inval);
}

static inline void ck_fault(uint64_t va, uint32_t status,
                            enum tlb_access access)
{
    ck_assert_uint_eq(tlb_rig.fault.va, va);
    ck_assert_uint_eq(tlb_rig.fault.status, status);
    ck_assert_uint_eq(tlb_rig.fault.access, access);
}

#endif
