/* Between the files of the option parser (ui/options*.c). */
#ifndef UI_OPTIONS_PARSE_H
#define UI_OPTIONS_PARSE_H

#include <stdbool.h>

#include "ui/options.h"
#include "util/keyval.h"

#define PARSE_MAX_LIST 32

/* Strings collected while reading, in order. */
struct parse_list {
    const char *items[PARSE_MAX_LIST];
    unsigned count;
};

/* What was read but cannot be judged before the last option is seen. */
struct parse {
    struct options *out;
    const char *option; /* being read, without its dashes */
    const char *usage;  /* of its argument */
    bool done;          /* help was printed */

    struct keyval *machine, *memory, *smp, *rtc, *action;
    struct parse_list accels, serials, mons, data_dirs;
    const char *cpu;
    bool nographic, display, nodefaults, monitor;
};

/* Answer "help" for the option being read. */
void parse_usage(struct parse *p);

/* `what` is not there yet, for the error message. */
bool parse_unsupported(struct error **err, const char *what);

bool parse_list_add(struct parse_list *list, const char *text,
                    struct error **err);

/* Parse "a=b,..."; kept until the options are freed.  NULL on error. */
struct keyval *parse_keyval(struct parse *p, const char *text,
                            const char *implied_key, struct error **err);

/* `kv` is freed with the options. */
struct keyval *parse_keep(struct parse *p, struct keyval *kv);

/* Single values (options_values.c). */
bool option_none(struct parse *p, const char *text, struct error **err);
bool option_no_devices(struct parse *p, const char *text, struct error **err);
bool option_enable_kvm(struct parse *p, const char *text, struct error **err);
bool option_data_dir(struct parse *p, const char *text, struct error **err);
bool option_log_items(struct parse *p, const char *text, struct error **err);
bool option_log_file(struct parse *p, const char *text, struct error **err);
bool option_display(struct parse *p, const char *text, struct error **err);
bool option_name(struct parse *p, const char *text, struct error **err);
bool option_boot(struct parse *p, const char *text, struct error **err);
bool option_msg(struct parse *p, const char *text, struct error **err);
bool option_sandbox(struct parse *p, const char *text, struct error **err);
bool option_overcommit(struct parse *p, const char *text, struct error **err);
bool option_global(struct parse *p, const char *text, struct error **err);
bool option_uuid(struct parse *p, const char *text, struct error **err);
bool option_action(struct parse *p, const char *text, struct error **err);

/* -bios NAME where -L says. */
void options_find_firmware(struct parse *p);

/* Options of the machine (options_machine.c). */
bool option_machine(struct parse *p, const char *text, struct error **err);
bool option_cpu(struct parse *p, const char *text, struct error **err);
bool option_accel(struct parse *p, const char *text, struct error **err);
bool options_finish_machine(struct parse *p, struct error **err);

/* -m, -smp and -rtc (options_size.c). */
bool option_memory(struct parse *p, const char *text, struct error **err);
bool option_smp(struct parse *p, const char *text, struct error **err);
bool option_rtc(struct parse *p, const char *text, struct error **err);
bool options_finish_sizes(struct parse *p, struct error **err);

/* Options of character devices (options_chardev.c). */
bool option_chardev(struct parse *p, const char *text, struct error **err);
bool option_serial(struct parse *p, const char *text, struct error **err);
bool option_monitor(struct parse *p, const char *text, struct error **err);
bool option_mon(struct parse *p, const char *text, struct error **err);
bool option_parallel(struct parse *p, const char *text, struct error **err);
bool option_echr(struct parse *p, const char *text, struct error **err);
bool options_finish_chardevs(struct parse *p, struct error **err);

#endif
