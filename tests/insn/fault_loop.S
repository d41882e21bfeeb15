// A loop that runs off the end of memory: the counter tells how far.
// in: x1=end-32 x2=0 x3=0
// out: fault=dabt far=end pc=here x1=end x0=4 x2=4 x3=0 x4=0 nzcv=1000
1:  add x0, x3, x2
here:
    ldr x4, [x1], #8
    add x3, x3, x4
    add x2, x2, #1
    cmp x2, #100
    b.ne 1b
