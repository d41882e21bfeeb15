// CASP: hit and miss, both widths; the pair must begin at an even register.
// in: x1=page x2=5 x3=6 x4=7 x5=8 x6=9 x7=9 mem.2d[page]={5,6}
//     mem.2s[page+16]={5,6} x8=5 x9=6 x10=page+16
// out: mem.2d[page]={7,8} x6=7 x7=8 x8=5 x9=6 mem.2s[page+16]={7,8} x11=7
//     x12=7 x13=8
    casp x2, x3, x4, x5, [x1]
    caspal x6, x7, x2, x3, [x1]
    casp w8, w9, w4, w5, [x10]
    mov x12, #1
    mov x13, #2
    casp w12, w13, w2, w3, [x10]
    mov x11, x12
