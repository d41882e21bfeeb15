// RNDR and RNDRRS: another number each time, and success in NZCV.
// in: nzcv=1111
// out: x1=? x2=? x3=1 nzcv=0000
    mrs x1, s3_3_c2_c4_1
    mrs x2, s3_3_c2_c4_0
    eor x3, x1, x2
    cmp x3, #0
    cset x3, ne
    mrs x2, s3_3_c2_c4_0
