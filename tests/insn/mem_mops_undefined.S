// not in qemu: 7.2 has no FEAT_MOPS
// Without SCTLR_EL1.MSCEn EL0 has none of it.
// in: x0=page x1=4 x2=1 nzcv=0010
// out: fault=undef pc=code
    .arch_extension mops
    setp [x0]!, x1!, x2
    setm [x0]!, x1!, x2
    sete [x0]!, x1!, x2
