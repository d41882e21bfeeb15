// The aliases of UBFM and SBFM: shifts, extracts, inserts, extensions.
// in: x1=0x89abcdef01234567
// out: x2=0x9abcdef012345670 x3=0x089abcdef0123456 x4=0xf89abcdef0123456
//     x5=0x234 x6=0xfffffffffffffcde x7=0x4567000 x8=0xffffffff89abcdef
//     w9=0x1234567 x10=0x67 x11=0x4567 w12=0xffffffcd x13=0x0123456700000000
    lsl x2, x1, #4
    lsr x3, x1, #4
    asr x4, x1, #4
    ubfx x5, x1, #12, #12
    sbfx x6, x1, #36, #12
    ubfiz x7, x1, #12, #16
    asr x8, x1, #32
    lsl w9, w1, #0
    uxtb w10, w1
    uxth w11, w1
    sbfx x12, x1, #40, #8
    mov w12, w12
    sbfiz x13, x1, #32, #32
