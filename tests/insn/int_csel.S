// CSEL, CSINC, CSINV, CSNEG and their aliases under every condition.
// in: x1=5 x2=9 nzcv=0100
// out: x3=5 x4=10 x5=-10 x6=-9 w7=1 x8=-1 w9=0 x10=6 w11=-6 x12=-5 w13=9 w14=5
// in: x1=5 x2=9 nzcv=1001
// out: x3=9 x4=5 x5=5 x6=5 w7=0 x8=0 w9=1 x10=5 w11=5 x12=5 w13=9 w14=5
    csel x3, x1, x2, eq
    csinc x4, x1, x2, ne
    csinv x5, x1, x2, mi
    csneg x6, x1, x2, vs
    cset w7, eq
    csetm x8, eq
    cset w9, vs
    cinc x10, x1, eq
    cinv w11, w1, pl
    cneg x12, x1, le
    csel w13, w1, w2, hs
    csel w14, w1, w2, al
