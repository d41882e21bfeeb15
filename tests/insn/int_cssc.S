// not in qemu: 7.2 has no FEAT_CSSC
// Minimum and maximum, signed and unsigned, and the flags as they were.
// in: x1=-5 x2=3 nzcv=1010
// out: x3=3 x4=-5 x5=-5 x6=3 w7=3 w8=-5 x9=-5 x10=-1 w11=-1 w12=127 x13=100
//     x14=3 x15=-128 x16=127
// in: x1=0x7fffffff00000000 x2=0x80000000 nzcv=0101
// out: x3=0x7fffffff00000000 x4=0x7fffffff00000000 x5=0x80000000 x6=0x80000000
//     w7=0 w8=0x80000000 x9=-5 x10=0x7fffffff00000000 w11=0 w12=127 x13=100
//     x14=255 x15=-128 x16=127
    .arch_extension cssc
    smax x3, x1, x2
    umax x4, x1, x2
    smin x5, x1, x2
    umin x6, x1, x2
    smax w7, w1, w2
    umax w8, w1, w2
    smin x9, x1, #-5
    smax x10, x1, #-1
    smax w11, w1, #-1
    mov w16, #127
    umax w12, w16, #100
    umin x13, x16, #100
    umin x14, x2, #255
    smin x15, x16, #-128
