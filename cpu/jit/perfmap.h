/*
 * Names for generated code as Linux perf looks for them: /tmp/perf-PID.map,
 * a line "ADDRESS SIZE NAME" in hexadecimal for each piece of code.
 *
 * Thunks are "thunk:NAME"; a unit is "guest:SYMBOL+OFFSET" where the guest's
 * kernel brought symbols along, else "guest:ADDRESS".  Code that takes the
 * place of older code gets a line of its own; perf believes the later one.
 */
#ifndef CPU_JIT_PERFMAP_H
#define CPU_JIT_PERFMAP_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"
#include "util/symbols.h"

struct perfmap;

struct perfmap *perfmap_new(struct error **err);
void perfmap_free(struct perfmap *p);

/* Names by guest physical address; belongs to the map from now on.  Before
 * the guest runs. */
void perfmap_set_symbols(struct perfmap *p, struct symbols *symbols);

/* [any] */
void perfmap_thunk(struct perfmap *p, const void *code, size_t size,
                   const char *name);
void perfmap_unit(struct perfmap *p, const void *code, size_t size,
                  uint64_t pc, uint64_t pa);

#endif
