// SCTLR.SA0: loads and stores by an SP that is not a multiple of 16 fault.
// not in qemu: SCTLR_EL1 is not at hand there
// in: sctlr=sa0 sp=page+8
// out: fault=spalign pc=here
// in: sctlr=sa0 sp=page
// out: x1=? w2=?
// in: sp=page+8
// out: x1=? w2=?
    nop
here:
    ldr x1, [sp]
    ldrb w2, [sp, #1]
