/*
 * Image locks.
 *
 * Open-file-description locks on single bytes, all of them read locks:
 * presence is the message, so holders never block each other.  Each opener
 * first announces what it does and what it does not tolerate, then looks
 * whether anybody contradicts; of two that come together one at least sees
 * the other.  The bytes are those of QEMU, so that qemu-img, QEMU and
 * Armature keep out of each other's images; so are the words of the refusal,
 * which tools look for.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "block/file.h"

enum { USES = 100, DOES_NOT_SHARE = 200 };
enum { PERM_CONSISTENT_READ = 0, PERM_WRITE = 1 };

static bool announce(int fd, off_t byte)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET,
                         .l_start = byte, .l_len = 1};

    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

static bool announced_elsewhere(int fd, off_t byte)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET,
                         .l_start = byte, .l_len = 1};

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* File systems without such locks (some network ones) protect nobody. */
bool block_lock(int fd, const char *path, bool write, bool share_write,
                struct error **err)
{
    const char *what = NULL;

    if (!announce(fd, USES + PERM_CONSISTENT_READ)) {
        return true;
    }
    if ((write && !announce(fd, USES + PERM_WRITE)) ||
        (!share_write && !announce(fd, DOES_NOT_SHARE + PERM_WRITE))) {
        error_set_errno(err, errno, "%s: cannot lock the image", path);
        return false;
    }
    if (announced_elsewhere(fd, DOES_NOT_SHARE + PERM_CONSISTENT_READ)) {
        what = "\"consistent read\"";
    } else if (write && announced_elsewhere(fd, DOES_NOT_SHARE + PERM_WRITE)) {
        what = "\"write\"";
    } else if (!share_write && announced_elsewhere(fd, USES + PERM_WRITE)) {
        what = "shared \"write\"";
    }
    if (what) {
        error_set(err, "Failed to get %s lock. Is another process using the "
                  "image [%s]?", what, path);
        return false;
    }
    return true;
}
