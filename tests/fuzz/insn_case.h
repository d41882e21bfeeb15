/*
 * What the two sides of the instruction fuzzer say to each other: insn_fuzz
 * (host) writes a batch to insn_runner (AArch64), which runs every case and
 * writes the cases back with the states they ended in.
 *
 *   struct insn_batch, slots * INSN_SLOT_WORDS words of code, cases
 *
 * A slot is straight-line code (forward branches stay inside) and ends with
 * BRK.  Code and data are at the same addresses on both sides.
 */
#ifndef TESTS_FUZZ_INSN_CASE_H
#define TESTS_FUZZ_INSN_CASE_H

#include <stdint.h>

#define INSN_CODE UINT64_C(0x50100000)
#define INSN_CODE_SIZE 0x10000
#define INSN_SLOT_WORDS 64
#define INSN_SLOTS (INSN_CODE_SIZE / (4 * INSN_SLOT_WORDS))
#define INSN_BRK 0xd4200000u
#define INSN_NOP 0xd503201fu

/* Two pages; the window that cases set and see lies across their border. */
#define INSN_DATA UINT64_C(0x50000000)
#define INSN_DATA_SIZE 0x2000
#define INSN_WINDOW_SIZE 512
#define INSN_WINDOW (INSN_DATA + INSN_DATA_SIZE / 2 - INSN_WINDOW_SIZE / 2)

struct insn_state {
    uint64_t x[31], sp, pc;
    uint64_t v[32][2];
    /* Where there is SVE: the rest of Z, 512 bits at most, and predicates, a
     * bit a byte; the last one is FFR. */
    uint64_t z[32][6], p[17];
    uint32_t nzcv;   /* bits 31..28 */
    uint32_t fpcr, fpsr;
    uint32_t signal; /* why it ended: SIGTRAP at the BRK */
    uint8_t window[INSN_WINDOW_SIZE];
};

struct insn_case {
    uint64_t slot;
    struct insn_state state;
};

struct insn_batch {
    uint32_t slots, cases;
};

#endif
