// A pre-index store that faults keeps its base; SP too.
// in: sp=data x2=5
// out: fault=dabt far=data-16 pc=here
    nop
here:
    stp x2, x3, [sp, #-16]!
