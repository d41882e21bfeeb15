/*
 * armature: from the command line to the exit status.
 *
 * The main thread reads the options, builds the machine and then runs the
 * event loop until the guest powers off, the user quits or a signal comes.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include "hw/arm/doctor.h"
#include "hw/arm/machine.h"
#include "ui/chardev_mux.h"
#include "ui/chardev_terminal.h"
#include "util/daemon.h"
#include "ui/monitor.h"
#include "ui/netdevs.h"
#include "ui/options.h"
#include "util/pidfile.h"
#include "util/error.h"
#include "util/loop.h"

/* Ending in good order may wait for who reads our output, but not longer
 * than this once the user has asked for the end. */
#define GRACE_SECONDS 3

struct app {
    struct options options;
    struct loop *loop;
    struct chardev **chardevs; /* parallel to options.chardevs */
    struct machine_ports ports;
    struct netdevs *netdevs;
    struct machine *machine;
    struct monitor_env monitor_env;
    struct monitor **monitors; /* parallel to options.monitors */
    const char *pidfile; /* ours, to be removed */
    bool quit;           /* the user has had enough */
};

/* Signals -------------------------------------------------------------- */

/* Handlers have no argument of ours. */
static struct {
    struct loop *loop;
    volatile sig_atomic_t signal, sender;
} terminating;

static void on_alarm(int signal)
{
    (void)signal;
    chardev_terminal_restore();
    _exit(1);
}

/* The second one does not wait for anybody. */
static void on_terminate(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (terminating.signal) {
        chardev_terminal_restore();
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    terminating.signal = number;
    terminating.sender = info->si_code <= 0 ? info->si_pid : 0;
    alarm(GRACE_SECONDS);
    loop_stop(terminating.loop, 0);
}

static void install_signals(struct loop *loop)
{
    struct sigaction action = {.sa_sigaction = on_terminate,
                               .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigaction hangup;

    terminating.loop = loop;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a disk's error like others */
    signal(SIGALRM, on_alarm);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, NULL, &hangup);
    if (hangup.sa_handler != SIG_IGN) { /* not under nohup */
        sigaction(SIGHUP, &action, NULL);
    }
}

/* The words are QEMU's. */
static void report_signal(void)
{
    char path[64], name[64] = "unknown process";
    FILE *f;

    if (!terminating.signal) {
        return;
    }
    if (!terminating.sender) {
        error_report("terminating on signal %d", (int)terminating.signal);
        return;
    }
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)terminating.sender);
    if ((f = fopen(path, "re"))) {
        if (fgets(name, sizeof(name), f)) {
            name[strcspn(name, "\n")] = '\0';
        }
        fclose(f);
    }
    error_report("terminating on signal %d from pid %d (%s)",
                 (int)terminating.signal, (int)terminating.sender, name);
}

/* Character devices ---------------------------------------------------- */

static void on_quit(void *opaque)
{
    struct app *app = opaque;

    alarm(GRACE_SECONDS);
    app->quit = true;
    loop_stop(app->loop, 0);
}

static char *on_explain(void *opaque)
{
    struct app *app = opaque;

    return app->machine ? doctor_explain(app->machine) : NULL;
}

static const struct chardev_mux_calls mux_calls = {on_quit, on_explain};

/* Said once, where it will be read: Ctrl-C will not end us. */
static void announce_escape(uint8_t escape)
{
    char name[16];

    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        chardev_mux_key_name(escape, name);
        error_report("%s x quits, %s h lists the other keys", name, name);
    }
}

static struct chardev *open_chardev(struct app *app,
                                    const struct chardev_config *config,
                                    struct error **err)
{
    if (config->mux && strcmp(config->backend->name, "stdio") == 0) {
        announce_escape(app->options.escape);
    }
    struct chardev *chr = chardev_open(config, app->loop, err);
    if (chr && config->mux) {
        chr = chardev_mux_new(chr, app->loop, app->options.escape,
                              &mux_calls, app);
    }
    if (chr && config->log_path &&
        !chardev_open_log(chr, config->log_path, config->log_append, err)) {
        chardev_close(chr);
        return NULL;
    }
    return chr;
}

static bool open_chardevs(struct app *app, struct error **err)
{
    const struct options *options = &app->options;
    const struct machine_config *machine = &options->machine;

    app->chardevs = calloc(options->chardev_count + 1,
                           sizeof(*app->chardevs));
    if (!app->chardevs) {
        error_set(err, "out of memory");
        return false;
    }
    for (size_t i = 0; i < options->chardev_count; i++) {
        const struct chardev_config *config = &options->chardevs[i];
        app->chardevs[i] = open_chardev(app, config, err);
        if (!app->chardevs[i]) {
            error_prepend(err, "character device '%s'", config->id);
            return false;
        }
        for (unsigned n = 0; n < machine->serials; n++) {
            const char *id = machine->serial[n];
            if (id && strcmp(id, config->id) == 0) {
                app->ports.serials[n] = app->chardevs[i];
            }
        }
    }
    return true;
}

static void close_chardevs(struct app *app)
{
    for (size_t i = 0; app->chardevs && i < app->options.chardev_count;
         i++) {
        chardev_close(app->chardevs[i]);
    }
    free(app->chardevs);
}

static struct chardev *find_chardev(void *opaque, const char *id)
{
    const struct app *app = opaque;

    for (size_t i = 0; app->chardevs && i < app->options.chardev_count;
         i++) {
        if (strcmp(app->options.chardevs[i].id, id) == 0) {
            return app->chardevs[i];
        }
    }
    return NULL;
}

/* The machine ---------------------------------------------------------- */

