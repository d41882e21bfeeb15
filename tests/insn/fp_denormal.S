// Denormal results and operands, with and without FPCR.FZ.
// in: s1=0x00800000 s2=0.5 s3=0x00000001 s4=1.0
// out: s5=0x00400000 s6=0x00000001 s7=0x00800000 s8=0.0 s9=0x00000003
//     fpsr=ufc+ixc
// in: s1=0x00800000 s2=0.5 s3=0x00000001 s4=1.0 fpcr=fz
// out: s5=0.0 s6=0.0 s7=0x00800000 s8=0.0 s9=0.0 fpsr=ufc+idc
    fmul s5, s1, s2
    fmul s6, s3, s4
    fadd s7, s1, s3
    fsub s7, s7, s3
    fmul s8, s3, s3
    fadd s9, s3, s3
    fadd s9, s9, s3
