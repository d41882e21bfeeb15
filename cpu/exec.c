/*
 * The engine; see exec.h.
 *
 * run -> [request?] -> find block -> enter -> why did it come back?
 */
#include "cpu/exec.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cpu/exec_internal.h"
#include "cpu/jit/code_pages.h"
#include "cpu/ir/interp.h"
#include "cpu/unit_log.h"
#include "util/bits.h"
#include "util/clock.h"
#include "util/log.h"

/* With what describes it and the rest, 150 MiB besides the guest's memory. */
#define DEFAULT_CODE_SIZE (62u << 20)

static void link_exit(void *opaque, const struct block *from,
                      const struct block_link *link, const uint8_t *target)
{
    struct engine *e = opaque;
    struct jit_buffer code = {code_cache_rw(e->cache, from->code), from->code,
                              from->code_size};

    backend_link(e->backend, &code, link, target);
}

/* Whether this thread runs the machine's only vCPU. */
static bool is_lone_runner(const struct engine *e)
{
    return e->config.cpus == 1 &&
           pthread_equal(pthread_self(), e->runner[0].thread);
}

/* Nothing leads to the block any more but the jump cache, whose entry goes to
 * its pad from now on; the entries of its code stay as they are, for writing
 * what was just run makes the host start over. */
static void send_to_pad(struct runner *r, const struct block *b)
{
    struct jump_cache_entry *entry = runner_jump_slot(r->vcpu, b->pc);

    if (entry->code == b->code + b->guarded) {
        entry->code = b->code;
    }
}

static void kill_code(void *opaque, struct block *b)
{
    struct engine *e = opaque;
    struct jit_buffer code = {code_cache_rw(e->cache, b->code), b->code,
                              b->code_size};

    if (!b->is_region && is_lone_runner(e)) {
        send_to_pad(&e->runner[0], b);
        return;
    }
    backend_kill(e->backend, &code, b->guarded, b->polled, b->entry);
    if (b->is_region) {
        regions_leave(e->regions); /* its loops do not pass the entries */
    }
}

/* Whoever remembers where the block is finds it at its new address. */
static void move_targets(const struct engine *e, struct vcpu *vcpu,
                         const struct block *b, uint64_t delta)
{
    uint64_t old = b->pc - delta;
    struct jump_cache_entry *entry = runner_jump_slot(vcpu, old);
    uint64_t key = entry->key ^ old ^ b->pc;

    if (entry->code == b->code + b->guarded) {
        *entry =
            (struct jump_cache_entry){0, backend_jump_miss(e->backend)};
        *runner_jump_slot(vcpu, b->pc) =
            (struct jump_cache_entry){key, b->code + b->guarded};
    }
}

/* No vCPU but the one that asks for it runs. */
static void move(void *opaque, struct block *b, uint64_t delta)
{
    struct engine *e = opaque;

    backend_rebase(code_cache_rw(e->cache, b->code), b, delta);
    for (unsigned n = 0; n < e->config.cpus; n++) {
        move_targets(e, e->vcpu[n], b, delta);
    }
    if (e->config.perfmap) {
        perfmap_unit(e->config.perfmap, b->code, b->code_size, b->pc, b->pa);
    }
}

static uint32_t number_at(void *opaque, const struct code_view *view,
                          uint64_t va)
{
    struct engine *e = opaque;

    return tlb_page_id_at(e->vcpu[0]->mmu, view->va,
                          view->page->number << RAM_PAGE_BITS, view->page_id,
                          va);
}

static bool in_use(void *opaque, const struct code_view *view)
{
    struct engine *e = opaque;

    for (unsigned n = 0; n < e->config.cpus; n++) {
        if (tlb_has_page_id(e->vcpu[n]->mmu, view->va, view->page_id)) {
            return true;
        }
    }
    return false;
}

static void link_nothing(void *opaque, const struct block *from,
                         const struct block_link *link, const uint8_t *target)
{
    (void)opaque, (void)from, (void)link, (void)target;
}

static struct code_cache_user cache_user(struct engine *e);

static bool create_backend(struct engine *e, struct error **err)
{
    const struct engine_config *c = &e->config;
    struct jit_buffer head = code_cache_head(e->cache);
    size_t used;

    e->backend = backend_new(&head, &used, c->cpus > 1, err);
    if (e->backend) {
        backend_observe(e->backend, c->perfmap, c->count_calls);
    }
    if (e->backend && c->store) {
        e->store = store_open(c->store, c->identity, e->backend, err);
        if (!e->store) {
            backend_free(e->backend);
            e->backend = NULL;
        }
    }
    return e->backend;
}

struct engine *engine_new(const struct engine_config *config,
                          struct error **err)
{
    struct engine *e = calloc(1, sizeof(*e) +
                                     config->cpus * sizeof(*e->runner));
    size_t size = config->code_size ? config->code_size : DEFAULT_CODE_SIZE;
    struct block_table_ops ops = {
        config->interp ? link_nothing : link_exit,
        config->interp ? NULL : kill_code,
        move, number_at, in_use, e
    };

    e->config = *config;
    e->guest = config->guest;
    /* One more for the thread that forms regions. */
    e->cache = code_cache_new(size, config->cpus + 1, err);
    if (!e->cache) {
        free(e);
        return NULL;
    }
    e->blocks = block_table_new(config->bus, e->cache, &ops);
    if (!e->blocks) {
        error_set_errno(err, errno, "cannot map the table of translations; "
                        "try a smaller -accel jit,tb-size=, or -accel "
                        "interp");
        code_cache_free(e->cache);
        free(e);
        return NULL;
    }
    if (!config->interp && !create_backend(e, err)) {
        block_table_free(e->blocks);
        code_cache_free(e->cache);
        free(e);
        return NULL;
    }
    if (e->backend && config->regions && !config->one_insn_per_block) {
        struct region_parts parts = {
            .cpus = config->cpus, .threshold = config->region_threshold,
            .guest = config->guest, .bus = config->bus, .cache = e->cache,
            .blocks = e->blocks, .backend = e->backend, .vcpu = e->vcpu,
            .perfmap = config->perfmap,
            .user = cache_user(e),
        };

        e->regions = regions_new(&parts);
    }
    return e;
}

void engine_free(struct engine *e)
{
    if (e->regions) {
        regions_free(e->regions);
    }
    for (unsigned n = 0; n < e->config.cpus; n++) {
        struct runner *r = &e->runner[n];

        if (r->vcpu) {
            if (r->compiler) {
                backend_thread_free(r->compiler);
            }
            free(r->unit);
            free(r->vcpu->helper_calls);
        }
    }
    block_table_free(e->blocks);
    if (e->store) {
        store_close(e->store);
    }
    if (e->backend) {
        backend_free(e->backend);
    }
    code_cache_free(e->cache);
    free(e);
}

static void forget_targets(struct engine *e, struct runner *r, bool all);

void engine_attach(struct engine *e, struct vcpu *vcpu)
{
    struct runner *r = &e->runner[vcpu->index];

    r->engine = e;
    r->vcpu = e->vcpu[vcpu->index] = vcpu;
    r->unit = ir_unit_new();
    r->compiler = e->backend ? backend_thread_new(e->backend) : NULL;
    if (e->config.count_calls && e->backend) {
        vcpu->helper_calls = calloc(BACKEND_MAX_HELPERS, sizeof(uint64_t));
    }
    vcpu->runner = r;
    vcpu->reenter = exec_reenter;
    r->context_stale = true;
    forget_targets(e, r, true);
}

struct backend_thread *engine_compiler(struct engine *e, unsigned cpu)
{
    return e->runner[cpu].compiler;
}

struct backend_thread *engine_region_compiler(struct engine *e)
{
    return e->regions ? regions_compiler(e->regions) : NULL;
}

/* -- eviction ------------------------------------------------------------ */

static void retire(void *opaque, struct code_chunk *chunk)
{
    struct engine *e = opaque;

    block_retire_chunk(e->blocks, chunk);
}

