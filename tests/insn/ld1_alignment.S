// SCTLR.A: LD1 and ST1 want the alignment of an element, not of a register.
// not in qemu: SCTLR_EL1 is not at hand there
// in: sctlr=a x1=page-7 x2=page+2 v0.16b=#00112233445566778899aabbccddeeff
// out: mem[page-7]=#00112233445566778899aabbccddeeff v2.16b=#00112233445566778899aabbccddeeff q3=? fault=align far=page+2 pc=here
    st1 {v0.16b}, [x1]
    ld1 {v2.16b}, [x1]
    ld1 {v3.8h}, [x2]
here:
    ld1 {v4.4s, v5.4s}, [x2]
