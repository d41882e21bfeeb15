// LDTR and STTR of every size, which at EL0 are as others.
// in: x1=page+8 x2=0x1122334455667788 mem.2d[page]={0x8182838485868788,0}
// out: w3=0x88 x4=0xffffffffffff8788 w5=0x85868788 x6=0x8182838485868788
//     w7=0xffffff81 mem.2d[page]={0x8182838485868788,0x7788}
    ldtrb w3, [x1, #-8]
    ldtrsh x4, [x1, #-8]
    ldtr w5, [x1, #-8]
    ldtr x6, [x1, #-8]
    ldtrsb w7, [x1, #-1]
    sttrh w2, [x1]
