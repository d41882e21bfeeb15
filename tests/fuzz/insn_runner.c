/*
 * The AArch64 side of the instruction fuzzer; see insn_case.h.  A static
 * Linux program, run by qemu-aarch64 (or a real processor).
 *
 * Registers are loaded and read through signal frames: a BRK enters the
 * handler, which stores the state of the case that ended, and returns into
 * the next one.  Every fault comes the same way.
 */
#include <asm/sigcontext.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/fuzz/insn_case.h"

/* The handler's stack, where no case's SP comes to lie: it would be taken
 * for being on it. */
#define STACK UINT64_C(0x2a5a5a5a0000)
#define STACK_SIZE 0x10000

static struct insn_case *cases;
static unsigned case_count, current;
static ucontext_t home; /* of main(), at its BRK */

static struct fpsimd_context *fp_registers(ucontext_t *uc)
{
    struct _aarch64_ctx *c = (void *)uc->uc_mcontext.__reserved;

    while (c->magic && c->magic != FPSIMD_MAGIC) {
        c = (void *)((char *)c + c->size);
    }
    if (!c->magic) {
        abort();
    }
    return (struct fpsimd_context *)c;
}

/* NULL: there is no SVE. */
static struct sve_context *sve_registers(ucontext_t *uc)
{
    struct _aarch64_ctx *c = (void *)uc->uc_mcontext.__reserved;

    while (c->magic && c->magic != SVE_MAGIC) {
        c = (void *)((char *)c + c->size);
    }
    return c->magic ? (struct sve_context *)c : NULL;
}

static void copy(void *a, void *b, size_t size, int from_frame)
{
    memcpy(from_frame ? b : a, from_frame ? a : b, size);
}

/* Between the frame and a state, one way or the other. */
static void copy_sve(struct sve_context *c, struct insn_state *s,
                     int from_frame)
{
    unsigned vq = c ? c->vl / 16 : 0;

    if (!c || c->head.size < SVE_SIG_CONTEXT_SIZE(vq)) {
        return;
    }
    for (int n = 0; n < 32; n++) {
        char *z = (char *)c + SVE_SIG_ZREG_OFFSET(vq, n);

        copy(z, s->v[n], 16, from_frame);
        copy(z + 16, s->z[n], 16 * (vq - 1), from_frame);
    }
    for (int n = 0; n < 17; n++) {
        copy((char *)c + SVE_SIG_PREG_OFFSET(vq, n), &s->p[n], 2 * vq,
             from_frame);
    }
}

static void save(struct insn_state *s, ucontext_t *uc, int signal)
{
    struct fpsimd_context *fp = fp_registers(uc);

    for (int n = 0; n < 31; n++) {
        s->x[n] = uc->uc_mcontext.regs[n];
    }
    s->sp = uc->uc_mcontext.sp;
    s->pc = uc->uc_mcontext.pc;
    s->nzcv = uc->uc_mcontext.pstate & 0xf0000000;
    s->fpcr = fp->fpcr;
    s->fpsr = fp->fpsr;
    s->signal = (uint32_t)signal;
    memcpy(s->v, fp->vregs, sizeof(s->v));
    copy_sve(sve_registers(uc), s, 1);
    memcpy(s->window, (void *)INSN_WINDOW, sizeof(s->window));
}

static void restore(const struct insn_case *c, ucontext_t *uc)
{
    const struct insn_state *s = &c->state;
    struct fpsimd_context *fp = fp_registers(uc);

    for (int n = 0; n < 31; n++) {
        uc->uc_mcontext.regs[n] = s->x[n];
    }
    uc->uc_mcontext.sp = s->sp;
    uc->uc_mcontext.pc = INSN_CODE + c->slot * 4 * INSN_SLOT_WORDS;
    uc->uc_mcontext.pstate = s->nzcv;
    fp->fpcr = s->fpcr;
    fp->fpsr = s->fpsr;
    memcpy(fp->vregs, s->v, sizeof(s->v));
    copy_sve(sve_registers(uc), (struct insn_state *)s, 0);
    memcpy((void *)INSN_WINDOW, s->window, sizeof(s->window));
}

static void handler(int signal, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)info;
    if (current == 0) {
        memcpy(&home, uc, sizeof(home));
    } else {
        save(&cases[current - 1].state, uc, signal);
    }
    if (current == case_count) {
        memcpy(uc, &home, sizeof(home));
        uc->uc_mcontext.pc += 4;
        return;
    }
    restore(&cases[current++], uc);
}

static void install_handler(void)
{
    static const int signals[] = {SIGTRAP, SIGILL, SIGSEGV, SIGBUS};
    stack_t ss = {.ss_sp = (void *)STACK, .ss_size = STACK_SIZE};
    struct sigaction action = {
        .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigfillset(&action.sa_mask);
    sigaltstack(&ss, NULL);
    for (unsigned n = 0; n < sizeof(signals) / sizeof(signals[0]); n++) {
        sigaction(signals[n], &action, NULL);
    }
}

static void map(uint64_t address, size_t size, int protection)
{
    if (mmap((void *)address, size, protection,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
             0) == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
}

static void read_all(void *to, size_t size)
{
    for (char *p = to; size > 0;) {
        ssize_t n = read(0, p, size);

        if (n <= 0) {
            exit(0);
        }
        p += n;
        size -= (size_t)n;
    }
}

static void write_all(const void *from, size_t size)
{
    for (const char *p = from; size > 0;) {
        ssize_t n = write(1, p, size);

        if (n <= 0) {
            exit(1);
        }
        p += n;
        size -= (size_t)n;
    }
}

int main(void)
{
    map(INSN_DATA, INSN_DATA_SIZE, PROT_READ | PROT_WRITE);
    map(INSN_CODE, INSN_CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
    map(STACK, STACK_SIZE, PROT_READ | PROT_WRITE);
    install_handler();
    for (;;) {
        struct insn_batch batch;
        char *code = (void *)INSN_CODE;

        read_all(&batch, sizeof(batch));
        read_all(code, batch.slots * 4 * INSN_SLOT_WORDS);
        __builtin___clear_cache(code, code + INSN_CODE_SIZE);
        cases = realloc(cases, batch.cases * sizeof(*cases));
        read_all(cases, batch.cases * sizeof(*cases));
        case_count = batch.cases;
        current = 0;
        __asm__ volatile("brk #0" ::: "memory");
        write_all(cases, batch.cases * sizeof(*cases));
    }
}
