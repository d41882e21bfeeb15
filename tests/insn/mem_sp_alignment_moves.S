// SP loses its alignment and finds it again, by each way to write it.
// not in qemu: SCTLR_EL1 is not at hand there
// in: sctlr=sa0 sp=page x1=page+8 x2=0 x3=page
// out: sp=page+8 x4=? x5=page+8 x6=? fault=spalign pc=by_add nzcv=?
// in: sctlr=sa0 sp=page x1=page+8 x2=4 x3=page
// out: sp=page+8 x4=? x6=? fault=spalign pc=by_move nzcv=?
// in: sctlr=sa0 sp=page x1=page+8 x2=8 x3=page
// out: sp=page+16 x4=? x6=? x5=page+16 nzcv=?
    ldr x4, [sp]
    cbz x2, 1f
    cmp x2, #4
    b.eq 2f
    add sp, sp, #8
    add sp, sp, #8
    ldr x4, [sp]
    mov sp, x1
    mov x5, sp
    mov sp, x3
    ldr x6, [sp], #16
    mov x5, sp
    brk #0
1:  add sp, sp, #8
    mov x5, sp
by_add:
    ldr x4, [sp], #8
    brk #0
2:  mov sp, x1
by_move:
    stp x5, x6, [sp, #-16]!
    brk #0
