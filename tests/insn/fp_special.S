// Infinities and invalid operations: the default NaN is positive.
// in: d1=inf d2=-inf d3=0.0 d4=-0.0
// out: d5=nan d6=inf d7=nan d8=nan d9=-inf d10=nan d11=0.0 d12=-0.0 d13=0.0
//     fpsr=ioc+dzc
    fadd d5, d1, d2
    fsub d6, d1, d2
    fmul d7, d1, d3
    fdiv d8, d3, d4
    fdiv d9, d1, d4
    fsqrt d10, d2
    fadd d11, d3, d4
    fadd d12, d4, d4
    fmov d13, #1.0
    fdiv d13, d13, d3
    fmov d13, xzr
