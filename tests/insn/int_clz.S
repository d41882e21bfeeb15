// CLZ, CLS and RBIT at their edges.
// in: x1=0
// out: x2=64 x3=63 w4=32 w5=31 x6=0 w7=0
// in: x1=-1
// out: x2=0 x3=63 w4=0 w5=31 x6=-1 w7=-1
// in: x1=0x8000000000000001
// out: x2=0 x3=0 w4=31 w5=30 x6=0x8000000000000001 w7=0x80000000
// in: x1=0x00000000c0000000
// out: x2=32 x3=31 w4=0 w5=1 x6=0x0000000300000000 w7=3
    clz x2, x1
    cls x3, x1
    clz w4, w1
    cls w5, w1
    rbit x6, x1
    rbit w7, w1
