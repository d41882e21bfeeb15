// SCTLR.SA0: an access by an SP that is not a multiple of 16 faults, whatever
// the address; prefetches do not, nor does anything without SCTLR.SA0.
// not in qemu: SCTLR_EL1 is not at hand there
// in: sctlr=sa0 sp=page+8
// out: fault=spalign pc=here x3=3
// in: sctlr=sa0 sp=page
// out: x1=? w2=? x3=3
// in: sp=page+8
// out: x1=? w2=? x3=3
    prfm pldl1keep, [sp]
    mov x3, #3
here:
    ldr x1, [sp, #8]
    ldrb w2, [sp, #1]
