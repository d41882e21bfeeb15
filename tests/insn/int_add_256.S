// A carry through four words, and the borrow back; ADC and SBC keep flags.
// in: x0=-1 x1=-1 x2=-1 x3=7 x4=1 x5=0 x6=0 x7=0
// out: x8=0 x9=0 x10=0 x11=8 x12=-1 x13=-1 x14=-1 x15=7 nzcv=0010
// in: x0=1 x1=2 x2=-1 x3=0 x4=-1 x5=-1 x6=0 x7=-1
// out: x8=0 x9=2 x10=0 x11=0 x12=1 x13=2 x14=-1 x15=0 nzcv=0100
    adds x8, x0, x4
    adcs x9, x1, x5
    adcs x10, x2, x6
    adc x11, x3, x7
    subs x12, x8, x4
    sbcs x13, x9, x5
    sbcs x14, x10, x6
    sbcs x15, x11, x7
