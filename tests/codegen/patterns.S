// What compilers write, in pieces; codegen.c says how it is read.
//
// Each label GROUP.NAME begins a pattern.  Patterns are translated singly,
// so that a new one changes no other.  Guest registers that own a host
// register and others take part in each group.

// -- moves -------------------------------------------------------------------
moves.registers:
    mov x0, x1
    mov x2, x21
    mov x22, x0
    mov w3, w4
    mov sp, x29
moves.constants:
    mov x0, #0
    mov w1, #-1
    mov x2, #0x12340000
    movk x2, #0x5678, lsl #32
    mov x21, #0x5555555555555555
moves.addresses:
    adrp x0, .
    add x0, x0, #0x123
    adr x21, .

// -- add and subtract --------------------------------------------------------
add.immediate:
    add x0, x1, #16
    sub x2, x2, #1
    add x21, x22, #0xfff, lsl #12
    add w3, w3, #1
    sub sp, sp, #32
add.registers:
    add x0, x1, x2
    sub x3, x3, x4
    add w5, w6, w7
    add x0, x0, x21
    neg x1, x1
add.shifted:
    add x0, x1, x2, lsl #3
    sub x3, x4, x0, lsr #7
    add w0, w1, w21, asr #4
add.extended:
    add x0, x1, w2, uxtw #2
    add x3, x4, w0, sxtw
    add x0, x0, w1, uxtb
add.carry:
    adds x0, x0, x2
    adc x1, x1, x3
add.two_words_down:
    subs x0, x0, x2
    sbcs x1, x1, x3
    cset w4, lo

// -- logic and shifts --------------------------------------------------------
logic.immediate:
    and x0, x1, #0xff
    orr x2, x2, #0x8000000000000000
    eor w3, w4, #0xf0f0f0f0
    and x21, x22, #-16
logic.registers:
    and x0, x1, x2
    bic x0, x0, x3
    orr x4, x4, x21, lsl #32
    mvn w1, w1
shifts.immediate:
    lsl x0, x1, #3
    lsr w2, w3, #31
    asr x4, x4, #63
    ror w0, w0, #8
shifts.register:
    lsl x0, x1, x2
    lsr w3, w4, w0
    asr x21, x22, x1
shifts.bitfield:
    ubfx x0, x1, #12, #9
    sbfx x2, x3, #4, #8
    ubfiz x4, x0, #4, #16
    bfi x1, x2, #8, #8
    uxtb w3, w3
    sxtw x4, w4
bits.count:
    clz x0, x1
    rbit x2, x3
    rev x4, x0
    rev16 w1, w1
    cls w2, w2
multiply.all:
    mul x0, x1, x2
    madd w3, w4, w0, w1
    umull x2, w3, w4
    smulh x0, x1, x2
    udiv w3, w4, w0
    sdiv x1, x2, x3

// -- comparisons -------------------------------------------------------------
compare.branch:
    cmp x0, #10
    b.ls .+64
compare.branch_registers:
    cmp w1, w21
    b.eq .-64
compare.branch_twice:
    cmp x0, x1
    b.lt .+64
    b.eq .+96
    add x0, x0, #1
compare.test:
    tst w0, #0x80
    b.ne .+64
compare.select:
    cmp x0, x1
    csel x0, x0, x1, hi
    cset w2, ne
    csinv x21, x22, xzr, ge
compare.chain:
    cmp w0, #1
    ccmp w1, #2, #4, eq
    ccmp w2, w3, #0, ne
    b.gt .+64
compare.chain_signed:
    cmp w0, w1
    ccmp w2, w3, #0, gt
    b.lt .+64
compare.live:
    subs x0, x1, x2
    add x3, x0, #1
compare.negative:
    cmn x0, #1
    b.hi .+64
    adds w2, w2, #1
    b.eq .-64
compare.increment:
    cmp x0, x1
    cinc x2, x2, lo
    cmp w3, w21
    cinc w4, w22, hs
    adds x8, x8, x19
    cinc x20, x20, hs
compare.subtract_select:
    subs x0, x0, x1
    cneg x0, x0, mi
branch.cbz:
    cbz x0, .+64
branch.cbnz_back:
    cbnz w21, .-64
branch.tbz:
    tbz x0, #5, .+64
branch.tbnz_sign:
    tbnz w1, #31, .-64
