/*
 * The program on a terminal of its own: raw mode and the way back from it,
 * escape keys, signals, descriptor flags.
 *
 *   terminal ARMATURE
 *
 * Runs "-M none", which has a console and no guest.  Prints a line for each
 * case, "  ok    NAME" or "  FAIL  NAME: WHY"; the status is 1 after a FAIL.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 10000

static const char *program;
static const char *name;
static bool failed_case, failed_any;

static int master, slave;
static struct termios before;
static pid_t child;
static char output[65536];
static size_t output_length;

static void fail(const char *fmt, ...)
{
    va_list ap;

    if (!failed_case) {
        printf("  FAIL  %s: ", name);
        va_start(ap, fmt);
        vprintf(fmt, ap);
        va_end(ap);
        printf("\n");
    }
    failed_case = failed_any = true;
}

static long now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Gather output for up to `ms`, or until `text` is in it. */
static bool gather(const char *text, int ms)
{
    long end = now_ms() + ms;

    for (;;) {
        struct pollfd p = {.fd = master, .events = POLLIN};
        long left = end - now_ms();
        if (text && strstr(output, text)) {
            return true;
        }
        if (left <= 0 || poll(&p, 1, (int)left) <= 0) {
            return false;
        }
        ssize_t n = read(master, output + output_length,
                         sizeof(output) - 1 - output_length);
        if (n <= 0) {
            return false;
        }
        output_length += (size_t)n;
        output[output_length] = '\0';
    }
}

static void expect(const char *text)
{
    if (!gather(text, PATIENCE_MS)) {
        fail("no '%s' in '%s'", text, output);
    }
}

static bool is_raw(void)
{
    struct termios mode;

    return tcgetattr(slave, &mode) == 0 && !(mode.c_lflag & ICANON);
}

static void expect_raw(bool raw)
{
    for (long end = now_ms() + PATIENCE_MS; is_raw() != raw;) {
        if (now_ms() > end) {
            fail("the terminal is %s", raw ? "not raw" : "raw");
            return;
        }
        usleep(10000);
    }
}

static void start(const char *case_name, char **arguments)
{
    name = case_name;
    failed_case = false;
    output_length = 0;
    output[0] = '\0';
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    grantpt(master);
    unlockpt(master);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    tcgetattr(slave, &before);
    child = fork();
    if (child == 0) {
        setsid();
        ioctl(slave, TIOCSCTTY, 0);
        for (int fd = 0; fd < 3; fd++) {
            dup2(slave, fd);
        }
        close(slave);
        /* As from a shell, whoever started the tests and how. */
        for (int number = 1; number < NSIG; number++) {
            signal(number, SIG_DFL);
        }
        execv(program, arguments);
        _exit(127);
    }
}

/* What everything has in common: the end, the mode, the flags. */
static void finish(int status)
{
    int found = -1;
    long end = now_ms() + PATIENCE_MS;

    while (waitpid(child, &found, WNOHANG) == 0) {
        gather(NULL, 20);
        if (now_ms() > end) {
            fail("does not end");
            kill(child, SIGKILL);
            waitpid(child, &found, 0);
            break;
        }
    }
    gather(NULL, 50);
    if (found != status) {
        fail("wait status 0x%x, expected 0x%x ('%s')", (unsigned)found,
             (unsigned)status, output);
    }
    static struct termios after; /* static: padding is compared too */
    tcgetattr(slave, &after);
    if (memcmp(&after, &before, sizeof(after)) != 0) {
        fail("the terminal's mode is not restored");
    }
    if (fcntl(slave, F_GETFL) & O_NONBLOCK) {
        fail("O_NONBLOCK is left on the terminal");
    }
    close(slave);
    close(master);
    if (!failed_case) {
        printf("  ok    %s\n", name);
    }
    fflush(stdout);
}

static void type(const char *keys)
{
    if (write(master, keys, strlen(keys)) < 0) {
        fail("cannot type: %s", strerror(errno));
    }
}

#define ARGUMENTS(...) \
    (char *[]){"armature", "-M", "none", __VA_ARGS__, NULL}
#define QUIT_LINE "armature: Ctrl-A x quits, Ctrl-A h lists the other keys"

