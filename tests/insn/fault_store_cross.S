// A store whose second page is missing; the base is not written back.
// in: x1=end-2 x2=5
// out: fault=dabt far=end pc=here
    nop
here:
    str w2, [x1], #4
