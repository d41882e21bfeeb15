// NGC, ADC, SBC and NGCS with 32 bits, where bit 32 is not the carry.
// in: x1=0xffffffff00000001 nzcv=0010
// out: w0=-1 w2=2 w3=1 w4=-1 x5=-1 nzcv=1000
// in: x1=0xffffffff nzcv=0000
// out: w0=0 w2=0xffffffff w3=0xfffffffe w4=0 x5=0 nzcv=0100
    ngc w0, w1
    adc w2, w1, wzr
    sbc w3, w1, wzr
    ngcs w4, w1
    sxtw x5, w4
