// NaNs of 32 bits, and FPCR.DN, which makes all of them the default one.
// in: s1=0x7f800001 s2=0xffc00002 s3=2.0 fpcr=0
// out: s4=0x7fc00001 s5=0xffc00002 s6=0x7fc00001 fpsr=ioc
// in: s1=0x7f800001 s2=0xffc00002 s3=2.0 fpcr=dn
// out: s4=nan s5=nan s6=nan fpsr=ioc
    fadd s4, s2, s1
    fmul s5, s3, s2
    fmadd s6, s1, s3, s2
