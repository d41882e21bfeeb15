/* See self_debug.h; the functions are named after the manual's in
 * aarch64/debug where they are the same. */
#include "cpu/arm/self_debug.h"

#include "cpu/arm/levels.h"
#include "cpu/arm/models.h"
#include "softmmu/tlb.h"
#include "util/bits.h"

#define MDSCR_KDE BIT(13)
#define MDCR_EL3_SDD BIT(16)

/* DBGBCR<n>_EL1 and DBGWCR<n>_EL1. */
#define CONTROL_E BIT(0)
#define CONTROL_PRIVILEGE_SHIFT 1 /* PMC, PAC: EL1, EL0 */
#define CONTROL_HMC BIT(13)
#define CONTROL_SSC_SHIFT 14
#define CONTROL_LBN_SHIFT 16
#define BCR_BAS_SHIFT 5
#define BCR_BT_SHIFT 20
#define WCR_LSC_SHIFT 3
#define WCR_BAS_SHIFT 5
#define WCR_WT BIT(20) /* linked */
#define WCR_MASK_SHIFT 24

/* DBGBCR<n>_EL1.BT; bit 0 is "linked". */
enum { BT_ADDRESS = 0, BT_CONTEXT = 2, BT_CONTEXT_EL1 = 6, BT_VMID = 8,
       BT_VMID_CONTEXT = 10, BT_CONTEXT_EL2 = 12, BT_CONTEXTS = 14 };

enum { SSC_BOTH, SSC_NON_SECURE, SSC_SECURE, SSC_EL2 };

/* -- when ---------------------------------------------------------------- */

unsigned arm_debug_target_el(const struct arm_cpu *cpu)
{
    bool to_el2 = (cpu->mdcr_el2 & MDCR_TDE) ||
                  (cpu->hcr_el2 & HCR_TGE);

    return arm_el2_enabled(cpu) && to_el2 ? 2 : 1;
}

/* AArch64.GenerateDebugExceptions: always from below the level that takes
 * them, from that level with KDE and PSTATE.D clear. */
static bool generates(const struct arm_cpu *cpu)
{
    unsigned target = arm_debug_target_el(cpu);

    if (cpu->oslsr || cpu->osdlr || cpu->el > target ||
        (arm_is_secure(cpu) && (cpu->mdcr_el3 & MDCR_EL3_SDD))) {
        return false;
    }
    return cpu->el < target ||
           ((cpu->mdscr_el1 & MDSCR_KDE) && !(cpu->daif & PSTATE_D));
}

bool arm_step_enabled(const struct arm_cpu *cpu)
{
    return (cpu->mdscr_el1 & MDSCR_SS) && generates(cpu);
}

bool arm_breakpoints_enabled(const struct arm_cpu *cpu)
{
    return (cpu->mdscr_el1 & MDSCR_MDE) && cpu->debug.breakpoints &&
           generates(cpu);
}

static unsigned count(const struct arm_cpu *cpu, unsigned shift)
{
    return arm_id_field(cpu->model->ARM_ID_AA64DFR0, shift) + 1;
}

static unsigned breakpoints(const struct arm_cpu *cpu)
{
    return count(cpu, 12);
}

static unsigned watchpoints(const struct arm_cpu *cpu)
{
    return count(cpu, 20);
}

/* Is it one of those that compare contexts, the last ones? */
static bool is_context_aware(const struct arm_cpu *cpu, unsigned n)
{
    return n < breakpoints(cpu) && n + count(cpu, 28) >= breakpoints(cpu);
}

/* -- matching ------------------------------------------------------------ */

/* CONTEXTIDR_EL1 where EL1 is not left out by a host at EL2. */
static bool is_context_el1(const struct arm_cpu *cpu, uint64_t value)
{
    return cpu->el < 2 && !arm_is_host(cpu) &&
           (uint32_t)value == (uint32_t)cpu->contextidr_el[1];
}

/* FEAT_VHE. */
static bool is_context_el2(const struct arm_cpu *cpu, uint64_t value)
{
    return cpu->has_vhe && cpu->el < 3 && arm_el2_enabled(cpu) &&
           (uint32_t)value == (uint32_t)cpu->contextidr_el[2];
}

