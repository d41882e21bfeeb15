/* Operations on vectors. */
#include "tests/unit/x64_units.h"

#include "util/bits.h"

/* What a vector op's imm may be. */
enum imm_kind {
    IMM_NONE, IMM_LEFT, IMM_RIGHT, IMM_REV, IMM_HALF, IMM_ELEMENT,
    IMM_INSERT, IMM_BYTES, IMM_TABLE, IMM_FRINT, IMM_FCVT, IMM_FTOI, IMM_ITOF,
};

/* `types`: mask of enum ir_type; `shapes`: mask of enum ir_shape. */
struct vec_row {
    uint8_t op, args, shapes, imm;
    uint16_t types;
    bool extra;
};

#define I8 (1 << IR_I8)
#define I16 (1 << IR_I16)
#define I32 (1 << IR_I32)
#define I64 (1 << IR_I64)
#define INTS (I8 | I16 | I32 | I64)
#define FPS (1 << IR_F16 | 1 << IR_F32 | 1 << IR_F64)
#define DQ (1 << IR_D | 1 << IR_Q)
#define Q (1 << IR_Q)
#define SDQ (DQ | 1 << IR_S)

static const struct vec_row vec_rows[] = {
    { IR_VAND, 2, DQ, 0, I64, 0 }, { IR_VOR, 2, DQ, 0, I8, 0 },
    { IR_VXOR, 2, DQ, 0, I8, 0 }, { IR_VANDN, 2, DQ, 0, I8, 0 },
    { IR_VORN, 2, DQ, 0, I8, 0 }, { IR_VNOT, 1, DQ, 0, I8, 0 },
    { IR_VSEL, 3, DQ, 0, I8, 0 },
    { IR_VADD, 2, SDQ, 0, INTS, 0 }, { IR_VSUB, 2, SDQ, 0, INTS, 0 },
    { IR_VMUL, 2, DQ, 0, INTS, 0 }, { IR_VNEG, 1, SDQ, 0, INTS, 0 },
    { IR_VABS, 1, SDQ, 0, INTS, 0 },
    { IR_VSHL, 1, SDQ, IMM_LEFT, INTS, 0 },
    { IR_VSHRU, 1, SDQ, IMM_RIGHT, INTS, 0 },
    { IR_VSHRS, 1, SDQ, IMM_RIGHT, INTS, 0 },
    { IR_VSHLVU, 2, SDQ, 0, INTS, 0 }, { IR_VSHLVS, 2, SDQ, 0, INTS, 0 },
    { IR_VMINU, 2, DQ, 0, INTS, 0 }, { IR_VMAXU, 2, DQ, 0, INTS, 0 },
    { IR_VMINS, 2, DQ, 0, INTS, 0 }, { IR_VMAXS, 2, DQ, 0, INTS, 0 },
    { IR_VCMPEQ, 2, SDQ, 0, INTS, 0 }, { IR_VCMPGTS, 2, SDQ, 0, INTS, 0 },
    { IR_VCMPGES, 2, SDQ, 0, INTS, 0 }, { IR_VCMPGTU, 2, SDQ, 0, INTS, 0 },
    { IR_VCMPGEU, 2, SDQ, 0, INTS, 0 },
    { IR_VADDSATU, 2, SDQ, 0, INTS, 0 }, { IR_VADDSATS, 2, SDQ, 0, INTS, 0 },
    { IR_VSUBSATU, 2, SDQ, 0, INTS, 0 }, { IR_VSUBSATS, 2, SDQ, 0, INTS, 0 },
    { IR_VAVGU, 2, DQ, 0, I8 | I16 | I32, 1 },
    { IR_VAVGS, 2, DQ, 0, I8 | I16 | I32, 1 },
    { IR_VABDU, 2, DQ, 0, INTS, 0 }, { IR_VABDS, 2, DQ, 0, INTS, 0 },
    { IR_VCNT, 1, DQ, 0, I8, 0 }, { IR_VCLZ, 1, DQ, 0, I8 | I16 | I32, 0 },
    { IR_VREV, 1, DQ, IMM_REV, I8 | I16 | I32, 0 },
    { IR_VADDP, 2, DQ, 0, INTS, 0 },
    { IR_VADDLPU, 1, DQ, 0, I8 | I16 | I32, 0 },
    { IR_VADDLPS, 1, DQ, 0, I8 | I16 | I32, 0 },
    { IR_VADDV, 1, DQ, 0, INTS, 0 },
    { IR_VWIDENU, 1, Q, IMM_HALF, I8 | I16 | I32, 0 },
    { IR_VWIDENS, 1, Q, IMM_HALF, I8 | I16 | I32, 0 },
    { IR_VNARROW, 1, DQ, 0, I8 | I16 | I32, 0 },
    { IR_VCONCAT, 2, Q, 0, I64, 0 },
    { IR_VPMUL, 2, DQ, 0, I8, 0 }, { IR_VPMUL, 2, Q, 0, I64, 0 },
    { IR_VDUPL, 1, SDQ, IMM_ELEMENT, INTS, 0 },
    { IR_VINSL, 2, Q, IMM_INSERT, INTS, 0 },
    { IR_VEXT, 2, DQ, IMM_BYTES, I8, 0 },
    { IR_VZIP, 2, DQ, IMM_HALF, INTS, 0 },
    { IR_VUZP, 2, DQ, IMM_HALF, INTS, 0 },
    { IR_VTRN, 2, DQ, IMM_HALF, INTS, 0 },
    { IR_VTBL, 3, DQ, IMM_TABLE, I8, 0 },
    { IR_AESE, 2, Q, 0, I8, 0 }, { IR_AESD, 2, Q, 0, I8, 0 },
    { IR_AESMC, 1, Q, 0, I8, 0 }, { IR_AESIMC, 1, Q, 0, I8, 0 },
    { IR_FABS, 1, SDQ, 0, FPS, 0 }, { IR_FNEG, 1, SDQ, 0, FPS, 0 },
    { IR_FADD, 2, SDQ, 0, FPS, 0 }, { IR_FSUB, 2, SDQ, 0, FPS, 0 },
    { IR_FMUL, 2, SDQ, 0, FPS, 0 }, { IR_FDIV, 2, SDQ, 0, FPS, 0 },
    { IR_FMAX, 2, SDQ, 0, FPS, 0 }, { IR_FMINNM, 2, SDQ, 0, FPS, 0 },
    { IR_FMIN, 2, SDQ, 0, FPS, 0 }, { IR_FMAXNM, 2, SDQ, 0, FPS, 0 },
    { IR_FMULX, 2, SDQ, 0, FPS, 0 }, { IR_FRECPS, 2, SDQ, 0, FPS, 0 },
    { IR_FRSQRTS, 2, SDQ, 0, FPS, 0 },
    { IR_FRINT, 1, SDQ, IMM_FRINT, FPS, 0 },
    { IR_FCVT, 1, 1 << IR_S, IMM_FCVT, FPS, 0 },
    { IR_FCVTL, 1, Q, IMM_HALF, 1 << IR_F16 | 1 << IR_F32, 0 },
    { IR_FCVTN, 1, 1 << IR_D, 0, 1 << IR_F16 | 1 << IR_F32, 0 },
    { IR_FTOI, 1, SDQ, IMM_FTOI, FPS, 0 },
    { IR_ITOF, 1, SDQ, IMM_ITOF, FPS, 0 },
    { IR_FSQRT, 1, SDQ, 0, FPS, 0 }, { IR_FMULADD, 3, SDQ, 0, FPS, 1 },
    { IR_FCMPEQ, 2, SDQ, 0, FPS, 0 }, { IR_FCMPGE, 2, SDQ, 0, FPS, 0 },
    { IR_FCMPGT, 2, SDQ, 0, FPS, 0 },
};

