/*
 * The monitor's commands: one row each.  Rows without a function are words of
 * QEMU's that are known and not there yet.
 */
#include <stdlib.h>
#include <string.h>

#include "block/block.h"
#include "net/config.h"
#include "ui/chardev_backend.h"
#include "ui/monitor_internal.h"
#include "ui/options_parse.h"
#include "util/log.h"

#define COMMAND(name) \
    static bool name(struct monitor *m, const struct monitor_args *args, \
                     FILE *out, struct error **err)

/* -- the machine ---------------------------------------------------------- */

COMMAND(quit)
{
    (void)args, (void)out, (void)err;
    m->env->quit(m->env->opaque);
    return true;
}

COMMAND(stop)
{
    (void)args, (void)out, (void)err;
    machine_stop(m->env->machine);
    return true;
}

COMMAND(cont)
{
    struct machine *machine = m->env->machine;

    (void)args, (void)out;
    if (machine->state == MACHINE_SHUTDOWN) {
        error_set(err, "Resetting the Virtual Machine is required");
        return false;
    }
    machine_continue(machine);
    return true;
}

/* Only asked for: the guest may be in the middle of it. */
COMMAND(system_reset)
{
    (void)args, (void)out, (void)err;
    machine_request(m->env->machine, MACHINE_REQUEST_RESET);
    return true;
}

COMMAND(system_powerdown)
{
    (void)args, (void)out, (void)err;
    machine_powerdown(m->env->machine);
    return true;
}

COMMAND(choose_cpu)
{
    uint64_t n;

    (void)out;
    if (!parse_uint(args->item[0], &n) ||
        n >= m->env->machine->config->cpus) {
        error_set(err, "invalid CPU index");
        return false;
    }
    m->cpu = (unsigned)n;
    return true;
}

/* -- the network ---------------------------------------------------------- */

/* [netdev] rule: the back end named, or the only one there is. */
static struct net_client *find_client(struct monitor *m,
                                      const struct monitor_args *args,
                                      struct error **err)
{
    const struct machine_config *config = &m->env->options->machine;
    const char *id = args->count == 2 ? args->item[0]
                   : config->netdev_count == 1 ? config->netdevs[0].id : NULL;
    struct net_client *nc = id ? netdevs_find(m->env->netdevs, id) : NULL;

    if (!nc && id) {
        error_set(err, "unrecognized netdev id '%s'", id);
    } else if (!nc) {
        error_set(err, "there are %u network back ends: name one of them",
                  config->netdev_count);
    }
    return nc;
}

/* The rule outlives the command. */
COMMAND(hostfwd_add)
{
    struct net_client *nc = find_client(m, args, err);
    char *rule = strdup(args->item[args->count - 1]);
    struct net_hostfwd forward;

    (void)out;
    if (!rule || !nc || !parse_hostfwd(rule, &forward, err) ||
        !net_user_hostfwd_add(nc, &forward, err)) {
        free(rule);
        return false;
    }
    return true;
}

/* proto:address:port, a rule without its second half. */
COMMAND(hostfwd_remove)
{
    struct net_client *nc = find_client(m, args, err);
    const char *text = args->item[args->count - 1];
    struct net_hostfwd forward;
    char rule[256];

    if (!nc) {
        return false;
    }
    snprintf(rule, sizeof(rule), "%s-:1", text);
    if (!parse_hostfwd(rule, &forward, err)) {
        return false;
    }
    forward.rule = text;
    bool found = net_user_hostfwd_remove(nc, &forward, NULL);
    fprintf(out, "host forwarding rule for %s %s\n", text,
            found ? "removed" : "not found");
    return true;
}

COMMAND(set_link)
{
    struct net_client *nc = netdevs_find(m->env->netdevs, args->item[0]);
    bool up = strcmp(args->item[1], "on") == 0;

    (void)out;
    if (!nc) {
        error_set(err, "Device '%s' not found", args->item[0]);
        return false;
    }
    if (!up && strcmp(args->item[1], "off") != 0) {
        error_set(err, "set_link: expected on or off, not '%s'",
                  args->item[1]);
        return false;
    }
    net_set_link(nc, up);
    return true;
}

/* -- looking -------------------------------------------------------------- */

COMMAND(print_value)
{
    uint64_t value;

    if (!monitor_expr(m, args->rest, &value, err)) {
        return false;
    }
    const char *format = args->format ? args->format : "x";
    switch (format[strspn(format, "0123456789")]) {
    case 'd':
        fprintf(out, "%lld\n", (long long)value);
        break;
    case 'u':
        fprintf(out, "%llu\n", (unsigned long long)value);
        break;
    case 'o':
        fprintf(out, "%#llo\n", (unsigned long long)value);
        break;
    case 'c':
        fprintf(out, "'%c'\n", (char)value);
        break;
    default:
        fprintf(out, "%#llx\n", (unsigned long long)value);
    }
    return true;
}

COMMAND(log_items)
{
    bool help = false;

    (void)m, (void)out;
    if (strcmp(args->item[0], "none") == 0) {
        log_mask = 0;
        return true;
    }
    return log_set_items(args->item[0], &help, err);
}

COMMAND(log_file)
{
    (void)m, (void)out;
    return log_set_file(args->item[0], err);
}

