/*
 * The host's side of semihosting; see semihosting.h.
 *
 * A file of the guest is a descriptor of ours, opened so that it never
 * blocks.  With chardev=ID the standard files and the console are that
 * character device; its input waits in a ring, and when it is a UART's
 * already, output is all there is.  Without, they are our own standard
 * files, the console being standard error.
 *
 * The files are called on vCPU threads, one at a time; the ring is between
 * them and the loop thread, under its lock.
 */
#include "hw/arm/semihosting.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hw/arm/machine.h"
#include "util/bits.h"
#include "util/clock.h"

#define RING_SIZE 256

struct semihosting_host {
    struct semihosting interface;
    struct machine *machine;
    char *cmdline;
    struct chardev *chr; /* or NULL */

    pthread_mutex_t lock;
    pthread_cond_t filled;
    uint8_t ring[RING_SIZE];
    size_t head, count;
};

/* -- the character device ------------------------------------------------ */

static size_t can_receive(void *device)
{
    struct semihosting_host *s = device;

    pthread_mutex_lock(&s->lock);
    size_t room = RING_SIZE - s->count;
    pthread_mutex_unlock(&s->lock);
    return room;
}

static void receive(void *device, const uint8_t *data, size_t length)
{
    struct semihosting_host *s = device;

    pthread_mutex_lock(&s->lock);
    for (size_t n = 0; n < length && s->count < RING_SIZE; n++) {
        s->ring[(s->head + s->count++) % RING_SIZE] = data[n];
    }
    pthread_cond_signal(&s->filled);
    pthread_mutex_unlock(&s->lock);
}

static const struct chardev_frontend frontend = {can_receive, receive, NULL};

static int64_t read_console(struct semihosting_host *s, uint8_t *data,
                            size_t size)
{
    uint64_t end = clock_monotonic_ns() +
                   SEMIHOSTING_PATIENCE_MS * (NS_PER_SEC / 1000);
    struct timespec until = {(time_t)(end / NS_PER_SEC),
                             (long)(end % NS_PER_SEC)};
    size_t done = 0;

    pthread_mutex_lock(&s->lock);
    if (!s->count) {
        pthread_cond_timedwait(&s->filled, &s->lock, &until);
    }
    for (; done < size && s->count; s->count--) {
        data[done++] = s->ring[s->head++ % RING_SIZE];
    }
    pthread_mutex_unlock(&s->lock);
    if (!done) {
        return -EAGAIN;
    }
    chardev_accept_input(s->chr);
    return (int64_t)done;
}

/* -- files --------------------------------------------------------------- */

static bool is_console(const struct semihosting_host *s, int file)
{
    return s->chr && file < SEMIHOSTING_FILES;
}

/* Descriptors have the numbers from SEMIHOSTING_FILES on. */
static int descriptor(int file)
{
    return file == SEMIHOSTING_CONSOLE ? STDERR_FILENO
           : file < SEMIHOSTING_FILES  ? file
                                       : file - SEMIHOSTING_FILES;
}

static int64_t result(int64_t value)
{
    return value < 0 ? -errno : value;
}

static int host_open(void *opaque, const char *name, unsigned mode)
{
    static const int flags[] = {
        O_RDONLY, O_RDWR, O_WRONLY | O_CREAT | O_TRUNC,
        O_RDWR | O_CREAT | O_TRUNC, O_WRONLY | O_CREAT | O_APPEND,
        O_RDWR | O_CREAT | O_APPEND,
    };
    int fd = open(name, flags[mode / 2] | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                  0666);

    (void)opaque;
    return fd < 0 ? -errno : fd + SEMIHOSTING_FILES;
}

static int host_close(void *opaque, int file)
{
    (void)opaque;
    return (int)result(close(descriptor(file)));
}

/* What may wait waits here, so that nobody has to wait for the guest. */
static bool is_ready(int fd, short event)
{
    struct pollfd p = {.fd = fd, .events = event};

    return poll(&p, 1, SEMIHOSTING_PATIENCE_MS) > 0;
}

static int64_t host_read(void *opaque, int file, void *data, size_t size)
{
    struct semihosting_host *s = opaque;
    int fd = descriptor(file);

    if (is_console(s, file)) {
        return read_console(s, data, size);
    }
    if (file == SEMIHOSTING_CONSOLE) {
        fd = STDIN_FILENO;
    }
    return is_ready(fd, POLLIN) ? result(read(fd, data, size)) : -EAGAIN;
}

