// Accesses that lie across a page border, of every size.
// in: x1=page x2=0x1122334455667788
//     mem[page-8]=#0001020304050687881a1b1c1d1e1f20
// out: x3=0x8887 w4=0x1a888706 x5=0x1d1c1b1a88870605 x6=-0x7779
//     x7=0x1b1a888706050403 x8=0x8706050403020100 x9=0x201f1e1d1c1b1a88
//     q10=0x201f1e1d1c1b1a888706050403020100
//     mem[page-8]=#000102030488776655443322111e1f20
    ldurh w3, [x1, #-1]
    ldur w4, [x1, #-2]
    ldur x5, [x1, #-3]
    ldursh x6, [x1, #-1]
    ldur x7, [x1, #-5]
    ldp x8, x9, [x1, #-8]
    ldur q10, [x1, #-8]
    stur x2, [x1, #-3]
