// Loads of every size, zero- and sign-extended to both widths.
// in: x1=page mem.d[page]=0x8182838485868788
// out: x2=0x88 x3=0x8788 x4=0x85868788 x5=0x8182838485868788 x6=-0x78
//     x7=-0x7878 x8=0xffffffff85868788 w9=0xffffff88 w10=0xffff8788
    ldrb w2, [x1]
    ldrh w3, [x1]
    ldr w4, [x1]
    ldr x5, [x1]
    ldrsb x6, [x1]
    ldrsh x7, [x1]
    ldrsw x8, [x1]
    ldrsb w9, [x1]
    ldrsh w10, [x1]
