// LDSMAX, LDSMIN, LDUMAX, LDUMIN in sub-words: signs are of the element.
// in: x1=page x2=0xffffff80 x3=0x7f mem.2d[page]={0x0180,0}
// out: w4=0x80 w5=0x7f w6=0x80 w7=0x80 x8=0x017f x9=0x7f x10=0xffffff80
//     mem.2d[page]={0x7f,0}
    ldsmaxb w3, w4, [x1]
    ldumaxb w2, w5, [x1]
    ldsminb w3, w6, [x1]
    lduminb w3, w7, [x1]
    ldumin x3, x8, [x1]
    ldumax x2, x9, [x1]
    ldsmin x3, x10, [x1]
