/*
 * The ops: OP(name, result class, (operand classes), properties).
 * Operands are called a, b, c, d; `T` is the instruction's type.
 * This file is included with OP defined; it has no guard.
 */

/* -- values and state ------------------------------------------------- */
/* The integer imm (T I32, I64) or packed flags (T FLAGS). */
OP(CONST, IR_C_TYPE, (0), IR_P_PURE)
/* The guest address imm, so far from the unit's head: what the unit would
 * have elsewhere is something else, so nobody may look at the value (T I64). */
OP(PC, IR_C_INT, (0), IR_P_PURE)
/* Vector with both halves imm (shape D: low half only, S: low element). */
OP(VCONST, IR_C_VEC, (0), IR_P_PURE)
/* Read guest state of type T at byte offset imm of struct vcpu.  I8, I16
 * and I32 are zero-extended; FLAGS reads 32 bits. */
OP(GET, IR_C_TYPE, (0), IR_P_PURE)
/* Write a to guest state at byte offset imm, as much as T's size. */
OP(SET, IR_C_NONE, (IR_C_TYPE), 0)

/* Nothing. */
OP(NOP, IR_C_NONE, (0), IR_P_PURE)

/* -- integers: T is I32 or I64 ------------------------------------------ */
OP(ADD, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE | IR_P_COMM)
OP(SUB, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE)
/* a + b + carry of flags c; a + ~b + carry of flags c. */
OP(ADC, IR_C_INT, (IR_C_INT, IR_C_INT, IR_C_FLAGS), IR_P_PURE)
OP(SBC, IR_C_INT, (IR_C_INT, IR_C_INT, IR_C_FLAGS), IR_P_PURE)
OP(AND, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE | IR_P_COMM)
OP(OR, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE | IR_P_COMM)
OP(XOR, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE | IR_P_COMM)
OP(ANDN, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE) /* a & ~b */
OP(ORN, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE)  /* a | ~b */
OP(XORN, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE) /* a ^ ~b */
OP(NOT, IR_C_INT, (IR_C_INT), IR_P_PURE)
OP(NEG, IR_C_INT, (IR_C_INT), IR_P_PURE)
OP(MUL, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE | IR_P_COMM)
/* High half of the 128-bit product; T is I64. */
OP(MULHU, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE | IR_P_COMM)
OP(MULHS, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE | IR_P_COMM)
/* Quotient toward zero; x / 0 = 0, MIN / -1 = MIN. */
OP(UDIV, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE)
OP(SDIV, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE)
/* Shifts and rotate; the amount b counts modulo the width of T. */
OP(SHL, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE)
OP(SHR, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE)
OP(SAR, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE)
OP(ROR, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE)
/* Low T of (a:b) >> imm, 0 <= imm < width. */
OP(EXTR, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE)
OP(CLZ, IR_C_INT, (IR_C_INT), IR_P_PURE)
OP(RBIT, IR_C_INT, (IR_C_INT), IR_P_PURE)
OP(BSWAP, IR_C_INT, (IR_C_INT), IR_P_PURE)
/* Bit field: imm = lsb | width << 8; extract unsigned, signed (to T). */
OP(BFXU, IR_C_INT, (IR_C_INT), IR_P_PURE)
OP(BFXS, IR_C_INT, (IR_C_INT), IR_P_PURE)
/* a with bits [lsb, lsb+width) replaced by the low bits of b. */
OP(BFI, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE)
/* Accumulate the low bytes of b (T: I8, I16, I32, I64) into CRC a; aux 0:
 * CRC-32 (0x04C11DB7), 1: CRC-32C (0x1EDC6F41).  Result 32 bits. */
OP(CRC32, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_PURE)
/* T value: a != 0 ? b : c (T's width of a counts). */
OP(SELNZ, IR_C_INT, (IR_C_INT, IR_C_INT, IR_C_INT), IR_P_PURE)

/* -- flags -------------------------------------------------------------- */
/* Flags of the instruction just before, a: ADD, SUB, ADC, SBC as Arm's
 * AddWithCarry; AND, ANDN, OR, XOR: N and Z, C = V = 0. */
