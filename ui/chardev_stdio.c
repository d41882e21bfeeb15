/*
 * Our own standard input and output as the far end of a serial line; one
 * per process.
 */
#include "ui/chardev_backend.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "ui/chardev_fd.h"
#include "ui/chardev_terminal.h"
#include "util/bits.h"

struct chardev_stdio {
    struct chardev chr;
    struct chardev_output *out;
    struct chardev_input *in;
};

static struct chardev_stdio *from_chr(struct chardev *chr)
{
    return container_of(chr, struct chardev_stdio, chr);
}

static size_t stdio_write(struct chardev *chr, const uint8_t *data,
                          size_t length)
{
    return chardev_output_put(from_chr(chr)->out, data, length);
}

static void stdio_accept_input(struct chardev *chr)
{
    chardev_input_resume(from_chr(chr)->in);
}

/* End of input is not the end of the machine: its output goes on. */
static void stdio_ended(struct chardev *chr)
{
    chardev_tell(chr, CHARDEV_CLOSED);
}

static void stdio_close(struct chardev *chr)
{
    struct chardev_stdio *s = from_chr(chr);

    chardev_input_free(s->in);
    chardev_output_free(s->out);
    chardev_terminal_restore();
    free(s);
}

static const struct chardev_ops stdio_ops = {
    .name = "stdio",
    .write = stdio_write,
    .accept_input = stdio_accept_input,
    .close = stdio_close,
};

struct chardev *chardev_stdio_open(const struct chardev_config *config,
                                   struct loop *loop, struct error **err)
{
    struct chardev_stdio *s = calloc(1, sizeof(*s));

    (void)err;
    assert(s);
    s->chr.ops = &stdio_ops;
    s->out = chardev_output_new(STDOUT_FILENO, "standard output", false);
    s->in = chardev_input_new(loop, STDIN_FILENO, &s->chr, stdio_ended);
    chardev_terminal_raw(STDIN_FILENO, config->signals);
    return &s->chr;
}