branch.table:
    adr x2, .+32
    ldrsw x3, [x2, x0, lsl #2]
    add x2, x2, x3
    br x2

// -- loads and stores --------------------------------------------------------
load.sizes:
    ldrb w0, [x1]
    ldrh w2, [x1, #2]
    ldr w3, [x1, #4]
    ldr x4, [x1, #8]
load.signed:
    ldrsb w0, [x1]
    ldrsh x2, [x1, #2]
    ldrsw x21, [x1, #4]
load.indexed:
    ldr x0, [x1, x2, lsl #3]
    ldrb w3, [x4, w0, uxtw]
    ldr w2, [x21, w22, sxtw #2]
load.writeback:
    ldr x0, [x1], #8
    ldrb w2, [x3, #1]!
load.literal:
    ldr x0, .+64
load.chain:
    ldr x0, [x0]
    ldr x0, [x0, #24]
    ldr w0, [x0, #16]
store.sizes:
    strb w0, [x1]
    strh w2, [x1, #2]
    str w3, [x1, #4]
    str x4, [x1, #8]
store.zero:
    str xzr, [x0]
    stp xzr, xzr, [x1, #16]
store.unnamed:
    str x21, [x22]
    str w23, [sp, #8]
store.read_modify_write:
    ldr w0, [x1]
    orr w0, w0, #4
    str w0, [x1]
pair.prologue:
    stp x29, x30, [sp, #-48]!
    mov x29, sp
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
pair.epilogue:
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x29, x30, [sp], #48
    ret
pair.words:
    ldp w0, w1, [x2]
    stp w1, w0, [x2, #8]

// -- calls -------------------------------------------------------------------
call.direct:
    bl .+256
call.indirect:
    ldr x1, [x0]
    blr x1
call.return:
    ret
call.leaf:
    add w0, w0, w1
    ret
call.system:
    mov x8, #64
    svc #0

// -- loops -------------------------------------------------------------------
loop.count:
1:  subs x0, x0, #1
    b.ne 1b
loop.sum:
1:  ldr w3, [x1], #4
    add x0, x0, x3
    cmp x1, x2
    b.ne 1b
loop.memcpy:
1:  ldp x3, x4, [x1], #16
    stp x3, x4, [x0], #16
    subs x2, x2, #16
    b.hi 1b
loop.strlen:
    mov x1, x0
1:  ldrb w2, [x1], #1
    cbnz w2, 1b
    sub x0, x1, x0
    sub x0, x0, #1
loop.nested:
1:  mov x2, x1
2:  add x0, x0, x2
    subs x2, x2, #1
    b.ne 2b
    subs x1, x1, #1
    b.ne 1b

// -- exclusives and atomics --------------------------------------------------
atomic.spin_lock:
1:  ldaxr w2, [x0]
    cbnz w2, 1b
    mov w3, #1
    stxr w2, w3, [x0]
    cbnz w2, 1b
atomic.unlock:
    stlr wzr, [x0]
atomic.increment:
1:  ldxr x1, [x0]
    add x1, x1, #1
    stxr w2, x1, [x0]
    cbnz w2, 1b
atomic.lse:
    ldaddal x1, x2, [x0]
    casal w3, w4, [x0]
    swpal x1, x1, [x0]
    stset w2, [x0]
atomic.acquire:
    ldar x0, [x1]
    ldapr w2, [x3]
atomic.barriers:
    dmb ish
    dmb ishld
    dmb ishst

// -- floating point ----------------------------------------------------------
fp.arithmetic:
    fadd d0, d1, d2
    fsub s3, s4, s5
    fmul d0, d0, d1
    fdiv s3, s3, s4
    fsqrt d2, d2
fp.madd:
    fmadd d0, d1, d2, d0
    fnmsub s3, s4, s5, s6
fp.signs:
    fneg d0, d1
    fabs s2, s3
    fmov d4, #1.0
    fmov d5, d6
fp.compare_branch:
    fcmp d0, d1
    b.gt .+64
fp.compare_less:
    fcmpe s0, #0.0
    b.mi .+64
fp.select:
    fcmp d0, d1
    fcsel d2, d3, d4, ge
fp.maximum:
    fmax d0, d1, d2
    fminnm s3, s4, s5
fp.to_integer:
    fcvtzs x0, d0
    fcvtzu w1, s1
fp.from_integer:
    scvtf d0, x0
    ucvtf s1, w1
fp.precision:
    fcvt d0, s1
    fcvt s2, d3
fp.moves:
    fmov x0, d0
    fmov s1, w1
    ldr d2, [x2]
    str s3, [x3]
fp.dot_product:
1:  ldr d1, [x0], #8
    ldr d2, [x1], #8
    fmadd d0, d1, d2, d0
    subs x2, x2, #1
    b.ne 1b

// -- Advanced SIMD -----------------------------------------------------------
simd.integer:
    add v0.4s, v1.4s, v2.4s
    sub v3.16b, v4.16b, v5.16b
    mul v0.4s, v0.4s, v3.4s
    mul v1.16b, v1.16b, v2.16b
simd.logic:
    and v0.16b, v1.16b, v2.16b
    bsl v0.16b, v3.16b, v4.16b
    orn v1.16b, v2.16b, v3.16b
    movi v5.4s, #1
simd.compare:
    cmeq v0.16b, v1.16b, v2.16b
    cmhi v3.4s, v4.4s, v5.4s
    cmgt v0.2d, v1.2d, v2.2d
    umaxv b0, v0.16b
simd.shift:
    shl v0.4s, v1.4s, #3
    sshr v2.16b, v3.16b, #4
    ushll v4.8h, v0.8b, #0
    ssra v1.2d, v2.2d, #8
simd.permute:
    zip1 v0.8h, v1.8h, v2.8h
    uzp2 v3.16b, v4.16b, v5.16b
    trn1 v0.4s, v1.4s, v2.4s
    ext v3.16b, v4.16b, v5.16b, #7
    dup v0.4s, w0
    mov v1.s[2], w1
simd.table:
    tbl v0.16b, {v1.16b}, v2.16b
    tbl v3.16b, {v4.16b, v5.16b}, v6.16b
    tbx v0.8b, {v1.16b}, v2.8b
simd.widen:
    umull v0.4s, v1.4h, v2.4h
    smlal v0.4s, v1.4h, v2.4h
    uaddw v3.8h, v3.8h, v4.8b
    xtn v5.8b, v6.8h
simd.saturate:
    sqadd v0.8h, v1.8h, v2.8h
    uqsub v3.16b, v4.16b, v5.16b
    sqxtn v0.4h, v1.4s
simd.across:
    addv s0, v1.4s
    uaddlv h2, v3.16b
    sminv b4, v5.16b
simd.load_store:
    ld1 {v0.16b}, [x0], #16
    ld1 {v1.4s, v2.4s}, [x1]
    st1 {v0.16b}, [x2], #16
    stp q1, q2, [x3]
simd.structures:
    ld2 {v0.16b, v1.16b}, [x0]
    st4 {v0.4s - v3.4s}, [x1]
    ld1r {v4.8h}, [x2]
simd.float:
    fadd v0.4s, v1.4s, v2.4s
    fmul v3.2d, v4.2d, v5.2d
    fmla v0.4s, v1.4s, v2.s[1]
    fcmgt v3.4s, v4.4s, v5.4s
    scvtf v1.4s, v2.4s
simd.dot:
    sdot v0.4s, v1.16b, v2.16b
    udot v3.4s, v4.16b, v5.4b[2]
simd.strlen:
1:  ld1 {v0.16b}, [x0], #16
    cmeq v1.16b, v0.16b, #0
    umaxp v1.16b, v1.16b, v1.16b
    fmov x1, d1
    cbz x1, 1b
crypto.aes:
    aese v0.16b, v1.16b
    aesmc v0.16b, v0.16b
crypto.pmull:
    pmull v0.1q, v1.1d, v2.1d
    pmull2 v3.1q, v4.2d, v5.2d
crypto.crc:
    crc32cx w0, w0, x1

// -- hot loops: one round ----------------------------------------------------
region.count:
1:  ldrb w2, [x0, w1, uxtw]
    add w1, w1, #1
    cbnz w2, 1b
region.pointer:
1:  ldr x1, [x20, #16]
    ldrb w3, [x1, x2]
    add x2, x2, #1
    add x0, x0, x3
    cmp x2, x4
    b.ne 1b
region.compare:
1:  ldrb w3, [x0, x2]
    ldrb w4, [x1, x2]
    add x2, x2, #1
    cmp w3, w4
    ccmp w3, #0, #4, eq
    b.ne 1b
region.add_to_words:
1:  ldr w4, [x0, w2, sxtw #2]
    add w4, w4, w5
    str w4, [x0, w2, sxtw #2]
    subs w2, w2, #1
    b.pl 1b
region.add_words:
1:  ldr x6, [x1, x4, lsl #3]
    ldr x7, [x2, x4, lsl #3]
    adds x6, x6, x5
    cset x5, hs
    adds x6, x6, x7
    cinc x5, x5, hs
    str x6, [x0, x4, lsl #3]
    adds w4, w4, #1
    b.ne 1b
region.subtract_words:
1:  sxtw x4, w3
    sub x4, x4, x8
    ldr x6, [x2, x4, lsl #3]
    ldr x5, [x1, x4, lsl #3]
    adds x0, x0, x6
    cset x6, hs
    subs x5, x5, x0
    str x5, [x7, x4, lsl #3]
    cinc x0, x6, lo
    adds w3, w3, #1
    b.ne 1b
region.multiply_subtract:
1:  sxtw x5, w2
    sub x5, x5, x14
    ldr x3, [x1, x5, lsl #3]
    ldr x7, [x11, x5, lsl #3]
    and x6, x3, #0xffffffff
    lsr x3, x3, #32
    mul x4, x6, x10
    mul x9, x3, x10
    madd x8, x12, x6, x9
    mul x3, x12, x3
    add x6, x0, w4, uxtw
    add x4, x8, x4, lsr #32
    add x8, x3, x13
    cmp x4, x9
    add x6, x6, x4, lsl #32
    csel x3, x8, x3, lo
    lsr x4, x4, #32
    cmp x6, x0
    cinc x4, x4, lo
    subs x7, x7, x6
    str x7, [x11, x5, lsl #3]
    cinc x3, x3, lo
    add x0, x3, x4
    adds w2, w2, #1
    b.ne 1b

// -- what is out of line: printed whole --------------------------------------
cold.load:
    ldr x0, [x1]
cold.store_pair:
    stp x19, x30, [sp, #-16]!
cold.compare_branch:
    cmp x0, x1
    b.eq .+64
cold.atomic:
    ldadd w0, w1, [x2]
end:
    nop
