/* Block sizes of a disk, as the user gave them. */
#ifndef HW_CORE_BLOCK_SIZES_H
#define HW_CORE_BLOCK_SIZES_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/* In bytes; 0: not given, 512 and as large as the logical one. */
bool check_block_sizes(uint32_t logical, uint32_t physical,
                       struct error **err);

#endif
