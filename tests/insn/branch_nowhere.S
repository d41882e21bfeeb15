// BR to where nothing is: the abort is of the target, x30 written.
// in: x1=0x60000000
// out: fault=iabt pc=0x60000000 far=0x60000000 x30=behind
    blr x1
behind:
    brk #1
