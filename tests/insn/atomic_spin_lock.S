// A spin lock, a ticket and a compare-and-swap loop.
// in: x1=page x2=100 mem.2d[page]={0,0}
// out: x2=0 w3=0 x4=? mem.2d[page]={0,5050} x5=? nzcv=0110
1:  sevl
2:  ldaxr w3, [x1]
    cbnz w3, 2b
    mov w4, #1
    stxr w3, w4, [x1]
    cbnz w3, 2b
3:  ldxr x5, [x1, #0]
    add x4, x1, #8
    ldxr x5, [x4]
    add x5, x5, x2
    stxr w3, x5, [x4]
    cbnz w3, 3b
    stlr wzr, [x1]
    subs x2, x2, #1
    b.ne 1b
