// Elements are loaded and stored again, one after the other, up to the end of
// memory: what shares a check faults where it stands, with the flags of the
// round before.
// in: x0=end-12 x2=0 x5=0
// out: fault=dabt far=end pc=here x2=3 x4=0 nzcv=0000
1:
here:
    ldr w4, [x0, w2, sxtw #2]
    add w4, w4, w5
    str w4, [x0, w2, sxtw #2]
    adds w2, w2, #1
    b.pl 1b
