// LDP into its base, whose second half faults: restartable.
// in: x1=end-8 x3=6
// out: fault=dabt far=end pc=here
    nop
here:
    ldp x1, x3, [x1]
