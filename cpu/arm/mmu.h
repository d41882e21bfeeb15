/*
 * VMSAv8-64 address translation (Arm ARM D8): the table walker behind the
 * TLB, both stages, and the registers it reads as plain structs, so that it
 * runs without a processor.
 *
 * The walker keeps nothing between calls but where last-level tables are
 * (mmu_tables.h), if it is given a place for that.  Descriptors are read as one
 * 8-byte access and, for hardware updates of the access flag and dirty
 * state, written with a compare-and-swap: any number of vCPUs may walk the
 * same tables while others change them.
 */
#ifndef CPU_ARM_MMU_H
#define CPU_ARM_MMU_H

#include <stdbool.h>
#include <stdint.h>

#include "softmmu/bus.h"
#include "softmmu/tlb.h"

/* The shape of a regime; which of the processor's numbers (tlb_key.regime)
 * has which shape is the processor's matter. */
enum mmu_regime {
    MMU_EL1_0, /* also EL2&0 with HCR_EL2.E2H: two ranges, EL0 permissions */
    MMU_EL2,   /* one range, no EL0 */
    MMU_EL3,
};

/* The system registers of the regime, and what the model implements. */
struct mmu_regs {
    enum mmu_regime regime;
    uint64_t sctlr, tcr, ttbr0, ttbr1, mair;
    unsigned pa_bits; /* ID_AA64MMFR0_EL1.PARange: 32 to 52 */
    bool hafdbs;      /* TCR.HA and HD work (FEAT_HAFDBS) */
    bool hpds;        /* TCR.HPDn work (FEAT_HPDS) */
    bool pauth;       /* TCR.TBIDn work (FEAT_PAuth) */
    bool bti;         /* descriptors have GP (FEAT_BTI) */
    bool no_16k;      /* no granule of 16 KiB; of 4 and 64 all models have */
    bool small_va;    /* TxSZ up to 48, 47 for 64K (FEAT_TTST), not 39 */
    bool lva;         /* 52-bit addresses with 64K (FEAT_LVA) */
    bool lpa2;        /* TCR.DS, VTCR.DS work (FEAT_LPA2) */
    bool e0pd;        /* TCR.E0PDn work (FEAT_E0PD) */
    bool epan;        /* SCTLR.EPAN works (FEAT_PAN3) */
    bool xnx;         /* XN[1:0] at stage 2 (FEAT_XNX) */
    struct mmu_tables *tables; /* or NULL; of the vCPU with this TLB */
    const struct tlb *tlb;
};

/* Stage 2 of the EL1&0 regime; what the model implements is in the struct
 * mmu_regs of stage 1. */
struct mmu_stage2 {
    uint64_t hcr, vtcr, vttbr; /* HCR_EL2, VTCR_EL2, VTTBR_EL2 */
    bool big_endian;           /* SCTLR_EL2.EE */
    struct mmu_tables *tables;
};

/* Fault status codes: ISS DFSC/IFSC and PAR_EL1.FST.  Those marked L take
 * the level in bits 1..0; at level -1 there are three, by other codes. */
enum mmu_status {
    MMU_ADDRESS_SIZE = 0x00,     /* L */
    MMU_TRANSLATION = 0x04,      /* L */
    MMU_ACCESS_FLAG = 0x08,      /* L */
    MMU_PERMISSION = 0x0c,       /* L */
    MMU_EXTERNAL = 0x10,
    MMU_EXTERNAL_ON_WALK_M1 = 0x13,
    MMU_EXTERNAL_ON_WALK = 0x14, /* L */
    MMU_ALIGNMENT = 0x21,
    MMU_ADDRESS_SIZE_M1 = 0x29,
    MMU_TRANSLATION_M1 = 0x2b,
    MMU_TLB_CONFLICT = 0x30,
    MMU_UNSUPPORTED_UPDATE = 0x31, /* of a descriptor that is not in RAM */
    MMU_UNSUPPORTED_ATOMIC = 0x35,
};

/* Who asks: an access, or an AT instruction, which leaves the dirty state as
 * it is, of stage 1 (with its tables where stage 2 says) or of both. */
enum mmu_purpose { MMU_FOR_ACCESS, MMU_FOR_AT_STAGE1, MMU_FOR_AT_BOTH };

struct mmu_request {
    const struct mmu_regs *regs;
    const struct mmu_stage2 *stage2; /* NULL: off */
    bool secure; /* a regime of Secure state: descriptors have NS */
    struct bus *bus;
    unsigned cpu;                    /* whose accesses to tables are */
    const struct tlb_key *key;
    uint64_t va;                     /* with its tag */
    enum tlb_access access;
    enum mmu_purpose purpose;
};

/*
 * Translate for key->el.  True: *page is filled and allows the access.
 * False: *fault says why.  key->mmu_off, not SCTLR.M, says whether stage 1
 * has tables.
 */
bool mmu_translate(const struct mmu_request *request, struct tlb_page *page,
                   struct mem_fault *fault);

/* The address that is translated: without the tag when TBI says so,
 * otherwise as it is. */
uint64_t mmu_strip_tag(const struct mmu_regs *regs, bool is_instruction,
                       uint64_t va);

/* TxSZ of a half of the address space, or the bound that it exceeds. */
unsigned mmu_tsz(const struct mmu_regs *regs, bool upper);

/* PAR_EL1 after an AT instruction (D19, 64-bit format): the translation when
 * `fault` is NULL, else the fault. */
uint64_t mmu_par(const struct tlb_page *page, const struct mem_fault *fault);

#endif
