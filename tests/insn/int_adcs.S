// ADCS: the carry counts in both directions; all ones plus carry is zero.
// in: x1=-1 x2=0 nzcv=0010
// out: x0=0 nzcv=0110
// in: x1=-1 x2=-1 nzcv=0010
// out: x0=-1 nzcv=1010
// in: x1=0x7fffffffffffffff x2=0 nzcv=0010
// out: x0=0x8000000000000000 nzcv=1001
// in: x1=0x7fffffffffffffff x2=0x8000000000000000 nzcv=1101
// out: x0=-1 nzcv=1000
// in: x1=0x7fffffffffffffff x2=0x8000000000000000 nzcv=0010
// out: x0=0 nzcv=0110
    adcs x0, x1, x2
