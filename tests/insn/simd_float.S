// Vectors of floats: arithmetic, comparison, by element, pairwise, across.
// in: v1.4s={1.0,-2.0,nan,inf} v2.4s={3.0,4.0,1.0,-inf} v3.2d={1.5,-0.0}
//     v4.2d={2.0,0.0} v10.4s={1.0,1.0,1.0,1.0}
// out: v5.4s={4.0,2.0,nan,nan} v6.4s={0,0,0,0xffffffff} v7.2d={3.0,-0.0}
//     v8.4s={0,0xffffffff,0,0} v9.2d={0,0xffffffffffffffff}
//     v10.4s={4.0,-5.0,nan,inf} s11=4.0 d12=1.5 v13.4s={-1.0,nan,7.0,-inf}
//     v14.2s={1.0,2.0} fpsr=ioc
    fadd v5.4s, v1.4s, v2.4s
    fcmgt v6.4s, v2.4s, v1.4s
    fcmgt v6.4s, v1.4s, v2.4s
    fmul v7.2d, v3.2d, v4.2d
    fcmlt v8.4s, v1.4s, #0.0
    fcmeq v9.2d, v3.2d, v4.2d
    fmla v10.4s, v1.4s, v2.s[0]
    fmaxnmv s11, v2.4s
    faddp d12, v3.2d
    faddp v13.4s, v1.4s, v2.4s
    fabs v14.2s, v1.2s
