// SCTLR.DZE 0: DC ZVA at EL0 is trapped.
// not in qemu: SCTLR_EL1 is not at hand there
// in: sctlr=-dze x1=page
// out: fault=sysreg pc=here
here:
    dc zva, x1
