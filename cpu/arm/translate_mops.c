/*
 * A64 memory copy and memory set (FEAT_MOPS; Arm ARM C3.2.11): CPY*, SET*.
 *
 * Of the choices the architecture leaves, these are made: option A (the size
 * register is negative and counts up to zero, or positive and counts down
 * when copying backwards; NZCV 0000), and the prologue moves no data.  What
 * is done is in the registers before each access, so that an exception or
 * interrupt finds them right and the instruction goes on where it was.
 */
#include <string.h>

#include "cpu/arm/levels.h"
#include "cpu/arm/translate.h"
#include "cpu/arm/translate_row.h"
#include "cpu/ir/interp.h"

/* The order of the rows: prologue, main part, epilogue. */
enum phase { PROLOGUE, MAIN, EPILOGUE };

/* What is told to the helpers of an instruction. */
#define ARG_RS_SHIFT 5
#define ARG_RN_SHIFT 10
#define ARG_OPTIONS_SHIFT 16
#define ARG_EPILOGUE BIT(20)
#define ARG_SET BIT(21)
#define ARG_FORWARD BIT(22)      /* CPYF */
#define ARG_UNPRIV_WRITE BIT(23)
#define ARG_UNPRIV_READ BIT(24)

#define SCTLR_MSCEN BIT(33)
#define MOST_SET INT64_MAX
#define MOST_COPY INT64_C(0x007fffffffffffff)
#define PIECE 32
#define BETWEEN_POLLS 4096 /* bytes */

struct operation {
    struct vcpu *vcpu;
    uint64_t *d, *s, *n;
    struct tlb_context *to, *from;
    uint8_t value; /* of SET; register 31 is zero */
};

static struct operation begin(struct vcpu *vcpu, uint64_t arg)
{
    unsigned s = arg >> ARG_RS_SHIFT & 31;

    return (struct operation){
        .vcpu = vcpu,
        .d = &vcpu->r[arg & 31],
        .s = &vcpu->r[s],
        .n = &vcpu->r[arg >> ARG_RN_SHIFT & 31],
        .to = arg & ARG_UNPRIV_WRITE ? vcpu->tlb_unpriv : vcpu->tlb,
        .from = arg & ARG_UNPRIV_READ ? vcpu->tlb_unpriv : vcpu->tlb,
        .value = s < 31 ? (uint8_t)vcpu->r[s] : 0,
    };
}

/* EL0 needs SCTLR_EL1.MSCEn. */
static bool is_denied(struct arm_cpu *cpu)
{
    if (cpu->el > 0 || (arm_mmu(cpu, 0)->sctlr & SCTLR_MSCEN)) {
        return false;
    }
    arm_raise(cpu, ARM_SYNDROME(EC_UNKNOWN, 0));
    return true;
}

/* Option B's flags in the main part or epilogue: the other processor that
 * began was another one.  OptionA, WrongOption. */
static bool is_mismatched(struct arm_cpu *cpu, uint64_t arg)
{
    if (!(ir_flags_unpack(cpu->vcpu.flags) & 2)) {
        return false;
    }
    arm_raise(cpu, ARM_SYNDROME(EC_MOPS,
                                (arg & ARG_SET ? 1u << 24 : 0) |
                                    (arg >> ARG_OPTIONS_SHIFT & 15) << 19 |
                                    (arg & ARG_EPILOGUE ? 1u << 18 : 0) |
                                    1u << 17 | 1u << 16 |
                                    (arg & 31) << 10 |
                                    (arg >> ARG_RS_SHIFT & 31) << 5 |
                                    (arg >> ARG_RN_SHIFT & 31)));
    return true;
}

/* -- moving --------------------------------------------------------------- */

static bool store(const struct operation *op, uint64_t at, unsigned size,
                  const void *data)
{
    return tlb_store(op->vcpu->mmu, op->to, at, size, 0, data,
                     &op->vcpu->fault);
}

/* `size` bytes of the value, or one byte where memory does not take all. */
static unsigned set_piece(const struct operation *op, uint64_t at,
                          unsigned size)
{
    uint8_t data[PIECE];

    memset(data, op->value, size);
    return store(op, at, size, data) ? size : store(op, at, 1, data);
}

/* Likewise.  `last`: the one byte is the last one. */
static unsigned copy_piece(const struct operation *op, uint64_t to,
                           uint64_t from, unsigned size, bool last)
{
    struct vcpu *vcpu = op->vcpu;
    uint8_t data[PIECE];

    if (tlb_load(vcpu->mmu, op->from, from, size, 0, data, &vcpu->fault) &&
        store(op, to, size, data)) {
        return size;
    }
    if (last) {
        to += size - 1;
        from += size - 1;
    }
    return tlb_load(vcpu->mmu, op->from, from, 1, 0, data, &vcpu->fault) &&
           store(op, to, 1, data);
}

