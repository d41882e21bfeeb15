// LDP of Q registers and LD4, whose later parts fault.
// not in qemu: it changes the first register, which may be anything
// in: x1=end-16 x2=0
// out: fault=dabt far=end pc=here
// in: x1=end-48 x2=1
// out: fault=dabt far=end pc=there
    cbnz x2, there
here:
    ldp q1, q2, [x1]
there:
    ld4 {v1.16b-v4.16b}, [x1], #64
