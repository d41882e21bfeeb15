// FCMP of a quiet NaN raises nothing, FCMPE does; against zero.
// in: s1=nan
// out: x0=0 x1=1 x2=1 x3=0 nzcv=0011
// in: s1=0x7f800001
// out: x0=1 x1=1 x2=1 x3=0 nzcv=0011 fpsr=ioc
// in: s1=-0.0
// out: x0=0 x1=0 x2=0 x3=0 nzcv=0110
// in: s1=-1.0
// out: x0=0 x1=1 x2=1 x3=1 nzcv=1000
    fcmp s1, #0.0
    mrs x0, fpsr
    cset x1, ne
    cset x2, lt
    cset x3, mi
