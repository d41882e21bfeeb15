/*
 * Runs an emulator, talks to its guest, and reports what that took.
 *
 *   watch LOG SECONDS PROGRAM ARGUMENT...
 *
 * Commands, one a line, come on standard input; each is answered by one line,
 * "ok ..." or "failed WHY".  Times are nanoseconds; "times" stands for the
 * time since the start, the processor time of the whole process, and that of
 * the threads which run guest code (they are named "CPU ...").
 *
 *   wait TEXT     until the guest has said this            ok TIMES
 *   send TEXT     type it, and Enter                       ok
 *   row NAME      type it, wait for "@begin", and for
 *                 "@end NAME WALL CPU SUM"; Enter after
 *                 each of them                             ok WALL PROCESS
 *                                                             THREADS SUM
 *   memory BYTES  resident KiB, each page once: in all,
 *                 and of mappings of just this size,
 *                 which are guest RAM                      ok ALL RAM
 *   end           until the program has ended              ok TIMES
 *
 *   quit          kill it, and end
 *
 * What the guest says goes to LOG.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC 1000000000ull
/* A thread's processor time is brought up to date when it sleeps: guests
 * wait for a line before and after a row, and are looked at when they have
 * had time to fall asleep. */
#define SETTLE_US 5000

static pid_t pid;
static int to_guest, from_guest, log_fd;
static uint64_t started, limit;
static char said[1 << 20]; /* what is to be looked at yet */
static size_t said_size;
static bool ended;
static int status;
static uint64_t end_wall, end_cpu;

struct times {
    uint64_t wall, process, threads;
};

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static void answer(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

/* -- the program ---------------------------------------------------------- */

static void start(char **argv)
{
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
        perror("watch: pipe");
        exit(1);
    }
    started = now();
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(out[1], 2);
        execvp(argv[0], argv);
        fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_guest = in[1];
    from_guest = out[0];
}

