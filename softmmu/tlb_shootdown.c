/*
 * One mailbox per vCPU: a short list of requests under a lock, and two
 * counts, `posted` by whoever asks and `done` by the owner.  To wait is to
 * note every `posted` and stay until `done` reaches it or the vCPU sleeps
 * (it drains before it runs guest code again, and its lock orders that
 * after what was posted).
 */
#include "softmmu/tlb_shootdown.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "util/bits.h"

#define MAX_PENDING 64

/* How a waiter spends its time: spins, then yields, then naps. */
#define WAIT_SPINS 200
#define WAIT_YIELDS 50
#define WAIT_NAP_NS 50000

struct mailbox {
    _Alignas(64) pthread_mutex_t lock;
    struct tlb *tlb;
    unsigned count;       /* requests pending [lock] */
    bool asleep;          /* [written under lock] */
    bool dirty;           /* posted since the last wait [owner] */
    uint64_t posted;      /* requests ever queued [written under lock] */
    uint64_t done;        /* of those, applied [written by the owner] */
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
        last->asid != inval->asid || last->leaf != inval->leaf) {
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

/* True when the vCPU has to be told. [lock] */
static bool append(struct mailbox *box, const struct tlb_inval *inval)
{
    bool first = box->count == 0;

    if (!merge(box, inval)) {
        if (box->count == MAX_PENDING) {
            box->pending[0] = (struct tlb_inval){.kind = TLB_INVAL_ALL};
            box->count = 1;
        } else {
            box->pending[box->count++] = *inval;
        }
    }
    __atomic_store_n(&box->posted, box->posted + 1, __ATOMIC_RELEASE);
    return first && !box->asleep;
}

void shootdown_post(struct shootdown *s, unsigned self,
                    const struct tlb_inval *request)
{
    struct tlb_inval inval = *request;

    if (inval.size < BIT(TLB_PAGE_BITS)) {
        inval.size = BIT(TLB_PAGE_BITS);
    }
    for (unsigned i = 0; i < s->cpus; i++) {
        struct mailbox *box = &s->boxes[i];
        if (i == self || !box->tlb) {
            continue;
        }
        pthread_mutex_lock(&box->lock);
        bool tell = append(box, &inval);
        pthread_mutex_unlock(&box->lock);
        if (tell) {
            s->kick(s->opaque, i);
        }
    }
    s->boxes[self].dirty = true;
}

static bool has_reached(struct mailbox *box, uint64_t target)
{
    return __atomic_load_n(&box->done, __ATOMIC_ACQUIRE) >= target ||
           __atomic_load_n(&box->asleep, __ATOMIC_ACQUIRE);
}

static void pass_time(unsigned round)
{
    if (round < WAIT_SPINS) {
        __builtin_ia32_pause();
    } else if (round < WAIT_SPINS + WAIT_YIELDS) {
        sched_yield();
    } else {
        nanosleep(&(struct timespec){.tv_nsec = WAIT_NAP_NS}, NULL);
    }
}

void shootdown_wait(struct shootdown *s, unsigned self)
{
    if (!s->boxes[self].dirty) {
        return;
    }
    s->boxes[self].dirty = false;
    for (unsigned i = 0; i < s->cpus; i++) {
        struct mailbox *box = &s->boxes[i];
        if (i == self || !box->tlb) {
            continue;
        }
        /* May include what others posted: as good. */
        uint64_t target = __atomic_load_n(&box->posted, __ATOMIC_ACQUIRE);
        for (unsigned round = 0; !has_reached(box, target); round++) {
            shootdown_drain(s, self);
            pass_time(round);
        }
    }
}

void shootdown_drain(struct shootdown *s, unsigned self)
{
    struct mailbox *box = &s->boxes[self];
    struct tlb_inval batch[MAX_PENDING];

    if (__atomic_load_n(&box->posted, __ATOMIC_ACQUIRE) == box->done) {
        return;
    }
    pthread_mutex_lock(&box->lock);
    unsigned count = box->count;
    uint64_t target = box->posted;
    for (unsigned i = 0; i < count; i++) {
        batch[i] = box->pending[i];
    }
    box->count = 0;
    pthread_mutex_unlock(&box->lock);

    for (unsigned i = 0; i < count; i++) {
        tlb_invalidate(box->tlb, &batch[i]);
    }
    __atomic_store_n(&box->done, target, __ATOMIC_RELEASE);
}

static void set_asleep(struct mailbox *box, bool asleep)
{
    pthread_mutex_lock(&box->lock);
    __atomic_store_n(&box->asleep, asleep, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&box->lock);
}

void shootdown_sleep(struct shootdown *s, unsigned self)
{
    set_asleep(&s->boxes[self], true);
}

void shootdown_wake(struct shootdown *s, unsigned self)
{
    set_asleep(&s->boxes[self], false);
    shootdown_drain(s, self);
}
