// SBCS subtracts NOT(C); zero minus zero with borrow is all ones.
// in: x1=0 x2=0 nzcv=0000
// out: x0=-1 nzcv=1000
// in: x1=0 x2=0 nzcv=0010
// out: x0=0 nzcv=0110
// in: x1=0x8000000000000000 x2=0 nzcv=1101
// out: x0=0x7fffffffffffffff nzcv=0011
// in: x1=5 x2=5 nzcv=1101
// out: x0=-1 nzcv=1000
// in: x1=0 x2=-1 nzcv=0000
// out: x0=0 nzcv=0100
    sbcs x0, x1, x2
