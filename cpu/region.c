/*
 * See region.h.
 */
#include "cpu/region.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cpu/ir/passes.h"
#include "cpu/region_build.h"
#include "cpu/unit_log.h"
#include "util/bits.h"
#include "util/clock.h"
#include "util/log.h"

#define SAMPLE_NS 1000000
/* So much of what is translated into next is made ready at a time, which is
 * more than a chunk: a program's first run fills one in three samples' time. */
#define PREPARE_STEPS 16
/* Below the vCPUs, but samples must come in time on a busy host; there is
 * little to do in all. */
#define NICE 5

#define HEAT_ENTRIES 1024
#define QUEUE 16

/* A head that was sampled. */
struct heat {
    uint64_t pc, pa;
    uint32_t context;
    uint32_t samples;
};

/* A head to form a region at. */
struct order {
    uint64_t pc, pa;
    uint32_t context, page_id;
    unsigned cpu;
};

struct regions {
    struct region_parts parts;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;    /* what follows, up to the next comment */
    pthread_cond_t wake;
    bool stop;
    struct order queue[QUEUE];
    unsigned queued;
    struct heat heat[HEAT_ENTRIES];
    uint64_t samples, region_samples;
    /* Bits: vCPUs that run.  With none, the thread parks. */
    _Atomic unsigned running;
    _Atomic bool parked;
    /* Of whoever forms regions: `making` is held. */
    pthread_mutex_t making;
    struct region_builder *builder;
    struct backend_thread *compiler;
    struct ir_unit *unit;
    uint8_t page[4096];      /* the guest may change its code meanwhile */
    struct code_chunk *chunk; /* the thread's own */
    uint64_t formed, insns, host_bytes, refused, ns;
};

/* -- making one ----------------------------------------------------------- */

static struct block *compile(struct regions *r, const struct order *o,
                             unsigned before, struct code_chunk *chunk)
{
    unsigned offset = (unsigned)(o->pc & 4095) - before;
    struct block key = {
        .pc = o->pc, .pa = o->pa, .context = o->context,
        .page_id = o->page_id, .before = (uint16_t)before,
        .guest_bytes = (uint16_t)r->unit->guest_bytes, .is_region = true,
        .source_hash = block_source_hash(r->page + offset,
                                         before + r->unit->guest_bytes),
    };
    struct jit_buffer code;
    struct jit_result result;

    if (!code_chunk_room(chunk, &code) ||
        !backend_compile(r->compiler, r->unit, o->page_id, &code, &result)) {
        return NULL;
    }
    return block_new(r->parts.backend, chunk, &key, &code, &result);
}

static bool build(struct regions *r, const struct order *o, unsigned *before)
{
    struct region_head head = {
        .vcpu = r->parts.vcpu[o->cpu], .pc = o->pc, .context = o->context,
        .page = r->page, .all = !r->parts.threshold,
    };

    if (!region_build(r->builder, &head, r->unit, before)) {
        return false;
    }
    unit_log_ir(LOG_OP, "REGION", r->unit);
    ir_passes_region(r->unit);
    unit_log_ir(LOG_OP_OPT, "REGION after passes", r->unit);
#ifdef CONFIG_DEBUG
    const char *problem = ir_verify(r->unit);
    if (problem) {
        ir_print(stderr, r->unit);
        fprintf(stderr, "region: %s\n", problem);
        abort();
    }
#endif
    return true;
}

static void log_region(struct regions *r, const struct block *b)
{
    if (log_on(LOG_IN_ASM)) {
        unit_log_guest(r->parts.guest, b->pc - b->before,
                       r->page + ((b->pc & 4095) - b->before),
                       (unsigned)b->before + b->guest_bytes);
    }
    unit_log_host(b);
}

/* On the processor: this thread gives way to others. */
static uint64_t thread_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

/* The region that took the place of its head's block, or NULL. */
static struct block *make(struct regions *r, const struct order *o,
                          unsigned slot, struct code_chunk *chunk)
{
    uint64_t offset, start = thread_ns();
    struct ram *ram = bus_ram(bus_secure(r->parts.bus),
                              align_down(o->pa, 4096), 4096, &offset);
    struct block *b = NULL;
    unsigned before;

    if (!ram) {
        return NULL;
    }
    if (!block_begin_region(r->parts.blocks, slot, align_down(o->pa, 4096),
                            4096)) {
        return NULL;
    }
    memcpy(r->page, ram->host + offset, sizeof(r->page));
    if (build(r, o, &before)) {
        b = compile(r, o, before, chunk);
    }
    if (b) {
        log_region(r, b);
    }
    if (!block_replace(r->parts.blocks, slot, b)) {
        b = NULL;
    }
    r->ns += thread_ns() - start;
    if (b && r->parts.perfmap) {
        perfmap_unit(r->parts.perfmap, b->code, b->code_size, b->pc, b->pa);
    }
    if (b) {
        r->formed++;
        r->insns += r->unit->guest_insns;
        r->host_bytes += b->code_size;
    } else {
        r->refused++;
    }
    return b;
}

struct block *regions_form_now(struct regions *r, unsigned cpu,
                               struct block *b, struct code_chunk *chunk)
{
    struct order o = {b->pc, b->pa, b->context, b->page_id, cpu};
    struct block *region = NULL;

    if (b->is_region || !r->parts.guest->has_regions(b->context)) {
        return b;
    }
    pthread_mutex_lock(&r->making);
    region = make(r, &o, cpu, chunk);
    pthread_mutex_unlock(&r->making);
    return region ? region : b;
}

/* -- sampling ------------------------------------------------------------- */

static struct heat *heat_of(struct regions *r, const struct block *b)
{
    uint64_t h = (b->pc >> 2 ^ (uint64_t)b->context << 40) *
                 UINT64_C(0x9e3779b97f4a7c15);
    struct heat *heat = &r->heat[h >> 54];

    _Static_assert(HEAT_ENTRIES == 1 << 10, "h >> 54");
    if (heat->pc != b->pc || heat->pa != b->pa ||
        heat->context != b->context) {
        *heat = (struct heat){b->pc, b->pa, b->context, 0};
    }
    return heat;
}

void regions_sample(struct regions *r, unsigned cpu, const struct block *b)
{
    pthread_mutex_lock(&r->lock);
    r->samples++;
    if (b->is_region) {
        r->region_samples++;
    } else if (r->parts.guest->has_regions(b->context) &&
               ++heat_of(r, b)->samples == r->parts.threshold &&
               r->queued < QUEUE) {
        r->queue[r->queued++] = (struct order){b->pc, b->pa, b->context,
                                               b->page_id, cpu};
        pthread_cond_signal(&r->wake);
    }
    pthread_mutex_unlock(&r->lock);
}

void regions_running(struct regions *r, unsigned cpu, bool running)
{
    unsigned bit = 1u << cpu;

    if (!running) {
        r->running &= ~bit;
        return;
    }
    r->running |= bit;
    if (r->parked) {
        pthread_mutex_lock(&r->lock);
        pthread_cond_signal(&r->wake);
        pthread_mutex_unlock(&r->lock);
    }
}

void regions_leave(struct regions *r)
{
    unsigned running = r->running;

    for (unsigned n = 0; n < r->parts.cpus; n++) {
        if (running >> n & 1) {
            vcpu_request(r->parts.vcpu[n], VCPU_REQ_SAMPLE);
        }
    }
}

/* -- the thread ----------------------------------------------------------- */

static void serve(struct regions *r)
{
    struct order o = r->queue[0];
    struct jit_buffer room;

    r->queued--;
    memmove(&r->queue[0], &r->queue[1], r->queued * sizeof(o));
    pthread_mutex_unlock(&r->lock);
    if (!code_chunk_room(r->chunk, &room)) {
        r->chunk = code_cache_chunk(r->parts.cache, r->parts.cpus,
                                    CODE_REGIONS, r->chunk, NULL,
                                    &r->parts.user);
        code_cache_sleep(r->parts.cache, r->parts.cpus, true);
    }
    pthread_mutex_lock(&r->making);
    make(r, &o, r->parts.cpus, r->chunk);
    pthread_mutex_unlock(&r->making);
    pthread_mutex_lock(&r->lock);
}

/* Until a vCPU runs; the lock is held. */
static void park(struct regions *r)
{
    r->parked = true;
    while (!r->running && !r->queued && !r->stop) {
        pthread_cond_wait(&r->wake, &r->lock);
    }
    r->parked = false;
}

/* Until the next sample is due or something else is to be done. */
static void wait(struct regions *r)
{
    uint64_t until = clock_monotonic_ns() + SAMPLE_NS;
    struct timespec t = {(time_t)(until / NS_PER_SEC),
                         (long)(until % NS_PER_SEC)};

    pthread_cond_timedwait(&r->wake, &r->lock, &t);
}

static void *run(void *opaque)
{
    struct regions *r = opaque;
    id_t self = (id_t)syscall(SYS_gettid);

    pthread_setname_np(pthread_self(), "regions");
    setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + NICE);
    pthread_mutex_lock(&r->lock);
    while (!r->stop) {
        if (r->queued) {
            serve(r);
            continue;
        }
        park(r);
        wait(r);
        regions_leave(r);
        pthread_mutex_unlock(&r->lock);
        for (unsigned n = 0;
             n < PREPARE_STEPS && code_cache_prepare(r->parts.cache); n++) {
        }
        block_table_prepare(r->parts.blocks);
        pthread_mutex_lock(&r->lock);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

struct regions *regions_new(const struct region_parts *parts)
{
    struct regions *r = calloc(1, sizeof(*r));
    pthread_condattr_t attr;

    r->parts = *parts;
    r->builder = region_builder_new(parts->guest);
    r->compiler = backend_thread_new(parts->backend);
    r->unit = ir_unit_new();
    pthread_mutex_init(&r->lock, NULL);
    pthread_mutex_init(&r->making, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->wake, &attr);
    pthread_condattr_destroy(&attr);
    r->has_thread = parts->threshold &&
                    pthread_create(&r->thread, NULL, run, r) == 0;
    return r;
}

void regions_free(struct regions *r)
{
    if (r->has_thread) {
        pthread_mutex_lock(&r->lock);
        r->stop = true;
        pthread_cond_signal(&r->wake);
        pthread_mutex_unlock(&r->lock);
        pthread_join(r->thread, NULL);
    }
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->making);
    pthread_cond_destroy(&r->wake);
    region_builder_free(r->builder);
    backend_thread_free(r->compiler);
    free(r->unit);
    free(r);
}

struct backend_thread *regions_compiler(struct regions *r)
{
    return r->compiler;
}

void regions_print_stats(const struct regions *r, FILE *f)
{
    fprintf(f,
            "regions: %" PRIu64 " formed, %" PRIu64 " instructions in %"
            PRIu64 " us, %.1f host bytes per instruction; %" PRIu64
            " refused; %" PRIu64 " samples, %" PRIu64 " in regions\n",
            r->formed, r->insns, r->ns / 1000,
            r->insns ? (double)r->host_bytes / (double)r->insns : 0,
            r->refused, r->samples, r->region_samples);
}
