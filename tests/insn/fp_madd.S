// FMADD, FMSUB, FNMADD, FNMSUB: the signs, and one rounding only.
// in: d1=2.0 d2=3.0 d3=10.0
// out: d4=16.0 d5=4.0 d6=-16.0 d7=-4.0
// in: d1=0x3ff0000001000000 d2=0x3ff0000001000000 d3=0xbff0000002000000
// out: d4=0x3c70000000000000 d5=0xc000000002000000 d6=0xbc70000000000000
//     d7=0x4000000002000000 fpsr=ixc
    fmadd d4, d1, d2, d3
    fmsub d5, d1, d2, d3
    fnmadd d6, d1, d2, d3
    fnmsub d7, d1, d2, d3
