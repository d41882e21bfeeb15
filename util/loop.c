/*
 * poll() and not epoll, which refuses regular files (a guest's input may
 * well be one); there are few descriptors.  Other threads wake the loop
 * through an eventfd, and only when it sleeps past what they want.
 *
 * `lock` guards the timers and the posted calls; the watches belong to the
 * loop thread.  No handler is called with the lock held.
 */
#include "util/loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"

#define NEVER UINT64_MAX

struct loop_fd {
    struct loop *loop;
    struct loop_fd *next;
    int fd;
    bool removed; /* freed at the start of the next round */
    void (*readable)(void *opaque);
    void (*writable)(void *opaque);
    void *opaque;
};

struct loop_poller {
    struct loop *loop;
    struct loop_poller *next;
    bool removed; /* freed at the start of the next round */
    bool prepared;
    uint64_t (*prepare)(void *opaque);
    void (*finish)(void *opaque);
    void *opaque;
};

struct loop_timer {
    struct loop *loop;
    struct loop_timer *next;
    uint64_t deadline; /* ns, NEVER when disarmed */
    uint64_t round;    /* in which it fired last */
    void (*fire)(void *opaque);
    void *opaque;
};

struct posted {
    struct posted *next;
    void (*call)(void *opaque);
    void *opaque;
};

struct loop {
    int wake_fd;
    atomic_int status;
    atomic_bool stop;
    uint64_t round;

    struct loop_fd *fds;
    struct loop_poller *pollers;
    struct pollfd *poll; /* scratch: the wake_fd, the pollers', watches */
    struct loop_fd **polled; /* whose, for the watches */
    size_t poll_count, poll_room;

    pthread_mutex_t lock;
    struct loop_timer *timers;
    struct posted *posts, **posts_tail;
    size_t post_count;
    uint64_t asleep_until; /* 0 when awake */
};

static void *checked(void *p)
{
    if (!p) {
        abort();
    }
    return p;
}

struct loop *loop_new(void)
{
    struct loop *loop = checked(calloc(1, sizeof(*loop)));
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->wake_fd < 0) {
        abort();
    }
    pthread_mutex_init(&loop->lock, NULL);
    loop->posts_tail = &loop->posts;
    return loop;
}

static void reap_removed(struct loop *loop)
{
    struct loop_fd **link = &loop->fds;
    while (*link) {
        struct loop_fd *w = *link;
        if (w->removed) {
            *link = w->next;
            free(w);
        } else {
            link = &w->next;
        }
    }
    for (struct loop_poller **at = &loop->pollers; *at;) {
        struct loop_poller *poller = *at;
        if (poller->removed) {
            *at = poller->next;
            free(poller);
        } else {
            at = &poller->next;
        }
    }
}

/* Watches, pollers and timers that still exist go with their loop. */
void loop_free(struct loop *loop)
{
    for (struct loop_fd *w = loop->fds; w; w = w->next) {
        w->removed = true;
    }
    for (struct loop_poller *at = loop->pollers; at; at = at->next) {
        at->removed = true;
    }
    reap_removed(loop);
    while (loop->timers) {
        loop_timer_free(loop->timers);
    }
    while (loop->posts) {
        struct posted *p = loop->posts;
        loop->posts = p->next;
        free(p);
    }
    close(loop->wake_fd);
    pthread_mutex_destroy(&loop->lock);
    free(loop->poll);
    free(loop->polled);
    free(loop);
}

