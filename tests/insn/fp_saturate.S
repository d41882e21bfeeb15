// Conversions that do not fit saturate; NaN is zero; all are invalid only.
// in: d1=inf
// out: x2=0x7fffffffffffffff x3=-1 w4=0x7fffffff w5=0xffffffff fpsr=ioc
// in: d1=-inf
// out: x2=0x8000000000000000 x3=0 w4=0x80000000 w5=0 fpsr=ioc
// in: d1=nan
// out: x2=0 x3=0 w4=0 w5=0 fpsr=ioc
// in: d1=9223372036854775808.0
// out: x2=0x7fffffffffffffff x3=0x8000000000000000 w4=0x7fffffff w5=0xffffffff
//     fpsr=ioc
// in: d1=-9223372036854775808.0
// out: x2=0x8000000000000000 x3=0 w4=0x80000000 w5=0 fpsr=ioc
// in: d1=2147483648.0
// out: x2=0x80000000 x3=0x80000000 w4=0x7fffffff w5=0x80000000 fpsr=ioc
// in: d1=-2147483648.5
// out: x2=-2147483648 x3=0 w4=0x80000000 w5=0 fpsr=ioc+ixc
// in: d1=4294967295.5
// out: x2=0xffffffff x3=0xffffffff w4=0x7fffffff w5=0xffffffff fpsr=ioc+ixc
    fcvtzs x2, d1
    fcvtzu x3, d1
    fcvtzs w4, d1
    fcvtzu w5, d1
