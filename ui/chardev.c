/* Character devices: the table of their kinds, and the front end's side. */
#include "ui/chardev.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ui/chardev_backend.h"
#include "ui/chardev_fd.h"
#include "util/bits.h"
#include "util/clock.h"

static const struct chardev_backend backends[] = {
    {"null", "takes everything, gives nothing", chardev_null_open},
    {"stdio", "standard input and output (signal=on|off)",
     chardev_stdio_open},
    {"file", "a file that gets the output (path=FILE, append=on|off)",
     chardev_file_open},
    {"pty", "a new pseudo-terminal, whose name is printed",
     chardev_pty_open},
    {"socket", "a TCP or unix socket (host=,port= or path=, server=on|off, "
     "wait=on|off)", chardev_socket_open},
    {"udp", "datagrams (host=, port=, localaddr=, localport=)",
     chardev_udp_open},
    {"pipe", "FILE.in and FILE.out, or FILE (path=FILE)",
     chardev_pipe_open},
    {"ringbuf", "the last bytes, in memory (size=BYTES)",
     chardev_ringbuf_open},
    {"memory", "same as ringbuf", chardev_ringbuf_open},
    {"testdev", "ends the emulator with a status of the guest's",
     chardev_testdev_open},
};

const struct chardev_backend *chardev_backends(size_t *count)
{
    *count = ARRAY_SIZE(backends);
    return backends;
}

const struct chardev_backend *chardev_backend_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
        if (strcmp(backends[i].name, name) == 0) {
            return &backends[i];
        }
    }
    return NULL;
}

struct chardev *chardev_open(const struct chardev_config *config,
                             struct loop *loop, struct error **err)
{
    struct chardev *chr = config->backend->open(config, loop, err);

    if (chr) {
        chr->id = config->id;
    }
    return chr;
}

void chardev_attach(struct chardev *chr, const struct chardev_frontend *fe,
                    void *device)
{
    assert(!chr->frontend);
    chr->device = device;
    chr->frontend = fe;
    chardev_accept_input(chr);
}

void chardev_tell(struct chardev *chr, enum chardev_event event)
{
    if (chr->frontend && chr->frontend->event) {
        chr->frontend->event(chr->device, event);
    }
}

/* The log -------------------------------------------------------------- */

struct chardev_log {
    int fd;
    struct chardev_output *out;
};

bool chardev_open_log(struct chardev *chr, const char *path, bool append,
                      struct error **err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY |
                            (append ? O_APPEND : O_TRUNC), 0666);

    if (fd < 0) {
        error_set_errno(err, errno, "logfile=%s", path);
        return false;
    }
    chr->log = calloc(1, sizeof(*chr->log));
    assert(chr->log);
    chr->log->fd = fd;
    chr->log->out = chardev_output_new(fd, path, false);
    return true;
}

/* A disk that is slower than the guest loses bytes, not time. */
static void log_put(struct chardev_log *log, const uint8_t *data,
                    size_t length)
{
    chardev_output_put(log->out, data, length);
}

static void log_close(struct chardev_log *log)
{
    if (log) {
        chardev_output_free(log->out);
        close(log->fd);
        free(log);
    }
}

/* The front end's side ------------------------------------------------- */

/* A back end that has no room (its reader is slow) is asked again every
 * millisecond: the guest's processor waits as a real one waits for a UART. */
void chardev_write(struct chardev *chr, const uint8_t *data, size_t length)
{
    static const struct timespec pause = {0, NS_PER_SEC / 1000};

    while (chr && length) {
        size_t taken = chr->ops->write(chr, data, length);
        chr->written = true;
        if (chr->log) {
            log_put(chr->log, data, taken);
        }
        data += taken;
        length -= taken;
        if (length) {
            nanosleep(&pause, NULL);
        }
    }
}

void chardev_accept_input(struct chardev *chr)
{
    if (chr->ops->accept_input) {
        chr->ops->accept_input(chr);
    }
}

void chardev_close(struct chardev *chr)
{
    if (chr) {
        struct chardev_log *log = chr->log;
        chr->ops->close(chr);
        log_close(log);
    }
}
