// Barriers and hints between loads and stores; DC CVAU, CVAC, CIVAC.
// in: x1=page x2=5
// out: mem.d[page]=5 x3=5
    str x2, [x1]
    dmb ish
    dsb sy
    isb
    nop
    yield
    sb
    dc cvau, x1
    dc cvac, x1
    dc civac, x1
    hint #100
    ldr x3, [x1]
