// MSR FPCR between operations counts at once; FPSR collects.
// in: d1=1.0 d2=3.0 x1=rz x2=rp
// out: d3=0x3fd5555555555555 d4=0x3fd5555555555556 d5=0x3fd5555555555555
//     x3=ixc x4=0 x5=ixc fpcr=0 fpsr=ixc
    msr fpcr, x1
    fdiv d3, d1, d2
    mrs x3, fpsr
    msr fpsr, xzr
    mrs x4, fpsr
    msr fpcr, x2
    fdiv d4, d1, d2
    msr fpcr, xzr
    fdiv d5, d1, d2
    mrs x5, fpsr
