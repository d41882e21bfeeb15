// TBL gives zero for indexes that are too large, TBX keeps the element; one
// to four registers, which wrap from v31 to v0.
// in: v30.16b=#101112131415161718191a1b1c1d1e1f
//     v31.16b=#202122232425262728292a2b2c2d2e2f
//     v0.16b=#303132333435363738393a3b3c3d3e3f
//     v1.16b=#404142434445464748494a4b4c4d4e4f
//     v2.16b=#000f101f202f303f40ff7f8001112131 q4=-1 q6=-1 q7=-1
// out: v3.16b=#101f0000000000000000000011000000
//     v4.16b=#101fffffffffffffffffffff11ffffff
//     v5.16b=#101f202f303f404f0000000011213141 v6.16b=#101f202f303fffff
//     v7.16b=#101f202fffffffffffffffff1121ffff
    tbl v3.16b, {v30.16b}, v2.16b
    tbx v4.16b, {v30.16b}, v2.16b
    tbl v5.16b, {v30.16b, v31.16b, v0.16b, v1.16b}, v2.16b
    tbx v6.8b, {v30.16b, v31.16b, v0.16b}, v2.8b
    tbx v7.16b, {v30.16b, v31.16b}, v2.16b
