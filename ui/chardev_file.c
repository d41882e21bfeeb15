/* The back end that writes to a file and never has input. */
#include "ui/chardev_backend.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "ui/chardev_fd.h"
#include "util/bits.h"

struct chardev_file {
    struct chardev chr;
    int fd;
    struct chardev_output *out;
};

static size_t file_write(struct chardev *chr, const uint8_t *data,
                         size_t length)
{
    struct chardev_file *s = container_of(chr, struct chardev_file, chr);

    return chardev_output_put(s->out, data, length);
}

static void file_close(struct chardev *chr)
{
    struct chardev_file *s = container_of(chr, struct chardev_file, chr);

    chardev_output_free(s->out);
    close(s->fd);
    free(s);
}

static const struct chardev_ops file_ops = {
    .name = "file",
    .write = file_write,
    .close = file_close,
};

struct chardev *chardev_file_open(const struct chardev_config *config,
                                  struct loop *loop, struct error **err)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY |
                (config->append ? O_APPEND : O_TRUNC);
    int fd = open(config->path, flags, 0666);

    (void)loop;
    if (fd < 0) {
        error_set_errno(err, errno, "%s", config->path);
        return NULL;
    }
    struct chardev_file *s = calloc(1, sizeof(*s));
    assert(s);
    s->chr.ops = &file_ops;
    s->fd = fd;
    s->out = chardev_output_new(fd, config->path, false);
    return &s->chr;
}
