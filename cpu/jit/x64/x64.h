/*
 * The back end's own declarations: state of one compilation, the table of
 * ops, and what its files offer each other.
 *
 * A unit is compiled by one backward scan (uses, where values should live)
 * and one forward pass in which each op's emitter allocates registers and
 * writes code (compile.c).  Everything here belongs to one translating
 * thread, except struct backend.
 */
#ifndef CPU_JIT_X64_X64_H
#define CPU_JIT_X64_X64_H

#include <pthread.h>
#include <stdatomic.h>

#include "cpu/ir/ir.h"
#include "cpu/jit/backend.h"
#include "cpu/jit/slowpath.h"
#include "cpu/jit/x64/asm.h"
#include "cpu/jit/x64/target.h"

/* -- the process-wide part --------------------------------------------- */

#define KEYED_THUNKS 4096 /* a power of two; never full */

/* A thunk made on demand: of a helper, whose address is the key, of a slow
 * path (slow_key()) or of what fills a CHECK (thunk_fill()). */
enum thunk_kind { THUNK_FIXED, THUNK_SLOW, THUNK_FILL, THUNK_HELPER,
                  THUNK_VECTOR, THUNK_EXACT };
struct keyed_thunk {
    _Atomic uint64_t key;
    const uint8_t *code;   /* executable address */
    uint16_t kind, flags;  /* enum thunk_kind, IR_HELPER_* */
};

struct backend {
    struct x64_features host;
    bool parallel;
    struct jit_buffer thunks;  /* the head of the code cache */
    size_t thunks_used;
    pthread_mutex_t lock;      /* adding thunks */
    unsigned keyed_count;
    struct keyed_thunk keyed[KEYED_THUNKS];

    /* backend_observe() */
    struct perfmap *perfmap;
    bool count_calls;
    unsigned helper_count;
    const char *helper_name[BACKEND_MAX_HELPERS];

    /* Executable addresses of thunks; thunks.c says what each expects. */
    void (*enter)(struct vcpu *vcpu, const uint8_t *entry);
    const uint8_t *leave, *relookup, *edge;
    const uint8_t *indirect_miss, *exit_loop, *other_return,
                  *marked_return;
    const uint8_t *slow_code; /* where those of slow paths begin */
    const uint8_t *slow[2][SLOW_THUNKS]; /* [1]: called from a thunk */
    const uint8_t *slow_atomic[2];
    const uint8_t *slow_check;
};

/* -- values ------------------------------------------------------------ */

#define NO_REG 0xff

/* In a set of registers: EFLAGS carry a condition about to be used. */
#define LOCK_EFLAGS REG_BIT(RSP)

enum {
    VAL_LIVE = 1 << 0,    /* an op with an effect, or whose value is used */
    VAL_FLAGS = 1 << 1,
    VAL_CONST = 1 << 2,   /* IR_CONST: can be made anew */
    VAL_NARROW = 1 << 3,  /* register or home: only 32 bits are the value's */
    VAL_CROSSES = 1 << 4, /* live across a LABEL: keeps its spill slot */
    VAL_VEC = 1 << 5,
    VAL_PC = 1 << 6,      /* a constant that only relocation may look at */
    VAL_FOLDED = 1 << 7,  /* what the op behind it does: is_scale(),
                             fl_is_carry(); flags: fl_keep_condition() */
};

/*
 * Where a value is.  Any of: in host register `reg`; equal to the present
 * content of `home` (which for a pinned guest register means reg is that
 * host register); in spill slot `spill` - 1; a constant; in EFLAGS
 * (thread->fl).
 */
struct value {
    uint16_t left;   /* uses still to come */
    uint16_t spill;
    uint8_t reg;
    uint8_t home;
    uint8_t alt;     /* a second home, or NO_HOME */
    uint8_t state;
} __attribute__((aligned(8)));

/* Nowhere, without uses. */
#define NO_VALUE \
    ((struct value){.reg = NO_REG, .home = NO_HOME, .alt = NO_HOME})
/* The owner of a home that no value equals. */
#define NOBODY ((ir_ref)(IR_FIRST_ENTRY + HOMES))

