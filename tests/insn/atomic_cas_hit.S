// CAS that hits, of both widths, with XZR on both sides.
// in: x1=page x2=0xffffffff00000005 x3=7 mem.2d[page]={0x900000005,0}
// out: x2=5 mem.2d[page]={0,3} x4=0 x5=3 x6=0x900000007
    cas w2, w3, [x1]
    ldr x6, [x1]
    mov x4, x6
    casl x4, xzr, [x1]
    mov x4, #0
    mov x5, #3
    add x1, x1, #8
    casal xzr, x5, [x1]
    sub x1, x1, #8
