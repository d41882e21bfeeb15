// LDXR and STXR of every size: success, the value stored, status zero.
// in: x1=page x2=0x1122334455667788 mem.2d[page]={0x8182838485868788,9}
// out: x3=0x88 w4=0 x5=0x8788 w6=0 x7=0x85867788 w8=0 x9=0x8182838455667788
//     w10=0 mem.d[page]=0x1122334455667788
    ldxrb w3, [x1]
    stxrb w4, w2, [x1]
    ldxrh w5, [x1]
    stxrh w6, w2, [x1]
    ldxr w7, [x1]
    stxr w8, w2, [x1]
    ldaxr x9, [x1]
    stlxr w10, x2, [x1]
