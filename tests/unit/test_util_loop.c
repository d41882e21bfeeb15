/* The event loop. */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/loop.h"

#define MS UINT64_C(1000000)

struct fixture {
    struct loop *loop;
    struct loop_fd *watch;
    struct loop_timer *timer;
    struct loop_poller *poller;
    int index;
    int fds[2];
    int calls;
    char seen[16]; /* order of events */
};

static void note(struct fixture *f, char event)
{
    size_t n = strlen(f->seen);
    if (n < sizeof(f->seen) - 1) {
        f->seen[n] = event;
    }
}

static void stop(void *opaque)
{
    struct fixture *f = opaque;
    loop_stop(f->loop, f->calls);
}

static void post_a(void *opaque)
{
    note(opaque, 'a');
}

static void post_b(void *opaque)
{
    struct fixture *f = opaque;
    note(f, 'b');
    loop_post(f->loop, stop, f);
    loop_post(f->loop, post_a, f);
}

START_TEST(posts_run_in_order)
{
    struct fixture f = {.loop = loop_new(), .calls = 42};
    loop_post(f.loop, post_a, &f);
    loop_post(f.loop, post_b, &f);
    ck_assert_int_eq(loop_run(f.loop), 42);
    ck_assert_str_eq(f.seen, "aba");
    loop_free(f.loop);
}
END_TEST

static void *post_from_thread(void *opaque)
{
    struct fixture *f = opaque;
    usleep(5000);
    loop_post(f->loop, stop, f);
    return NULL;
}

START_TEST(post_wakes_a_sleeping_loop)
{
    struct fixture f = {.loop = loop_new()};
    pthread_t thread;
    pthread_create(&thread, NULL, post_from_thread, &f);
    ck_assert_int_eq(loop_run(f.loop), 0);
    pthread_join(thread, NULL);
    loop_free(f.loop);
}
END_TEST

START_TEST(posts_are_forgotten)
{
    struct fixture f = {.loop = loop_new()}, other = {.loop = f.loop};
    loop_post(f.loop, post_a, &other);
    loop_post(f.loop, post_a, &f);
    loop_post(f.loop, post_b, &other);
    loop_unpost(f.loop, &other);
    loop_post(f.loop, stop, &f);
    loop_run(f.loop);
    ck_assert_str_eq(f.seen, "a");
    ck_assert_str_eq(other.seen, "");
    loop_free(f.loop);
}
END_TEST

/* A library with a list of its own: here the end of a pipe. */
static uint64_t pipe_prepare(void *opaque)
{
    struct fixture *f = opaque;
    note(f, 'p');
    f->index = loop_poll_add(f->loop, f->fds[0], POLLIN);
    return f->calls ? UINT64_MAX : clock_monotonic_ns() + 5 * MS;
}

static void pipe_finish(void *opaque)
{
    struct fixture *f = opaque;
    bool ready = loop_poll_events(f->loop, f->index) & POLLIN;
    note(f, ready ? 'r' : 'n');
    if (ready) {
        loop_poller_remove(f->poller);
        loop_post(f->loop, stop, f);
    } else {
        f->calls++;
        ck_assert_int_eq(write(f->fds[1], "x", 1), 1);
    }
}

START_TEST(pollers_bring_their_own)
{
    struct fixture f = {.loop = loop_new()};
    ck_assert_int_eq(pipe(f.fds), 0);
    f.poller = loop_poller_add(f.loop, pipe_prepare, pipe_finish, &f);
    ck_assert_int_eq(loop_run(f.loop), 1);
    ck_assert_str_eq(f.seen, "pnpr");
    loop_post(f.loop, stop, &f); /* it is gone */
    loop_run(f.loop);
    ck_assert_str_eq(f.seen, "pnpr");
    loop_free(f.loop);
    close(f.fds[0]);
    close(f.fds[1]);
}
END_TEST

static struct loop *signalled;

static void on_alarm(int signal)
{
    (void)signal;
    loop_stop(signalled, 3);
}

START_TEST(stop_from_a_signal)
{
    signalled = loop_new();
    signal(SIGALRM, on_alarm);
    ualarm(5000, 0);
    ck_assert_int_eq(loop_run(signalled), 3);
    loop_free(signalled);
}
END_TEST

static void tick(void *opaque)
{
    struct fixture *f = opaque;
    if (++f->calls == 3) {
        loop_stop(f->loop, 0);
    } else {
        loop_timer_arm(f->timer, clock_monotonic_ns() + 2 * MS);
    }
}

static void never(void *opaque)
{
    (void)opaque;
    ck_abort_msg("a disarmed timer fired");
}

START_TEST(timers_fire_when_due)
{
    struct fixture f = {.loop = loop_new()};
    uint64_t start = clock_monotonic_ns();
    f.timer = loop_timer_new(f.loop, tick, &f);
    struct loop_timer *off = loop_timer_new(f.loop, never, &f);
    loop_timer_arm(off, start);
    loop_timer_disarm(off);
    loop_timer_arm(f.timer, start + 2 * MS);
    loop_run(f.loop);
    ck_assert_int_eq(f.calls, 3);
    ck_assert_uint_ge(clock_monotonic_ns() - start, 6 * MS);
    loop_timer_free(off);
    loop_timer_free(f.timer);
    loop_free(f.loop);
}
END_TEST

static void again(void *opaque)
{
    struct fixture *f = opaque;
    f->calls++;
    loop_timer_arm(f->timer, 0);
}

/* A timer that is always due leaves room for everything else. */
START_TEST(late_timer_starves_nobody)
{
    struct fixture f = {.loop = loop_new()};
    f.timer = loop_timer_new(f.loop, again, &f);
    loop_timer_arm(f.timer, 0);
    loop_post(f.loop, stop, &f);
    loop_run(f.loop);
    ck_assert_int_eq(f.calls, 1);
    loop_free(f.loop);
}
END_TEST

static void *arm_from_thread(void *opaque)
{
    struct fixture *f = opaque;
    usleep(5000);
    loop_timer_arm(f->timer, clock_monotonic_ns());
    return NULL;
}

START_TEST(arming_earlier_wakes)
{
    struct fixture f = {.loop = loop_new()};
    pthread_t thread;
    f.timer = loop_timer_new(f.loop, stop, &f);
    loop_timer_arm(f.timer, clock_monotonic_ns() + 3600 * NS_PER_SEC);
    pthread_create(&thread, NULL, arm_from_thread, &f);
    loop_run(f.loop);
    pthread_join(thread, NULL);
    loop_free(f.loop);
}
END_TEST

static void on_readable(void *opaque)
{
    struct fixture *f = opaque;
    char c = 0;
    if (read(f->fds[0], &c, 1) == 1) {
        note(f, c);
    } else {
        note(f, '.');
        loop_fd_remove(f->watch);
        loop_post(f->loop, stop, f);
    }
}

START_TEST(fd_reads_until_hang_up)
{
    struct fixture f = {.loop = loop_new()};
    ck_assert_int_eq(pipe(f.fds), 0);
    ck_assert_int_eq(write(f.fds[1], "xy", 2), 2);
    close(f.fds[1]);
    f.watch = loop_fd_add(f.loop, f.fds[0], on_readable, NULL, &f);
    loop_run(f.loop);
    ck_assert_str_eq(f.seen, "xy.");
    close(f.fds[0]);
    loop_free(f.loop);
}
END_TEST

static void on_writable(void *opaque)
{
    struct fixture *f = opaque;
    note(f, 'w');
    loop_fd_set_handlers(f->watch, NULL, NULL);
    loop_timer_arm(f->timer, clock_monotonic_ns() + 2 * MS);
}

START_TEST(fd_without_handlers_is_silent)
{
    struct fixture f = {.loop = loop_new()};
    ck_assert_int_eq(pipe(f.fds), 0);
    f.watch = loop_fd_add(f.loop, f.fds[1], NULL, on_writable, &f);
    f.timer = loop_timer_new(f.loop, stop, &f);
    loop_run(f.loop);
    ck_assert_str_eq(f.seen, "w");
    close(f.fds[0]);
    close(f.fds[1]);
    loop_free(f.loop);
}
END_TEST

Suite *util_loop_suite(void)
{
    Suite *suite = suite_create("loop");
    TCase *tc = tcase_create("loop");
    tcase_add_test(tc, posts_run_in_order);
    tcase_add_test(tc, posts_are_forgotten);
    tcase_add_test(tc, pollers_bring_their_own);
    tcase_add_test(tc, post_wakes_a_sleeping_loop);
    tcase_add_test(tc, stop_from_a_signal);
    tcase_add_test(tc, timers_fire_when_due);
    tcase_add_test(tc, late_timer_starves_nobody);
    tcase_add_test(tc, arming_earlier_wakes);
    tcase_add_test(tc, fd_reads_until_hang_up);
    tcase_add_test(tc, fd_without_handlers_is_silent);
    suite_add_tcase(suite, tc);
    return suite;
}
