// Every way to form an address.
// in: x1=page x2=0xffffffff00000002 x3=-1 x9=page-8 mem.d[page-8]=10
//     mem.d[page]=11 mem.d[page+8]=12 mem.d[page+16]=13 mem.d[page+24]=14
// out: x4=14 x5=13 x6=10 x7=10 x8=10 x10=11 x11=14 x1=page+24 x9=page
    ldr x4, [x1, #24]
    ldr x5, [x1, w2, uxtw #3]
    ldr x6, [x1, w3, sxtw #3]
    ldr x7, [x1, x3, lsl #3]
    ldur x8, [x1, #-8]
    ldr x10, [x9, #8]!
    ldr x11, [x1], #24
    ldr x11, [x1]
