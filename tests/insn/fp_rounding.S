// One third and its negative under the four modes; 1 - 1 is -0 under RM.
// in: s1=1.0 s2=3.0 s3=-1.0 fpcr=0
// out: s4=0x3eaaaaab s5=0xbeaaaaab s6=0.0 fpsr=ixc
// in: s1=1.0 s2=3.0 s3=-1.0 fpcr=rp
// out: s4=0x3eaaaaab s5=0xbeaaaaaa s6=0.0 fpsr=ixc
// in: s1=1.0 s2=3.0 s3=-1.0 fpcr=rm
// out: s4=0x3eaaaaaa s5=0xbeaaaaab s6=-0.0 fpsr=ixc
// in: s1=1.0 s2=3.0 s3=-1.0 fpcr=rz
// out: s4=0x3eaaaaaa s5=0xbeaaaaaa s6=0.0 fpsr=ixc
    fdiv s4, s1, s2
    fdiv s5, s3, s2
    fadd s6, s1, s3
