/*
 * Invalidation on other vCPUs (broadcast TLBI).
 *
 * The initiator appends to each target's queue and sets the target's
 * request word; targets drain their queue at their next safepoint (a poll
 * in generated code, or before they enter it).  The initiator's barrier
 * (DSB) calls shootdown_wait(), which returns when every target has
 * drained or is asleep; while it waits it drains its own queue, so that two
 * waiting vCPUs cannot block each other.
 *
 * A target that uses another address space is neither told nor waited for
 * when the invalidation is of one: it drains before it selects that space.
 */
#ifndef SOFTMMU_TLB_SHOOTDOWN_H
#define SOFTMMU_TLB_SHOOTDOWN_H

#include "softmmu/tlb.h"

struct shootdown; /* one per machine */

/* For up to 64 vCPUs.  `kick(opaque, cpu)` makes vCPU `cpu` reach a safepoint
 * soon; called without locks, once until it drains. */
struct shootdown *shootdown_new(unsigned cpus,
                                void (*kick)(void *opaque, unsigned cpu),
                                void *opaque);
void shootdown_free(struct shootdown *s);
void shootdown_attach(struct shootdown *s, unsigned cpu, struct tlb *tlb);

/* Queue `inval` for every vCPU but `self`. [vCPU self] */
void shootdown_post(struct shootdown *s, unsigned self,
                    const struct tlb_inval *inval);
/* Wait until all that this vCPU posted has been done. [vCPU self] */
void shootdown_wait(struct shootdown *s, unsigned self);
/* Apply what others queued for this vCPU; cheap when empty. [vCPU self] */
void shootdown_drain(struct shootdown *s, unsigned self);
/* The vCPU sleeps (WFI, powered off, paused, or whatever else it does while
 * it uses no translation) or wakes: a sleeping one counts as drained, is not
 * kicked, and drains when it wakes.  Every vCPU starts asleep: its thread
 * wakes it before it runs guest code. [vCPU self] */
void shootdown_sleep(struct shootdown *s, unsigned self);
void shootdown_wake(struct shootdown *s, unsigned self);
/* The vCPU is about to use translations of this ASID and no longer those of
 * another.  A safepoint. [vCPU self] */
#define SHOOTDOWN_NO_ASID UINT32_MAX
#define SHOOTDOWN_ANY_ASID (UINT32_MAX - 1) /* of several */
void shootdown_set_asid(struct shootdown *s, unsigned self, uint32_t asid);

#endif
