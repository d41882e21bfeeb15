// a == 1 && b > 2 || c < 3, as compilers write it.
// in: x1=1 x2=3 x3=9
// out: w0=1 nzcv=1000
// in: x1=1 x2=2 x3=9
// out: w0=0 nzcv=0010
// in: x1=0 x2=3 x3=2
// out: w0=1 nzcv=1000
// in: x1=0 x2=3 x3=3
// out: w0=0 nzcv=0110
    cmp w1, #1
    ccmp w2, #2, #4, eq
    ccmp w3, #3, #8, le
    cset w0, lt
