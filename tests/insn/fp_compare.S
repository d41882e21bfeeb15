// FCMP: less, equal, greater, unordered; zeroes are equal.
// in: d1=1.0 d2=2.0 x0=0
// out: nzcv=1000 x0=0x80000000
// in: d1=2.0 d2=1.0
// out: nzcv=0010 x0=0x20000000
// in: d1=0.0 d2=-0.0
// out: nzcv=0110 x0=0x60000000
// in: d1=inf d2=inf
// out: nzcv=0110 x0=0x60000000
// in: d1=nan d2=1.0
// out: nzcv=0011 x0=0x30000000 fpsr=ioc
// in: d1=1.0 d2=0x7ff0000000000001
// out: nzcv=0011 x0=0x30000000 fpsr=ioc
    fcmp d1, d2
    mrs x0, nzcv
    fcmpe d1, d2
