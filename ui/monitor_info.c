/* What "info" shows: one row each. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "block/block.h"
#include "cpu/cpu.h"
#include "hw/arm/doctor.h"
#include "net/config.h"
#include "softmmu/bus.h"
#include "ui/chardev_backend.h"
#include "ui/monitor_internal.h"

#define INFO(name) \
    static bool name(struct monitor *m, const struct monitor_args *args, \
                     FILE *out, struct error **err)

INFO(info_version)
{
    (void)m, (void)args, (void)err;
    fprintf(out, "8.2.0 (Armature 0.1)\n");
    return true;
}

INFO(info_status)
{
    const struct machine *machine = m->env->machine;
    const char *why = machine->state == MACHINE_SHUTDOWN ? " (shutdown)"
                      : machine->disk_error              ? " (io-error)"
                      : !machine->started                ? " (prelaunch)"
                                                         : "";

    (void)args, (void)err;
    if (machine->state == MACHINE_RUNNING) {
        fprintf(out, "VM status: running\n");
    } else {
        fprintf(out, "VM status: paused%s\n", why);
    }
    return true;
}

INFO(info_name)
{
    const char *name = m->env->options->machine.name;

    (void)args, (void)err;
    if (name) {
        fprintf(out, "%s\n", name);
    }
    return true;
}

INFO(info_uuid)
{
    const char *uuid = m->env->options->machine.uuid;

    (void)args, (void)err;
    fprintf(out, "%s\n",
            uuid ? uuid : "00000000-0000-0000-0000-000000000000");
    return true;
}

INFO(info_kvm)
{
    (void)m, (void)args, (void)err;
    fprintf(out, "kvm support: not compiled\n");
    return true;
}

/* -- processors ----------------------------------------------------------- */

INFO(info_cpus)
{
    const struct machine *machine = m->env->machine;

    (void)args, (void)err;
    for (unsigned n = 0; n < machine->config->cpus; n++) {
        fprintf(out, "%c CPU #%u: thread_id=%d\n", n == m->cpu ? '*' : ' ',
                n, cpu_thread_id(machine->cpus, n));
    }
    return true;
}

INFO(info_registers)
{
    struct machine *machine = m->env->machine;
    bool all = args->count && strcmp(args->item[0], "-a") == 0;
    bool running = monitor_hold(m);

    (void)err;
    if (all) {
        cpu_system_dump(machine->cpus, out);
    } else {
        cpu_dump(machine->cpus, m->cpu, out);
    }
    monitor_release(m, running);
    return true;
}

INFO(info_jit)
{
    (void)args, (void)err;
    cpu_system_print_stats(m->env->machine->cpus, out);
    return true;
}

INFO(info_guest)
{
    char *text = doctor_explain(m->env->machine);

    (void)args, (void)err;
    fprintf(out, "%s", text ? text : "");
    free(text);
    return true;
}

/* -- memory and devices --------------------------------------------------- */

INFO(info_mtree)
{
    (void)args, (void)err;
    bus_dump(m->env->machine->bus, out);
    return true;
}

static void print_drive(const struct machine *machine,
                        const struct drive_config *d,
                        const struct block_backend *b, FILE *out)
{
    fprintf(out, "%s: ", d->id);
    if (!b) {
        fprintf(out, "[not inserted]\n");
        return;
    }
    fprintf(out, "%s (%s%s)\n", d->block.file,
            d->block.format ? d->block.format : "probed",
            block_readonly(b) ? ", read-only" : "");
    fprintf(out, "    Size:             %llu bytes\n",
            (unsigned long long)block_size(b));
    fprintf(out, "    Cache mode:       %s%s, by %s\n",
            block_write_cache(b) ? "writeback" : "writethrough",
            d->block.cache == BLOCK_CACHE_NONE ||
                    d->block.cache == BLOCK_CACHE_DIRECTSYNC
                ? ", direct" : "",
            block_engine_name(b));
    if (machine->disk_error) {
        fprintf(out, "    Stopped for:      %s\n",
                strerror(machine->disk_error));
    }
}

