/*
 * The table of options.  One row per option drives parsing, -help, the
 * suggestion for a misspelt name and the list of what is not there yet.
 */
#include "ui/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/secret.h"
#include "ui/chardev_mux.h"
#include "ui/options_parse.h"
#include "util/bits.h"
#include "util/log.h"
#include "util/nearest.h"

struct option_row {
    const char *name;
    const char *argument; /* as help shows it; NULL: takes none */
    const char *help;
    /* NULL: QEMU has it and we do not.  Errors name the option. */
    bool (*set)(struct parse *p, const char *text, struct error **err);
};

/* Options of one line -------------------------------------------------- */

#define STRING_OPTION(name, field)                                       \
    static bool set_##name(struct parse *p, const char *text,            \
                           struct error **err)                           \
    {                                                                    \
        (void)err;                                                       \
        p->field = text;                                                 \
        return true;                                                     \
    }

#define FLAG_OPTION(name, field, value)                                  \
    static bool set_##name(struct parse *p, const char *text,            \
                           struct error **err)                           \
    {                                                                    \
        (void)text;                                                      \
        (void)err;                                                       \
        p->field = value;                                                \
        return true;                                                     \
    }

STRING_OPTION(kernel, out->machine.kernel)
STRING_OPTION(initrd, out->machine.initrd)
STRING_OPTION(dtb, out->machine.dtb)
STRING_OPTION(append, out->machine.append)
STRING_OPTION(bios, out->machine.bios)
STRING_OPTION(pidfile, out->pidfile)
FLAG_OPTION(no_reboot, out->machine.no_reboot, true)
FLAG_OPTION(no_shutdown, out->machine.no_shutdown, true)
FLAG_OPTION(no_acpi, out->machine.acpi, false)
FLAG_OPTION(paused, out->machine.start_paused, true)
FLAG_OPTION(one_insn, out->machine.one_insn_per_block, true)
FLAG_OPTION(perfmap, out->machine.perfmap, true)
FLAG_OPTION(nographic, nographic, true)
FLAG_OPTION(nodefaults, nodefaults, true)
FLAG_OPTION(snapshot, snapshot, true)
FLAG_OPTION(daemonize, out->daemonize, true)

/* Has no effect on this machine, or none worth a message. */
static bool set_nothing(struct parse *p, const char *text,
                        struct error **err)
{
    (void)p;
    (void)text;
    (void)err;
    return true;
}

/* The table ------------------------------------------------------------ */

static bool set_help(struct parse *p, const char *text, struct error **err);
static bool set_version(struct parse *p, const char *text,
                        struct error **err);