COMMAND(ringbuf_read)
{
    struct chardev *chr =
        m->env->find_chardev(m->env->opaque, args->item[0]);
    uint8_t data[4096];
    uint64_t left;
    long got = 0;

    if (!parse_uint(args->item[1], &left)) {
        error_set(err, "ringbuf_read: '%s' is not a number", args->item[1]);
        return false;
    }
    while (chr && left &&
           (got = chardev_ringbuf_read(chr, data, left < sizeof(data)
                                                      ? left
                                                      : sizeof(data))) > 0) {
        fwrite(data, 1, (size_t)got, out);
        left -= (uint64_t)got;
    }
    if (!chr || got < 0) {
        error_set(err, chr ? "'%s' is no ringbuf" : "there is no '%s'",
                  args->item[0]);
        return false;
    }
    fprintf(out, "\n");
    return true;
}

COMMAND(info)
{
    if (args->count == 0) {
        monitor_list(monitor_infos, "info ", out);
        return true;
    }
    struct monitor_args rest = {.count = args->count - 1};
    memcpy(rest.item, args->item + 1, rest.count * sizeof(rest.item[0]));
    const struct monitor_command *row =
        monitor_find(monitor_infos, args->item[0]);
    if (!row) {
        error_set(err, "unknown item 'info %s'; 'help info' lists them",
                  args->item[0]);
        return false;
    }
    if (row->needs_machine && !m->env->machine) {
        error_set(err, "there is no machine (-machine none)");
        return false;
    }
    return row->run(m, &rest, out, err);
}

COMMAND(help)
{
    (void)m;
    if (args->count == 0) {
        monitor_list(monitor_commands, "", out);
        return true;
    }
    const struct monitor_command *row =
        monitor_find(monitor_commands, args->item[0]);
    if (!row || !row->help) {
        error_set(err, "there is no command '%s'", args->item[0]);
        return false;
    }
    fprintf(out, "%s %s -- %s\n", row->name, row->params, row->help);
    if (row->run == info) {
        monitor_list(monitor_infos, "info ", out);
    }
    return true;
}

#define ABSENT(name) {name, NULL, "", NULL, 0, MONITOR_ARGS, NULL, false}

const struct monitor_command monitor_commands[] = {
    {"help", "?", "[command]", "this list, or one command", 0, 1, help,
     false},
    {"info", NULL, "item", "show something: 'info' lists what", 0, 4, info,
     false},
    {"quit", "q", "", "end the emulator", 0, 0, quit, false},
    {"stop", "s", "", "stop the processors", 0, 0, stop, true},
    {"cont", "c", "", "let them go on", 0, 0, cont, true},
    {"system_reset", NULL, "", "reset the machine", 0, 0, system_reset, true},
    {"system_powerdown", NULL, "", "press its power key", 0, 0,
     system_powerdown, true},
    {"cpu", NULL, "n", "the processor that x, print and info registers are "
     "about", 1, 1, choose_cpu, true},
    {"x", NULL, "/fmt addr", "memory at a virtual address; fmt: count, one "
     "of xduoci, one of bhwg", 1, MONITOR_ARGS, monitor_examine, true},
    {"xp", NULL, "/fmt addr", "the same at a physical address", 1,
     MONITOR_ARGS, monitor_examine_physical, true},
    {"print", "p", "/fmt expr", "a value: numbers, $registers, + - * / % & "
     "| ^ ( )", 1, MONITOR_ARGS, print_value, false},
    {"gva2gpa", NULL, "addr", "where a virtual address is mapped to", 1,
     MONITOR_ARGS, monitor_translate, true},
    {"memsave", NULL, "addr size file", "virtual memory to a file", 3, 3,
     monitor_save, true},
    {"pmemsave", NULL, "addr size file", "physical memory to a file", 3, 3,
     monitor_save_physical, true},
    {"hostfwd_add", NULL, "[netdev] tcp|udp:[host]:port-[guest]:port",
     "forward a port of the host", 1, 2, hostfwd_add, false},
    {"hostfwd_remove", NULL, "[netdev] tcp|udp:[host]:port",
     "no longer forward it", 1, 2, hostfwd_remove, false},
    {"set_link", NULL, "netdev on|off", "pull or plug in a network cable", 2,
     2, set_link, false},
    {"ringbuf_read", NULL, "chardev bytes", "what a ringbuf holds", 2, 2,
     ringbuf_read, false},
    {"log", NULL, "items|none", "what to log ('-d help')", 1, 1, log_items,
     false},
    {"logfile", NULL, "file", "where to log", 1, 1, log_file, false},
    ABSENT("savevm"), ABSENT("loadvm"), ABSENT("delvm"), ABSENT("migrate"),
    ABSENT("device_add"), ABSENT("device_del"), ABSENT("drive_add"),
    ABSENT("drive_del"), ABSENT("netdev_add"), ABSENT("netdev_del"),
    ABSENT("object_add"), ABSENT("object_del"), ABSENT("chardev-add"),
    ABSENT("chardev-remove"), ABSENT("change"), ABSENT("eject"),
    ABSENT("commit"), ABSENT("block_resize"), ABSENT("screendump"),
    ABSENT("sendkey"), ABSENT("mouse_move"), ABSENT("gdbserver"),
    ABSENT("dump-guest-memory"), ABSENT("nmi"), ABSENT("balloon"),
    {0},
};
