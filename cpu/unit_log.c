/*
 * See unit_log.h.
 */
#include "cpu/unit_log.h"

#include <inttypes.h>
#include <string.h>

#include "cpu/ir/passes.h"
#include "cpu/jit/backend.h"
#include "util/log.h"

void unit_log_guest(const struct guest_ops *guest, uint64_t pc,
                    const uint8_t *code, unsigned bytes)
{
    FILE *f = log_lock(LOG_IN_ASM);
    char text[128];

    if (!f) {
        return;
    }
    fprintf(f, "----------------\nIN:\n");
    for (unsigned n = 0; n < bytes;) {
        uint32_t word;

        memcpy(&word, code + n, 4);
        int length = guest->disas(code + n, pc + n, text, sizeof(text));
        fprintf(f, "%#010" PRIx64 ":  %08x  %s\n", pc + n, word, text);
        n += (unsigned)length;
    }
    fputc('\n', f);
    log_unlock(f);
}

void unit_log_ir(unsigned item, const char *title, const struct ir_unit *u)
{
    FILE *f = log_lock(item);

    if (f) {
        fprintf(f, "%s:\n", title);
        ir_print(f, u);
        fputc('\n', f);
        log_unlock(f);
    }
}

void unit_log_host(const struct block *b)
{
    FILE *f = log_lock(LOG_OUT_ASM);

    if (f) {
        fprintf(f, "OUT: [size=%u] guest %#" PRIx64 "%s\n", b->code_size,
                b->pc, b->is_region ? " region" : "");
        backend_disas(f, b->code, b->code_size);
        fputc('\n', f);
        log_unlock(f);
    }
}

void unit_log_enter(const struct guest_ops *guest, struct vcpu *vcpu,
                    const struct block *b)
{
    FILE *f = log_lock(LOG_BLOCKS);

    if (!f) {
        return;
    }
    if (log_on(LOG_EXEC)) {
        fprintf(f, "Trace %u: %p [%08" PRIx64 "/%016" PRIx64 "]\n",
                vcpu->index, (const void *)b->code, (uint64_t)b->context,
                b->pc);
    }
    if (log_on(LOG_CPU)) {
        guest->dump(vcpu, f, log_on(LOG_FPU));
    }
    log_unlock(f);
}
