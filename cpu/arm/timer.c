/* The generic timer; see timer.h. */
#include "cpu/arm/timer.h"

#include <sys/prctl.h>
#include <time.h>

#include "cpu/arm/levels.h"
#include "cpu/arm/pmu.h"
#include "cpu/arm/system.h"
#include "util/clock.h"

#define CTL_ENABLE 1u
#define CTL_IMASK 2u

/* -- the thread ---------------------------------------------------------- */

static uint64_t earliest(const struct timer_service *t)
{
    uint64_t next = UINT64_MAX;

    for (unsigned n = 0; n < TIMER_CPUS; n++) {
        if (t->deadline_ns[n] < next) {
            next = t->deadline_ns[n];
        }
    }
    return next;
}

static void wait_until(struct timer_service *t, uint64_t ns)
{
    if (ns == UINT64_MAX) {
        pthread_cond_wait(&t->changed, &t->lock);
    } else {
        struct timespec at = {(time_t)(ns / NS_PER_SEC),
                              (long)(ns % NS_PER_SEC)};
        pthread_cond_timedwait(&t->changed, &t->lock, &at);
    }
}

/* With the lock held, which expired() is called without. */
static void tell_expired(struct timer_service *t, uint64_t now)
{
    for (unsigned n = 0; n < TIMER_CPUS; n++) {
        if (t->deadline_ns[n] <= now) {
            t->deadline_ns[n] = UINT64_MAX;
            pthread_mutex_unlock(&t->lock);
            t->expired(t->opaque, n);
            pthread_mutex_lock(&t->lock);
        }
    }
}