static uint32_t vec_imm(struct gen *g, const struct vec_row *row,
                        unsigned log2, enum ir_shape shape)
{
    static const uint8_t others[3][2] = {
        { IR_F32, IR_F64 }, { IR_F16, IR_F64 }, { IR_F16, IR_F32 },
    };
    unsigned bits = 8u << log2, elements = 16u >> log2;

    switch (row->imm) {
    case IMM_LEFT:
        return pick(g, bits);
    case IMM_RIGHT:
        return 1 + pick(g, bits);
    case IMM_REV:
        return bits << (1 + pick(g, 3 - log2));
    case IMM_HALF:
        return pick(g, 2);
    case IMM_ELEMENT:
        return pick(g, elements);
    case IMM_INSERT:
        return pick(g, elements) | pick(g, elements) << 4;
    case IMM_BYTES:
        return pick(g, shape == IR_Q ? 16 : 8);
    case IMM_TABLE:
        return 16 * pick(g, 4);
    case IMM_FRINT:
        return pick(g, 6) == 5 ? 7 | 8 * pick(g, 2) : pick(g, 5);
    case IMM_FCVT:
        return others[log2 - 1][pick(g, 2)];
    case IMM_FTOI:
        return (pick(g, 2) ? 3 : pick(g, 5)) << 8 | pick(g, 2) << 12 |
               (pick(g, 4) ? 0 : pick(g, bits + 1));
    case IMM_ITOF:
        return 7 << 8 | pick(g, 2) << 12 |
               (pick(g, 2) ? 0 : pick(g, bits + 1));
    default:
        return 0;
    }
}