OP(FLAGS_OF, IR_C_FLAGS, (IR_C_INT), IR_P_PURE)
/* 1 if condition aux holds in a, else 0. */
OP(SETCC, IR_C_INT, (IR_C_FLAGS), IR_P_PURE)
/* Condition aux holds in a ? b : c, of type T (I32, I64, FLAGS, V128). */
OP(SELECT, IR_C_TYPE, (IR_C_FLAGS, IR_C_TYPE, IR_C_TYPE), IR_P_PURE)
/* Packed flags to and from N:Z:C:V in bits 31..28. */
OP(FLAGS_TO_NZCV, IR_C_INT, (IR_C_FLAGS), IR_P_PURE)
OP(NZCV_TO_FLAGS, IR_C_FLAGS, (IR_C_INT), IR_P_PURE)

/* -- memory: address a; aux = IR_MEM_* ---------------------------------- */
/* T: I8..I64 give an integer (zero- or sign-extended), F16..V128 a vector
 * with the rest zero (an 8-bit vector load is VLOAD8). */
OP(LOAD, IR_C_TYPE, (IR_C_INT), IR_P_MEM)
OP(VLOAD8, IR_C_VEC, (IR_C_INT), IR_P_MEM)
OP(STORE, IR_C_NONE, (IR_C_INT, IR_C_TYPE), IR_P_MEM)
OP(VSTORE8, IR_C_NONE, (IR_C_INT, IR_C_VEC), IR_P_MEM)
/* Two elements of type T (I32, I64, F32, F64, V128) at a and a + size; the
 * value is the first, SECOND (the next instruction, same T) the second.
 * Nothing is written when either faults. */
OP(LOAD2, IR_C_TYPE, (IR_C_INT), IR_P_MEM)
OP(SECOND, IR_C_TYPE, (IR_C_TYPE), IR_P_PURE)
OP(STORE2, IR_C_NONE, (IR_C_INT, IR_C_TYPE, IR_C_TYPE), IR_P_MEM)
/* Load and open the exclusive monitor (vcpu.excl_*).  LOAD_EX2: pair of T
 * (I32, I64), with SECOND behind; aligned to both, single-copy atomic. */
OP(LOAD_EX, IR_C_INT, (IR_C_INT), IR_P_MEM)
OP(LOAD_EX2, IR_C_INT, (IR_C_INT), IR_P_MEM)
/* Store b (and c) if the monitor covers a and memory still holds what was
 * read, atomically; close the monitor.  0 = stored, 1 = not. */
OP(STORE_EX, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_MEM)
OP(STORE_EX2, IR_C_INT, (IR_C_INT, IR_C_INT, IR_C_INT), IR_P_MEM)
/* Atomic read-modify-write with b, imm = enum ir_rmw; the old value,
 * zero-extended and never reversed. */
OP(RMW, IR_C_INT, (IR_C_INT, IR_C_INT), IR_P_MEM)
/* Compare with b and swap in c; the old value, zero-extended. */
OP(CAS, IR_C_INT, (IR_C_INT, IR_C_INT, IR_C_INT), IR_P_MEM)
OP(FENCE, IR_C_NONE, (0), 0) /* aux = enum ir_fence */

/* The host address of guest address a, for accesses to [a + lo, a + lo +
 * size) by ops with IR_MEM_HOST up to the next LABEL or call; leaves by its
 * edge when the first-level TLB does not have all of that in one page (or,
 * IR_CHECK_FILL, cannot).  imm: ir_check_imm(); aux: IR_CHECK_*. */
OP(CHECK, IR_C_INT, (IR_C_INT), IR_P_EXIT)

/* -- control ------------------------------------------------------------ */
/* aux = IR_LABEL_*; values live on, nothing is known of registers. */
OP(LABEL, IR_C_NONE, (0), 0)
/* Leave by edge imm when condition aux holds in a / a == 0 / a != 0 (T). */
OP(BRCC, IR_C_NONE, (IR_C_FLAGS), IR_P_EXIT)
OP(BRZ, IR_C_NONE, (IR_C_INT), IR_P_EXIT)
OP(BRNZ, IR_C_NONE, (IR_C_INT), IR_P_EXIT)
/* Leave by edge imm. */
OP(EXIT, IR_C_NONE, (0), IR_P_EXIT | IR_P_END)
/* Go on at guest address a (indirect branch, jump cache).  aux: enum
 * ir_jump, which says what imm is. */
