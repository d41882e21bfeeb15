// not in qemu: 7.2 has no FEAT_MOPS
// A fault in the middle: registers say what has been done.
// in: sctlr=msc x0=end-100 x1=164 x2=1
// out: x0=end+64 x1=-64 nzcv=0000 fault=dabt far=end pc=middle
    .arch_extension mops
    setp [x0]!, x1!, x2
middle:
    setm [x0]!, x1!, x2
    sete [x0]!, x1!, x2
