// BR to an address that is not a multiple of four.
// in: x1=code+6
// out: fault=pcalign pc=code+6 far=code+6
    br x1
    brk #1
    brk #1
