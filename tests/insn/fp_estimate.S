// FRECPE, FRSQRTE and their steps.
// in: s1=3.0 s2=0.0 v3.4s={2.0,4.0,inf,-0.0}
// out: s4=0x3eaa8000 s5=inf s6=0x3f138000
//     v7.4s={0x3eff8000,0x3e7f8000,0.0,-inf} s8=-7.0 s9=-3.0 s10=2.0 fpsr=dzc
    frecpe s4, s1
    frecpe s5, s2
    frsqrte s6, s1
    frecpe v7.4s, v3.4s
    frecps s8, s1, s1
    frsqrts s9, s1, s1
    fmov s10, #2.0
