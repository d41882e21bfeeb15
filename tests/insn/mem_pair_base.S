// LDP into its base register; the address is the old one.
// in: x1=page mem.2d[page]={0x12,0x34} mem.2d[page+16]={0x56,0x78} x2=page
// out: x1=0x12 x3=0x34 x2=0x78 x4=0x56
    ldp x1, x3, [x1]
    ldp x4, x2, [x2, #16]
