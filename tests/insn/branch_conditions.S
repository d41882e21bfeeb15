// The same through branches: B.cond taken and not taken, both ways.
// in: nzcv=0000 x0=0
// out: x0=0x16aa
// in: nzcv=0001 x0=0
// out: x0=0x2a6a
// in: nzcv=0010 x0=0
// out: x0=0x15a6
// in: nzcv=0011 x0=0
// out: x0=0x2966
// in: nzcv=0100 x0=0
// out: x0=0x26a9
// in: nzcv=0101 x0=0
// out: x0=0x2a69
// in: nzcv=0110 x0=0
// out: x0=0x26a5
// in: nzcv=0111 x0=0
// out: x0=0x2a65
// in: nzcv=1000 x0=0
// out: x0=0x2a9a
// in: nzcv=1001 x0=0
// out: x0=0x165a
// in: nzcv=1010 x0=0
// out: x0=0x2996
// in: nzcv=1011 x0=0
// out: x0=0x1556
// in: nzcv=1100 x0=0
// out: x0=0x2a99
// in: nzcv=1101 x0=0
// out: x0=0x2659
// in: nzcv=1110 x0=0
// out: x0=0x2a95
// in: nzcv=1111 x0=0
// out: x0=0x2655
    b 2f
2:  b.ne 3f
    orr x0, x0, #0x1
3:  b 90f
91: orr x0, x0, #0x2
    b 4f
90: b.ne 91b
4:  b.cc 5f
    orr x0, x0, #0x4
5:  b 90f
91: orr x0, x0, #0x8
    b 6f
90: b.cc 91b
6:  b.pl 7f
    orr x0, x0, #0x10
7:  b 90f
91: orr x0, x0, #0x20
    b 8f
90: b.pl 91b
8:  b.vc 9f
    orr x0, x0, #0x40
9:  b 90f
91: orr x0, x0, #0x80
    b 10f
90: b.vc 91b
10:  b.ls 11f
    orr x0, x0, #0x100
11:  b 90f
91: orr x0, x0, #0x200
    b 12f
90: b.ls 91b
12:  b.lt 13f
    orr x0, x0, #0x400
13:  b 90f
91: orr x0, x0, #0x800
    b 14f
90: b.lt 91b
14:  b.le 15f
    orr x0, x0, #0x1000
15:  b 90f
91: orr x0, x0, #0x2000
    b 16f
90: b.le 91b
16: nop
