/*
 * One mailbox per vCPU: a short list of requests under a lock, and two
 * counts, `posted` by whoever asks and `done` by the owner.  To wait is to
 * note every `posted` and stay until `done` reaches it or the vCPU sleeps
 * (it drains before it runs guest code again).
 *
 * Two pairs are each a store, a full barrier and a load of the other's:
 * `posted` of whoever asks and `asleep` or `asid` of the owner, who looks at
 * `posted` when it has changed these.  So either the owner finds the request
 * before it uses a translation, or it is told and waited for.
 */
#include "softmmu/tlb_shootdown.h"

#include <assert.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "util/bits.h"

#define MAX_PENDING 64

/* A vCPU answers within a microsecond when it runs and may take twenty when
 * it translates.  Whoever has not answered by then probably waits for a
 * processor of the host, and can have this one. */
#define WAIT_SPINS 500
#define WAIT_NAP_NS 10000000

struct mailbox {
    /* What others look at while the owner runs. */
    _Alignas(64) uint64_t posted; /* requests ever queued [lock] */
    uint64_t done;        /* of those, applied [written by the owner] */
    uint32_t asid;        /* in use [written by the owner] */
    bool asleep;          /* [written by the owner] */
    uint32_t waiters;     /* blocked until `event` moves */
    uint32_t event;       /* futex */
    struct tlb *tlb;
    /* vCPUs that this one has posted to, and told, since its last wait; one
     * bit each. [owner] */
    uint64_t owing;

    _Alignas(64) pthread_mutex_t lock;
    unsigned count;       /* requests pending [lock] */
    bool told;            /* it knows, and will drain [lock] */
    struct tlb_inval pending[MAX_PENDING];
};

struct shootdown {
    unsigned cpus;
    void (*kick)(void *opaque, unsigned cpu);
    void *opaque;
    struct mailbox *boxes;
};

struct shootdown *shootdown_new(unsigned cpus,
                                void (*kick)(void *opaque, unsigned cpu),
                                void *opaque)
{
    struct shootdown *s = calloc(1, sizeof(*s));
    void *boxes = NULL;

    assert(cpus <= 64); /* mailbox.owing */
    if (!s || posix_memalign(&boxes, 64, cpus * sizeof(*s->boxes))) {
        abort();
    }
    *s = (struct shootdown){cpus, kick, opaque, boxes};
    for (unsigned i = 0; i < cpus; i++) {
        s->boxes[i] = (struct mailbox){.asleep = true};
        pthread_mutex_init(&s->boxes[i].lock, NULL);
    }
    return s;
}

void shootdown_free(struct shootdown *s)
{
    if (!s) {
        return;
    }
    for (unsigned i = 0; i < s->cpus; i++) {
        pthread_mutex_destroy(&s->boxes[i].lock);
    }
    free(s->boxes);
    free(s);
}

void shootdown_attach(struct shootdown *s, unsigned cpu, struct tlb *tlb)
{
    assert(cpu < s->cpus);
    s->boxes[cpu].tlb = tlb;
}

/* Extend the last request when `inval` continues it: guests unmap ranges
 * page by page. */
static bool merge(struct mailbox *box, const struct tlb_inval *inval)
{
    if (!box->count) {
        return false;
    }
    struct tlb_inval *last = &box->pending[box->count - 1];
    bool by_va =
        inval->kind == TLB_INVAL_VA || inval->kind == TLB_INVAL_VA_ALL;

    if (last->kind != inval->kind || last->regime != inval->regime ||
        last->asid != inval->asid || last->vmid != inval->vmid ||
        last->all_vmids != inval->all_vmids || last->leaf != inval->leaf) {
        return last->kind == TLB_INVAL_ALL;
    }
    if (!by_va) {
        return inval->kind != TLB_INVAL_WRITES || last->va == inval->va;
    }
    if (last->va + last->size != inval->va) {
        return last->va == inval->va && inval->size <= last->size;
    }
    last->size += inval->size;
    return true;
}

static void append(struct mailbox *box, const struct tlb_inval *inval)
{
    if (!merge(box, inval)) {
        if (box->count == MAX_PENDING) {
            box->pending[0] = (struct tlb_inval){.kind = TLB_INVAL_ALL};
            box->count = 1;
        } else {
            box->pending[box->count++] = *inval;
        }
    }
    __atomic_store_n(&box->posted, box->posted + 1, __ATOMIC_SEQ_CST);
}

/* Whether the vCPU may be using what is invalidated. */
static bool is_concerned(const struct mailbox *box,
                         const struct tlb_inval *inval)
{
    if (__atomic_load_n(&box->asleep, __ATOMIC_SEQ_CST)) {
        return false;
    }
    if (inval->kind != TLB_INVAL_ASID && inval->kind != TLB_INVAL_VA) {
        return true;
    }
    uint32_t asid = __atomic_load_n(&box->asid, __ATOMIC_SEQ_CST);

    return asid == inval->asid || asid == SHOOTDOWN_ANY_ASID ||
           (inval->kind == TLB_INVAL_VA &&
            tlb_may_be_global(box->tlb, inval->va, inval->size));
}

