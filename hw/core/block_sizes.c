#include "hw/core/block_sizes.h"

#include "util/bits.h"
#include "util/or_else.h"

static bool is_block_size(uint32_t size)
{
    return is_power_of_2(size) && size >= 512 && size <= 2 << 20;
}

bool check_block_sizes(uint32_t logical, uint32_t physical,
                       struct error **err)
{
    uint32_t block = or_else(logical, 512);

    if (!is_block_size(block) || !is_block_size(or_else(physical, block)) ||
        or_else(physical, block) < block) {
        error_set(err, "logical_block_size=%u, physical_block_size=%u: must "
                  "be powers of two from 512 to 2M, the physical one not the "
                  "smaller", logical, physical);
        return false;
    }
    return true;
}
