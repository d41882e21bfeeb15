// AES by steps: round 1 of FIPS 197, appendix C.1, and back.
// in: v0.16b=#00112233445566778899aabbccddeeff
//     v1.16b=#000102030405060708090a0b0c0d0e0f q2=0
// out: v3.16b=#6353e08c0960e104cd70b751bacad0e7
//     v4.16b=#5f72641557f5bc92f7be3b291db9f91a
//     v5.16b=#6353e08c0960e104cd70b751bacad0e7
//     v6.16b=#00102030405060708090a0b0c0d0e0f0
    mov v3.16b, v0.16b
    aese v3.16b, v1.16b
    aesmc v4.16b, v3.16b
    aesimc v5.16b, v4.16b
    mov v6.16b, v5.16b
    aesd v6.16b, v2.16b
