/*
 * Inside of struct cpu_system (cpu/cpu.h): what the processor's files share
 * of the machine they are part of.
 *
 * Power and run state are under `lock`; each vCPU's own state is its
 * thread's while it runs and anybody's who has stopped the system.
 */
#ifndef CPU_ARM_SYSTEM_H
#define CPU_ARM_SYSTEM_H

#include <pthread.h>

#include "cpu/arm/arm_cpu.h"
#include "cpu/arm/models.h"
#include "cpu/arm/timer.h"
#include "cpu/cpu.h"
#include "cpu/exec.h"
#include "softmmu/page_ids.h"
#include "softmmu/tlb_shootdown.h"

#define CPU_MAX 8

/* As PSCI's AFFINITY_INFO counts them. */
enum cpu_power { CPU_ON, CPU_OFF, CPU_ON_PENDING };

struct cpu_thread {
    pthread_t thread;
    bool created;
    int tid; /* the host's */
    enum cpu_power power;
    /* Where an ON_PENDING one starts. */
    uint64_t entry, arg;
    unsigned el;
};

struct cpu_system {
    struct cpu_config config;
    struct arm_model model;
    struct qarma *qarma; /* or NULL */
    struct bus *bus;
    struct page_ids *page_ids;
    struct shootdown *shootdown;
    struct engine *engine;
    struct cpu_gic_if gic;
    bool has_gic;
    struct timer_service timers;
    struct semihosting_state *semihosting; /* or NULL */

    pthread_mutex_t lock;
    pthread_cond_t changed;  /* running, quit, active or a power state */
    bool running, quit;
    unsigned active;         /* threads in the engine */
    uint64_t stopped_ns;     /* when it was stopped */
    struct cpu_thread thread[CPU_MAX];

    unsigned count;
    struct arm_cpu *cpu[CPU_MAX];
};

/* -- power; any vCPU's thread (psci.c) ----------------------------------- */

/* Start `cpu` at `entry`, x0 = arg; false when it is not off. */
bool system_power_on(struct cpu_system *s, unsigned cpu, uint64_t entry,
                     uint64_t arg, unsigned el);
/* The calling vCPU leaves the engine soon and stays off. */
void system_power_off(struct cpu_system *s, unsigned cpu);
enum cpu_power system_power(struct cpu_system *s, unsigned cpu);

#endif
