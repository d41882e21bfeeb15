// A register of EL1 at EL0 is undefined; nothing changes.
// in: x1=5
// out: fault=undef pc=here
here:
    mrs x1, ttbr0_el1
