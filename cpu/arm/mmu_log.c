/* Table walks and TLB maintenance as -d mmu shows them, a line each. */
#include "cpu/arm/mmu_log.h"

#include <inttypes.h>

#include "cpu/arm/levels.h"
#include "util/log.h"

/* ---- walks ---- */

static const char *fault_name(uint32_t status)
{
    if (status & MMU_STAGE2_FAULT) {
        return "fault of stage 2";
    }
    switch (status) {
    case MMU_ADDRESS_SIZE_M1:
        return "address size fault";
    case MMU_TRANSLATION_M1:
        return "translation fault";
    case MMU_EXTERNAL_ON_WALK_M1:
        return "external abort";
    case MMU_UNSUPPORTED_UPDATE:
        return "update of what is not RAM";
    default:
        break;
    }
    switch (status & ~3u) {
    case MMU_ADDRESS_SIZE:
        return "address size fault";
    case MMU_TRANSLATION:
        return "translation fault";
    case MMU_ACCESS_FLAG:
        return "access flag fault";
    case MMU_PERMISSION:
        return "permission fault";
    default:
        return "external abort";
    }
}

static bool is_kind(uint32_t status, uint32_t kind, uint32_t kind_m1)
{
    return (status & ~3u) == kind || status == kind_m1;
}

/* The walk ended with one, not before it was read. */
static bool has_descriptor(const struct walk *w, uint32_t status)
{
    return w->desc_pa &&
           (status == MMU_NO_FAULT ||
            !((status & MMU_STAGE2_FAULT) ||
              is_kind(status, MMU_EXTERNAL_ON_WALK, MMU_EXTERNAL_ON_WALK_M1)));
}

/* Addresses that are too large are found a level on. */
static int level_of(const struct walk *w, uint32_t status)
{
    return is_kind(status, MMU_ADDRESS_SIZE, MMU_ADDRESS_SIZE_M1)
               ? (status == MMU_ADDRESS_SIZE_M1 ? -1 : (int)(status & 3))
               : w->level;
}

static void print_size(FILE *f, uint64_t size)
{
    static const char units[] = "KMGT";
    unsigned unit = 0;

    for (size >>= 10; size >= 1024; size >>= 10) {
        unit++;
    }
    fprintf(f, "%" PRIu64 " %ciB", size, units[unit]);
}

static void print_rights(FILE *f, unsigned el, uint8_t perm)
{
    fprintf(f, ", EL%u %c%c%c", el, perm & TLB_PERM_R ? 'r' : '-',
            perm & TLB_PERM_W ? 'w' : '-', perm & TLB_PERM_X ? 'x' : '-');
}

static void print_page(FILE *f, const struct walk *w,
                       const struct tlb_page *page)
{
    enum mmu_regime regime = w->request->regs->regime;

    fprintf(f, "to 0x%" PRIx64 ", ", page->pa & ~(page->block_size - 1));
    print_size(f, page->block_size);
    print_rights(f, w->stage == 2 || regime == MMU_EL1_0
                        ? 1 : regime == MMU_EL2 ? 2 : 3, page->perm_el1);
    if (regime == MMU_EL1_0) {
        print_rights(f, 0, page->perm_el0);
    }
    fputs(page->device ? ", Device\n" : "\n", f);
}

void mmu_log_walk(const struct walk *w, uint32_t status,
                  const struct tlb_page *page)
{
    static const char *const accesses[] = {
        [TLB_READ] = "read", [TLB_WRITE] = "write", [TLB_EXEC] = "fetch",
    };
    const struct mmu_request *request = w->request;
    const struct tlb_key *key = request->key;
    FILE *f = log_lock(LOG_MMU);

    if (!f) {
        return;
    }
    fprintf(f, "Walk on CPU %u: stage %u, EL%u %s of 0x%" PRIx64 ", %s %u: ",
            request->cpu, w->stage, key->el, accesses[w->access], w->va,
            w->stage == 2 ? "VMID" : "ASID",
            w->stage == 2 ? key->vmid : key->asid);
    if (has_descriptor(w, status)) {
        fprintf(f, "level %d descriptor 0x%" PRIx64 " at 0x%" PRIx64 ": ",
                level_of(w, status), w->desc, w->desc_pa);
    } else if (w->valid) {
        fprintf(f, "level %d table: ", w->level);
    } else {
        fputs("no table: ", f);
    }
    if (status == MMU_NO_FAULT) {
        print_page(f, w, page);
    } else {
        fprintf(f, "%s\n", fault_name(status));
    }
    log_unlock(f);
}

/* ---- invalidations ---- */

static const char *const regimes[] = {
    [ARM_REGIME_EL1_0] = "EL1&0", [ARM_REGIME_EL2] = "EL2",
    [ARM_REGIME_EL3] = "EL3", [ARM_REGIME_EL2_0] = "EL2&0",
    [ARM_REGIME_S_EL1_0] = "Secure EL1&0",
};

void mmu_log_inval(unsigned cpu, const struct tlb_inval *inval,
                   bool broadcast)
{
    FILE *f = log_lock(LOG_MMU);

    if (!f) {
        return;
    }
    fprintf(f, "TLBI on CPU %u%s: %s", cpu, broadcast ? ", to all" : "",
            regimes[inval->regime]);
    if (!inval->all_vmids) {
        fprintf(f, ", VMID %u", inval->vmid);
    }
    if (inval->kind == TLB_INVAL_ASID || inval->kind == TLB_INVAL_VA) {
        fprintf(f, ", ASID %u", inval->asid);
    }
    if (inval->kind == TLB_INVAL_VA || inval->kind == TLB_INVAL_VA_ALL) {
        fprintf(f, ", 0x%" PRIx64 " to 0x%" PRIx64 "%s", inval->va,
                inval->va + inval->size - 1,
                inval->leaf ? ", last level" : "");
    }
    fputc('\n', f);
    log_unlock(f);
}
