// A table of addresses, jumped through more often than it is long.
// in: x0=0 x1=0
// out: x0=40 x1=16 x2=? x3=? x4=? nzcv=0110
1:  adr x2, table
    and x3, x1, #3
    ldrsw x4, [x2, x3, lsl #2]
    add x4, x4, x2
    br x4
a:  add x0, x0, #1
    b 2f
b:  add x0, x0, #2
    b 2f
c:  add x0, x0, #3
    b 2f
d:  add x0, x0, #4
2:  add x1, x1, #1
    cmp x1, #16
    b.ne 1b
    brk #0
table:
    .word a - table, b - table, c - table, d - table
