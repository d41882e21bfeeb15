// Ordered and exclusive accesses and atomics must be aligned.
// not in qemu: it lets most of them pass
// in: x1=page+1 x2=0
// out: x0=? fault=align far=page+1 pc=a0
// in: x1=page+4 x2=4
// out: x0=? fault=align far=page+4 pc=a1
// in: x1=page+2 x2=8
// out: x0=? fault=align far=page+2 pc=a2
// in: x1=page+8 x2=12
// out: x0=? fault=align far=page+8 pc=a3
// in: x1=page+4 x2=16
// out: x0=? fault=align far=page+4 pc=a4
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
