// FCCMP and FCSEL.
// in: d1=1.0 d2=2.0 nzcv=0100
// out: nzcv=1000 d3=2.0 s4=0
// in: d1=1.0 d2=2.0 nzcv=0000
// out: nzcv=1111 d3=1.0 s4=0
// in: d1=nan d2=2.0 nzcv=0100
// out: nzcv=0011 d3=2.0 s4=0
    fccmp d1, d2, #15, eq
    fcsel d3, d1, d2, eq
    fcsel s4, s2, s1, ne
    fmov s4, wzr
