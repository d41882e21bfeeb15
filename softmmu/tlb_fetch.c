/*
 * The instruction side: what page of code lies where.
 *
 * An identity stands for a virtual page, a physical page and all else that
 * matters (page_ids.h), so where an identity lies need not be looked up again
 * when the second level has forgotten it or takes long to ask.
 */
#include <string.h>

#include "softmmu/tlb_internal.h"

static struct known_page *slot_of(struct tlb *tlb, uint64_t va)
{
    return &tlb->known[va >> TLB_PAGE_BITS & (TLB_KNOWN - 1)];
}

/* The page of `va`, if this address space has one there whose identity is
 * known; or NULL. */
static const struct known_page *find_known(struct tlb *tlb,
                                           const struct tlb_context *ctx,
                                           uint64_t va)
{
    const struct known_page *page = slot_of(tlb, va);
    uint32_t id = ctx->page_id[tlb_index(va)];

    return id && id == page->id && page->va == (va & TLB_PAGE_MASK) ? page
                                                                    : NULL;
}

void tlb_forget_known(struct tlb *tlb)
{
    memset(tlb->known, 0, sizeof(tlb->known));
}

/* The page's identity, entered in the context. */
static uint32_t identify(struct tlb *tlb, struct tlb_context *ctx,
                         uint64_t va, uint64_t pa,
                         const struct tlb_page *page)
{
    const struct tlb_key *key = &ctx->key;
    unsigned i = tlb_index(va);
    /* 12 bits; ids need not know the ASID, only what is mapped. */
    unsigned context = key->regime | (key->el & 3) << 8 |
                       (key->mmu_off ? 1 << 10 : 0) | page->guarded << 11;
    uint32_t id;

    if (ctx->page_id[i] && ctx->page_va[i] == (va & TLB_PAGE_MASK)) {
        return ctx->page_id[i];
    }
    id = page_ids_get(tlb->ids, va & TLB_PAGE_MASK, pa & TLB_PAGE_MASK,
                      context);
    tlb_l1_set_page_id(ctx, va, page, id);
    return id;
}

/* Through the second level. */
static bool fetch_mapped(struct tlb *tlb, struct tlb_context *ctx,
                         uint64_t va, uint64_t *pa, const uint8_t **host,
                         uint32_t *page_id, struct mem_fault *fault)
{
    uint64_t offset;
    struct l2_data *mapping =
        tlb_find_mapping(tlb, ctx, va, TLB_EXEC, &offset, fault);

    if (!mapping) {
        return false;
    }
    *pa = mapping->page.pa + offset;
    struct ram *ram = tlb_ram_at(tlb, mapping, *pa);
    if (!ram) {
        *fault = (struct mem_fault){
            .va = va, .status = tlb->codes.external, .access = TLB_EXEC,
            .stage = 1, .external = true,
        };
        return false;
    }
    *host = ram->host + (*pa - ram->base);
    *page_id = identify(tlb, ctx, va, *pa, &mapping->page);
    *slot_of(tlb, va) = (struct known_page){
        .va = va & TLB_PAGE_MASK, .pa = *pa & TLB_PAGE_MASK,
        .host = *host - (va & ~TLB_PAGE_MASK), .id = *page_id,
    };
    return true;
}

bool tlb_fetch(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
               uint64_t *pa, const uint8_t **host, uint32_t *page_id,
               struct mem_fault *fault)
{
    const struct known_page *page = find_known(tlb, ctx, va);

    tlb->stats.fetch_misses++;
    if (!page) {
        return fetch_mapped(tlb, ctx, va, pa, host, page_id, fault);
    }
    *pa = page->pa | (va & ~TLB_PAGE_MASK);
    *host = page->host + (va & ~TLB_PAGE_MASK);
    *page_id = page->id;
    return true;
}

/* From va to the host's address, if reads go there directly; or 0. */
static uint64_t addend_of(struct tlb *tlb, struct tlb_context *ctx,
                          uint64_t va)
{
    const struct tlb_entry *entry = tlb_entry_of(ctx, va, false);

    return tlb_hit(entry, va, 1) ? entry->addend
                                 : tlb_fill(tlb, ctx, va, 1, false, false);
}

bool tlb_reads_directly(struct tlb *tlb, struct tlb_context *ctx, uint64_t va)
{
    return addend_of(tlb, ctx, va);
}

bool tlb_find_ram(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
                  uint64_t *pa, uint8_t *flags)
{
    uint64_t addend = addend_of(tlb, ctx, va), offset;
    struct ram *ram =
        addend ? bus_ram_of(tlb->bus, (const uint8_t *)(uintptr_t)(va + addend),
                            &offset)
               : NULL;

    if (ram) {
        *pa = ram->base + offset;
        *flags = __atomic_load_n(&ram->flags[offset >> RAM_PAGE_BITS],
                                 __ATOMIC_RELAXED);
    }
    return ram;
}

uint32_t tlb_page_id_at(struct tlb *tlb, uint64_t va, uint64_t pa,
                        uint32_t id, uint64_t new_va)
{
    return page_ids_move(tlb->ids, va, pa, id, new_va);
}

bool tlb_has_page_id(const struct tlb *tlb, uint64_t va, uint32_t id)
{
    unsigned slot = tlb_index(va);

    for (unsigned i = 0; i < tlb->used; i++) {
        const struct tlb_context *ctx = &tlb->contexts[i];

        if (ctx->page_id[slot] == id && ctx->page_va[slot] == va) {
            return true;
        }
    }
    return false;
}
