/*
 * Pointer authentication; see pauth.h.  The functions are named after the
 * manual's AddPAC, Auth and Strip (aarch64/functions/pac).
 */
#include "cpu/arm/pauth.h"

#include "cpu/arm/qarma.h"
#include "cpu/arm/route.h"
#include "util/bits.h"

/* Where TBI and TBID are, of the lower half; one range has only that. */
static inline struct pauth_place place(const struct mmu_regs *m,
                                       bool is_data, bool upper)
{
    bool two = m->regime == MMU_EL1_0;
    uint64_t tcr = m->tcr;
    unsigned half = two && upper;
    unsigned size = mmu_tsz(m, upper);
    bool tbi = tcr >> (two ? 37 + half : 20) & 1;
    bool tbid = tcr >> (two ? 51 + half : 29) & 1;

    tbi = tbi && (is_data || !tbid);
    uint64_t all = ~(UINT64_MAX >> size) & (tbi ? mask64(56) : UINT64_MAX);
    return (struct pauth_place){all, all & ~BIT(55)};
}

void pauth_follow(struct arm_cpu *cpu)
{
    static const uint8_t enable[] = {31, 30, 27, 13}; /* SCTLR.EnIA ... */
    const struct mmu_regs *m = arm_mmu(cpu, cpu->el);

    if (cpu->pauth_tcr == m->tcr && cpu->pauth_sctlr == m->sctlr &&
        cpu->pauth_regime == m->regime) {
        return;
    }
    cpu->pauth_tcr = m->tcr;
    cpu->pauth_sctlr = m->sctlr;
    cpu->pauth_regime = m->regime;
    for (unsigned key = PAUTH_IA; key <= PAUTH_DB; key++) {
        for (unsigned upper = 0; upper < 2; upper++) {
            cpu->pauth_place[key][upper] =
                m->sctlr >> enable[key] & 1
                    ? place(m, key >= PAUTH_DA, upper)
                    : (struct pauth_place){0};
        }
    }
}

/* The top byte is a tag and stays. */
static inline bool has_tag(struct pauth_place p)
{
    return !(p.code >> 63);
}

/* All bits of `ptr` in the code's place equal to `upper`. */
static inline uint64_t extend(uint64_t ptr, struct pauth_place p, bool upper)
{
    return upper ? ptr | p.all : ptr & ~p.all;
}

/* Two multiplications: it is done on every call and return of a kernel. */
static inline uint64_t mix(const uint64_t key[2], uint64_t ptr,
                           uint64_t modifier)
{
    unsigned __int128 product =
        (unsigned __int128)(ptr ^ key[0]) *
        (modifier ^ key[1] ^ UINT64_C(0xa0761d6478bd642f));

    return ((uint64_t)product ^ (uint64_t)(product >> 64)) *
           UINT64_C(0xd6e8feb86659fd93);
}

static inline uint64_t compute(const struct arm_cpu *cpu, uint64_t key,
                               uint64_t ptr, uint64_t modifier)
{
    const uint64_t *k = cpu->apkey[key];

    return cpu->qarma ? qarma_encrypt(cpu->qarma, k[1], k[0], ptr, modifier)
                      : mix(k, ptr, modifier);
}

static IR_KEEPS_REGISTERS uint64_t add(struct vcpu *vcpu, uint64_t ptr,
                                       uint64_t modifier, uint64_t key)
{
    const struct arm_cpu *cpu = (const struct arm_cpu *)vcpu;
    const struct pauth_place *places = cpu->pauth_place[key];
    bool tags = has_tag(places[0]) || has_tag(places[1]);
    bool upper = ptr >> (tags ? 55 : 63) & 1;
    struct pauth_place p = places[upper];
    uint64_t original = extend(ptr, p, upper);
    uint64_t pac = compute(cpu, key, original, modifier);
    if (cpu->pauth_level >= PAUTH_2) {
        pac ^= ptr;
    } else if (original != ptr && (ptr & p.all) != (upper ? 0 : p.all)) {
        /* It was no address. */
        pac = cpu->pauth_level >= PAUTH_EPAC
                  ? 0 : pac ^ BIT(has_tag(p) ? 54 : 62);
    }
    return (original & ~p.code) | (pac & p.code);
}