static struct net_client *find_netdev(void *opaque, const char *id)
{
    const struct app *app = opaque;

    return app->netdevs ? netdevs_find(app->netdevs, id) : NULL;
}

static bool open_netdevs(struct app *app, struct error **err)
{
    app->netdevs = netdevs_open(&app->options.machine, app->loop,
                                find_chardev, app, err);
    return app->netdevs != NULL;
}

static bool create_machine(struct app *app, struct error **err)
{
    const struct machine_config *config = &app->options.machine;

    if (strcmp(config->machine, "none") == 0) {
        return true;
    }
    app->ports.find_chardev = find_chardev;
    app->ports.find_netdev = find_netdev;
    app->ports.opaque = app;
    app->machine = machine_new(config, &app->ports, app->loop, err);
    if (app->machine && app->netdevs) {
        netdevs_warn_unused(app->netdevs);
    }
    return app->machine != NULL;
}

static void open_monitors(struct app *app)
{
    const struct options *options = &app->options;

    app->monitor_env = (struct monitor_env){
        options, app->machine, app->netdevs, find_chardev, on_quit, app,
    };
    app->monitors = calloc(options->monitor_count + 1,
                           sizeof(*app->monitors));
    for (size_t i = 0; app->monitors && i < options->monitor_count; i++) {
        struct chardev *chr = find_chardev(app, options->monitors[i]);
        if (chardev_mux_back(chr) != chr) {
            chr = chardev_mux_monitor(chr);
        }
        app->monitors[i] = monitor_new(chr, &app->monitor_env);
    }
}

static void close_monitors(struct app *app)
{
    for (size_t i = 0; app->monitors && i < app->options.monitor_count;
         i++) {
        monitor_free(app->monitors[i]);
    }
    free(app->monitors);
}

/* No character device is opened: nothing will run. */
static bool dump_dtb(struct app *app, struct error **err)
{
    const char *path = app->options.machine.dumpdtb;

    if (!create_machine(app, err)) {
        return false;
    }
    if (!app->machine) {
        error_set(err, "-machine none has no device tree to dump");
        return false;
    }
    if (!machine_dump_dtb(app->machine, path, err)) {
        return false;
    }
    error_report("info: dtb dumped to %s. Exiting.", path);
    return true;
}

/* The guest could have said something and never did. */
static bool is_silent(const struct app *app)
{
    bool has_console = false, written = false;

    for (size_t i = 0; i < app->options.chardev_count; i++) {
        has_console |= app->chardevs[i]->frontend != NULL;
        written |= app->chardevs[i]->written;
    }
    return has_console && !written;
}

/* The user gave up on a guest that was silent: say why it was. */
static void explain_silence(struct app *app)
{
    const struct machine *m = app->machine;
    char *text, *rest, *line;

    if (!m || !(app->quit || terminating.signal) || !is_silent(app) ||
        m->state != MACHINE_RUNNING) {
        return;
    }
    chardev_terminal_restore();
    error_report("the guest has written nothing to its console:");
    rest = text = doctor_explain(app->machine);
    while (rest && (line = strsep(&rest, "\n"))) {
        if (*line) {
            error_report("%s", line);
        }
    }
    free(text);
}

static bool run(struct app *app, int *status, struct error **err)
{
    const struct options *options = &app->options;
    const char *pidfile = options->pidfile;

    if (pidfile && !pidfile_create(pidfile, err)) {
        error_prepend(err, "-pidfile");
        return false;
    }
    app->pidfile = pidfile;
    if (!open_chardevs(app, err) || !open_netdevs(app, err) ||
        !create_machine(app, err)) {
        return false;
    }
    open_monitors(app);
    install_signals(app->loop);
    if (app->machine && options->machine.start_paused) {
        if (options->monitor_count == 0) {
            error_report("warning: -S: the processors are stopped, and there "
                         "is no monitor to start them");
        }
    } else if (app->machine) {
        machine_start(app->machine);
    }
    if (options->daemonize) {
        daemon_ready();
    }
    *status = loop_run(app->loop);
    explain_silence(app);
    return true;
}

/* Output that still waits is written when the devices are closed. */
static void finish(struct app *app)
{
    if (app->pidfile) {
        pidfile_remove(app->pidfile);
    }
    close_monitors(app);
    machine_free(app->machine);
    netdevs_close(app->netdevs);
    close_chardevs(app);
    loop_free(app->loop);
    options_free(&app->options);
}

/* A file of ours must not become the guest's console because our caller
 * started us without one. */
static void open_standard_files(void)
{
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
            abort();
        }
    }
}

/* Every connection of the user network is a descriptor, and the usual limit
 * of 1024 is for programs with select(). */
static void raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    struct app app = {0};
    struct error *err = NULL;
    int status = 0;

    open_standard_files();
    raise_limits();
    switch (options_parse(&app.options, argc, argv, &err)) {
    case OPTIONS_ERROR:
        error_report_free(err);
        options_free(&app.options);
        return 1;
    case OPTIONS_EXIT:
        options_free(&app.options);
        return fflush(stdout) ? 1 : 0;
    case OPTIONS_RUN:
        break;
    }
    if (app.options.daemonize && !daemon_start(&err)) {
        error_prepend(&err, "-daemonize");
        error_report_free(err);
        options_free(&app.options);
        return 1;
    }
    if (app.options.process) {
        prctl(PR_SET_NAME, app.options.process);
    }
    app.loop = loop_new();
    bool ok = app.options.machine.dumpdtb ? dump_dtb(&app, &err)
                                          : run(&app, &status, &err);
    finish(&app);
    if (!ok) {
        error_report_free(err);
        return 1;
    }
    report_signal();
    return status;
}