INFO(info_block)
{
    const struct machine *machine = m->env->machine;

    (void)args, (void)err;
    for (unsigned n = 0; n < machine->config->drive_count; n++) {
        const struct drive_config *d = &machine->config->drives[n];
        if (!d->layer && d->interface != DRIVE_PFLASH) {
            print_drive(machine, d, machine->drives[n], out);
        }
    }
    return true;
}

INFO(info_chardev)
{
    const struct options *options = m->env->options;

    (void)args, (void)err;
    for (size_t n = 0; n < options->chardev_count; n++) {
        const struct chardev_config *c = &options->chardevs[n];
        fprintf(out, "%s: filename=%s%s%s%s\n", c->id,
                c->mux ? "mux:" : "", c->backend->name, c->path ? ":" : "",
                c->path ? c->path : "");
    }
    return true;
}

INFO(info_network)
{
    const struct machine_config *config = &m->env->options->machine;

    (void)args, (void)err;
    for (unsigned n = 0; n < config->netdev_count; n++) {
        const struct net_client *nc =
            netdevs_find(m->env->netdevs, config->netdevs[n].id);
        fprintf(out, "%s: index=0,type=%s%s%s%s%s\n", nc->id, nc->type,
                *nc->info ? "," : "", nc->info,
                nc->nic ? "" : ",no device", nc->link_down ? ",down" : "");
    }
    return true;
}

static void print_forward(const struct net_hostfwd *f, FILE *out)
{
    char host[INET_ADDRSTRLEN], guest[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &f->host_address, host, sizeof(host));
    inet_ntop(AF_INET, &f->guest_address, guest, sizeof(guest));
    fprintf(out, "  %s[HOST_FORWARD]  %3d %15s %5d %15s %5d %5d %5d\n",
            f->udp ? "UDP" : "TCP", 0, f->host_address.s_addr ? host : "*",
            f->host_port, guest, f->guest_port, 0, 0);
}

INFO(info_usernet)
{
    const struct machine_config *config = &m->env->options->machine;
    struct net_hostfwd forward;

    (void)args, (void)err;
    for (unsigned n = 0; n < config->netdev_count; n++) {
        struct net_client *nc =
            netdevs_find(m->env->netdevs, config->netdevs[n].id);
        if (strcmp(nc->type, "user") != 0) {
            continue;
        }
        fprintf(out, "Hub -1 (%s):\n  Protocol[State]    FD  Source "
                     "Address  Port   Dest. Address  Port RecvQ SendQ\n",
                nc->id);
        for (size_t i = 0; net_user_hostfwd_get(nc, i, &forward); i++) {
            print_forward(&forward, out);
        }
    }
    return true;
}

const struct monitor_command monitor_infos[] = {
    {"version", NULL, "", "of the emulator", 0, 0, info_version, false},
    {"status", NULL, "", "whether the machine runs", 0, 0, info_status,
     true},
    {"guest", NULL, "", "what the guest is doing (Ctrl-A d)", 0, 0,
     info_guest, true},
    {"name", NULL, "", "of the machine (-name)", 0, 0, info_name, false},
    {"uuid", NULL, "", "of the machine (-uuid)", 0, 0, info_uuid, false},
    {"cpus", NULL, "", "processors and their threads", 0, 0, info_cpus,
     true},
    {"registers", NULL, "[-a]", "of one processor, or of all", 0, 1,
     info_registers, true},
    {"jit", NULL, "", "the translator's counters (-d stats)", 0, 0, info_jit,
     true},
    {"mtree", NULL, "", "the physical address space", 0, 1, info_mtree,
     true},
    {"block", NULL, "", "disk images", 0, 1, info_block, true},
    {"chardev", NULL, "", "character devices", 0, 0, info_chardev, false},
    {"network", NULL, "", "network back ends", 0, 0, info_network, false},
    {"usernet", NULL, "", "forwarded ports", 0, 0, info_usernet, false},
    {"kvm", NULL, "", "hardware help, which is not used", 0, 0, info_kvm,
     false},
    {0},
};
