/*
 * The event loop of the I/O thread: file descriptors, timers, deferred
 * calls.
 *
 * One thread runs loop_run(); handlers run on that thread only.  Functions
 * marked [any] may be called from every thread, the others from the loop
 * thread or before loop_run() starts.
 */
#ifndef UTIL_LOOP_H
#define UTIL_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;

struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Run handlers until loop_stop().  The return value is loop_stop()'s. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int status); /* [any], signal-safe */

/*
 * Watch `fd`.  A handler that is NULL is not watched for; change the set
 * with loop_fd_set_handlers.  The descriptor's flags are left alone.
 */
struct loop_fd *loop_fd_add(struct loop *loop, int fd,
                            void (*readable)(void *opaque),
                            void (*writable)(void *opaque), void *opaque);
void loop_fd_set_handlers(struct loop_fd *w, void (*readable)(void *opaque),
                          void (*writable)(void *opaque));
void loop_fd_remove(struct loop_fd *w);

/*
 * A library that keeps its own list of descriptors.  Before each sleep
 * `prepare` names them with loop_poll_add(), which returns an index, and
 * returns until when to sleep at most (ns, UINT64_MAX: no limit); after it
 * `finish` asks loop_poll_events() for each index.  Events are poll()'s.
 */
struct loop_poller;
struct loop_poller *loop_poller_add(struct loop *loop,
                                    uint64_t (*prepare)(void *opaque),
                                    void (*finish)(void *opaque),
                                    void *opaque);
void loop_poller_remove(struct loop_poller *poller);
int loop_poll_add(struct loop *loop, int fd, short events);
short loop_poll_events(struct loop *loop, int index);

/* One-shot timer on clock_monotonic_ns; disarmed when created. */
struct loop_timer *loop_timer_new(struct loop *loop,
                                  void (*fire)(void *opaque), void *opaque);
void loop_timer_arm(struct loop_timer *t, uint64_t deadline_ns); /* [any] */
void loop_timer_disarm(struct loop_timer *t);                    /* [any] */
void loop_timer_free(struct loop_timer *t);

/* Run call(opaque) soon on the loop thread, in order of posting. [any] */
void loop_post(struct loop *loop, void (*call)(void *opaque), void *opaque);

/* Forget calls posted with this `opaque`, which is about to go. */
void loop_unpost(struct loop *loop, void *opaque);

#endif
