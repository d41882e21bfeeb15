// CINC by the carry and by the borrow: of a comparison at once, behind a
// store, and of an addition that carries.
// in: x1=5 x2=3 x4=10 x6=-1
// out: x3=11 x5=10 mem.d[page]=5 x7=0 x8=0 x9=0 x10=10 nzcv=0110
// in: x1=3 x2=5 x4=0xffffffff x6=7
// out: x3=0xffffffff x5=0 mem.d[page]=3 x7=7 x8=8 x9=7 x10=0x100000000 nzcv=0000
    cmp x1, x2
    cinc x3, x4, hs
    cinc w5, w4, lo
    str x1, [sp]
    cinc x7, x6, hs
    adds w8, w6, #1
    cinc x9, x6, hs
    cinc x10, x4, lo