static void evict(void *opaque, struct code_chunk *chunk)
{
    struct engine *e = opaque;

    block_evict_chunk(e->blocks, chunk);
}

static void kick_all(void *opaque)
{
    struct engine *e = opaque;

    for (unsigned n = 0; n < e->config.cpus; n++) {
        engine_request(e, n, VCPU_REQ_RECLAIM);
    }
}

/* -- sleeping and requests ------------------------------------------------ */

void engine_request(struct engine *e, unsigned cpu, uint32_t bits)
{
    struct runner *r = &e->runner[cpu];

    if ((vcpu_request(r->vcpu, bits) & bits) == bits) {
        return; /* whoever set them wakes it */
    }
    if (!__atomic_load_n(&r->sleeping, __ATOMIC_SEQ_CST)) {
        return; /* it looks at the request before it sleeps */
    }
    syscall(SYS_futex, &r->vcpu->request, FUTEX_WAKE_PRIVATE, 1, NULL, NULL,
            0);
}

/* Until there is a request, or until `deadline`; or for less.  The kernel
 * looks at the word when the thread is on its list: no lock, over which the
 * one that wakes and the one that is woken would meet. */
static void wait_for_request(const uint32_t *request, uint64_t deadline)
{
    struct timespec until = {(time_t)(deadline / NS_PER_SEC),
                             (long)(deadline % NS_PER_SEC)};

    syscall(SYS_futex, request, FUTEX_WAIT_BITSET_PRIVATE, 0,
            deadline == UINT64_MAX ? NULL : &until, NULL,
            FUTEX_BITSET_MATCH_ANY);
}

static void tell_running(struct runner *r, bool running)
{
    if (r->engine->regions) {
        regions_running(r->engine->regions, r->vcpu->index, running);
    }
}

static void sleep_until_woken(struct engine *e, struct runner *r)
{
    struct vcpu *vcpu = r->vcpu;
    uint64_t deadline;

    if (e->guest->should_wake(vcpu, &deadline)) {
        return;
    }
    r->stats.waits++;
    r->slept = true;
    code_cache_sleep(e->cache, vcpu->index, true);
    shootdown_sleep(e->config.shootdown, vcpu->index);
    tell_running(r, false);
    __atomic_store_n(&r->sleeping, true, __ATOMIC_SEQ_CST);
    wait_for_request(&vcpu->request, deadline);
    __atomic_store_n(&r->sleeping, false, __ATOMIC_SEQ_CST);
    tell_running(r, true);
    shootdown_wake(e->config.shootdown, vcpu->index);
    code_cache_sleep(e->cache, vcpu->index, false);
}

/* Of code that is about to be reused, or (`all`) that may have been. */
static void forget_targets(struct engine *e, struct runner *r, bool all)
{
    struct vcpu *vcpu = r->vcpu;
    const void *miss = e->backend ? backend_jump_miss(e->backend) : NULL;

    for (unsigned n = 0; n < JUMP_CACHE_ENTRIES; n++) {
        struct jump_cache_entry *entry = &vcpu->jump_cache[n];

        if (all || (entry->code != miss &&
                    code_cache_is_doomed(e->cache, entry->code))) {
            *entry = (struct jump_cache_entry){0, miss};
        }
    }
}

static void forget_doomed(void *opaque, unsigned cpu)
{
    struct engine *e = opaque;

    if (cpu < e->config.cpus) {
        forget_targets(e, &e->runner[cpu], false);
    }
}

static struct code_cache_user cache_user(struct engine *e)
{
    return (struct code_cache_user){
        retire, evict, kick_all, forget_doomed, e
    };
}

/* False when the vCPU is to stop.  It uses no translation here, and its
 * caller drains. */
