// PACGA: the upper half depends on both operands, the lower is zero.
// in: x1=5 x2=6
// out: x3=? x4=1 x5=1 w6=0 x7=? nzcv=?
    pacga x3, x1, x2
    pacga x7, x2, x1
    cmp x3, x7
    cset x4, ne
    pacga x7, x1, x2
    cmp x3, x7
    cset x5, eq
    mov w6, w3
