// FPCR and FPSR keep what is written to their bits.
// in: x1=0x07c80000 x4=0x0800009f fpcr=0 fpsr=0
// out: x2=0x07c80000 x3=0x0800009f fpcr=0x07c80000 fpsr=0x0800009f
    msr fpcr, x1
    mrs x2, fpcr
    msr fpsr, x4
    mrs x3, fpsr
