// FMULX: infinity times zero is two, with the sign; FABD; FNEG of a NaN.
// in: d1=inf d2=-0.0 s3=1.5 s4=4.0 s5=nan
// out: d6=-2.0 d7=-inf s8=2.5 s9=0xffc00000 d10=nan fpsr=ioc
    fmulx d6, d1, d2
    fmov d7, #-1.0
    fmulx d7, d1, d7
    fabd s8, s3, s4
    fneg s9, s5
    fmul d10, d1, d2
