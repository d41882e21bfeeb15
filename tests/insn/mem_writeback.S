// Pre- and post-index, of SP too; the stored register may be the base.
// in: x1=page x2=page+32 x3=7 sp=page-32
// out: x1=page-8 x2=page+40 sp=page-16 mem.d[page-8]=7 mem.d[page+32]=7
//     mem.2d[page-48]={7,7} x4=7 mem.d[page+64]=page+64 x5=page+56
    str x3, [x1, #-8]!
    str x3, [x2], #8
    stp x3, x3, [sp, #-16]!
    ldr x4, [sp], #32
    mov x5, #64
    add x5, x2, #24
    str x5, [x5]
    sub x5, x5, #8
