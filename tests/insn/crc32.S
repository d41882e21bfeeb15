// CRC32 and CRC32C of every size: the check value of "123456789", and a
// whole word at once.
// in: x1=0x3837363534333231 x2=0x39 x3=0xffffffff
// out: w4=0xcbf43926 w5=0xe3069283 w6=0xcbf43926 x7=0
    crc32x w4, w3, x1
    crc32b w4, w4, w2
    mvn w4, w4
    crc32cx w5, w3, x1
    crc32cb w5, w5, w2
    mvn w5, w5
    crc32h w6, w3, w1
    lsr x7, x1, #16
    crc32h w6, w6, w7
    lsr x7, x1, #32
    crc32w w6, w6, w7
    crc32b w6, w6, w2
    mvn w6, w6
    mov x7, #0
