// Conversions with fraction bits, of integer registers and vectors.
// in: x1=0x180 d2=1.75 v3.4s={0x100,-0x80,1,0x7fffffff}
// out: d4=1.5 x5=0x1c0 w6=0x700 v7.4s={1.0,-0.5,0x3b800000,0x4b000000}
//     v8.4s={0x100,0xffffff80,1,0x7fffffff} fpsr=ixc+ioc
    scvtf d4, x1, #8
    fcvtzs x5, d2, #8
    fcvtzu w6, d2, #10
    scvtf v7.4s, v3.4s, #8
    fcvtzs v8.4s, v7.4s, #8
