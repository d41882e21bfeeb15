// Division: by zero it is zero, and the overflow wraps.
// in: x1=7 x2=0
// out: x3=0 x4=0 w5=0 w6=0
// in: x1=0x8000000000000000 x2=-1
// out: x3=0 x4=0x8000000000000000 w5=0 w6=0
// in: x1=0xffffffff80000000 x2=0xffffffff
// out: x3=0x100000000 x4=0 w5=0 w6=0x80000000
// in: x1=-7 x2=2
// out: x3=0x7ffffffffffffffc x4=-3 w5=0x7ffffffc w6=-3
// in: x1=7 x2=-2
// out: x3=0 x4=-3 w5=0 w6=-3
    udiv x3, x1, x2
    sdiv x4, x1, x2
    udiv w5, w1, w2
    sdiv w6, w1, w2
