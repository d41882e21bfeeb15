// FMOV between registers, of immediates, and of the upper half.
// in: x1=0x4045000000000000 d2=2.0 v3.2d={5,7}
// out: d4=42.0 x5=0x4000000000000000 x6=7 v3.2d={5,0x4045000000000000}
//     s7=0x40450000 w8=0x0 d9=2.0 d10=-0.125 s11=31.0 v12.2d={1.0,1.0} x9=0
    fmov d4, x1
    fmov x5, d2
    fmov x6, v3.d[1]
    fmov v3.d[1], x1
    lsr x9, x1, #32
    fmov s7, w9
    fmov w8, s2
    fmov d9, d2
    fmov d10, #-0.125
    fmov s11, #31.0
    fmov v12.2d, #1.0
    mov x9, #0