static void *run(void *opaque)
{
    struct timer_service *t = opaque;

    prctl(PR_SET_NAME, "timer");
    prctl(PR_SET_TIMERSLACK, 1000);
    pthread_mutex_lock(&t->lock);
    while (!t->quit) {
        t->next_ns = earliest(t);
        if (t->next_ns > clock_monotonic_ns()) {
            wait_until(t, t->next_ns);
        }
        tell_expired(t, clock_monotonic_ns());
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

bool timer_service_init(struct timer_service *t, uint32_t hz,
                        void (*expired)(void *opaque, unsigned cpu),
                        void *opaque)
{
    pthread_condattr_t attr;

    t->start_ns = clock_monotonic_ns();
    t->tick_ns = NS_PER_SEC / hz;
    t->expired = expired;
    t->opaque = opaque;
    t->next_ns = UINT64_MAX;
    for (unsigned n = 0; n < TIMER_CPUS; n++) {
        t->deadline_ns[n] = UINT64_MAX;
    }
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &attr);
    pthread_condattr_destroy(&attr);
    t->created = pthread_create(&t->thread, NULL, run, t) == 0;
    return t->created;
}

void timer_service_free(struct timer_service *t)
{
    if (t->created) {
        pthread_mutex_lock(&t->lock);
        t->quit = true;
        pthread_cond_signal(&t->changed);
        pthread_mutex_unlock(&t->lock);
        pthread_join(t->thread, NULL);
    }
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
}

/* A later deadline does not wake the thread: it finds out when it wakes for
 * the earlier one. */
void timer_service_order(struct timer_service *t, unsigned cpu,
                         uint64_t deadline_ns)
{
    pthread_mutex_lock(&t->lock);
    t->deadline_ns[cpu] = deadline_ns;
    bool sooner = deadline_ns < t->next_ns;
    if (sooner) {
        t->next_ns = deadline_ns;
    }
    pthread_mutex_unlock(&t->lock);
    if (sooner) {
        pthread_cond_signal(&t->changed); /* which needs the lock first */
    }
}

void timer_service_skip(struct timer_service *t, uint64_t ns)
{
    t->start_ns += ns;
}

/* -- one vCPU ------------------------------------------------------------ */

static uint64_t count_at(const struct arm_cpu *cpu, unsigned timer,
                         uint64_t ns)
{
    const struct timer_service *t = &cpu->system->timers;
    uint64_t count = (ns - t->start_ns) / t->tick_ns;

    return timer == ARM_TIMER_VIRT ? count - cpu->cntvoff : count;
}

uint64_t timer_count(const struct arm_cpu *cpu, unsigned timer)
{
    return count_at(cpu, timer, clock_monotonic_ns());
}

bool timer_condition(const struct arm_cpu *cpu, unsigned timer,
                     uint64_t count)
{
    const struct arm_timer *t = &cpu->timer[timer];

    return (t->ctl & CTL_ENABLE) && (int64_t)(count - t->cval) >= 0;
}

/* Monotonic time at which the physical counter is there. */
static uint64_t count_ns(const struct arm_cpu *cpu, uint64_t ticks)
{
    uint64_t ns;

    if (__builtin_mul_overflow(ticks, cpu->system->timers.tick_ns, &ns) ||
        __builtin_add_overflow(ns, cpu->system->timers.start_ns, &ns)) {
        return UINT64_MAX;
    }
    return ns;
}

/* Monotonic time at which `timer` meets its condition. */
static uint64_t expiry_ns(const struct arm_cpu *cpu, unsigned timer)
{
    return count_ns(cpu, cpu->timer[timer].cval +
                             (timer == ARM_TIMER_VIRT ? cpu->cntvoff : 0));
}

bool timer_has_offset(const struct arm_cpu *cpu)
{
    return cpu->el == 2   ? !(cpu->hcr_el2 & HCR_E2H)
           : cpu->el == 0 ? !arm_is_host(cpu)
                          : true;
}

uint64_t timer_virtual_ns(const struct arm_cpu *cpu, uint64_t count)
{
    unsigned timer = timer_has_offset(cpu) ? ARM_TIMER_VIRT : ARM_TIMER_PHYS;

    if (timer_count(cpu, timer) >= count) {
        return 0;
    }
    return count_ns(cpu, count +
                             (timer == ARM_TIMER_VIRT ? cpu->cntvoff : 0));
}

/* The outputs as they are to be; driven where they change. */
static void drive(struct arm_cpu *cpu, uint8_t levels)
{
    uint8_t changed = levels ^ cpu->timer_levels;

    cpu->timer_levels = levels;
    for (; changed; changed &= changed - 1) {
        unsigned n = (unsigned)__builtin_ctz(changed);

        irq_set(&cpu->timer_irq[n], levels >> n & 1);
    }
}

/* `ns`: the time. */
static uint64_t update(struct arm_cpu *cpu, uint64_t ns)
{
    uint64_t next = UINT64_MAX;
    uint8_t levels = 0;

    for (unsigned n = 0; n < ARM_TIMERS; n++) {
        uint32_t ctl = cpu->timer[n].ctl;

        if ((ctl & (CTL_ENABLE | CTL_IMASK)) != CTL_ENABLE) {
            continue;
        }
        if (timer_condition(cpu, n, count_at(cpu, n, ns))) {
            levels |= (uint8_t)(1u << n);
        } else {
            uint64_t at = expiry_ns(cpu, n);
            next = at < next ? at : next;
        }
    }
    drive(cpu, levels);
    uint64_t overflow = pmu_update(cpu, ns);
    return overflow < next ? overflow : next;
}

uint64_t timer_update(struct arm_cpu *cpu)
{
    return update(cpu, clock_monotonic_ns());
}

/* No output depends on the time. */
static bool all_off(const struct arm_cpu *cpu)
{
    for (unsigned n = 0; n < ARM_TIMERS; n++) {
        if ((cpu->timer[n].ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE) {
            return false;
        }
    }
    return !pmu_is_on(cpu);
}

/* A deadline later than one that the thread knows of is told when that has
 * come: guests move their timer far more often than it fires. */
void timer_arm(struct arm_cpu *cpu)
{
    if (all_off(cpu)) {
        drive(cpu, 0);
        return;
    }
    uint64_t now = clock_monotonic_ns();
    uint64_t next = update(cpu, now);

    if (cpu->timer_next_ns <= now) {
        cpu->timer_next_ns = UINT64_MAX;
    }
    if (next < cpu->timer_next_ns) {
        cpu->timer_next_ns = next;
        timer_service_order(&cpu->system->timers, cpu->vcpu.index, next);
    }
}
