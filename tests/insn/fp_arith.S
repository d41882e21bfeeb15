// Arithmetic of both sizes; the upper part of the register is cleared.
// in: d1=1.5 d2=-0.25 s3=3.0 s4=0.5
// out: d5=1.25 d6=1.75 d7=-0.375 d8=-6.0 s9=3.5 s10=2.5 s11=1.5 s12=6.0
//     d13=0.375 s14=-1.5
    fadd d5, d1, d2
    fsub d6, d1, d2
    fmul d7, d1, d2
    fdiv d8, d1, d2
    fadd s9, s3, s4
    fsub s10, s3, s4
    fmul s11, s3, s4
    fdiv s12, s3, s4
    fnmul d13, d1, d2
    fnmul s14, s3, s4