static bool is_vmid(const struct arm_cpu *cpu, uint64_t value)
{
    uint64_t mask = cpu->vtcr_el2 & BIT(19) ? 0xffff : 0xff; /* VS */

    return cpu->el < 2 && arm_el2_enabled(cpu) && !arm_is_host(cpu) &&
           !(((value >> 32) ^ (cpu->vttbr_el2 >> 48)) & mask);
}

static bool is_context(const struct arm_cpu *cpu, uint64_t value)
{
    bool hosted = arm_is_host(cpu) && cpu->el != 1;

    return hosted ? is_context_el2(cpu, value) : is_context_el1(cpu, value);
}

static bool context_matches(const struct arm_cpu *cpu, unsigned n)
{
    uint64_t value = cpu->debug.bvr[n];

    if (!is_context_aware(cpu, n)) {
        return false;
    }
    switch (cpu->debug.bcr[n] >> BCR_BT_SHIFT & 14) {
    case BT_CONTEXT:
        return is_context(cpu, value);
    case BT_CONTEXT_EL1:
        return is_context_el1(cpu, value);
    case BT_VMID:
        return is_vmid(cpu, value);
    case BT_VMID_CONTEXT:
        return is_vmid(cpu, value) && is_context_el1(cpu, value);
    case BT_CONTEXT_EL2:
        return is_context_el2(cpu, value >> 32);
    case BT_CONTEXTS:
        return is_context_el2(cpu, value >> 32) &&
               is_context_el1(cpu, value);
    default:
        return false;
    }
}

/* The breakpoint that one is linked to: enabled, and linked itself. */
static bool link_matches(const struct arm_cpu *cpu, uint64_t control)
{
    unsigned n = control >> CONTROL_LBN_SHIFT & 15;

    return is_context_aware(cpu, n) && (cpu->debug.bcr[n] & CONTROL_E) &&
           (cpu->debug.bcr[n] >> BCR_BT_SHIFT & 1) &&
           context_matches(cpu, n);
}

/* AArch64.StateMatch; `el` is that of the access. */
static bool state_matches(const struct arm_cpu *cpu, uint64_t control,
                          unsigned el)
{
    unsigned ssc = control >> CONTROL_SSC_SHIFT & 3;
    unsigned privilege = control >> CONTROL_PRIVILEGE_SHIFT & 3;
    bool hmc = control & CONTROL_HMC;

    if (ssc == (arm_is_secure(cpu) ? SSC_NON_SECURE : SSC_SECURE)) {
        return false;
    }
    switch (el) {
    case 0:
        return privilege & 2;
    case 1:
        return privilege & 1;
    case 2:
        return hmc || ssc == SSC_EL2;
    default:
        return hmc && !(ssc & 1);
    }
}

/* A64 instructions have four bytes: their upper half alone is another
 * address. */
static bool address_matches(uint64_t value, uint64_t control, uint64_t pc)
{
    unsigned bytes = control >> BCR_BAS_SHIFT & 15;
    uint64_t at = (uint64_t)sextract64(value, 0, 53) & ~UINT64_C(3);

    return bytes && (bytes == 12 ? at + 2 : at) == pc;
}

static bool breakpoint_matches(const struct arm_cpu *cpu, unsigned n,
                               uint64_t pc)
{
    uint64_t control = cpu->debug.bcr[n];
    unsigned type = control >> BCR_BT_SHIFT & 15;

    if (!(control & CONTROL_E) || !state_matches(cpu, control, cpu->el)) {
        return false;
    }
    switch (type) {
    case BT_ADDRESS:
        return address_matches(cpu->debug.bvr[n], control, pc);
    case BT_ADDRESS | 1:
        return address_matches(cpu->debug.bvr[n], control, pc) &&
               link_matches(cpu, control);
    default:
        return !(type & 1) && context_matches(cpu, n);
    }
}

/* Units link, so that the run loop has not seen every instruction.  Only a
 * store may be started again (mem_fault.retry). */
