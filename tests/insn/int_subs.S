// SUBS: C is "no borrow"; the most negative number minus one overflows.
// in: x1=0 x2=0
// out: x0=0 nzcv=0110
// in: x1=0 x2=1
// out: x0=-1 nzcv=1000
// in: x1=0x8000000000000000 x2=1
// out: x0=0x7fffffffffffffff nzcv=0011
// in: x1=0x7fffffffffffffff x2=-1
// out: x0=0x8000000000000000 nzcv=1001
// in: x1=5 x2=3
// out: x0=2 nzcv=0010
// in: x1=0 x2=0x8000000000000000
// out: x0=0x8000000000000000 nzcv=1001
    subs x0, x1, x2
