#include "util/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The write end of a pipe to the process that waits; -1: none does. */
static int waiting = -1;

/* One byte says that all is well; the end of the pipe that it is not. */
static void wait_for(int fd)
{
    char byte;
    ssize_t n;

    do {
        n = read(fd, &byte, 1);
    } while (n < 0 && errno == EINTR);
    _exit(n == 1 ? 0 : 1);
}

bool daemon_start(struct error **err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0) {
        error_set_errno(err, errno, "cannot make a pipe");
        return false;
    }
    pid_t pid = fork();
    if (pid > 0) {
        close(ends[1]);
        wait_for(ends[0]);
    }
    /* Twice: who leads a session would get a terminal it opens. */
    if (pid < 0 || setsid() < 0 || (pid = fork()) < 0) {
        error_set_errno(err, errno, "cannot fork");
        return false;
    }
    if (pid > 0) {
        _exit(0);
    }
    close(ends[0]);
    waiting = ends[1];
    return true;
}

void daemon_ready(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = 0; null >= 0 && fd < 3; fd++) {
        dup2(null, fd);
    }
    if (null > 2) {
        close(null);
    }
    if (write(waiting, "", 1) != 1) {
        exit(1);
    }
    close(waiting);
    waiting = -1;
}
