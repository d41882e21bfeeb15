/*
 * The processors of a machine: cpu/cpu.h.  One thread per vCPU, which is in
 * the engine while the system runs and the vCPU is on, and otherwise waits
 * here.
 */
#include "cpu/arm/system.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cpu/arm/guest.h"
#include "cpu/arm/qarma.h"
#include "cpu/arm/semihosting.h"
#include "cpu/semihosting.h"
#include "util/clock.h"
#include "util/log.h"

/* -- creation ------------------------------------------------------------ */

static void kick(void *opaque, unsigned cpu)
{
    struct cpu_system *s = opaque;

    engine_request(s->engine, cpu, VCPU_REQ_SHOOTDOWN);
}

static void timer_expired(void *opaque, unsigned cpu)
{
    struct cpu_system *s = opaque;

    engine_request(s->engine, cpu, VCPU_REQ_TIMER);
}

/* What the board has is part of the ID registers. */
static void adapt_model(struct cpu_system *s)
{
    if (s->config.gic_version >= 3) {
        s->model.ARM_ID_AA64PFR0 |= UINT64_C(1) << 24;
    }
    s->model.ARM_ID_AA64PFR0 |= (s->config.el2 ? UINT64_C(1) << 8 : 0) |
                                (s->config.el3 ? UINT64_C(1) << 12 : 0);
}

static unsigned highest_el(const struct cpu_system *s)
{
    return s->config.el3 ? 3 : s->config.el2 ? 2 : 1;
}

static struct arm_cpu *create_cpu(struct cpu_system *s, unsigned index)
{
    static const struct tlb_codes codes = {
        .alignment = MMU_ALIGNMENT,
        .external = MMU_EXTERNAL,
        .permission = MMU_PERMISSION,
    };
    size_t size = (sizeof(struct arm_cpu) + 63) & ~(size_t)63;
    struct arm_cpu *cpu = aligned_alloc(64, size);

    if (!cpu) {
        return NULL;
    }
    memset(cpu, 0, size);
    cpu->system = s;
    cpu->model = &s->model;
    cpu->vcpu.index = index;
    cpu->vcpu.parallel = s->count > 1;
    cpu->vcpu.system = s;
    arm_model_features(&s->model, cpu->feature);
    cpu->qarma = s->qarma;
    cpu->pauth_level = arm_model_pauth_level(&s->model);
    cpu->has_el2 = s->config.el2;
    cpu->has_el3 = s->config.el3;
    cpu->has_vhe = s->config.el2 &&
                   arm_id_field(s->model.ARM_ID_AA64MMFR1, 8) > 0;
    cpu->mpidr = UINT64_C(0x80000000) | index;
    cpu->ctr = s->model.ctr;
    cpu->dczid = s->model.dczid;
    cpu->vcpu.mmu = tlb_new(s->bus, s->page_ids, index, cpu, arm_walk,
                            arm_strip, &codes);
    tlb_allow_unaligned(cpu->vcpu.mmu, arm_allow_unaligned);
    shootdown_attach(s->shootdown, index, cpu->vcpu.mmu);
    s->cpu[index] = cpu;
    engine_attach(s->engine, &cpu->vcpu);
    arm_cpu_reset(cpu, 0, 0, highest_el(s));
    return cpu;
}

/* All that a64_translate() looks at, besides bytes and context.  False: it is
 * too long. */
static bool identify(const struct cpu_system *s, char *out, size_t size)
{
    const struct cpu_config *c = &s->config;
    int n = snprintf(out, size,
                     "%s,%s el%d%d gic%u psci%d semihosting%d,%d log%d",
                     s->model.name, c->props ? c->props : "", c->el2, c->el3,
                     c->gic_version, c->psci, c->semihosting != NULL,
                     c->semihosting && c->semihosting->userspace,
                     log_on(LOG_UNIMP));

    return (size_t)n < size;
}

static bool create_engine(struct cpu_system *s, struct error **err)
{
    char identity[256];
    struct engine_config config = {
        .cpus = s->count,
        .interp = s->config.interp,
        .one_insn_per_block = s->config.one_insn_per_block,
        .regions = s->config.regions,
        .region_threshold = s->config.region_threshold,
        .code_size = s->config.code_size,
        .store = s->config.translations,
        .identity = identity,
        .bus = s->bus,
        .guest = &arm_guest_ops,
        .shootdown = s->shootdown,
        .perfmap = s->config.perfmap,
        .count_calls = log_on(LOG_STATS),
    };

    if (!identify(s, identity, sizeof(identity)) && config.store) {
        error_set(err, "-cpu %s,%s: too many properties for -accel cache=; "
                  "leave one of them out", s->config.model, s->config.props);
        return false;
    }
    s->engine = engine_new(&config, err);
    return s->engine != NULL;
}

static bool check_config(const struct cpu_config *config, struct error **err)
{
    if (config->count < 1 || config->count > CPU_MAX) {
        error_set(err, "%u CPUs: 1 to %u can be had", config->count, CPU_MAX);
        return false;
    }
    return true;
}

/* The cipher of pointer authentication, NULL for our own algorithm. */
static struct qarma *new_qarma(const struct arm_model *model)
{
    switch (arm_model_pauth(model)) {
    case ARM_PAUTH_QARMA5:
        return qarma_new(QARMA5, 5);
    case ARM_PAUTH_QARMA3:
        return qarma_new(QARMA3, 3);
    default:
        return NULL;
    }
}

static bool fill(struct cpu_system *s, struct error **err)
{
    if (!arm_model_find(&s->model, s->config.model, s->config.props, err)) {
        return false;
    }
    adapt_model(s);
    s->qarma = new_qarma(&s->model);
    s->page_ids = page_ids_new();
    s->shootdown = shootdown_new(s->count, kick, s);
    if (!create_engine(s, err)) {
        return false;
    }
    if (!timer_service_init(&s->timers, s->model.cntfrq, timer_expired, s)) {
        error_set(err, "cannot create the timer thread");
        return false;
    }
    if (s->config.semihosting) {
        s->semihosting = semihosting_new(s->config.semihosting);
    }
    s->stopped_ns = clock_monotonic_ns();
    for (unsigned n = 0; n < s->count; n++) {
        s->thread[n].power = CPU_OFF;
        if (!create_cpu(s, n)) {
            error_set(err, "out of memory");
            return false;
        }
    }
    return true;
}

struct cpu_system *cpu_system_new(const struct cpu_config *config,
                                  struct bus *bus, struct error **err)
{
    if (!check_config(config, err)) {
        return NULL;
    }
    struct cpu_system *s = calloc(1, sizeof(*s));
    if (!s) {
        error_set(err, "out of memory");
        return NULL;
    }
    s->config = *config;
    s->count = config->count;
    s->bus = bus;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    if (!fill(s, err)) {
        cpu_system_free(s);
        return NULL;
    }
    return s;
}

static void end_threads(struct cpu_system *s)
{
    pthread_mutex_lock(&s->lock);
    s->quit = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    for (unsigned n = 0; n < s->count; n++) {
        if (s->thread[n].created) {
            pthread_join(s->thread[n].thread, NULL);
        }
    }
}

void cpu_system_print_stats(struct cpu_system *s, FILE *f)
{
    engine_print_stats(s->engine, f);
    bus_print_counts(s->bus, f);
}

static void print_stats(struct cpu_system *s)
{
    FILE *f = log_lock(LOG_STATS);

    if (f) {
        cpu_system_print_stats(s, f);
        log_unlock(f);
    }
}

