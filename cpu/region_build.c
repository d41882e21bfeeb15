/*
 * See region_build.h.
 */
#include "cpu/region_build.h"

#include <stdlib.h>

#include "cpu/ir/build.h"
#include "util/bits.h"

#define MAX_BLOCKS 64
#define MAX_REGION_INSNS 512
#define MAX_EXITS 12
#define MAX_RETURNS 4 /* places a return is compared with */

/* A branch from one block of the page to another, or back to itself. */
struct branch {
    uint64_t at;          /* address of the branch */
    uint16_t to;          /* index of the block */
};

/* Code from the target of a branch up to where translation ended; another
 * block may begin in the middle. */
struct basic {
    uint64_t pc, end;
    struct branch branch[MAX_EXITS];
    unsigned branches;
    uint64_t returns;     /* address of its return instruction, or 0 */
    uint16_t behind;      /* block that its call returns to, or MAX_BLOCKS */
    bool called;          /* reached from a call's target */
    bool in_region;
};

struct region_builder {
    const struct guest_ops *guest;
    struct ir_unit *scratch;
    struct region_head head;
    struct basic block[MAX_BLOCKS]; /* [0] is the head */
    unsigned count;
    uint16_t order[MAX_BLOCKS];     /* blocks of the region by address */
    unsigned ordered;
    uint16_t back[MAX_RETURNS];     /* blocks that calls return to */
    unsigned backs;
};

struct region_builder *region_builder_new(const struct guest_ops *guest)
{
    struct region_builder *b = calloc(1, sizeof(*b));

    b->guest = guest;
    b->scratch = ir_unit_new();
    return b;
}

void region_builder_free(struct region_builder *b)
{
    free(b->scratch);
    free(b);
}

/* -- discovery ------------------------------------------------------------ */

/* The block at pc, entered if it is new; MAX_BLOCKS: there are too many. */
static unsigned block_at(struct region_builder *b, uint64_t pc)
{
    for (unsigned n = 0; n < b->count; n++) {
        if (b->block[n].pc == pc) {
            return n;
        }
    }
    if (b->count == MAX_BLOCKS) {
        return MAX_BLOCKS;
    }
    b->block[b->count] = (struct basic){.pc = pc, .behind = MAX_BLOCKS};
    return b->count++;
}

static void add_branch(struct region_builder *b, unsigned from, uint64_t at,
                       uint64_t target)
{
    struct basic *block = &b->block[from];

    if (target >> 12 == b->head.pc >> 12 && block->branches < MAX_EXITS) {
        unsigned to = block_at(b, target);

        if (to < MAX_BLOCKS) {
            block->branch[block->branches++] =
                (struct branch){at, (uint16_t)to};
        }
    }
}

/* A call within the page: what lies behind it is reached by returns. */
static void add_call(struct region_builder *b, unsigned from,
                     const struct ir_edge *e)
{
    unsigned to, behind;

    if (e->back >> 12 != b->head.pc >> 12 ||
        e->pc >> 12 != b->head.pc >> 12) {
        return;
    }
    to = block_at(b, e->pc);
    behind = block_at(b, e->back);
    if (to == MAX_BLOCKS || behind == MAX_BLOCKS) {
        return;
    }
    b->block[to].called = true;
    b->block[from].behind = (uint16_t)behind;
    for (unsigned n = 0; n < b->backs; n++) {
        if (b->back[n] == behind) {
            return;
        }
    }
    if (b->backs < MAX_RETURNS) {
        b->back[b->backs++] = (uint16_t)behind;
    }
}

static bool falls_into(const struct basic *from, const struct basic *to)
{
    return to->pc > from->pc && to->pc < from->end;
}

/* What a called block leads to in its function is called, too. */
static bool spread_called(struct region_builder *b, const struct basic *from)
{
    bool changed = false;

    for (unsigned n = 0; n < b->count; n++) {
        bool leads = falls_into(from, &b->block[n]) || from->behind == n;

        for (unsigned k = 0; k < from->branches; k++) {
            leads |= from->branch[k].to == n;
        }
        if (leads && !b->block[n].called) {
            b->block[n].called = changed = true;
        }
    }
    return changed;
}

