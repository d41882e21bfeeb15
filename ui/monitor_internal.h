/* Between the files of the monitor (ui/monitor*.c). */
#ifndef UI_MONITOR_INTERNAL_H
#define UI_MONITOR_INTERNAL_H

#include <stdio.h>

#include "ui/monitor.h"

#define MONITOR_ARGS 8

struct monitor {
    struct chardev *chr;
    const struct monitor_env *env;
    struct line_editor *editor;
    bool greeted;
    bool after_return; /* the last byte was CR: LF belongs to it */

    unsigned cpu; /* that registers and virtual addresses are of */
    char format;  /* of x and xp, kept from one to the next */
    unsigned size;
};

/* The words of a command line; "..." and \ quote. */
struct monitor_args {
    char *item[MONITOR_ARGS];
    unsigned count;
    const char *format; /* "4xw" of x/4xw, or NULL */
    const char *rest;   /* the line behind the command's name */
};

struct monitor_command {
    const char *name, *alias; /* alias NULL: none */
    const char *params, *help;
    unsigned min, max; /* arguments */
    /* Output goes to `out`; false: *err is printed. */
    bool (*run)(struct monitor *m, const struct monitor_args *args,
                FILE *out, struct error **err);
    bool needs_machine;
};

/* Of a table that ends with a NULL name. */
const struct monitor_command *monitor_find(const struct monitor_command *rows,
                                           const char *name);
void monitor_list(const struct monitor_command *rows, const char *prefix,
                  FILE *out);

extern const struct monitor_command monitor_commands[]; /* _commands.c */
extern const struct monitor_command monitor_infos[];    /* _info.c */

/* monitor_expr.c: "$pc + 4 * (0x10 - 2)".  False with a sentence. */
bool monitor_expr(struct monitor *m, const char *text, uint64_t *value,
                  struct error **err);

/* monitor_memory.c */
bool monitor_examine(struct monitor *m, const struct monitor_args *args,
                     FILE *out, struct error **err);
bool monitor_examine_physical(struct monitor *m,
                              const struct monitor_args *args, FILE *out,
                              struct error **err);
bool monitor_translate(struct monitor *m, const struct monitor_args *args,
                       FILE *out, struct error **err);
bool monitor_save(struct monitor *m, const struct monitor_args *args,
                  FILE *out, struct error **err);
bool monitor_save_physical(struct monitor *m,
                           const struct monitor_args *args, FILE *out,
                           struct error **err);

/* Stop the machine for as long as something looks at it. */
bool monitor_hold(struct monitor *m);
void monitor_release(struct monitor *m, bool was_running);

#endif