/* One step of what is left; bytes done, 0 for a fault. */
static unsigned step(const struct operation *op, bool is_set)
{
    int64_t left = (int64_t)*op->n;
    uint64_t size = left < 0 ? -(uint64_t)left : (uint64_t)left;
    unsigned piece = size >= PIECE ? PIECE : 1;
    unsigned done;

    if (left < 0) {
        uint64_t at = (uint64_t)left;

        done = is_set ? set_piece(op, *op->d + at, piece)
                      : copy_piece(op, *op->d + at, *op->s + at, piece,
                                   false);
        *op->n += done;
    } else {
        uint64_t at = size - piece;

        done = copy_piece(op, *op->d + at, *op->s + at, piece, true);
        *op->n -= done;
    }
    return done;
}

static uint64_t call_move(struct vcpu *vcpu, uint64_t arg, uint64_t b,
                          uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct operation op = begin(vcpu, arg);
    bool is_set = arg & ARG_SET;

    (void)b, (void)c;
    if (is_denied(cpu) || is_mismatched(cpu, arg)) {
        return 0;
    }
    if (is_set && (int64_t)*op.n > 0) {
        *op.n = 0; /* no prologue of ours gives that */
    }
    for (uint64_t moved = 0; *op.n;) {
        unsigned done = step(&op, is_set);

        moved += done;
        if (!done) {
            vcpu->exit = VCPU_EXIT_FAULT;
            break;
        }
        if (moved >= BETWEEN_POLLS) {
            moved = 0;
            if (__atomic_load_n(&vcpu->request, __ATOMIC_RELAXED)) {
                vcpu->exit = VCPU_EXIT_REQUEST;
                break;
            }
        }
    }
    return 0;
}

/* -- beginning ------------------------------------------------------------ */

/* Copying from low to high addresses would overwrite what is still to be
 * read. */
static bool goes_backward(uint64_t to, uint64_t from, uint64_t size)
{
    uint64_t address = mask64(56);

    to &= address;
    from &= address;
    return to > from && from + size > to;
}

static uint64_t call_begin(struct vcpu *vcpu, uint64_t arg, uint64_t b,
                           uint64_t c)
{
    struct operation op = begin(vcpu, arg);
    bool is_set = arg & ARG_SET;
    uint64_t most = is_set || (arg & ARG_FORWARD) ? MOST_SET : MOST_COPY;
    uint64_t size = *op.n < most ? *op.n : most;

    (void)b, (void)c;
    if (is_denied(arm_cpu(vcpu))) {
        return 0;
    }
    vcpu->flags = ir_flags_pack(0);
    if (!is_set && !(arg & ARG_FORWARD) &&
        goes_backward(*op.d, *op.s, size)) {
        *op.n = size;
        return 0;
    }
    *op.d += size;
    *op.s += is_set ? 0 : size;
    *op.n = -size;
    return 0;
}

static const struct ir_helper begin_helper = {
    "mops_begin", {.call = call_begin}, 1,
    IR_HELPER_EXITS | IR_HELPER_REGS,
};
static const struct ir_helper move_helper = {
    "mops_move", {.call = call_move}, 1, IR_HELPER_EXITS | IR_HELPER_REGS,
};

/* -- rows ----------------------------------------------------------------- */

static bool emit(struct a64_ctx *s, const struct a64_arg_mops *a,
                 enum phase phase, uint64_t kind)
{
    bool is_set = kind & ARG_SET;
    unsigned unpriv = s->context & CTX_UNPRIV ? a->op & (is_set ? 1 : 3) : 0;
    uint64_t arg = (uint64_t)a->rd | (uint64_t)a->rs << ARG_RS_SHIFT |
                   (uint64_t)a->rn << ARG_RN_SHIFT |
                   (uint64_t)a->op << ARG_OPTIONS_SHIFT | kind |
                   (phase == EPILOGUE ? ARG_EPILOGUE : 0) |
                   (unpriv & 1 ? ARG_UNPRIV_WRITE : 0) |
                   (unpriv & 2 ? ARG_UNPRIV_READ : 0);

    if (a->rd == 31 || a->rn == 31 || a->rd == a->rn || a->rd == a->rs ||
        a->rs == a->rn || (!is_set && a->rs == 31)) {
        return false;
    }
    ir_call(s->u, phase == PROLOGUE ? &begin_helper : &move_helper,
            ir_const(s->u, IR_I64, arg), IR_NONE, IR_NONE);
    return true;
}

TRANS(CPYFP, mops, emit(s, a, PROLOGUE, ARG_FORWARD))
TRANS(CPYFM, mops, emit(s, a, MAIN, ARG_FORWARD))
TRANS(CPYFE, mops, emit(s, a, EPILOGUE, ARG_FORWARD))
TRANS(CPYP, mops, emit(s, a, PROLOGUE, 0))
TRANS(CPYM, mops, emit(s, a, MAIN, 0))
TRANS(CPYE, mops, emit(s, a, EPILOGUE, 0))
TRANS(SETP, mops, emit(s, a, PROLOGUE, ARG_SET))
TRANS(SETM, mops, emit(s, a, MAIN, ARG_SET))
TRANS(SETE, mops, emit(s, a, EPILOGUE, ARG_SET))
