// Which NaN comes out: a signalling one first, then the first operand; made
// quiet, with its sign and payload.
// in: d1=0x7ff8000000000011 d2=0xfff0000000000022 d3=0x7ff8000000000033 d4=1.0
// out: d5=0xfff8000000000022 d6=0x7ff8000000000011 d7=0x7ff8000000000033
//     d8=0xfff8000000000022 d9=0x7ff8000000000011 d10=0xfff8000000000022
//     d11=0xfff8000000000011 d12=0x7ff8000000000022 fpsr=ioc
    fadd d5, d1, d2
    fmul d6, d1, d3
    fdiv d7, d4, d3
    fsub d8, d2, d4
    fadd d9, d1, d4
    fsqrt d10, d2
    fneg d11, d1
    fabs d12, d2
    fadd d12, d12, d4
