/* The wire itself is shared with the processors: see util/irq.h. */
#ifndef HW_CORE_IRQ_H
#define HW_CORE_IRQ_H

#include "util/irq.h"

#endif
