// The same of 64 bits; tiny before rounding is what counts.
// in: d1=0x0010000000000000 d2=0x3fefffffffffffff d3=1
// out: d4=0x0010000000000000 d5=2 d6=0x000fffffffffffff fpsr=ufc+ixc
// in: d1=0x0010000000000000 d2=0x3fefffffffffffff d3=1 fpcr=fz
// out: d4=0 d5=0 d6=0x0010000000000000 fpsr=ufc+idc
    fmul d4, d1, d2
    fadd d5, d3, d3
    fsub d6, d1, d3
