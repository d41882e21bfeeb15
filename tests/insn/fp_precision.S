// FCVT between half, single and double; NaNs lose what does not fit.
// in: d1=1.5 s2=65520.0 d3=0x7ff4000000000001 s4=0xff812345 d5=1.0e-320
// out: s6=1.5 h7=0x3e00 h8=0x7c00 s9=0x7fe00000 d10=0xfff82468a0000000 s11=0
//     fpsr=ioc+ofc+ixc+ufc
    fcvt s6, d1
    fcvt h7, d1
    fcvt h8, s2
    fcvt s9, d3
    fcvt d10, s4
    fcvt s11, d5