OP(EXIT_INDIRECT, IR_C_NONE, (IR_C_INT), IR_P_EXIT | IR_P_END)
/* Set vcpu.pc = imm, vcpu.exit = aux and go back to the run loop. */
OP(EXIT_LOOP, IR_C_NONE, (0), IR_P_EXIT | IR_P_END)
/* imm = const struct ir_helper *; T is VOID, I32 or I64. */
OP(CALL, IR_C_INT, (IR_C_INT, IR_C_INT, IR_C_INT), IR_P_CALL)
/* Vector helper: a, b, c vectors (IR_NONE: absent); the
 * constant passed as `imm` argument is aux; result V128. */
OP(VCALL, IR_C_VEC, (IR_C_VEC, IR_C_VEC, IR_C_VEC), IR_P_CALL)

/* -- vectors: T element type, aux = shape | extra << 8 ------------------ */
OP(VAND, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VOR, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VXOR, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VANDN, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE) /* a & ~b */
OP(VORN, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)  /* a | ~b */
OP(VNOT, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
/* (a & b) | (~a & c) */
OP(VSEL, IR_C_VEC, (IR_C_VEC, IR_C_VEC, IR_C_VEC), IR_P_PURE)
OP(VADD, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VSUB, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
OP(VMUL, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VNEG, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
OP(VABS, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
/* Shift every element by imm: left 0..width-1, right 1..width. */
OP(VSHL, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
OP(VSHRU, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
OP(VSHRS, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
/* Shift element of a by the signed low byte of b's element; negative is
 * right, logical (U) or arithmetic (S). */
OP(VSHLVU, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
OP(VSHLVS, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
OP(VMINU, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VMAXU, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VMINS, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VMAXS, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
/* All ones where true: equal, greater or greater-or-equal. */
OP(VCMPEQ, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VCMPGTS, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
OP(VCMPGES, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
OP(VCMPGTU, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
OP(VCMPGEU, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
/* Saturating; sets vcpu.saturated. */
OP(VADDSATU, IR_C_VEC, (IR_C_VEC, IR_C_VEC), 0)
OP(VADDSATS, IR_C_VEC, (IR_C_VEC, IR_C_VEC), 0)
OP(VSUBSATU, IR_C_VEC, (IR_C_VEC, IR_C_VEC), 0)
OP(VSUBSATS, IR_C_VEC, (IR_C_VEC, IR_C_VEC), 0)
/* Rounded and truncating halving add: (a + b + extra) >> 1, extra 0, 1. */
OP(VAVGU, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VAVGS, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VABDU, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VABDS, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)
OP(VCNT, IR_C_VEC, (IR_C_VEC), IR_P_PURE)  /* set bits, T I8 */
OP(VCLZ, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
/* Reverse elements of type T within groups of imm bits (16, 32, 64). */
OP(VREV, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
/* Pairs: concat(b:a) -> adjacent sums, low half from a. */
OP(VADDP, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
/* Adjacent elements of T summed into elements twice as wide. */
OP(VADDLPU, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
OP(VADDLPS, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
/* Sum over the shape's elements into element 0 (T wide), rest zero. */
OP(VADDV, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
/* Widen T elements of the low (imm 0) or high (imm 1) 64 bits of a to
 * twice T; the result is 128 bits. */
OP(VWIDENU, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
OP(VWIDENS, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
/* Low halves of a's elements, T the narrow type, into the low 64 bits. */
OP(VNARROW, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
/* a's low 64 bits kept, b's low 64 bits placed above them. */
OP(VCONCAT, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
/* Carry-less product: T I8 per element (low 8 bits), T I64: low element
 * of each, 128-bit result. */
OP(VPMUL, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE | IR_P_COMM)

/* -- moving elements ---------------------------------------------------- */
OP(VDUP, IR_C_VEC, (IR_C_INT), IR_P_PURE)   /* low T of a everywhere */
OP(VDUPL, IR_C_VEC, (IR_C_VEC), IR_P_PURE)  /* element imm of a */
OP(VINS, IR_C_VEC, (IR_C_VEC, IR_C_INT), IR_P_PURE) /* element imm := b */
/* a (all 128 bits kept) with element imm & 15 := element imm >> 4 of b. */
OP(VINSL, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
/* Element imm of a, zero-extended (extra 0) or sign-extended to 32 (1) or
 * 64 bits (2). */
OP(VGETL, IR_C_INT, (IR_C_VEC), IR_P_PURE)
/* Bytes imm.. of a then b (shape D: 8-byte halves). */
OP(VEXT, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
/* Part imm (0 = first, 1 = second) of Arm's ZIP, UZP, TRN. */
OP(VZIP, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
OP(VUZP, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
OP(VTRN, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
/* Bytes: i = b[k] - imm; k-th result = i < 16 ? a[i] : c[k]. */
OP(VTBL, IR_C_VEC, (IR_C_VEC, IR_C_VEC, IR_C_VEC), IR_P_PURE)

/* -- floating point: T F16, F32, F64; mode and flags from vcpu.fp -------- */
OP(FADD, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FSUB, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FMUL, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FDIV, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FSQRT, IR_C_VEC, (IR_C_VEC), IR_P_FP)
/* (+-)a + (+-)(b * c), one rounding; extra = IR_NEG_*. */
OP(FMULADD, IR_C_VEC, (IR_C_VEC, IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FMULX, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FMAX, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FMIN, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FMAXNM, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FMINNM, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FABS, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
OP(FNEG, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
/* Reciprocal estimates and steps as the Arm ARM defines them. */
OP(FRECPE, IR_C_VEC, (IR_C_VEC), IR_P_FP)
OP(FRSQRTE, IR_C_VEC, (IR_C_VEC), IR_P_FP)
OP(FRECPS, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FRSQRTS, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FRECPX, IR_C_VEC, (IR_C_VEC), IR_P_FP)
/* Round to integral; imm: 0..3 RMode, 4 ties away, 7 = current mode;
 * | 8 = raise Inexact. */
OP(FRINT, IR_C_VEC, (IR_C_VEC), IR_P_FP)
/* Scalar (S) or per-element (D, Q) masks. */
OP(FCMPEQ, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FCMPGE, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
OP(FCMPGT, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_FP)
/* Compare element 0; extra 1: signalling (FCMPE).  Unordered: C and V. */
OP(FCMP, IR_C_FLAGS, (IR_C_VEC, IR_C_VEC), IR_P_FP)
/* Element 0 from type imm to T. */
OP(FCVT, IR_C_VEC, (IR_C_VEC), IR_P_FP)
/* T elements of the low/high half (imm 0, 1) to twice T; and back, into
 * the low 64 bits (T narrow; imm 1: round to odd). */
OP(FCVTL, IR_C_VEC, (IR_C_VEC), IR_P_FP)
OP(FCVTN, IR_C_VEC, (IR_C_VEC), IR_P_FP)
/* To integer of the same width (elements of T) and from it; imm = fraction
 * bits | rounding << 8 (0..3 RMode, 4 ties away, 7 current) | unsigned <<
 * 12. */
OP(FTOI, IR_C_VEC, (IR_C_VEC), IR_P_FP)
OP(ITOF, IR_C_VEC, (IR_C_VEC), IR_P_FP)
/* Scalar to and from a general register: as above with the integer's
 * type in extra (IR_I32, IR_I64). */
OP(FTOI_R, IR_C_INT, (IR_C_VEC), IR_P_FP)
OP(ITOF_R, IR_C_VEC, (IR_C_INT), IR_P_FP)

/* -- cryptography (FIPS 197 on 16-byte states) --------------------------- */
OP(AESE, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE) /* as Arm's AESE */
OP(AESD, IR_C_VEC, (IR_C_VEC, IR_C_VEC), IR_P_PURE)
OP(AESMC, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
OP(AESIMC, IR_C_VEC, (IR_C_VEC), IR_P_PURE)
