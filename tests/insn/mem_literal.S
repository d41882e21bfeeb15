// LDR of literals, behind and in front; PRFM and NOP-like hints.
// in: x0=0
// out: x1=0x1122334455667788 w2=0x99aabbcc x3=0xffffffff99aabbcc
//     d4=0x1122334455667788 s5=0x99aabbcc
//     q6=0x0f0e0d0c0b0a09081122334455667788
    b 1f
before:
    .word 0x99aabbcc
1:  ldr x1, behind
    ldr w2, before
    ldrsw x3, before
    ldr d4, behind
    ldr s5, before
    ldr q6, behind
    prfm pldl1keep, behind
    prfm pldl1keep, [x0]
    brk #0
    .balign 8
behind:
    .quad 0x1122334455667788
    .quad 0x0f0e0d0c0b0a0908
