/*
 * Printing host code (-d out_asm).  The disassembler is loaded when it is
 * first asked: its tables take longer to relocate than a machine takes to
 * start.  Without one the bytes are printed.
 */
#include <dlfcn.h>
#include <stdio.h>

#include "cpu/jit/backend.h"

static void print_bytes(FILE *f, const uint8_t *code, size_t size)
{
    for (size_t k = 0; k < size; k += 16) {
        fprintf(f, "%#14lx: ", (unsigned long)(uintptr_t)(code + k));
        for (size_t b = k; b < k + 16 && b < size; b++) {
            fprintf(f, " %02x", code[b]);
        }
        fputc('\n', f);
    }
}

#ifdef CONFIG_CAPSTONE

#include <capstone/capstone.h>

#define TEXT_OF(x) TEXT_OF_VALUE(x)
#define TEXT_OF_VALUE(x) #x
#define LIBRARY "libcapstone.so." TEXT_OF(CS_API_MAJOR)

struct capstone {
    csh handle;
    __typeof__(cs_open) *open;
    __typeof__(cs_option) *option;
    __typeof__(cs_disasm) *disasm;
    __typeof__(cs_free) *free;
};

static bool load(struct capstone *c)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

    return library && (c->open = dlsym(library, "cs_open")) &&
           (c->option = dlsym(library, "cs_option")) &&
           (c->disasm = dlsym(library, "cs_disasm")) &&
           (c->free = dlsym(library, "cs_free")) &&
           c->open(CS_ARCH_X86, CS_MODE_64, &c->handle) == CS_ERR_OK &&
           c->option(c->handle, CS_OPT_SKIPDATA, CS_OPT_ON) == CS_ERR_OK;
}

void backend_disas(FILE *f, const uint8_t *code, size_t size)
{
    static enum { UNKNOWN, LOADED, MISSING } state; /* [lock of the log] */
    static struct capstone c;
    cs_insn *insn;

    if (state == UNKNOWN) {
        state = load(&c) ? LOADED : MISSING;
    }
    if (state == MISSING) {
        print_bytes(f, code, size);
        return;
    }
    size_t count =
        c.disasm(c.handle, code, size, (uintptr_t)code, 0, &insn);
    for (size_t k = 0; k < count; k++) {
        fprintf(f, "%#14llx:  %-8s %s\n",
                (unsigned long long)insn[k].address, insn[k].mnemonic,
                insn[k].op_str);
    }
    c.free(insn, count);
}

#else

void backend_disas(FILE *f, const uint8_t *code, size_t size)
{
    print_bytes(f, code, size);
}

#endif
