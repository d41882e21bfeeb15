// STADD and friends, which throw the old value away; SWP of a register into
// itself.
// in: x1=page x2=5 x3=7 x4=page+8 mem.2d[page]={1,2}
// out: mem.2d[page]={0xfffffffffffffffa,7} x3=2 x5=-6
    stadd x2, [x1]
    steorl x3, [x1]
    stset w2, [x1]
    stclr w2, [x1]
    stsmax x2, [x1]
    mvn x5, x2
    stumax x5, [x1]
    stclr x2, [x1]
    swp x3, x3, [x4]