/* True when the vCPU is concerned; *tell when it has to be told as well. */
static bool post(struct mailbox *box, const struct tlb_inval *inval,
                 bool *tell)
{
    pthread_mutex_lock(&box->lock);
    append(box, inval);
    bool concerned = is_concerned(box, inval);
    *tell = concerned && !box->told;
    box->told |= *tell;
    pthread_mutex_unlock(&box->lock);
    return concerned;
}

void shootdown_post(struct shootdown *s, unsigned self,
                    const struct tlb_inval *request)
{
    struct tlb_inval inval = *request;
    bool tell;

    if (inval.size < BIT(TLB_PAGE_BITS)) {
        inval.size = BIT(TLB_PAGE_BITS);
    }
    for (unsigned i = 0; i < s->cpus; i++) {
        struct mailbox *box = &s->boxes[i];
        if (i == self || !box->tlb || !post(box, &inval, &tell)) {
            continue;
        }
        s->boxes[self].owing |= BIT(i);
        if (tell) {
            s->kick(s->opaque, i);
        }
    }
}

static bool has_reached(const struct mailbox *box, uint64_t target)
{
    return __atomic_load_n(&box->done, __ATOMIC_SEQ_CST) >= target ||
           __atomic_load_n(&box->asleep, __ATOMIC_SEQ_CST);
}

/* The owner has moved on. */
static void announce(struct mailbox *box)
{
    if (__atomic_load_n(&box->waiters, __ATOMIC_SEQ_CST)) {
        __atomic_fetch_add(&box->event, 1, __ATOMIC_SEQ_CST);
        syscall(SYS_futex, &box->event, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL,
                NULL, 0);
    }
}

static void block(struct mailbox *box, uint64_t target)
{
    struct timespec nap = {.tv_nsec = WAIT_NAP_NS};

    __atomic_fetch_add(&box->waiters, 1, __ATOMIC_SEQ_CST);
    uint32_t event = __atomic_load_n(&box->event, __ATOMIC_SEQ_CST);
    if (!has_reached(box, target)) {
        syscall(SYS_futex, &box->event, FUTEX_WAIT_PRIVATE, event, &nap,
                NULL, 0);
    }
    __atomic_fetch_sub(&box->waiters, 1, __ATOMIC_SEQ_CST);
}

static void wait_for(struct shootdown *s, unsigned self, struct mailbox *box)
{
    /* May include what others posted: as good. */
    uint64_t target = __atomic_load_n(&box->posted, __ATOMIC_ACQUIRE);

    for (unsigned n = 0; n < WAIT_SPINS && !has_reached(box, target); n++) {
        shootdown_drain(s, self);
        __builtin_ia32_pause();
    }
    if (has_reached(box, target)) {
        return;
    }
    shootdown_sleep(s, self);
    while (!has_reached(box, target)) {
        block(box, target);
    }
    shootdown_wake(s, self);
}

void shootdown_wait(struct shootdown *s, unsigned self)
{
    uint64_t *owing = &s->boxes[self].owing;

    for (; *owing; *owing &= *owing - 1) {
        wait_for(s, self, &s->boxes[ctz64(*owing)]);
    }
}

void shootdown_drain(struct shootdown *s, unsigned self)
{
    struct mailbox *box = &s->boxes[self];
    struct tlb_inval batch[MAX_PENDING];

    if (__atomic_load_n(&box->posted, __ATOMIC_SEQ_CST) == box->done) {
        return;
    }
    pthread_mutex_lock(&box->lock);
    unsigned count = box->count;
    uint64_t target = box->posted;
    for (unsigned i = 0; i < count; i++) {
        batch[i] = box->pending[i];
    }
    box->count = 0;
    box->told = false;
    pthread_mutex_unlock(&box->lock);

    for (unsigned i = 0; i < count; i++) {
        tlb_invalidate(box->tlb, &batch[i]);
    }
    __atomic_store_n(&box->done, target, __ATOMIC_SEQ_CST);
    announce(box);
}

void shootdown_sleep(struct shootdown *s, unsigned self)
{
    struct mailbox *box = &s->boxes[self];

    __atomic_store_n(&box->asleep, true, __ATOMIC_SEQ_CST);
    announce(box);
}

void shootdown_wake(struct shootdown *s, unsigned self)
{
    __atomic_store_n(&s->boxes[self].asleep, false, __ATOMIC_SEQ_CST);
    shootdown_drain(s, self);
}

void shootdown_set_asid(struct shootdown *s, unsigned self, uint32_t asid)
{
    struct mailbox *box = &s->boxes[self];

    if (box->asid != asid) {
        __atomic_store_n(&box->asid, asid, __ATOMIC_SEQ_CST);
        shootdown_drain(s, self);
    }
}
