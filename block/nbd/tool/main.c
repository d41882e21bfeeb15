/*
 * armature-nbd: a disk image for clients of the NBD protocol, in the words
 * of qemu-nbd.
 *
 * The main thread runs the loop: it accepts connections, hears of clients
 * that are gone and of signals.  Everything else is the server's (server.c).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/nbd/server.h"
#include "block/nbd/tool/tool.h"
#include "util/daemon.h"
#include "util/pidfile.h"

#define FIRST_PASSED_FD 3

struct tool {
    struct tool_options options;
    struct loop *loop;
    struct block_backend *backend;
    struct nbd_server *server;
    int listener;
    bool passed; /* the listener is from who started us */
    struct loop_fd *watch;
};

static struct loop *stopped_by_signals;

static void on_signal(int number)
{
    (void)number;
    loop_stop(stopped_by_signals, 0);
}

static void install_signals(struct loop *loop)
{
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = SA_RESTART};

    stopped_by_signals = loop;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* an error like others */
}

/* Connections ------------------------------------------------------------ */

static bool has_room(const struct tool *t)
{
    return !t->options.shared ||
           nbd_server_clients(t->server) < t->options.shared;
}

static void on_connection(void *opaque)
{
    struct tool *t = opaque;
    int fd = socket_accept(t->listener);
    char name[128];

    if (fd < 0) {
        return; /* gone again, or no descriptors: the next time */
    }
    if (t->options.verbose) {
        socket_name(fd, true, name, sizeof(name));
        error_report("connection from %s", *name ? name : "a local process");
    }
    nbd_server_add(t->server, fd);
    if (!has_room(t)) {
        loop_fd_set_handlers(t->watch, NULL, NULL);
    }
}

static void on_gone(void *opaque, bool used)
{
    struct tool *t = opaque;

    if (t->options.verbose) {
        error_report("a client is gone%s", used ? "" : ": it chose no export");
    }
    if (used && !t->options.persistent && !nbd_server_clients(t->server)) {
        loop_stop(t->loop, 0);
    }
    if (has_room(t)) {
        loop_fd_set_handlers(t->watch, on_connection, NULL);
    }
}

/* As systemd passes it on: see sd_listen_fds(3). */
static bool was_passed(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    bool passed = pid && count && atol(pid) == (long)getpid() &&
                  atoi(count) == 1;

    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    return passed;
}

static bool open_listener(struct tool *t, struct error **err)
{
    t->listener = t->passed ? FIRST_PASSED_FD
                            : socket_listen(&t->options.address, err);
    return t->listener >= 0;
}

/* The whole -------------------------------------------------------------- */

/* It must stay what it is while clients look at it, or follow them. */
static bool find_bitmap(struct tool *t, struct nbd_server_config *config,
                        struct error **err)
{
    const char *name = t->options.bitmap;

    config->bitmap = qcow2_bitmap_below(block_image_of(t->backend), name,
                                        &config->bitmap_image);
    if (!config->bitmap) {
        error_set(err, "-B: Bitmap '%s' is not found; 'armature-img info' "
                  "lists those of an image", name);
    } else if (config->bitmap->inconsistent) {
        error_set(err, "-B: Bitmap '%s' is inconsistent and cannot be used",
                  name);
    } else if (config->read_only &&
               config->bitmap->flags & QCOW2_BITMAP_AUTO) {
        error_set(err, "-B: Enabled bitmap '%s' incompatible with readonly "
                  "export; 'armature-img bitmap --disable' helps", name);
    } else {
        return true;
    }
    return false;
}

static bool open_image(struct tool *t, struct error **err)
{
    const struct tool_options *o = &t->options;
    struct nbd_server_config config = {
        .name = o->name, .description = o->description, .offset = o->offset,
        .read_only = o->image.read_only, .multi = o->shared != 1,
        .depth = o->depth, .gone = on_gone, .opaque = t,
    };

    t->backend = block_open(&o->image, t->loop, err);
    if (!t->backend) {
        return false;
    }
    uint64_t size = block_size(t->backend);
    if (o->offset > size) {
        error_set(err, "-o %llu: %s has %llu bytes",
                  (unsigned long long)o->offset, o->image.file,
                  (unsigned long long)size);
        return false;
    }
    if (o->bitmap && !find_bitmap(t, &config, err)) {
        return false;
    }
    config.size = size - o->offset;
    t->server = nbd_server_new(&config, t->backend, t->loop);
    return true;
}

static bool serve(struct tool *t, struct error **err)
{
    const struct tool_options *o = &t->options;

    if (!open_image(t, err) || !open_listener(t, err) ||
        (o->pid_file && !pidfile_create(o->pid_file, err))) {
        return false;
    }
    t->watch = loop_fd_add(t->loop, t->listener, on_connection, NULL, t);
    install_signals(t->loop);
    if (o->fork) {
        daemon_ready();
    }
    loop_run(t->loop);
    if (o->pid_file) {
        pidfile_remove(o->pid_file);
    }
    if (o->address.path && !t->passed && o->address.path[0] != '@') {
        unlink(o->address.path);
    }
    return true;
}

/* What was acknowledged and not flushed is written out, too. */
static bool finish(struct tool *t)
{
    struct block_request flush = {.op = BLOCK_FLUSH};
    int error = 0;

    if (t->watch) {
        loop_fd_remove(t->watch);
    }
    if (t->listener >= 0) {
        close(t->listener);
    }
    nbd_server_free(t->server);
    if (t->backend) {
        error = block_run(t->backend, &flush);
        block_close(t->backend);
    }
    loop_free(t->loop);
    if (error) {
        tool_fail("%s: cannot write: %s", t->options.image.file,
                  strerror(error));
    }
    return !error;
}

int main(int argc, char **argv)
{
    struct tool t = {.listener = -1};
    struct error *err = NULL;
    int status;

    error_set_program("armature-nbd");
    if (!tool_parse(&t.options, argc, argv, &status)) {
        return status;
    }
    if (t.options.list) {
        return tool_list(&t.options);
    }
    t.passed = was_passed();
    if (t.options.fork && !daemon_start(&err)) {
        return tool_fail_error(err);
    }
    t.loop = loop_new();
    bool good = serve(&t, &err);
    if (!good) {
        tool_fail_error(err);
    }
    return finish(&t) && good ? 0 : 1;
}
