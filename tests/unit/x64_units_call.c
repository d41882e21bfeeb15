/* Calls of functions that destroy all they may. */
#include "tests/unit/x64_units.h"

#include "util/bits.h"

/* Destroys everything that the C ABI lets a function destroy. */
static void destroy(void)
{
    __asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n\tmovdqa %%xmm0, %%xmm1\n\t"
                     "movdqa %%xmm0, %%xmm2\n\tmovdqa %%xmm0, %%xmm3\n\t"
                     "movdqa %%xmm0, %%xmm4\n\tmovdqa %%xmm0, %%xmm5\n\t"
                     "movdqa %%xmm0, %%xmm6\n\tmovdqa %%xmm0, %%xmm7\n\t"
                     "movdqa %%xmm0, %%xmm8\n\tmovdqa %%xmm0, %%xmm9\n\t"
                     "movdqa %%xmm0, %%xmm10\n\tmovdqa %%xmm0, %%xmm11\n\t"
                     "movdqa %%xmm0, %%xmm12\n\tmovdqa %%xmm0, %%xmm13\n\t"
                     "movdqa %%xmm0, %%xmm14\n\tmovdqa %%xmm0, %%xmm15\n\t"
                     "mov $-1, %%rdi\n\tmov %%rdi, %%rsi\n\t"
                     "mov %%rdi, %%r8\n\tmov %%rdi, %%r9\n\t"
                     "mov %%rdi, %%r10\n\tmov %%rdi, %%r11\n\t"
                     "mov %%rdi, %%rcx\n\tmov %%rdi, %%rdx"
                     ::: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                     "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                     "xmm12", "xmm13", "xmm14", "xmm15", "rdi", "rsi", "r8",
                     "r9", "r10", "r11", "rcx", "rdx", "cc");
}

uint64_t gen_pure(struct vcpu *vcpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)vcpu;
    destroy();
    return a * 3 + (b ^ c);
}

static uint64_t uses_regs(struct vcpu *vcpu, uint64_t a, uint64_t b,
                          uint64_t c)
{
    unsigned n = a & 31;

    vcpu->r[n] += vcpu->r[b & 31] + c;
    vcpu->v[n].d[1] ^= vcpu->v[c & 31].d[0];
    vcpu->flags ^= a & FLAG_BITS;
    destroy();
    return vcpu->r[(a >> 8) & 31];
}

static uint64_t may_exit(struct vcpu *vcpu, uint64_t a, uint64_t b,
                         uint64_t c)
{
    destroy();
    if ((a & 15) == 3) {
        vcpu->exit = VCPU_EXIT_EXCEPTION;
        vcpu->syndrome = b + c;
    }
    return a;
}

static uint64_t may_exit_with_pc(struct vcpu *vcpu, uint64_t a, uint64_t b,
                                 uint64_t c)
{
    vcpu->r[b & 31] = c;
    destroy();
    if ((a & 15) == 3) {
        vcpu->exit = VCPU_EXIT_STATE;
        vcpu->pc = 0x40005678;
    }
    return a;
}

static void vec_call(struct vcpu *vcpu, union vec *result,
                     const union vec *a, const union vec *b,
                     const union vec *c, uint64_t imm)
{
    (void)vcpu;
    result->d[0] = (a ? a->d[0] : 1) + (b ? b->d[1] : 2) + imm;
    result->d[1] = (c ? c->d[1] : 3) ^ (a ? a->d[1] : 4);
    destroy();
}

static const struct ir_helper helpers[] = {
    { .name = "pure", .call = gen_pure, .nargs = 3 },
    { .name = "uses_regs", .call = uses_regs, .nargs = 3,
      .flags = IR_HELPER_REGS },
    { .name = "may_exit", .call = may_exit, .nargs = 3,
      .flags = IR_HELPER_EXITS },
    { .name = "may_exit_with_pc", .call = may_exit_with_pc, .nargs = 3,
      .flags = IR_HELPER_EXITS | IR_HELPER_REGS | IR_HELPER_SETS_PC |
               IR_HELPER_TLB },
};
static const struct ir_helper vec_helper = {
    .name = "vec_call", .vcall = vec_call, .nargs = 3,
};

void gen_call(struct gen *g)
{
    const struct ir_helper *h = &helpers[pick(g, ARRAY_SIZE(helpers))];
    ir_ref v;

    if (pick(g, 3) == 0) {
        v = ir_vcall(g->u, &vec_helper, pick(g, 4) ? any_vec(g) : IR_NONE,
                     pick(g, 4) ? any_vec(g) : IR_NONE,
                     pick(g, 4) ? any_vec(g) : IR_NONE, pick(g, 65536));
        keep_vec(g, v);
        return;
    }
    v = ir_call(g->u, h, any_int(g), any_int(g), any_int(g));
    keep_int(g, v);
}