static const struct option_row rows[] = {
    {"h", NULL, "this list", set_help},
    {"help", NULL, "this list", set_help},
    {"version", NULL, "the version", set_version},

    {"machine", "[type=]NAME[,PROP=VALUE...]",
     "the machine ('-machine [virt,]help')", option_machine},
    {"M", "[type=]NAME[,PROP=VALUE...]", "same as -machine",
     option_machine},
    {"cpu", "MODEL[,PROP=VALUE...]", "the processors ('-cpu help')",
     option_cpu},
    {"accel", "[accel=]NAME[,PROP=VALUE...]",
     "how to run the guest; the first that works", option_accel},
    {"enable-kvm", NULL, "same as -accel kvm", option_enable_kvm},
    {"smp", "[cpus=]N[,maxcpus=N][,sockets=N][,cores=N][,threads=N]...",
     "number of processors", option_smp},
    {"m", "[size=]MEGS[,slots=N,maxmem=SIZE]",
     "guest memory; 2G and the like are fine", option_memory},
    {"name", "NAME[,process=NAME][,debug-threads=on|off]",
     "name of the guest", option_name},
    {"uuid", "UUID", "identity of the guest", option_uuid},
    {"boot", "[order=cdn][,menu=on|off][,strict=on|off]...",
     "what firmware boots, where no bootindex says so", option_boot},
    {"rtc", "[base=utc|localtime|DATE][,clock=host]",
     "what the guest's clock starts with", option_rtc},
    {"global", "DRIVER.PROPERTY=VALUE", "default of a device property",
     option_global},
    {"action", "[reboot=reset|shutdown][,shutdown=poweroff|pause]",
     "what a reboot or shutdown of the guest does", option_action},

    {"kernel", "FILE", "kernel: Image, gzip'd Image, ELF or raw binary",
     set_kernel},
    {"initrd", "FILE", "initial RAM disk", set_initrd},
    {"append", "TEXT", "kernel command line", set_append},
    {"dtb", "FILE", "device tree instead of the generated one", set_dtb},
    {"bios", "FILE", "firmware, run from address 0", set_bios},
    {"L", "DIR", "where to look for firmware", option_data_dir},
    {"fw_cfg", "[name=]NAME,file=FILE|string=TEXT",
     "a file for firmware and guest", option_fw_cfg},
    {"smbios", "type=N[,KEY=TEXT...]|file=FILE",
     "what tables say: 0 BIOS, 1 system, 2 board, 3 chassis, 4 CPU, 8 ports, "
     "11 OEM strings, 17 memory", option_smbios},
    {"semihosting", NULL, "the guest may use our files and console",
     option_semihosting},
    {"semihosting-config",
     "[enable=on|off][,target=auto|native][,chardev=ID][,userspace=on|off]"
     "[,arg=TEXT]...",
     "the same; EL0, too; arguments", option_semihosting_config},

    {"drive", "file=FILE[,if=virtio|pflash|none][,id=ID][,PROP=VALUE...]",
     "a disk image and, unless if=none, the device for it", option_drive},
    {"blockdev", "[driver=]file|FORMAT,node-name=ID[,PROP=VALUE...]",
     "a disk image for -device or -machine pflash0", option_blockdev},
    {"hda", "FILE", "disk 0; likewise -hdb, -hdc, -hdd", option_hd},
    {"hdb", "FILE", "disk 1", option_hd},
    {"hdc", "FILE", "disk 2", option_hd},
    {"hdd", "FILE", "disk 3", option_hd},
    {"cdrom", "FILE", "a CD-ROM, which the guest sees as a read-only disk",
     option_cdrom},
    {"pflash", "FILE", "same as -drive if=pflash,file=FILE", option_pflash},
    {"snapshot", NULL, "disks keep nothing of what the guest writes",
     set_snapshot},

    {"nographic", NULL, "no window; console and escape keys here",
     set_nographic},
    {"display", "none", "no window, which is all there is yet",
     option_display},
    {"vga", "none", "no display adapter", option_none},
    {"serial", "stdio|mon:stdio|null|none|pty|file:PATH|chardev:ID",
     "far end of a UART; may be repeated", option_serial},
    {"monitor", "stdio|none|tcp:...|unix:...|chardev:ID",
     "the monitor, which takes commands ('help')", option_monitor},
    {"mon", "[chardev=]ID", "the same, on a -chardev",
     option_mon},
    {"parallel", "none", "the board has no parallel port", option_parallel},
    {"chardev", "KIND,id=ID[,PROP=VALUE...]",
     "a character device ('-chardev help')", option_chardev},
    {"echr", "N", "escape character instead of 1 (Ctrl-A)", option_echr},

    {"netdev", "KIND,id=ID[,PROP=VALUE...]",
     "far end of a network cable ('-netdev help')", option_netdev},
    {"nic", "KIND|none[,model=NAME][,mac=ADDRESS][,PROP=VALUE...]",
     "a network card and its cable", option_nic},
    {"net", "nic|KIND|none[,PROP=VALUE...]",
     "the older form: everything on one hub", option_net},
    {"device", "MODEL[,PROP=VALUE...]",
     "a device ('-device [MODEL,]help')", option_device},
    {"object", "TYPE,id=ID[,PROP=VALUE...]",
     "what others refer to ('-object help')", option_object},
    {"audiodev", "none,id=ID", "no sound", option_none},
    {"vnc", "none", "no display over the network", option_none},

    {"no-reboot", NULL, "exit when the guest reboots", set_no_reboot},
    {"no-shutdown", NULL, "stay when the guest powers off",
     set_no_shutdown},
    {"S", NULL, "do not start the processors", set_paused},
    {"d", "ITEM,...", "what to log ('-d help')", option_log_items},
    {"D", "FILE", "where to log, instead of standard error", option_log_file},
    {"perfmap", NULL, "name generated code for perf, in /tmp/perf-PID.map",
     set_perfmap},
    {"singlestep", NULL, "one instruction per translated block",
     set_one_insn},
    {"pidfile", "FILE", "write the process id here", set_pidfile},
    {"daemonize", NULL, "go to the background once the machine is there",
     set_daemonize},
    {"msg", "timestamp=on|off", "accepted", option_msg},
    {"nodefaults", NULL, "no devices but those asked for", set_nodefaults},
    {"no-user-config", NULL, "accepted: there is none", set_nothing},
    {"no-acpi", NULL, "same as -machine acpi=off", set_no_acpi},
    {"sandbox", "on|off", "accepted", option_sandbox},
    {"overcommit", "[mem-lock=off][,cpu-pm=on|off]", "accepted",
     option_overcommit},
    {"k", "LANGUAGE", "accepted: keyboard layout", set_nothing},

    /* What QEMU has and we do not have yet. */
    {"acpitable", "", NULL, NULL},
    {"add-fd", "", NULL, NULL},
    {"async-teardown", NULL, NULL, NULL},
    {"audio", "", NULL, NULL},
    {"audio-help", NULL, NULL, NULL},
    {"chroot", "", NULL, NULL},
    {"compat", "", NULL, NULL},
    {"debugcon", "", NULL, NULL},
    {"dfilter", "", NULL, NULL},
    {"dump-vmstate", "", NULL, NULL},
    {"enable-sync-profile", NULL, NULL, NULL},
    {"fda", "", NULL, NULL},
    {"fdb", "", NULL, NULL},
    {"fsdev", "", NULL, NULL},
    {"full-screen", NULL, NULL, NULL},
    {"gdb", "", NULL, NULL},
    {"icount", "", NULL, NULL},
    {"incoming", "", NULL, NULL},
    {"iscsi", "", NULL, NULL},
    {"loadvm", "", NULL, NULL},
    {"mem-path", "", NULL, NULL},
    {"mem-prealloc", NULL, NULL, NULL},
    {"mtdblock", "", NULL, NULL},
    {"numa", "", NULL, NULL},
    {"old-param", NULL, NULL, NULL},
    {"only-migratable", NULL, NULL, NULL},
    {"option-rom", "", NULL, NULL},
    {"plugin", "", NULL, NULL},
    {"portrait", NULL, NULL, NULL},
    {"preconfig", NULL, NULL, NULL},
    {"qmp", "", NULL, NULL},
    {"qmp-pretty", "", NULL, NULL},
    {"qtest", "", NULL, NULL},
    {"qtest-log", "", NULL, NULL},
    {"readconfig", "", NULL, NULL},
    {"rotate", "", NULL, NULL},
    {"run-with", "", NULL, NULL},
    {"runas", "", NULL, NULL},
    {"s", NULL, NULL, NULL},
    {"sd", "", NULL, NULL},
    {"seed", "", NULL, NULL},
    {"set", "", NULL, NULL},
    {"spice", "", NULL, NULL},
    {"tpmdev", "", NULL, NULL},
    {"trace", "", NULL, NULL},
    {"usb", NULL, NULL, NULL},
    {"usbdevice", "", NULL, NULL},
    {"virtfs", "", NULL, NULL},
    {"watchdog-action", "", NULL, NULL},
    {"xen-attach", NULL, NULL, NULL},
    {"xen-domid", "", NULL, NULL},
    {"xen-domid-restrict", NULL, NULL, NULL},
};

