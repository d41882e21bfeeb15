#include "net/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Wait for `pid`; false and an error unless it exits with status 0. */
static bool wait_for(pid_t pid, const char *program, struct error **err)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            error_set_errno(err, errno, "%s", program);
            return false;
        }
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return true;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        error_set(err, "%s: could not be run; script=no does without",
                  program);
    } else {
        error_set(err, "%s: failed with status %d", program, status);
    }
    return false;
}

/* In the child, before exec. */
static void reset_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
}

bool net_spawn_script(const char *script, const char *ifname,
                      struct error **err)
{
    pid_t pid = fork();

    if (pid == 0) {
        reset_signals();
        execl(script, script, ifname, (char *)NULL);
        _exit(127);
    }
    if (pid < 0) {
        error_set_errno(err, errno, "%s", script);
        return false;
    }
    return wait_for(pid, script, err);
}

static int receive_fd(int socket)
{
    char byte;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t n;

    do {
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_level != SOL_SOCKET ||
        header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(sizeof(int))) {
        return -1;
    }
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    return fd;
}

static void exec_helper(const char *helper, const char *bridge, int socket)
{
    char fd[32], br[64], *command;

    reset_signals();
    snprintf(fd, sizeof(fd), "--fd=%d", socket);
    snprintf(br, sizeof(br), "--br=%s", bridge);
    if (strpbrk(helper, " \t")) {
        bool has_bridge = strstr(helper, "--br=") != NULL;
        if (asprintf(&command, "%s --use-vnet %s %s", helper, fd,
                     has_bridge ? "" : br) > 0) {
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        }
    } else {
        execl(helper, helper, "--use-vnet", fd, br, (char *)NULL);
    }
    _exit(127);
}

int net_spawn_helper(const char *helper, const char *bridge,
                     struct error **err)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) {
        error_set_errno(err, errno, "socketpair");
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        exec_helper(helper, bridge, pair[1]);
    }
    close(pair[1]);
    int fd = pid > 0 ? receive_fd(pair[0]) : -1;
    close(pair[0]);
    if (pid < 0) {
        error_set_errno(err, errno, "%s", helper);
        return -1;
    }
    if (!wait_for(pid, helper, err)) {
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    if (fd < 0) {
        error_set(err, "%s: did not send a descriptor", helper);
    }
    return fd;
}
