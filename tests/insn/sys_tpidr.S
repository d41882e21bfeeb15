// not in qemu: its C library lives by TPIDR_EL0
// TPIDR_EL0, and the constants of CTR_EL0 and DCZID_EL0.
// in: x1=0x1122334455667788
// out: x2=0x1122334455667788 x3=? x4=4 x5=4
    msr tpidr_el0, x1
    mrs x2, tpidr_el0
    mrs x3, ctr_el0
    and x4, x3, #15
    mrs x5, dczid_el0
