// Branches to signed addresses, returns by key B, loads by a signed base.
// in: x0=0 x1=77 x8=page mem.d[page]=5 mem.d[page+8]=6
// out: x0=255 x2=? x3=5 x4=6 x8=page+8 x9=? x30=?
    adr x2, 1f
    paciza x2
    braaz x2
1:  orr x0, x0, #1
    adr x2, 2f
    pacizb x2
    brabz x2
2:  orr x0, x0, #2
    adr x2, 3f
    pacia x2, x1
    braa x2, x1
3:  orr x0, x0, #4
    adr x2, 4f
    pacib x2, x1
    brab x2, x1
4:  orr x0, x0, #8
    adr x2, 7f
    pacizb x2
    blrabz x2
    orr x0, x0, #16
    adr x2, 7f
    pacia x2, x1
    blraa x2, x1
    orr x0, x0, #32
    adr x2, 7f
    pacib x2, x1
    blrab x2, x1
    orr x0, x0, #64
    mov x9, x8
    pacdza x9
    ldraa x3, [x9]
    pacdzb x8
    ldrab x4, [x8, #8]!
    orr x0, x0, #128
    b 6f
7:  pacibsp
    retab
6:
