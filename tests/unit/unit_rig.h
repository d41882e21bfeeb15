/*
 * A processor that has everything, for translating only, and a unit to build.
 *
 * There is one, made and taken down by the fixtures.
 */
#ifndef TESTS_UNIT_UNIT_RIG_H
#define TESTS_UNIT_UNIT_RIG_H

#include "cpu/arm/system.h"
#include "cpu/ir/build.h"

struct unit_rig {
    struct arm_cpu cpu;
    struct cpu_system machine;
    struct ir_unit *unit;
};
extern struct unit_rig unit_rig;

void unit_rig_set_up(void);
void unit_rig_tear_down(void);

#endif
