// LDXR into its base; STXR of the value as status register's neighbour.
// in: x1=page x2=page mem.d[page]=page+64 mem.d[page+64]=3
// out: x1=page+64 w3=1 x4=3 w5=0 mem.d[page+64]=page
    ldxr x1, [x1]
    stxr w3, x2, [x1]
    ldxr x4, [x1]
    stxr w5, x2, [x1]
