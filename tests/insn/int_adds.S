// ADDS: carry and overflow at the edges; the upper half is cleared.
// in: x1=-1 x2=1
// out: x0=0 w3=0 nzcv=0110
// in: x1=0x7fffffff x2=1
// out: x0=0x80000000 w3=0x80000000 nzcv=1001
// in: x1=0x8000000080000000 x2=0x8000000080000000
// out: x0=0x100000000 w3=0 nzcv=0111
// in: x1=0xffffffff00000000 x2=0
// out: x0=0xffffffff00000000 w3=0 nzcv=0100
    adds x0, x1, x2
    adds w3, w1, w2
