// Flags set before a fault are seen; those set behind are not.
// in: x1=end x2=1
// out: fault=dabt far=end pc=here nzcv=0110
    cmp x2, #1
here:
    ldr x3, [x1]
    cmp x2, #2
