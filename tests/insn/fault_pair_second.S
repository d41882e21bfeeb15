// The second half of an LDP faults: neither register changes.
// in: x1=end-8 x2=5 x3=6
// out: fault=dabt far=end pc=here x4=9
    mov x4, #9
here:
    ldp x2, x3, [x1]
    mov x4, #8