static int64_t host_write(void *opaque, int file, const void *data,
                          size_t size)
{
    struct semihosting_host *s = opaque;
    int fd = descriptor(file);

    if (is_console(s, file)) {
        chardev_write(s->chr, data, size);
        return (int64_t)size;
    }
    return is_ready(fd, POLLOUT) ? result(write(fd, data, size)) : -EAGAIN;
}

static int host_seek(void *opaque, int file, uint64_t position)
{
    if (is_console(opaque, file)) {
        return -ESPIPE;
    }
    if (position > INT64_MAX) {
        return -EINVAL;
    }
    return lseek(descriptor(file), (off_t)position, SEEK_SET) < 0 ? -errno
                                                                  : 0;
}

static int64_t host_length(void *opaque, int file)
{
    struct stat st;

    if (is_console(opaque, file)) {
        return -ESPIPE;
    }
    return fstat(descriptor(file), &st) < 0 ? -errno : st.st_size;
}

static int host_is_terminal(void *opaque, int file)
{
    return is_console(opaque, file) || isatty(descriptor(file));
}

static int host_remove(void *opaque, const char *name)
{
    (void)opaque;
    return (int)result(remove(name));
}

static int host_rename(void *opaque, const char *from, const char *to)
{
    (void)opaque;
    return (int)result(rename(from, to));
}

static void host_exit(void *opaque, int status)
{
    struct semihosting_host *s = opaque;

    machine_exit(s->machine, status);
}

static const struct semihosting_ops ops = {
    .open = host_open,
    .close = host_close,
    .read = host_read,
    .write = host_write,
    .seek = host_seek,
    .length = host_length,
    .is_terminal = host_is_terminal,
    .remove = host_remove,
    .rename = host_rename,
    .exit = host_exit,
};

/* -- creation ------------------------------------------------------------ */

/* The guest's arguments, or those of its start. */
static char *make_cmdline(const struct machine_config *c)
{
    char *text;

    if (c->semihosting.cmdline) {
        return strdup(c->semihosting.cmdline);
    }
    if (asprintf(&text, "%s%s%s", c->kernel ? c->kernel : "",
                 c->append ? " " : "", c->append ? c->append : "") < 0) {
        return NULL;
    }
    return text;
}

struct semihosting_host *semihosting_host_new(struct machine *m)
{
    pthread_condattr_t attr;
    struct semihosting_host *s;

    if (!m->config->semihosting.enabled || !(s = calloc(1, sizeof(*s)))) {
        return NULL;
    }
    s->machine = m;
    s->cmdline = make_cmdline(m->config);
    s->interface = (struct semihosting){
        .ops = &ops, .opaque = s, .cmdline = s->cmdline,
        .userspace = m->config->semihosting.userspace,
    };
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->filled, &attr);
    pthread_condattr_destroy(&attr);
    return s;
}

void semihosting_host_free(struct semihosting_host *s)
{
    if (s) {
        pthread_cond_destroy(&s->filled);
        pthread_mutex_destroy(&s->lock);
        free(s->cmdline);
        free(s);
    }
}

const struct semihosting *semihosting_host_interface(
    const struct semihosting_host *s)
{
    return s ? &s->interface : NULL;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What is behind everything that was put into memory. */
static void find_heap(struct semihosting *interface, const struct boot *boot)
{
    const struct boot_plan *plan = &boot->plan;
    uint64_t base = boot->memory.ram_base;
    uint64_t limit = base + boot->memory.ram_size;
    uint64_t end = greater(plan->kernel_pa + plan->kernel_size,
                           plan->initrd_pa + plan->initrd_size);

    end = greater(end, plan->dtb_pa + plan->dtb_size);
    if (boot->image.kind == IMAGE_ELF) {
        end = greater(end, boot->image.high);
    }
    end = align_up(greater(end, base), RAM_PAGE_SIZE);
    interface->heap_base = end < limit ? end : limit;
    interface->heap_limit = limit;
}

bool semihosting_host_connect(struct semihosting_host *s, struct error **err)
{
    const struct machine_ports *ports = s->machine->ports;
    const char *id = s->machine->config->semihosting.chardev;

    find_heap(&s->interface, s->machine->boot);
    if (!id) {
        return true;
    }
    s->chr = ports->find_chardev ? ports->find_chardev(ports->opaque, id)
                                 : NULL;
    if (!s->chr) {
        error_set(err, "-semihosting-config chardev=%s: there is no -chardev "
                       "with this id", id);
        return false;
    }
    if (!s->chr->frontend) {
        chardev_attach(s->chr, &frontend, s);
    }
    return true;
}
