/*
 * Printing host code (-d out_asm).
 */
#include <stdio.h>

#include "cpu/jit/backend.h"

#ifdef CONFIG_CAPSTONE

#include <capstone/capstone.h>

void backend_disas(FILE *f, const uint8_t *code, size_t size)
{
    cs_insn *insn;
    size_t count;
    csh cs;

    if (cs_open(CS_ARCH_X86, CS_MODE_64, &cs) != CS_ERR_OK) {
        return;
    }
    cs_option(cs, CS_OPT_SKIPDATA, CS_OPT_ON);
    count = cs_disasm(cs, code, size, (uintptr_t)code, 0, &insn);
    for (size_t k = 0; k < count; k++) {
        fprintf(f, "%#14llx:  %-8s %s\n",
                (unsigned long long)insn[k].address, insn[k].mnemonic,
                insn[k].op_str);
    }
    cs_free(insn, count);
    cs_close(&cs);
}

#else

void backend_disas(FILE *f, const uint8_t *code, size_t size)
{
    for (size_t k = 0; k < size; k += 16) {
        fprintf(f, "%#14lx: ", (unsigned long)(uintptr_t)(code + k));
        for (size_t b = k; b < k + 16 && b < size; b++) {
            fprintf(f, " %02x", code[b]);
        }
        fputc('\n', f);
    }
}

#endif