static bool set_version(struct parse *p, const char *text,
                        struct error **err)
{
    (void)text;
    (void)err;
    /* Drivers parse the first line. */
    printf("QEMU emulator version 8.2.0 (Armature 0.1)\n"
           "Armature takes QEMU's command line and shares no code with "
           "it.\n");
    p->done = true;
    return true;
}

static void print_missing(void)
{
    int column = 0;

    printf("\nKnown to QEMU and not supported yet:\n");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (!rows[i].set) {
            int width = (int)strlen(rows[i].name) + 2;
            if (column + width > 78) {
                printf("\n");
                column = 0;
            }
            column += printf("%s-%s", column ? " " : "", rows[i].name);
        }
    }
    printf("\n");
}

static bool set_help(struct parse *p, const char *text, struct error **err)
{
    (void)text;
    (void)err;
    printf("usage: armature [OPTION]... [DISK-IMAGE]...\n"
           "Run a guest on Arm's virt board.  --OPTION means -OPTION.\n\n");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct option_row *row = &rows[i];
        if (row->set) {
            int width = printf("-%s %s", row->name,
                               row->argument ? row->argument : "");
            printf("%s%*s%s\n", width > 30 ? "\n" : "",
                   width > 30 ? 32 : 32 - width, "", row->help);
        }
    }
    print_missing();
    printf("\nEscape keys on the console: Ctrl-A x quits, Ctrl-A h lists "
           "the others.\n");
    p->done = true;
    return true;
}

