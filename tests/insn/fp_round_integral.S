// FRINTx: halves, negative zero, and which of them say inexact.
// in: d1=2.5 fpcr=rp
// out: d2=2.0 d3=3.0 d4=3.0 d5=2.0 d6=2.0 d7=3.0 d8=3.0 fpsr=ixc
// in: d1=-0.5 fpcr=rm
// out: d2=-0.0 d3=-1.0 d4=-0.0 d5=-1.0 d6=-0.0 d7=-1.0 d8=-1.0 fpsr=ixc
// in: d1=0x4330000000000001
// out: d2=0x4330000000000001 d3=0x4330000000000001 d4=0x4330000000000001
//     d5=0x4330000000000001 d6=0x4330000000000001 d7=0x4330000000000001
//     d8=0x4330000000000001
    frintn d2, d1
    frinta d3, d1
    frintp d4, d1
    frintm d5, d1
    frintz d6, d1
    frinti d7, d1
    frintx d8, d1
