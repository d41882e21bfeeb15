#include "util/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* The descriptor stays open: closing it would drop the lock. */
bool pidfile_create(const char *path, struct error **err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fd < 0) {
        error_set_errno(err, errno, "%s", path);
        return false;
    }
    if (fcntl(fd, F_SETLK, &lock) < 0) {
        if (errno == EACCES || errno == EAGAIN) {
            error_set(err, "%s: another process that runs holds it",
                      path);
        } else {
            error_set_errno(err, errno, "%s", path);
        }
        close(fd);
        return false;
    }
    if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0) {
        error_set_errno(err, errno, "%s", path);
        close(fd);
        return false;
    }
    return true;
}

void pidfile_remove(const char *path)
{
    unlink(path);
}