static void test_keys(void)
{
    start("Ctrl-A x quits, announced once", ARGUMENTS("-nographic"));
    expect(QUIT_LINE);
    expect_raw(true);
    if (strstr(strstr(output, "armature") + 1, QUIT_LINE)) {
        fail("announced twice");
    }
    if (fcntl(slave, F_GETFL) & O_NONBLOCK) {
        fail("O_NONBLOCK while it runs");
    }
    type("\001x");
    finish(0);

    start("Ctrl-A h, Ctrl-A c", ARGUMENTS("-serial", "mon:stdio"));
    expect_raw(true);
    type("\001h");
    expect("Ctrl-A b");
    expect("monitor - type 'help'"); /* which has no guest beside it */
    type("\003print 6*7\r"); /* Ctrl-C is no signal */
    expect("0x2a");
    type("\001cquit\r\001cquit\r"); /* the guest's, then the monitor's */
    finish(0);

    start("-echr 0x14", ARGUMENTS("-nographic", "-echr", "0x14"));
    expect("armature: Ctrl-T x quits");
    expect_raw(true);
    type("\001x\024x");
    finish(0);

    start("-serial stdio: Ctrl-C ends it", ARGUMENTS("-serial", "stdio"));
    expect_raw(true);
    type("\003");
    expect("armature: terminating on signal 2");
    finish(0);
}

static void test_signals(void)
{
    static const struct {
        const char *name;
        int signal;
        bool clean;
    } rows[] = {
        {"SIGTERM", SIGTERM, true},  {"SIGINT", SIGINT, true},
        {"SIGHUP", SIGHUP, true},    {"SIGQUIT", SIGQUIT, false},
        {"SIGABRT", SIGABRT, false}, {"SIGSEGV", SIGSEGV, false},
        {"SIGBUS", SIGBUS, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[80];
        start(rows[i].name, ARGUMENTS("-nographic"));
        expect_raw(true);
        gather(NULL, 50);
        kill(child, rows[i].signal);
        if (rows[i].clean) {
            snprintf(text, sizeof(text),
                     "armature: terminating on signal %d from pid %d",
                     rows[i].signal, (int)getpid());
            expect(text);
        }
        finish(rows[i].clean ? 0 : rows[i].signal);
    }
}

static void test_stop(void)
{
    int status;

    start("SIGTSTP and SIGCONT", ARGUMENTS("-nographic"));
    expect_raw(true);
    kill(child, SIGTSTP);
    if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) {
        fail("it does not stop");
    }
    expect_raw(false);
    kill(child, SIGCONT);
    expect_raw(true);
    type("\001x");
    finish(0);
}

static void test_failure(void)
{
    start("an error at the start",
          ARGUMENTS("-serial", "mon:stdio", "-serial", "file:/nonexistent/x"));
    expect("/nonexistent/x: No such file or directory");
    finish(1 << 8);
}

/* The descriptors of a pipeline belong to the caller as well. */
static void test_pipes(void)
{
    int in[2], out[2], status = 0;

    name = "O_NONBLOCK is not set on pipes";
    failed_case = false;
    if (pipe(in) || pipe(out)) {
        fail("pipe: %s", strerror(errno));
        return;
    }
    child = fork();
    if (child == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execv(program, ARGUMENTS("-nographic"));
        _exit(127);
    }
    usleep(300000);
    for (int i = 0; i < 2; i++) {
        if ((fcntl(in[0], F_GETFL) | fcntl(out[1], F_GETFL)) & O_NONBLOCK) {
            fail("set %s", i ? "after the end" : "while it runs");
        }
        if (i == 0 && (write(in[1], "\001x", 2) != 2 ||
                       waitpid(child, &status, 0) != child || status)) {
            fail("wait status 0x%x", (unsigned)status);
        }
    }
    if (!failed_case) {
        printf("  ok    %s\n", name);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: terminal ARMATURE\n");
        return 2;
    }
    program = argv[1];
    signal(SIGPIPE, SIG_IGN);
    test_keys();
    test_signals();
    test_stop();
    test_failure();
    test_pipes();
    return failed_any;
}