/* How EFLAGS hold a FLAGS value. */
enum fl_kind {
    FL_NOT,    /* they do not */
    FL_SUB,    /* after cmp: CF is the borrow */
    FL_ADD,    /* after add: CF is the carry */
    FL_LOGIC,  /* after test: C = V = 0, CF = OF = 0 */
    FL_FP,     /* after ucomis of the operands */
    FL_FP_SWAPPED, /* after ucomis with the second one first */
};

/* An operand in memory ops: at `m`, or the constant `imm`. */
struct stored {
    struct x64_rm m;
    uint64_t imm;
    uint8_t type;      /* enum ir_type of the access */
    bool is_const;
    bool is_pc;        /* a constant that load_pc() makes */
    bool narrow;       /* to be cleared above bit 31 */
};

/* A host register that a region gives from the home that usually owns it to
 * another one. */
struct remap {
    uint8_t reg, usual, home;
};

/* Code behind the unit for the case that a fast path failed. */
struct slow_path {
    uint8_t *from[3];  /* rel32 displacements of the jumps to it */
    uint8_t *back;     /* where it returns to */
    const struct ir_insn *in;
    uint32_t desc;     /* enum slow_desc, see slowpath.h */
    uint32_t xmm;      /* live vector registers, mask 16..31 */
    uint16_t insn;     /* guest instruction, for the site */
    uint8_t va;        /* register of the address */
    uint8_t tmp;       /* a register that both ways may destroy */
    uint8_t value_count;
    uint8_t dst[2];    /* where loads go, NO_REG: dropped */
    struct stored value[2]; /* what is stored */
};

/* Code behind the unit for FP ops whose result the host may have got wrong:
 * the op in C, with the operands of the host's instruction. */
struct fp_fix {
    uint8_t *from[2];  /* rel32 displacements of the jumps to it */
    uint8_t *back;
    const struct ir_insn *in;
    struct x64_rm operand[3]; /* vector, memory or general */
    uint8_t operands;
    uint8_t dst;       /* vector or general register */
};

/* Constants behind the unit and the instructions that refer to them. */
struct pool_entry {
    uint64_t v[2];
};

struct pool_use {
    uint8_t *disp;     /* RIP-relative displacement: index into the pool */
    uint8_t tail;      /* bytes of the instruction behind it */
};

/* A jump to a LABEL of the unit. */
struct label_use {
    uint8_t *disp;
    uint16_t label;
};

/* A jump out of a region, to code behind it: where FLAGS are then that have
 * not been stored (ir_edge.flags). */
struct exit_stub {
    uint8_t *disp;
    uint16_t edge;
    enum { EXIT_FLAGS_STORED, EXIT_FLAGS_EFLAGS, EXIT_FLAGS_PACKED,
           EXIT_FLAGS_CONST } flags;
    enum fl_kind kind;     /* EFLAGS */
    struct x64_rm packed;
    uint32_t imm;
};

/* A CHECK or an access that keeps what it found: its way through the TLB
 * lies behind the unit. */
struct check {
    struct slow_path *slow; /* of an access: NULL for a CHECK */
    uint8_t from;           /* in its from[] */
    uint8_t *miss, *back;
    unsigned size;
    bool write;
    uint16_t stub;         /* struct exit_stub of its failure */
    uint16_t edge;         /* that, in a cold unit */
    uint8_t flags;         /* there: IR_CHECK_* */
    uint32_t xmm;          /* live vector registers there */
    uint8_t slot, va, t1, t2;
};

/* The poll of a LABEL. */
struct poll_stub {
    uint8_t *disp;
    uint16_t insn;         /* guest instruction to leave for */
};

#define MAX_POOL 1024

/* No op and no slow path needs more bytes than this. */
#define OP_ROOM 1024
/* While it is put together, a unit lies as far from a multiple of this as where
 * it will run. */
#define DRAFT_ALIGN 32

struct backend_thread {
    struct backend *b;
    struct x64_features host;
    struct asm_buf as;
    ptrdiff_t rx_delta;     /* rx - rw of the code being written */
    const struct ir_unit *u;
    const struct ir_insn *in;   /* the op being emitted */

