/*
 * The passes over a unit, in order.
 */
#include "cpu/ir/passes.h"

/* The back end's liveness drops what is dead. */
void ir_passes_cold(struct ir_unit *u)
{
    (void)u;
}

void ir_passes_region(struct ir_unit *u)
{
    ir_pass_checks(u);
    ir_pass_flags(u);
    ir_pass_hints(u);
}
