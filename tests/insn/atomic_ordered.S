// LDAR, LDAPR, LDAPUR, LDLAR, STLR, STLUR, STLLR: as plain accesses.
// in: x1=page x2=0x1122334455667788 mem.2d[page]={0x8182838485868788,0}
// out: w3=0x88 w4=0x8788 w5=0x85868788 x6=0x8182838485868788
//     w10=0x7788 x7=0xffffffffffffff86 w8=0x8586 x9=0xffffffff81828384
//     mem.2d[page]={0x8182838485868788,0x5566778855667788}
    ldarb w3, [x1]
    ldaprh w4, [x1]
    ldar w5, [x1]
    ldar x6, [x1]
    ldapursb x7, [x1, #2]
    ldapurh w8, [x1, #2]
    ldapursw x9, [x1, #4]
    add x1, x1, #8
    stlr x2, [x1]
    stlur w2, [x1, #4]
    stllr w2, [x1]
    ldlarh w10, [x1]
    sub x1, x1, #8
