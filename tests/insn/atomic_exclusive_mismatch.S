// STXR of another size, at another address, or of a pair, fails here: the
// architecture leaves the first and the last open.
// not in qemu: it compares addresses only
// in: x1=page x2=5 x3=page+8 mem.2d[page]={1,2}
// out: w4=1 w5=1 w6=1 x7=1
    ldxr w7, [x1]
    stxr w4, x2, [x1]
    ldxr x7, [x1]
    stxr w5, x2, [x3]
    ldxr x7, [x1]
    stxp w6, x2, x2, [x1]
