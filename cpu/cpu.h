/*
 * The processors of a machine, as the board sees them.
 *
 * cpu_system owns the vCPUs, their threads, the translator and its code
 * cache.  All functions are called on the loop thread unless marked [any].
 */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "softmmu/bus.h"
#include "util/error.h"
#include "util/irq.h"

struct cpu_system;
struct perfmap;     /* cpu/jit/perfmap.h */
struct semihosting; /* cpu/semihosting.h */

struct cpu_config {
    const char *model;      /* a name of cpu_models() */
    const char *props;      /* "pauth=off,..." or NULL */
    unsigned count;         /* 1..8 */
    bool interp;            /* IR interpreter instead of the translator */
    bool el2, el3;          /* implemented exception levels */
    enum { CPU_PSCI_NONE, CPU_PSCI_HVC, CPU_PSCI_SMC } psci;
    bool one_insn_per_block;
    bool regions;           /* translate hot code again, as whole loops */
    unsigned region_threshold; /* when it is hot: cpu/region.h */
    bool smc_strict;        /* trap stores to pages that hold code */
    struct perfmap *perfmap; /* names generated code; NULL: do not */
    size_t code_size;       /* bytes of generated code at most, 0: default */
    const char *translations; /* directory to keep them in, NULL: none */
    unsigned gic_version;   /* for ID_AA64PFR0_EL1.GIC */
    const struct semihosting *semihosting; /* NULL: HLT is UNDEFINED */

    /* PSCI SYSTEM_OFF and SYSTEM_RESET. [vCPU threads] */
    void (*system_off)(void *opaque);
    void (*system_reset)(void *opaque);
    void *opaque;
};

struct cpu_system *cpu_system_new(const struct cpu_config *config,
                                  struct bus *bus, struct error **err);
void cpu_system_free(struct cpu_system *s);

/* Interrupt inputs. [any] */
enum cpu_line { CPU_LINE_IRQ, CPU_LINE_FIQ, CPU_LINE_VIRQ, CPU_LINE_VFIQ };
void cpu_set_line(struct cpu_system *s, unsigned cpu, enum cpu_line line,
                  bool level);

/* Timer outputs, before the first start. */
enum cpu_timer { CPU_TIMER_PHYS, CPU_TIMER_VIRT, CPU_TIMER_HYP,
                 CPU_TIMER_SEC, CPU_TIMER_HYP_VIRT };
void cpu_connect_timer(struct cpu_system *s, unsigned cpu,
                       enum cpu_timer timer, struct irq irq);

/* The same of the performance monitors' interrupt; false when the model has
 * none of them. */
bool cpu_connect_pmu(struct cpu_system *s, unsigned cpu, struct irq irq);

/* How a processor stands when it accesses its GICv3 CPU interface. */
enum {
    CPU_GIC_EL = 3,               /* bits 1..0: exception level */
    CPU_GIC_SECURE = 1 << 2,      /* SCR_EL3.NS is 0 */
    CPU_GIC_NS_PRIORITY = 1 << 3, /* priorities in the Non-secure view */
    CPU_GIC_VIRTUAL0 = 1 << 4,    /* HCR_EL2.FMO: group 0 is virtual, */
    CPU_GIC_VIRTUAL1 = 1 << 5,    /* IMO: group 1 is */
};

/*
 * The GICv3 CPU interface as system registers (ICC_*, ICH_*), handed over by
 * the GIC; none with GICv2.  `reg` is the 16-bit op0:op1:CRn:CRm:op2 encoding
 * as in an MRS (op0 in bits 15..14, op1 13..11, CRn 10..7, CRm 6..3, op2
 * 2..0).  Called on the vCPU's thread.
 */
struct cpu_gic_if {
    uint64_t (*read)(void *opaque, unsigned cpu, uint16_t reg, unsigned how);
    void (*write)(void *opaque, unsigned cpu, uint16_t reg, uint64_t value,
                  unsigned how);
    /* Whether ICH_HCR_EL2 traps an access from EL1 to EL2. */
    bool (*traps)(void *opaque, unsigned cpu, uint16_t reg);
    /* Security state or EL3 has changed, the latter two of `how`: interrupts
     * are signalled by it. */
    void (*moved)(void *opaque, unsigned cpu, unsigned how);
    void *opaque;
};
void cpu_system_set_gic(struct cpu_system *s, const struct cpu_gic_if *gic);

uint64_t cpu_mpidr(const struct cpu_system *s, unsigned cpu);
uint64_t cpu_counter_hz(const struct cpu_system *s); /* CNTFRQ_EL0 */
/* Translation granules of the model: 0x1000, 0x4000, 0x10000, or'ed. */
unsigned cpu_page_sizes(const struct cpu_system *s);
const char *cpu_dt_compatible(const struct cpu_system *s);

/* Reset state; a powered-on CPU starts at `pc` with x0 = arg in the
 * highest implemented exception level (or `el` if not 0) when the system
 * is started.  Only while stopped. */
void cpu_reset(struct cpu_system *s, unsigned cpu, bool powered_on,
               uint64_t pc, uint64_t arg, unsigned el);

void cpu_system_start(struct cpu_system *s);  /* run, or resume */
void cpu_system_stop(struct cpu_system *s);   /* returns when all stopped */
/* How long the system has run: stands still while it is stopped. [any] */
uint64_t cpu_system_ns(struct cpu_system *s);

/* Devices or the debugger wrote guest memory that may hold code. [any] */
void cpu_code_written(struct cpu_system *s, uint64_t pa, uint64_t size);

/* The bus maps other memory than before: every vCPU forgets what it knows of
 * host addresses, the calling one before this returns, the others at their
 * next safepoint. [any] */
void cpu_memory_remapped(struct cpu_system *s);

/* Registers of every processor, for dumps while stopped. */
void cpu_system_dump(struct cpu_system *s, FILE *f);

/* -- one processor, for people and debuggers; while stopped -- */

void cpu_dump(struct cpu_system *s, unsigned cpu, FILE *f);
/* x0..x30, w0..w30, sp, pc, lr, pstate, in lower case; false: unknown. */
bool cpu_get_register(const struct cpu_system *s, unsigned cpu,
                      const char *name, uint64_t *value);
/* As the processor translates now for reading; no state changes. */
bool cpu_translate(struct cpu_system *s, unsigned cpu, uint64_t va,
                   uint64_t *pa);
/* The host's thread, or 0 before it has one. */
int cpu_thread_id(const struct cpu_system *s, unsigned cpu);
/* One instruction as text; the length, as snprintf. */
int cpu_disassemble(uint32_t insn, uint64_t pc, char *out, size_t size);

/* The translator's counters; may be called while it runs. [any] */
void cpu_system_print_stats(struct cpu_system *s, FILE *f);

/*
 * What each processor is doing, in sentences, for a user whose guest says
 * nothing.  While stopped; cpu_system_sample() some times before, with the
 * system running in between, lets loops be seen.
 */
void cpu_system_sample(struct cpu_system *s);
void cpu_system_explain(struct cpu_system *s, FILE *f);

#endif
