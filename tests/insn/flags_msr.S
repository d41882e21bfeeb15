// MSR and MRS of NZCV, between readers of the flags.
// in: x1=0xffffffffafffffff nzcv=0101
// out: x0=0x50000000 x2=0xa0000000 x3=1 x4=0 nzcv=1010
    mrs x0, nzcv
    msr nzcv, x1
    mrs x2, nzcv
    cset x3, hi
    cset x4, eq
