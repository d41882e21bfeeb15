/* Character devices: the table of their kinds, and the front end's side. */
#include "ui/chardev.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "ui/chardev_backend.h"
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

/* A back end that has no room (its reader is slow) is asked again every
 * millisecond: the guest's processor waits as a real one waits for a UART. */
void chardev_write(struct chardev *chr, const uint8_t *data, size_t length)
{
    static const struct timespec pause = {0, NS_PER_SEC / 1000};

    while (chr && length) {
        size_t taken = chr->ops->write(chr, data, length);
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
        chr->ops->close(chr);
    }
}