/* Every return of called code may go back to every call. */
static void add_return_branches(struct region_builder *b)
{
    bool changed = b->backs > 0;

    while (changed) {
        changed = false;
        for (unsigned n = 0; n < b->count; n++) {
            changed |= b->block[n].called &&
                       spread_called(b, &b->block[n]);
        }
    }
    for (unsigned n = 0; n < b->count; n++) {
        const struct basic *block = &b->block[n];

        for (unsigned k = 0; block->called && block->returns && k < b->backs;
             k++) {
            add_branch(b, n, block->returns, b->block[b->back[k]].pc);
        }
    }
}

static void translate(struct region_builder *b, struct ir_unit *u,
                      uint64_t pc, unsigned bytes)
{
    b->guest->translate(b->head.vcpu, u, pc, b->head.context,
                        b->head.page + (pc & 4095), bytes);
}

/* Where the branches of block n lead. */
static void scan(struct region_builder *b, unsigned n)
{
    struct ir_unit *u = b->scratch;
    uint64_t pc = b->block[n].pc;

    ir_begin(u, pc, b->head.context);
    translate(b, u, pc, 4096 - (pc & 4095));
    b->block[n].end = pc + u->guest_bytes;
    for (unsigned k = 0; k < u->count; k++) {
        const struct ir_insn *i = &u->insn[k];

        if (ir_has_edge(i->op) && !u->edge[i->imm].anew) {
            const struct ir_edge *e = &u->edge[i->imm];

            add_branch(b, n, ir_insn_pc(pc, i->insn), e->pc);
            if (e->back) {
                add_call(b, n, e);
            }
        } else if (i->op == IR_EXIT_INDIRECT &&
                   i->aux == IR_JUMP_RETURN) {
            b->block[n].returns = ir_insn_pc(pc, i->insn);
        }
    }
}

static bool leads_into_region(const struct region_builder *b,
                              const struct basic *block)
{
    for (unsigned n = 0; n < block->branches; n++) {
        if (b->block[block->branch[n].to].in_region) {
            return true;
        }
    }
    for (unsigned n = 0; n < b->count; n++) {
        if (b->block[n].in_region && falls_into(block, &b->block[n])) {
            return true;
        }
    }
    return false;
}

/* Mark the blocks from which the head can be reached.  False: not even from
 * itself. */
static bool find_loops(struct region_builder *b)
{
    bool changed = true, is_loop = b->head.all;

    for (unsigned n = 0; n < b->count; n++) {
        b->block[n].in_region = n == 0 || b->head.all;
    }
    while (changed) {
        changed = false;
        for (unsigned n = 1; n < b->count; n++) {
            if (!b->block[n].in_region &&
                leads_into_region(b, &b->block[n])) {
                b->block[n].in_region = changed = true;
            }
        }
    }
    for (unsigned n = 0; n < b->count; n++) {
        for (unsigned k = 0; k < b->block[n].branches; k++) {
            is_loop |= b->block[n].branch[k].to == 0;
        }
        is_loop |= falls_into(&b->block[n], &b->block[0]);
    }
    return is_loop;
}

static void sort_blocks(struct region_builder *b)
{
    b->ordered = 0;
    for (unsigned n = 0; n < b->count; n++) {
        unsigned k = b->ordered;

        if (!b->block[n].in_region) {
            continue;
        }
        for (; k > 0 && b->block[b->order[k - 1]].pc > b->block[n].pc; k--) {
            b->order[k] = b->order[k - 1];
        }
        b->order[k] = (uint16_t)n;
        b->ordered++;
    }
}

/* -- the unit ------------------------------------------------------------- */

/* The last branch to block `to` from its own address or behind; 0: none. */
static uint64_t last_back_branch(const struct region_builder *b, unsigned to)
{
    uint64_t last = 0;

    for (unsigned n = 0; n < b->count; n++) {
        const struct basic *from = &b->block[n];

        for (unsigned k = 0; from->in_region && k < from->branches; k++) {
            if (from->branch[k].to == to && from->branch[k].at > last &&
                from->branch[k].at >= b->block[to].pc) {
                last = from->branch[k].at;
            }
        }
    }
    return last;
}

