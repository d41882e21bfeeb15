// 12-bit immediates, shifted by 12 too, and moves from and to SP.
// in: x1=0x100000000 sp=page
// out: x2=0x100000fff x3=0x100fff000 w4=0xfff w5=0xfffff001 x6=page-16 x7=page
//     x8=0x20000000 nzcv=0110 sp=page-16
    add x2, x1, #0xfff
    add x3, x1, #0xfff, lsl #12
    add w4, w1, #0xfff
    sub w5, w1, #0xfff
    sub sp, sp, #16
    mov x6, sp
    add x7, sp, #16
    cmp x6, #0
    mrs x8, nzcv
    cmn w1, #0
    cmp w1, #0
