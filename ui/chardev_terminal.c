/*
 * Terminal modes belong to the terminal, not to us: whoever runs next
 * inherits what we leave.  Signal handlers need them without an argument,
 * so this is one of the few places with state per process.
 *
 * Only the foreground process group may change the modes: in the background
 * they are somebody else's.
 */
#include "ui/chardev_terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "util/bits.h"

static struct {
    int fd;
    volatile sig_atomic_t active; /* raw mode is wanted */
    struct termios before, raw;
} terminal = {.fd = -1};

static void set_mode(const struct termios *mode)
{
    int saved = errno;
    pid_t foreground = tcgetpgrp(terminal.fd);

    if (foreground < 0 || foreground == getpgrp()) {
        tcsetattr(terminal.fd, TCSANOW, mode);
    }
    errno = saved;
}

void chardev_terminal_restore(void)
{
    if (terminal.active) {
        terminal.active = 0;
        set_mode(&terminal.before);
    }
}

/* The second time the signal has its default effect. */
static void on_fatal_signal(int signal)
{
    chardev_terminal_restore();
    raise(signal);
}

/* The shell sees us stop with its own modes in force. */
static void on_stop_signal(int signal)
{
    int saved = errno;

    (void)signal;
    if (terminal.active) {
        set_mode(&terminal.before);
    }
    kill(getpid(), SIGSTOP);
    errno = saved;
}

static void on_continue_signal(int signal)
{
    (void)signal;
    if (terminal.active) {
        set_mode(&terminal.raw);
    }
}

/* Leave alone what someone else handles or ignores. */
static void handle(int signal, void (*handler)(int), int flags)
{
    struct sigaction action;

    if (sigaction(signal, NULL, &action) || action.sa_handler != SIG_DFL) {
        return;
    }
    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(signal, &action, NULL);
}

static void install_handlers(void)
{
    static const int fatal[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE,
                                SIGILL, SIGTRAP, SIGSYS, SIGALRM, SIGXCPU,
                                SIGHUP, SIGINT, SIGTERM};

    for (size_t i = 0; i < ARRAY_SIZE(fatal); i++) {
        handle(fatal[i], on_fatal_signal, SA_RESETHAND | SA_NODEFER);
    }
    handle(SIGTSTP, on_stop_signal, SA_RESTART);
    handle(SIGCONT, on_continue_signal, SA_RESTART);
    atexit(chardev_terminal_restore);
}

static struct termios raw_mode(struct termios mode, bool signals)
{
    mode.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR |
                                IGNCR | ICRNL | IXON);
    mode.c_oflag |= OPOST;
    mode.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!signals) {
        mode.c_lflag &= ~(tcflag_t)ISIG;
    }
    mode.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    mode.c_cflag |= CS8;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    return mode;
}

void chardev_terminal_raw(int fd, bool signals)
{
    if (terminal.fd >= 0 || tcgetattr(fd, &terminal.before)) {
        return;
    }
    terminal.fd = fd;
    terminal.raw = raw_mode(terminal.before, signals);
    install_handlers();
    terminal.active = 1;
    set_mode(&terminal.raw);
}
