/*
 * The table of ops: who emits each, and with which opcode or digit.
 */
#include "cpu/jit/x64/emit.h"

#define ROW(op, emitter, ...) [IR_##op] = { emit_##emitter, __VA_ARGS__ },

const struct x64_op x64_ops[IR_OPCODES] = {
    /* values and state */
    ROW(CONST, nothing)
    ROW(VCONST, vconst)
    ROW(GET, get)
    ROW(SET, set)
    ROW(INSN, insn)

    /* integers */
    ROW(ADD, alu, ALU_ADD)
    ROW(SUB, alu, ALU_SUB)
    ROW(AND, alu, ALU_AND)
    ROW(OR, alu, ALU_OR)
    ROW(XOR, alu, ALU_XOR)
    ROW(ADC, adc, ALU_ADC)
    ROW(SBC, adc, ALU_SBB)
    ROW(ANDN, alun, ALU_AND)
    ROW(ORN, alun, ALU_OR)
    ROW(XORN, alun, ALU_XOR)
    ROW(NOT, unary, 2)
    ROW(NEG, unary, 3)
    ROW(BSWAP, unary, 0)
    ROW(MUL, mul)
    ROW(MULHU, mulh, 4)
    ROW(MULHS, mulh, 5)
    ROW(UDIV, div)
    ROW(SDIV, div)
    ROW(SHL, shift, 4, X_SHLX)
    ROW(SHR, shift, 5, X_SHRX)
    ROW(SAR, shift, 7, X_SARX)
    ROW(ROR, shift, 1)
    ROW(EXTR, extr)
    ROW(CLZ, clz)
    ROW(RBIT, rbit)
    ROW(BFXU, bfx)
    ROW(BFXS, bfx)
    ROW(BFI, bfi)
    ROW(CRC32, crc32)
    ROW(SELNZ, selnz)

    /* flags */
    ROW(FLAGS_OF, flags_of)
    ROW(SETCC, setcc)
    ROW(SELECT, select)
    ROW(FLAGS_TO_NZCV, flags_to_nzcv)
    ROW(NZCV_TO_FLAGS, nzcv_to_flags)

    /* memory */
    ROW(LOAD, load)
    ROW(VLOAD8, load)
    ROW(LOAD2, load)
    ROW(SECOND, second)
    ROW(STORE, store)
    ROW(VSTORE8, store)
    ROW(STORE2, store)
    ROW(LOAD_EX, load_ex)
    ROW(LOAD_EX2, atomic_call)
    ROW(STORE_EX, store_ex)
    ROW(STORE_EX2, atomic_call)
    ROW(RMW, rmw)
    ROW(CAS, cas)
    ROW(FENCE, fence)

    /* control */
    ROW(LABEL, label)
    ROW(BRCC, brcc)
    ROW(BRZ, brz)
    ROW(BRNZ, brz)
    ROW(EXIT, exit)
    ROW(EXIT_INDIRECT, exit_indirect)
    ROW(EXIT_LOOP, exit_loop)
    ROW(CALL, call)
    ROW(VCALL, vcall)

    /* vectors, floating point, cryptography: rows without an emitter are
       called in C (emit_vec_call) */
};
