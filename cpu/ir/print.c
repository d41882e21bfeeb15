/*
 * Printing a unit for -d op and -d op_opt.
 */
#include <inttypes.h>

#include "cpu/ir/passes.h"

static const char *const type_name[] = {
    [IR_VOID] = "", [IR_I8] = ".i8", [IR_I16] = ".i16", [IR_I32] = ".i32",
    [IR_I64] = ".i64", [IR_F16] = ".f16", [IR_F32] = ".f32",
    [IR_F64] = ".f64", [IR_V128] = ".v128", [IR_FLAGS] = ".flags",
};

static const char *const cc_name[] = {
    "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
    "hi", "ls", "ge", "lt", "gt", "le", "al", "nv",
};

static void print_state(FILE *f, uint64_t offset)
{
    if (offset < VCPU_R(31)) {
        fprintf(f, " r%u", (unsigned)offset / 8);
    } else if (offset == VCPU_R(31)) {
        fputs(" sp", f);
    } else if (offset >= VCPU_V(0) && offset < VCPU_V(32)) {
        fprintf(f, " v%u", (unsigned)(offset - VCPU_V(0)) / 16);
    } else if (offset == offsetof(struct vcpu, flags)) {
        fputs(" flags", f);
    } else {
        fprintf(f, " state+%#" PRIx64, offset);
    }
}

/* A register's name is what it was when the unit was entered. */
static void print_operand(FILE *f, const struct ir_unit *u, ir_ref r)
{
    if (r >= IR_FIRST_ENTRY) {
        print_state(f, u->insn[r].imm);
    } else if (r >= IR_FIRST_CONST) {
        fprintf(f, u->insn[r].op == IR_PC ? " pc:%#" PRIx64 : " #%#" PRIx64,
                u->insn[r].imm);
    } else {
        fprintf(f, " %%%u", r);
    }
}

static void print_extra(FILE *f, const struct ir_unit *u,
                        const struct ir_insn *i)
{
    switch (i->op) {
    case IR_SET:
        fputs(" ->", f);
        /* fall through */
    case IR_GET:
        print_state(f, i->imm);
        break;
    case IR_SETCC:
    case IR_SELECT:
        fprintf(f, " %s", cc_name[i->aux & 15]);
        break;
    case IR_BRCC:
    case IR_BRZ:
    case IR_BRNZ:
    case IR_EXIT:
    case IR_CHECK:
        if (i->op == IR_CHECK) {
            fprintf(f, " %+d..%u", ir_check_lo(i), ir_check_size(i));
        }
        if (i->op == IR_BRCC) {
            fprintf(f, " %s", cc_name[i->aux & 15]);
        }
        fprintf(f, " -> %#" PRIx64, u->edge[ir_edge_of(i)].pc);
        if (u->edge[ir_edge_of(i)].label != IR_NONE) {
            fprintf(f, " here %%%u", u->edge[ir_edge_of(i)].label);
        }
        if (u->edge[ir_edge_of(i)].flags != IR_NONE) {
            fputs(" flags", f);
            print_operand(f, u, u->edge[ir_edge_of(i)].flags);
        }
        break;
    case IR_LABEL:
        fprintf(f, " %#" PRIx64 "%s", ir_insn_pc(u->pc, i->insn),
                i->aux & IR_LABEL_POLL ? " poll" : "");
        break;
    case IR_CALL:
    case IR_VCALL:
        fprintf(f, " %s aux=%#x",
                ((const struct ir_helper *)(uintptr_t)i->imm)->name, i->aux);
        break;
    default:
        if (i->aux) {
            fprintf(f, " aux=%#x", i->aux);
        }
        if (i->imm) {
            fprintf(f, " #%#" PRIx64, i->imm);
        }
        break;
    }
}

void ir_print(FILE *f, const struct ir_unit *u)
{
    for (unsigned n = 0; n < u->count; n++) {
        const struct ir_insn *i = &u->insn[n];
        const ir_ref operand[] = {i->a, i->b, i->c};

        if (n == 0 || i->insn != i[-1].insn) {
            fprintf(f, " ---- %016" PRIx64 "\n",
                    u->pc + 4 * (uint64_t)i->insn);
        }
        if (ir_op_info[i->op].result != IR_C_NONE) {
            fprintf(f, "  %%%-4u = ", n);
        } else {
            fprintf(f, "          ");
        }
        fprintf(f, "%s%s", ir_op_info[i->op].name, type_name[i->type]);
        for (unsigned k = 0; k < 3; k++) {
            if (operand[k] != IR_NONE) {
                print_operand(f, u, operand[k]);
            }
        }
        print_extra(f, u, i);
        if (i->set) {
            fputs(" ->", f);
            print_state(f, ir_home_offset(i->hint));
        }
        fputc('\n', f);
    }
}
