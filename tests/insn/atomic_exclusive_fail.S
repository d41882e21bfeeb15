// STXR without LDXR, after CLREX, and the second of two fails and does not
// store.
// in: x1=page x2=5 mem.d[page]=1
// out: w3=1 x4=1 w5=1 x6=1 w7=0 w8=1 mem.d[page]=5 x9=1
    stxr w3, x2, [x1]
    ldxr x4, [x1]
    clrex
    stxr w5, x2, [x1]
    ldr x9, [x1]
    ldxr x6, [x1]
    stxr w7, x2, [x1]
    stxr w8, xzr, [x1]
