// The second page of an access is missing: its first byte is the address.
// in: x1=end-3 x2=5
// out: fault=dabt far=end pc=here x2=6
    add x2, x2, #1
here:
    ldr x3, [x1]