    uint32_t free;    /* scratch registers that hold nothing */
    uint32_t liked;   /* registers to be picked first: not rax, which LAHF, DIV
                         and CMPXCHG want (in a test: any, ever others) */
    uint32_t lock;    /* registers the op being emitted relies on, and
                         LOCK_EFLAGS */
    uint32_t temps;   /* registers to free behind it */
    uint16_t reg_owner[32];     /* of scratch registers, or IR_NONE */
    uint16_t home_owner[HOMES]; /* if that has any uses left; or NOBODY */
    uint64_t spill_free[SPILL_SLOTS / 64];
    uint16_t dead_spill[32];    /* slots to free behind the op */
    unsigned dead_spills;
    bool spilled;   /* any value: asked for first, for the host is slow to
                       read a field beside one that it has just written */
    const struct ir_insn *dead_since; /* that op: behind it they are free */
    bool failed;                /* something ran out: give up */
    bool full;                  /* the code buffer did */
    uint16_t fl;            /* the FLAGS value in EFLAGS, if that has any uses
                               left; or NOBODY */
    enum fl_kind fl_kind;
    uint16_t zf;            /* zf_cc holds when this value is zero */
    uint8_t zf_cc;

    /* Guest registers in host registers: home -> register or 0, and what
     * of it is not as usual; with subroutines that exchange these. */
    uint8_t home_reg[NO_HOME + 1];
    struct remap remap[16 + 8];
    unsigned remaps;
    const uint8_t *leave_sub, *enter_sub;

    unsigned slow_count, link_count, site_count, pool_count, pool_uses;
    unsigned fix_count;

    /* Test hooks. */
    bool random_registers;
    unsigned slow_every, slow_turn; /* of accesses; 0: none */
    uint64_t seed;

    /* Of every ir_ref: uses of IR_NONE are counted like others, and never
     * the last. */
    struct value val[IR_NONE + 1];
    uint8_t state[IR_TYPES << 8]; /* that a value begins with: scan_state() */
    /* What a unit that is no region begins with: each register's value is
     * where it was. */
    struct value entered[HOMES + 1];
    uint16_t entered_owner[HOMES];
    struct slow_path slow[IR_MAX_INSNS];
    struct fp_fix fix[IR_MAX_INSNS];
    struct block_link links[IR_MAX_EDGES];
    struct block_site sites[2 * IR_MAX_INSNS];
    struct pool_entry pool[MAX_POOL];
    struct pool_use pool_use[4 * MAX_POOL];
    uint32_t label_at[IR_MAX_INSNS];    /* offset of a LABEL's code */
    struct label_use label_use[IR_MAX_EDGES];
    struct exit_stub exit_stub[IR_MAX_EDGES];
    struct poll_stub poll_stub[IR_MAX_EDGES];
    unsigned label_uses, exit_stubs, poll_stubs, landings;
    struct check check[IR_MAX_EDGES];
    unsigned checks, check_slots, check_slot; /* all of the unit's; next */
    uint8_t *guarded, *polled, *entry;

    /* Offsets of what depends on where the code lies (displacements to
     * thunks) and on where the guest's code lies (64-bit immediates). */
    unsigned thunk_relocs, pc_relocs;
    uint16_t thunk_reloc[BLOCK_MAX_CODE / 5 + 1];
    uint16_t pc_reloc[BLOCK_MAX_CODE / 10 + 1];

    /* A unit is put together here and copied to where it will run: many small
     * stores beside code that was just run take longer. */
    uint8_t draft[BLOCK_MAX_CODE + DRAFT_ALIGN - 1];
};

/* -- the table of ops (ops.c) ------------------------------------------ */

typedef void x64_emit_fn(struct backend_thread *t, ir_ref i,
                         const struct ir_insn *in);

/* `code` is the emitter's: an opcode, digit or flag. */
struct x64_op {
    x64_emit_fn *emit;
    uint32_t code;
    uint32_t extra;
};
extern const struct x64_op x64_ops[IR_OPCODES];

/* -- register allocation (regalloc.c) ---------------------------------- */

