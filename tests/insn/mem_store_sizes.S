// Stores of every size write no more than that, of WZR too.
// in: x1=page x2=0x1122334455667788
//     mem[page]=#ffffffffffffffffffffffffffffffff
//     mem[page+16]=#ffffffffffffffffffffffffffffffff
// out: mem[page]=#88ff8877ffffffff88776655ffffffff
//     mem[page+16]=#887766554433221100ff0000ffffffff
    strb w2, [x1]
    strh w2, [x1, #2]
    str w2, [x1, #8]
    str x2, [x1, #16]
    strb wzr, [x1, #24]
    strh wzr, [x1, #26]
