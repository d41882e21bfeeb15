// Every condition under every setting of the flags: a bit each in x0.
// in: nzcv=0000
// out: x0=0x16aa x1=?
// in: nzcv=0001
// out: x0=0x2a6a x1=?
// in: nzcv=0010
// out: x0=0x15a6 x1=?
// in: nzcv=0011
// out: x0=0x2966 x1=?
// in: nzcv=0100
// out: x0=0x26a9 x1=?
// in: nzcv=0101
// out: x0=0x2a69 x1=?
// in: nzcv=0110
// out: x0=0x26a5 x1=?
// in: nzcv=0111
// out: x0=0x2a65 x1=?
// in: nzcv=1000
// out: x0=0x2a9a x1=?
// in: nzcv=1001
// out: x0=0x165a x1=?
// in: nzcv=1010
// out: x0=0x2996 x1=?
// in: nzcv=1011
// out: x0=0x1556 x1=?
// in: nzcv=1100
// out: x0=0x2a99 x1=?
// in: nzcv=1101
// out: x0=0x2659 x1=?
// in: nzcv=1110
// out: x0=0x2a95 x1=?
// in: nzcv=1111
// out: x0=0x2655 x1=?
    mov x0, #0
    cset x1, eq
    orr x0, x0, x1, lsl #0
    cset x1, ne
    orr x0, x0, x1, lsl #1
    cset x1, cs
    orr x0, x0, x1, lsl #2
    cset x1, cc
    orr x0, x0, x1, lsl #3
    cset x1, mi
    orr x0, x0, x1, lsl #4
    cset x1, pl
    orr x0, x0, x1, lsl #5
    cset x1, vs
    orr x0, x0, x1, lsl #6
    cset x1, vc
    orr x0, x0, x1, lsl #7
    cset x1, hi
    orr x0, x0, x1, lsl #8
    cset x1, ls
    orr x0, x0, x1, lsl #9
    cset x1, ge
    orr x0, x0, x1, lsl #10
    cset x1, lt
    orr x0, x0, x1, lsl #11
    cset x1, gt
    orr x0, x0, x1, lsl #12
    cset x1, le
    orr x0, x0, x1, lsl #13