/* A thread, whose registers are as usual; a unit. */
void ra_thread_begin(struct backend_thread *t);
void ra_begin(struct backend_thread *t);
uint32_t ra_random(struct backend_thread *t);

/* A register of the set, which is not empty. */
static inline int ra_pick(const struct backend_thread *t, uint32_t set)
{
    uint32_t best = set & t->liked;

    return __builtin_ctz(best ? best : set);
}

/* A register of the set by eviction. */
int ra_evict(struct backend_thread *t, uint32_t set);

/* A register of the set, not in `avoid`; locked until the op's end. */
static inline int ra_temp(struct backend_thread *t, uint32_t set,
                          uint32_t avoid)
{
    uint32_t m = t->free & set & ~avoid & ~t->lock;
    int reg = m ? ra_pick(t, m) : ra_evict(t, set & ~avoid);

    t->free &= ~REG_BIT(reg);
    t->temps |= REG_BIT(reg);
    t->lock |= REG_BIT(reg);
    return reg;
}

static inline void ra_free_temp(struct backend_thread *t, int reg)
{
    uint32_t bit = t->temps & REG_BIT(reg);

    t->temps &= ~bit;
    t->free |= bit;
}

/* Make `reg` a temporary, moving away what it holds. */
void ra_take(struct backend_thread *t, int reg);
int ra_use_in(struct backend_thread *t, ir_ref ref, bool wide, uint32_t set);
/* In a register, or its memory when this is the last use. */
struct x64_rm ra_use_memory(struct backend_thread *t, ir_ref ref, bool wide);

/* The host register that a home owns in this unit, or 0; so for NO_HOME. */
static inline int home_reg(const struct backend_thread *t, unsigned home)
{
    return t->home_reg[home];
}

/* The operand, an integer or flags, in a register (clean upper half when
 * `wide`). */
static inline int ra_use(struct backend_thread *t, ir_ref ref, bool wide)
{
    const struct value *v = &t->val[ref];

    if (v->reg == NO_REG || (wide && (v->state & VAL_NARROW))) {
        return ra_use_in(t, ref, wide, 0xffff);
    }
    t->lock |= REG_BIT(v->reg);
    return v->reg;
}

static inline struct x64_rm ra_use_rm(struct backend_thread *t, ir_ref ref,
                                      bool wide)
{
    return t->val[ref].reg == NO_REG ? ra_use_memory(t, ref, wide)
                                     : rm_reg(ra_use(t, ref, wide));
}

/* Wherever it is, narrow or not: register or memory, which stays valid in
 * this op. */
struct x64_rm ra_where(struct backend_thread *t, ir_ref ref);
/* Copy the operand into `reg`, which becomes a temporary of the op. */
void ra_use_fixed(struct backend_thread *t, ir_ref ref, bool wide, int reg);
int ra_use_vec(struct backend_thread *t, ir_ref ref);
struct x64_rm ra_use_vec_rm(struct backend_thread *t, ir_ref ref);
/* A value without uses gives back its slot. */
void ra_release_spilled(struct backend_thread *t, struct value *v);

/* One use of a value without a slot is over: the scratch register that is free
 * then.  Whether it was the last use nobody could predict, and no branch
 * depends on it. */
static inline uint32_t ra_let_go_of(struct value *v)
{
    uint32_t last = --v->left == 0;

    _Static_assert((XMM_PINNED & REG_BIT(NO_REG & 31)) != 0, "never free");
    return last << (v->reg & 31) & (GPR_SCRATCH | XMM_SCRATCH);
}

static inline uint32_t ra_let_go(struct backend_thread *t, ir_ref ref)
{
    struct value *v = &t->val[ref];
    uint32_t reg = ra_let_go_of(v);

    if (t->spilled) {
        ra_release_spilled(t, v);
    }
    return reg;
}

/* One use is over. */
static inline void ra_release(struct backend_thread *t, ir_ref ref)
{
    t->free |= ra_let_go(t, ref);
}

static inline void ra_release_all(struct backend_thread *t,
                                  const struct ir_insn *in)
{
    t->free |= ra_let_go(t, in->a) | ra_let_go(t, in->b) |
               ra_let_go(t, in->c);
}

