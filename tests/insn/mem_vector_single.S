// B to Q registers: loads clear what is above.
// in: x1=page mem.2d[page]={0x1122334455667788,0x99aabbccddeeff00}
// out: b2=0x88 h3=0x7788 s4=0x55667788 d5=0x1122334455667788
//     q6=0x99aabbccddeeff001122334455667788 mem[page-1]=#88 mem[page-4]=#8877
//     mem.s[page+16]=0x55667788
    ldr b2, [x1]
    ldr h3, [x1]
    ldr s4, [x1]
    ldr d5, [x1]
    ldr q6, [x1]
    stur b6, [x1, #-1]
    stur h6, [x1, #-4]
    str s6, [x1, #16]
