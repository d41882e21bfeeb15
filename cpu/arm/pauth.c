/*
 * Pointer authentication; see pauth.h.  The functions are named after the
 * manual's AddPAC, Auth and Strip (aarch64/functions/pac).
 */
#include "cpu/arm/pauth.h"

#include "util/bits.h"

/* Where the code of a pointer goes. */
struct layout {
    uint64_t place;  /* all bits that are no address: code and bit 55 */
    uint64_t code;
    bool tbi;        /* the top byte is a tag and stays */
};

static struct layout layout(const struct arm_cpu *cpu, bool is_data,
                            bool upper)
{
    uint64_t tcr = cpu->mmu.tcr;
    unsigned size = tcr >> (upper ? 16 : 0) & 63; /* T0SZ, T1SZ */
    bool tbi = tcr >> (37 + upper) & 1;
    bool tbid = tcr >> (51 + upper) & 1;

    size = size < 16 ? 16 : size > 39 ? 39 : size;
    tbi = tbi && (is_data || !tbid);
    uint64_t place = ~(UINT64_MAX >> size) & (tbi ? mask64(56) : UINT64_MAX);
    return (struct layout){place, place & ~BIT(55), tbi};
}

static bool enabled(const struct arm_cpu *cpu, enum pauth_key key)
{
    static const uint8_t bit[] = {31, 30, 27, 13}; /* SCTLR.EnIA ... */

    return cpu->mmu.sctlr >> bit[key] & 1;
}

/* All bits of `ptr` in the code's place equal to `upper`. */
static uint64_t extend(uint64_t ptr, struct layout l, bool upper)
{
    return upper ? ptr | l.place : ptr & ~l.place;
}

/* Two multiplications: it is done on every call and return of a kernel. */
static uint64_t compute(const uint64_t key[2], uint64_t ptr,
                        uint64_t modifier)
{
    unsigned __int128 product =
        (unsigned __int128)(ptr ^ key[0]) *
        (modifier ^ key[1] ^ UINT64_C(0xa0761d6478bd642f));

    return ((uint64_t)product ^ (uint64_t)(product >> 64)) *
           UINT64_C(0xd6e8feb86659fd93);
}

uint64_t pauth_add(const struct arm_cpu *cpu, enum pauth_key key,
                   uint64_t ptr, uint64_t modifier)
{
    bool is_data = key >= PAUTH_DA;

    if (!enabled(cpu, key)) {
        return ptr;
    }
    bool upper = ptr >> 55 & 1;
    struct layout l = layout(cpu, is_data, upper);
    if (!l.tbi) {
        upper = ptr >> 63;
        l = layout(cpu, is_data, upper);
    }
    uint64_t original = extend(ptr, l, upper);
    uint64_t pac = compute(cpu->apkey[key], original, modifier);
    if (original != ptr && (ptr & l.place) != (upper ? 0 : l.place)) {
        pac ^= BIT(l.tbi ? 54 : 62); /* was no address */
    }
    return (original & ~l.code) | (pac & l.code);
}

uint64_t pauth_check(const struct arm_cpu *cpu, enum pauth_key key,
                     uint64_t ptr, uint64_t modifier)
{
    bool upper = ptr >> 55 & 1;
    struct layout l = layout(cpu, key >= PAUTH_DA, upper);

    if (!enabled(cpu, key)) {
        return ptr;
    }
    uint64_t original = extend(ptr, l, upper);
    uint64_t pac = compute(cpu->apkey[key], original, modifier);
    if (((ptr ^ pac) & l.code) == 0) {
        return original;
    }
    unsigned error = key == PAUTH_IB || key == PAUTH_DB ? 2 : 1;
    return deposit64(original, l.tbi ? 53 : 61, 2, error);
}

uint64_t pauth_strip(const struct arm_cpu *cpu, bool is_data, uint64_t ptr)
{
    bool upper = ptr >> 55 & 1;

    return extend(ptr, layout(cpu, is_data, upper), upper);
}

uint64_t pauth_generic(const struct arm_cpu *cpu, uint64_t a, uint64_t b)
{
    return compute(cpu->apkey[PAUTH_GA], a, b) & UINT64_C(0xffffffff00000000);
}