/* A register for the result; `prefer` if it is free (or NO_REG). */
int ra_def(struct backend_thread *t, ir_ref i, int prefer, uint32_t avoid);
int ra_def_vec(struct backend_thread *t, ir_ref i, int prefer,
               uint32_t avoid);
/* The result is in the temporary `reg`. */
void ra_def_in(struct backend_thread *t, ir_ref i, int reg);
/* The guest register is about to change: values that live there move. */
void ra_clobber_owned(struct backend_thread *t, unsigned home);

static inline bool home_is_owned(const struct backend_thread *t,
                                 unsigned home)
{
    return t->val[t->home_owner[home]].left;
}

static inline void ra_clobber_home(struct backend_thread *t, unsigned home)
{
    if (home_is_owned(t, home)) {
        ra_clobber_owned(t, home);
    }
}

void ra_leave_homes(struct backend_thread *t, ir_ref ref);
/* The guest register has become equal to the value, which keeps the homes
 * that it has. */
void ra_add_home(struct backend_thread *t, ir_ref ref, unsigned home);
/* Before a call: values in scratch registers of the set live on only in
 * memory.  `regs`: the callee may change guest registers, too. */
void ra_flush(struct backend_thread *t, uint32_t set, bool regs);
unsigned ra_spill_slot(struct backend_thread *t);
/* Put a value that is live across a LABEL into its slot. */
void ra_spill_now(struct backend_thread *t, ir_ref ref);
void ra_give_spill(struct backend_thread *t, ir_ref i, unsigned slot);
void ra_load(struct backend_thread *t, ir_ref ref, int reg);
void ra_load_const(struct backend_thread *t, int reg, uint64_t imm);

static inline void ra_end_op(struct backend_thread *t)
{
    t->free |= t->temps;
    t->temps = t->lock = 0;
}

static inline struct x64_rm rm_home(unsigned home)
{
    return rm_vcpu((int)ir_home_offset(home));
}

/* SET the home to the value: a use of it is over (emit_state.c). */
void set_home(struct backend_thread *t, ir_ref ref, unsigned home);
/* `reg` to the home in memory, or from there (emit_state.c). */
void home_move(struct backend_thread *t, unsigned home, int reg, bool store);

/* The host register that owns the home outside of regions, or 0. */
static inline int x64_usual_reg(unsigned home)
{
    return home < HOME_V       ? x64_pinned[home]
           : home < HOME_FLAGS ? x64_pinned_vec[home - HOME_V]
                               : 0;
}

static inline bool val_const(const struct backend_thread *t, ir_ref ref,
                             uint64_t *imm)
{
    if ((t->val[ref].state & (VAL_CONST | VAL_PC)) != VAL_CONST) {
        return false;
    }
    *imm = t->u->insn[ref].imm;
    return true;
}

static inline struct x64_rm rm_spill(unsigned spill)
{
    return rm_frame(FRAME_SPILL + 16 * (spill - 1));
}

/* -- regions (region.c) ------------------------------------------------ */

/* Assign host registers to guest registers: the same as everywhere; or, for
 * a region, better ones. */
void region_usual(struct backend_thread *t);
void region_choose(struct backend_thread *t);
/* At the entry: take them over. */
void region_begin(struct backend_thread *t);
/* Exchange registers, back to the usual assignment. */
void region_leave(struct backend_thread *t);
/* Call a thunk that expects the usual assignment; site: the guest
 * instruction that may leave the unit there, or -1. */
void call_outside(struct backend_thread *t, const uint8_t *rx, int site);

/* -- flags (emit_flags.c) ---------------------------------------------- */

/* EFLAGS are about to be overwritten. */
void fl_clobber_value(struct backend_thread *t);
/* EFLAGS hold what is wanted and is nowhere else. */
bool fl_is_precious(const struct backend_thread *t);

static inline bool fl_in_use(const struct backend_thread *t)
{
    return t->val[t->fl].left;
}

static inline void fl_clobber(struct backend_thread *t)
{
    t->zf = IR_NONE;
    if (fl_in_use(t)) {
        fl_clobber_value(t);
    }
}

