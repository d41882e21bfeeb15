// FMADD with NaNs: the addend is looked at first; infinity times zero with
// a quiet addend is invalid and gives the default NaN.
// in: s1=inf s2=0.0 s3=0xffc00003
// out: s4=nan s5=nan fpsr=ioc
// in: s1=0x7fc00001 s2=0x7fc00002 s3=0xffc00003
// out: s4=0xffc00003 s5=0xffc00003
// in: s1=0x7f800001 s2=0x7fc00002 s3=0xffc00003
// out: s4=0x7fc00001 s5=0xffc00001 fpsr=ioc
// in: s1=0x7fc00001 s2=0x7fc00002 s3=1.0
// out: s4=0x7fc00001 s5=0xffc00001
    fmadd s4, s1, s2, s3
    fmsub s5, s1, s2, s3
