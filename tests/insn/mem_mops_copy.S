// not in qemu: 7.2 has no FEAT_MOPS
// Memory copy of overlapping pieces: down, up, and CPYF.
// in: sctlr=msc x0=page-8 x1=10 x3=page-6 x4=0 x5=page x6=page nzcv=0111 mem[page-8]=#000102030405060708090a0b0c0d0e0f
// out: x0=page+2 x1=0 x3=page+4 nzcv=0000 mem[page-8]=#02030405060708090a0b0a0b0c0d0e0f
// in: sctlr=msc x0=page-6 x1=10 x3=page-8 x4=3 x5=page+5 x6=page-8 nzcv=0111 mem[page-8]=#000102030405060708090a0b0c0d0e0f
// out: x0=page-6 x1=0 x3=page-8 x4=0 x5=page+8 x6=page-5 nzcv=0000 mem[page-8]=#0001000102030405060708090c000100
    .arch_extension mops
    cpyp [x0]!, [x3]!, x1!
    cpym [x0]!, [x3]!, x1!
    cpye [x0]!, [x3]!, x1!
    cpyfp [x5]!, [x6]!, x4!
    cpyfm [x5]!, [x6]!, x4!
    cpyfe [x5]!, [x6]!, x4!
