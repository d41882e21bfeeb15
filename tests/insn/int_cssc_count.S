// not in qemu: 7.2 has no FEAT_CSSC
// ABS, CTZ, CNT.
// in: x1=-5 nzcv=1111
// out: x2=5 x3=0 x4=63 w5=5 w6=0 w7=31
// in: x1=0x8000000000000000 nzcv=0000
// out: x2=0x8000000000000000 x3=63 x4=1 w5=0 w6=32 w7=0
// in: x1=0x0123456789abcdf0
// out: x2=0x0123456789abcdf0 x3=4 x4=29 w5=0x76543210 w6=4 w7=17
// in: x1=0
// out: x2=0 x3=64 x4=0 w5=0 w6=32 w7=0
    .arch_extension cssc
    abs x2, x1
    ctz x3, x1
    cnt x4, x1
    abs w5, w1
    ctz w6, w1
    cnt w7, w1
