/*
 * Atomic accesses to guest memory in C: the meaning of CAS, RMW and the
 * exclusives, for the interpreter and for the slow paths of generated code.
 *
 * `host` is aligned to `size`: 1, 2, 4 or 8 bytes, or 16 where said.  All are
 * sequentially consistent. [vCPU threads]
 */
#ifndef CPU_IR_ATOMIC_H
#define CPU_IR_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/ir/ir.h"

/* The value there, the rest zero; 16 bytes: `host` is writable. */
union vec atomic_load(void *host, unsigned size);

/* Swap in `value` if memory equals *expected, which becomes what was there;
 * up to 16 bytes. */
bool atomic_swap_if(void *host, unsigned size, union vec *expected,
                    const union vec *value);

/* Combine memory with b; what was there.  `reversed`: IR_MEM_REVERSED. */
union vec atomic_rmw(void *host, unsigned size, enum ir_rmw op, bool reversed,
                     uint64_t b);

#endif
