// Overflow gives infinity or the largest number, as the mode says.
// in: d1=0x7fefffffffffffff d2=0xffefffffffffffff fpcr=0
// out: d3=inf d4=-inf fpsr=ofc+ixc
// in: d1=0x7fefffffffffffff d2=0xffefffffffffffff fpcr=rp
// out: d3=inf d4=0xffefffffffffffff fpsr=ofc+ixc
// in: d1=0x7fefffffffffffff d2=0xffefffffffffffff fpcr=rm
// out: d3=0x7fefffffffffffff d4=-inf fpsr=ofc+ixc
// in: d1=0x7fefffffffffffff d2=0xffefffffffffffff fpcr=rz
// out: d3=0x7fefffffffffffff d4=0xffefffffffffffff fpsr=ofc+ixc
    fadd d3, d1, d1
    fadd d4, d2, d2
