// DC ZVA where nothing is.
// not in qemu: 7.2 never ends
// in: x1=end+3
// out: fault=dabt pc=here
here:
    dc zva, x1
