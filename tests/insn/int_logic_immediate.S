// Bitmask immediates: repeated elements of every size, rotated.
// in: x1=0
// out: x2=0x5555555555555555 x3=0xcccccccccccccccc x4=0xe1e1e1e1e1e1e1e1
//     x5=0x8000800080008000 x6=0xff0000ffff0000ff x7=0x7ffffffffffffffe
//     w8=0x80000001 sp=0x00ffff0000ffff00 x9=0x00ffff0000ffff00
    mov x2, #0x5555555555555555
    orr x3, x1, #0xcccccccccccccccc
    eor x4, x1, #0xe1e1e1e1e1e1e1e1
    orr x5, x1, #0x8000800080008000
    orr x6, x1, #0xff0000ffff0000ff
    orr x7, x1, #0x7ffffffffffffffe
    orr w8, w1, #0x80000001
    orr sp, x1, #0x00ffff0000ffff00
    mov x9, sp
