// FCVTxS and FCVTxU in every direction.
// in: d1=2.5
// out: x2=2 x3=3 x4=3 x5=2 x6=2 w7=2 w8=3 w9=3 w10=2 w11=2 fpsr=ixc
// in: d1=-2.5
// out: x2=-2 x3=-3 x4=-2 x5=-3 x6=-2 w7=0 w8=0 w9=0 w10=0 w11=0 fpsr=ixc+ioc
// in: d1=-0.5
// out: x2=0 x3=-1 x4=0 x5=-1 x6=0 w7=0 w8=0 w9=0 w10=0 w11=0 fpsr=ixc+ioc
    fcvtns x2, d1
    fcvtas x3, d1
    fcvtps x4, d1
    fcvtms x5, d1
    fcvtzs x6, d1
    fcvtnu w7, d1
    fcvtau w8, d1
    fcvtpu w9, d1
    fcvtmu w10, d1
    fcvtzu w11, d1