/* Make EFLAGS answer condition cc of the value; the x86 condition. */
int fl_condition(struct backend_thread *t, ir_ref ref, enum ir_cc cc);
/* i is x + 1, and the op behind it takes that or x by the carry: it adds
 * EFLAGS' CF to x, or its opposite. */
bool fl_adds_carry(const struct backend_thread *t, ir_ref i);
static inline bool fl_is_carry(const struct backend_thread *t, ir_ref i)
{
    return t->u->insn[i + 1].op == IR_SELECT && fl_adds_carry(t, i);
}
/* Op i is about to make flags; what EFLAGS hold is wanted but for choosing
 * between those and others (CCMP): keep what it says of that. */
void fl_keep_chosen(struct backend_thread *t, ir_ref i);
static inline void fl_keep_condition(struct backend_thread *t, ir_ref i)
{
    if (t->u->insn[i + 2].op == IR_SELECT) {
        fl_keep_chosen(t, i);
    }
}
/* CF := borrow (or carry) of the value. */
void fl_carry(struct backend_thread *t, ir_ref ref, bool borrow);
/* The packed form in a register. */
int fl_packed(struct backend_thread *t, ir_ref ref);
/* The same, for one use: not remembered. */
int fl_pack_temp(struct backend_thread *t, ir_ref ref);
/* Where the value is now, for code behind the unit; and there, ax := its
 * packed form. */
void fl_describe(struct backend_thread *t, ir_ref ref, struct exit_stub *s);
void fl_restore_packed(struct backend_thread *t, const struct exit_stub *s);
/* The condition is one of EFLAGS after ucomis only with the operands
 * swapped (FL_FP_SWAPPED). */
bool fl_prefers_swapped(enum ir_cc cc);
/* There is a FLAGS_OF right behind i that is used. */
static inline bool fl_wanted(const struct backend_thread *t, ir_ref i)
{
    const struct ir_insn *next = &t->u->insn[i + 1];

    return i + 1u < t->u->count && next->op == IR_FLAGS_OF && next->a == i &&
           t->val[i + 1].left;
}

/* -- control (emit_control.c) ------------------------------------------ */

/* Executable address `rx` as seen from the writable mapping of this code,
 * for relative jumps. */
static inline const uint8_t *as_rw(const struct backend_thread *t,
                                   const uint8_t *rx)
{
    return (const uint8_t *)((uintptr_t)rx - t->rx_delta);
}

/* The displacement that ends here leads to a thunk. */
static inline void add_thunk_reloc(struct backend_thread *t)
{
    t->thunk_reloc[t->thunk_relocs++] = t->as.p - 4 - t->as.start;
}

static inline void call_thunk(struct backend_thread *t, const uint8_t *rx)
{
    x_call_to(&t->as, as_rw(t, rx));
    add_thunk_reloc(t);
}

/* reg := a guest address that moves with the unit. */
void load_pc(struct backend_thread *t, int reg, uint64_t pc);
void add_site(struct backend_thread *t, unsigned insn);
/* Code behind a region for leaving by the edge: its index in exit_stub[],
 * where the jump there is to be entered. */
unsigned exit_stub(struct backend_thread *t, unsigned edge);
void emit_stubs(struct backend_thread *t);
/* A jump out of a cold unit, by an x86 condition. */
enum { ALWAYS = -1 };
void emit_link(struct backend_thread *t, int cc, unsigned edge);
/*
 * Look rax up in the jump cache, changing rcx and rdx: equal, when
 * rm_jump_code() holds where to go.  The length of the code.
 */
unsigned x64_jump_cache(uint8_t *p);
static inline struct x64_rm rm_jump_code(void)
{
    return rm_index(RBP, RCX, 0, (int)offsetof(struct vcpu,
                                               jump_cache[0].code) -
                                     VCPU_BASE);
}

/* -- memory (emit_mem.c, emit_slow.c) ---------------------------------- */

void emit_slow_paths(struct backend_thread *t);
/* Accesses that rely on a CHECK. (emit_check.c) */
void emit_host_load(struct backend_thread *t, ir_ref i,
                    const struct ir_insn *in);