static void reap(void)
{
    struct rusage use;

    wait4(pid, &status, 0, &use);
    ended = true;
    end_wall = now() - started;
    end_cpu = (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) *
                  NS_PER_SEC +
              (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000;
}

/* More of what the guest says; false when the time or the program is over. */
static bool listen_more(uint64_t until)
{
    struct pollfd p = {from_guest, POLLIN, 0};
    uint64_t t = now();

    if (ended || t >= until ||
        poll(&p, 1, (int)((until - t) / 1000000) + 1) <= 0) {
        return false;
    }
    if (said_size > sizeof(said) / 2) { /* nobody waits for what is old */
        said_size -= sizeof(said) / 4;
        memmove(said, said + sizeof(said) / 4, said_size);
    }
    ssize_t got = read(from_guest, said + said_size,
                       sizeof(said) - said_size - 1);
    if (got <= 0) {
        reap();
        return false;
    }
    if (write(log_fd, said + said_size, (size_t)got) != got) {
        perror("watch: log");
    }
    for (ssize_t n = 0; n < got; n++) {
        if (said[said_size + (size_t)n] == '\0') {
            said[said_size + (size_t)n] = ' ';
        }
    }
    said_size += (size_t)got;
    said[said_size] = '\0';
    return true;
}

/* Until the guest says `text`, which is forgotten with all before it; *line,
 * if wanted, is what follows up to the end of the line. */
static bool wait_for(const char *text, char *line, size_t size)
{
    uint64_t until = now() + limit;

    for (;;) {
        char *at = strstr(said, text);
        char *after = at ? at + strlen(text) : NULL;

        if (after && line) {
            char *end = strpbrk(after, "\r\n");
            if (end) {
                snprintf(line, size, "%.*s", (int)(end - after), after);
            }
            after = end;
        }
        if (after) {
            said_size -= (size_t)(after - said);
            memmove(said, after, said_size + 1);
            return true;
        }
        if (!listen_more(until)) {
            answer("failed no '%s' %s", text,
                   ended ? "before the end" : "in time");
            return false;
        }
    }
}

/* -- what it took --------------------------------------------------------- */

static FILE *open_proc(const char *format, const char *task)
{
    char path[320];

    snprintf(path, sizeof(path), format, (int)pid, task);
    return fopen(path, "re");
}

static uint64_t thread_time(const char *task)
{
    uint64_t ns = 0;
    char name[32] = "";
    FILE *f = open_proc("/proc/%d/task/%s/comm", task);

    if (f) {
        if (!fgets(name, sizeof(name), f)) {
            name[0] = '\0';
        }
        fclose(f);
    }
    if (strncmp(name, "CPU ", 4) != 0) {
        return 0;
    }
    f = open_proc("/proc/%d/task/%s/schedstat", task);
    if (f) {
        if (fscanf(f, "%" SCNu64, &ns) != 1) {
            ns = 0;
        }
        fclose(f);
    }
    return ns;
}

static struct times take_times(void)
{
    struct times t = {now() - started, 0, 0};
    struct timespec cpu;
    clockid_t clock;
    char path[64];

    if (ended) {
        return (struct times){end_wall, end_cpu, 0};
    }
    if (clock_getcpuclockid(pid, &clock) == 0 &&
        clock_gettime(clock, &cpu) == 0) {
        t.process = (uint64_t)cpu.tv_sec * NS_PER_SEC + (uint64_t)cpu.tv_nsec;
    }
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    for (struct dirent *d; tasks && (d = readdir(tasks));) {
        if (d->d_name[0] != '.') {
            t.threads += thread_time(d->d_name);
        }
    }
    if (tasks) {
        closedir(tasks);
    }
    return t;
}

static void answer_times(void)
{
    struct times t = take_times();

    answer("ok %" PRIu64 " %" PRIu64 " %" PRIu64, t.wall, t.process,
           t.threads);
}

/* -- commands ------------------------------------------------------------- */

static void type(const char *text, const char *end)
{
    if (dprintf(to_guest, "%s%s", text, end) < 0) {
        perror("watch: the guest's terminal");
    }
}

static void do_row(const char *name)
{
    char text[160];
    uint64_t wall, cpu;
    char sum[64] = "";

    type(name, "\n");
    if (!wait_for("@begin", NULL, 0)) {
        return;
    }
    usleep(SETTLE_US);
    struct times before = take_times();
    type("", "\n");
    if (!wait_for("@end ", text, sizeof(text))) {
        return;
    }
    usleep(SETTLE_US);
    struct times after = take_times();
    type("", "\n");
    const char *figures = strchr(text, ' ');
    if (!figures || sscanf(figures, "%" SCNu64 " %" SCNu64 " %63s", &wall,
                           &cpu, sum) != 3) {
        answer("failed '@end %s'", text);
        return;
    }
    answer("ok %" PRIu64 " %" PRIu64 " %" PRIu64 " %s", wall,
           after.process - before.process, after.threads - before.threads,
           sum);
}

static void do_memory(uint64_t ram_bytes)
{
    uint64_t all = 0, ram = 0;
    bool is_ram = false;
    char line[512];
    FILE *f = open_proc("/proc/%d/smaps%s", "");

    while (f && fgets(line, sizeof(line), f)) {
        uint64_t low, high, kib;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &low, &high) == 2) {
            is_ram = high - low == ram_bytes;
        } else if (sscanf(line, "Pss: %" SCNu64, &kib) == 1) {
            all += kib;
            ram += is_ram ? kib : 0;
        }
    }
    if (f) {
        fclose(f);
    }
    answer("ok %" PRIu64 " %" PRIu64, all, ram);
}

static void do_end(void)
{
    uint64_t until = now() + limit;

    while (!ended && listen_more(until)) {
        said_size = 0;
    }
    if (!ended) {
        answer("failed still running");
    } else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        answer("failed status %#x", status);
    } else {
        answer_times();
    }
}

static void serve(char *command)
{
    char *argument = strchr(command, ' ');

    if (argument) {
        *argument++ = '\0';
    } else {
        argument = command + strlen(command);
    }
    if (!strcmp(command, "wait")) {
        if (wait_for(argument, NULL, 0)) {
            answer_times();
        }
    } else if (!strcmp(command, "send")) {
        type(argument, "\r");
        answer("ok");
    } else if (!strcmp(command, "row")) {
        do_row(argument);
    } else if (!strcmp(command, "memory")) {
        do_memory(strtoull(argument, NULL, 0));
    } else if (!strcmp(command, "end")) {
        do_end();
    } else {
        answer("failed no command '%s'", command);
    }
}

int main(int argc, char **argv)
{
    char line[256];

    if (argc < 4) {
        fprintf(stderr, "usage: watch LOG SECONDS PROGRAM ARGUMENT...\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    log_fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    limit = strtoull(argv[2], NULL, 0) * NS_PER_SEC;
    start(argv + 3);
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (!strcmp(line, "quit")) {
            break;
        }
        serve(line);
    }
    if (!ended) {
        kill(pid, SIGKILL);
        reap();
    }
    return 0;
}
