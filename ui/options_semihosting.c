/* -semihosting and -semihosting-config, which add up. */
#include <stdlib.h>
#include <string.h>

#include "ui/options_parse.h"

static struct keyval *merged(struct parse *p)
{
    if (!p->semihosting) {
        p->semihosting = parse_keep(p, keyval_new());
    }
    return p->semihosting;
}

bool option_semihosting(struct parse *p, const char *text, struct error **err)
{
    (void)text;
    (void)err;
    keyval_set(merged(p), "enable", "on");
    return true;
}

bool option_semihosting_config(struct parse *p, const char *text,
                               struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, "enable", err);

    if (kv && keyval_help(kv)) {
        parse_usage(p);
        return true;
    }
    if (!kv) {
        return false;
    }
    const char *enable = keyval_get(kv, "enable");
    if (enable && strcmp(enable, "enable") == 0) {
        keyval_set(kv, "enable", "on"); /* "enable,target=..." */
    }
    keyval_merge(merged(p), kv);
    return true;
}

/* "arg=a,arg=b" as "a b"; NULL when there is none. */
static const char *arguments(struct parse *p, struct keyval *kv)
{
    const char *text = NULL, *arg;
    size_t position = 0;

    while ((arg = keyval_each(kv, "arg", &position))) {
        text = text ? parse_format(p, "%s %s", text, arg) : arg;
    }
    return text;
}

static bool read(struct parse *p, struct keyval *kv, struct error **err)
{
    static const char *const targets[] = {"auto", "native", "gdb", NULL};
    struct semihosting_config *c = &p->out->machine.semihosting;
    unsigned target = 0;

    c->enabled = true;
    if (!keyval_bool(kv, "enable", &c->enabled, err) ||
        !keyval_bool(kv, "userspace", &c->userspace, err) ||
        !keyval_enum(kv, "target", targets, &target, err)) {
        return false;
    }
    c->chardev = keyval_get(kv, "chardev");
    c->cmdline = arguments(p, kv);
    if (!keyval_check(kv, err)) {
        return false;
    }
    if (c->enabled && target == 2) {
        return parse_unsupported(err, "target=gdb");
    }
    if (c->chardev && !options_find_chardev(p, c->chardev)) {
        error_set(err, "chardev=%s: there is no -chardev with this id",
                  c->chardev);
        return false;
    }
    return true;
}

bool options_finish_semihosting(struct parse *p, struct error **err)
{
    if (!p->semihosting || read(p, p->semihosting, err)) {
        return true;
    }
    error_prepend(err, "-semihosting-config");
    return false;
}
