// SETF8 and SETF16: V is set where the value does not fit.
// in: x1=0x80 nzcv=0010
// out: x2=0xb0000000 x3=0x20000000 nzcv=0010
// in: x1=0x180 nzcv=0010
// out: x2=0xa0000000 x3=0x20000000 nzcv=0010
// in: x1=0x18000 nzcv=0000
// out: x2=0x40000000 x3=0x80000000 nzcv=1000
// in: x1=0x8000 nzcv=0000
// out: x2=0x40000000 x3=0x90000000 nzcv=1001
    setf8 w1
    mrs x2, nzcv
    setf16 w1
    mrs x3, nzcv
