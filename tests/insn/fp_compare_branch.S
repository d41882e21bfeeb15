// Every branch behind its own FCMP: less, greater, equal, unordered.
// in: d1=nan d2=1.0 x0=0
// out: x0=0x1666 nzcv=0011
// in: d1=1.0 d2=2.0 x0=0
// out: x0=0x29a6 nzcv=1000
// in: d1=3.0 d2=2.0 x0=0
// out: x0=0x169a nzcv=0010
// in: d1=2.0 d2=2.0 x0=0
// out: x0=0x1aa9 nzcv=0110
    fcmp d1, d2
    b.eq 1f
    b 2f
1:  orr x0, x0, #0x1
2:
    fcmp d1, d2
    b.ne 1f
    b 2f
1:  orr x0, x0, #0x2
2:
    fcmp d1, d2
    b.lt 1f
    b 2f
1:  orr x0, x0, #0x4
2:
    fcmp d1, d2
    b.ge 1f
    b 2f
1:  orr x0, x0, #0x8
2:
    fcmp d1, d2
    b.gt 1f
    b 2f
1:  orr x0, x0, #0x10
2:
    fcmp d1, d2
    b.le 1f
    b 2f
1:  orr x0, x0, #0x20
2:
    fcmp d1, d2
    b.vs 1f
    b 2f
1:  orr x0, x0, #0x40
2:
    fcmp d1, d2
    b.vc 1f
    b 2f
1:  orr x0, x0, #0x80
2:
    fcmp d1, d2
    b.mi 1f
    b 2f
1:  orr x0, x0, #0x100
2:
    fcmp d1, d2
    b.pl 1f
    b 2f
1:  orr x0, x0, #0x200
2:
    fcmp d1, d2
    b.hi 1f
    b 2f
1:  orr x0, x0, #0x400
2:
    fcmp d1, d2
    b.ls 1f
    b 2f
1:  orr x0, x0, #0x800
2:
    fcmp d1, d2
    b.cs 1f
    b 2f
1:  orr x0, x0, #0x1000
2:
    fcmp d1, d2
    b.cc 1f
    b 2f
1:  orr x0, x0, #0x2000
2:
    nop
