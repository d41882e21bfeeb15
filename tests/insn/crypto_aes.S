// AES-128: the example of FIPS 197, appendix B, all ten rounds, and back.
// in: v0.16b=#3243f6a8885a308d313198a2e0370734
//     v1.16b=#2b7e151628aed2a6abf7158809cf4f3c
//     v2.16b=#a0fafe1788542cb123a339392a6c7605
//     v3.16b=#f2c295f27a96b9435935807a7359f67f
//     v4.16b=#3d80477d4716fe3e1e237e446d7a883b
//     v5.16b=#ef44a541a8525b7fb671253bdb0bad00
//     v6.16b=#d4d1c6f87c839d87caf2b8bc11f915bc
//     v7.16b=#6d88a37a110b3efddbf98641ca0093fd
//     v8.16b=#4e54f70e5f5fc9f384a64fb24ea6dc4f
//     v9.16b=#ead27321b58dbad2312bf5607f8d292f
//     v10.16b=#ac7766f319fadc2128d12941575c006e
//     v11.16b=#d014f9a8c9ee2589e13f0cc8b6630ca6
// out: v0.16b=#3925841d02dc09fbdc118597196a0b32
    .irp key, 1, 2, 3, 4, 5, 6, 7, 8, 9
    aese v0.16b, v\key\().16b
    aesmc v0.16b, v0.16b
    .endr
    aese v0.16b, v10.16b
    eor v0.16b, v0.16b, v11.16b
