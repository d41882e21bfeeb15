/*
 * What happens to a unit between the front end and the back end, in order.
 */
#ifndef CPU_IR_PASSES_H
#define CPU_IR_PASSES_H

#include <stdio.h>

#include "cpu/ir/ir.h"

/* All passes for a cold unit / a region, as one readable list. */
void ir_passes_cold(struct ir_unit *u);
void ir_passes_region(struct ir_unit *u);

/* One check of the TLB for several accesses. */
void ir_pass_checks(struct ir_unit *u);

/* Move SETs of flags into the edges that need them, or drop them. */
void ir_pass_flags(struct ir_unit *u);

/* Where values are best computed, now. */
void ir_pass_hints(struct ir_unit *u);

/* Structural check: definitions before uses, classes, edges, FLAGS_OF and
 * SECOND placement, end of unit.  NULL or a static sentence. */
const char *ir_verify(const struct ir_unit *u);

/* Print the unit, an op a line (-d op). */
void ir_print(FILE *f, const struct ir_unit *u);

#endif
