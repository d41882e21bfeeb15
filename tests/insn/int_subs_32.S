// SUBS, CMP and NEGS with 32 bits see the lower halves only.
// in: x1=0xffffffff00000000 x2=1
// out: w0=0xffffffff w3=0xffffffff nzcv=1000
// in: x1=0x180000000 x2=0x80000000
// out: w0=0 w3=0x80000000 nzcv=1001
// in: x1=0x100000000 x2=0x300000000
// out: w0=0 w3=0 nzcv=0110
    subs w0, w1, w2
    cmp w1, w2
    negs w3, w2
