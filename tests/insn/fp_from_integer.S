// SCVTF and UCVTF: the modes, and what does not fit the fraction.
// in: x1=-1
// out: d2=-1.0 d3=0x43f0000000000000 s4=-1.0 s5=0x4f800000
//     d6=0x41efffffffe00000 s7=0x5f800000 fpsr=ixc
// in: x1=-1 fpcr=rz
// out: d2=-1.0 d3=0x43efffffffffffff s4=-1.0 s5=0x4f7fffff
//     d6=0x41efffffffe00000 s7=0x5f7fffff fpsr=ixc
// in: x1=0
// out: d2=0.0 d3=0.0 s4=0.0 s5=0.0 d6=0.0 s7=0.0
// in: x1=0x7fffffffffffffff
// out: d2=0x43e0000000000000 d3=0x43e0000000000000 s4=-1.0 s5=0x4f800000
//     d6=0x41efffffffe00000 s7=0x5f000000 fpsr=ixc
    scvtf d2, x1
    ucvtf d3, x1
    scvtf s4, w1
    ucvtf s5, w1
    ucvtf d6, w1
    ucvtf s7, x1
