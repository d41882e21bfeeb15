// TBZ, TBNZ, CBZ and CBNZ over distance, forward and backward.
// in: x1=0x8000000000000000 x2=0x100000000 x0=0
// out: x0=15
    tbnz x1, #63, far
    brk #1
back:
    orr x0, x0, #2
    cbz w2, far2
    brk #2
    .space 0x7f00
far:
    orr x0, x0, #1
    tbz w1, #31, back
    brk #3
far2:
    orr x0, x0, #4
    cbnz x2, 1f
    brk #4
1:  orr x0, x0, #8
    tbz x1, #63, far
    cbnz w1, far
