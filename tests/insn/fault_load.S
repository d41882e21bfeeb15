// A load that faults changes nothing, the base of a post-index neither.
// in: x1=end x2=5
// out: fault=dabt far=end pc=here x2=6
    add x2, x2, #1
here:
    ldr x3, [x1], #8
    add x2, x2, #1
