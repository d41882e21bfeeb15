// Several stores off one base, the third of which faults: what was before
// it has happened, what is behind has not.
// in: x1=data+32 x2=1 x3=2 x4=3 x5=4
// out: fault=dabt far=data-16 pc=here x2=page x3=5
    mov x2, #0x50000000
    add x2, x2, #0x1000
    stp x3, x4, [x1]
    stp x4, x5, [x1, #-16]
    mov x3, #5
here:
    stp x3, x4, [x1, #-48]
    stp x4, x5, [x1, #-64]
    mov x3, #6
