// not in qemu: 7.2 has no FEAT_MOPS
// Memory set in three steps, over a page's border; of nothing; of zero.
// in: sctlr=msc x0=page-5 x1=11 x2=0xab nzcv=1010 mem[page-8]=#000102030405060708090a0b0c0d0e0f
// out: x0=page+6 x1=0 x3=0 x4=0 nzcv=0000 mem[page-8]=#000102ababababababababababab0e00
// in: sctlr=msc x0=page-5 x1=0 x2=0xab nzcv=1010 mem[page-8]=#000102030405060708090a0b0c0d0e0f
// out: x0=page-5 x1=0 x3=0 x4=0 nzcv=0000 mem[page-8]=#000102030405060708090a0b0c0d0e00
    .arch_extension mops
    mov x4, #1
    setp [x0]!, x1!, x2
    setm [x0]!, x1!, x2
    sete [x0]!, x1!, x2
    mov x3, sp
    add x3, x3, #7
    setp [x3]!, x4!, xzr
    setm [x3]!, x4!, xzr
    sete [x3]!, x4!, xzr
    mov x3, #0
