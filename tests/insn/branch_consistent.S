// not in qemu: 7.2 has no FEAT_HBC
// BC.cond goes where B.cond goes.
// in: nzcv=0100
// out: x1=1
// in: nzcv=0000
// out: x1=2
    mov x1, #1
    .inst 0x54000050 // bc.eq 1f
    mov x1, #2
1:
