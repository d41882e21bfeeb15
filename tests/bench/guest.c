/*
 * The kernels on bare metal: EL1, one processor, MMU and caches on.  Prints
 * "NAME KIND NANOSECONDS CHECKSUM" per line, the best of three.
 */
#include "tests/bench/kernels.h"
#include "tests/bench/timing.h"
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

void test_main(void)
{
    struct space space;

    tables_reset();
    space = tables_new(12, 39);
    tables_identity(&space);
    mmu_on(&space, TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_TG0_4K);
    for (unsigned n = 0; n < kernel_count; n++) {
        time_it(kernels[n].name, kernels[n].kind, 3, 1, kernels[n].run);
    }
}