static unsigned depth(const struct region_builder *b, uint64_t pc)
{
    unsigned loops = 0;

    for (unsigned k = 0; k < b->ordered; k++) {
        unsigned n = b->order[k];

        loops += b->block[n].pc <= pc && last_back_branch(b, n) >= pc;
    }
    return loops < 4 ? loops : 4;
}

/* Where the k-th block's code ends: with what leads on in the region. */
static uint64_t end_of(const struct region_builder *b, unsigned k)
{
    const struct basic *block = &b->block[b->order[k]];
    uint64_t end = block->pc + 4;

    if (k + 1 < b->ordered &&
        falls_into(block, &b->block[b->order[k + 1]])) {
        return b->block[b->order[k + 1]].pc;
    }
    if (b->head.all) {
        return block->end;
    }
    for (unsigned n = 0; n < block->branches; n++) {
        if (b->block[block->branch[n].to].in_region &&
            block->branch[n].at + 4 > end) {
            end = block->branch[n].at + 4;
        }
    }
    return end;
}

/* Behind code that ends by a return: go where the region's calls come from
 * without leaving it. */
static void emit_return(struct region_builder *b, struct ir_unit *u,
                        const struct basic *block)
{
    struct ir_insn last = u->insn[u->count - 1];

    if (!block->called || last.op != IR_EXIT_INDIRECT ||
        last.aux != IR_JUMP_RETURN) {
        return;
    }
    u->count--;
    for (unsigned n = 0; n < b->backs; n++) {
        const struct basic *to = &b->block[b->back[n]];

        if (to->in_region) {
            ir_brz(u, IR_I64,
                   ir_emit(u, IR_SUB, IR_I64, 0, last.a, ir_pc(u, to->pc),
                           IR_NONE, 0), true, to->pc);
        }
    }
    ir_exit_indirect(u, last.a, IR_JUMP_RETURN, 0);
}

static bool emit_block(struct region_builder *b, struct ir_unit *u,
                       unsigned k, ir_ref *label)
{
    unsigned n = b->order[k];
    uint64_t pc = b->block[n].pc;
    unsigned aux = depth(b, pc) << IR_LABEL_DEPTH_SHIFT;

    if (u->guest_insns > MAX_REGION_INSNS || !ir_room(u)) {
        return false;
    }
    *label = ir_label(u, pc, last_back_branch(b, n) ? aux | IR_LABEL_POLL
                                                    : aux);
    translate(b, u, pc, (unsigned)(end_of(b, k) - pc));
    emit_return(b, u, &b->block[n]);
    return true;
}

static void resolve(struct region_builder *b, struct ir_unit *u,
                    const ir_ref *label)
{
    for (unsigned n = 0; n < u->edge_count; n++) {
        for (unsigned k = 0; k < b->ordered; k++) {
            if (u->edge[n].pc == b->block[b->order[k]].pc &&
                !u->edge[n].anew) {
                u->edge[n].label = label[k];
            }
        }
    }
}

static bool emit(struct region_builder *b, struct ir_unit *u)
{
    ir_ref label[MAX_BLOCKS];

    ir_begin_region(u, b->head.pc, b->head.context);
    if (b->order[0] != 0) {
        ir_exit(u, b->head.pc);
    }
    for (unsigned k = 0; k < b->ordered; k++) {
        if (!emit_block(b, u, k, &label[k])) {
            return false;
        }
    }
    resolve(b, u, label);
    return true;
}

bool region_build(struct region_builder *b, const struct region_head *head,
                  struct ir_unit *u, unsigned *before)
{
    b->head = *head;
    b->count = b->backs = 0;
    block_at(b, head->pc);
    for (unsigned n = 0; n < b->count; n++) {
        scan(b, n);
    }
    add_return_branches(b);
    if (!find_loops(b)) {
        return false;
    }
    sort_blocks(b);
    if (!emit(b, u)) {
        return false;
    }
    *before = (unsigned)(head->pc - b->block[b->order[0]].pc);
    u->guest_bytes = (unsigned)(end_of(b, b->ordered - 1) - head->pc);
    return true;
}
