/*
 * See unit_rig.h.
 */
#include "tests/unit/unit_rig.h"

#include <check.h>
#include <stdlib.h>

#include "cpu/arm/models.h"

struct unit_rig unit_rig;

void unit_rig_set_up(void)
{
    struct unit_rig *r = &unit_rig;
    struct error *err = NULL;

    ck_assert(arm_model_find(&r->machine.model, "max", NULL, &err));
    r->cpu.system = &r->machine;
    r->cpu.model = &r->machine.model;
    arm_model_features(&r->machine.model, r->cpu.feature);
    r->unit = ir_unit_new();
}

void unit_rig_tear_down(void)
{
    free(unit_rig.unit);
}
