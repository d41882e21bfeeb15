/* Who executes the guest: -accel. */
#include "ui/options_parse.h"

#include <stdio.h>
#include <string.h>

#include "util/bits.h"
#include "util/nearest.h"

struct accel_row {
    const char *name;
    const char *help;
    const char *missing; /* why it cannot be used */
    enum accel accel;
};

#define NO_KVM "needs an Arm host; leave it out, or use -accel tcg"

static const struct accel_row accels[] = {
    {"tcg", "same as jit", NULL, ACCEL_JIT},
    {"jit", "translate to host code", NULL, ACCEL_JIT},
    {"interp", "interpret: slow, for comparison", NULL, ACCEL_INTERP},
    {"kvm", "", NO_KVM, ACCEL_JIT},
    {"hvf", "", NO_KVM, ACCEL_JIT},
    {"nvmm", "", NO_KVM, ACCEL_JIT},
    {"whpx", "", NO_KVM, ACCEL_JIT},
    {"xen", "", NO_KVM, ACCEL_JIT},
};

static void accels_print(void)
{
    printf("Accelerators supported in QEMU binary:\n");
    for (size_t i = 0; i < ARRAY_SIZE(accels); i++) {
        if (!accels[i].missing) {
            printf("%s\n", accels[i].name);
        }
    }
    printf("Properties of jit:\n"
           "  cache=DIR              keep translations in DIR, which only you "
           "can write,\n"
           "                         for the next run of the same guest\n"
           "  one-insn-per-tb=on     translate each instruction by itself\n"
           "  smc-strict=on          code is what memory holds, at every "
           "store\n");
}

bool option_accel(struct parse *p, const char *text, struct error **err)
{
    if (strcmp(text, "help") == 0 || strcmp(text, "?") == 0) {
        accels_print();
        p->done = true;
        return true;
    }
    return parse_list_add(&p->accels, text, err);
}

static const struct accel_row *accel_find(const char *name,
                                          struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(accels); i++) {
        if (strcmp(accels[i].name, name) == 0) {
            return &accels[i];
        }
    }
    const char *near =
        nearest_in_table(name, &accels[0].name, ARRAY_SIZE(accels),
                         sizeof(accels[0]));
    error_set(err, "-accel %s: no such accelerator%s%s%s", name,
              near ? "; did you mean '" : " ('-accel help' lists them)",
              near ? near : "", near ? "'?" : "");
    return NULL;
}

static bool region_threshold(struct keyval *kv, unsigned *threshold,
                             struct error **err)
{
    uint64_t value = *threshold;
    bool good = keyval_uint(kv, "region-threshold", UINT32_MAX, &value, err);

    *threshold = (unsigned)value;
    return good;
}

/* More than the translator can use is none too many. */
#define MAX_CODE_MIB 1024

static bool code_size(struct keyval *kv, unsigned *mib, struct error **err)
{
    uint64_t value = 0;
    bool good = keyval_uint(kv, "tb-size", UINT32_MAX, &value, err);

    *mib = value < MAX_CODE_MIB ? (unsigned)value : MAX_CODE_MIB;
    return good;
}

static bool accel_properties(struct keyval *kv,
                             struct machine_config *machine,
                             struct error **err)
{
    static const char *const threads[] = {"multi", "single", NULL};
    unsigned thread;
    bool split_wx;

    machine->translations = keyval_get(kv, "cache");
    return keyval_enum(kv, "thread", threads, &thread, err) &&
           code_size(kv, &machine->code_mib, err) &&
           keyval_bool(kv, "split-wx", &split_wx, err) &&
           keyval_bool(kv, "one-insn-per-tb", &machine->one_insn_per_block,
                       err) &&
           keyval_bool(kv, "smc-strict", &machine->smc_strict, err) &&
           keyval_bool(kv, "regions", &machine->regions, err) &&
           region_threshold(kv, &machine->region_threshold, err) &&
           keyval_check(kv, err);
}

/* One request; *usable says whether the search is over. */
static bool accel_try(struct parse *p, const char *text, bool *usable,
                      struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, "accel", err);
    const char *name = kv ? keyval_get(kv, "accel") : NULL;

    *usable = false;
    if (!name) {
        if (kv) {
            error_set(err, "-accel %s: names no accelerator", text);
        }
        return false;
    }
    const struct accel_row *row = accel_find(name, err);
    if (!row) {
        return false;
    }
    if (row->missing) {
        error_set(err, "-accel %s: invalid accelerator %s: %s", name, name,
                  row->missing);
        return true;
    }
    if (!accel_properties(kv, &p->out->machine, err)) {
        error_prepend(err, "-accel %s", text);
        return false;
    }
    if (p->out->machine.translations && row->accel != ACCEL_JIT) {
        error_set(err, "-accel %s: cache= keeps translations, which only jit "
                  "makes", text);
        return false;
    }
    p->out->machine.accel = row->accel;
    *usable = true;
    return true;
}

/* "kvm:tcg" of -machine accel=... as requests of their own. */
static bool accels_of_machine(struct parse *p, struct error **err)
{
    const char *list = keyval_get(p->machine, "accel");

    while (list && *list) {
        size_t length = strcspn(list, ":");
        char name[32];
        snprintf(name, sizeof(name), "%.*s", (int)length, list);
        struct keyval *kv = parse_keyval(p, name, "accel", err);
        const char *kept = kv ? keyval_get(kv, "accel") : "";
        if (!kv || (kept && !parse_list_add(&p->accels, kept, err))) {
            return false;
        }
        list += length + (list[length] == ':');
    }
    return true;
}

/* The first usable one wins; why the others are not matters only when there
 * is none. */
bool options_finish_accel(struct parse *p, struct error **err)
{
    struct error *why = NULL;
    bool usable = false;

    if (!accels_of_machine(p, err)) {
        return false;
    }
    for (unsigned i = 0; i < p->accels.count && !usable; i++) {
        error_free(why);
        why = NULL;
        if (!accel_try(p, p->accels.items[i], &usable, &why)) {
            break;
        }
    }
    if (usable || p->accels.count == 0) {
        error_free(why);
        return true;
    }
    *err = why;
    return false;
}
