/* Which C function implements an op; see vec_ops.h. */
#include "cpu/ir/vec_ops.h"

#define ROW(name) [IR_##name] = ir_op_##name,
ir_vec_fn *const ir_vec_ops[IR_OPCODES] = {IR_VEC_OPS(ROW)};
#undef ROW
