// not in qemu: 7.2 has no FEAT_ECV
// CNTPCTSS_EL0 and CNTVCTSS_EL0 are the counters of CNTPCT and CNTVCT.
// in: x1=0
// out: x1=? x2=? x3=? x4=? x5=0 x6=0 x7=0
    mrs x1, cntpct_el0
    mrs x2, s3_3_c14_c0_5
    mrs x3, cntvct_el0
    mrs x4, s3_3_c14_c0_6
    sub x5, x2, x1
    lsr x5, x5, #40
    sub x6, x3, x2
    lsr x6, x6, #40
    sub x7, x4, x3
    lsr x7, x7, #40
