/*
 * Pointer authentication; see pauth.h.  The functions are named after the
 * manual's AddPAC, Auth and Strip (aarch64/functions/pac).
 */
#include "cpu/arm/pauth.h"

#include "util/bits.h"

/* Where the code of a pointer goes. */
struct layout {
    unsigned bottom;  /* lowest bit of the code */
    bool tbi;         /* the top byte is a tag and stays */
};

static struct layout layout(const struct arm_cpu *cpu, bool is_data,
                            bool upper)
{
    uint64_t tcr = cpu->mmu.tcr;
    unsigned size = upper ? extract64(tcr, 16, 6) : extract64(tcr, 0, 6);
    bool tbi = upper ? extract64(tcr, 38, 1) : extract64(tcr, 37, 1);
    bool tbid = upper ? extract64(tcr, 52, 1) : extract64(tcr, 51, 1);

    size = size < 16 ? 16 : size > 39 ? 39 : size;
    return (struct layout){64 - size, tbi && (is_data || !tbid)};
}

static bool enabled(const struct arm_cpu *cpu, enum pauth_key key)
{
    static const uint8_t bit[] = {31, 30, 27, 13}; /* SCTLR.EnIA ... */

    return cpu->mmu.sctlr >> bit[key] & 1;
}

/* All bits of `ptr` in the code's place equal to `upper`. */
static uint64_t extend(uint64_t ptr, struct layout l, bool upper)
{
    int width = (l.tbi ? 56 : 64) - (int)l.bottom;

    return deposit64(ptr, (int)l.bottom, width, upper ? UINT64_MAX : 0);
}

static uint64_t mix(uint64_t v)
{
    v = (v ^ v >> 32) * UINT64_C(0xd6e8feb86659fd93);
    v = (v ^ v >> 29) * UINT64_C(0xa0761d6478bd642f);
    return v ^ v >> 32;
}

static uint64_t compute(const uint64_t key[2], uint64_t ptr,
                        uint64_t modifier)
{
    return mix(mix(ptr ^ key[0]) + (modifier ^ key[1]));
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
    int top = l.tbi ? 55 : 63;
    uint64_t pac = compute(cpu->apkey[key], extend(ptr, l, upper), modifier);
    uint64_t extension = extract64(ptr, (int)l.bottom,
                                   top - (int)l.bottom + 1);
    if (extension != 0 && extension != mask64(top - (int)l.bottom + 1)) {
        pac ^= BIT(top - 1);
    }
    uint64_t out = deposit64(ptr, (int)l.bottom, 55 - (int)l.bottom,
                             pac >> l.bottom);
    out = deposit64(out, 55, 1, upper);
    return l.tbi ? out : deposit64(out, 56, 8, pac >> 56);
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
    uint64_t code = deposit64(0, (int)l.bottom, 55 - (int)l.bottom,
                              UINT64_MAX);
    if (!l.tbi) {
        code |= UINT64_C(0xff) << 56;
    }
    if (((ptr ^ pac) & code) == 0) {
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
