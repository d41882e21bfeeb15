// SCTLR.A: an unaligned access faults before anything else.
// not in qemu: SCTLR_EL1 is not at hand there
// in: sctlr=a x1=page+4 x2=0
// out: w4=? fault=align far=page+4 pc=here
// in: sctlr=a x1=page+1 x2=1
// out: fault=align far=page+1 pc=there
// in: sctlr=a x1=end-2 x2=0
// out: fault=align far=end-2 pc=first
// in: x1=page+4 x2=0
// out: x3=? w4=?
    cbnz x2, there
first:
    ldr w4, [x1]
here:
    ldr x3, [x1]
    brk #0
there:
    str wzr, [x1]
