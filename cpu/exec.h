/*
 * The engine: finds or makes the block at vcpu.pc, runs it, serves what it
 * came back for.  One per machine; knows neither Arm nor x86.
 */
#ifndef CPU_EXEC_H
#define CPU_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/guest.h"
#include "cpu/jit/perfmap.h"
#include "softmmu/bus.h"
#include "softmmu/tlb_shootdown.h"
#include "util/error.h"

struct engine;

struct engine_config {
    unsigned cpus;
    bool interp;             /* IR interpreter instead of generated code */
    bool one_insn_per_block;
    bool regions;            /* translate hot code again, as regions */
    unsigned region_threshold; /* see cpu/region.h */
    size_t code_size;        /* bytes of code cache, 0: default */
    const char *store;       /* directory of jit/store.h, NULL: none */
    const char *identity;    /* of the processor, for the store */
    struct bus *bus;
    const struct guest_ops *guest;
    struct shootdown *shootdown;
    struct perfmap *perfmap; /* names generated code; NULL: do not */
    bool count_calls;        /* of C helpers */
};

struct engine *engine_new(const struct engine_config *config,
                          struct error **err);
void engine_free(struct engine *e);

/* Before the first run of each vCPU. */
void engine_attach(struct engine *e, struct vcpu *vcpu);

/* For test hooks: what compiles for the vCPU; NULL: it is interpreted. */
struct backend_thread;
struct backend_thread *engine_compiler(struct engine *e, unsigned cpu);
struct backend_thread *engine_region_compiler(struct engine *e);

/* Run until VCPU_REQ_STOP is set (it stays set). [vCPU thread] */
void engine_run(struct engine *e, struct vcpu *vcpu);

/* Set request bits and wake the vCPU if it sleeps. [any] */
void engine_request(struct engine *e, unsigned cpu, uint32_t bits);

/* Code in guest physical [pa, pa + size) changed. [any] */
void engine_code_written(struct engine *e, uint64_t pa, uint64_t size);
/* All of it may have changed (IC IALLU): compared when next entered, which
 * the caller enforces by TLB_INVAL_PAGE_IDS and leaving the unit. [any] */
void engine_code_changed(struct engine *e);

/*
 * Strict mode: code is what memory holds, whether or not the guest issues
 * the maintenance for it, as without caches.  Stores of this vCPU take effect
 * from its next instruction on.  To be followed by VCPU_EXIT_STATE.
 * [vCPU thread, or while it is stopped]
 */
void engine_set_strict(struct engine *e, struct vcpu *vcpu, bool strict);

/* For -d stats. [any] */
void engine_print_stats(struct engine *e, FILE *f);

#endif
