// Register 31 is SP here: as destination, first operand, and in ADDS only
// as operand.
// in: sp=page x1=0xffffffff00000010
// out: sp=page+0x30 x2=page-0x40 x3=page+0x30 x4=page+0x32 nzcv=0000
    add sp, sp, w1, uxtw #2
    sub x2, sp, w1, uxtw #3
    sub sp, sp, w1, sxtb
    add sp, sp, xzr
    mov x3, sp
    adds x4, sp, #2