static bool serve_requests(struct engine *e, struct runner *r)
{
    struct vcpu *vcpu = r->vcpu;
    uint32_t bits = vcpu_served(vcpu, VCPU_REQ_STOP);

    if (bits & VCPU_REQ_RECLAIM) {
        forget_targets(e, r, r->slept); /* before the epoch is passed */
    }
    r->slept = false;
    r->sample = bits & VCPU_REQ_SAMPLE;
    if (bits & VCPU_REQ_STOP) {
        /* The others are served when it runs again. */
        vcpu_request(vcpu, bits & ~(uint32_t)VCPU_REQ_SHOOTDOWN);
        return false;
    }
    if (bits & (VCPU_REQ_IRQ | VCPU_REQ_TIMER)) {
        if (!e->guest->interrupts(vcpu, bits & VCPU_REQ_TIMER)) {
            r->context_stale = true;
        }
        r->alone = false;
    }
    return true;
}

/* Have room for a unit.  Here no pointer to a block is held. */
static void refresh_chunks(struct engine *e, struct runner *r)
{
    for (unsigned class = 0; class < ARRAY_SIZE(r->chunk); class++) {
        struct code_cache_user user = cache_user(e);
        struct code_demand *demand = class == CODE_COPIES ? &r->demand : NULL;
        struct jit_buffer room;

        if (code_chunk_room(r->chunk[class], &room)) {
            continue;
        }
        /* It may have to wait for one that waits for us to drain. */
        shootdown_sleep(e->config.shootdown, r->vcpu->index);
        r->chunk[class] = code_cache_chunk(e->cache, r->vcpu->index, class,
                                           r->chunk[class], demand, &user);
        if (demand) {
            *demand = (struct code_demand){0};
        }
        shootdown_wake(e->config.shootdown, r->vcpu->index);
    }
}

/* -- the loop -------------------------------------------------------------- */

/* A fault or an exception; or a store that changes code, which has to be
 * the last of its unit (before_store()). */
static void deliver(struct engine *e, struct runner *r)
{
    struct vcpu *vcpu = r->vcpu;

    r->alone = vcpu->exit == VCPU_EXIT_FAULT && vcpu->fault.retry;
    if (r->alone) {
        vcpu->retired--;
    } else {
        r->context_stale = !e->guest->deliver(vcpu);
    }
}

/* What code came back for.  False when it is to be seen whether something
 * else is wanted, before more is run. */
static bool serve_exit(struct engine *e, struct runner *r)
{
    struct vcpu *vcpu = r->vcpu;
    enum vcpu_exit why = vcpu->exit;

    r->stats.exits[why & 7]++;
    switch (why) {
    case VCPU_EXIT_NONE:
        break;
    case VCPU_EXIT_FAULT:
    case VCPU_EXIT_EXCEPTION:
    case VCPU_EXIT_RETURN:
        deliver(e, r);
        break;
    case VCPU_EXIT_STATE:
        r->context_stale = true;
        break;
    case VCPU_EXIT_WAIT:
        sleep_until_woken(e, r);
        r->context_stale = true;
        return false;
    case VCPU_EXIT_REQUEST:
        return false;
    }
    return !__atomic_load_n(&vcpu->request, __ATOMIC_ACQUIRE);
}

/* Run code from vcpu->pc on until something else is wanted. */
static void run_code(struct engine *e, struct runner *r)
{
    struct vcpu *vcpu = r->vcpu;
    struct block *b = exec_find(e, r, NULL);

    while (b) {
        bool alone = r->alone;

        vcpu->exit = VCPU_EXIT_NONE;
        if (log_on(LOG_BLOCKS)) {
            unit_log_enter(e->guest, vcpu, b);
        }
        if (!e->backend) {
            ir_interpret(vcpu, block_ir(b), b->ir_count,
                         block_ir(b) + b->ir_count, b->ir_consts,
                         block_edges(b));
            r->alone = false;
            serve_exit(e, r);
            return;
        }
        backend_enter(e->backend, vcpu, b->code + b->entry);
        r->alone = false;
        struct block_link *link = exec_sync_pc(e, vcpu, b);
        bool exits = vcpu->exit != VCPU_EXIT_NONE;
        if (!serve_exit(e, r) || alone) {
            return;
        }
        r->singly = !exits && link && link->singly;
        link = exits ? NULL : link;
        b = exec_find(e, r, link);
        r->singly = false;
        if (exits || log_on(LOG_BLOCKS)) {
            continue;
        }
        if (b && link) {
            r->stats.links += block_link(e->blocks, link, b);
        } else if (b && !link) {
            exec_fill_jump_cache(r, b);
        }
    }
}

