/* Memory types: of a page that two stages describe (Arm ARM D8.6), and as AT
 * instructions report them. */
#include "cpu/arm/mmu_walk.h"

#include "util/bits.h"

#define HCR_CD BIT(32)
#define HCR_ID BIT(33)
#define HCR_FWB BIT(46)

/* Halves of a byte of MAIR. */
#define NON_CACHEABLE 4u
#define WRITE_THROUGH 8u
#define WRITE_BACK 12u

#define OUTER_SHAREABLE 2
#define INNER_SHAREABLE 3

/* Half of a MAIR byte, by two bits of a stage 2 descriptor. */
static unsigned half_of(unsigned type)
{
    static const uint8_t halves[4] = {NON_CACHEABLE, NON_CACHEABLE,
                                      WRITE_THROUGH | 3, WRITE_BACK | 3};
    return halves[type & 3];
}

static uint8_t attr_of_stage2(unsigned type)
{
    return (uint8_t)(type & 0xc ? half_of(type >> 2) << 4 | half_of(type)
                                : type << 2);
}

/* The weaker of two; what is allocated, stage 1 says. */
static unsigned combine_half(unsigned one, unsigned two)
{
    if (one == NON_CACHEABLE || two == NON_CACHEABLE) {
        return NON_CACHEABLE;
    }
    bool through = (one & 0xc) == 0 || (one & 0xc) == WRITE_THROUGH;

    return !through && (two & 0xc) == WRITE_THROUGH
               ? WRITE_THROUGH | (one & 3) : one;
}

static uint8_t combine(uint8_t one, uint8_t two)
{
    bool device_one = !(one & 0xf0), device_two = !(two & 0xf0);

    if (device_one && device_two) {
        return (one & 0xc) < (two & 0xc) ? one : two;
    }
    if (device_one || device_two) {
        return device_one ? one : two;
    }
    return (uint8_t)(combine_half(one >> 4, two >> 4) << 4 |
                     combine_half(one & 15, two & 15));
}

/* Write-back, with stage 1's allocation where it caches at all. */
static uint8_t force_write_back(uint8_t one)
{
    unsigned outer = one >> 4, inner = one & 15;

    if (outer == 0) {
        return 0xff;
    }
    outer = outer == NON_CACHEABLE ? 15 : WRITE_BACK | (outer & 3);
    inner = inner == NON_CACHEABLE ? 15 : WRITE_BACK | (inner & 3);
    return (uint8_t)(outer << 4 | inner);
}

/* HCR_EL2.FWB: stage 2 may have the last word. */
static uint8_t combine_forced(uint8_t one, unsigned type)
{
    switch (type) {
    case 0: case 1: case 2: case 3:
        return (uint8_t)(type << 2);
    case 5:
        return one & 0xf0 ? NON_CACHEABLE << 4 | NON_CACHEABLE : one;
    case 6:
        return force_write_back(one);
    case 7:
        return one;
    default: /* reserved */
        return 0;
    }
}

static bool is_always_outer(uint8_t attr)
{
    return !(attr & 0xf0) || attr == (NON_CACHEABLE << 4 | NON_CACHEABLE);
}

void mmu_combine_attr(const struct mmu_stage2 *stage2, bool is_instruction,
                      struct tlb_page *page, const struct tlb_page *second)
{
    uint8_t sh = page->shareability, sh2 = second->shareability;

    if (stage2->hcr & HCR_FWB) {
        page->attr = combine_forced(page->attr, second->attr);
    } else {
        uint8_t two = attr_of_stage2(second->attr);

        if ((two & 0xf0) &&
            (stage2->hcr & (is_instruction ? HCR_ID : HCR_CD))) {
            two = NON_CACHEABLE << 4 | NON_CACHEABLE;
        }
        page->attr = combine(page->attr, two);
    }
    page->device = !(page->attr & 0xf0);
    page->shareability = is_always_outer(page->attr) ||
                                 sh == OUTER_SHAREABLE ||
                                 sh2 == OUTER_SHAREABLE
                             ? OUTER_SHAREABLE
                         : sh == INNER_SHAREABLE || sh2 == INNER_SHAREABLE
                             ? INNER_SHAREABLE
                             : 0;
}

/* ---- PAR_EL1 ---- */

#define PAR_F BIT(0)
#define PAR_PTW BIT(8)
#define PAR_S BIT(9)
#define PAR_NS BIT(9)
#define PAR_RES1 BIT(11)

uint64_t mmu_par(const struct tlb_page *page, const struct mem_fault *fault)
{
    if (fault) {
        return PAR_F | (uint64_t)(fault->status & 0x3f) << 1 |
               (fault->s1ptw ? PAR_PTW : 0) |
               (fault->stage == 2 ? PAR_S : 0) | PAR_RES1;
    }
    /* Device and Normal Non-cacheable are outer shareable whatever the
     * descriptor says. */
    uint64_t shareability =
        is_always_outer(page->attr) ? OUTER_SHAREABLE : page->shareability;
    return (page->pa & mask64(52) & ~mask64(TLB_PAGE_BITS)) |
           (uint64_t)page->attr << 56 | (page->secure ? 0 : PAR_NS) |
           PAR_RES1 | shareability << 7;
}
