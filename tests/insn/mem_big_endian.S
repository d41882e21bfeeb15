// SCTLR.E0E: data is big-endian, each part of a pair for itself, and the
// elements of LD1; instructions and bytes are not.
// not in qemu: SCTLR_EL1 is not at hand there
// in: sctlr=e0e x1=page mem[page]=#000102030405060708090a0b0c0d0e0f
// out: x2=0x0001020304050607 w3=0x00010203 w4=0x0001 w5=0x00
//     x6=0x0001020304050607 x7=0x08090a0b0c0d0e0f x8=0x00010203
//     x9=0x04050607 v10.4s={0x00010203,0x04050607,0x08090a0b,0x0c0d0e0f}
//     q11=0x000102030405060708090a0b0c0d0e0f mem[page+32]=#0001020304050607
//     mem[page+40]=#00010203
    ldr x2, [x1]
    ldr w3, [x1]
    ldrh w4, [x1]
    ldrb w5, [x1]
    ldp x6, x7, [x1]
    ldpsw x8, x9, [x1]
    ld1 {v10.4s}, [x1]
    ldr q11, [x1]
    str x2, [x1, #32]
    str w3, [x1, #40]