/* Async-signal-safe.  A full counter means that it is awake already. */
static void wake(struct loop *loop)
{
    int saved = errno;
    uint64_t one = 1;
    while (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    errno = saved;
}

void loop_stop(struct loop *loop, int status)
{
    atomic_store(&loop->status, status);
    atomic_store(&loop->stop, true);
    wake(loop);
}

struct loop_fd *loop_fd_add(struct loop *loop, int fd,
                            void (*readable)(void *opaque),
                            void (*writable)(void *opaque), void *opaque)
{
    struct loop_fd *w = checked(calloc(1, sizeof(*w)));
    *w = (struct loop_fd){.loop = loop, .next = loop->fds, .fd = fd,
                          .readable = readable, .writable = writable,
                          .opaque = opaque};
    loop->fds = w;
    return w;
}

void loop_fd_set_handlers(struct loop_fd *w, void (*readable)(void *opaque),
                          void (*writable)(void *opaque))
{
    w->readable = readable;
    w->writable = writable;
}

void loop_fd_remove(struct loop_fd *w)
{
    if (w) {
        w->removed = true;
    }
}

struct loop_poller *loop_poller_add(struct loop *loop,
                                    uint64_t (*prepare)(void *opaque),
                                    void (*finish)(void *opaque),
                                    void *opaque)
{
    struct loop_poller *poller = checked(calloc(1, sizeof(*poller)));
    *poller = (struct loop_poller){.loop = loop, .next = loop->pollers,
                                   .prepare = prepare, .finish = finish,
                                   .opaque = opaque};
    loop->pollers = poller;
    return poller;
}

void loop_poller_remove(struct loop_poller *poller)
{
    if (poller) {
        poller->removed = true;
    }
}

struct loop_timer *loop_timer_new(struct loop *loop,
                                  void (*fire)(void *opaque), void *opaque)
{
    struct loop_timer *t = checked(calloc(1, sizeof(*t)));
    *t = (struct loop_timer){.loop = loop, .deadline = NEVER, .fire = fire,
                             .opaque = opaque};
    pthread_mutex_lock(&loop->lock);
    t->next = loop->timers;
    loop->timers = t;
    pthread_mutex_unlock(&loop->lock);
    return t;
}

void loop_timer_arm(struct loop_timer *t, uint64_t deadline_ns)
{
    struct loop *loop = t->loop;
    pthread_mutex_lock(&loop->lock);
    t->deadline = deadline_ns;
    bool early = deadline_ns < loop->asleep_until;
    pthread_mutex_unlock(&loop->lock);
    if (early) {
        wake(loop);
    }
}

void loop_timer_disarm(struct loop_timer *t)
{
    pthread_mutex_lock(&t->loop->lock);
    t->deadline = NEVER;
    pthread_mutex_unlock(&t->loop->lock);
}

void loop_timer_free(struct loop_timer *t)
{
    if (!t) {
        return;
    }
    struct loop *loop = t->loop;
    pthread_mutex_lock(&loop->lock);
    struct loop_timer **link = &loop->timers;
    while (*link != t) {
        link = &(*link)->next;
    }
    *link = t->next;
    pthread_mutex_unlock(&loop->lock);
    free(t);
}

void loop_post(struct loop *loop, void (*call)(void *opaque), void *opaque)
{
    struct posted *p = checked(malloc(sizeof(*p)));
    *p = (struct posted){.call = call, .opaque = opaque};
    pthread_mutex_lock(&loop->lock);
    *loop->posts_tail = p;
    loop->posts_tail = &p->next;
    loop->post_count++;
    bool asleep = loop->asleep_until != 0;
    pthread_mutex_unlock(&loop->lock);
    if (asleep) {
        wake(loop);
    }
}

void loop_unpost(struct loop *loop, void *opaque)
{
    pthread_mutex_lock(&loop->lock);
    struct posted **link = &loop->posts;
    while (*link) {
        struct posted *p = *link;
        if (p->opaque == opaque) {
            *link = p->next;
            loop->post_count--;
            free(p);
        } else {
            link = &p->next;
        }
    }
    loop->posts_tail = link;
    pthread_mutex_unlock(&loop->lock);
}

/* Calls posted meanwhile wait for the next round: they cannot starve the
 * descriptors. */
static void run_posts(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    size_t left = loop->post_count;
    while (loop->posts && left-- > 0) {
        struct posted *p = loop->posts;
        loop->posts = p->next;
        if (!loop->posts) {
            loop->posts_tail = &loop->posts;
        }
        loop->post_count--;
        pthread_mutex_unlock(&loop->lock);
        p->call(p->opaque);
        free(p);
        pthread_mutex_lock(&loop->lock);
    }
    pthread_mutex_unlock(&loop->lock);
}

/* The timer that is due first, or NULL; one that fired in this round and
 * was armed again waits for the next. */
static struct loop_timer *next_timer(struct loop *loop, bool any_round)
{
    struct loop_timer *first = NULL;
    for (struct loop_timer *t = loop->timers; t; t = t->next) {
        if (t->deadline != NEVER && (any_round || t->round != loop->round) &&
            (!first || t->deadline < first->deadline)) {
            first = t;
        }
    }
    return first;
}

static void run_timers(struct loop *loop)
{
    uint64_t now = clock_monotonic_ns();
    for (;;) {
        pthread_mutex_lock(&loop->lock);
        struct loop_timer *t = next_timer(loop, false);
        if (!t || t->deadline > now) {
            pthread_mutex_unlock(&loop->lock);
            return;
        }
        t->deadline = NEVER;
        t->round = loop->round;
        void (*fire)(void *opaque) = t->fire;
        void *opaque = t->opaque;
        pthread_mutex_unlock(&loop->lock);
        fire(opaque);
    }
}

static int poll_array_add(struct loop *loop, int fd, short events,
                          struct loop_fd *whose)
{
    size_t n = loop->poll_count++;
    if (n == loop->poll_room) {
        loop->poll_room = n ? 2 * n : 16;
        loop->poll = checked(
            realloc(loop->poll, loop->poll_room * sizeof(*loop->poll)));
        loop->polled = checked(
            realloc(loop->polled, loop->poll_room * sizeof(*loop->polled)));
    }
    loop->poll[n] = (struct pollfd){.fd = fd, .events = events};
    loop->polled[n] = whose;
    return (int)n;
}

int loop_poll_add(struct loop *loop, int fd, short events)
{
    return poll_array_add(loop, fd, events, NULL);
}

short loop_poll_events(struct loop *loop, int index)
{
    return loop->poll[index].revents;
}

/* Fill the poll array; a watch without handlers is left out, for poll()
 * would report its hang-up for ever.  Returns the pollers' deadline. */
static uint64_t collect_fds(struct loop *loop)
{
    uint64_t deadline = NEVER;

    loop->poll_count = 0;
    poll_array_add(loop, loop->wake_fd, POLLIN, NULL);
    for (struct loop_poller *at = loop->pollers; at; at = at->next) {
        uint64_t limit = at->prepare(at->opaque);
        deadline = limit < deadline ? limit : deadline;
        at->prepared = true;
    }
    /* Last: what was prepared may have changed handlers. */
    for (struct loop_fd *w = loop->fds; w; w = w->next) {
        if (w->readable || w->writable) {
            short events = (w->readable ? POLLIN : 0) |
                           (w->writable ? POLLOUT : 0);
            poll_array_add(loop, w->fd, events, w);
        }
    }
    return deadline;
}

/* Until a descriptor is ready, a timer due or somebody calls wake(). */
static void sleep_in_poll(struct loop *loop, uint64_t deadline)
{
    pthread_mutex_lock(&loop->lock);
    struct loop_timer *t = next_timer(loop, true);
    if (t && t->deadline < deadline) {
        deadline = t->deadline;
    }
    bool busy = loop->posts != NULL;
    loop->asleep_until = deadline ? deadline : 1;
    pthread_mutex_unlock(&loop->lock);

    struct timespec ts = {0}, *timeout = &ts;
    if (!busy && deadline == NEVER) {
        timeout = NULL;
    } else if (!busy) {
        uint64_t now = clock_monotonic_ns();
        uint64_t left = deadline > now ? deadline - now : 0;
        ts.tv_sec = (time_t)(left / NS_PER_SEC);
        ts.tv_nsec = (long)(left % NS_PER_SEC);
    }
    int ready = ppoll(loop->poll, loop->poll_count, timeout, NULL);
    pthread_mutex_lock(&loop->lock);
    loop->asleep_until = 0;
    pthread_mutex_unlock(&loop->lock);
    for (size_t i = 0; ready <= 0 && i < loop->poll_count; i++) {
        loop->poll[i].revents = 0;
    }
}

/* Hang-ups and errors go to whichever handler is there: its read() or
 * write() sees them. */
static void dispatch(struct loop_fd *w, short events)
{
    short odd = events & (POLLHUP | POLLERR);
    if (events & POLLNVAL) {
        loop_fd_set_handlers(w, NULL, NULL);
        return;
    }
    if ((events & POLLIN || odd) && !w->removed && w->readable) {
        w->readable(w->opaque);
        odd = 0;
    }
    if ((events & POLLOUT || odd) && !w->removed && w->writable) {
        w->writable(w->opaque);
    }
}

/* Handlers may add watches and pollers, but nothing to the poll array. */
static void dispatch_all(struct loop *loop)
{
    if (loop->poll[0].revents) {
        uint64_t count;
        (void)!read(loop->wake_fd, &count, sizeof(count));
    }
    for (size_t i = 1; i < loop->poll_count; i++) {
        if (loop->polled[i] && loop->poll[i].revents) {
            dispatch(loop->polled[i], loop->poll[i].revents);
        }
    }
    for (struct loop_poller *at = loop->pollers; at; at = at->next) {
        if (at->prepared && !at->removed) {
            at->finish(at->opaque);
        }
    }
}

int loop_run(struct loop *loop)
{
    /* The kernel may sleep 50 us longer than asked; guest timers care. */
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    while (!atomic_load(&loop->stop)) {
        loop->round++;
        reap_removed(loop);
        sleep_in_poll(loop, collect_fds(loop));
        dispatch_all(loop);
        run_timers(loop);
        run_posts(loop);
    }
    atomic_store(&loop->stop, false);
    return atomic_load(&loop->status);
}