static bool is_second_step(struct arm_cpu *cpu, uint64_t pc, bool is_access)
{
    bool again = is_access && pc == cpu->debug.step_pc;
    bool second = cpu->step_active && !cpu->debug.step_begins && !again;

    cpu->debug.step_begins = false;
    return second;
}

static uint64_t check_debug(struct vcpu *vcpu, uint64_t pc,
                            uint64_t is_access, uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    (void)c;
    if (is_second_step(cpu, pc, is_access)) {
        vcpu->exit = VCPU_EXIT_STATE;
        return 0;
    }
    for (unsigned n = 0;
         n < breakpoints(cpu) && arm_breakpoints_enabled(cpu); n++) {
        if (breakpoint_matches(cpu, n, pc)) {
            arm_raise(cpu, ARM_SYNDROME(EC_BREAKPOINT_LOWER + (cpu->el > 0),
                                        DEBUG_STATUS));
            break;
        }
    }
    return 0;
}

const struct ir_helper arm_debug_helper = {
    "check_debug", {.call = check_debug}, 2, IR_HELPER_EXITS,
};

/* -- watchpoints --------------------------------------------------------- */

/* The bytes it watches: a power of two by MASK, or what BAS says of a
 * doubleword (of a word where the address is none's). */
static struct tlb_range watched(const struct arm_cpu *cpu, unsigned n)
{
    uint64_t control = cpu->debug.wcr[n], value = cpu->debug.wvr[n];
    unsigned mask = control >> WCR_MASK_SHIFT & 31;
    unsigned bytes = control >> WCR_BAS_SHIFT & (value & 4 ? 15 : 255);

    if (mask > 2) {
        value &= ~mask64(mask);
        return (struct tlb_range){value, value + mask64(mask)};
    }
    if (!bytes) {
        return (struct tlb_range){1, 0};
    }
    unsigned first = (unsigned)__builtin_ctz(bytes);
    unsigned size = (unsigned)__builtin_ctz(~(bytes >> first));
    value += first;
    return (struct tlb_range){value, value + size - 1};
}

static bool watchpoint_matches(const struct arm_cpu *cpu, unsigned n,
                               unsigned el, unsigned kinds)
{
    uint64_t control = cpu->debug.wcr[n];

    return (control & CONTROL_E) &&
           (control >> WCR_LSC_SHIFT & kinds) &&
           state_matches(cpu, control, el) &&
           (!(control & WCR_WT) || link_matches(cpu, control));
}

/* ORDER TLB_WATCH_LOAD, TLB_WATCH_STORE: bits of LSC. */
static bool watch(void *opaque, const struct tlb_key *key, uint64_t va,
                  unsigned size, unsigned kinds, uint64_t *at)
{
    const struct arm_cpu *cpu = opaque;
    uint64_t last = va + size - 1;

    if (!generates(cpu)) {
        return false;
    }
    for (unsigned n = 0; n < watchpoints(cpu); n++) {
        struct tlb_range range = watched(cpu, n);

        if (va <= range.last && range.first <= last &&
            watchpoint_matches(cpu, n, key->el, kinds)) {
            *at = va > range.first ? va : range.first;
            return true;
        }
    }
    return false;
}

/* -- following ----------------------------------------------------------- */

void arm_debug_follow(struct arm_cpu *cpu)
{
    struct tlb_range ranges[TLB_WATCHES];
    unsigned used = 0;
    bool enabled = (cpu->mdscr_el1 & MDSCR_MDE) && !cpu->oslsr &&
                   !cpu->osdlr;

    cpu->debug.breakpoints = false;
    for (unsigned n = 0; n < breakpoints(cpu); n++) {
        cpu->debug.breakpoints |= enabled && (cpu->debug.bcr[n] & CONTROL_E);
    }
    for (unsigned n = 0; enabled && n < watchpoints(cpu); n++) {
        struct tlb_range range = watched(cpu, n);

        if ((cpu->debug.wcr[n] & CONTROL_E) && range.first <= range.last) {
            ranges[used++] = range;
        }
    }
    tlb_set_watches(cpu->vcpu.mmu, ranges, used, watch);
}