void cpu_system_free(struct cpu_system *s)
{
    if (s->running) {
        cpu_system_stop(s);
    }
    end_threads(s);
    if (s->engine) {
        print_stats(s);
        timer_service_free(&s->timers);
        engine_free(s->engine);
    }
    for (unsigned n = 0; n < s->count; n++) {
        if (s->cpu[n]) {
            tlb_free(s->cpu[n]->vcpu.mmu);
            free(s->cpu[n]);
        }
    }
    semihosting_free(s->semihosting);
    qarma_free(s->qarma);
    if (s->shootdown) {
        shootdown_free(s->shootdown);
        page_ids_free(s->page_ids);
    }
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* -- the threads --------------------------------------------------------- */

/* With the lock held, which is not while the engine runs. */
static void run_cpu(struct cpu_system *s, struct arm_cpu *cpu)
{
    struct cpu_thread *t = &s->thread[cpu->vcpu.index];

    if (t->power == CPU_ON_PENDING) {
        arm_cpu_reset(cpu, t->entry, t->arg, t->el);
        t->power = CPU_ON;
    }
    __atomic_fetch_and(&cpu->vcpu.request, ~(uint32_t)VCPU_REQ_STOP,
                       __ATOMIC_SEQ_CST);
    s->active++;
    pthread_mutex_unlock(&s->lock);
    engine_run(s->engine, &cpu->vcpu);
    pthread_mutex_lock(&s->lock);
    s->active--;
    pthread_cond_broadcast(&s->changed);
}

/* Of a vCPU's thread. */
static _Thread_local struct arm_cpu *current;

static void *cpu_main(void *opaque)
{
    struct arm_cpu *cpu = current = opaque;
    struct cpu_system *s = cpu->system;
    struct cpu_thread *t = &s->thread[cpu->vcpu.index];
    char name[16];

    t->tid = gettid();
    snprintf(name, sizeof(name), "CPU %u", cpu->vcpu.index);
    prctl(PR_SET_NAME, name);
    prctl(PR_SET_TIMERSLACK, 1000);
    pthread_mutex_lock(&s->lock);
    while (!s->quit) {
        if (s->running && t->power != CPU_OFF) {
            run_cpu(s, cpu);
        } else {
            pthread_cond_wait(&s->changed, &s->lock);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

void cpu_system_start(struct cpu_system *s)
{
    pthread_mutex_lock(&s->lock);
    timer_service_skip(&s->timers, clock_monotonic_ns() - s->stopped_ns);
    s->running = true;
    for (unsigned n = 0; n < s->count; n++) {
        struct cpu_thread *t = &s->thread[n];

        if (!t->created) {
            t->created = pthread_create(&t->thread, NULL, cpu_main,
                                        s->cpu[n]) == 0;
        }
        /* Deadlines have moved with the counter. */
        engine_request(s->engine, n, VCPU_REQ_TIMER);
    }
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void cpu_system_stop(struct cpu_system *s)
{
    pthread_mutex_lock(&s->lock);
    s->running = false;
    for (unsigned n = 0; n < s->count; n++) {
        engine_request(s->engine, n, VCPU_REQ_STOP);
    }
    while (s->active > 0) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    s->stopped_ns = clock_monotonic_ns();
    pthread_mutex_unlock(&s->lock);
}

uint64_t cpu_system_ns(struct cpu_system *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t now = s->running ? clock_monotonic_ns() : s->stopped_ns;
    uint64_t ns = now - s->timers.start_ns;
    pthread_mutex_unlock(&s->lock);
    return ns;
}

/* -- power --------------------------------------------------------------- */

bool system_power_on(struct cpu_system *s, unsigned cpu, uint64_t entry,
                     uint64_t arg, unsigned el)
{
    struct cpu_thread *t = &s->thread[cpu];

    pthread_mutex_lock(&s->lock);
    bool was_off = t->power == CPU_OFF;
    if (was_off) {
        t->entry = entry;
        t->arg = arg;
        t->el = el;
        t->power = CPU_ON_PENDING;
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return was_off;
}

void system_power_off(struct cpu_system *s, unsigned cpu)
{
    struct arm_cpu *c = s->cpu[cpu];

    for (unsigned n = 0; n < ARM_TIMERS; n++) {
        c->timer[n].ctl = 0;
    }
    c->pmu.control = 0;
    timer_arm(c);
    pthread_mutex_lock(&s->lock);
    s->thread[cpu].power = CPU_OFF;
    pthread_mutex_unlock(&s->lock);
    engine_request(s->engine, cpu, VCPU_REQ_STOP);
}

enum cpu_power system_power(struct cpu_system *s, unsigned cpu)
{
    pthread_mutex_lock(&s->lock);
    enum cpu_power power = s->thread[cpu].power;
    pthread_mutex_unlock(&s->lock);
    return power;
}

void cpu_reset(struct cpu_system *s, unsigned cpu, bool powered_on,
               uint64_t pc, uint64_t arg, unsigned el)
{
    pthread_mutex_lock(&s->lock);
    s->thread[cpu].power = powered_on ? CPU_ON : CPU_OFF;
    pthread_mutex_unlock(&s->lock);
    if (cpu == 0 && s->semihosting) {
        semihosting_reset(s->semihosting);
    }
    arm_cpu_reset(s->cpu[cpu], pc, arg, el ? el : highest_el(s));
}

/* -- wires --------------------------------------------------------------- */

void cpu_set_line(struct cpu_system *s, unsigned cpu, enum cpu_line line,
                  bool level)
{
    uint32_t *lines = &s->cpu[cpu]->irq_lines;

    if (!level) {
        __atomic_fetch_and(lines, ~(1u << line), __ATOMIC_SEQ_CST);
    } else if (!(__atomic_fetch_or(lines, 1u << line, __ATOMIC_SEQ_CST) &
                 1u << line)) {
        engine_request(s->engine, cpu, VCPU_REQ_IRQ);
    }
}

void cpu_connect_timer(struct cpu_system *s, unsigned cpu,
                       enum cpu_timer timer, struct irq irq)
{
    s->cpu[cpu]->timer_irq[timer] = irq;
}

bool cpu_connect_pmu(struct cpu_system *s, unsigned cpu, struct irq irq)
{
    s->cpu[cpu]->pmu_irq = irq;
    return arm_id_field(s->cpu[cpu]->model->ARM_ID_AA64DFR0, 8) != 0;
}

void cpu_system_set_gic(struct cpu_system *s, const struct cpu_gic_if *gic)
{
    s->gic = *gic;
    s->has_gic = true;
}

void cpu_code_written(struct cpu_system *s, uint64_t pa, uint64_t size)
{
    engine_code_written(s->engine, pa, size);
}

void cpu_memory_remapped(struct cpu_system *s)
{
    for (unsigned n = 0; n < s->count; n++) {
        if (s->cpu[n] == current) {
            tlb_invalidate(current->vcpu.mmu,
                           &(struct tlb_inval){.kind = TLB_INVAL_ALL});
        } else {
            __atomic_store_n(&s->cpu[n]->remapped, true, __ATOMIC_RELEASE);
            engine_request(s->engine, n, VCPU_REQ_IRQ);
        }
    }
}

/* -- facts --------------------------------------------------------------- */

uint64_t cpu_mpidr(const struct cpu_system *s, unsigned cpu)
{
    return s->cpu[cpu]->mpidr;
}

uint64_t cpu_counter_hz(const struct cpu_system *s)
{
    return s->model.cntfrq;
}

const char *cpu_dt_compatible(const struct cpu_system *s)
{
    return s->model.dt_compatible;
}

unsigned cpu_page_sizes(const struct cpu_system *s)
{
    return arm_model_page_sizes(&s->model);
}

void cpu_system_dump(struct cpu_system *s, FILE *f)
{
    for (unsigned n = 0; n < s->count; n++) {
        cpu_dump(s, n, f);
    }
}
