// ADDS: carry and overflow at the edges, 64 and 32 bits.
// in: x1=-1 x2=1
// out: x0=0 x3=0x0 nzcv=0110
// in: x1=0x7fffffffffffffff x2=1
// out: x0=0x8000000000000000 x3=0 nzcv=0110
    adds x0, x1, x2
    adds w3, w1, w2
