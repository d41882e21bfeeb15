// The scalar forms: the rest of the register becomes zero.
// in: d1=0x8000000000000000 d2=1 q3=-1 q4=0x7fff q8=0x80000000
// out: d5=0x8000000000000001 d6=0x8000000000000000 d7=-1 d9=0x8000000000000000
//     b10=0x7f h11=0x7fff s12=0x7fffffff d13=-2 d14=2 d15=0x4000000000000000
//     b16=0xff s17=0x7fffffff fpsr=qc
    add d5, d1, d2
    sqsub d6, d1, d2
    cmgt d7, d2, d1
    shl d9, d2, #63
    sqxtn b10, h4
    sqadd h11, h4, h2
    sqneg s12, s8
    addp d13, v3.2d
    ushl d14, d2, d2
    ushr d15, d1, #1
    dup b16, v3.b[5]
    sqabs s17, s8