static unsigned one_of(struct gen *g, unsigned mask)
{
    unsigned n;

    do {
        n = pick(g, 16);
    } while (!(mask >> n & 1));
    return n;
}

static void gen_vec_op(struct gen *g)
{
    const struct vec_row *row = &vec_rows[pick(g, ARRAY_SIZE(vec_rows))];
    enum ir_type type = one_of(g, row->types);
    enum ir_shape shape = one_of(g, row->shapes);
    unsigned log2 = __builtin_ctz(ir_type_size(type));

    /* One 64-bit element is Q or S only. */
    if (shape == IR_D && log2 == 3 && row->op != IR_VAND) {
        shape = row->shapes & 1 << IR_S ? IR_S : IR_Q;
    }
    keep_vec(g, ir_vec(g->u, row->op, type, shape,
                       row->extra ? pick(g, row->op == IR_FMULADD ? 4 : 2)
                                  : 0,
                       any_vec(g), row->args > 1 ? any_vec(g) : IR_NONE,
                       row->args > 2 ? any_vec(g) : IR_NONE,
                       vec_imm(g, row, log2, shape)));
}

void gen_vec(struct gen *g)
{
    enum ir_type type = IR_I8 + pick(g, 4);
    unsigned element = pick(g, 16 >> (type - IR_I8));
    enum ir_shape shape = pick(g, 2) ? IR_Q : IR_D;

    switch (pick(g, 12)) {
    case 0:
        keep_vec(g, ir_vconst(g->u, shape,
                              pick(g, 2) ? rig_value(g->seed)
                                         : -(uint64_t)pick(g, 2)));
        break;
    case 1:
        keep_vec(g, ir_vec(g->u, IR_VDUP, type,
                           pick(g, 3) ? shape : IR_S, 0, any_int(g),
                           IR_NONE, IR_NONE, 0));
        break;
    case 2:
        keep_vec(g, ir_vec(g->u, IR_VINS, type, IR_Q, 0, any_vec(g),
                           any_int(g), IR_NONE, element));
        break;
    case 3:
        keep_int(g, ir_vec(g->u, IR_VGETL, type, IR_Q,
                           type == IR_I64   ? 0
                           : type == IR_I32 ? 2 * pick(g, 2)
                                            : pick(g, 3),
                           any_vec(g), IR_NONE, IR_NONE, element));
        break;
    case 4:
        g->flags[pick(g, POOL)] =
            ir_vec(g->u, IR_FCMP, IR_F16 + pick(g, 3), IR_S, pick(g, 2),
                   any_vec(g), any_vec(g), IR_NONE, 0);
        break;
    case 5:
        keep_int(g, ir_vec(g->u, IR_FTOI_R, IR_F16 + pick(g, 3), IR_S,
                           IR_I32 + pick(g, 2), any_vec(g), IR_NONE,
                           IR_NONE, (pick(g, 2) ? 3 : pick(g, 5)) << 8 |
                           pick(g, 2) << 12));
        break;
    case 6:
        keep_vec(g, ir_vec(g->u, IR_ITOF_R, IR_F16 + pick(g, 3), IR_S,
                           IR_I32 + pick(g, 2), any_int(g), IR_NONE,
                           IR_NONE, 7 << 8 | pick(g, 2) << 12 |
                           (pick(g, 3) ? 0 : pick(g, 33))));
        break;
    default:
        gen_vec_op(g);
    }
}