void engine_run(struct engine *e, struct vcpu *vcpu)
{
    struct runner *r = &e->runner[vcpu->index];

    r->thread = pthread_self();
    shootdown_wake(e->config.shootdown, vcpu->index);
    code_cache_sleep(e->cache, vcpu->index, false);
    r->context_stale = true;
    r->alone = false;
    r->slept = true;
    tell_running(r, true);
    for (;;) {
        /* Requests set before this epoch began are seen below. */
        uint64_t epoch = code_cache_epoch(e->cache);
        if (__atomic_load_n(&vcpu->request, __ATOMIC_ACQUIRE)) {
            shootdown_sleep(e->config.shootdown, vcpu->index);
            if (!serve_requests(e, r)) {
                break;
            }
            shootdown_wake(e->config.shootdown, vcpu->index);
        }
        code_cache_pass(e->cache, vcpu->index, epoch);
        refresh_chunks(e, r);
        run_code(e, r);
    }
    tell_running(r, false);
    shootdown_sleep(e->config.shootdown, vcpu->index);
    code_cache_sleep(e->cache, vcpu->index, true);
}

/* -- invalidation --------------------------------------------------------- */

void engine_code_written(struct engine *e, uint64_t pa, uint64_t size)
{
    block_kill_range(e->blocks, pa, size);
}

void engine_code_changed(struct engine *e)
{
    block_recheck_all(e->blocks);
}

/*
 * Strict mode.  A store that hits translated code may hit the unit it is
 * part of, which would go on as it was: it is done again as a unit of its
 * own.  Whoever translates reads the guest's bytes before or after the
 * store; the second invalidation refuses the former.
 */
static bool before_store(void *opaque, uint64_t pa, uint64_t size)
{
    const struct runner *r = opaque;

    return !block_kill_range(r->engine->blocks, pa, size) || r->alone;
}

static void after_store(void *opaque, uint64_t pa, uint64_t size)
{
    const struct runner *r = opaque;

    block_kill_range(r->engine->blocks, pa, size);
}

void engine_set_strict(struct engine *e, struct vcpu *vcpu, bool strict)
{
    static const struct tlb_code_ops ops = {before_store, after_store};
    struct runner *r = &e->runner[vcpu->index];

    if (strict == r->strict) {
        return;
    }
    r->strict = strict;
    e->strict += strict ? 1 : -1u; /* before the write entries go */
    tlb_set_strict(vcpu->mmu, strict, &ops, r);
    if (strict) {
        struct tlb_inval inval = {.kind = TLB_INVAL_PAGE_IDS};

        block_recheck_all(e->blocks);
        tlb_invalidate(vcpu->mmu, &inval);
    }
}

static void print_cache(struct engine *e, FILE *f)
{
    static const char *const names[CODE_CLASSES] = {
        "originals", "copies", "regions",
    };

    fprintf(f, "code cache: %u units\n", block_count(e->blocks));
    for (unsigned n = 0; n < CODE_CLASSES; n++) {
        struct code_cache_figures c = code_cache_figures(e->cache, n);

        fprintf(f, "  %-10s %9zu bytes of code, %9zu about it; evicted %"
                PRIu64 " times %u, limit %zu\n", names[n], c.code,
                c.metadata, c.evicted, CODE_CHUNK_SIZE, c.limit);
    }
}

void engine_print_stats(struct engine *e, FILE *f)
{
    struct stats_view view = {
        .cpus = e->config.cpus,
        .backend = e->backend,
        .exception_name = e->guest->exception_name,
    };

    for (unsigned n = 0; n < e->config.cpus; n++) {
        view.engine[n] = &e->runner[n].stats;
        view.vcpu[n] = e->runner[n].vcpu;
    }
    stats_print(&view, f);
    if (e->regions) {
        regions_print_stats(e->regions, f);
    }
    print_cache(e, f);
}
