// Vector conversions saturate by lane; FRINT of vectors; FP compares with a
// NaN in one lane.
// in: v1.4s={2.5,-1.5,nan,inf} v2.2d={-0.5,1.0e30}
// out: v3.4s={2,-2,0,0x7fffffff} v4.4s={2,0,0,0xffffffff}
//     v5.2d={0,0x7fffffffffffffff} v6.4s={3.0,-2.0,nan,inf}
//     v7.4s={0xffffffff,0xffffffff,0,0xffffffff} fpsr=ioc+ixc
    fcvtns v3.4s, v1.4s
    fcvtzu v4.4s, v1.4s
    fcvtzs v5.2d, v2.2d
    frinta v6.4s, v1.4s
    fcmeq v7.4s, v1.4s, v1.4s
