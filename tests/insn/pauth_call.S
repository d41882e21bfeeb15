// A signed return address, by RETAA and by AUTIBSP.
// in: x0=0 sp=page
// out: x0=3 x30=behind mem[page-16]=?
    bl 1f
    bl 2f
behind:
    brk #0
1:  paciasp
    stp x29, x30, [sp, #-16]!
    add x0, x0, #1
    ldp x29, x30, [sp], #16
    retaa
2:  pacibsp
    str x30, [sp, #-16]!
    add x0, x0, #2
    ldr x30, [sp], #16
    autibsp
    ret
