// Nested loops, a forward exit, and a loop entered in its middle.
// in: x0=0 x1=10
// out: x0=124 x1=0 x2=0 x3=? nzcv=0110
    b 2f
1:  mov x2, x1
3:  add x0, x0, #1
    cmp x0, #124
    b.eq 4f
    subs x2, x2, #1
    b.ne 3b
2:  add x0, x0, #10
    mov x3, x0
    subs x1, x1, #1
    b.ne 1b
4:  mov x1, #0
    mov x2, #0