/* *good: the code was right. */
static inline uint64_t authenticate(const struct arm_cpu *cpu, uint64_t ptr,
                                    uint64_t modifier, uint64_t key,
                                    bool *good)
{
    bool upper = ptr >> 55 & 1;
    struct pauth_place p = cpu->pauth_place[key][upper];
    uint64_t original = extend(ptr, p, upper);
    uint64_t pac = compute(cpu, key, original, modifier);

    if (cpu->pauth_level >= PAUTH_2) {
        uint64_t result = ptr ^ (pac & p.code);
        *good = result == original;
        return result;
    }
    *good = ((ptr ^ pac) & p.code) == 0;
    if (*good) {
        return original;
    }
    uint64_t error = key == PAUTH_IB || key == PAUTH_DB ? 2 : 1;
    unsigned shift = has_tag(p) ? 53 : 61;
    return (original & ~(UINT64_C(3) << shift)) | error << shift;
}

static IR_KEEPS_REGISTERS uint64_t check(struct vcpu *vcpu, uint64_t ptr,
                                         uint64_t modifier, uint64_t key)
{
    bool good;

    return authenticate((const struct arm_cpu *)vcpu, ptr, modifier, key,
                        &good);
}

/* ISS: bit 1 a data key, bit 0 a B key, as the keys are numbered. */
static uint64_t check_or_fault(struct vcpu *vcpu, uint64_t ptr,
                               uint64_t modifier, uint64_t key)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    bool good;
    uint64_t result = authenticate(cpu, ptr, modifier, key, &good);

    if (!good) {
        arm_raise(cpu, ARM_SYNDROME(EC_PAC_FAIL, key));
    }
    return result;
}

static IR_KEEPS_REGISTERS uint64_t strip(struct vcpu *vcpu, uint64_t ptr,
                                         uint64_t is_data, uint64_t unused)
{
    const struct arm_cpu *cpu = (const struct arm_cpu *)vcpu;
    bool upper = ptr >> 55 & 1;

    (void)unused;
    return extend(ptr, place(arm_mmu(cpu, cpu->el), is_data, upper),
                  upper);
}

static IR_KEEPS_REGISTERS uint64_t generic(struct vcpu *vcpu, uint64_t a,
                                           uint64_t b, uint64_t unused)
{
    const struct arm_cpu *cpu = (const struct arm_cpu *)vcpu;

    (void)unused;
    return compute(cpu, PAUTH_GA, a, b) &
           UINT64_C(0xffffffff00000000);
}

const struct ir_helper pauth_add_helper = {
    .name = "pauth_add", .call = IR_KEEPING(add), .nargs = 3,
    .flags = IR_HELPER_NO_FP | IR_HELPER_KEEPS,
};
const struct ir_helper pauth_check_helper = {
    .name = "pauth_check", .call = IR_KEEPING(check), .nargs = 3,
    .flags = IR_HELPER_NO_FP | IR_HELPER_KEEPS,
};
const struct ir_helper pauth_check_fault_helper = {
    .name = "pauth_check_fault", .call = check_or_fault, .nargs = 3,
    .flags = IR_HELPER_EXITS | IR_HELPER_NO_FP,
};
const struct ir_helper pauth_strip_helper = {
    .name = "pauth_strip", .call = IR_KEEPING(strip), .nargs = 2,
    .flags = IR_HELPER_NO_FP | IR_HELPER_KEEPS,
};
const struct ir_helper pauth_generic_helper = {
    .name = "pauth_generic", .call = IR_KEEPING(generic), .nargs = 2,
    .flags = IR_HELPER_NO_FP | IR_HELPER_KEEPS,
};

/* PACGA's key cannot be disabled. */
static uint64_t call_trap(struct vcpu *vcpu, uint64_t key, uint64_t b,
                          uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    unsigned el = arm_route_pauth(cpu);

    (void)b, (void)c;
    if (el > 0 && (key == PAUTH_GA || cpu->pauth_place[key][0].all)) {
        arm_raise_to(cpu, el, ARM_SYNDROME(EC_PAUTH, 0));
    }
    return 0;
}

const struct ir_helper pauth_trap_helper = {
    "pauth_trap", {.call = call_trap}, 1, IR_HELPER_EXITS,
};
