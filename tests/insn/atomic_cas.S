// CAS of every size: the old value comes back, a miss stores nothing.
// in: x1=page x2=0xffffffffffffff88 x3=0xffffffffffffff77 x4=0x8788 x5=6
//     x6=0x7777 x7=5 x8=0x55665577 mem.2d[page]={0x1122334455668788,0}
// out: x2=0x88 x4=0x8777 x6=0x8777 x8=0x1122334455668777
//     mem.d[page]=0x1122334455668777
    casb w2, w3, [x1]
    cash w4, w5, [x1]
    casalh w6, w7, [x1]
    casa x8, x7, [x1]
