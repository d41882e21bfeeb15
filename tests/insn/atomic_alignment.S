// Ordered and exclusive accesses and atomics must be aligned, or lie in 16
// aligned bytes (FEAT_LSE2).
// not in qemu: it lets most of them pass
// in: x1=page+15 x2=0
// out: x0=? fault=align far=page+15 pc=a0
// in: x1=page+12 x2=4
// out: x0=? fault=align far=page+12 pc=a1
// in: x1=page+14 x2=8
// out: x0=? fault=align far=page+14 pc=a2
// in: x1=page+8 x2=12
// out: x0=? fault=align far=page+8 pc=a3
// in: x1=page+12 x2=16
// out: x0=? fault=align far=page+12 pc=a4
// in: x1=page+8 x2=20
// out: x0=? fault=align far=page+8 pc=a5
    adr x0, a0
    add x0, x0, x2
    br x0
a0: ldarh w3, [x1]
a1: ldxr x3, [x1]
a2: stlr w3, [x1]
a3: ldxp x3, x4, [x1]
a4: ldadd x3, x4, [x1]
a5: casp x4, x5, x6, x7, [x1]
