// UDF, and an encoding that nobody has: nothing changes.
// in: x1=1
// out: fault=undef pc=here x1=2
    add x1, x1, #1
here:
    udf #5
    add x1, x1, #1
