// Exclusives and atomics where nothing is; the monitor stays closed.
// in: x1=end x2=0
// out: x0=? fault=dabt far=end pc=a0
// in: x1=end x2=4
// out: x0=? fault=dabt far=end pc=a1
// in: x1=end x2=8
// out: x0=? fault=dabt far=end pc=a2
// in: x1=end x2=12
// out: x0=? fault=dabt far=end pc=a3
    adr x0, a0
    add x0, x0, x2
    br x0
a0: ldaxr w3, [x1]
a1: swpal x3, x4, [x1]
a2: casp x4, x5, x6, x7, [x1]
a3: stlrb w3, [x1]
