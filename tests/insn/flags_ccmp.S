// CCMP: compare when the condition holds, else take the immediate.
// in: x1=3 x2=3 nzcv=0100
// out: nzcv=0110
// in: x1=3 x2=4 nzcv=0100
// out: nzcv=1000
// in: x1=3 x2=3 nzcv=0000
// out: nzcv=1011
// in: x1=0x8000000000000000 x2=1 nzcv=1111
// out: nzcv=0011
    ccmp x1, x2, #0b1011, eq
