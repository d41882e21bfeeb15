// Half precision: arithmetic, comparison, conversion, FZ16.
// in: h1=0x3c00 h2=0x4000 h3=0x0001 h4=0x7bff
// out: h5=0x4200 h6=0x3800 h7=0x0002 h8=0x7c00 x9=1 h10=0x4500 w11=2
//     h12=0x4600 nzcv=1000 fpsr=ofc+ixc
// in: h1=0x3c00 h2=0x4000 h3=0x0001 h4=0x7bff fpcr=fz16
// out: h5=0x4200 h6=0x3800 h7=0 h8=0x7c00 x9=1 h10=0x4500 w11=2 h12=0x4600
//     nzcv=1000 fpsr=ofc+ixc
    fadd h5, h1, h2
    fdiv h6, h1, h2
    fadd h7, h3, h3
    fadd h8, h4, h4
    fcmp h1, h2
    cset x9, mi
    fmadd h10, h2, h2, h1
    fcvtzs w11, h2
    scvtf h12, w11
    fmov h12, #6.0
