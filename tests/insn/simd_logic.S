// AND, BIC, ORR, ORN, EOR, BSL, BIT, BIF, and BIC and ORR of immediates.
// in: v1.2d={0xf0f0f0f0f0f0f0f0,0xff00ff00ff00ff00}
//     v2.2d={0x3333333333333333,0x0ff00ff00ff00ff0}
//     v8.2d={0xaaaaaaaaaaaaaaaa,-1} v9.2d={0xaaaaaaaaaaaaaaaa,-1}
//     v10.2d={0xaaaaaaaaaaaaaaaa,-1} v11.2d={-1,-1} v12.2d={0,0}
// out: v3.2d={0x3030303030303030,0x0f000f000f000f00}
//     v4.2d={0xc0c0c0c0c0c0c0c0,0}
//     v5.2d={0xf3f3f3f3f3f3f3f3,0xfff0fff0fff0fff0}
//     v6.2d={0xfcfcfcfcfcfcfcfc,0xff0fff0fff0fff0f}
//     v7.2d={0xc3c3c3c3c3c3c3c3,0xf0f0f0f0f0f0f0f0}
//     v8.2d={0xb1b1b1b1b1b1b1b1,0xff00ff00ff00ff00}
//     v9.2d={0xb8b8b8b8b8b8b8b8,0xff0fff0fff0fff0f}
//     v10.2d={0xe2e2e2e2e2e2e2e2,0xfff0fff0fff0fff0}
//     v11.8h={0x54ff,0x54ff,0x54ff,0x54ff,0x54ff,0x54ff,0x54ff,0x54ff}
//     v12.4s={0xab0000,0xab0000,0,0}
    and v3.16b, v1.16b, v2.16b
    bic v4.8b, v1.8b, v2.8b
    orr v5.16b, v1.16b, v2.16b
    orn v6.16b, v1.16b, v2.16b
    eor v7.16b, v1.16b, v2.16b
    bsl v8.16b, v1.16b, v2.16b
    bit v9.16b, v1.16b, v2.16b
    bif v10.16b, v1.16b, v2.16b
    bic v11.8h, #0xab, lsl #8
    orr v12.2s, #0xab, lsl #16
