// CFINV and RMIF: the rotated bits under the mask, the others stay.
// in: x1=0x1e nzcv=0000
// out: x2=0x20000000 x3=0xe0000000 x4=0x60000000 nzcv=0100
    cfinv
    mrs x2, nzcv
    rmif x1, #1, #14
    mrs x3, nzcv
    rmif xzr, #63, #8
    mrs x4, nzcv
    cfinv
