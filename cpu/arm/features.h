/*
 * Architecture features that gate A64 instructions: one row per FEAT_x.
 *
 * The second column is the tag used in the decode tables ({lse}); the
 * decoder generator reads this list too and rejects an unknown tag.
 */
#ifndef CPU_ARM_FEATURES_H
#define CPU_ARM_FEATURES_H

#include <stdbool.h>

#define A64_FEATURES(FEATURE)                                            \
    FEATURE(AES, "aes")           /* AESE, AESD, AESMC, AESIMC */        \
    FEATURE(BF16, "bf16")         /* BFloat16 */                         \
    FEATURE(BTI, "bti")           /* branch target identification */     \
    FEATURE(CHK, "chk")           /* CHKFEAT */                          \
    FEATURE(CLRBHB, "clrbhb")     /* clear branch history */             \
    FEATURE(CRC32, "crc32")       /* CRC32, CRC32C */                    \
    FEATURE(CSSC, "cssc")         /* common short sequence compression */\
    FEATURE(D128, "d128")         /* 128-bit system registers */         \
    FEATURE(DGH, "dgh")           /* data gathering hint */              \
    FEATURE(DIT, "dit")           /* data independent timing */          \
    FEATURE(DOTPROD, "dotprod")   /* SDOT, UDOT */                       \
    FEATURE(ECV, "ecv")           /* CNTPCTSS, CNTVCTSS */               \
    FEATURE(FCMA, "fcma")         /* FCMLA, FCADD */                     \
    FEATURE(FHM, "fhm")           /* FMLAL, FMLSL */                     \
    FEATURE(FLAGM, "flagm")       /* CFINV, RMIF, SETF */                \
    FEATURE(FLAGM2, "flagm2")     /* AXFLAG, XAFLAG */                   \
    FEATURE(FP16, "fp16")         /* half-precision arithmetic */        \
    FEATURE(FRINT, "frint")       /* FRINT32/64 */                       \
    FEATURE(HBC, "hbc")           /* BC.cond */                          \
    FEATURE(I8MM, "i8mm")         /* 8-bit matrix multiply */            \
    FEATURE(IDST, "idst")         /* how absent ID registers trap */     \
    FEATURE(JSCVT, "jscvt")       /* FJCVTZS */                          \
    FEATURE(LOR, "lor")           /* limited ordering regions */         \
    FEATURE(LRCPC, "lrcpc")       /* LDAPR */                            \
    FEATURE(LRCPC2, "lrcpc2")     /* LDAPUR, STLUR */                    \
    FEATURE(LRCPC3, "lrcpc3")     /* LDAP1, STL1 */                      \
    FEATURE(LS64, "ls64")         /* 64-byte single-copy accesses */     \
    FEATURE(LSE, "lse")           /* CAS, SWP, LDADD... */               \
    FEATURE(LSE2, "lse2")         /* 16 aligned bytes are accessed as one */ \
    FEATURE(MOPS, "mops")         /* CPY, SET */                         \
    FEATURE(MTE, "mte")           /* memory tagging */                   \
    FEATURE(NMI, "nmi")           /* PSTATE.ALLINT */                    \
    FEATURE(PAN, "pan")           /* PSTATE.PAN */                       \
    FEATURE(PAUTH, "pauth")       /* pointer authentication */           \
    FEATURE(PMULL, "pmull")       /* PMULL, 64-bit polynomials */        \
    FEATURE(RAS, "ras")           /* ESB, DISR_EL1; no error records */  \
    FEATURE(RDM, "rdm")           /* SQRDMLAH, SQRDMLSH */               \
    FEATURE(RNG, "rng")           /* RNDR, RNDRRS */                     \
    FEATURE(SB, "sb")             /* speculation barrier */              \
    FEATURE(SCXTNUM, "scxtnum")   /* SCXTNUM_ELx (FEAT_CSV2_2) */        \
    FEATURE(SHA1, "sha1")                                                \
    FEATURE(SHA256, "sha256")                                            \
    FEATURE(SHA3, "sha3")         /* EOR3, RAX1, XAR, BCAX */            \
    FEATURE(SHA512, "sha512")                                            \
    FEATURE(SM3, "sm3")                                                  \
    FEATURE(SM4, "sm4")                                                  \
    FEATURE(SME, "sme")                                                  \
    FEATURE(SPECRES, "specres")   /* CFP, DVP, CPP RCTX */               \
    FEATURE(SPE, "spe")           /* PSB CSYNC */                        \
    FEATURE(SSBS, "ssbs")         /* PSTATE.SSBS, SCTLR.DSSBS */         \
    FEATURE(SSBS2, "ssbs2")       /* its MSR and MRS */                  \
    FEATURE(SVE, "sve")           /* scalable vectors */                 \
    FEATURE(SVE2, "sve2")                                                \
    FEATURE(SVE_AES, "sveaes")    /* AESE..., PMULLB of 64 bits in Z */  \
    FEATURE(SVE_BITPERM, "bitperm") /* BDEP, BEXT, BGRP */               \
    FEATURE(SVE_F32MM, "f32mm")   /* matrices of singles */              \
    FEATURE(SVE_F64MM, "f64mm")   /* matrices of doubles, LD1RO */       \
    FEATURE(SVE_SHA3, "svesha3")  /* RAX1 in Z */                        \
    FEATURE(SVE_SM4, "svesm4")    /* SM4E, SM4EKEY in Z */               \
    FEATURE(TME, "tme")           /* transactional memory */             \
    FEATURE(TRF, "trf")           /* TSB CSYNC */                        \
    FEATURE(UAO, "uao")           /* PSTATE.UAO */                       \
    FEATURE(WFXT, "wfxt")         /* WFET, WFIT */                       \
    FEATURE(XS, "xs")             /* DSB nXS */

#define A64_FEATURE_ENUM(name, tag) A64_FEAT_##name,
enum a64_feat { A64_FEATURES(A64_FEATURE_ENUM) A64_FEAT_COUNT };
#undef A64_FEATURE_ENUM

struct a64_ctx;

/* True when the CPU model being translated for has the feature. */
bool a64_feature(const struct a64_ctx *s, enum a64_feat feat);

#endif
