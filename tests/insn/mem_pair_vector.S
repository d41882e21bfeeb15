// LDP and STP of S, D and Q registers.
// in: x1=page q0=0x11112222333344445555666677778888
//     q1=0x9999aaaabbbbccccddddeeeeffff0000
// out: mem.2d[page]={0x5555666677778888,0xddddeeeeffff0000}
//     mem.2s[page-8]={0x77778888,0xffff0000}
//     mem.q[page+16]=0x11112222333344445555666677778888
//     mem.q[page+32]=0x9999aaaabbbbccccddddeeeeffff0000 s2=0x77778888
//     s3=0xffff0000 d4=0x5555666677778888 d5=0xddddeeeeffff0000
//     q6=0x11112222333344445555666677778888
//     q7=0x9999aaaabbbbccccddddeeeeffff0000 x1=page+16
    stp d0, d1, [x1]
    stp s0, s1, [x1, #-8]
    stp q0, q1, [x1, #16]!
    ldp s2, s3, [x1, #-24]
    ldp d4, d5, [x1, #-16]
    ldnp q6, q7, [x1]
