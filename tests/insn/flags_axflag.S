// AXFLAG and XAFLAG: to the other convention of FP comparisons and back.
// in: nzcv=0011
// out: x0=0x40000000 nzcv=0011
// in: nzcv=1000
// out: x0=0 nzcv=1000
// in: nzcv=0110
// out: x0=0x60000000 nzcv=0110
// in: nzcv=0010
// out: x0=0x20000000 nzcv=0010
    axflag
    mrs x0, nzcv
    xaflag
