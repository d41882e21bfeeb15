/*
 * The generic timer (Arm ARM D11): the counter, which follows the host's
 * monotonic clock from the start of the machine, and the timers of each
 * vCPU, whose outputs are levels.
 *
 * A vCPU that runs learns of an expiry from one thread per machine, which
 * sets VCPU_REQ_TIMER; one that sleeps in WFI wakes at its own deadline.
 */
#ifndef CPU_ARM_TIMER_H
#define CPU_ARM_TIMER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define TIMER_HZ 1000000000
#define TIMER_HZ_BEFORE_8_6 62500000
#define TIMER_CPUS 8

struct arm_cpu;

struct timer_service {
    uint64_t start_ns;       /* when the counter was 0 */
    uint64_t tick_ns;        /* nanoseconds, in which it counts one */
    pthread_t thread;
    bool created;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool quit;
    uint64_t next_ns;        /* when the thread wakes */
    uint64_t deadline_ns[TIMER_CPUS]; /* UINT64_MAX: none */
    void (*expired)(void *opaque, unsigned cpu);
    void *opaque;
};

/* The counter runs at `hz`, or as near as whole nanoseconds come.
 * expired(opaque, cpu) is called on the service's thread. */
bool timer_service_init(struct timer_service *t, uint32_t hz,
                        void (*expired)(void *opaque, unsigned cpu),
                        void *opaque);
void timer_service_free(struct timer_service *t);
/* Tell `cpu` once at deadline_ns; replaces an earlier order. [any] */
void timer_service_order(struct timer_service *t, unsigned cpu,
                         uint64_t deadline_ns);
/* The machine was paused for so long: only while it is stopped. */
void timer_service_skip(struct timer_service *t, uint64_t ns);

/* -- per vCPU; on its thread, or while it is stopped --------------------- */

uint64_t timer_count(const struct arm_cpu *cpu, unsigned timer);
bool timer_condition(const struct arm_cpu *cpu, unsigned timer,
                     uint64_t count);
/* CNTVOFF_EL2 counts here: the host does not see its guests' offset (EL2 with
 * E2H, and its EL0). */
bool timer_has_offset(const struct arm_cpu *cpu);
/* Monotonic time at which CNTVCT_EL0, as read here and now, reaches `count`;
 * 0: it has. */
uint64_t timer_virtual_ns(const struct arm_cpu *cpu, uint64_t count);
/* Recompute the outputs, the performance monitors' too; returns the next
 * deadline (monotonic ns). */
uint64_t timer_update(struct arm_cpu *cpu);
/* The same, and order a call for that deadline. */
void timer_arm(struct arm_cpu *cpu);

#endif
