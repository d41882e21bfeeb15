/* One translation through the stages that it has; see mmu_walk.h for the map
 * of these files. */
#include "cpu/arm/mmu.h"

#include "cpu/arm/mmu_walk.h"
#include "util/bits.h"

/* The page that stage 1 found, through stage 2. */
static uint32_t add_stage2(const struct mmu_request *request, uint64_t ipa,
                           struct tlb_page *page)
{
    struct tlb_page second;
    uint32_t status =
        mmu_stage2(request, ipa, request->access, false, &second);

    if (status != MMU_NO_FAULT) {
        return status | MMU_STAGE2_FAULT;
    }
    page->pa = second.pa;
    if (second.block_size < page->block_size) {
        page->block_size = second.block_size;
    }
    page->perm_el0 &= second.perm_el0;
    page->perm_el1 &= second.perm_el1;
    mmu_combine_attr(request->stage2, request->access == TLB_EXEC, page,
                     &second);
    return MMU_NO_FAULT;
}

bool mmu_translate(const struct mmu_request *request, struct tlb_page *page,
                   struct mem_fault *fault)
{
    uint64_t ipa = 0;

    *page = (struct tlb_page){0};
    uint32_t status = mmu_stage1(request, page, &ipa);

    if (status == MMU_NO_FAULT && request->stage2 &&
        request->purpose != MMU_FOR_AT_STAGE1) {
        ipa = page->pa | (request->va & mask64(TLB_PAGE_BITS));
        status = add_stage2(request, ipa, page);
    }
    if (status == MMU_NO_FAULT) {
        return true;
    }
    bool second = status & MMU_STAGE2_FAULT;
    uint32_t code = status & 0xff;
    *fault = (struct mem_fault){
        .va = request->va,
        .ipa = second ? ipa : 0,
        .status = code,
        .access = (uint8_t)request->access,
        .stage = second ? 2 : 1,
        .s1ptw = status & MMU_S1PTW,
        .external = (code & ~3u) == MMU_EXTERNAL_ON_WALK ||
                    code == MMU_EXTERNAL_ON_WALK_M1,
    };
    return false;
}
