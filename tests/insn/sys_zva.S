// DC ZVA clears 64 bytes around its address.
// not in qemu: there it is 512 bytes
// in: x1=page+77
// out: mem.2d[page+64]={0,0} mem.2d[page+80]={0,0} mem.2d[page+96]={0,0}
//     mem.2d[page+112]={0,0} x2=4
    mrs x2, dczid_el0
    dc zva, x1