void emit_host_store(struct backend_thread *t, const struct ir_insn *in);
/* Count the unit's CHECKs that keep what they find; forget that; what lies
 * behind the unit for them. */
void check_count(struct backend_thread *t);
void check_forget(struct backend_thread *t);
void emit_refills(struct backend_thread *t);
/* The check of an access that keeps what it finds, as mem_check(); n is what
 * to enter in s->from[]. */
void check_kept(struct backend_thread *t, struct slow_path *s, unsigned n,
                int t1, int t2, unsigned size, bool write);
/* A slow path up to where its results are in their registers; `nested`: in
 * a thunk that the unit calls. */
void slow_body(struct backend_thread *t, const struct slow_path *s,
               bool nested);
/* What the body depends on, never that of another; 0: on too much to be
 * shared. */
uint64_t slow_key(const struct slow_path *s);
/* Back from there; false: it is no such key.  *in is filled in, too. */
bool slow_of_key(struct slow_path *s, struct ir_insn *in, uint64_t key);

/* -- floating point (emit_fp.c) ---------------------------------------- */

void emit_fp_fixes(struct backend_thread *t);

/* -- vectors (emit_vec.c) ---------------------------------------------- */

/* The constant in memory, as operand of one instruction; to be followed by
 * pool_used() with the number of bytes behind its displacement. */
struct x64_rm pool_const(struct backend_thread *t, uint64_t lo, uint64_t hi);
void pool_used(struct backend_thread *t, unsigned tail);
void emit_pool(struct backend_thread *t);
void x_movdqa(struct backend_thread *t, int dst, struct x64_rm src);
void x_movdqa_store(struct backend_thread *t, struct x64_rm dst, int src);
/* Element 0 of type (F16..V128), rest zero; tmp: a general register, for
 * F16 only.  The memory need not be aligned. */
void vec_load(struct backend_thread *t, enum ir_type type, int dst,
              struct x64_rm from, int tmp);
void vec_store(struct backend_thread *t, enum ir_type type,
               struct x64_rm to, int src);

/* -- thunks (thunks.c) ------------------------------------------------- */

bool thunks_emit(struct backend *b);
/* Thunk that calls the function of a vector op on the arguments in the
 * frame, and keeps every register. */
const uint8_t *thunk_exact(struct backend *b, const void *fn,
                           const char *name);
/* Thunk that calls a C helper: by key (function and kind). */
const uint8_t *thunk_helper(struct backend *b, const struct ir_helper *h);
const uint8_t *thunk_vector(struct backend *b, const void *fn,
                            unsigned flags, const char *name);
/* Thunk that does all of a slow path, or NULL. */
const uint8_t *thunk_slow(struct backend_thread *t,
                          const struct slow_path *s);
/* Thunk for a CHECK that missed: address, size and flags in `va` and `desc`,
 * the entry's addend into `addend`; ZF: there is none. */
const uint8_t *thunk_fill(struct backend *b, int va, int addend, int desc);
/* The same by its key, which has all of these; NULL: it is none. */
const uint8_t *thunk_fill_of_key(struct backend *b, uint64_t key);
size_t thunks_area(void);

/* Where the entries of a unit are: a call of relookup in PAD_SIZE bytes,
 * then the guarded entry. */
#define PAD_SIZE 5
#define CALL_SIZE 5

/* Test hooks: choose registers at random; have each slow_every-th access
 * that is compiled take its slow path (1: all, 0: none). */
void backend_test_hooks(struct backend_thread *t, bool random_registers,
                        unsigned slow_every, uint64_t seed);
/* Whether the access that is being compiled is such a one; ask once. */
static inline bool forced_slow(struct backend_thread *t)
{
    return t->slow_every && ++t->slow_turn % t->slow_every == 0;
}
/* Compile for such a host, whatever this one is. */
void backend_test_features(struct backend_thread *t,
                           const struct x64_features *host);
/* Pretend that the host has nothing above the baseline. */
void backend_test_baseline(struct backend_thread *t, bool baseline);

#endif
