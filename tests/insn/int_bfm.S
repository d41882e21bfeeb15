// BFI, BFXIL and BFC keep the other bits of the destination.
// in: x0=-1 x1=0x1234 x2=-1 x3=-1 x4=-1
// out: x0=0xffffffff1234ffff x2=0xffffffffffffff23 w3=0xff8000ff w4=0xfffff234
    bfi x0, x1, #16, #16
    bfxil x2, x1, #4, #8
    bfc w3, #8, #15
    bfi w4, w1, #0, #12
