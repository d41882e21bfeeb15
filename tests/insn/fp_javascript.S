// FJCVTZS: modulo 2^32, Z says that nothing was lost.
// in: d1=4294967301.0
// out: w2=5 nzcv=0000 fpsr=ioc
// in: d1=-5.0
// out: w2=-5 nzcv=0100
// in: d1=-0.0
// out: w2=0 nzcv=0000
// in: d1=nan
// out: w2=0 nzcv=0000 fpsr=ioc
// in: d1=1.5
// out: w2=1 nzcv=0000 fpsr=ixc
    fjcvtzs w2, d1