/* Reading the command line --------------------------------------------- */

static const struct option_row *find_row(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool unknown_option(const char *argument, const char *name,
                           struct error **err)
{
    const char *near = nearest_in_table(name, &rows[0].name,
                                        ARRAY_SIZE(rows), sizeof(rows[0]));

    error_set(err, "%s: no such option%s%s%s", argument,
              near ? "; did you mean '-" : " ('-help' lists them)",
              near ? near : "", near ? "'?" : "");
    return false;
}

/* One option and its argument at argv[*at]; *at moves behind them. */
static bool read_option(struct parse *p, char **argv, int argc, int *at,
                        struct error **err)
{
    const char *argument = argv[(*at)++];

    if (argument[0] != '-' || argument[1] == '\0') {
        return option_bare(p, argument, err);
    }
    const char *name = argument + (argument[1] == '-' ? 2 : 1);
    const struct option_row *row = find_row(name);
    if (!row) {
        return unknown_option(argument, name, err);
    }
    if (!row->set) {
        error_set(err, "-%s: not supported yet", row->name);
        return false;
    }
    const char *text = NULL;
    if (row->argument) {
        if (*at == argc) {
            error_set(err, "-%s: needs an argument: %s", row->name,
                      row->argument);
            return false;
        }
        text = argv[(*at)++];
    }
    p->option = row->name;
    p->usage = row->argument;
    return row->set(p, text, err);
}

static void set_defaults(struct options *options)
{
    memset(options, 0, sizeof(*options));
    options->escape = CHARDEV_MUX_ESCAPE;
    options->machine.gic_version = 2;
    options->machine.highmem = true;
    options->machine.acpi = true;
    options->machine.dtb_randomness = true;
    options->machine.accel = ACCEL_JIT;
    options->machine.regions = true;
    options->machine.region_threshold = 2;
}

/* After the last option, in this order. */
static bool finish(struct parse *p, struct error **err)
{
    if (p->out->daemonize && p->nographic) {
        error_set(err, "-nographic cannot be used with -daemonize");
        return false;
    }
    return options_finish_machine(p, err) && options_finish_accel(p, err) &&
           options_finish_cpu(p, err) && options_finish_sizes(p, err) &&
           options_finish_objects(p, err) && options_finish_bare(p, err) &&
           options_finish_chardevs(p, err) &&
           options_finish_semihosting(p, err) && options_finish_net(p, err) &&
           options_finish_drives(p, err) && options_finish_devices(p, err);
}

static enum options_result parse_all(struct parse *p, int argc, char **argv,
                                     struct error **err)
{
    int at = 1;

    p->machine = parse_keep(p, keyval_new());
    while (at < argc) {
        if (!read_option(p, argv, argc, &at, err)) {
            return OPTIONS_ERROR;
        }
        if (p->done) {
            return OPTIONS_EXIT;
        }
    }
    if (!finish(p, err)) {
        return OPTIONS_ERROR;
    }
    options_find_firmware(p);
    return OPTIONS_RUN;
}

enum options_result options_parse(struct options *options, int argc,
                                  char **argv, struct error **err)
{
    struct parse *p = calloc(1, sizeof(*p));

    if (!p) {
        abort();
    }
    set_defaults(options);
    p->out = options;
    enum options_result result = parse_all(p, argc, argv, err);
    free(p);
    return result;
}

void options_free(struct options *options)
{
    for (size_t i = 0; i < options->kept_count; i++) {
        keyval_free(options->kept[i]);
    }
    free(options->kept);
    free(options->chardevs);
    free(options->monitors);
    free(options->fw_cfg);
    free(options->machine.drives);
    secrets_free(options->machine.secrets);
    free(options->machine.devices);
    options_free_smbios(options);
    options_free_net(options);
    memset(options, 0, sizeof(*options));
}
