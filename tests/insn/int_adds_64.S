// ADDS with 64 bits: flags of the upper edge.
// in: x1=0x7fffffffffffffff x2=1
// out: x0=0x8000000000000000 nzcv=1001
// in: x1=0x8000000000000000 x2=0x8000000000000000
// out: x0=0 nzcv=0111
// in: x1=-1 x2=-1
// out: x0=-2 nzcv=1010
// in: x1=0xffffffff x2=1
// out: x0=0x100000000 nzcv=0000
// in: x1=0 x2=0
// out: x0=0 nzcv=0100
    adds x0, x1, x2
