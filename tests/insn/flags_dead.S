// Flags that are overwritten before anyone looks, and those that survive a
// load that faults.
// in: x1=1 x2=end nzcv=0000
// out: fault=dabt far=end pc=stop nzcv=1000 x0=0 x3=-2
    adds x0, x1, #0
    subs x0, x1, #1
    subs x3, x0, #2
stop:
    ldr x4, [x2]
    cmp x0, x0
